"""From class indices to vectors: rows of a table, or ones among zeros."""

from __future__ import annotations

from minitorch_autodiff import no_grad
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import gathering, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.op import Op
from minitorch_tensor.pointwise import where


def check_embedding(input: Tensor, weight: Tensor, padding_idx: int | None) -> int | None:
    """The index of the padding, counted from the front.

    Raises:
        RuntimeError: if dtypes, shapes or devices do not fit.
        AssertionError: if `padding_idx` is no row of the table.
    """
    if input.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(
            f"embedding: expected indices of dtype int64 or int32, but got {input.dtype}; use "
            ".long()"
        )
    if weight.ndim != 2:
        raise RuntimeError(
            f"embedding: 'weight' must be 2-D, (rows, features), but got {weight.shape}"
        )
    if input.storage.device is not weight.storage.device:
        raise RuntimeError(
            f"embedding: expected indices and weight on one device, but they are on {input.device} "
            f"and {weight.device}; move one with .to(...)"
        )
    rows = weight.shape[0]
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise AssertionError(
            f"embedding: Padding_idx must be within num_embeddings, but got {padding_idx} for "
            f"{rows} embeddings"
        )
    return padding_idx % rows


@Op
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Row input[i] of the weight for each index: indices (...), weight (rows, n) -> (..., n).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html

    Args:
        input: indices of rows, int64 or int32, of any shape.
        weight: the table.
        padding_idx: a row that gets no gradient.
        max_norm: scale rows that are used down to this norm, in place, first.
        norm_type: the p of that p-norm.
        scale_grad_by_freq: divide the gradient of a row by how often it is used.
        sparse: must be False: there are no sparse gradients here.

    Raises:
        IndexError: if an index is no row.
        RuntimeError: if dtypes, shapes or devices do not fit, or for sparse gradients.
        AssertionError: if `padding_idx` is no row.

    >>> embedding(Tensor([2, 0]).long(), Tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]))
    Tensor([[4., 5.],
            [0., 1.]], requires_grad=False)
    """
    if sparse:
        raise RuntimeError("embedding: sparse gradients are not supported; leave sparse=False")
    padding = check_embedding(input, weight, padding_idx)
    rows, n = weight.shape
    index = views.reshape(input.to(dtypes.int64), (input.layout.size,))
    try:
        if max_norm is not None:
            shrink_rows(weight, index, max_norm, norm_type)
        spread = views.expand_to(views.unsqueeze(index, 1), (index.shape[0], n))
        y = gathering.pick(weight, 0, spread)
    except IndexError:
        bad = index.masked_select((index < 0).logical_or(index >= rows))
        raise IndexError(
            f"embedding: index out of range in self: {int(bad[0].item())} is no row of weight "
            f"{weight.shape}, whose rows are 0 to {rows - 1}"
        ) from None
    share = _share(weight, index, padding, scale_grad_by_freq)
    if share is not None:
        factor = views.unsqueeze(share, 1)
        y = views.linear(y, y._view(y.layout), "EmbeddingBackward0", lambda g: g * factor)
    return views.reshape(y, (*input.shape, n))


def _uses(weight: Tensor, index: Tensor) -> Tensor:
    """How often each row is used: (rows,)."""
    none = weight._full((weight.shape[0],), 0.0, weight.dtype)
    return gathering.add_at(none, 0, index, weight._full(index.shape, 1.0, weight.dtype))


def _share(weight: Tensor, index: Tensor, padding: int | None, scale_by_use: bool) -> Tensor | None:
    """Which part of its gradient each of the picked rows passes on; None if all pass all."""
    if padding is None and not scale_by_use:
        return None
    share = weight._full(index.shape, 1.0, weight.dtype)
    if scale_by_use:
        share = share / _uses(weight, index).gather(0, index)
    return share if padding is None else where(index.eq(padding), 0.0, share)


def shrink_rows(weight: Tensor, index: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are used down to `max_norm`, in place."""
    with no_grad():
        size = weight.norm(norm_type, 1)
        large = (size > max_norm).logical_and(_uses(weight, index) > 0)
        scale = where(large, max_norm / (size + 1e-7), 1.0)
        weight.mul_(views.unsqueeze(scale, 1))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """1 at the index of the class, 0 elsewhere: (...) -> (..., num_classes), int64.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html

    Args:
        tensor: class indices, int64, of any shape.
        num_classes: if -1, one more than the largest index, which is read back from the device.

    Raises:
        RuntimeError: if the indices are not int64, not in [0, num_classes), or there is none to
            infer the number of classes from.

    >>> one_hot(Tensor([0, 2]).long())
    Tensor([[1, 0, 0],
            [0, 0, 1]], requires_grad=False)
    """
    if tensor.dtype is not dtypes.int64:
        raise RuntimeError(
            f"one_hot is only applicable to index tensor of type int64, but got {tensor.dtype}"
        )
    if num_classes == -1:
        if tensor.layout.size == 0:
            raise RuntimeError(
                "one_hot: Can not infer total number of classes from empty tensor; give num_classes"
            )
        num_classes = int(tensor.max().item()) + 1
    elif num_classes < 0 or (num_classes == 0 and tensor.layout.size):
        raise RuntimeError(f"one_hot: num_classes should be positive, but got {num_classes}")
    zeros = tensor._full((*tensor.shape, max(num_classes, 0)), 0, dtypes.int64)
    ones = tensor._full((*tensor.shape, 1), 1, dtypes.int64)
    try:
        return gathering.add_at(zeros, tensor.ndim, views.unsqueeze(tensor, -1), ones)
    except IndexError:
        low, high = int(tensor.min().item()), int(tensor.max().item())
        raise RuntimeError(
            "one_hot: Class values must be non-negative and smaller than num_classes, but they are "
            f"{low} to {high} for {num_classes} classes"
        ) from None
