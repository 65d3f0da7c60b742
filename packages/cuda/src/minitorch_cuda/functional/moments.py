"""var, std, var_mean in one pass, with a gradient in one expression."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch_cuda.functional.launching import backend_of, fresh
from minitorch_cuda.kernels.folding_plan import plan_dims, run_stages
from minitorch_cuda.kernels.folds import MomentsFold
from minitorch_tensor import Tensor, views
from minitorch_tensor.layout import Layout
from minitorch_tensor.moments import variance_and_mean
from minitorch_tensor.op import record_fused


@variance_and_mean.override("cuda")
def one_pass(input: Tensor, dims: tuple[int, ...], degrees: float) -> tuple[Tensor, Tensor]:
    """Both at once; see `MomentsFold`."""
    if input.dtype.kind != "float" or input.layout.size == 0:
        return variance_and_mean.composite(input, dims, degrees)
    x = input.detach()
    reduced = set(dims) if dims else set(range(x.ndim))
    shape = tuple([1 if i in reduced else n for i, n in enumerate(x.layout.shape)])
    variance, average = fresh(x, shape), fresh(x, shape)
    count = x.layout.size // variance.layout.size
    kept = variance.layout.strides
    into = Layout(
        x.layout.shape, tuple([0 if i in reduced else step for i, step in enumerate(kept)])
    )
    launcher = backend_of(x.storage.device).launcher
    stages = plan_dims(
        MomentsFold(x.dtype), (degrees, float(count)), into, x.layout, launcher.limits
    )
    outputs = [variance.storage.buffer, average.storage.buffer]
    run_stages(stages, launcher.empty, launcher.launch, outputs, x.storage.buffer)
    middle = average.detach()

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        return ((x - middle) * (g * (2.0 / degrees if degrees else math.inf)),)

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        return variance_and_mean.composite(fresh_inputs[0], dims, degrees)[0]

    variance = record_fused("VarBackward0", variance, (input,), backward, composite)
    average = views.linear(
        input,
        average,
        "MeanBackward1",
        lambda g: views.expand_to(g / count, x.shape),
    )
    return variance, average
