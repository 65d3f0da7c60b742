"""From an operator and the form of its operands to a compiled kernel."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from minitorch_fast import cache, templates
from minitorch_fast.target import NumbaTarget, inline, kind_of
from minitorch_fast.templates import Spec
from minitorch_fast.threads import Kernel
from minitorch_tensor.dtype import DType
from minitorch_tensor.specialise import Pointwise


def source(
    fn: Pointwise,
    compute: DType,
    out: DType,
    operands: Sequence[DType],
    pattern: str,
) -> tuple[str, str, str]:
    """A pointwise kernel as (name, text, signature).

    Args:
        fn: the function of an operator, or a rule.
        compute: the dtype of the computation.
        out: the dtype of the output.
        operands: those of the operands.
        pattern: `flat_` and a letter for each operand (v: dense, s: one number), or that of a plan.
    """
    kind = kind_of(compute)
    target = NumbaTarget(kind)
    names = tuple(inspect.signature(fn).parameters)
    body = inline(fn, target, list(names))
    spec = Spec(names, tuple(operands), compute, out, pattern)
    is_flat = pattern.startswith("flat")
    loop = templates.flat(body, spec) if is_flat else templates.rows(body, spec)
    label = fn.__name__.lstrip("_")
    where = f"pattern {pattern} (see minitorch_fast.plan)"
    title = f"{fn.__module__}: {fn.__name__}{names} at {compute.name}, {where}."
    types = ", ".join(f"{array_type(dtype)}[::1]" for dtype in (out, *operands))
    last = "int64" if is_flat else "int64[::1]"
    name = "_".join([label, compute.name, pattern])
    return name, templates.head(title.replace("'", ""), body) + loop, f"void({types}, {last})"


def array_type(dtype: DType) -> str:
    """Numba's name of a dtype."""
    return "boolean" if dtype.kind == "bool" else dtype.name


def build(
    fn: Pointwise,
    compute: DType,
    out: DType,
    operands: Sequence[DType],
    pattern: str,
) -> Kernel:
    """The compiled kernel; arguments as for `source`."""
    return cache.load(*source(fn, compute, out, operands, pattern))
