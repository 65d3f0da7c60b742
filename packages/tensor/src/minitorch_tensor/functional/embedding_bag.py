"""Bags of rows of a table: their sum, mean or maximum, without a tensor of all the rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor import conversion, creation, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import require_alike
from minitorch_tensor.functional.embedding import embedding, shrink_rows
from minitorch_tensor.op import Op

MODES = ("sum", "mean", "max")
Whole = NDArray[np.int64]


def check_embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None,
    scale_grad_by_freq: bool,
    mode: str,
    sparse: bool,
    per_sample_weights: Tensor | None,
    padding_idx: int | None,
) -> int | None:
    """Refuse arguments that do not fit together; the padding, counted from the front.

    Raises:
        ValueError: if shapes do not fit, or for another mode.
        RuntimeError: if dtypes or devices do not fit, or for what is not supported.
    """
    if mode not in MODES:
        raise ValueError(f"embedding_bag: mode has to be one of sum, mean or max, but got {mode!r}")
    if sparse:
        raise RuntimeError("embedding_bag: sparse gradients are not supported; leave sparse=False")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError(
            "embedding_bag: max mode does not support scaling the gradient by the frequency"
        )
    if weight.ndim != 2:
        raise ValueError(
            f"embedding_bag: weight has to be a 2D Tensor, (rows, features), but got {weight.shape}"
        )
    if input.ndim not in (1, 2):
        raise ValueError(
            f"embedding_bag: input has to be 1D or 2D Tensor, but got shape {input.shape}"
        )
    if (input.ndim == 1) != (offsets is not None):
        raise ValueError(
            "embedding_bag: a 1D input needs offsets, where each bag begins; a 2D input, whose "
            f"rows are the bags, has none; but got input {input.shape} and offsets "
            f"{None if offsets is None else offsets.shape}"
        )
    if offsets is not None and offsets.ndim != 1:
        raise ValueError(f"embedding_bag: offsets has to be a 1D Tensor, but got {offsets.shape}")
    for what, x in (("input", input), ("offsets", offsets)):
        if x is not None and x.dtype not in (dtypes.int64, dtypes.int32):
            raise RuntimeError(
                f"embedding_bag: expected {what} of dtype int64 or int32, but got {x.dtype}; use "
                ".long()"
            )
    if not weight.dtype.is_floating_point:
        raise RuntimeError(f"embedding_bag: expected a floating weight, but got {weight.dtype}")
    if per_sample_weights is not None:
        if per_sample_weights.shape != input.shape:
            raise ValueError(
                f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, "
                f"then it must have the same shape as the input ({input.shape})"
            )
        if mode != "sum":
            raise RuntimeError(
                "embedding_bag: per_sample_weights is only supported for mode='sum' (got "
                f"mode='{mode}')"
            )
        require_alike("embedding_bag", weight, "per_sample_weights", per_sample_weights)
    rows = weight.shape[0]
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise RuntimeError(
            f"embedding_bag: padding_idx must be within the number of embeddings, {-rows} through "
            f"{rows - 1}, but got {padding_idx}"
        )
    return padding_idx % rows


def _starts(input: Tensor, offsets: Tensor | None, include_last: bool) -> tuple[Whole, int]:
    """Where each bag begins, and where the last one ends."""
    total = input.layout.size
    if offsets is None:
        bags, size = input.shape
        return np.arange(bags, dtype=np.int64) * size, total
    starts = conversion.host_array(offsets).astype(np.int64)
    if include_last and starts.size == 0:
        raise RuntimeError(
            "embedding_bag: include_last_offset: number of offsets should be at least 1"
        )
    if starts.size == 0:
        return starts, 0
    if starts[0] != 0:
        raise RuntimeError(
            "embedding_bag: offsets[0] has to be 0, i.e., the first sequence in the mini-batch has "
            f"to start from position 0. However, got {starts[0]}"
        )
    if starts[-1] > total:
        raise RuntimeError(
            f"embedding_bag: offsets[-1] can not be greater than input's length {total} but got "
            f"offsets[-1] of {starts[-1]}"
        )
    if (np.diff(starts) < 0).any():
        raise RuntimeError(f"embedding_bag: offsets must not decrease, but got {starts.tolist()}")
    return (starts[:-1], int(starts[-1])) if include_last else (starts, total)


def _largest(rows: Tensor, bag: Whole, bags: int) -> tuple[Tensor, Whole]:
    """The largest of the rows of each bag, feature by feature, and which it is.

    0 for an empty bag.
    """
    values = conversion.host_array(rows)
    winner = np.zeros((bags, rows.shape[1]), np.int64)
    for i, (start, end) in enumerate(
        zip(np.searchsorted(bag, range(bags)), np.searchsorted(bag, range(bags), "right"),
            strict=True)
    ):  # fmt: skip
        if end > start:
            winner[i] = start + values[start:end].argmax(0)
    filled = np.isin(np.arange(bags), bag)
    found = rows.gather(0, creation.from_numpy(winner[filled]).to(rows.device))
    places = creation.from_numpy(np.flatnonzero(filled)).to(rows.device)
    y = rows._full((bags, rows.shape[1]), 0.0, rows.dtype).index_add(0, places, found)
    return y, winner


@Op
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum of the rows that each bag of indices names: (bags, features).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html

    Args:
        input: indices of rows, int64 or int32: a bag in each row, or all in one row, (n,).
        weight: the table, (rows, features).
        offsets: where each bag begins in an input of one row.
        max_norm: scale rows that are used down to this norm, in place, first.
        norm_type: the p of that p-norm.
        scale_grad_by_freq: divide the gradient of a row by how often it is used; not for "max".
        mode: "sum", "mean" or "max". An empty bag gives 0.
        sparse: must be False: there are no sparse gradients here.
        per_sample_weights: a factor for each index, of the shape of the input; for "sum".
        include_last_offset: whether the last offset is where the last bag ends.
        padding_idx: a row that does not count, neither in the bag nor for the mean.

    Raises:
        ValueError: if shapes do not fit, or for another mode.
        RuntimeError: if dtypes, offsets, indices or devices do not fit, or for what is not
            supported.

    >>> table = Tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    >>> embedding_bag(Tensor([2, 0, 1]).long(), table, Tensor([0, 2]).long())
    Tensor([[2., 3.],
            [2., 3.]], requires_grad=False)
    """
    return bags_of.composite(
        input, weight, offsets, max_norm, norm_type, scale_grad_by_freq, mode, sparse,
        per_sample_weights, include_last_offset, padding_idx,
    )[0]  # fmt: skip


@Op
def bags_of(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None,
    max_norm: float | None,
    norm_type: float,
    scale_grad_by_freq: bool,
    mode: str,
    sparse: bool,
    per_sample_weights: Tensor | None,
    include_last_offset: bool,
    padding_idx: int | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """`embedding_bag`; in which bag each index is, how many count in each, and who is largest.

    >>> table, ones = Tensor([[1.0], [2.0]]), Tensor([[0, 1, 1]]).long()
    >>> bags_of(ones, table, None, None, 2, False, "sum", False, None, False, 0)[1:3]
    (Tensor([0, 0, 0], requires_grad=False), Tensor([2], requires_grad=False))
    """
    padding = check_embedding_bag(
        input, weight, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights, padding_idx
    )
    rows, features = weight.shape
    starts, end = _starts(input, offsets, include_last_offset)
    index = conversion.host_array(input).reshape(-1).astype(np.int64)[:end]
    bad = index[(index < 0) | (index >= rows)]
    if bad.size:
        raise RuntimeError(
            f"embedding_bag: index {bad[0]} is not in the valid range [0, {rows}) of the rows of "
            f"weight {weight.shape}"
        )
    if max_norm is not None:
        shrink_rows(weight, creation.from_numpy(index).to(weight.device), max_norm, norm_type)
    bag = np.searchsorted(starts, np.arange(end), "right").astype(np.int64) - 1
    every, kept = bag, np.arange(end)
    if padding is not None:
        kept = np.flatnonzero(index != padding)
        index, bag = index[kept], bag[kept]
    picked = embedding(
        creation.from_numpy(index).to(weight.device), weight, scale_grad_by_freq=scale_grad_by_freq
    )
    counts = np.bincount(bag, minlength=starts.size)
    if mode == "max":
        y, winner = _largest(picked, bag, starts.size)
        largest = np.where(counts[:, None] > 0, np.append(index, 0)[winner], 0)
        return y, *_on(weight, every, counts, largest)
    if per_sample_weights is not None:
        places = creation.from_numpy(kept).to(weight.device)
        factors = views.reshape(per_sample_weights, -1).index_select(0, places)
        picked = picked * views.unsqueeze(factors, 1)
    total = weight._full((starts.size, features), 0.0, weight.dtype)
    total = total.index_add(0, creation.from_numpy(bag).to(weight.device), picked)
    if mode == "mean":
        size = creation.from_numpy(np.maximum(counts, 1)[:, None]).to(weight.device)
        total = total / size.to(weight.dtype)
    return total, *_on(weight, every, counts, counts)


def _on(like: Tensor, a: Whole, b: Whole, c: Whole) -> tuple[Tensor, Tensor, Tensor]:
    found = [creation.from_numpy(x.copy()).to(like.device) for x in (a, b, c)]
    return found[0], found[1], found[2]
