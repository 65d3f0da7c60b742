"""A copy of a tensor with a part replaced: `y = x.clone(); view(y).copy_(src)` as a function.

Each is the transpose's sibling of a view: the gradient of src is that view of the gradient, and the
gradient of x is zero there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from minitorch_tensor import diagonals, inplace, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.layout import wrap_dim

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def _replaced(name: str, x: Tensor, src: Tensor, look: Callable[[Tensor], Tensor]) -> Tensor:
    """A copy of x in which the view `look` of it is src.

    Raises:
        RuntimeError: if src has another shape than the view.
    """
    y = views.clone(require_tensor(name, "input", x))
    part = look(y)
    if require_tensor(name, "src", src).layout.shape != part.layout.shape:
        raise RuntimeError(
            f"{name}: expected src to have a size equal to the slice of input, but src has shape "
            f"{src.shape} and the slice {part.shape}"
        )
    inplace.copy_(part, src)
    return y


def diagonal_scatter(
    input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Tensor:
    """A copy of input with src on a diagonal: the inverse of `diagonal`.

    https://docs.pytorch.org/docs/stable/generated/torch.diagonal_scatter.html

    Raises:
        RuntimeError: if src has not the shape of that diagonal, or the dimensions are one.
        IndexError: if there is no such dimension.

    >>> from minitorch_tensor import ones, zeros
    >>> diagonal_scatter(zeros(2, 2), ones(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return _replaced(
        "diagonal_scatter", input, src, lambda y: diagonals.diagonal(y, offset, dim1, dim2)
    )


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of input with src as element `index` of one dimension: the inverse of `select`.

    https://docs.pytorch.org/docs/stable/generated/torch.select_scatter.html

    Raises:
        RuntimeError: if src has not the shape of input without that dimension.
        IndexError: if there is no such element or dimension.

    >>> from minitorch_tensor import ones, zeros
    >>> select_scatter(zeros(2, 2), ones(2), 0, 1).tolist()
    [[0.0, 0.0], [1.0, 1.0]]
    """
    return _replaced("select_scatter", input, src, lambda y: views.select(y, dim, index))


def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Tensor:
    """A copy of input with src as the slice start:end:step of one dimension.

    https://docs.pytorch.org/docs/stable/generated/torch.slice_scatter.html

    Raises:
        RuntimeError: if src has not the shape of that slice, or step is not positive.
        IndexError: if there is no such dimension.

    >>> from minitorch_tensor import ones, zeros
    >>> slice_scatter(zeros(4), ones(2), start=1, end=3).tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    return _replaced(
        "slice_scatter", input, src, lambda y: sliced("slice_scatter", y, dim, start, end, step)
    )


def sliced(name: str, x: Tensor, dim: int, start: int | None, end: int | None, step: int) -> Tensor:
    """The slice start:end:step of one dimension as a view.

    Raises:
        RuntimeError: if step is not positive, or x has no dimensions.
        IndexError: if there is no such dimension.
    """
    if step <= 0:
        raise RuntimeError(f"{name}: slice step must be positive, but got {step}")
    i = wrap_dim(dim, x.ndim)
    if x.ndim == 0:
        raise RuntimeError(f"{name}: a 0-dim tensor has no dimension to take a slice of")
    first, last, _ = slice(start, end, step).indices(x.layout.shape[i])
    return views.slice_(x, i, first, max(0, -(-(last - first) // step)), step)


def as_strided_scatter(
    input: Tensor,
    src: Tensor,
    size: Sequence[int],
    stride: Sequence[int],
    storage_offset: int | None = None,
) -> Tensor:
    """A copy of input with src at the elements that `as_strided` would see of the copy.

    https://docs.pytorch.org/docs/stable/generated/torch.as_strided_scatter.html

    Raises:
        RuntimeError: if src has not that size, elements would be written twice, or they are outside
            the memory.

    >>> from minitorch_tensor import ones, zeros
    >>> as_strided_scatter(zeros(2, 2), ones(2), (2,), (3,)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return _replaced(
        "as_strided_scatter", input, src,
        lambda y: views.as_strided(y, size, stride, storage_offset or 0),
    )  # fmt: skip
