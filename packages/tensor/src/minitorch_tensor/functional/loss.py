"""Losses of classification: the negative log-probability of the right class."""

from __future__ import annotations

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import gathering, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.core import Tensor
from minitorch_tensor.exponentials import log_softmax
from minitorch_tensor.functional.checks import require_alike, require_floating
from minitorch_tensor.functional.reduction import check_reduction, reduced
from minitorch_tensor.op import Op
from minitorch_tensor.pointwise import where


def check_classes(
    name: str, input: Tensor, target: Tensor, weight: Tensor | None, reduction: str
) -> None:
    """Refuse what does not fit: input (n, classes, ...) or (classes,), indices (n, ...) or ().

    Raises:
        ValueError: if the batch sizes differ, or for another reduction.
        RuntimeError: if shapes, dtypes or devices do not fit.
    """
    check_reduction(name, reduction)
    require_tensor(name, "input", input)
    require_tensor(name, "target", target)
    if input.ndim == 0:
        raise ValueError(f"{name}: Expected 1 or more dimensions (got 0)")
    require_floating(name, input)
    if target.dtype not in (dtypes.int64, dtypes.uint8):
        raise RuntimeError(
            f"{name}: expected target dtype to be int64 or uint8, but got {target.dtype}; class "
            "indices are made with .long()"
        )
    if target.storage.device is not input.storage.device:
        raise RuntimeError(
            f"{name}: expected input and target on one device, but they are on {input.device} and "
            f"{target.device}; move one with .to(...)"
        )
    if input.ndim == 1:
        if target.ndim > 1 or target.layout.size != 1:
            raise ValueError(
                f"{name}: For 1D input, the target must be one class, but got target size "
                f"{target.shape}"
            )
    else:
        batch = target.shape[0] if target.ndim else 0
        if batch != input.shape[0]:
            raise ValueError(
                f"{name}: Expected input batch_size ({input.shape[0]}) to match target batch_size "
                f"({batch}): input {input.shape}, target {target.shape}"
            )
        expected = (input.shape[0], *input.shape[2:])
        if target.shape != expected:
            raise RuntimeError(
                f"{name}: Expected target size {expected}, got {target.shape}: one class for each "
                f"position of input {input.shape}, whose classes are dimension 1"
            )
    check_weight(name, input, weight)


def check_weight(name: str, input: Tensor, weight: Tensor | None) -> None:
    """Refuse a weight that has not one element for each class of the input.

    Raises:
        RuntimeError: if its shape, dtype or device does not fit.
    """
    if weight is None:
        return
    classes = input.shape[min(input.ndim - 1, 1)]
    if weight.shape != (classes,):
        raise RuntimeError(
            f"{name}: weight tensor should be defined either for all {classes} classes or no "
            f"classes but got weight tensor of shape: {weight.shape}"
        )
    require_alike(name, input, "weight", weight)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """-x[target], averaged: the negative log-likelihood of the right class.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html

    Args:
        input: log-probabilities, (n, classes, ...) or (classes,).
        target: class indices, (n, ...) or (), int64 or uint8.
        weight: of each class, (classes,); the mean is sum(w loss) / sum(w).
        ignore_index: a target that does not count, neither in the loss nor in the mean.
        reduction: "mean", "sum", or "none" for the loss of each target.

    Raises:
        IndexError: if a target is no class.
        ValueError: if the batch sizes differ, or for another reduction.
        RuntimeError: if shapes, dtypes or devices do not fit.

    >>> nll_loss(Tensor([[-1.0, -2.0], [-3.0, -4.0]]), Tensor([0, 1]).long(), reduction="none")
    Tensor([1., 4.], requires_grad=False)
    """
    check_classes("nll_loss", input, target, weight, reduction)
    return picked(input, target, weight, ignore_index, reduction, "nll_loss")


@Op
def picked(
    log_p: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    name: str,
) -> Tensor:
    """`nll_loss` of arguments that were checked, for the function `name`."""
    target = target.to(dtypes.int64)
    if log_p.ndim == 1:
        target = views.reshape(target, ())
    counted = target.ne(ignore_index)
    safe = where(counted, target, 0)
    dim = min(log_p.ndim - 1, 1)
    try:
        at = views.unsqueeze(safe, dim)
        picked = views.squeeze(gathering.pick(log_p, dim, at), dim)
    except IndexError:
        raise _no_such_class(name, safe, log_p.shape[dim]) from None
    loss = where(counted, -picked, 0.0)
    if weight is None:
        if reduction == "mean":
            return loss.sum() / counted.to(loss.dtype).sum()
        return reduced(loss, reduction)
    weights = views.reshape(weight.gather(0, views.reshape(safe, -1)), safe.shape)
    weights = where(counted, weights, 0.0)
    if reduction == "mean":
        return (loss * weights).sum() / weights.sum()
    return reduced(loss * weights, reduction)


def _no_such_class(name: str, target: Tensor, classes: int) -> IndexError:
    """What to raise for targets of which one is no class."""
    bad = target.masked_select((target < 0).logical_or(target >= classes))
    return IndexError(
        f"Target {int(bad[0].item())} is out of bounds. {name}: targets are the classes 0 to "
        f"{classes - 1}, one for each of the {classes} scores, or ignore_index"
    )


def check_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> bool:
    """Whether the target holds probabilities, as large as the input, rather than class indices.

    Raises:
        ValueError: if the batch sizes differ, or for another reduction.
        RuntimeError: if shapes, dtypes, devices or numbers do not fit.
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(
            f"cross_entropy: label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}"
        )
    if require_tensor("cross_entropy", "target", target).shape != input.shape:
        check_classes("cross_entropy", input, target, weight, reduction)
        return False
    check_reduction("cross_entropy", reduction)
    require_floating("cross_entropy", input)
    if not target.dtype.is_floating_point:
        raise RuntimeError(
            "cross_entropy: Expected floating point type for target with class probabilities, got "
            f"{target.dtype}: a target of the shape of the input {input.shape} holds probabilities"
        )
    if input.ndim == 0:
        raise RuntimeError("cross_entropy: Expected 1 or more dimensions (got 0)")
    if ignore_index >= 0:
        raise RuntimeError(
            "cross_entropy: ignore_index is not supported for floating point target, but got "
            f"{ignore_index}"
        )
    check_weight("cross_entropy", input, weight)
    return True


@Op
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log(softmax(x)[target]), averaged, or -sum_c target_c log(softmax(x)_c) for probabilities.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html

    Args:
        input: scores, not normalised, (n, classes, ...) or (classes,).
        target: class indices, (n, ...) or (), int64 or uint8; or probabilities of the shape of the
            input.
        weight: of each class, (classes,); for indices the mean is sum(w loss) / sum(w).
        ignore_index: a target that does not count, neither in the loss nor in the mean.
        reduction: "mean", "sum", or "none" for the loss of each target.
        label_smoothing: which part of the target is spread evenly over the classes, in [0, 1].
            Szegedy et al. 2015, arXiv:1512.00567.

    Raises:
        IndexError: if a target is no class.
        ValueError: if the batch sizes differ, or for another reduction.
        RuntimeError: if shapes, dtypes, devices or numbers do not fit.

    >>> cross_entropy(Tensor([[0.0, 0.0], [0.0, 9.0]]), Tensor([0, 0]).long(), reduction="none")
    Tensor([0.6931, 9.0001], requires_grad=False)
    """
    probabilities = check_cross_entropy(
        input, target, weight, ignore_index, reduction, label_smoothing
    )
    dim = min(input.ndim - 1, 1)
    log_p = log_softmax(input, dim)
    if probabilities:
        return _soft(log_p, target, weight, reduction, label_smoothing)
    loss = picked(log_p, target, weight, ignore_index, reduction, "cross_entropy")
    if label_smoothing == 0.0:
        return loss
    even = _even(log_p, target, weight, ignore_index, reduction)
    return loss * (1.0 - label_smoothing) + even * (label_smoothing / input.shape[dim])


def _soft(
    log_p: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float
) -> Tensor:
    """The cross-entropy with a distribution for each position; the mean is over the positions."""
    dim = min(log_p.ndim - 1, 1)
    classes = log_p.shape[dim]
    if label_smoothing > 0.0:
        target = target * (1.0 - label_smoothing) + label_smoothing / classes
    terms = log_p * target
    if weight is not None:
        terms = terms * _per_class(weight, log_p.ndim)
    loss = -terms.sum(dim)
    if reduction == "mean":
        positions = loss.layout.size
        return loss.sum() / positions if positions else loss.mean()
    return reduced(loss, reduction)


def _even(
    log_p: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str
) -> Tensor:
    """What label smoothing adds: minus the sum of all log-probabilities, where a target counts."""
    dim = min(log_p.ndim - 1, 1)
    if log_p.ndim == 1:
        target = views.reshape(target, ())
    counted = target.ne(ignore_index)
    terms = log_p if weight is None else log_p * _per_class(weight, log_p.ndim)
    loss = where(counted, -terms.sum(dim), 0.0)
    if reduction != "mean":
        return reduced(loss, reduction)
    if weight is None:
        return loss.sum() / counted.to(loss.dtype).sum()
    safe = where(counted, target.to(dtypes.int64), 0)
    weights = views.reshape(weight.gather(0, views.reshape(safe, -1)), safe.shape)
    return loss.sum() / where(counted, weights, 0.0).sum()


def _per_class(weight: Tensor, ndim: int) -> Tensor:
    """(classes,) as (classes, 1, ...), to be broadcast with (n, classes, ...)."""
    return views.reshape(weight, (-1,) + (1,) * max(ndim - 2, 0))
