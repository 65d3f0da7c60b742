"""Connectionist temporal classification: labels for a sequence whose alignment is not known.

A path names a class for each time, "blank" included; a label sequence is what is left of a path
without repetitions and blanks. The loss is minus the logarithm of the sum of the probabilities of
all its paths, which the forward algorithm finds. Graves et al. 2006,
https://doi.org/10.1145/1143844.1143891.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor import conversion, creation, joining, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import require_floating
from minitorch_tensor.functional.reduction import check_reduction, reduced
from minitorch_tensor.op import Op
from minitorch_tensor.pointwise import where

Lengths = Tensor | Sequence[int]
"""One length for each sample."""
Whole = NDArray[np.int64]


def _lengths(name: str, given: Lengths, batch: int, limit: int) -> Whole:
    if isinstance(given, Tensor):
        if given.dtype.is_floating_point:
            raise RuntimeError(f"ctc_loss: {name} must be integral, but got {given.dtype}")
        lengths = conversion.host_array(given).reshape(-1).astype(np.int64)
    else:
        lengths = np.array(tuple(given), np.int64)
    if lengths.shape != (batch,):
        raise RuntimeError(
            f"ctc_loss: {name} must be of size batch_size, {batch}, but got {lengths.size} of them"
        )
    for n in lengths.tolist():
        if not 0 <= n <= limit:
            raise RuntimeError(
                f"ctc_loss: Expected {name} to have values from 0 to {limit}, but got value {n}"
            )
    return lengths


def _table(targets: Tensor, lengths: Whole, classes: int) -> Whole:
    """The labels of each sample in a row: (n, largest length), filled with 0."""
    given = conversion.host_array(targets).astype(np.int64)
    if given.ndim == 1:
        if given.size != lengths.sum():
            raise RuntimeError(
                f"ctc_loss: Expected targets, which are joined, to have size {lengths.sum()}, the "
                f"sum of target_lengths, but got size {given.size}"
            )
        rows = np.split(given, np.cumsum(lengths)[:-1])
    else:
        if given.ndim != 2 or given.shape[0] != lengths.size:
            raise RuntimeError(
                f"ctc_loss: Expected targets of shape ({lengths.size}, length), or all in one row, "
                f"but got {targets.shape}"
            )
        rows = [row[:n] for row, n in zip(given, lengths, strict=True)]
    table = np.zeros((lengths.size, int(lengths.max(initial=0))), np.int64)
    for i, row in enumerate(rows):
        if row.size and not (row.min() >= 0 and row.max() < classes):
            raise RuntimeError(
                f"ctc_loss: targets must be classes, 0 to {classes - 1}, but sample {i} has labels "
                f"{row.tolist()}"
            )
        table[i, : row.size] = row
    return table


def _log_add(terms: Sequence[Tensor]) -> Tensor:
    """log(sum of exp), where a sum of nothing but zeros is -inf and has gradient 0."""
    together = joining.stack([t.detach() for t in terms]).amax(0)
    top = where(together.eq(-math.inf), 0.0, together)
    total = (terms[0] - top).exp()
    for term in terms[1:]:
        total = total + (term - top).exp()
    possible = total.detach() > 0
    return where(possible, where(possible, total, 1.0).log() + top, -math.inf)


def _shifted(alpha: Tensor, by: int) -> Tensor:
    """State s - `by` in the place of state s: (n, states)."""
    n, states = alpha.shape
    none = alpha._full((n, min(by, states)), -math.inf, alpha.dtype)
    return joining.cat([none, alpha[:, : max(states - by, 0)]], 1)


def _losses(log_probs: Tensor, labels: Whole, inputs: Whole, targets: Whole, blank: int) -> Tensor:
    """The loss of each sample, (n,), by the forward algorithm over 2 length + 1 states.

    alpha_t(s) = (alpha_(t-1)(s) + alpha_(t-1)(s - 1) + alpha_(t-1)(s - 2)) p_t(label of s), where
    two states are skipped only between different labels; all in logarithms.
    """
    device, (times, n, _) = log_probs.device, log_probs.shape
    states = 2 * labels.shape[1] + 1
    extended = np.full((n, states), blank, np.int64)
    extended[:, 1::2] = labels
    skips = np.zeros((n, states), np.bool_)
    skips[:, 2:] = extended[:, 2:] != extended[:, :-2]
    starts = (np.arange(states) < 2) & (np.arange(states) <= 2 * targets[:, None])
    index = creation.from_numpy(extended).to(device)
    may_skip = creation.from_numpy(skips).to(device)
    length = creation.from_numpy(inputs).to(device)
    emitted = log_probs.gather(2, views.expand_to(views.unsqueeze(index, 0), (times, n, states)))
    alpha = where(creation.from_numpy(starts).to(device), emitted[0], -math.inf)
    for t in range(1, int(inputs.max(initial=0))):
        skipped = where(may_skip, _shifted(alpha, 2), -math.inf)
        step = _log_add([alpha, _shifted(alpha, 1), skipped]) + emitted[t]
        alpha = where(views.unsqueeze(length > t, 1), step, alpha)
    last = np.stack([2 * targets, np.maximum(2 * targets - 1, 0)], 1)
    ends = alpha.gather(1, creation.from_numpy(last).to(device))
    one = creation.from_numpy(targets == 0).to(device)
    loss = -_log_add([ends[:, 0], where(one, -math.inf, ends[:, 1])])
    if inputs.min(initial=1) == 0:  # nothing was heard, so nothing can have been said
        loss = where(length.eq(0), where(one, 0.0, math.inf).to(loss.dtype), loss)
    return loss


def _classes_gradient(log_probs: Tensor, inputs: Whole) -> Tensor:
    """0 for each sample, whose gradient is that of the sum of all probabilities.

    PyTorch gives the gradient for log_probs that come from log_softmax: with the probabilities,
    which sum to 1 at each time, added. What goes on from there to the scores is the same.
    """
    heard = np.arange(log_probs.shape[0])[:, None] < inputs
    mask = views.unsqueeze(creation.from_numpy(heard).to(log_probs.device), 2)
    total = where(mask, log_probs.exp(), 0.0).sum((0, 2))
    return where(total.isfinite(), total - total.detach(), 0.0)


@Op
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """-log of the probability of the labels, summed over all alignments with the input.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html

    Args:
        log_probs: (times, n, classes) or (times, classes): logarithms of probabilities, as
            `log_softmax` gives them.
        targets: classes, (n, length), or all samples in one row, (sum of the lengths,).
        input_lengths: how many times of each sample count, (n,).
        target_lengths: how many of its labels count, (n,).
        blank: the class that stands for no label.
        reduction: "mean" (of the losses over their target lengths), "sum", or "none" for each.
        zero_infinity: let the loss be 0, with no gradient, where the labels do not fit at all.

    Raises:
        ValueError: for another reduction.
        RuntimeError: if shapes, lengths, classes or dtypes do not fit.

    >>> even = Tensor([[0.5, 0.5], [0.5, 0.5]]).log()  # 3 of 4 paths read "1": 11, 10 and 01
    >>> round(ctc_loss(even, Tensor([1]).long(), [2], [1]).exp().item(), 4)
    1.3333
    """
    check_reduction("ctc_loss", reduction)
    require_floating("ctc_loss", log_probs)
    if log_probs.ndim not in (2, 3) or log_probs.layout.size == 0:
        raise RuntimeError(
            "ctc_loss: log_probs tensor must not be empty, and of shape (times, n, classes) or "
            f"(times, classes), but got {log_probs.shape}"
        )
    batched = log_probs.ndim == 3
    x = log_probs if batched else views.unsqueeze(log_probs, 1)
    times, n, classes = x.shape
    if not 0 <= blank < classes:
        raise RuntimeError(
            f"ctc_loss: blank must be in label range, 0 to {classes - 1}, but got {blank}"
        )
    inputs = _lengths("input_lengths", input_lengths, n, times)
    room = targets.shape[-1] if targets.ndim else 0
    lengths = _lengths("target_lengths", target_lengths, n, room)
    loss = _losses(x, _table(targets, lengths, classes), inputs, lengths, blank)
    endless = loss.detach().eq(math.inf)
    if zero_infinity:
        loss = where(endless, 0.0, loss + _classes_gradient(x, inputs))
    else:
        loss = loss + _classes_gradient(x, inputs)
        scale = where(endless, math.nan, 1.0).to(loss.dtype)  # infinity has no gradient
        loss = views.linear(loss, loss._view(loss.layout), "CtcLossBackward0", lambda g: g * scale)
    if reduction == "mean":
        loss = loss / creation.from_numpy(np.maximum(lengths, 1)).to(loss.device).to(loss.dtype)
    loss = loss if batched else views.squeeze(loss, 0)
    return reduced(loss, reduction)
