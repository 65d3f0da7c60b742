"""cross_entropy of rows, and nll_loss; the kernels are in `kernels.loss`.

Forward is two launches, the second adds up; backward is one. A target that is no class is an
`IndexError` when the host next waits for the device, as for `gather`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from minitorch_cuda.faults import Check
from minitorch_cuda.functional.launching import (
    computed,
    dense,
    floating,
    fresh,
    limits_of,
    placeholder,
    run,
    run_checked,
)
from minitorch_cuda.kernels import loss as kernels
from minitorch_cuda.kernels.planning import WORD, Flags, narrowed, planned
from minitorch_cuda.kernels.rows import RowShape, aligned, row_shape
from minitorch_tensor import Tensor, int64
from minitorch_tensor.functional.loss import check_cross_entropy, cross_entropy, picked
from minitorch_tensor.fusing import unchanged
from minitorch_tensor.op import record_fused

Gradient = Callable[[Tensor, Tensor, Flags], Tensor]
"""From the gradient of the result and its divisor to that of the input."""


class Losses(NamedTuple):
    """The loss of each row in the type of computation, what counted, and the gradient."""

    each: Tensor
    counted: Tensor | None  # None: all by 1
    gradient: Gradient


@cross_entropy.override("cuda")
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

    plain = not target.requires_grad and (weight is None or not weight.requires_grad)
    if not floating(input) or input.ndim > 2 or input.layout.size == 0 or not plain:
        return composite((input,))
    if soft and target.dtype is not input.dtype:
        return composite((input,))
    rows = _Rows(input, weight, label_smoothing)
    if soft:
        made = rows.of_distributions(target)
    else:
        try:
            made = rows.of_classes(target, ignore_index)
        except IndexError:
            composite((input,))  # says so in the words of this function
            raise
    shape = (rows.count,) if input.ndim == 2 else ()
    return _finished("NllLossBackward0", input, made, shape, reduction, composite)


class _Rows:
    """The losses of rows of scores."""

    def __init__(self, x: Tensor, weight: Tensor | None, smoothing: float) -> None:
        self.x, self.weight = dense(x), weight
        self.weights = placeholder(None if weight is None else dense(weight), self.x)
        self.classes = x.shape[-1]
        self.count = x.layout.size // self.classes
        self.parts = (1.0 - smoothing, smoothing / self.classes)
        flags = (("LOG", 1), ("WEIGHTED", int(weight is not None)), ("SMOOTH", int(smoothing > 0)))
        self.flags: Flags = flags

    def shape(self, *others: Tensor) -> RowShape:
        """How rows are shared out."""
        layouts = [x.layout for x in (self.x, *others)]
        return row_shape(self.count, self.classes, aligned(*layouts), limits_of(self.x))

    def numbers(self) -> tuple[Tensor, Tensor, Tensor]:
        """Room for three numbers a row."""
        a, b, c = (fresh(self.x, (self.count,), computed(self.x)) for _ in range(3))
        return a, b, c

    def of_classes(self, target: Tensor, ignored: int) -> Losses:
        """For class indices.

        Raises:
            IndexError: if one is no class, and that is known already.
        """
        wanted = dense(target if target.dtype is int64 else target.to(int64))
        sums, losses, counted = self.numbers()
        tensors = (sums, losses, counted, self.x, wanted, self.weights)
        shape = self.shape()
        plan = planned(
            kernels.class_losses,
            "TTTSISIiiitt",
            (*(x.layout for x in tensors), WORD),
            (self.count, self.classes, ignored, *self.parts),
            shape.launch(self.count),
            self.x.dtype,
            self.flags + shape.flags,
        )
        check = Check("cross_entropy", wanted.layout, self.classes, min(self.x.ndim - 1, 1))
        run_checked(plan, check, wanted, *tensors)
        same = unchanged("NllLossBackward0", target, self.weight)

        def gradient(g: Tensor, divisor: Tensor, flags: Flags) -> Tensor:
            same()
            dx = fresh(self.x, self.x.layout.shape)
            tensors = (dx, self.x, sums, wanted, self.weights, g, divisor)
            shape = self.shape(dx)
            plan = planned(
                kernels.class_gradient,
                "SSTISSTiiitt",
                tuple(x.layout for x in tensors),
                (self.count, self.classes, ignored, *self.parts),
                shape.launch(self.count),
                self.x.dtype,
                self.flags + shape.flags + flags,
            )
            run(plan, *tensors)
            return dx

        return Losses(losses, counted, gradient)

    def of_distributions(self, target: Tensor) -> Losses:
        """For probabilities of all classes."""
        wanted = dense(target)
        sums, losses, _ = self.numbers()
        tensors = (sums, losses, self.x, wanted, self.weights)
        shape = self.shape()
        plan = planned(
            kernels.distribution_losses,
            "TTSSSiitt",
            tuple(x.layout for x in tensors),
            (self.count, self.classes, *self.parts),
            shape.launch(self.count),
            self.x.dtype,
            self.flags + shape.flags,
        )
        run(plan, *tensors)
        same = unchanged("NllLossBackward0", target, self.weight)

        def gradient(g: Tensor, divisor: Tensor, flags: Flags) -> Tensor:
            same()
            dx = fresh(self.x, self.x.layout.shape)
            tensors = (dx, self.x, wanted, sums, self.weights, g, divisor)
            shape = self.shape(dx)
            plan = planned(
                kernels.distribution_gradient,
                "SSSTSSTiitt",
                tuple(x.layout for x in tensors),
                (self.count, self.classes, *self.parts),
                shape.launch(self.count),
                self.x.dtype,
                self.flags + shape.flags + flags,
            )
            run(plan, *tensors)
            return dx

        return Losses(losses, None, gradient)


@picked.override("cuda")
def fused_picked(
    log_p: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    name: str,
) -> Tensor:
    """One read for each target; the gradient is one pass of zeros with the picked ones among."""

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        return picked.composite(fresh_inputs[0], target, weight, ignore_index, reduction, name)

    if (
        not floating(log_p)
        or not log_p.layout.size
        or (weight is not None and weight.requires_grad)
    ):
        return composite((log_p,))
    x = dense(log_p)
    samples, classes = x.shape[:2] if x.ndim > 1 else (1, x.shape[0])
    positions = x.layout.size // classes
    shape = () if x.ndim == 1 else tuple(target.shape)
    wanted = dense(target if target.dtype is int64 else target.to(int64))
    weights = placeholder(None if weight is None else dense(weight), x)
    numbers = (classes, positions // samples, ignore_index)
    losses, counted = (fresh(x, (positions,), computed(x)) for _ in range(2))
    tensors = (losses, counted, x, wanted, weights)
    weighted = ("WEIGHTED", int(weight is not None))
    plan = planned(
        kernels.picked_losses,
        narrowed("TTSISIuuui", x.layout.size),
        (*(t.layout for t in tensors), WORD),
        (positions, *numbers),
        limits_of(x).cover(positions),
        x.dtype,
        (weighted,),
    )
    check = Check(name, wanted.layout, classes, min(x.ndim - 1, 1))
    try:
        run_checked(plan, check, wanted, *tensors)
    except IndexError:
        composite((log_p,))  # says so in the words of the function
        raise
    same = unchanged("NllLossBackward0", target, weight)

    def gradient(g: Tensor, divisor: Tensor, flags: Flags) -> Tensor:
        same()
        dx = fresh(x, x.layout.shape)
        tensors = (dx, wanted, weights, g, divisor)
        plan = planned(
            kernels.picked_gradient,
            narrowed("SISSTuuui", x.layout.size),
            tuple(t.layout for t in tensors),
            (x.layout.size, *numbers),
            limits_of(x).cover(x.layout.size),
            x.dtype,
            (weighted, *flags),
        )
        run(plan, *tensors)
        return dx

    made = Losses(losses, counted, gradient)
    return _finished("NllLossBackward0", log_p, made, shape, reduction, composite)


def _finished(
    title: str,
    x: Tensor,
    losses: Losses,
    shape: tuple[int, ...],
    reduction: str,
    composite: Callable[[Sequence[Tensor]], Tensor],
) -> Tensor:
    """The losses reduced, and recorded."""
    rows = losses.each.layout.size
    mean = reduction == "mean"
    divisor = losses.each  # not looked at, but for a mean
    if reduction == "none":
        y = losses.each.to(x.dtype)._view(losses.each.layout.contiguous(shape))
    else:
        y = fresh(x, ())
        divisor = fresh(x, (), losses.each.dtype)
        counted = losses.counted
        if mean and counted is None:
            counted = x._full((rows,), 1.0, losses.each.dtype)
        threads = limits_of(x).threads
        tensors = (y, divisor, losses.each, placeholder(counted, losses.each))
        plan = planned(
            kernels.total_losses,
            "STTTi",
            tuple(t.layout for t in tensors),
            (rows,),
            ((1, 1, 1), (threads, 1, 1)),
            x.dtype,
            (("GROUP", threads), ("WARPS", max(threads // 32, 1)), ("MEAN", int(mean))),
        )
        run(plan, *tensors)
    flags = (("EACH", int(reduction == "none")), ("MEAN", int(mean)))

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        return (losses.gradient(dense(g), divisor, flags),)

    return record_fused(title, y, (x,), backward, composite)
