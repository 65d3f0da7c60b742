"""Every operator as a kernel, and one kernel over every layout."""

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from minitorch_cuda.backend import Temporary, plain
from minitorch_cuda.collapse import Walk, collapse, fits_32_bits
from minitorch_cuda.kernel import Plan
from minitorch_cuda.kernels.pointwise import plan_pointwise, pointwise_kernel
from minitorch_cuda.limits import DEVICE, SIMULATOR, Limits
from minitorch_operators import (
    ALL,
    Binary,
    Operator,
    Rule,
    Ternary,
    TernaryRule,
    Unary,
    add,
    clamp,
    eq,
    exp,
    gt,
    id,
    logical_and,
    logical_not,
    maximum,
    mul,
    relu,
    where,
)
from minitorch_tensor.backend import Backend
from minitorch_tensor.dtype import (
    DType,
    bfloat16,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int32,
    int64,
    uint8,
)
from minitorch_tensor.layout import Layout, Shape

from .helpers import (
    CUDA,
    READABLE,
    SHAPES,
    WRITABLE,
    Spec,
    compare,
    contents,
    dense,
    expanded,
    single,
    sparse,
    transposed,
)

INF, NAN = math.inf, math.nan
EDGES = (-INF, -2.5, -1.0, -0.0, 0.0, 0.3, 1.0, 3.0, INF, NAN)
FEW = (-INF, -1.5, -0.0, 0.4, 2.0, NAN)
FEWER = (-1.5, 0.0, 0.4, NAN)

OPERATORS = [operator for operator in ALL.values() if operator.result != "integer"]


def arity(operator: Operator) -> int:
    return 1 if isinstance(operator, Unary) else 2 if isinstance(operator, Binary) else 3


def points(operands: int) -> list[tuple[float, ...]]:
    line = {1: EDGES, 2: FEW, 3: FEWER, 4: (-1.5, 0.4, INF)}[operands]
    return list(itertools.product(line, repeat=operands))


Run = Callable[[Backend, list[Temporary]], None]


def pulled(rule: Rule) -> Run:
    return lambda backend, x: backend.pull(rule, x[0], x[1], x[2], x[3])


def pulled3(rule: TernaryRule) -> Run:
    return lambda backend, x: backend.pull3(rule, x[0], x[1], x[2], x[3], x[4])


def rules(operator: Operator) -> Iterator[tuple[str, int, Run]]:
    """The name of each rule, the number of its operands, and how a backend runs it."""
    if isinstance(operator, Ternary):
        yield from ((r.__name__, 4, pulled3(r)) for r in operator.vjps if r is not None)
    else:
        of = (operator.vjp,) if isinstance(operator, Unary) else operator.vjps
        yield from ((r.__name__, 3, pulled(r)) for r in of if r is not None)


def on_cuda(
    operator: Operator, dtype: DType, out: DType, columns: list[tuple[float, ...]]
) -> list[float]:
    """The operator at each column's numbers, by one launch."""
    arrays = [dense_of(column, dtype) for column in columns]
    result = Spec(np.zeros(len(columns[0]), out.numpy), Layout.contiguous((len(columns[0]),)))
    made = [spec.on(CUDA) for spec in (result, *arrays)]
    if isinstance(operator, Unary):
        CUDA.map(operator, made[0], made[1])
    elif isinstance(operator, Binary):
        CUDA.zip(operator, made[0], made[1], made[2])
    else:
        CUDA.zip3(operator, *made)
    return [float(value) for value in contents(CUDA, made[0])]


def dense_of(values: tuple[float, ...], dtype: DType) -> Spec:
    array = np.array(values).astype(dtype.numpy)
    return Spec(array, Layout.contiguous((len(values),)))


def same(a: float, b: float, tolerance: float = 0.0) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    close = a == b or abs(a - b) <= tolerance * max(abs(a), abs(b))
    return close and math.copysign(1.0, a) == math.copysign(1.0, b)


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_an_operator_in_float64_is_its_scalar_function(operator: Operator) -> None:
    where_ = points(arity(operator))
    out = bool_ if operator.result == "bool" else float64
    found = on_cuda(operator, float64, out, list(zip(*where_, strict=True)))
    for at, value in zip(where_, found, strict=True):
        expected = operator.fn(*at)
        if out is bool_:
            expected = float(expected != 0)
        assert same(value, expected), f"{operator.name}{at} is {value}, expected {expected}"


@pytest.mark.parametrize(
    "operator", [o for o in OPERATORS if o.name != "nextafter"], ids=lambda operator: operator.name
)
def test_an_operator_in_float32_is_its_scalar_function_rounded(operator: Operator) -> None:
    # Where float32 is exact or nearly so: at the edges, and for operators of one operation.
    where_ = [at for at in points(arity(operator)) if all(x == np.float32(x) or x != x for x in at)]
    out = bool_ if operator.result == "bool" else float32
    found = on_cuda(operator, float32, out, list(zip(*where_, strict=True)))
    for at, value in zip(where_, found, strict=True):
        expected = operator.fn(*at)
        expected = float(expected != 0) if out is bool_ else float(np.float32(expected))
        if math.isfinite(expected) and expected != 0.0:
            near = 1e-6 if operator.name == "sinc" else 0.0  # of sin(pi), that is 0 but for pi
            assert math.isclose(value, expected, rel_tol=1e-5, abs_tol=near), f"{operator.name}{at}"
        else:
            assert value == expected or (value != value and expected != expected), (
                f"{operator.name}{at} is {value}, expected {expected}"
            )


def test_the_next_float32_is_that_of_float32() -> None:
    found = on_cuda(
        ALL["nextafter"], float32, float32, [(1.0, 1.0, 0.0, 2.0), (2.0, 0.0, 1.0, INF)]
    )
    assert found == [1 + 2**-23, 1 - 2**-24, 2**-149, 2 + 2**-22]


INTEGER = [operator for operator in ALL.values() if operator.result == "integer"]


@pytest.mark.parametrize("dtype", [int64, int8, uint8], ids=str)
@pytest.mark.parametrize("operator", INTEGER, ids=lambda operator: operator.name)
def test_an_operator_on_integers_is_its_scalar_function(operator: Operator, dtype: DType) -> None:
    line = (0, 1, 3, 6, 9, 100, 127) if dtype is uint8 else (-127, -6, -1, 0, 1, 2, 9, 63, 64, 100)
    points = list(itertools.product(line, repeat=arity(operator)))
    found = on_cuda(operator, dtype, dtype, list(zip(*points, strict=True)))
    for at, value in zip(points, found, strict=True):
        exact = int(operator.fn(*map(float, at)))
        assert value == np.array(exact % 2**64, np.uint64).astype(dtype.numpy), at


ALL_RULES = [
    pytest.param(operands, run, id=f"{operator.name}-{name}")
    for operator in OPERATORS
    for name, operands, run in rules(operator)
]


@pytest.mark.parametrize(("operands", "run"), ALL_RULES)
def test_a_rule_is_the_same_on_both_backends(operands: int, run: Run) -> None:
    columns = [dense_of(column, float64) for column in zip(*points(operands), strict=True)]
    result = Spec(np.zeros(len(columns[0].memory)), columns[0].layout)
    compare(run, result, *columns, exact=False)


INTEGER_OPERATORS = [
    operator
    for operator in OPERATORS
    if operator.result != "float" and operator.name not in ("floor_divide", "fmod", "remainder")
]


@pytest.mark.parametrize("operator", INTEGER_OPERATORS, ids=lambda operator: operator.name)
@pytest.mark.parametrize("dtype", [int64, int8], ids=str)
def test_an_operator_on_integers_is_numpys(operator: Operator, dtype: DType) -> None:
    line = (0, 1, 2, 3, 5) if operator.name == "pow" else (-3, -1, 0, 1, 2, 100)
    columns = [
        dense_of(column, dtype)
        for column in zip(*itertools.product(line, repeat=arity(operator)), strict=True)
    ]
    out = np.zeros(len(columns[0].memory), bool if operator.result == "bool" else dtype.numpy)
    with np.errstate(all="ignore"):
        compare(_applied(operator), Spec(out, columns[0].layout), *columns)


def _applied(operator: Operator) -> Run:
    def run(backend: Backend, arrays: list[Temporary]) -> None:
        if isinstance(operator, Unary):
            backend.map(operator, arrays[0], arrays[1])
        elif isinstance(operator, Binary):
            backend.zip(operator, arrays[0], arrays[1], arrays[2])
        else:
            backend.zip3(operator, arrays[0], arrays[1], arrays[2], arrays[3])

    return run


@pytest.mark.parametrize(
    ("name", "a", "b", "expected"),
    [
        ("floor_divide", (7, -7, 7, -7, 6), (2, 2, -2, -2, 3), (3, -4, -4, 3, 2)),
        ("remainder", (7, -7, 7, -7, 6), (2, 2, -2, -2, 3), (1, 1, -1, -1, 0)),
        ("fmod", (7, -7, 7, -7, 6), (2, 2, -2, -2, 3), (1, -1, 1, -1, 0)),
        ("pow", (2, -1, -1, 1, 3), (-1, -3, -2, -5, 4), (0, -1, 1, 1, 81)),
        ("floor_divide", (2**53 + 1, 5), (1, 0), (2**53 + 1, 0)),
        ("fmod", (2**53 + 1, 5), (2, 0), (1, 0)),
    ],
)
def test_integer_divisions_and_powers_are_exact(
    name: str, a: tuple[int, ...], b: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    operands = [Spec(np.array(x, np.int64), Layout.contiguous((len(x),))) for x in (a, b)]
    out, *made = [spec.on(CUDA) for spec in (operands[0], *operands)]
    operator = ALL[name]
    assert isinstance(operator, Binary)
    CUDA.zip(operator, out, *made)
    assert contents(CUDA, out).tolist() == list(expected)


def test_a_function_without_integers_is_refused() -> None:
    x = dense((2,), int64)
    with pytest.raises(TypeError, match="exp gives floats: its operator must have result='float'"):
        CUDA.map(exp, x.on(CUDA), x.on(CUDA))


def test_a_function_without_source_is_refused() -> None:
    with pytest.raises(TypeError, match="made of plain functions, got <built-in function abs>"):
        plain(abs)


# --- layouts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("into", WRITABLE)
@pytest.mark.parametrize("source", READABLE)
def test_map_over_every_layout(
    shape: Shape, into: Callable[[Shape], Spec], source: Callable[[Shape], Spec]
) -> None:
    compare(_applied(relu), into(shape), source(shape))


@pytest.mark.parametrize("shape", [(), (0,), (5,), (3, 4), (2, 3, 4)], ids=str)
@pytest.mark.parametrize("a", READABLE)
@pytest.mark.parametrize("b", READABLE)
def test_zip_over_every_pair_of_layouts(
    shape: Shape, a: Callable[..., Spec], b: Callable[..., Spec]
) -> None:
    compare(_applied(mul), transposed(shape), a(shape, seed=1), b(shape, seed=2))


def test_zip3_and_pulls_over_mixed_layouts() -> None:
    shape = (2, 3, 4)
    condition = sparse(shape, bool_)
    compare(_applied(where), dense(shape), condition, transposed(shape), single(shape))
    compare(_applied(clamp), sparse(shape), expanded(shape), single(shape), transposed(shape))
    three = [transposed(shape, seed=1), expanded(shape, seed=2), sparse(shape, seed=3)]
    vjp = maximum.vjps[0]
    assert vjp is not None
    compare(pulled(vjp), dense(shape), *three)
    vjp3 = where.vjps[1]
    assert vjp3 is not None
    compare(pulled3(vjp3), dense(shape), *three, single(shape))


def test_out_may_be_an_operand() -> None:
    spec = transposed((3, 4))
    compare(lambda backend, x: backend.zip(add, x[0], x[0], x[0]), spec)


DTYPES = (float32, float64, int64, int32, int8, uint8, bool_)


@pytest.mark.parametrize("source", DTYPES, ids=str)
@pytest.mark.parametrize("target", DTYPES, ids=str)
def test_copy_casts_as_the_cpu_does(source: DType, target: DType) -> None:
    x = dense((11,), source)
    if source.kind == "float" and target is uint8:
        x = Spec(np.abs(x.memory.astype(np.float64)).astype(source.numpy), x.layout)
    out = Spec(np.zeros(11, target.numpy), x.layout)
    compare(lambda backend, arrays: backend.copy(arrays[0], arrays[1]), out, x)


def test_copy_of_nan_to_bool_is_true() -> None:
    x = Spec(np.array([NAN, 0.0, -0.0, 1e-40]), Layout.contiguous((4,)))
    out = Spec(np.zeros(4, np.bool_), x.layout)
    got = compare(lambda backend, arrays: backend.copy(arrays[0], arrays[1]), out, x)
    assert got.tolist() == [True, False, False, True]


def test_operands_of_other_dtypes_are_cast_as_they_are_read() -> None:
    shape = (3, 4)
    compare(_applied(add), dense(shape, float32), dense(shape, int64), transposed(shape, bool_))
    compare(_applied(maximum), dense(shape, int8), dense(shape, uint8), dense(shape, float64))
    for out in (bool_, float32):
        compare(_applied(gt), dense(shape, out), dense(shape, int32), dense(shape, float32))
    compare(_applied(eq), dense(shape, bool_), dense(shape, int8), dense(shape, int8, 1))
    compare(_applied(logical_and), dense(shape, bool_), dense(shape), dense(shape, bool_))
    compare(_applied(logical_not), dense(shape, bool_), dense(shape, bool_))


def test_bools_add_as_or_and_multiply_as_and() -> None:
    a, b = dense((9,), bool_, 1), dense((9,), bool_, 2)
    for operator in (add, mul, maximum):
        compare(_applied(operator), dense((9,), bool_), a, b)


def test_int64_does_not_go_through_floats() -> None:
    x = Spec(np.array([2**62 + 1, -(2**53) - 1]), Layout.contiguous((2,)))
    assert compare(_applied(id), dense((2,), int64), x).tolist() == [2**62 + 1, -(2**53) - 1]


def test_more_elements_than_threads_are_taken_in_strides_of_the_grid() -> None:
    size = 3 * SIMULATOR.threads * SIMULATOR.blocks + 5
    compare(_applied(relu), dense((size,)), dense((size,)))


# --- four at a time, and through squares ----------------------------------------------------------


def planned(*layouts: Layout, dtype: DType = float32, limits: Limits = SIMULATOR) -> Plan:
    fn = plain(relu.fn) if len(layouts) == 2 else plain(mul.fn)
    return plan_pointwise(fn, dtype, layouts, (dtype,) * len(layouts), limits)


@pytest.mark.parametrize("size", [31, 32, 33, 35, 39, 260, 263])
@pytest.mark.parametrize("dtype", [float32, float64, float16, bfloat16, int64, int8], ids=str)
def test_fours_and_what_is_left_at_the_end(size: int, dtype: DType) -> None:
    x = dense((size,), dtype)
    compare(_applied(mul), x, dense((size,), dtype, 1), dense((size,), dtype, 2))
    compare(_applied(mul), x, dense((size,), dtype, 1), single((size,), dtype, 2))
    text = planned(x.layout, x.layout, x.layout, dtype=dtype).kernel.text
    width = 8 if dtype.itemsize <= 2 else 4
    assert (f"p = I(i * {width})" in text) == (size >= SIMULATOR.threads)


@pytest.mark.parametrize("start", [0, 1, 3, 4])
def test_fours_need_a_position_that_is_a_multiple_of_four(start: int) -> None:
    whole = dense((50,))
    part = Spec(whole.memory, whole.layout.narrow(0, start, 40))
    compare(_applied(mul), dense((40,)), dense((40,), seed=1), part)
    compare(_applied(relu), part, dense((40,)))
    text = planned(part.layout, part.layout).kernel.text
    assert ("load4" in text) == (start % 4 == 0)


@pytest.mark.parametrize("shape", [(5, 8), (3, 2, 12), (4, 7)], ids=str)
def test_rows_and_columns_are_repeated_by_fours(shape: Shape) -> None:
    row = Layout.contiguous((1,) * (len(shape) - 1) + shape[-1:]).expand(shape)
    column = Layout.contiguous((*shape[:-1], 1)).expand(shape)
    out = dense(shape)
    size = out.layout.size
    for other in (row, column):
        spec = Spec(dense((size,), seed=1).memory[: other.span()[1]], other)
        compare(_applied(mul), out, dense(shape, seed=2), spec)
        compare(_applied(mul), out, spec, spec)
        text = planned(out.layout, out.layout, other).kernel.text
        assert ("rows by fours" in text) == (shape[-1] % 4 == 0)


def test_parts_of_rows_go_by_fours() -> None:
    for start, length in ((4, 8), (4, 9), (2, 8)):
        whole = dense((6, 16), seed=1)
        part = Spec(whole.memory, whole.layout.narrow(1, start, length))
        out = dense((6, length))
        compare(lambda backend, x: backend.copy(x[0], x[1]), out, part)
        compare(lambda backend, x: backend.copy(x[0], x[1]), part, out)
        fours = "load4" in planned(out.layout, part.layout).kernel.text
        assert fours == (start == 4 and length == 8)


@pytest.mark.parametrize("dtype", [float32, float16, int8, bool_], ids=str)
@pytest.mark.parametrize(
    ("shape", "order"),
    [
        *(((4, 4), (1, 0)), ((5, 9), (1, 0)), ((2, 6, 5), (0, 2, 1)), ((6, 2, 5), (2, 1, 0))),
        *(((2, 5, 3, 4), (0, 2, 3, 1)), ((3, 5), (1, 0)), ((1, 8, 1, 8), (3, 2, 1, 0))),
    ],
)
def test_what_lies_across_goes_through_squares(
    shape: Shape, order: tuple[int, ...], dtype: DType
) -> None:
    x = dense(shape, dtype, 1)
    across = Spec(x.memory, x.layout.permute(order))
    out = dense(across.layout.shape, dtype)
    compare(lambda backend, y: backend.copy(y[0], y[1]), out, across)
    compare(lambda backend, y: backend.copy(y[0], y[1]), across, out)
    compare(_applied(maximum), out, across, dense(out.layout.shape, dtype, 3))
    compare(_applied(maximum), out, dense(out.layout.shape, dtype, 3), across)
    compare(_applied(maximum), out, across, across)
    text = planned(out.layout, across.layout, dtype=float32).kernel.text
    assert ("a_tile" in text) == (min(n for n in shape if n > 1) >= 4 or len(shape) > 2)


def test_dimensions_are_walked_in_the_order_of_memory() -> None:
    x = Layout.contiguous((6, 7)).permute((1, 0))
    assert "by fours" in planned(x, x, x).kernel.text
    compare(_applied(mul), transposed((6, 7)), transposed((6, 7)), transposed((6, 7), seed=1))


def test_long_functions_stay_one_by_one() -> None:
    x = Layout.contiguous((64,))
    i0 = ALL["i0"]
    assert isinstance(i0, Unary)
    plan = plan_pointwise(plain(i0.fn), float32, (x, x), (float32, float32), SIMULATOR)
    assert "load4" not in plan.kernel.text


def test_copies_of_one_dtype_do_not_look_at_the_bits() -> None:
    x = Layout.contiguous((64,))
    plan = plan_pointwise(plain(id.fn), float16, (x, x), (float16, float16), SIMULATOR)
    assert "id_(" not in plan.kernel.text.split("def id_kernel", 1)[1]
    bits = Spec(np.array([0x7FC1, 0xFFC0, 0x8000], np.uint16), Layout.contiguous((3,)))
    out = Spec(np.zeros(3, np.uint16), bits.layout)
    got = compare(lambda backend, y: backend.copy(y[0], y[1]), out, bits)
    assert got.tolist() == bits.memory.tolist()


def test_a_large_array_gets_blocks_enough() -> None:
    x = Layout.contiguous((1 << 26,))
    assert planned(x, x, x, limits=DEVICE).grid == (65536, 1, 1)
    across = Layout.contiguous((4096, 4096))
    plan = planned(across, across.permute((1, 0)), limits=DEVICE)
    assert (plan.grid, plan.block) == ((128 * 128, 1, 1), (32, 8, 1))
    plan = planned(across.permute((1, 0)), across, limits=DEVICE)
    assert "a_tile" in plan.kernel.text


# --- plans ----------------------------------------------------------------------------------------


def test_layouts_collapse_to_as_few_dimensions_as_they_can() -> None:
    layout = Layout.contiguous((2, 3, 4))
    assert collapse(layout.shape, [layout.strides]) == Walk((24,), ((1,),))
    assert collapse((2, 3, 4), [(12, 4, 1), (4, 0, 1)]).shape == (2, 3, 4)
    assert collapse((2, 3, 4), [(12, 4, 1), (0, 0, 0)]) == Walk((24,), ((1,), (0,)))
    assert collapse((1, 1), [(7, 3)]) == Walk((), ((),))
    assert collapse((), [()]).simple
    assert not collapse((4,), [(2,)]).simple


def test_large_positions_take_64_bits() -> None:
    assert fits_32_bits(2**31 - 1, [((2**31 - 1,), (1,))])
    assert not fits_32_bits(2**31, [])
    assert not fits_32_bits(8, [((8,), (2**29,))])
    assert not fits_32_bits(8, [((8,), (-1,))])
    big = Layout((4,), (2**31,), 0)
    plan = plan_pointwise(
        plain(relu.fn), float32, (Layout.contiguous((4,)), big), (float32, float32), SIMULATOR
    )
    assert {p.type for p in plan.kernel.parameters if not p.pointer} == {"int64"}


def test_a_pattern_is_planned_and_compiled_once() -> None:
    layout = Layout.contiguous((5,))
    arguments = (plain(relu.fn), float32, (layout, layout), (float32, float32), SIMULATOR)
    assert plan_pointwise(*arguments) is plan_pointwise(*arguments)
    other = Layout.contiguous((6,))
    again = plan_pointwise(plain(relu.fn), float32, (other, other), (float32, float32), SIMULATOR)
    assert again.kernel is plan_pointwise(*arguments).kernel


def test_an_operand_that_is_one_number_is_read_at_0() -> None:
    x, one = Layout.contiguous((2, 3)), Layout.contiguous(()).expand((2, 3))
    plan = plan_pointwise(plain(mul.fn), float32, (x, x, one), (float32,) * 3, SIMULATOR)
    assert "out[i] = mul(a[i], b[0])" in plan.kernel.text
    assert [int(number) for number in plan.numbers] == [6]


def test_a_kernel_has_no_constant_without_a_type() -> None:
    kernel = pointwise_kernel(
        plain(ALL["gelu"].fn), float32, (float32, float32), ("i",), 1, "uint32"
    )
    assert "T(0.7071067811865476)" in kernel.text
    assert repr(kernel) == "<kernel gelu_kernel(out: *float32, a: *float32, n: uint32)>"
