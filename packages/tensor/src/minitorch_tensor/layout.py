"""Where the elements of a tensor lie: shape, strides and offset. Pure integers, no data.

Every view (permute, expand, slice, reshape, as_strided) is arithmetic on these, and no backend
sees it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from minitorch_tensor.size import Size

Shape = tuple[int, ...]


class Layout:
    """Element (i, j, ...) lies at `offset + i * strides[0] + j * strides[1] + ...`, in elements.

    `dense` says that the elements fill memory from offset 0 in row-major order. Dense layouts of
    one shape
    are normally one object, so the test for "same shape, both dense" is one `is`.
    """

    __slots__ = ("_hash", "dense", "offset", "shape", "size", "sizes", "strides")

    shape: Shape
    strides: tuple[int, ...]
    offset: int
    size: int
    sizes: Size | None  # the shape as users see it, once one has asked
    dense: bool

    def __init__(self, shape: Shape, strides: tuple[int, ...], offset: int = 0) -> None:
        # A plain tuple, which is faster to index and to cut than a Size.
        self.shape = shape = shape if type(shape) is tuple else tuple(shape)
        self.sizes = None
        self.strides = strides
        self.offset = offset
        self.size = math.prod(shape)
        self.dense = offset == 0 and self.is_contiguous()
        self._hash = hash((shape, strides, offset))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Layout):
            return NotImplemented
        return (
            self.shape == other.shape
            and self.strides == other.strides
            and self.offset == other.offset
        )

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Layout(shape={self.shape}, strides={self.strides}, offset={self.offset})"

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    def seen(self) -> Size:
        """The shape as users see it, made once."""
        self.sizes = sizes = tuple.__new__(Size, self.shape)
        return sizes

    def is_contiguous(self) -> bool:
        """Whether the elements lie in row-major order without gaps, from any offset."""
        if self.size == 0:
            return True
        expected = 1
        for size, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if size != 1:
                if stride != expected:
                    return False
                expected *= size
        return True

    def span(self) -> tuple[int, int]:
        """The first position used and the one after the last; (offset, offset) if there is none."""
        if self.size == 0:
            return self.offset, self.offset
        reach = sum(
            (size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True)
        )
        return self.offset, self.offset + reach + 1

    def repeats(self) -> bool:
        """Whether two indices may share a position, as after `expand`; True if in doubt."""
        used = 1
        for stride, size in sorted(zip(self.strides, self.shape, strict=True)):
            if size > 1:
                if stride < used:
                    return True
                used = stride * (size - 1) + used
        return False

    def expand(self, shape: Shape) -> Layout:
        """Repeat dimensions of size 1, and add leading ones, with stride 0.

        Raises:
            RuntimeError: if a dimension that is not 1 would have to change.

        >>> Layout.contiguous((3, 1)).expand((2, 3, 4)).strides
        (0, 1, 0)
        """
        return self if shape == self.shape else _expand(self, shape)

    def permute(self, order: Sequence[int]) -> Layout:
        """Dimension i of the result is dimension order[i] of this one; `order` is a permutation."""
        return _permute(self, tuple(order))

    def narrow(self, dim: int, start: int, length: int, step: int = 1) -> Layout:
        """The elements start, start + step, ... (`length` of them) of one dimension."""
        return _narrow(self, dim, start, length, step)

    def select(self, dim: int, index: int) -> Layout:
        """Element `index` of one dimension, which is dropped."""
        return _select(self, dim, index)

    def unsqueeze(self, dim: int) -> Layout:
        """A new dimension of size 1 before `dim`."""
        stride = self.shape[dim] * self.strides[dim] if dim < self.ndim else 1
        return make(
            (*self.shape[:dim], 1, *self.shape[dim:]),
            (*self.strides[:dim], stride, *self.strides[dim:]),
            self.offset,
        )

    def squeeze(self, dims: Sequence[int]) -> Layout:
        """Without those of `dims` that have size 1."""
        kept = [i for i in range(self.ndim) if i not in dims or self.shape[i] != 1]
        return self.permute(kept)

    def reshape(self, shape: Shape) -> Layout | None:
        """The same elements in the same order under another shape; None if that needs a copy.

        Each run of new dimensions must cover a run of old ones that is contiguous in itself.

        >>> Layout.contiguous((2, 6)).reshape((2, 2, 3)).strides
        (6, 3, 1)
        >>> Layout.contiguous((2, 3)).permute((1, 0)).reshape((6,)) is None
        True
        """
        if shape == self.shape:
            return self
        if self.dense:
            return _contiguous(shape)
        if self.size == 0:
            dense = Layout.contiguous(shape)
            return make(shape, dense.strides, self.offset)
        old = [(n, s) for n, s in zip(self.shape, self.strides, strict=True) if n != 1]
        strides = [0] * len(shape)
        new = len(shape) - 1
        while old:
            size, stride = old.pop()
            while old and old[-1][1] == size * stride:  # merge what is contiguous
                size *= old.pop()[0]
            step = stride
            while size > 1:
                while shape[new] == 1:
                    strides[new] = step
                    new -= 1
                if size % shape[new]:
                    return None
                strides[new] = step
                step *= shape[new]
                size //= shape[new]
                new -= 1
        while new >= 0:  # only ones are left
            strides[new] = strides[new + 1] * shape[new + 1] if new + 1 < len(shape) else 1
            new -= 1
        return make(shape, tuple(strides), self.offset)

    @staticmethod
    def contiguous(shape: Shape) -> Layout:
        """The dense layout of a shape."""
        return _contiguous(shape)


@lru_cache(maxsize=8192)
def _contiguous(shape: Shape) -> Layout:
    return Layout(shape, strides_from_shape(shape))


@lru_cache(maxsize=8192)
def following(*layouts: Layout) -> Layout:
    """The layout of an elementwise result: without gaps, its dimensions in the operands' order.

    So transposed operands give a transposed result, and all are walked along memory. The order is
    PyTorch's: a dimension goes before another if the first operand that repeats neither has the
    larger stride there; the row-major order holds where none says so.
    https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.memory_format

    Args:
        layouts: those of the operands, expanded to one shape.

    >>> following(Layout((3, 4), (1, 3)), Layout((3, 4), (0, 1))).strides
    (1, 3)
    """
    shape = layouts[0].shape
    order = list(range(len(shape)))
    for i in range(len(shape) - 2, -1, -1):  # a dimension moves inward past those that go before it
        at = i
        for inner in range(i + 1, len(shape)):
            comparison = _goes_inside(order[at], order[inner], shape, layouts)
            if comparison > 0:
                order[at], order[inner] = order[inner], order[at]
                at = inner
            elif comparison < 0:
                break
    strides = [0] * len(shape)
    step = 1
    for dim in reversed(order):
        strides[dim] = step
        step *= max(shape[dim], 1)
    return make(shape, tuple(strides), 0)


def _goes_inside(outer: int, inner: int, shape: Shape, layouts: tuple[Layout, ...]) -> int:
    """1 if the dimension `outer` should be the inner one of the two, -1 if not, 0 if undecided."""
    for layout in layouts:
        out, into = layout.strides[outer], layout.strides[inner]
        if out == 0 or into == 0:
            continue
        if out != into:
            return 1 if out < into else -1
        if shape[inner] > shape[outer]:
            return 1
    return 0


# Views of one layout are made again in every step of a program, so the last few thousand are kept.


@lru_cache(maxsize=8192)
def _permute(layout: Layout, order: tuple[int, ...]) -> Layout:
    shape, strides = layout.shape, layout.strides
    return make(tuple([shape[i] for i in order]), tuple([strides[i] for i in order]), layout.offset)


@lru_cache(maxsize=8192)
def _select(layout: Layout, dim: int, index: int) -> Layout:
    shape = layout.shape[:dim] + layout.shape[dim + 1 :]
    strides = layout.strides[:dim] + layout.strides[dim + 1 :]
    return make(shape, strides, layout.offset + index * layout.strides[dim])


@lru_cache(maxsize=8192)
def _narrow(layout: Layout, dim: int, start: int, length: int, step: int) -> Layout:
    shape, strides = list(layout.shape), list(layout.strides)
    offset = layout.offset + start * strides[dim] if length else layout.offset
    shape[dim], strides[dim] = length, strides[dim] * step
    return make(tuple(shape), tuple(strides), offset)


@lru_cache(maxsize=8192)
def _expand(layout: Layout, shape: Shape) -> Layout:
    """Kept, because a bias is expanded to the same shape in every step."""
    lead = len(shape) - len(layout.shape)
    strides = [0] * len(shape)
    for i, (size, stride) in enumerate(zip(layout.shape, layout.strides, strict=True)):
        if lead < 0 or size not in (1, shape[lead + i]):
            raise RuntimeError(
                f"expand: shape {layout.shape} cannot be expanded to {shape}: dimension {i} has "
                f"size {size}; only dimensions of size 1 can be repeated"
            )
        strides[lead + i] = stride if size == shape[lead + i] else 0
    return make(shape, tuple(strides), layout.offset)


def make(shape: Shape, strides: tuple[int, ...], offset: int) -> Layout:
    """A layout; the shared object if it is dense."""
    layout = Layout(shape, strides, offset)
    return _contiguous(shape) if layout.dense else layout


def strides_from_shape(shape: Shape) -> tuple[int, ...]:
    """The row-major strides of a shape.

    >>> strides_from_shape((2, 3, 4))
    (12, 4, 1)
    """
    strides = [1] * len(shape)
    for i in range(len(shape) - 2, -1, -1):
        strides[i] = strides[i + 1] * max(shape[i + 1], 1)
    return tuple(strides)


@lru_cache(maxsize=8192)
def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape of an operation between two shapes: aligned at the right, 1 stretches to any size.

    https://docs.pytorch.org/docs/stable/notes/broadcasting.html

    Raises:
        RuntimeError: if a dimension differs and neither is 1.

    >>> broadcast((2, 1, 3), (4, 1))
    (2, 4, 3)
    """
    rank = max(len(a), len(b))
    shape = []
    padded = zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True)
    for i, (m, n) in enumerate(padded):
        if m != n and m != 1 and n != 1:
            raise RuntimeError(
                f"cannot broadcast shapes {a} and {b}: the size of the first ({m}) must match "
                "the size of "
                f"the second ({n}) at dimension {i - rank} (counted from the right), or one must "
                "be 1"
            )
        shape.append(n if m == 1 else m)
    return tuple(shape)


def broadcast_for(name: str, a: Shape, b: Shape) -> Shape:
    """`broadcast` for the operation of this name, which stands in the message of an error."""
    try:
        return broadcast(a, b)
    except RuntimeError as error:
        raise RuntimeError(f"{name}: {error}") from None


def wrap_dim(dim: int, ndim: int) -> int:
    """A dimension counted from the end if negative.

    Raises:
        IndexError: if there is no such dimension. A 0-d tensor has dimensions 0 and -1, as in
        PyTorch.

    >>> wrap_dim(-1, 3)
    2
    """
    limit = max(ndim, 1)
    if not -limit <= dim < limit:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-limit}, {limit - 1}], but "
            f"got {dim})"
        )
    return dim % limit
