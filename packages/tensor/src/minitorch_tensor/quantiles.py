"""Quantiles: the element at a fraction of the way through the sorted ones, or between two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import gathering, ordering, pointwise, views
from minitorch_tensor.assertions import require_all
from minitorch_tensor.layout import wrap_dim
from minitorch_tensor.reductions import any, sum

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

INTERPOLATIONS: Final = ("linear", "lower", "higher", "midpoint", "nearest")


def quantile(
    input: Tensor, q: Tensor | float, dim: int | None = None, keepdim: bool = False, *,
    interpolation: str = "linear",
) -> Tensor:  # fmt: skip
    """The element at rank q * (n - 1) of n sorted ones; nan if one of them is.

    Between two ranks it is interpolated: a + (b - a) * fraction ("linear"), with fraction 1/2
    ("midpoint"), or one of both is taken ("lower", "higher", "nearest"; the even rank if both
    are as near). The gradient goes to both, and to q.
    https://docs.pytorch.org/docs/stable/generated/torch.quantile.html

    Args:
        input: of any shape, float32 or float64.
        q: a number, or a vector of m fractions, which adds a first dimension of size m.
        dim: the dimension to reduce; of all elements if omitted.
        keepdim: keep what is reduced as size 1.
        interpolation: one of the five.

    Raises:
        RuntimeError: if input has no elements or another dtype, q is not in [0, 1], no vector, or
            has another dtype than input, or there is no such interpolation.

    >>> from minitorch_tensor import tensor
    >>> quantile(tensor([4.0, 1.0, 3.0, 2.0]), tensor([0.0, 0.5]))
    Tensor([1.0000, 2.5000], requires_grad=False)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, ignore_nan=False)


def nanquantile(
    input: Tensor, q: Tensor | float, dim: int | None = None, keepdim: bool = False, *,
    interpolation: str = "linear",
) -> Tensor:  # fmt: skip
    """The quantile of what is not nan; nan if there is nothing else.

    Arguments and errors are those of `quantile`.
    https://docs.pytorch.org/docs/stable/generated/torch.nanquantile.html

    >>> from minitorch_tensor import tensor
    >>> nanquantile(tensor([4.0, float("nan"), 3.0]), 0.5)
    Tensor(3.5000, requires_grad=False)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, ignore_nan=True)


def _quantile(
    name: str, x: Tensor, q: Tensor | float, dim: int | None, keepdim: bool, interpolation: str,
    *, ignore_nan: bool,
) -> Tensor:  # fmt: skip
    fractions = _checked(name, x, q, interpolation)
    i = 0 if dim is None else wrap_dim(dim, x.ndim)
    kept = tuple(1 if dim is None or d == i else n for d, n in enumerate(x.shape))
    if dim is None or x.ndim == 0:
        x = views.reshape(x, -1)
    ordered = ordering.sort(views.movedim(x, i, -1), -1).values  # (..., n)
    none = pointwise.isnan(ordered.detach())
    last = x.shape[i] - 1
    if ignore_nan:
        count = sum(pointwise.logical_not(none), -1, True)
        rank = fractions * pointwise.clamp_min(count - 1, 0).to(x.dtype)  # (..., m)
    else:
        rank = pointwise.where(any(none, -1, True), last, fractions * last)
    y = _at_rank(ordered, rank, interpolation)
    y = views.movedim(y, -1, 0)  # (m, ...)
    scalar = isinstance(q, (int, float)) or q.ndim == 0
    rest = kept if keepdim else tuple(n for d, n in enumerate(kept) if dim is not None and d != i)
    return views.reshape(y, rest if scalar else (y.shape[0], *rest))


def _checked(name: str, x: Tensor, q: Tensor | float, interpolation: str) -> Tensor:
    """The fractions as a vector."""
    if x.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(
            f"{name}: the input must be of dtype float32 or float64, but got {x.dtype}"
        )
    if x.numel() == 0:
        raise RuntimeError(f"{name}: the input must not be empty, but its shape is {x.shape}")
    if interpolation not in INTERPOLATIONS:
        raise RuntimeError(
            f"{name}: interpolation must be one of {', '.join(INTERPOLATIONS)}, but got "
            f"{interpolation!r}"
        )
    if isinstance(q, (int, float)):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}: q must be in the range [0, 1], but got {q}")
        return x._full((1,), q, x.dtype)
    if q.ndim > 1:
        raise RuntimeError(f"{name}: q must be a number or a vector, but its shape is {q.shape}")
    if q.dtype is not x.dtype:
        raise RuntimeError(f"{name}: q must have the dtype of the input, {x.dtype}, not {q.dtype}")
    if q.device is not x.device:
        raise RuntimeError(f"{name}: q is on {q.device} and the input on {x.device}")
    inside = pointwise.logical_and(q.detach() >= 0, q.detach() <= 1)
    rule = f"{name}: all q must be in the range [0, 1]"
    require_all(inside, rule, lambda: f"{rule}, but got {q.tolist()}")
    return views.reshape(q, -1) if q.ndim == 0 else q


def _at_rank(ordered: Tensor, rank: Tensor, interpolation: str) -> Tensor:
    """The elements of (..., n) at ranks (..., m), which need not be whole."""
    rank = views.expand(rank, (*ordered.shape[:-1], rank.shape[-1]))
    if interpolation == "lower":
        rank = pointwise.floor(rank)
    elif interpolation == "higher":
        rank = pointwise.ceil(rank)
    elif interpolation == "nearest":
        rank = pointwise.round(rank)
    below = rank.detach().long()
    low = gathering.gather(ordered, -1, below)
    if interpolation not in ("linear", "midpoint"):
        return low
    high = gathering.gather(ordered, -1, pointwise.ceil(rank.detach()).long())
    if interpolation == "midpoint":
        return pointwise.lerp(low, high, 0.5)
    return pointwise.lerp(low, high, rank - below.to(rank.dtype))
