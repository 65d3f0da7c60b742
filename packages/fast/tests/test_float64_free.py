"""No kernel at float32 computes in float64: one untyped literal would make it."""

import re
import sys
from types import FunctionType

import numpy as np
import pytest

from minitorch_fast import cache, kernels, printer, reductions
from minitorch_fast.functional import (
    attention_loops,
    conv_loops,
    conv_plan,
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
from minitorch_tensor import float32, from_numpy
from minitorch_tensor.functional.conv import convolution
from minitorch_tensor.layout import Shape

from .operators import CASES, Case, flat_source, loop_of

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

# A convolution whose kernel it is, so that the tests of convolutions have compiled it already.
TILED: dict[object, tuple[conv_plan.Role, tuple[int, ...], tuple[int, ...], int]] = {
    conv_loops.correlate_pixels: ("forward", (3, 8, 9, 11), (10, 8, 3, 2), 1),
    gradient_loops.gradient_planes: ("weight", (2, 4, 9, 11), (4, 1, 3, 3), 4),
}


def tile(role: conv_plan.Role, x: Shape, w: Shape, groups: int) -> dict[str, int]:
    """What is put into the loops for this convolution."""
    arrays = [from_numpy(np.zeros(shape, np.float32)) for shape in (x, w)]
    window = convolution("conv2d", 2, arrays[0], arrays[1], None, 1, 0, 1, groups).window
    plan = conv_plan.tables(x[0], w, window, groups, role, 4)
    nearest = conv_loops.NEAREST
    return {"LANES": plan.lanes, "ROWS": plan.rows, "COLUMNS": plan.columns, "NEAREST": nearest}


def doubles(name: str, text: str, signature: str) -> list[str]:
    """The lines of the LLVM code of the kernel itself that mention a double.

    It is the kernel that runs elsewhere too, from the folder of kernels: compiled once.
    """
    cache.load(name, text, signature)
    (made,) = sys.modules[cache.path_of(name, text).stem].kernel.overloads.values()
    code = str(made.library._get_module_for_linking())
    bodies = re.findall(
        r"^define [^\n]*?@(\S*)\([^\n]*\{\n(.*?)^\}", code, re.MULTILINE | re.DOTALL
    )
    # The wrapper that Python calls converts the arguments; it is no part of the loop.
    inner = [body for name, body in bodies if "cpython" not in name and "cfunc" not in name]
    assert inner
    return [line for body in inner for line in body.splitlines() if re.search(r"\bdouble\b", line)]


def test_sources_name_no_float64() -> None:
    named = re.compile(r"f64|float64|\d\.\d")
    assert [case.name for case in CASES if named.search(loop_of(case))] == []


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
    assert doubles(*flat_source(case)) == []


def test_a_strided_kernel() -> None:
    assert doubles(*kernels.source(add.fn, float32, float32, [float32] * 2, "vvx")) == []


@pytest.mark.parametrize("columns", [False, True])
def test_reductions(columns: bool) -> None:
    form = reductions.Form(columns, True, True)
    for operator, start in ((add, 0.0), (maximum, -np.inf)):
        assert doubles(*reductions.source(operator, start, float32, float32, form)) == []


@pytest.mark.parametrize("loop", FUSED, ids=lambda loop: loop.__name__)
def test_fused_kernels(loop: FunctionType) -> None:
    constants = tile(*TILED[loop]) if loop in TILED else {}
    assert doubles(*printer.source(loop, "float32", constants)) == []


def test_the_test_sees_a_double() -> None:
    text = "from numba import njit\n@njit\ndef kernel(OUT, n): OUT[0] = OUT[0] * 0.1\n"
    for _ in ("compiled, unless it is there", "loaded"):
        assert doubles("tenth", text, "void(float32[::1], int64)")
