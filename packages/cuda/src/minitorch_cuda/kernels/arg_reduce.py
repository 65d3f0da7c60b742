"""out[o] = the k whose x[o, k] beats all others: a nan, else the largest (or smallest)."""

from __future__ import annotations

from functools import lru_cache

from minitorch_cuda.kernels.folding_plan import Stages, parts_of, plan_fold
from minitorch_cuda.kernels.folds import ArgFold
from minitorch_cuda.limits import Limits
from minitorch_operators import Binary
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout


@lru_cache(maxsize=1024)
def plan_arg_reduce(
    operator: Binary, out: Layout, x: Layout, dim: int, dtype: DType, limits: Limits
) -> Stages:
    """The launches of argmax (operator gt) or argmin (lt) along `dim`; none without outputs."""
    kept = [i for i in range(x.ndim) if i != dim]
    parts = parts_of(out, x.permute(kept), x.permute([dim]), x)
    return plan_fold(ArgFold(dtype, operator), parts, (), limits)
