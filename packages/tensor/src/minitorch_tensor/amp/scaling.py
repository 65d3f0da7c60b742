"""What a `GradScaler` computes, on the device, so that the host waits for nothing.

Whether a gradient overflowed is a number on the device, found_inf, 0 or 1; the scale and the count
of steps since the last overflow are there too.
"""

from __future__ import annotations

from minitorch_autodiff import no_grad
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.optim_steps import Parameters
from minitorch_tensor.op import Op
from minitorch_tensor.pointwise import where


@Op
def unscale(grads: Parameters, inverse: Tensor, found_inf: Tensor) -> None:
    """g = g * inverse, in place, for each gradient; found_inf is 1 where one was not finite before.

    Args:
        grads: g, floating, written; all on one device.
        inverse: 0-d float32, 1 / scale.
        found_inf: 0-d float32, written only if an element of a g is infinite or nan.

    Source: https://docs.pytorch.org/docs/stable/amp.html#gradient-scaling

    >>> g, found_inf = Tensor([4.0, float("inf")]), Tensor(0.0)
    >>> unscale(Parameters([g]), Tensor(0.5), found_inf)
    >>> g, found_inf
    (Tensor([2., inf], requires_grad=False), Tensor(1.0, requires_grad=False))
    """
    with no_grad():
        for g in grads:
            finite = g.isfinite().all()
            found_inf.copy_(where(finite, found_inf, 1.0))
            g.copy_(g.float() * inverse if g.dtype.half else g * inverse)


def update_scale(
    scale: Tensor,
    tracker: Tensor,
    found_inf: Tensor,
    growth_factor: float,
    backoff_factor: float,
    growth_interval: int,
) -> None:
    """Shrink the scale after an overflow; let it grow after so many steps without one.

        scale = scale * backoff_factor, tracker = 0     if found_inf
        scale = scale * growth_factor, tracker = 0      if tracker + 1 = growth_interval
        tracker = tracker + 1                           otherwise

    It does not grow to infinity.

    Args:
        scale: 0-d float32, written.
        tracker: 0-d int32, the steps without an overflow since the scale last changed, written.
        found_inf: 0-d float32, not 0 if a gradient overflowed.
        growth_factor: more than 1.
        backoff_factor: less than 1.
        growth_interval: so many steps.

    Source: https://docs.pytorch.org/docs/stable/amp.html#gradient-scaling

    >>> scale, tracker = Tensor(8.0), Tensor(1.0).int()
    >>> update_scale(scale, tracker, Tensor(0.0), 2.0, 0.5, 2)
    >>> scale, tracker
    (Tensor(16.0, requires_grad=False), Tensor(0, dtype=int32, requires_grad=False))
    """
    with no_grad():
        overflowed = found_inf != 0
        steps = tracker + 1
        enough = steps == growth_interval
        exact = scale.to(dtypes.float64)  # the factors have 64 bits, and the result is rounded once
        grown = (exact * growth_factor).float()
        grown = where(enough.logical_and(grown.isfinite()), grown, scale)
        scale.copy_(where(overflowed, (exact * backoff_factor).float(), grown))
        tracker.copy_(where(overflowed.logical_or(enough), tracker * 0, steps))
