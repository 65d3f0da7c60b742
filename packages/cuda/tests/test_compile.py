"""Every kernel compiles for a GPU, and no float32 kernel computes in float64.

Needs numba-cuda, but no GPU; a minute and a half on one core. What comes before the machine code is
the same for all GPUs, so sm_80 gets a sample; the gates (`test_gates_compiled.py`) look at both.
"""

import importlib.util
import re
from collections.abc import Callable
from types import FunctionType

import pytest

from minitorch_cuda import dsl as cuda
from minitorch_cuda.backend import plain
from minitorch_cuda.compiler import Capability, Ptx, compile_ptx
from minitorch_cuda.kernel import Kernel, Parameter, from_text
from minitorch_cuda.kernels.folding import Way, fold_kernel
from minitorch_cuda.kernels.folds import ArgFold, OperatorFold
from minitorch_cuda.kernels.indexing import check_kernel, gather_kernel, scatter_kernel
from minitorch_cuda.kernels.matmul import matmul_kernel
from minitorch_cuda.kernels.pointwise import pointwise_kernel
from minitorch_cuda.kernels.practice import (
    add_broadcast,
    add_one,
    mm_practice,
    sum_by_shuffle,
    sum_practice,
)
from minitorch_operators import (
    ALL,
    Operator,
    Unary,
    add,
    gt,
    logical_and,
    lt,
    maximum,
    silu,
)
from minitorch_tensor.dtype import DType, bool_, float32, float64, int8, int32, int64

from .helpers import CUDA

if importlib.util.find_spec("numba_cuda") is None:  # `numba.cuda` is there with Numba alone
    pytest.skip("numba-cuda is not installed", allow_module_level=True)
pytestmark = pytest.mark.filterwarnings("default")  # numba-cuda's own

SAMPLE = ("relu", "exp", "silu", "add", "lt", "logical_and", "lerp")  # one of each kind

# CUDA's sine reduces a large argument in float64, whatever the argument's type.
REDUCES_IN_FLOAT64 = re.compile(r"ieee_(sin|cos|tan)\(")


def float64_instructions(ptx: Ptx) -> list[str]:
    return re.findall(r"^\s*\S*\.f64.*", ptx.text, re.MULTILINE)


def compiled(kernel: Kernel, capability: Capability = (9, 0)) -> Ptx:
    ptx = compile_ptx(kernel, capability)
    assert f".entry {ptx.entry}" in ptx.text
    assert f"sm_{capability[0]}{capability[1]}" in ptx.text
    if kernel.value == "float32":
        assert float64_instructions(ptx) == []
    return ptx


def arity(operator: Operator) -> int:
    return 1 if isinstance(operator, Unary) else len(operator.vjps)


def rules(operator: Operator) -> list[FunctionType]:
    of = (operator.vjp,) if isinstance(operator, Unary) else operator.vjps
    return [plain(rule) for rule in of if rule is not None]


def check_operator(operator: Operator, capability: Capability) -> None:
    n = arity(operator)
    out = bool_ if operator.result == "bool" else float32
    if operator.result != "integer":
        kernel = pointwise_kernel(
            plain(operator.fn), float32, (out, *(float32,) * n), ("i",) * n, 1, "uint32"
        )
        if REDUCES_IN_FLOAT64.search(kernel.text):
            assert float64_instructions(compile_ptx(kernel, capability)) != []
        else:
            compiled(kernel, capability)
    if operator.result != "float":
        out = bool_ if operator.result == "bool" else int32
        dtypes = (out, *(int32,) * n)
        kernel = pointwise_kernel(plain(operator.fn), int32, dtypes, ("i",) * n, 1, "int64")
        compiled(kernel, capability)


@pytest.mark.parametrize("operator", ALL.values(), ids=lambda operator: operator.name)
def test_an_operator_compiles(operator: Operator) -> None:
    check_operator(operator, (9, 0))


@pytest.mark.parametrize("name", SAMPLE)
def test_an_operator_compiles_for_an_older_gpu(name: str) -> None:
    check_operator(ALL[name], (8, 0))


@pytest.mark.parametrize("operator", ALL.values(), ids=lambda operator: operator.name)
def test_the_rules_of_an_operator_compile(operator: Operator) -> None:
    operands = max(arity(operator) + 1, 3)
    for rule in rules(operator):
        dtypes = (float32,) * (operands + 1)
        kernel = pointwise_kernel(rule, float32, dtypes, ("i",) * operands, 1, "uint32")
        if REDUCES_IN_FLOAT64.search(kernel.text):
            compile_ptx(kernel, (9, 0))
        else:
            compiled(kernel)


WAYS = (
    Way("serial", (2, 2), "int64"),
    Way("rows", (2, 2), "uint32", 256, 1),
    Way("columns", (2, 2), "uint32", 32, 8, partial=True),
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.how)
@pytest.mark.parametrize("dtype", [float32, float64, int64, bool_], ids=str)
def test_the_folds_compile(dtype: DType, way: Way) -> None:
    # Each type in each way; the operators are one line of these kernels.
    for operator in (add, maximum, logical_and) if way is WAYS[1] else (add,):
        ptx = compiled(fold_kernel(OperatorFold(dtype, operator, dtype), way))
        assert ("bar.sync" in ptx.text) == (way.how != "serial")


@pytest.mark.parametrize("dtype", [float32, int64, bool_], ids=str)
def test_the_comparisons_of_places_compile(dtype: DType) -> None:
    compiled(fold_kernel(ArgFold(dtype, gt), WAYS[1]))
    compiled(fold_kernel(ArgFold(dtype, lt), WAYS[0]))


@pytest.mark.parametrize("dtype", [float32, float64, int32], ids=str)
def test_matmul_compiles(dtype: DType) -> None:
    ptx = compiled(matmul_kernel(dtype, 16))
    assert "ld.shared" in ptx.text
    assert ("fma.rn.f32" in ptx.text) == (dtype is float32)


@pytest.mark.parametrize("dtype", [float32, int8, bool_], ids=str)
def test_indexing_compiles(dtype: DType) -> None:
    assert "red.global.min.s64" in compiled(gather_kernel((dtype, dtype), 2, "uint32")).text
    compiled(scatter_kernel((dtype, dtype), 2, "uint32"))
    compiled(check_kernel(1, "int64"))


@pytest.mark.parametrize("dtype", [float32, float64, int32, int64], ids=str)
def test_atomic_scatter_uses_one_instruction(dtype: DType) -> None:
    ptx = compiled(scatter_kernel((dtype, dtype), 2, "uint32", atomic=True))
    assert len(re.findall(r"red\.global\.add", ptx.text)) >= 1


def test_positions_of_32_bits_divide_by_32_bits() -> None:
    kernel = pointwise_kernel(plain(add.fn), float32, (float32,) * 3, None, 3, "uint32")
    ptx = compiled(kernel)
    assert "mul.hi.u32" in ptx.text  # by a multiplication
    assert not re.findall(r"(?:div|rem)\.[su](?:32|64)", ptx.text)


@pytest.mark.parametrize(
    ("function", "pointers"),
    [(add_one, 2), (add_broadcast, 3), (sum_practice, 2), (sum_by_shuffle, 2), (mm_practice, 3)],
)
def test_the_first_steps_compile(function: Callable[..., None], pointers: int) -> None:
    assert isinstance(function, FunctionType)
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    parameters = tuple(
        Parameter(name, "float32", pointer=True) if i < pointers else Parameter(name, "int64")
        for i, name in enumerate(names)
    )
    compiled(Kernel(function.__name__, function, parameters))


def test_a_planted_float64_constant_is_found() -> None:
    kernel = pointwise_kernel(plain(silu.fn), float32, (float32,) * 2, ("i",), 1, "uint32")
    text = kernel.text.replace("T(1.0)", "1.0")
    assert text != kernel.text
    planted = from_text(
        kernel.name, text, kernel.parameters, kernel.function.__globals__, ieee=kernel.ieee
    )
    assert float64_instructions(compile_ptx(planted, (9, 0))) != []


def test_a_name_that_no_gpu_knows_is_refused() -> None:
    scope = {"cuda": cuda, "backend": CUDA}
    text = "def kernel(out):\n    out[0] = backend\n"
    kernel = from_text("kernel", text, (Parameter("out", "float32", pointer=True),), scope)
    with pytest.raises(TypeError, match=r"kernel: the name backend is .* which no GPU knows"):
        compile_ptx(kernel, (9, 0))


def test_a_type_without_an_atomic_is_refused() -> None:
    kernel = scatter_kernel((int8, int8), 1, "uint32", atomic=True)
    with pytest.raises(
        Exception, match=r"red_add: no atomic instruction for int8; there is one for"
    ):
        compile_ptx(kernel, (9, 0))
