"""einsum: sums of products written with subscripts, computed as matrix products in a good order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, TypeAlias

from minitorch_autodiff import Variable
from minitorch_tensor import diagonals, linalg, reductions, views
from minitorch_tensor.dtype import promote_types
from minitorch_tensor.linear_algebra.contraction import Tree, contraction_order
from minitorch_tensor.linear_algebra.subscripts import Term, letter, resolve, terms_of

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Labelled = tuple["Tensor", list[int]]
Operand: TypeAlias = "Tensor | Sequence[Tensor | int | EllipsisType]"


def einsum(equation: str | Tensor, *operands: Operand) -> Tensor:
    """Sums of products of elements, over all labels that the output does not have.

    "bij,bjk->bik" is a product of stacks of matrices, "ii" a trace, "...ij->...ji" a transpose.
    Dimensions with one label have one size, or size 1, which is broadcast. Without "->" the output
    has the labels that occur once, in alphabetical order, upper case first. Each pair of operands
    is contracted by one matrix product; with more than two the cheapest order is looked for.
    https://docs.pytorch.org/docs/stable/generated/torch.einsum.html

    Args:
        equation: the subscripts of the operands and of the output; or the first operand, in the
            form einsum(x, [0, 1], y, [1, 2], [0, 2]) with lists of numbers below 52 for letters.
        operands: the tensors, one for each term of the equation, or one list of them.

    Raises:
        RuntimeError: if subscripts and dimensions do not fit, sizes or dtypes differ.

    >>> from minitorch_tensor import arange
    >>> x = arange(6).reshape(2, 3)
    >>> einsum("ij->j", x)
    Tensor([3, 5, 7], requires_grad=False)
    >>> einsum("ij,kj->ik", x, x)
    Tensor([[ 5, 14],
            [14, 50]], requires_grad=False)
    """
    if isinstance(equation, str):
        terms, output = terms_of(equation)
        tensors = _operands(operands)
    else:
        terms, output, tensors = _sublists((equation, *operands))
    if not tensors:
        raise RuntimeError("einsum: must provide at least one operand")
    subscripts = resolve(terms, output, tuple(x.ndim for x in tensors))
    sizes = _sizes(tensors, subscripts.operands)
    parts = [
        _simplified(x, labels, sizes)
        for x, labels in zip(tensors, subscripts.operands, strict=True)
    ]
    kept = frozenset(subscripts.output)
    if len(parts) == 1:
        x, labels = _summed(*parts[0], kept)
    else:
        order: Tree = (0, 1)
        if len(parts) > 2:
            order = contraction_order([frozenset(part[1]) for part in parts], kept, sizes)
        x, labels = _contract(order, parts, kept)
    y = _arranged(x, labels, subscripts.output)
    return views.whole(y) if y is tensors[0] else y


def _arranged(x: Tensor, labels: Sequence[int], wanted: Sequence[int]) -> Tensor:
    """x with its dimensions, which have these labels, in the order of the wanted ones."""
    order = [labels.index(label) for label in wanted]
    return x if order == sorted(order) else views.permute(x, order)


def _shaped(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return x if x.layout.shape == shape else views.reshape(x, shape)


def _operands(operands: tuple[Operand, ...]) -> list[Tensor]:
    """The tensors of a call: one after the other, or in one list."""
    given: list[Tensor | int | EllipsisType] = []
    for x in operands:
        if not isinstance(x, (list, tuple)):
            given.append(_tensor(x))
        elif len(operands) == 1:
            given.extend(x)
        else:
            raise _no_tensor(x)
    return [_tensor(x) for x in given]


def _tensor(x: Operand | int | EllipsisType) -> Tensor:
    if isinstance(x, Variable) and not isinstance(x, Sequence):
        return x
    raise _no_tensor(x)


def _no_tensor(x: object) -> TypeError:
    return TypeError(
        f"einsum: every operand must be a Tensor, but one is of type {type(x).__name__}; the call "
        "is einsum(equation, *tensors), or einsum(x, [0, 1], y, [1, 2], [0, 2])"
    )


def _sublists(
    arguments: tuple[Operand, ...],
) -> tuple[tuple[Term, ...], Term | None, list[Tensor]]:
    """x, [0, 1], y, [1, 2], ..., and then, if their number is odd, the output."""
    count = len(arguments) // 2
    terms = tuple(_term(x) for x in arguments[1::2])
    output = _term(arguments[-1]) if len(arguments) % 2 else None
    return terms, output, [_tensor(x) for x in arguments[: 2 * count : 2]]


def _term(labels: Operand) -> Term:
    term: list[int | EllipsisType] = []
    if isinstance(labels, Variable):
        raise TypeError("einsum: in the sublist form a list of labels follows each tensor")
    for label in labels:
        if not isinstance(label, (int, EllipsisType)):
            raise TypeError(
                "einsum: a sublist must have integers and Ellipsis only, but has a "
                f"{type(label).__name__}"
            )
        term.append(label)
    return tuple(term)


def _sizes(tensors: Sequence[Tensor], labels: Sequence[Sequence[int]]) -> dict[int, int]:
    """The size of each label: 1 only if it is 1 wherever it occurs.

    Raises:
        RuntimeError: if a label has two sizes, neither of them 1.
    """
    sizes: dict[int, int] = {}
    for i, (x, names) in enumerate(zip(tensors, labels, strict=True)):
        for d, (label, n) in enumerate(zip(names, x.shape, strict=True)):
            known = sizes.setdefault(label, n)
            if known == 1:
                sizes[label] = n
            elif n not in (1, known):
                raise RuntimeError(
                    f"einsum: subscript {letter(label)} has size {n} at dimension {d} of operand "
                    f"{i} (shape {x.shape}), which does not broadcast with the size {known} it "
                    "has elsewhere"
                )
    return sizes


def _simplified(x: Tensor, labels: Sequence[int], sizes: dict[int, int]) -> Labelled:
    """Each label once, and only where x has its full size: size 1 broadcasts as if not there."""
    names = list(labels)
    for label in dict.fromkeys(labels):
        while names.count(label) > 1:
            i = names.index(label)
            j = names.index(label, i + 1)
            if x.shape[i] != x.shape[j]:
                raise RuntimeError(
                    f"einsum: subscript {letter(label)} is repeated for one operand, but its "
                    f"dimensions {i} and {j} have different sizes in the shape {x.shape}"
                )
            x = diagonals.diagonal(x, 0, i, j)
            names = [name for d, name in enumerate(names) if d not in (i, j)] + [label]
    ones = [d for d, label in enumerate(names) if x.shape[d] == 1 and sizes[label] != 1]
    if ones:
        x = views.squeeze(x, ones)
        names = [label for d, label in enumerate(names) if d not in ones]
    return x, names


def _summed(x: Tensor, labels: list[int], kept: frozenset[int]) -> Labelled:
    """The labels that nobody else needs, summed out; then integers are int64, as after any sum."""
    lost = [d for d, label in enumerate(labels) if label not in kept]
    if not lost:
        return x, labels
    return reductions.sum(x, lost), [label for label in labels if label in kept]


def _contract(order: Tree, parts: Sequence[Labelled], kept: frozenset[int]) -> Labelled:
    """The product of a tree of operands, with the labels in `kept`."""
    if isinstance(order, int):
        return _summed(*parts[order], kept)
    first, second = order
    left = _contract(first, parts, kept | _labels(second, parts))
    right = _contract(second, parts, kept | _labels(first, parts))
    return _pair(*left, *right, kept)


def _labels(order: Tree, parts: Sequence[Labelled]) -> frozenset[int]:
    if isinstance(order, int):
        return frozenset(parts[order][1])
    return _labels(order[0], parts) | _labels(order[1], parts)


def _pair(
    x: Tensor, x_labels: list[int], y: Tensor, y_labels: list[int], kept: frozenset[int]
) -> Labelled:
    """x and y contracted: (batch, rows, inner) @ (batch, inner, columns), each made of labels.

    A label of only one of them is in `kept`: the others were summed before.
    """
    both = [label for label in x_labels if label in y_labels]
    batch = [label for label in both if label in kept]
    inner = [label for label in both if label not in kept]
    rows = [label for label in x_labels if label not in both]
    columns = [label for label in y_labels if label not in both]
    of_x = dict(zip(x_labels, x.shape, strict=True))
    of_y = dict(zip(y_labels, y.shape, strict=True))
    x = _arranged(x, x_labels, (*batch, *rows, *inner))
    y = _arranged(y, y_labels, (*batch, *inner, *columns))
    labels = [*batch, *rows, *columns]
    lead = [of_x[label] for label in batch]
    n, m = [of_x[label] for label in rows], [of_y[label] for label in columns]
    if not inner:  # no sum: a product of elements, which promotes dtypes
        x = _shaped(x, (*lead, *n, *(1 for _ in m)))
        y = _shaped(y, (*lead, *(1 for _ in n), *m))
        return x * y, labels
    if not x.dtype.is_floating_point and not y.dtype.is_floating_point:
        dtype = promote_types(x.dtype, y.dtype)  # one of them may be a sum
        x, y = x.to(dtype), y.to(dtype)
    k = math.prod(of_x[label] for label in inner)
    stack = (math.prod(lead),) if batch else ()
    x = _shaped(x, (*stack, math.prod(n), k))
    y = _shaped(y, (*stack, k, math.prod(m)))
    return _shaped(linalg.matmul(x, y), (*lead, *n, *m)), labels
