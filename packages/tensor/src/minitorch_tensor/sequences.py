"""Sequences of numbers beside `arange` and `linspace`: powers evenly spaced, and ends included."""

from __future__ import annotations

import math
import warnings

import numpy as np

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.core import Tensor
from minitorch_tensor.creation import Place, finish, floating, number, tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout
from minitorch_tensor.options import LayoutKind, require_plain


def logspace(
    start: Tensor | float,
    end: Tensor | float,
    steps: int,
    base: float = 10.0,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """`steps` powers of `base`, the exponents evenly spaced from start to end, both included.

    https://docs.pytorch.org/docs/stable/generated/torch.logspace.html

    Raises:
        RuntimeError: if steps is negative, for bools, or if a bound does not fit the dtype.

    >>> logspace(0, 2, 3)
    Tensor([  1.,  10., 100.], requires_grad=False)
    """
    require_plain("logspace", layout, pin_memory)
    if steps < 0:
        raise RuntimeError(f"logspace: number of steps must be non-negative, but got {steps}")
    kind = floating(dtype)
    if kind.kind == "bool":
        raise RuntimeError("logspace: not defined for bool")
    first, last = number("logspace", start), number("logspace", end)
    for bound in (first, last):
        dtypes.check_fits("logspace", bound, kind)
    compute = np.dtype(np.float64 if kind is dtypes.float64 else np.float32)
    if kind.kind == "int":
        first, last = int(first), int(last)
    # As in PyTorch: exponents in the dtype, the upper half counted down from the end; the powers in
    # float64, then rounded.
    k = np.arange(steps)
    with np.errstate(all="ignore"):
        step = np.asarray((last - first) / (steps - 1) if steps > 1 else 0.0, compute)
        low = np.asarray(first, compute) + step * k.astype(compute)
        high = np.asarray(last, compute) - step * (steps - 1 - k).astype(compute)
        exponents = np.where((k < steps // 2) | (steps == 1), low, high)
        powers = np.power(np.float64(base), exponents.astype(np.float64))
        values = powers.astype(kind.numpy) if kind.kind == "int" else powers
    return finish(tensor(values, dtype=kind, device=device), requires_grad)


def range(
    start: Tensor | float = 0,
    end: Tensor | float | None = None,
    step: Tensor | float = 1,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """start, start + step, ... up to and with end; deprecated, use `arange`.

    https://docs.pytorch.org/docs/stable/generated/torch.range.html

    Raises:
        TypeError: if there is no end.
        RuntimeError: if step is zero or leads away from end, a bound is not finite, or for bools.
    """
    require_plain("range", layout, pin_memory)
    if end is None:
        raise TypeError("range: missing the argument 'end'; arange(n) counts from 0")
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior "
        "is inconsistent with Python's range builtin. Instead, use torch.arange, which produces "
        "values in [start, end).",
        UserWarning,
        stacklevel=2,
    )
    kind = floating(dtype)
    if kind.kind == "bool":
        raise RuntimeError("range: not defined for bool")
    first, last, by = (number("range", value) for value in (start, end, step))
    if not (math.isfinite(first) and math.isfinite(last)):
        raise RuntimeError(f"range: unsupported range: {first} -> {last}")
    if not by or by != by:
        raise RuntimeError(f"range: step must be nonzero, but it is {by}")
    if (last - first) * by < 0:
        raise RuntimeError(
            f"range: upper bound and lower bound inconsistent with step sign: from {first} to "
            f"{last} by {by}"
        )
    count = math.floor((last - first) / by) + 1
    views.shape_of("range", (count,))
    if kind.kind == "int":
        first, by = int(first), int(by)
    values = np.arange(count) * by + first
    return finish(tensor(values, dtype=kind, device=device), requires_grad)
