"""var, std, var_mean: the sum, then that of the squared distances from the mean.

Two passes of a reduction kernel, of which the second reads each mean once for a line, or once for
eight rows; nothing as large as the input is written. PyTorch updates mean and variance with each
element (Welford), which takes a division each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from minitorch_fast.functional.memory import fresh, kind
from minitorch_fast.reductions import Piece, ReductionKernels
from minitorch_tensor import Tensor, views
from minitorch_tensor.moments import variance_and_mean
from minitorch_tensor.op import record_fused

_kernels: Final = ReductionKernels()


@variance_and_mean.override("cpu")
def two_passes(input: Tensor, dims: tuple[int, ...], degrees: float) -> tuple[Tensor, Tensor]:
    """As the composite, with a gradient in one expression."""
    if kind(input.dtype) is None or input.layout.size == 0 or input.ndim == 0:
        return variance_and_mean.composite(input, dims, degrees)
    x = input.detach()
    middle = x.mean(dims, True)
    count = x.layout.size // middle.layout.size
    variance, _ = fresh(x, middle.shape)
    into = Piece(variance.storage, variance.layout.expand(x.layout.shape), x.dtype)
    _kernels.deviations(into, x, middle)
    with np.errstate(all="ignore"):
        variance = variance / degrees

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        return ((x - middle) * (g * (2.0 / degrees if degrees else math.inf)),)

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        return variance_and_mean.composite(fresh_inputs[0], dims, degrees)[0]

    variance = record_fused("VarBackward0", variance, (input,), backward, composite)
    average = views.linear(
        input,
        middle.detach(),
        "MeanBackward1",
        lambda g: views.expand_to(g / count, x.shape),
    )
    return variance, average
