"""Copies made of pieces: cat, stack, repeat, flip, roll, triangles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_autodiff import Node, Variable, is_grad_enabled
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import pointwise, views
from minitorch_tensor.arguments import require_tensors
from minitorch_tensor.layout import Shape, broadcast, wrap_dim

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class CatNode(Node["Tensor"]):
    """The record of cat: each input gets its slice of the gradient."""

    __slots__ = ("dim", "shapes")

    def __init__(self, tensors: Sequence[Tensor], dim: int) -> None:
        super().__init__(tuple(x.gradient_node() for x in tensors))
        self.dim = dim
        self.shapes = [x.shape for x in tensors]

    def backward(self, g: Tensor, /) -> Sequence[Tensor | None]:
        """The slices of g."""
        sizes = [0 if shape == (0,) else shape[self.dim] for shape in self.shapes]
        pieces = views.split(g, sizes, self.dim)
        return [
            None if edge is None else piece if piece.shape == shape else views.reshape(piece, shape)
            for edge, piece, shape in zip(self.edges, pieces, self.shapes, strict=True)
        ]

    def name(self) -> str:
        """PyTorch's name."""
        return "CatBackward0"


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors along an existing dimension; all other sizes must agree.

    https://docs.pytorch.org/docs/stable/generated/torch.cat.html

    Raises:
        ValueError: if there are none.
        RuntimeError: if ranks, sizes or devices differ.
        TypeError: if one is no tensor.
    """
    tensors = require_tensors("cat", tensors)
    if not tensors:
        raise ValueError("cat: expected a non-empty list of tensors")
    # As in PyTorch, an empty vector joins anything.
    kept = [x for x in tensors if x.shape != (0,)] or tensors[:1]
    first = kept[0]
    dtype = first.dtype
    for x in tensors:
        dtype = dtypes.promote_types(dtype, x.dtype)
    if first.ndim == 0:
        raise RuntimeError("cat: zero-dimensional tensors cannot be concatenated; use stack()")
    i = wrap_dim(dim, first.ndim)
    expected = first.layout.shape
    for k, x in enumerate(kept):
        shape = x.layout.shape
        if len(shape) != len(expected) or (
            shape[:i] + shape[i + 1 :] != expected[:i] + expected[i + 1 :]
        ):
            raise RuntimeError(
                f"cat: sizes must match except in dimension {i}: expected shape {first.shape}, "
                f"but tensor {k} has shape {x.shape}"
            )
        if x.device is not first.device:
            raise RuntimeError(
                f"cat: expected all tensors on one device, but they are on {first.device} and "
                f"{x.device}"
            )
    tensors = [x.to(dtype) for x in tensors]
    kept = [x for x in tensors if x.shape != (0,)] or tensors[:1]
    total = sum(x.layout.shape[i] for x in kept)
    y = first._fresh((*expected[:i], total, *expected[i + 1 :]), dtype)
    copy = first.device.backend.copy
    start = 0
    for x in kept:
        length = x.layout.shape[i]
        copy(y._view(y.layout.narrow(i, start, length)), x)
        start += length
    if is_grad_enabled() and dtype.is_floating_point and any(x.requires_grad for x in tensors):
        y.requires_grad, y.node = True, CatNode(tensors, i)
    return y


def cat_with(x: Tensor, other: Tensor, dim: int = 0) -> Tensor:
    """`cat([x, other], dim)` as a method."""
    return cat([x, other], dim)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors of one shape along a new dimension.

    https://docs.pytorch.org/docs/stable/generated/torch.stack.html

    Raises:
        RuntimeError: if there are none, or their shapes differ.
    """
    tensors = require_tensors("stack", tensors)
    if not tensors:
        raise RuntimeError("stack: expected a non-empty list of tensors")
    for k, x in enumerate(tensors):
        if x.shape != tensors[0].shape:
            raise RuntimeError(
                f"stack: each tensor must have equal size, but got {tensors[0].shape} at entry 0 "
                f"and {x.shape} at entry {k}"
            )
    i = wrap_dim(dim, tensors[0].ndim + 1)
    return cat([views.unsqueeze(x, i) for x in tensors], i)


def broadcast_shapes(*shapes: Sequence[int]) -> Shape:
    """The shape of an operation between tensors of these shapes.

    https://docs.pytorch.org/docs/stable/generated/torch.broadcast_shapes.html

    >>> broadcast_shapes((3, 1), (2, 1, 4))
    (2, 3, 4)
    """
    shape: Shape = ()
    for other in shapes:
        shape = broadcast(shape, tuple(other))
    return shape


def several(name: str, tensors: tuple[Tensor | Sequence[Tensor], ...]) -> list[Tensor]:
    """The tensors of a call such as meshgrid(x, y) or meshgrid([x, y]).

    Raises:
        TypeError: if something is no tensor.
    """
    only = tensors[0] if len(tensors) == 1 else None
    if isinstance(only, (list, tuple)):
        return require_tensors(name, only)
    found = []
    for i, x in enumerate(tensors):
        if not isinstance(x, Variable):
            raise TypeError(
                f"{name}: argument {i} must be a Tensor, not {type(x).__name__}; give several "
                "Tensors, or one sequence of them"
            )
        found.append(x)
    return found


def broadcast_tensors(*tensors: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape.

    https://docs.pytorch.org/docs/stable/generated/torch.broadcast_tensors.html
    """
    given = several("broadcast_tensors", tensors)
    shape = broadcast_shapes(*(x.layout.shape for x in given))
    return tuple(views.expand(x, shape) for x in given)


def meshgrid(*tensors: Tensor | Sequence[Tensor], indexing: str = "ij") -> tuple[Tensor, ...]:
    """A grid from vectors: each expanded along the dimensions of all the others.

    https://docs.pytorch.org/docs/stable/generated/torch.meshgrid.html

    Raises:
        RuntimeError: if a tensor has more than one dimension, dtypes or devices differ, there are
            none, or `indexing` is neither ij nor xy.
        TypeError: if one is no tensor.
    """
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f"meshgrid: indexing must be 'ij' or 'xy', but got {indexing!r}")
    vectors = several("meshgrid", tensors)
    if not vectors:
        raise RuntimeError("meshgrid: expected a non-empty list of tensors")
    for x in vectors:
        if x.ndim > 1:
            raise RuntimeError(f"meshgrid: expected vectors, but got shape {x.shape}")
        if x.dtype is not vectors[0].dtype or x.device is not vectors[0].device:
            raise RuntimeError(
                "meshgrid: expects all tensors to have the same dtype and device, but got "
                f"{vectors[0].dtype} on {vectors[0].device} and {x.dtype} on {x.device}"
            )
    shape = tuple(x.numel() for x in vectors)
    grid = tuple(
        views.expand(views.reshape(x, (-1,) + (1,) * (len(shape) - i - 1)), shape)
        if x.numel() else x._fresh(shape, x.dtype)
        for i, x in enumerate(vectors)
    )  # fmt: skip
    if indexing == "xy" and len(grid) > 1:
        return tuple(views.transpose(x, 0, 1) for x in grid)
    return grid


def repeat(x: Tensor, *sizes: int | Sequence[int], repeats: Sequence[int] | None = None) -> Tensor:
    """x repeated along each dimension; leading sizes add dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.repeat.html

    Raises:
        RuntimeError: if there are fewer sizes than dimensions, or a negative one.
    """
    times = views.sizes_of(views.either("repeat", "repeats", sizes, repeats))
    lead = len(times) - x.ndim
    if lead < 0 or any(n < 0 for n in times):
        raise RuntimeError(
            f"repeat: number of dimensions of repeat dims {times} must be at least that of "
            f"{x.shape}, and none may be negative"
        )
    shape = (1,) * lead + x.shape
    interleaved = [n for pair in zip((1,) * len(shape), shape, strict=True) for n in pair]
    wide = [n for pair in zip(times, shape, strict=True) for n in pair]
    total = tuple(n * m for n, m in zip(times, shape, strict=True))
    # A clone, since nothing may be repeated at all, and the result must be no view.
    wider = views.clone(views.expand(views.reshape(x, interleaved), wide))
    return views.reshape(wider, total)


def flip(input: Tensor, *order: int | Sequence[int], dims: Sequence[int] | None = None) -> Tensor:
    """x with the order of some dimensions reversed, as a copy.

    https://docs.pytorch.org/docs/stable/generated/torch.flip.html
    """
    y = input
    named = views.sizes_of(views.either("flip", "dims", order, dims))
    axes = [wrap_dim(dim, input.ndim) for dim in named]
    views.require_distinct("flip", axes)
    for i in axes if input.ndim else ():
        y = y.index_select(i, (input.shape[i] - 1) - input._arange(input.shape[i]))
    return views.clone(input) if y is input else y


def roll(
    input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None
) -> Tensor:
    """x rotated along some dimensions, or as if flattened.

    https://docs.pytorch.org/docs/stable/generated/torch.roll.html

    Raises:
        RuntimeError: if shifts and dims do not pair.
    """
    if dims is None:
        return views.reshape(roll(views.reshape(input, -1), shifts, 0), input.shape)
    steps = [shifts] if isinstance(shifts, int) else list(shifts)
    axes = [dims] if isinstance(dims, int) else list(dims)
    if len(steps) != len(axes):
        raise RuntimeError(f"roll: shifts and dimensions must align: shifts {steps}, dims {axes}")
    y = input
    for step, dim in zip(steps, axes, strict=True):
        i = wrap_dim(dim, input.ndim)
        size = input.shape[i]
        if size:
            cut = -step % size
            y = cat([views.slice_(y, i, cut, size - cut), views.slice_(y, i, 0, cut)], i)
    return views.clone(input) if y is input else y


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of each matrix, zeros above `diagonal`.

    https://docs.pytorch.org/docs/stable/generated/torch.tril.html
    """
    return pointwise.where(
        _triangle("tril", input, diagonal), input, input._constant(0, input.dtype)
    )


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of each matrix, zeros below `diagonal`.

    https://docs.pytorch.org/docs/stable/generated/torch.triu.html
    """
    mask = _triangle("triu", input, diagonal - 1).logical_not()
    return pointwise.where(mask, input, input._constant(0, input.dtype))


def _triangle(name: str, x: Tensor, diagonal: int) -> Tensor:
    """Where column - row <= diagonal."""
    if x.ndim < 2:
        raise RuntimeError(
            f"{name}: input tensor must have at least 2 dimensions, but got {x.shape}"
        )
    rows, columns = x.shape[-2:]
    return x._arange(columns) - views.unsqueeze(x._arange(rows), 1) <= diagonal
