"""`Size`: the shape that a user sees, a tuple that stays one of sizes when it is cut or joined."""

from __future__ import annotations

import math
from collections.abc import Iterable
from operator import index
from typing import SupportsIndex, TypeVar, overload

T = TypeVar("T")


def _whole(items: tuple[object, ...]) -> tuple[int, ...]:
    """The items as ints.

    Raises:
        TypeError: if one is none.
    """
    found = []
    for i, item in enumerate(items):
        # int is asked first: to ask a Protocol takes as long as a small operation on a tensor.
        if not isinstance(item, (int, SupportsIndex)):
            raise TypeError(
                f"Size: takes an iterable of 'int', but item {i} is of type '{type(item).__name__}'"
            )
        found.append(index(item))
    return tuple(found)


class Size(tuple[int, ...]):
    """The sizes of the dimensions of a tensor.

    A tuple of ints in every respect; slices, sums and multiples of one are again a Size, as in
    PyTorch. Only formatted into a string it reads like a plain tuple, as in the messages of errors.
    https://docs.pytorch.org/docs/stable/size.html

    Raises:
        TypeError: if an item is no int.

    >>> size = Size([2, 3, 4])
    >>> size, size[1:], size.numel(), size == (2, 3, 4)
    (torch.Size([2, 3, 4]), torch.Size([3, 4]), 24, True)
    >>> f"{size}"
    '(2, 3, 4)'
    """

    __slots__ = ()

    def __new__(cls, sizes: Iterable[SupportsIndex] = (), /) -> Size:
        """The sizes as ints."""
        return tuple.__new__(cls, _whole(tuple(sizes)))

    def numel(self) -> int:
        """The number of elements of a tensor of this shape: the product."""
        return math.prod(self)

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> Size: ...
    def __getitem__(self, key: SupportsIndex | slice, /) -> int | Size:
        if isinstance(key, slice):
            return tuple.__new__(Size, tuple.__getitem__(self, key))
        return tuple.__getitem__(self, key)

    @overload
    def __add__(self, other: tuple[int, ...], /) -> Size: ...
    @overload
    def __add__(self, other: tuple[T, ...], /) -> tuple[int | T, ...]: ...
    def __add__(self, other: tuple[T, ...] | tuple[int, ...], /) -> tuple[int | T, ...]:
        if not isinstance(other, tuple):
            raise TypeError(
                f"can only concatenate tuple (not {type(other).__name__}) to torch.Size"
            )
        return Size(_whole((*self, *other)))

    def __radd__(self, other: tuple[int, ...], /) -> Size:
        return Size(other + tuple(self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: SupportsIndex, /) -> Size:
        return Size(tuple.__mul__(self, times))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __format__(self, spec: str, /) -> str:
        return format(str(tuple(self)), spec)
