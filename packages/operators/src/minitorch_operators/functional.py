"""Functions on lists made from functions on numbers: map, zipWith, reduce, and what they build.

The names and the currying are those of the MiniTorch course. A function on numbers is any callable,
operator records included. What these say about lists, a backend does to tensors.
"""

from collections.abc import Callable, Iterable

from minitorch_operators.arithmetic import add, mul, neg


def map(fn: Callable[[float], float]) -> Callable[[Iterable[float]], list[float]]:
    """The function on lists that applies fn to each element.

    >>> map(neg)([1.0, -2.0])
    [-1.0, 2.0]
    """

    def mapped(ls: Iterable[float]) -> list[float]:
        return [fn(x) for x in ls]

    return mapped


def zipWith(
    fn: Callable[[float, float], float],
) -> Callable[[Iterable[float], Iterable[float]], list[float]]:
    """The function on two lists of equal length that applies fn to each pair of elements.

    The function returned raises ValueError where the lengths differ.

    >>> zipWith(mul)([1.0, 2.0], [3.0, 4.0])
    [3.0, 8.0]
    """

    def zipped(ls1: Iterable[float], ls2: Iterable[float]) -> list[float]:
        first, second = list(ls1), list(ls2)
        if len(first) != len(second):
            raise ValueError(
                f"zipWith: the two lists must have the same length, but they have {len(first)} "
                f"and {len(second)} elements; shorten or extend one"
            )
        return [fn(a, b) for a, b in zip(first, second, strict=True)]

    return zipped


def reduce(fn: Callable[[float, float], float], start: float) -> Callable[[Iterable[float]], float]:
    """The function on lists that folds them from the left: `fn(fn(fn(start, x1), x2), x3)`.

    >>> reduce(add, 10.0)([1.0, 2.0])
    13.0
    """

    def reduced(ls: Iterable[float]) -> float:
        result = start
        for x in ls:
            result = fn(result, x)
        return result

    return reduced


def negList(ls: Iterable[float]) -> list[float]:
    """The negative of each element.

    >>> negList([1.0, -2.0])
    [-1.0, 2.0]
    """
    return map(neg)(ls)


def addLists(ls1: Iterable[float], ls2: Iterable[float]) -> list[float]:
    """The sums of the pairs of elements of two lists of equal length.

    Raises:
        ValueError: if the lengths differ.

    >>> addLists([1.0, 2.0], [3.0, 4.0])
    [4.0, 6.0]
    """
    return zipWith(add)(ls1, ls2)


def sum(ls: Iterable[float]) -> float:
    """The sum of all elements; 0.0 for none.

    >>> sum([1.0, 2.0, 3.0])
    6.0
    """
    return reduce(add, 0.0)(ls)


def prod(ls: Iterable[float]) -> float:
    """The product of all elements; 1.0 for none.

    >>> prod([2.0, 3.0])
    6.0
    """
    return reduce(mul, 1.0)(ls)
