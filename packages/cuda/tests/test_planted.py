"""The backend's own kernels, each broken on purpose: the simulator must find every one of these."""

import ast
import inspect
import textwrap
from dataclasses import replace

import numpy as np
import pytest

from minitorch_cuda.backend import plain
from minitorch_cuda.kernel import Kernel, Plan, from_text
from minitorch_cuda.kernels import matmul
from minitorch_cuda.kernels.arg_reduce import plan_arg_reduce
from minitorch_cuda.kernels.indexing import plan_gather, plan_scatter_add
from minitorch_cuda.kernels.ladder.rungs import RUNGS
from minitorch_cuda.kernels.matmul import plan_matmul
from minitorch_cuda.kernels.pointwise import plan_pointwise, pointwise_kernel
from minitorch_cuda.kernels.reduce import plan_reduce
from minitorch_cuda.limits import SIMULATOR
from minitorch_cuda.simulator import (
    DataRaceError,
    OutOfBoundsError,
    SimulationError,
    UninitialisedReadError,
)
from minitorch_cuda.simulator.errors import MisalignedAccessError
from minitorch_operators import ALL, Unary, add, gt, mul
from minitorch_tensor.dtype import float32, of_numpy
from minitorch_tensor.layout import Layout

from .helpers import CUDA, LAUNCHER, numbers

dense = Layout.contiguous


def text_of(kernel: Kernel) -> str:
    return kernel.text or textwrap.dedent(inspect.getsource(kernel.function))


def run(plan: Plan, old: str = "", new: str = "", count: int = 1) -> None:
    """Run a plan on fresh memory, with `old` in its kernel's text replaced."""
    kernel = plan.kernel
    text = text_of(kernel)
    assert old in text, text
    name = kernel.function.__name__
    changed = from_text(
        name, text.replace(old, new, count), kernel.parameters, kernel.function.__globals__
    )
    buffers = []
    for span, parameter in zip(plan.spans, kernel.parameters, strict=False):
        values = numbers(span.high, of_numpy(parameter.type))
        if parameter.name == "index":
            values = values % 2
        buffers.append(CUDA.upload(values))
    LAUNCHER.launch(Plan(changed, plan.grid, plan.block, plan.spans, plan.numbers), buffers)


def pointwise_plan() -> Plan:
    x = dense((30,))
    return plan_pointwise(plain(mul.fn), float32, (x, x, x), (float32,) * 3, SIMULATOR)


def strided_plan() -> Plan:
    x = dense((5, 3))
    flipped = dense((3, 5)).permute((1, 0))
    return plan_pointwise(plain(mul.fn), float32, (x, flipped, x), (float32,) * 3, SIMULATOR)


def vectors_plan() -> Plan:
    x = dense((70,))
    return plan_pointwise(plain(mul.fn), float32, (x, x, x), (float32,) * 3, SIMULATOR)


def tiles_plan() -> Plan:
    x = dense((6, 5))
    flipped = dense((5, 6)).permute((1, 0))
    return plan_pointwise(plain(mul.fn), float32, (x, flipped, x), (float32,) * 3, SIMULATOR)


def rows_plan() -> Plan:
    out, x = Layout((2, 40), (1, 0)), dense((2, 40))
    return plan_reduce(add, 0.0, out, x, (float32, float32), SIMULATOR)[0].launch


def warps_plan() -> Plan:
    limits = replace(SIMULATOR, threads=64)
    out, x = Layout((2, 1100), (1, 0)), dense((2, 1100))
    return plan_reduce(add, 0.0, out, x, (float32, float32), limits)[0].launch


def columns_plan() -> Plan:
    out, x = Layout((40, 34), (0, 1)), dense((40, 34))
    return plan_reduce(add, 0.0, out, x, (float32, float32), SIMULATOR)[0].launch


def arg_plan() -> Plan:
    return plan_arg_reduce(gt, dense((2,)), dense((2, 40)), 1, float32, SIMULATOR)[0].launch


def matmul_plan() -> Plan:
    return plan_matmul(dense((1, 9, 20)), dense((1, 9, 17)), dense((1, 17, 20)), float32)


def gather_plan() -> Plan:
    three = dense((3, 3))
    return plan_gather(three, dense((2, 3)), three, 0, (float32, float32), SIMULATOR)


def scatter_plan(atomic: bool = True) -> Plan:
    x = dense((6, 3))
    types = (float32, float32)
    return plan_scatter_add(dense((2, 3)), x, x, 0, types, SIMULATOR, atomic=atomic)


def ladder_plan(name: str) -> Plan:
    return next(rung for rung in RUNGS if rung.name == name).plan(12, 12, 12)


PLANS = {
    **{rung.name: ladder_plan(rung.name) for rung in RUNGS},
    "pointwise": pointwise_plan(),
    "strided": strided_plan(),
    "vectors": vectors_plan(),
    "tiles": tiles_plan(),
    "rows": rows_plan(),
    "warps": warps_plan(),
    "columns": columns_plan(),
    "arg": arg_plan(),
    "matmul": matmul_plan(),
    "gather": gather_plan(),
    "scatter": scatter_plan(atomic=False),
    "atomic": scatter_plan(),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_kernel_as_it_is_has_no_fault(name: str) -> None:
    run(PLANS[name])


BARRIER = "cuda.syncthreads()"
PLANTED = [
    ("pointwise", "while i < n", "while i <= n", OutOfBoundsError),
    ("pointwise", "out[i] =", "out[i // 2] =", DataRaceError),
    ("strided", "I(i0 * i_n1)", "I(i0 * (i_n1 - 1))", SimulationError),
    ("vectors", "while i < groups", "while i <= groups", OutOfBoundsError),
    ("vectors", "p = I(i * 4)", "p = I(i * 4 + 1)", MisalignedAccessError),
    ("vectors", "p = I(i * 4)", "p = I(i // 2 * 4)", DataRaceError),
    ("tiles", BARRIER, "None", UninitialisedReadError),
    ("tiles", "a_tile[tx, r]", "a_tile[tx, r + 1]", UninitialisedReadError),
    ("tiles", "p < n_p and q < n_q", "p < n_p", OutOfBoundsError),
    ("strided", "i0 * out_i0 +", "", DataRaceError),
    ("rows", "while r < last", "while r <= last", SimulationError),
    ("rows", "if k < n and tx == 0", "if k < n", DataRaceError),
    ("rows", "    if k < n:", "    if True:", OutOfBoundsError),
    ("warps", BARRIER, "None", UninitialisedReadError),
    ("warps", "ty * 2 + w]", "ty * 2 + w + 1]", OutOfBoundsError),
    ("columns", BARRIER, "None", (UninitialisedReadError, DataRaceError)),
    ("columns", "while r < last", "while r <= last", SimulationError),
    ("columns", "and k < n:", "and k <= n:", SimulationError),
    ("arg", "while r < last", "while r <= last", SimulationError),
    ("matmul", BARRIER, "None", (DataRaceError, UninitialisedReadError)),
    ("matmul", BARRIER + "  # the tiles are overwritten next", "None", DataRaceError),
    ("matmul", "row < n and start + tx < k", "row < n", OutOfBoundsError),
    ("matmul", "start + ty < k and column < m", "column < m", OutOfBoundsError),
    ("matmul", "if row < n and column < m:", "if row < n:", (DataRaceError, OutOfBoundsError)),
    ("matmul", "a_tile[ty, tx] = T(0)", "pass", UninitialisedReadError),
    ("gather", "I(k) * x_step", "I(k + 1) * x_step", OutOfBoundsError),
    ("scatter", "while r < m", "while r <= m", SimulationError),
    ("naive", "range(k)", "range(k + 1)", OutOfBoundsError),
    ("shared_tile", BARRIER, "None", (DataRaceError, UninitialisedReadError)),
    ("shared_tile", BARRIER + "  # the tiles are overwritten next", "None", DataRaceError),
    ("column", BARRIER + "\n        for q", "for q", (DataRaceError, UninitialisedReadError)),
    ("column", BARRIER + "\n    for i", "None\n    for i", DataRaceError),
    ("column", "row + ty * UP + i < n and", "", OutOfBoundsError),
    ("square", BARRIER + "\n        for q", "for q", (DataRaceError, UninitialisedReadError)),
    ("square", "ty + i * HEIGHT, q", "ty + i * HEIGHT, q + 1", OutOfBoundsError),
    ("square", "tx + j * WIDTH\n", "tx + j\n", DataRaceError),
    ("by_fours", BARRIER, "None", (DataRaceError, UninitialisedReadError)),
    ("by_fours", "column + b_j, k, m)", "column + b_j + 1, k, m)", MisalignedAccessError),
    ("by_fours", "b_i * COLUMNS + b_j, x0", "b_i * COLUMNS + b_j + 2, x0", MisalignedAccessError),
    ("two_tiles", BARRIER, "None", (DataRaceError, UninitialisedReadError)),
    ("two_tiles", "turn = 1 - turn", "turn = 0", DataRaceError),
    ("two_tiles", "turn = 1 - turn", "turn = turn + 1", OutOfBoundsError),
    (
        "atomic",
        "red_add(out, ",
        "(lambda memory, i, value: memory.__setitem__(i, value))(out, ",
        DataRaceError,
    ),
]


@pytest.mark.parametrize(("name", "old", "new", "error"), PLANTED)
def test_a_planted_fault_is_found(
    name: str, old: str, new: str, error: type[Exception] | tuple[type[Exception], ...]
) -> None:
    with pytest.raises(error) as caught:
        run(PLANS[name], old, new)
    assert str(caught.value).startswith(PLANS[name].kernel.function.__name__)


# --- constants: a float64 among float32 shows only on a GPU, as time ------------------------------


def bare_constants(text: str) -> list[float]:
    """Float literals that no type is put around."""
    tree = ast.parse(text)
    typed = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "T"
        for argument in node.args
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, float)
        and id(node) not in typed
    ]


def test_no_kernel_of_an_operator_has_a_constant_without_a_type() -> None:
    for operator in ALL.values():
        if operator.result == "integer":  # no function of floats
            continue
        operands = len(inspect.signature(operator.fn).parameters)
        kernel = pointwise_kernel(
            plain(operator.fn), float32, (float32,) * (operands + 1), ("i",) * operands, 1, "uint32"
        )
        assert bare_constants(kernel.text) == []


def test_no_other_kernel_has_a_constant_without_a_type() -> None:
    for plan in PLANS.values():
        assert bare_constants(text_of(plan.kernel)) == []


def test_a_planted_constant_is_found() -> None:
    gelu = ALL["gelu"]
    assert isinstance(gelu, Unary)
    kernel = pointwise_kernel(plain(gelu.fn), float32, (float32,) * 2, ("i",), 1, "uint32")
    assert bare_constants(kernel.text.replace("T(0.5)", "0.5")) == [0.5]


def test_the_templates_of_matmul_are_bound_for_each_kernel() -> None:
    scope = PLANS["matmul"].kernel.function.__globals__
    assert scope["TILE"] == 16
    assert scope is not matmul.__dict__
    assert np.dtype("float32").type is scope["T"]
