"""Views: the same memory under another layout. Each is written beside its transpose.

A recorded view also remembers its base, so that a later write in place into either of them can
correct the
history of the other (see `inplace`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from weakref import ref

from minitorch_autodiff import Many, Output, Variable, is_grad_enabled, record_linear
from minitorch_operators import add, maximum
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout, Shape, make, wrap_dim
from minitorch_tensor.options import MemoryFormat, require_plain
from minitorch_tensor.reinterpretation import reinterpreted

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Dims = int | Sequence[int]


def viewed(x: Tensor, layout: Layout, title: str, transpose: Callable[[Tensor], Tensor]) -> Tensor:
    """x under another layout, recorded as a linear map with this transpose."""
    y = unrecorded(x, layout)
    if x.requires_grad and is_grad_enabled():
        record_linear(title, x, y, transpose)
    return y


def unrecorded(x: Tensor, layout: Layout) -> Tensor:
    """x under another layout: a view that is known to its base, but not recorded."""
    y = x._view(layout)
    y.base = base = x if x.base is None else x.base
    if is_grad_enabled():
        storage = base.storage
        alive = storage.views
        if alive is None:
            storage.views = [ref(y)]
        else:
            if len(alive) & (len(alive) - 1) == 0:  # at 1, 2, 4, 8...: forget those that are gone
                alive[:] = [view for view in alive if view() is not None]
            alive.append(ref(y))
    return y


def linear(x: Tensor, y: Tensor, title: str, transpose: Callable[[Tensor], Tensor]) -> Tensor:
    """The fresh y, recorded as a linear map of x with this transpose."""
    if x.requires_grad and is_grad_enabled() and y.dtype.is_floating_point:
        record_linear(title, x, y, transpose)
    return y


def sizes_of(args: tuple[int | Sequence[int] | DType, ...]) -> Shape:
    """The sizes of a call such as view(2, 3) or view((2, 3))."""
    plain = tuple([size for size in args if type(size) is int])  # the common case, quickly
    if len(plain) == len(args) != 0:
        return plain
    sizes: Sequence[int | Sequence[int] | DType] = args
    first = args[0] if len(args) == 1 else 0
    # A vector of numbers, in whatever; but a number, as np.int64(2) is one, is a size itself.
    if not isinstance(first, (int, DType)) and (
        isinstance(first, Sequence) or getattr(first, "ndim", 0)
    ):
        sizes = first
    return tuple(_index(size) for size in sizes)


def either(
    name: str, key: str, listed: tuple[int | Sequence[int], ...], keyword: Sequence[int] | None
) -> tuple[int | Sequence[int], ...]:
    """The numbers of a call such as permute(1, 0) or permute(dims=(1, 0)).

    Raises:
        TypeError: if they are given in both ways.
    """
    if keyword is None:
        return listed
    if listed:
        raise TypeError(f"{name}: got multiple values for argument '{key}'")
    return (keyword,)


def shape_of(
    name: str, sizes: tuple[int | Sequence[int], ...], size: int | Sequence[int] | None = None
) -> Shape:
    """The shape of zeros(2, 3), zeros((2, 3)) or zeros(size=(2, 3)).

    Raises:
        TypeError: if it is given in two ways or not at all, or is no shape.
        RuntimeError: if a size is negative, or memory cannot hold so many elements.
    """
    if size is not None:
        if sizes:
            raise TypeError(f"{name}: got multiple values for argument 'size'")
        sizes = (size,)
    if not sizes:
        raise TypeError(f"{name}: missing the argument 'size'; () is that of a single number")
    shape = sizes_of(sizes)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"{name}: trying to create a tensor with a negative dimension: {shape}")
    if math.prod(shape) >= 2**60:
        raise RuntimeError(f"{name}: storage size calculation overflowed with sizes={shape}")
    return shape


def _index(value: object) -> int:
    if hasattr(value, "__index__"):
        return int(value.__index__())
    raise TypeError(f"expected an integer size, got {value!r}")


@lru_cache(maxsize=8192)
def _infer(title: str, sizes: Shape, numel: int, shape: Shape) -> Shape:
    """Sizes with a -1 worked out.

    Raises:
        RuntimeError: if the sizes do not hold exactly the elements of `shape`.
    """
    unknown = [i for i, size in enumerate(sizes) if size == -1]
    if len(unknown) > 1:
        raise RuntimeError(f"{title}: only one dimension can be inferred, but got sizes {sizes}")
    if any(size < -1 for size in sizes):
        raise RuntimeError(
            f"{title}: invalid shape dimension in {sizes}; sizes are at least 0, or -1 once"
        )
    if unknown:
        known = math.prod(size for size in sizes if size != -1)
        if known == 0:
            raise RuntimeError(
                f"{title}: cannot reshape {shape} into {sizes}, because -1 could be any size "
                "beside a 0"
            )
        if numel % known == 0:
            sizes = tuple(numel // known if size == -1 else size for size in sizes)
    if -1 in sizes or math.prod(sizes) != numel:
        raise RuntimeError(
            f"{title}: shape {sizes} is invalid for a tensor of shape {shape} with {numel} elements"
        )
    return sizes


def expand_to(x: Tensor, shape: Shape) -> Tensor:
    """x broadcast to `shape`, which must fit; the transpose sums what was repeated."""
    if x.layout.shape == shape:
        return x
    layout = x.layout.expand(shape)
    if not x.requires_grad:
        return x._view(layout)
    before = x.layout.shape
    return viewed(x, layout, "ExpandBackward0", lambda g: sum_to(g, before))


def expand(x: Tensor, *sizes: int | Sequence[int], size: Sequence[int] | None = None) -> Tensor:
    """Repeat dimensions of size 1 without copying; -1 keeps a size.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand.html

    Raises:
        RuntimeError: if a dimension of another size would have to change.
    """
    shape = sizes_of(either("expand", "size", sizes, size))
    lead = len(shape) - x.ndim
    if lead < 0:
        raise RuntimeError(
            f"expand: the number of sizes {shape} must be at least the number of dimensions of "
            f"{x.shape}"
        )
    if any(size == -1 for size in shape[:lead]):
        raise RuntimeError(f"expand: a new leading dimension needs a size, but got -1 in {shape}")
    shape = tuple(x.layout.shape[i - lead] if size == -1 else size for i, size in enumerate(shape))
    before = x.layout.shape
    return viewed(x, x.layout.expand(shape), "ExpandBackward0", lambda g: sum_to(g, before))


def expand_as(x: Tensor, other: Tensor) -> Tensor:
    """x expanded to the shape of `other`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand_as.html
    """
    return expand(x, other.shape)


def broadcast_to(input: Tensor, shape: Sequence[int]) -> Tensor:
    """x expanded to `shape`.

    https://docs.pytorch.org/docs/stable/generated/torch.broadcast_to.html
    """
    return expand(input, shape)


def sum_to(x: Tensor, shape: Shape) -> Tensor:
    """Sum out the dimensions that `expand` repeated: the transpose of `expand_to`.

    x of shape (2, 3) summed to (3,) or (2, 1).
    """
    before = x.layout.shape
    if before == shape:
        return x
    if x.layout.size == 0:  # a backend writes where there are elements to read
        y = x._full(shape, 0.0, x.dtype)
    else:
        y = x._fresh(shape, x.dtype)
        x.storage.device.backend.reduce(add, 0.0, y._view(y.layout.expand(before)), x)
    return linear(x, y, "SumBackward1", lambda g: expand_to(g, before))


def permute(
    input: Tensor, *order: int | Sequence[int], dims: Sequence[int] | None = None
) -> Tensor:
    """Dimension i of the result is dimension dims[i] of input.

    https://docs.pytorch.org/docs/stable/generated/torch.permute.html

    Raises:
        RuntimeError: if `dims` is not a permutation of the dimensions.
    """
    named = sizes_of(order if dims is None else either("permute", "dims", order, dims))
    axes, inverse = _permutation(named, input.layout.shape)
    return viewed(
        input, input.layout.permute(axes), "PermuteBackward0", lambda g: permute(g, inverse)
    )


@lru_cache(maxsize=4096)
def _permutation(named: tuple[int, ...], shape: Shape) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The dimensions counted from the front, and the permutation that undoes this one.

    Raises:
        RuntimeError: if it is no permutation.
    """
    ndim = len(shape)
    axes = tuple(wrap_dim(dim, ndim) for dim in named)
    if sorted(axes) != list(range(ndim)):
        raise RuntimeError(
            f"permute: dims {named} must name each of the {ndim} dimensions of {shape} once"
        )
    return axes, tuple(sorted(range(ndim), key=axes.__getitem__))


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.transpose.html
    """
    i, j, order = _swapped(dim0, dim1, len(input.layout.shape))
    return viewed(
        input, input.layout.permute(order), "TransposeBackward0", lambda g: transpose(g, i, j)
    )


@lru_cache(maxsize=1024)
def _swapped(dim0: int, dim1: int, ndim: int) -> tuple[int, int, tuple[int, ...]]:
    """Both dimensions counted from the front, and the order with the two swapped."""
    i, j = wrap_dim(dim0, ndim), wrap_dim(dim1, ndim)
    order = list(range(ndim))
    if ndim:
        order[i], order[j] = j, i
    return i, j, tuple(order)


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; a vector or a 0-d tensor as it is.

    https://docs.pytorch.org/docs/stable/generated/torch.t.html

    Raises:
        RuntimeError: for more than 2 dimensions.
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"t: expected a tensor with at most 2 dimensions, but got shape {input.shape}"
        )
    return transpose(input, 0, 1) if input.ndim == 2 else input


def movedim(input: Tensor, source: Dims, destination: Dims) -> Tensor:
    """Move dimensions to other places, the rest keeping their order.

    https://docs.pytorch.org/docs/stable/generated/torch.movedim.html
    """
    sources = [wrap_dim(d, input.ndim) for d in ([source] if isinstance(source, int) else source)]
    targets = [
        wrap_dim(d, input.ndim)
        for d in ([destination] if isinstance(destination, int) else destination)
    ]
    if (
        len(sources) != len(targets)
        or len(set(sources)) < len(sources)
        or len(set(targets)) < len(targets)
    ):
        raise RuntimeError(
            f"movedim: source {source} and destination {destination} must pair distinct dims"
        )
    rest = iter(d for d in range(input.ndim) if d not in sources)
    moved = dict(zip(targets, sources, strict=True))
    return permute(input, [moved[i] if i in moved else next(rest) for i in range(input.ndim)])


def view(x: Tensor, *sizes: int | Sequence[int] | DType, dtype: DType | None = None) -> Tensor:
    """The same elements under another shape, or the same bytes as another dtype, without copying.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html

    Raises:
        RuntimeError: if the number of elements differs, or the strides of x do not allow it; for a
            dtype, see `reinterpreted`.
    """
    if dtype is not None or (sizes and isinstance(sizes[0], DType)):
        return reinterpreted(x, (*sizes, *([] if dtype is None else [dtype])))
    shape = _infer("view", sizes_of(sizes), x.layout.size, x.shape)
    layout = x.layout.reshape(shape)
    if layout is None:
        raise RuntimeError(
            f"view: shape {shape} is not compatible with the shape {x.shape} and strides "
            f"{x.layout.strides} of the input (a dimension spans two memory runs); use reshape() "
            "instead"
        )
    before = x.layout.shape
    return viewed(x, layout, "ViewBackward0", lambda g: reshape(g, before))


def view_as(x: Tensor, other: Tensor) -> Tensor:
    """`x.view(other.shape)`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view_as.html
    """
    return view(x, other.shape)


def reshape(
    input: Tensor, *sizes: int | Sequence[int], shape: Sequence[int] | None = None
) -> Tensor:
    """The same elements under another shape: a view if the strides allow it, else a copy.

    https://docs.pytorch.org/docs/stable/generated/torch.reshape.html

    Raises:
        RuntimeError: if the number of elements differs.
    """
    if shape is not None:
        sizes = either("reshape", "shape", sizes, shape)
    wanted = _infer("reshape", sizes_of(sizes), input.layout.size, input.layout.shape)
    layout = input.layout.reshape(wanted)
    if layout is None:
        return view(contiguous(input), wanted)
    before = input.layout.shape
    return viewed(input, layout, "ViewBackward0", lambda g: reshape(g, before))


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merge the dimensions from start_dim to end_dim into one.

    https://docs.pytorch.org/docs/stable/generated/torch.flatten.html

    Raises:
        RuntimeError: if start_dim comes after end_dim.
    """
    start, end = wrap_dim(start_dim, input.ndim), wrap_dim(end_dim, input.ndim)
    if start > end:
        raise RuntimeError(f"flatten: start_dim {start_dim} cannot come after end_dim {end_dim}")
    if input.ndim == 0:
        return reshape(input, 1)
    if start == end:
        return input
    merged = math.prod(input.shape[start : end + 1])
    return reshape(input, (*input.shape[:start], merged, *input.shape[end + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Split one dimension into several; one size may be -1.

    https://docs.pytorch.org/docs/stable/generated/torch.unflatten.html
    """
    _require_dims("unflatten", input)
    i = wrap_dim(dim, input.ndim)
    inner = _infer("unflatten", tuple(sizes), input.shape[i], (input.shape[i],))
    return view(input, (*input.shape[:i], *inner, *input.shape[i + 1 :]))


def squeeze(input: Tensor, dim: Dims | None = None) -> Tensor:
    """Drop dimensions of size 1: all of them, or those named.

    https://docs.pytorch.org/docs/stable/generated/torch.squeeze.html
    """
    if dim is None:
        dims: Sequence[int] = range(input.ndim)
    else:
        dims = [wrap_dim(d, input.ndim) for d in ([dim] if isinstance(dim, int) else dim)]
        require_distinct("squeeze", dims)
    before = input.layout.shape
    return viewed(
        input, input.layout.squeeze(dims), "SqueezeBackward0", lambda g: reshape(g, before)
    )


def require_distinct(name: str, dims: Sequence[int]) -> None:
    """Raise if a dimension is named twice.

    Raises:
        RuntimeError: if one is.
    """
    for i, dim in enumerate(dims):
        if dim in dims[:i]:
            raise RuntimeError(f"{name}: dim {dim} appears multiple times in the list of dims")


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """Insert a dimension of size 1 before `dim`.

    https://docs.pytorch.org/docs/stable/generated/torch.unsqueeze.html
    """
    i = wrap_dim(dim, input.ndim + 1)
    return viewed(input, input.layout.unsqueeze(i), "UnsqueezeBackward0", lambda g: squeeze(g, i))


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """Element `index` of one dimension, which is dropped; negative counts from the end.

    https://docs.pytorch.org/docs/stable/generated/torch.select.html

    Raises:
        IndexError: if input has no dimensions, or no such element.
    """
    if input.ndim == 0:
        raise IndexError("select: a 0-dim tensor has no dimension to select from; use input.item()")
    i = wrap_dim(dim, input.ndim)
    size = input.layout.shape[i]
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for dimension {i} with size {size}")
    index %= size
    before = input.layout.shape
    return viewed(
        input, input.layout.select(i, index), "SelectBackward0",
        lambda g: _embed(unsqueeze(g, i), before, i, index, 1),
    )  # fmt: skip


def slice_(x: Tensor, dim: int, start: int, length: int, step: int = 1) -> Tensor:
    """Elements start, start + step, ... of one dimension: `length` of them, all inside it."""
    before = x.layout.shape
    return viewed(
        x, x.layout.narrow(dim, start, length, step), "SliceBackward0",
        lambda g: _embed(g, before, dim, start, step),
    )  # fmt: skip


def _embed(g: Tensor, shape: Shape, dim: int, start: int, step: int) -> Tensor:
    """Zeros of `shape` with g written into a slice: the transpose of `slice_`."""
    length = g.shape[dim]
    y = g._full(shape, 0.0, g.dtype)
    part = y._view(y.layout.narrow(dim, start, length, step))
    g.storage.device.backend.copy(part, g)
    return linear(g, y, "SliceBackward0", lambda h: slice_(h, dim, start, length, step))


def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """`length` elements of one dimension from `start` on, which may be a 0-d tensor of integers.

    https://docs.pytorch.org/docs/stable/generated/torch.narrow.html

    Raises:
        IndexError: if start is out of range.
        RuntimeError: if the elements are not all inside the dimension, or a tensor is no integer.
    """
    _require_dims("narrow", input)
    if isinstance(start, Variable):
        start = _integer("narrow", start)
    i = wrap_dim(dim, input.ndim)
    size = input.layout.shape[i]
    if not -size <= start <= size:
        raise IndexError(
            f"narrow: start {start} is out of range for dimension {i} with size {size}"
        )
    start = start + size if start < 0 else start
    if length < 0 or start + length > size:
        raise RuntimeError(
            f"narrow: start ({start}) + length ({length}) exceeds dimension {i} with size {size}"
        )
    return slice_(input, i, start, length)


def _integer(name: str, start: Tensor) -> int:
    """The number that a 0-d tensor of integers holds.

    Raises:
        RuntimeError: if it is no such tensor.
    """
    if start.ndim or start.dtype.kind != "int":
        raise RuntimeError(
            f"{name}: start must be an int or a 0-dim integral Tensor, but got dtype {start.dtype} "
            f"and shape {start.shape}"
        )
    return int(start.item())


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All slices along one dimension, which is dropped.

    https://docs.pytorch.org/docs/stable/generated/torch.unbind.html
    """
    i = wrap_dim(dim, input.ndim)
    if input.ndim == 0:
        raise IndexError("unbind: a 0-dim tensor has no dimension to unbind")
    count = input.layout.shape[i]
    return _pieces(input, [partial(Layout.select, dim=i, index=k) for k in range(count)], "Unbind")


def split(
    tensor: Tensor,
    split_size: Dims | None = None,
    dim: int = 0,
    *,
    split_size_or_sections: Dims | None = None,
) -> tuple[Tensor, ...]:
    """Consecutive pieces of one dimension: of one size (the last may be smaller), or of several.

    https://docs.pytorch.org/docs/stable/generated/torch.split.html

    Args:
        tensor: (..., n, ...).
        split_size: the size of the pieces, or the sizes of all.
        dim: which dimension.
        split_size_or_sections: the same, as `torch.split` names it.

    Raises:
        RuntimeError: if the sizes do not add up to that of the dimension.
        TypeError: if the sizes are given twice, or not at all.
    """
    if split_size is None or split_size_or_sections is not None:
        if split_size is not None or split_size_or_sections is None:
            raise TypeError("split: expected split_size, or split_size_or_sections, but not both")
        split_size = split_size_or_sections
    _require_dims("split", tensor)
    i = wrap_dim(dim, tensor.ndim)
    size = tensor.layout.shape[i]
    if isinstance(split_size, int):
        if split_size < 0 or (split_size == 0 and size):
            raise RuntimeError(f"split: split_size must be positive, but got {split_size}")
        sizes = [min(split_size, size - k) for k in range(0, size, split_size or 1)] or [size]
    else:
        sizes = list(split_size)
        if sum(sizes) != size or any(s < 0 for s in sizes):
            raise RuntimeError(
                f"split: sizes {sizes} must be non-negative and sum exactly to {size}, the size of "
                f"dimension {i}"
            )
    starts = [sum(sizes[:k]) for k in range(len(sizes))]
    parts = [
        partial(Layout.narrow, dim=i, start=start, length=n)
        for start, n in zip(starts, sizes, strict=True)
    ]
    return _pieces(tensor, parts, "Split")


class PiecesNode(Many["Tensor"]):
    """The record of views that are the pieces of one tensor: their gradients are put together.

    (As slices by themselves, each would be put into zeros of the whole size, and these be added.)
    """

    __slots__ = ("parts", "shape", "title")

    def __init__(self, x: Tensor, parts: Sequence[Callable[[Layout], Layout]], title: str) -> None:
        super().__init__((x.gradient_node(),))
        self.shape = x.layout.shape
        self.parts = parts
        self.title = title

    def backward_many(self, grads: Sequence[Tensor | None], /) -> Sequence[Tensor | None]:
        """The gradient of the whole: one write for each piece."""
        given = [(g, part) for g, part in zip(grads, self.parts, strict=False) if g is not None]
        if is_grad_enabled():
            first, *rest = [_put(g, self.shape, part, self.title) for g, part in given]
            for x in rest:
                first = first + x
            return (first,)
        first = given[0][0]
        whole = len(given) == len(self.parts)
        y = (
            first._fresh(self.shape, first.dtype)
            if whole
            else first._full(self.shape, 0.0, first.dtype)
        )
        for g, part in given:
            g.storage.device.backend.copy(y._view(part(y.layout)), g)
        return (y,)

    def name(self) -> str:
        """PyTorch's name of the node."""
        return self.title


def _put(g: Tensor, shape: Shape, part: Callable[[Layout], Layout], title: str) -> Tensor:
    """Zeros of `shape` with g as one piece, recorded."""
    y = g._full(shape, 0.0, g.dtype)
    g.storage.device.backend.copy(y._view(part(y.layout)), g)
    return linear(
        g, y, title,
        lambda h: viewed(h, part(h.layout), title, lambda e: _put(e, shape, part, title)),
    )  # fmt: skip


def _pieces(
    x: Tensor, parts: Sequence[Callable[[Layout], Layout]], title: str
) -> tuple[Tensor, ...]:
    """Views that are the pieces of x."""
    found = tuple(unrecorded(x, part(x.layout)) for part in parts)
    if x.requires_grad and is_grad_enabled() and found:
        node = PiecesNode(x, parts, f"{title}Backward0")
        for slot, piece in enumerate(found):
            piece.requires_grad, piece.node = True, Output(node, slot)
    return found


def _require_dims(name: str, tensor: Tensor) -> None:
    if tensor.ndim == 0:
        raise RuntimeError(f"{name}: a 0-dim tensor has no dimension to take a part of")


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` consecutive pieces of one dimension, of equal size but the last.

    https://docs.pytorch.org/docs/stable/generated/torch.chunk.html
    """
    if chunks <= 0:
        raise RuntimeError(f"chunk: expected `chunks` to be greater than 0, but got {chunks}")
    _require_dims("chunk", input)
    size = input.shape[wrap_dim(dim, input.ndim)]
    if size == 0:
        return split(input, [0] * chunks, dim)
    return split(input, -(-size // chunks), dim)


def contiguous(x: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """x itself if its elements lie in row-major order, else a copy that does.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.contiguous.html

    Raises:
        RuntimeError: for a memory format that is not row-major.
    """
    if memory_format is not None:
        require_plain("contiguous", memory_format=memory_format)
    return x if x.layout.is_contiguous() else clone(x)


def clone(input: Tensor, *, memory_format: MemoryFormat | None = None) -> Tensor:
    """A copy with its own memory, recorded.

    https://docs.pytorch.org/docs/stable/generated/torch.clone.html

    Raises:
        RuntimeError: for a memory format that is not row-major.
    """
    if memory_format is not None:
        require_plain("clone", memory_format=memory_format)
    y = input._fresh(input.layout.shape, input.dtype)
    input.storage.device.backend.copy(y, input)
    return linear(input, y, "CloneBackward0", lambda g: g)


def alias(x: Tensor) -> Tensor:
    """The same memory as a new point of the graph; a write into it is not seen by x's history."""
    return linear(x, x._view(x.layout), "AliasBackward0", lambda g: g)


def whole(x: Tensor) -> Tensor:
    """All of x as a view: `x[...]`."""
    return viewed(x, x.layout, "AliasBackward0", lambda g: g)


def as_strided(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """The memory of input under any shape, strides and offset.

    https://docs.pytorch.org/docs/stable/generated/torch.as_strided.html

    Raises:
        RuntimeError: if sizes and strides do not pair, are negative, or reach outside the memory.
    """
    shape, strides = tuple(size), tuple(stride)
    offset = input.layout.offset if storage_offset is None else storage_offset
    if len(shape) != len(strides):
        raise RuntimeError(
            f"as_strided: size {shape} and stride {strides} must have the same length"
        )
    if min((*shape, *strides, offset), default=0) < 0:
        raise RuntimeError(
            f"as_strided: size {shape}, stride {strides} and storage_offset {offset} must not be "
            "negative"
        )
    layout = make(shape, strides, offset)
    limit = len(input.storage.buffer)
    if layout.size and layout.span()[1] > limit:
        raise RuntimeError(
            f"as_strided: size {shape}, stride {strides} and storage_offset {offset} reach element "
            f"{layout.span()[1] - 1}, but the storage has {limit} elements"
        )
    return _restrided(input, layout)


def _restrided(x: Tensor, layout: Layout) -> Tensor:
    source, size = x.layout, len(x.storage.buffer)
    return viewed(x, layout, "AsStridedBackward0", lambda g: unstrided(g, layout, source, size))


def unstrided(g: Tensor, layout: Layout, source: Layout, size: int) -> Tensor:
    """Add up g at the positions of `layout`, then read the positions of `source`.

    An element of the source that lies in memory twice gets an equal share, as in PyTorch.
    """
    memory = g._full((size,), 0.0, g.dtype).scatter_add(0, positions(g, layout), reshape(g, -1))
    if source.repeats():
        ones = g._full((source.size,), 1.0, g.dtype)
        count = g._full((size,), 0.0, g.dtype).scatter_add(0, positions(g, source), ones)
        memory = memory / count.apply_binary(maximum, 1.0)
    return reshape(memory.gather(0, positions(g, source)), source.shape)


def positions(like: Tensor, layout: Layout) -> Tensor:
    """The position in memory of each element of `layout`, in row-major order: (size,) of int64."""
    total = like._arange(layout.size) * 0 + layout.offset
    total = reshape(total, layout.shape)
    for dim, (n, stride) in enumerate(zip(layout.shape, layout.strides, strict=True)):
        steps = like._arange(n) * stride
        total = total + reshape(steps, (n,) + (1,) * (layout.ndim - dim - 1))
    return reshape(total, -1)
