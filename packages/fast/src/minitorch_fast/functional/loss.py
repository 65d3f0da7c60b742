"""cross_entropy of rows, and nll_loss; the loops are in `loss_loops`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from minitorch_fast import fused, threads
from minitorch_fast.functional import loss_loops as loops
from minitorch_fast.functional.memory import constant, flat, fresh, kind, shares
from minitorch_tensor import Tensor, int64
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.functional.loss import check_cross_entropy, cross_entropy, picked
from minitorch_tensor.fusing import unchanged
from minitorch_tensor.op import record_fused

PARALLEL: Final = 60_000
"""From so many scores on, the rows are shared out to threads."""


@cross_entropy.override("cpu")
def fused_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """log(sum(exp(x))) - x[target]: the log-probabilities of the other classes are never written.

    For scores (n, classes) or (classes,). Images, and gradients for weights or for probabilities,
    take the composite's way, whose parts are kernels too.
    """
    soft = check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        return cross_entropy.composite(
            fresh_inputs[0],
            target,
            weight,
            ignore_index=ignore_index,
            reduction=reduction,
            label_smoothing=label_smoothing,
        )

    rows, classes = input.shape if input.ndim == 2 else (1, *input.shape)[:2]
    plain = not target.requires_grad and (weight is None or not weight.requires_grad)
    if kind(input.dtype) is None or input.ndim > 2 or input.layout.size == 0 or not plain:
        return composite((input,))
    if soft and target.dtype is not input.dtype:
        return composite((input,))
    loss = _Loss(input, weight, rows, classes, label_smoothing)
    made = loss.of_distributions(target) if soft else loss.of_classes(target, ignore_index)
    if made is None:
        return composite((input,))  # which says what is wrong with the target
    losses, counted, gradient = made
    shape = (rows,) if input.ndim == 2 else ()
    return _finished(
        "NllLossBackward0", input, losses, counted, shape, reduction, gradient, composite
    )


Gradient = Callable[[HostArray, int], Tensor]
"""From a factor for all rows (0), or one for each (1), to the gradient of the input."""
Made = tuple[HostArray, HostArray | None, Gradient]
"""The loss of each row, how much it counts in the mean (None: 1), and the gradient."""


class _Loss:
    """The losses of rows of scores."""

    def __init__(
        self, x: Tensor, weight: Tensor | None, rows: int, classes: int, smoothing: float
    ) -> None:
        found = kind(x.dtype)
        assert found is not None
        self.kind, self.x, self.scores, self.weight = found, x, flat(x), weight
        self.weights = constant(classes, 1.0, x.dtype.name) if weight is None else flat(weight)
        self.rows, self.classes = rows, classes
        self.hard, self.even = 1.0 - smoothing, smoothing / classes
        self.ranges = shares(rows, x.layout.size, PARALLEL)

    def of_classes(self, target: Tensor, ignored: int) -> Made | None:
        """For class indices; None if one is no class."""
        wanted = flat(target if target.dtype is int64 else target.to(int64))
        sums, losses, counted = np.empty((3, self.rows), self.scores.dtype)
        arrays = (sums, losses, counted, self.scores, wanted, self.weights, self.hard, self.even)
        kernel = fused.compiled(loops.class_losses, self.kind)
        if any(threads.run(kernel, self.calls(arrays, (self.classes, ignored)))):
            return None
        same = unchanged("NllLossBackward0", target, self.weight)

        def gradient(scale: HostArray, each: int) -> Tensor:
            same()
            dx, out = fresh(self.x, self.x.layout.shape)
            arrays = (
                out, self.scores, sums, wanted, self.weights, scale, each, self.hard, self.even,
            )  # fmt: skip
            kernel = fused.compiled(loops.class_gradient, self.kind)
            threads.run(kernel, self.calls(arrays, (self.classes, ignored)))
            return dx

        return losses, counted, gradient

    def of_distributions(self, target: Tensor) -> Made:
        """For probabilities of all classes."""
        wanted = flat(target)
        sums, losses = np.empty((2, self.rows), self.scores.dtype)
        arrays = (sums, losses, self.scores, wanted, self.weights, self.hard, self.even)
        kernel = fused.compiled(loops.distribution_losses, self.kind)
        threads.run(kernel, self.calls(arrays, (self.classes,)))
        same = unchanged("NllLossBackward0", target, self.weight)

        def gradient(scale: HostArray, each: int) -> Tensor:
            same()
            dx, out = fresh(self.x, self.x.layout.shape)
            arrays = (
                out, self.scores, wanted, sums, self.weights, scale, each, self.hard, self.even,
            )  # fmt: skip
            kernel = fused.compiled(loops.distribution_gradient, self.kind)
            threads.run(kernel, self.calls(arrays, (self.classes,)))
            return dx

        return losses, None, gradient

    def calls(self, arrays: threads.Call, sizes: tuple[int, ...]) -> list[threads.Call]:
        """A call for each range of rows."""
        return [(*arrays, a, b, *sizes) for a, b in self.ranges]


@picked.override("cpu")
def fused_picked(
    log_p: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    name: str,
) -> Tensor:
    """One read for each target; the gradient is zeros, and one write for each."""

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        return picked.composite(fresh_inputs[0], target, weight, ignore_index, reduction, name)

    found = kind(log_p.dtype)
    if found is None or log_p.layout.size == 0 or (weight is not None and weight.requires_grad):
        return composite((log_p,))
    samples, classes = log_p.shape[:2] if log_p.ndim > 1 else (1, log_p.shape[0])
    shape = () if log_p.ndim == 1 else tuple(target.shape)
    positions = log_p.layout.size // classes
    sizes = (samples, classes, positions // samples, ignore_index)
    wanted = flat(target if target.dtype is int64 else target.to(int64))
    weights = constant(classes, 1.0, log_p.dtype.name) if weight is None else flat(weight)
    source = flat(log_p)
    losses, counted = np.empty((2, positions), source.dtype)
    if fused.compiled(loops.picked_losses, found)(losses, counted, source, wanted, weights, *sizes):
        return composite((log_p,))
    same = unchanged("NllLossBackward0", target, weight)

    def gradient(scale: HostArray, each: int) -> Tensor:
        same()
        dx, out = fresh(log_p, log_p.layout.shape)
        out.fill(0)
        fused.compiled(loops.picked_gradient, found)(out, wanted, weights, scale, each, *sizes)
        return dx

    return _finished(
        "NllLossBackward0", log_p, losses, counted, shape, reduction, gradient, composite
    )


def _finished(
    title: str,
    input: Tensor,
    losses: HostArray,
    counted: HostArray | None,
    shape: tuple[int, ...],
    reduction: str,
    gradient: Gradient,
    composite: Callable[[Sequence[Tensor]], Tensor],
) -> Tensor:
    """The losses reduced, and recorded."""
    y, out = fresh(input, shape if reduction == "none" else ())
    divisor = 1.0
    with np.errstate(all="ignore"):
        if reduction == "none":
            out[...] = losses
        elif reduction == "sum":
            out[...] = losses.sum()
        else:
            divisor = losses.size if counted is None else float(counted.sum())
            out[...] = np.float64(losses.sum()) / divisor

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        if reduction == "none":
            return (gradient(flat(g), 1),)
        with np.errstate(all="ignore"):
            return (gradient(np.divide(flat(g), np.asarray(divisor, losses.dtype)), 0),)

    return record_fused(title, y, (input,), backward, composite)
