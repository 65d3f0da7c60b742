"""No kernel at float32 computes in float64: one untyped literal would make it."""

import re
from types import FunctionType, ModuleType

import numpy as np
import pytest

from minitorch_fast import kernels, parts, printer, reductions
from minitorch_fast.functional import (
    attention_loops,
    conv_loops,
    gradient_loops,
    loss_loops,
    norm_loops,
    normal_loops,
    optim_loops,
    pool_loops,
    recurrent_loops,
    softmax_loops,
)
from minitorch_operators import add, maximum
from minitorch_tensor import float32

from .operators import CASES, Case

FUSED = [
    conv_loops.correlate_pixels, gradient_loops.gradient_planes, loss_loops.class_losses,
    loss_loops.class_gradient, softmax_loops.softmax_columns, norm_loops.rows_gradient,
    norm_loops.normalize_units, norm_loops.units_gradient, normal_loops.normals,
    optim_loops.adam, optim_loops.adam_largest, optim_loops.sgd,
    optim_loops.sgd_momentum, pool_loops.largest, pool_loops.maxima, pool_loops.means,
    pool_loops.means_gradient, pool_loops.maxima_of_four,
    attention_loops.attention_weights, recurrent_loops.lstm_step,
    recurrent_loops.gru_step_gradient,
]  # fmt: skip

TILE = {"LANES": 4, "ROWS": 2, "COLUMNS": 1, "NEAREST": 64}
TILED = ["correlate_pixels", "gradient_planes"]


def doubles(text: str, signature: str) -> list[str]:
    """The lines of the LLVM code of the kernel itself that mention a double."""
    module = ModuleType("examined")
    exec(text, vars(module))
    parts.mark(module)
    module.kernel.compile(signature)
    code = next(iter(module.kernel.inspect_llvm().values()))
    bodies = re.findall(
        r"^define [^\n]*?@(\S*)\([^\n]*\{\n(.*?)^\}", code, re.MULTILINE | re.DOTALL
    )
    # The wrapper that Python calls converts the arguments; it is no part of the loop.
    inner = [body for name, body in bodies if "cpython" not in name and "cfunc" not in name]
    assert inner
    return [line for body in inner for line in body.splitlines() if re.search(r"\bdouble\b", line)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_sources_name_no_float64(case: Case) -> None:
    k = case.arity
    _, text, _ = kernels.source(case.fn, float32, float32, [float32] * k, "flat_" + "v" * k)
    loop = text[text.rindex("def kernel") :]
    assert not re.search(r"f64|float64|\d\.\d", loop)


SAMPLE = [
    "add",
    "gelu",
    "silu-rule0",
    "erfinv",
    "pow",
    "atan2",
    "hypot",
    "floor_divide",
    "lerp",
    "sin",
    "logaddexp2",
]


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name in SAMPLE], ids=lambda case: case.name
)
def test_pointwise_kernels(case: Case) -> None:
    k = case.arity
    _, text, signature = kernels.source(case.fn, float32, float32, [float32] * k, "flat_" + "v" * k)
    assert doubles(text, signature) == []


def test_a_strided_kernel() -> None:
    _, text, signature = kernels.source(add.fn, float32, float32, [float32] * 2, "vvx")
    assert doubles(text, signature) == []


@pytest.mark.parametrize("columns", [False, True])
def test_reductions(columns: bool) -> None:
    form = reductions.Form(columns, True, True)
    for operator, start in ((add, 0.0), (maximum, -np.inf)):
        _, text, signature = reductions.source(operator, start, float32, float32, form)
        assert doubles(text, signature) == []


@pytest.mark.parametrize("loop", FUSED, ids=lambda loop: loop.__name__)
def test_fused_kernels(loop: FunctionType) -> None:
    tile = TILE if loop.__name__ in TILED else None
    _, text, signature = printer.source(loop, "float32", tile)
    assert doubles(text, signature) == []


def test_the_test_sees_a_double() -> None:
    text = "from numba import njit\n@njit\ndef kernel(OUT, n): OUT[0] = OUT[0] * 0.1\n"
    assert doubles(text, "void(float32[::1], int64)")
