"""Each instruction of the interpreter gives the bits that PTX's reference says."""

import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch_cuda.ptx import PtxError, interpret
from minitorch_cuda.ptx.floats import F32, fma32, fma32_down, fma32_zero, fma64
from minitorch_cuda.simulator import SimulationError
from minitorch_tensor.dtype import HostArray

REGISTERS = (
    ".reg .pred %p<9>; .reg .b16 %rs<9>; .reg .b32 %r<9>; .reg .f32 %f<9>; "
    ".reg .b64 %rd<19>; .reg .f64 %fd<9>;"
)
FAMILY = {"16": "%rs", "32": "%r", "64": "%rd"}
SIZE = {"8": 1, "16": 2, "32": 4, "64": 8}


def register(type_: str, i: int) -> str:
    if type_[0] == "f" and type_ != "f16":
        return f"{'%f' if type_ == 'f32' else '%fd'}{i}"
    return FAMILY["16" if type_[-1] == "8" else type_.lstrip("usbf")] + str(i)


def kernel(code: str, result: str, operands: list[str]) -> str:
    """Each thread reads its operands, runs the code and writes its result."""
    lines = [REGISTERS, "mov.u32 %r8, %tid.x;"]
    for i, type_ in enumerate((result, *operands)):
        size = SIZE[type_.lstrip("usbf")]
        lines += [f"ld.param.u64 %rd{10 + i}, [k_{i}];", f"mul.wide.u32 %rd9, %r8, {size};"]
        lines += [f"add.s64 %rd{10 + i}, %rd{10 + i}, %rd9;"]
        if i:
            kept = {"f16": "b16"}.get(type_, type_)
            lines.append(f"ld.global.{kept} {register(type_, i)}, [%rd{10 + i}];")
    lines += [
        code,
        f"st.global.{ {'f16': 'b16'}.get(result, result) } [%rd10], {register(result, 0)};",
    ]
    parameters = ", ".join(f".param .u64 k_{i}" for i in range(len(operands) + 1))
    body = "\n".join((*lines, "ret;"))
    return f".visible .entry k({parameters})\n{{\n{body}\n}}"


NUMPY = {"s": "int", "u": "uint", "b": "uint", "f": "float"}


def dtype(type_: str) -> np.dtype[np.generic]:
    return np.dtype(NUMPY[type_[0]] + type_[1:])


def run(op: str, result: str, operands: list[str], *values: list[float]) -> HostArray:
    names = ", ".join(register(type_, i) for i, type_ in enumerate((result, *operands)))
    arrays = [np.array(value, dtype(type_)) for value, type_ in zip(values, operands, strict=True)]
    out = np.zeros(len(values[0]), dtype(result))
    interpret(kernel(f"{op} {names};", result, operands), 1, len(out), out, *arrays)
    return out


def wrapped(value: int, type_: str) -> int:
    bits = int(type_[1:])
    value &= (1 << bits) - 1
    return value - (1 << bits) if type_[0] == "s" and value >> (bits - 1) else value


INTERESTING = [0, 1, 2, 3, 7, 31, 32, 33, 255, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]


def truncated(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


BINARY: dict[str, Callable[[int, int, int], int]] = {
    "add": lambda a, b, n: a + b,
    "sub": lambda a, b, n: a - b,
    "mul.lo": lambda a, b, n: a * b,
    "mul.hi": lambda a, b, n: a * b >> n,
    "min": lambda a, b, n: min(a, b),
    "max": lambda a, b, n: max(a, b),
    "div": lambda a, b, n: truncated(a, b),
    "rem": lambda a, b, n: a - truncated(a, b) * b,
}


@pytest.mark.parametrize("type_", ["u32", "s32", "u64", "s64"])
@pytest.mark.parametrize("op", BINARY)
def test_whole_numbers(op: str, type_: str) -> None:
    pairs = list(itertools.product({wrapped(value, type_) for value in INTERESTING}, repeat=2))
    pairs = [(a, b) for a, b in pairs if b or op not in ("div", "rem")]
    a, b = zip(*pairs, strict=True)
    got = run(f"{op}.{type_}", type_, [type_, type_], list(a), list(b)).tolist()
    bits = int(type_[1:])
    assert got == [wrapped(BINARY[op](x, y, bits), type_) for x, y in pairs]


@pytest.mark.parametrize("type_", ["u32", "s32", "u64", "s64"])
def test_shifts_by_any_number(type_: str) -> None:
    bits = int(type_[1:])
    pairs = [(wrapped(a, type_), n) for a in INTERESTING for n in (0, 1, bits - 1, bits, 99)]
    a, n = (list(column) for column in zip(*pairs, strict=True))
    right = run(f"shr.{type_}", type_, [type_, "u32"], a, n).tolist()
    assert right == [x >> min(by, 200) for x, by in pairs]
    left = run(f"shl.b{bits}", f"u{bits}", [f"u{bits}", "u32"], [x % 2**bits for x in a], n)
    assert left.tolist() == [wrapped(x << by, f"u{bits}") for x, by in pairs]


@pytest.mark.parametrize("type_", ["u32", "s32"])
def test_products_of_double_width_and_sums(type_: str) -> None:
    pairs = list(itertools.product({wrapped(value, type_) for value in INTERESTING}, repeat=2))
    a, b = (list(column) for column in zip(*pairs, strict=True))
    wide = f"{type_[0]}64"
    got = run(f"mad.wide.{type_}", wide, [type_, type_, wide], a, b, [5] * len(a))
    assert got.tolist() == [x * y + 5 for x, y in pairs]


def test_carries_go_from_one_sum_to_the_next() -> None:
    code = """
      mov.b64 {%r1, %r2}, %rd1; mov.b64 {%r3, %r4}, %rd2;
      add.cc.u32 %r5, %r1, %r3; addc.u32 %r6, %r2, %r4; mov.b64 %rd0, {%r5, %r6};"""
    out = np.zeros(4, np.uint64)
    a = np.array([2**32 - 1, 2**64 - 1, 5, 2**63], np.uint64)
    b = np.array([1, 1, 7, 2**63 - 1], np.uint64)
    interpret(kernel(code, "u64", ["u64", "u64"]), 1, 4, out, a, b)
    assert out.tolist() == (a + b).tolist()
    less = code.replace("add.cc", "sub.cc").replace("addc", "subc")
    interpret(kernel(less, "u64", ["u64", "u64"]), 1, 4, out, a, b)
    assert out.tolist() == (a - b).tolist()


def test_bits() -> None:
    assert run("popc.b32", "u32", ["u32"], [0, 255, 2**32 - 1]).tolist() == [0, 8, 32]
    assert run("clz.b64", "u32", ["u64"], [0, 1, 2**63]).tolist() == [64, 63, 0]
    assert run("brev.b32", "u32", ["u32"], [1, 6]).tolist() == [2**31, 0x60000000]
    put = run("bfi.b64", "u64", ["u64", "u64", "u32", "u32"], [2**64 - 1], [0], [32], [31])
    assert put.tolist() == [(2**31 - 1) << 32]
    taken = run("bfe.s32", "s32", ["s32", "u32", "u32"], [0xF0, 0x70], [4, 4], [4, 4])
    assert taken.tolist() == [-1, 7]
    assert run("shf.l.wrap.b32", "u32", ["u32"] * 3, [1], [2], [33]).tolist() == [4]


# --- floats ------------------------------------------------------------------------------------

FLOATS = [0.0, -0.0, 1.0, -1.5, 3e-39, -1e-45, 65504.0, 3.4e38, math.inf, -math.inf, math.nan]


def single(values: Sequence[float]) -> F32:
    return np.array(values, np.float32)


def rounded(exact: Fraction, how: str) -> float:
    """An exact number as float32, by looking at both neighbours."""
    near = float(np.float32(float(exact)))
    steps = [
        float(np.nextafter(np.float32(near), np.float32(way))) for way in (-math.inf, math.inf)
    ]
    around = [x for x in (near, *steps) if math.isfinite(x)]
    if how == "rm":
        return max(x for x in around if Fraction(x) <= exact)
    if how == "rz":
        inside = [x for x in around if abs(Fraction(x)) <= abs(exact) and x * exact >= 0]
        return max(inside, key=abs)
    best = min(abs(Fraction(x) - exact) for x in around)
    nearest = [x for x in around if abs(Fraction(x) - exact) == best]
    return min(nearest, key=lambda x: int(np.float32(x).view(np.uint32)) & 1)


singles = st.floats(
    width=32, allow_nan=False, allow_infinity=False, min_value=-(2.0**50), max_value=2.0**50
)
products: list[tuple[str, Callable[[F32, F32, F32], F32]]] = [
    ("rn", fma32),
    ("rm", fma32_down),
    ("rz", fma32_zero),
]


@pytest.mark.parametrize(("how", "fused"), products, ids=["rn", "rm", "rz"])
@settings(max_examples=60, deadline=None)
@given(a=singles, b=singles, c=singles, near=st.integers(-2, 2))
def test_a_fused_product_is_rounded_once(
    how: str, fused: Callable[[F32, F32, F32], F32], a: float, b: float, c: float, near: int
) -> None:
    for addend in (c, float(np.float32(-a * b * (1 + near * 2.0**-24))), near * 2.0**-149):
        exact = Fraction(a) * Fraction(b) + Fraction(addend)
        with np.errstate(all="ignore"):
            got = float(fused(single([a]), single([b]), single([addend]))[0])
        assert got == rounded(exact, how)


def test_a_sum_just_between_two_numbers_goes_where_the_rest_is() -> None:
    # 1 + 2**-24 is between two float32; in float64 the rest, 2**-60, is lost.
    a, b = single([1 + 2**-12]), single([1 - 2**-12])  # 1 - 2**-24
    c = single([2.0**-23])
    assert fma32(a, b, c).tolist() == [1.0]  # 1 + 2**-24: to even
    x = single([2.0**-30])
    up = fma32(x, x, single([1 + 2**-23]))
    assert up.tolist() == [1 + 2**-23]


doubles = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=150, deadline=None)
@given(a=doubles, b=doubles, c=doubles, near=st.integers(-2, 2))
def test_a_fused_product_of_float64_is_rounded_once(
    a: float, b: float, c: float, near: int
) -> None:
    for addend in (c, -a * b * (1 + near * 2.0**-53), near * 5e-324):
        if not math.isfinite(addend):
            continue
        exact = Fraction(a) * Fraction(b) + Fraction(addend)
        try:
            wanted = float(exact)
        except OverflowError:
            wanted = math.inf if exact > 0 else -math.inf
        with np.errstate(all="ignore"):
            got = float(fma64(np.array([a]), np.array([b]), np.array([addend]))[0])
        assert got == wanted


def test_subnormal_numbers_are_flushed_only_where_the_instruction_says_so() -> None:
    tiny = [3e-39, -3e-39, 1.0]
    kept = run("mul.f32", "f32", ["f32", "f32"], tiny, [1.0] * 3)
    assert kept.tolist() == single(tiny).tolist()
    flushed = run("mul.ftz.f32", "f32", ["f32", "f32"], tiny, [1.0] * 3)
    assert flushed.tolist() == [0.0, 0.0, 1.0]
    assert np.signbit(flushed).tolist() == [False, True, False]
    assert run("ex2.approx.ftz.f32", "f32", ["f32"], [-130.0, 3.0]).tolist() == [0.0, 8.0]


def test_of_nan_and_a_number_the_number_is_least_and_greatest() -> None:
    a, b = [math.nan, 1.0, -0.0, 0.0, math.nan], [2.0, math.nan, 0.0, -0.0, math.nan]
    low = run("min.f32", "f32", ["f32", "f32"], a, b)
    high = run("max.f32", "f32", ["f32", "f32"], a, b)
    assert low[:4].tolist() == [2.0, 1.0, 0.0, 0.0]
    assert np.signbit(low[2:4]).all()
    assert not np.signbit(high[2:4]).any()
    assert np.isnan([low[4], high[4]]).all()


COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "eq": lambda a, b: a == b,
    "lt": lambda a, b: a < b,
    "gt": lambda a, b: a > b,
    "ne": lambda a, b: a < b or a > b,
    "neu": lambda a, b: a != b,
    "ltu": lambda a, b: not a >= b,
    "geu": lambda a, b: not a < b,
    "num": lambda a, b: a == a and b == b,
    "nan": lambda a, b: a != a or b != b,
}


@pytest.mark.parametrize("how", COMPARISONS)
def test_comparisons_know_nan(how: str) -> None:
    pairs = list(itertools.product(FLOATS, repeat=2))
    a, b = (single(column) for column in zip(*pairs, strict=True))
    out = np.zeros(len(pairs), np.uint32)
    code = f"setp.{how}.f32 %p1, %f1, %f2; selp.u32 %r0, 1, 0, %p1;"
    interpret(kernel(code, "u32", ["f32", "f32"]), 1, len(pairs), out, a, b)
    expected = [COMPARISONS[how](float(x), float(y)) for x, y in zip(a, b, strict=True)]
    assert out.astype(bool).tolist() == expected


def test_conversions() -> None:
    x = [2.5, -2.5, 3e9, -3e9, 1e30, math.nan]
    assert run("cvt.rni.s32.f32", "s32", ["f32"], x).tolist() == [
        *(2, -2, 2**31 - 1, -(2**31), 2**31 - 1, 0)
    ]
    assert run("cvt.rzi.u32.f32", "u32", ["f32"], x).tolist() == [2, 0, 3000000000, 0, 2**32 - 1, 0]
    assert run("cvt.rmi.s64.f64", "s64", ["f64"], [-2.5, math.nan]).tolist() == [-3, -(2**63)]
    assert run("cvt.rn.f32.s64", "f32", ["s64"], [2**24 + 1, -(2**62)]).tolist() == [
        *(2.0**24, -(2.0**62))
    ]
    assert run("cvt.sat.f32.f32", "f32", ["f32"], [-1.0, 0.5, 7.0, math.nan]).tolist() == [
        *(0.0, 0.5, 1.0, 0.0)
    ]
    assert run("cvt.s32.s8", "s32", ["s8"], [-1, 127]).tolist() == [-1, 127]
    assert run("cvt.u64.u32", "u64", ["u32"], [2**32 - 1]).tolist() == [2**32 - 1]
    assert run("cvt.s64.s32", "s64", ["s32"], [-5]).tolist() == [-5]
    assert run("cvt.u8.u32", "u8", ["u32"], [0x1FF]).tolist() == [0xFF]
    assert run("cvt.rn.bf16.f32", "u16", ["f32"], [1.0, math.nan]).tolist() == [0x3F80, 0x7FFF]
    assert run("cvt.rn.f16.f32", "u16", ["f32"], [1.5, 1e9]).tolist() == [0x3E00, 0x7C00]


# --- what is not known, or undefined -------------------------------------------------------------


def test_an_instruction_that_is_not_known_is_named() -> None:
    with pytest.raises(PtxError, match=r"no meaning here: frobnicate\.u32 %r0, %r1"):
        run("frobnicate.u32", "u32", ["u32"], [1])
    with pytest.raises(PtxError, match=r"add\.rp\.f32 .*; rp is not understood"):
        run("add.rp.f32", "f32", ["f32", "f32"], [1.0], [1.0])
    with pytest.raises(PtxError, match=r"add\.f32 %f0, %x1, .*; %x1 is not known"):
        interpret(kernel("add.f32 %f0, %x1, %f1;", "f32", ["f32"]), 1, 1, *[np.zeros(1)] * 2)


def test_a_division_by_zero_names_the_thread() -> None:
    with pytest.raises(
        SimulationError, match=r"k: thread \(1, 0, 0\) of .* divides a whole number"
    ):
        run("div.s32", "s32", ["s32", "s32"], [1, 1], [1, 0])
