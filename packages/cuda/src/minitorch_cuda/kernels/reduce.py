"""out[o] = fold of fn over all x[o, r]; `folding` says how."""

from __future__ import annotations

from minitorch_cuda.kernels.folding_plan import Stages, plan_dims
from minitorch_cuda.kernels.folds import NEUTRAL, OperatorFold
from minitorch_cuda.limits import Limits
from minitorch_operators import Binary
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import start_of


def plan_reduce(
    operator: Binary,
    start: float,
    out: Layout,
    x: Layout,
    dtypes: tuple[DType, DType],
    limits: Limits,
) -> Stages:
    """The launches of a reduction; none if there is no output.

    Args:
        operator: one of `NEUTRAL`.
        start: the first number that is folded.
        out: of x's shape, with stride 0 along the reduced dimensions.
        x: what is reduced.
        dtypes: of out and of x.
        limits: how many threads there may be.
    """
    fold = OperatorFold(dtypes[1], operator, dtypes[0])
    neutral = start_of(NEUTRAL[operator.name], dtypes[0])
    return plan_dims(fold, (neutral, start), out, x, limits)
