"""Reading and writing by position in the flattened tensor, or where a mask holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import gathering, inplace, ordering, pointwise, views, writing
from minitorch_tensor.accelerator import is_accelerator
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.assertions import require_all
from minitorch_tensor.layout import broadcast_for
from minitorch_tensor.placing import index_put_

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements of the flattened input at `index`, in the shape of index.

    Negative indices count from the end.
    https://docs.pytorch.org/docs/stable/generated/torch.take.html

    Raises:
        IndexError: if an index is out of range.
        RuntimeError: if index is not int64, or on another device.

    >>> from minitorch_tensor import tensor
    >>> take(tensor([[4, 3, 5], [6, 7, 8]]), tensor([0, 2, -1]))
    Tensor([4, 5, 8], requires_grad=False)
    """
    flat = _positions("take", input, index)
    return views.reshape(gathering.pick(views.reshape(input, -1), 0, flat), index.shape)


def _positions(name: str, x: Tensor, index: Tensor) -> Tensor:
    """The indices as a vector, counted from the front.

    Raises:
        IndexError: if one is out of range.
        RuntimeError: if they are not int64, or on another device.
    """
    if require_tensor(name, "index", index).dtype is not dtypes.int64:
        raise RuntimeError(
            f"{name}: expected dtype int64 for index, but got {index.dtype}; use .long()"
        )
    if index.device is not x.device:
        raise RuntimeError(f"{name}: index is on {index.device} and the input on {x.device}")
    flat = views.reshape(index, -1)
    size = x.layout.size
    if is_accelerator(x.device.backend) and size:
        return gathering.from_front(name, flat, size, 0, size)
    if flat.layout.size:
        for extreme in (int(flat.min().item()), int(flat.max().item())):
            if not -size <= extreme < size:
                raise IndexError(
                    f"{name}: index {extreme} is out of range for a tensor of {size} elements "
                    f"(shape {x.shape})"
                )
    return pointwise.where(flat < 0, flat + size, flat)


def put_(x: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """Write the elements of source to positions of the flattened x; or add them there.

    Of repeated positions the last one stays, where PyTorch leaves open which.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.put_.html

    Raises:
        IndexError: if an index is out of range, or there is not one for each element of source.
        RuntimeError: if index is not int64, or the dtypes or devices differ.
    """
    flat = _positions("put_", x, index)
    if require_tensor("put_", "source", source).dtype is not x.dtype:
        raise RuntimeError(
            f"put_: source has dtype {source.dtype}, but x has {x.dtype}; convert it with "
            ".to(x.dtype)"
        )
    if source.device is not x.device:
        raise RuntimeError(f"put_: source is on {source.device} and x on {x.device}")
    if source.numel() != index.numel():
        raise IndexError(
            "put_: source and index must have the same number of elements, but they have "
            f"{source.numel()} and {index.numel()}"
        )
    values = views.reshape(source, -1)
    if not accumulate:
        writing.put_flat(x, flat, values, "put_")
        return x

    def added(old: Tensor) -> Tensor:
        total = gathering.add_at(views.reshape(old, -1), 0, flat, values)
        return views.reshape(total, old.shape)

    return inplace.write("put_", x, added, values)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of input after `put_`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.put_.html

    >>> from minitorch_tensor import tensor, zeros
    >>> put(zeros(2, 2), tensor([0, 0, -1]), tensor([1.0, 2.0, 3.0]), accumulate=True)
    Tensor([[3., 0.],
            [0., 3.]], requires_grad=False)
    """
    return put_(views.clone(input), index, source, accumulate)


def index_put(
    input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False
) -> Tensor:
    """A copy of input after `index_put_`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html

    >>> from minitorch_tensor import tensor, zeros
    >>> index_put(zeros(3), (tensor([0, 0]),), tensor([1.0, 2.0]), accumulate=True)
    Tensor([3., 0., 0.], requires_grad=False)
    """
    return index_put_(views.clone(input), indices, values, accumulate)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy of input with its elements where `mask` holds replaced by those of source, in order.

    Input and mask are broadcast together; the k-th True takes the k-th element of the flattened
    source, what is left of which is not used.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html

    Raises:
        RuntimeError: if the mask is not bool, the dtypes differ, or source has too few elements.

    >>> from minitorch_tensor import tensor, zeros
    >>> masked_scatter(zeros(3), tensor([True, False, True]), tensor([1.0, 2.0, 3.0]))
    Tensor([1., 0., 2.], requires_grad=False)
    """
    if require_tensor("masked_scatter", "mask", mask).dtype is not dtypes.bool_:
        raise RuntimeError(f"masked_scatter: expected a bool mask, but got {mask.dtype}")
    if require_tensor("masked_scatter", "source", source).dtype is not input.dtype:
        raise RuntimeError(
            f"masked_scatter: input and source must have one dtype, but they have {input.dtype} "
            f"and {source.dtype}"
        )
    shape = broadcast_for("masked_scatter", input.shape, mask.shape)
    chosen = views.expand_to(mask, shape)
    before = ordering.cumsum(views.reshape(chosen, -1).to(dtypes.int64), 0)
    size = source.numel()
    rule = f"masked_scatter: source has {size} elements, fewer than the"
    require_all(
        before <= size,
        f"{rule} places where the mask holds",
        lambda: f"{rule} {int(before[-1].item())} places where the mask holds",
    )
    if size == 0:
        return views.clone(views.expand_to(input, shape))
    # Where the mask does not hold, anything is picked, and not used.
    picked = gathering.pick(views.reshape(source, -1), 0, pointwise.clamp(before - 1, 0, size - 1))
    return pointwise.where(chosen, views.reshape(picked, shape), input)


def masked_scatter_(x: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """`masked_scatter` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html
    """
    return inplace.write(
        "masked_scatter_",
        x,
        lambda old: masked_scatter(old, mask, source),
        require_tensor("masked_scatter_", "source", source),
    )
