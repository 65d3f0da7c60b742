"""Losses with a margin: nothing is lost once the right answer is ahead by enough."""

from __future__ import annotations

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.assertions import require_all
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.activation import logsigmoid, relu
from minitorch_tensor.functional.checks import require_alike, require_floating
from minitorch_tensor.functional.reduction import check_reduction, reduced
from minitorch_tensor.ordering import cumprod
from minitorch_tensor.pointwise import where


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean"
) -> Tensor:
    """x where the target is 1, max(0, margin - x) where it is -1; averaged.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html

    Args:
        input: distances, of any shape.
        target: 1 or -1, of a shape that broadcasts.
        margin: how far apart two that differ should be.
        reduction: "mean", "sum", or "none" for the loss of each element.

    Raises:
        ValueError: for another reduction.
        RuntimeError: if shapes do not broadcast.
    """
    check_reduction("hinge_embedding_loss", reduction)
    require_tensor("hinge_embedding_loss", "input", input)
    require_tensor("hinge_embedding_loss", "target", target)
    apart = where(target.ne(1), (margin - input).clamp(min=0), 0)
    return reduced(apart + where(target.ne(-1), input, 0), reduction)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = "mean"
) -> Tensor:
    """max(0, -t (x1 - x2) + margin): x1 should rank higher where t is 1, lower where -1; averaged.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html

    Raises:
        ValueError: for another reduction than "mean", "sum" and "none".
        RuntimeError: if shapes do not broadcast, or the numbers of dimensions differ.
    """
    check_reduction("margin_ranking_loss", reduction)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss: All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape}"
        )
    return reduced((-target * (input1 - input2) + margin).clamp(min=0), reduction)


def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """log(1 + exp(-t x)) for targets t of 1 or -1, averaged.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html

    Raises:
        ValueError: for another reduction than "mean", "sum" and "none".
        RuntimeError: if shapes do not broadcast, or for integers.
    """
    check_reduction("soft_margin_loss", reduction)
    require_floating("soft_margin_loss", input)
    loss = (-target * input).exp().log1p()
    return reduced(loss.to(input.dtype), reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """The cross-entropies of many yes-no questions: their mean over the last dimension; averaged.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html

    Args:
        input: scores, (..., classes), floating.
        target: 1 or 0 for each, of a shape that broadcasts.
        weight: of each class, after broadcasting.
        reduction: "mean", "sum", or "none" for the loss of each sample.

    Raises:
        ValueError: for another reduction.
        RuntimeError: if shapes do not broadcast, or for integers.
        IndexError: if there are no classes.
    """
    check_reduction("multilabel_soft_margin_loss", reduction)
    require_floating("multilabel_soft_margin_loss", input)
    if input.ndim == 0:
        raise IndexError(
            "multilabel_soft_margin_loss: expected an input of shape (..., classes), but it has no "
            "dimensions"
        )
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return reduced(loss.sum(-1) / input.shape[-1], reduction)


def _rows(name: str, input: Tensor) -> Tensor:
    """The scores as a matrix (n, classes).

    Raises:
        RuntimeError: if they are neither that nor a vector, or for integers.
    """
    require_floating(name, input)
    x = views.reshape(input, (1, -1)) if input.ndim < 2 else input
    if x.ndim != 2 or x.shape[1] == 0:
        raise RuntimeError(
            f"{name}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{input.shape}"
        )
    return x


def _check_targets(name: str, target: Tensor, least: int, classes: int) -> None:
    """Refuse targets that are no int64 in [least, classes).

    Raises:
        RuntimeError: for them.
    """
    if target.dtype is not dtypes.int64:
        raise RuntimeError(
            f"{name}: expected targets of dtype int64 but found {target.dtype}; use .long()"
        )
    if target.layout.size == 0:
        return
    ok = (target >= least).logical_and(target < classes)
    rule = f"{name}: target out of range"
    bounds = f"not in [{least}, {classes - 1}]"

    def found() -> str:
        return f"{rule}: {target.masked_select(ok.logical_not())[0].item()} is {bounds}"

    require_all(ok, f"{rule}: one is {bounds}", found)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
) -> Tensor:
    """sum over other classes j of max(0, margin - x[t] + x[j])**p, over the number of classes.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html

    Args:
        input: scores, (n, classes) or (classes,), floating.
        target: the right classes t, (n,) or (), int64.
        p: 1 or 2.
        margin: how far ahead the right class should be.
        weight: of each class, (classes,).
        reduction: "mean", "sum", or "none" for the loss of each sample.

    Raises:
        ValueError: for another p, or another reduction.
        RuntimeError: if shapes, dtypes or classes do not fit.

    >>> multi_margin_loss(Tensor([0.5, 2.0, 0.0]), Tensor([1]).long(), margin=2.0)
    Tensor(0.1667, requires_grad=False)
    """
    name = "multi_margin_loss"
    check_reduction(name, reduction)
    if p not in (1, 2):
        raise ValueError(f"{name}: only p == 1 and p == 2 supported, but got {p}")
    x = _rows(name, input)
    n, classes = x.shape
    if target.ndim > 1 or target.layout.size != n:
        raise RuntimeError(
            f"{name}: target tensor should be 1-D with size equal to the number of input samples "
            f"(batch size). Expected target size ({n},), but got {target.shape}. Input has shape "
            f"{input.shape}"
        )
    _check_targets(name, target, 0, classes)
    t = views.reshape(target, (n, 1))
    loss = relu(margin - x.gather(1, t) + x)
    if p == 2:
        loss = loss * loss
    if weight is not None:
        require_alike(name, input, "weight", weight)
        if weight.shape != (classes,):
            raise RuntimeError(
                f"{name}: inconsistent weight size, expected {classes} but got {weight.shape}"
            )
        loss = loss * views.reshape(weight.gather(0, views.reshape(t, (n,))), (n, 1))
    others = where(x._arange(classes).eq(t), 0.0, loss).sum(1) / classes
    if input.ndim < 2 and target.ndim == 0:
        others = views.reshape(others, ())
    return reduced(others, reduction)


def multilabel_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """sum over right classes i, others j of max(0, 1 - x[i] + x[j]), over the number of classes.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html

    Args:
        input: scores, (n, classes) or (classes,), floating.
        target: of the same shape, int64: the right classes, ended by -1.
        reduction: "mean", "sum", or "none" for the loss of each sample.

    Raises:
        ValueError: for another reduction.
        RuntimeError: if shapes, dtypes or classes do not fit.

    >>> x = Tensor([0.1, 0.2, 0.4, 0.8])
    >>> multilabel_margin_loss(x, Tensor([3, 0, -1, 1]).long())
    Tensor(0.8500, requires_grad=False)
    """
    name = "multilabel_margin_loss"
    check_reduction(name, reduction)
    x = _rows(name, input)
    classes = x.shape[1]
    if target.shape != input.shape:
        raise RuntimeError(
            f"{name}: inconsistent target size: {target.shape} for input of size: {input.shape}"
        )
    _check_targets(name, target, -1, classes)
    t = views.reshape(target, x.shape)
    listed = cumprod((t >= 0).to(dtypes.int64), 1)  # 1 until the first -1
    safe = t * listed
    right = x._full(x.shape, 0, dtypes.int64).scatter_add(1, safe, listed) > 0
    ahead = views.unsqueeze(x.gather(1, safe), 2)  # (n, i, 1)
    loss = relu(1 - ahead + views.unsqueeze(x, 1))  # (n, i, j)
    counted = views.unsqueeze(listed.ne(0), 2).logical_and(views.unsqueeze(right, 1).logical_not())
    total = where(counted, loss, 0.0).sum((1, 2)) / classes
    return reduced(views.reshape(total, input.shape[:-1]), reduction)
