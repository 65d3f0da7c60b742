"""Bits, divisors, parts of floats and complex vocabulary: edges, errors, laws."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_tensor import Tensor

F, N, B = mt.tensor([1.5, -2.0, 0.0]), mt.tensor([6, -4, 0]), mt.tensor([True, False, True])

# ---- errors ------------------------------------------------------------------------------------

ERRORS: list[tuple[Callable[[], object], type[Exception], str]] = [
    (
        lambda: F & 1,
        RuntimeError,
        "bitwise_and: not defined for minitorch.float32 tensors; convert",
    ),
    (lambda: N & 1.5, RuntimeError, "bitwise_and: not defined for minitorch.float32 tensors"),
    (lambda: 1.5 << N, RuntimeError, "bitwise_left_shift: not defined for minitorch.float32"),
    (lambda: B << True, RuntimeError, "bitwise_left_shift: not defined for minitorch.bool tensors"),
    (lambda: ~F, TypeError, "~ is defined for integer and bool tensors only, but got minitorch.fl"),
    (lambda: mt.bitwise_not(F), RuntimeError, "bitwise_not: not defined for minitorch.float32"),
    (lambda: mt.gcd(F, F), RuntimeError, "gcd: not defined for minitorch.float32 tensors; conver"),
    (lambda: mt.lcm(B, B), RuntimeError, "lcm: not defined for minitorch.bool tensors"),
    (lambda: mt.frexp(N), RuntimeError, "frexp: only floating-point dtypes are supported, but got"),
    (
        lambda: mt.nextafter(N, N),
        RuntimeError,
        "nextafter: not defined for minitorch.int64 tensors",
    ),
    (
        lambda: mt.heaviside(F, F.double()),
        RuntimeError,
        "heaviside: input and values must have one",
    ),
    (lambda: mt.logaddexp2(N, N), RuntimeError, "logaddexp2: not defined for minitorch.int64 tens"),
    (lambda: mt.positive(B), RuntimeError, "positive: not defined for bool tensors"),
    (lambda: mt.rsub(B, 1), RuntimeError, "sub: not defined for minitorch.bool tensors"),
    (lambda: mt.rsub(N, 2, alpha=0.5), RuntimeError, "rsub: for integral input tensors, argument"),
    (lambda: F - True, RuntimeError, "sub: not defined for minitorch.bool tensors"),
    (lambda: True - F, RuntimeError, "sub: not defined for minitorch.bool tensors"),
    (
        lambda: mt.lerp(F, F.double(), 0.5),
        RuntimeError,
        "lerp: expected dtype minitorch.float32 for",
    ),
    (lambda: mt.clamp(B, B, B), RuntimeError, "clamp: not defined for minitorch.bool tensors"),
    (lambda: mt.is_nonzero(F), RuntimeError, "more than one value is ambiguous"),
    (
        lambda: mt.imag(F),
        RuntimeError,
        "imag: not defined for minitorch.float32 tensors: complex num",
    ),
    (lambda: F.imag, RuntimeError, "complex numbers are out of scope"),
    (
        lambda: mt.complex(F, F),
        RuntimeError,
        "complex: complex numbers are out of scope; keep real",
    ),
    (lambda: mt.polar(F, F), RuntimeError, "polar: complex numbers are out of scope; keep real"),
    (lambda: complex(F), ValueError, "only one element tensors can be converted"),
    (lambda: N.clone().acos_(), RuntimeError, "acos_: result type minitorch.float32 can't be cast"),
    (
        lambda: N.clone().float_power_(2),
        RuntimeError,
        "float_power_: the result has dtype minitorch",
    ),
    (lambda: N.clone().__iand__(F), RuntimeError, "bitwise_and_?: .*float32"),
]


@pytest.mark.parametrize(("call", "error", "text"), ERRORS, ids=[text for *_, text in ERRORS])
def test_an_error_says_what_is_wrong(
    call: Callable[[], object], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text if "?" in text else re.escape(text)):
        call()


WRONG = [
    *("gcd", "lcm", "heaviside", "nextafter", "ldexp", "is_same_size"),
]


@pytest.mark.parametrize("name", WRONG)
def test_a_number_for_a_tensor_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name}: argument '(other|values)' must be a Tensor, not"):
        getattr(mt, name)(N, 2)


@pytest.mark.parametrize(
    "text",
    [*(f"x {symbol} 'a'" for symbol in ("&", "|", "^", "<<", ">>", "@")), "divmod(x, 2)", "a @ x"],
)
def test_what_is_not_defined_is_pythons_error(text: str) -> None:
    with pytest.raises(TypeError, match="unsupported operand type"):
        eval(text, {"x": N, "a": np.ones((3, 3))})


def test_the_derivative_of_heaviside_is_refused() -> None:
    for x, values in ((F.clone().requires_grad_(), F), (F, F.clone().requires_grad_())):
        y = mt.heaviside(x, values)
        assert y.requires_grad
        with pytest.raises(RuntimeError, match="heaviside: its derivative is not implemented"):
            y.sum().backward()


# ---- edges -------------------------------------------------------------------------------------


def test_a_real_tensor_is_its_own_conjugate() -> None:
    for function in (mt.real, mt.conj, mt.conj_physical, mt.resolve_conj, mt.resolve_neg):
        assert function(F) is F
    assert F.real is F
    assert +F is F
    assert mt.positive(F) is F


def test_shifts_beyond_the_width() -> None:
    x = mt.tensor([-128, 127, 5], dtype=mt.int8)
    assert (x << 8).tolist() == [0, 0, 0]
    assert (x << -1).tolist() == [0, 0, 0]
    assert (x >> 100).tolist() == [-1, 0, 0]
    assert (x >> -1).tolist() == [-1, 0, 0]
    assert (mt.tensor([200], dtype=mt.uint8) << 1).tolist() == [144]
    assert (mt.tensor([-(2**63)]) >> 62).tolist() == [-2]


def test_a_mask_beside_an_integer_is_an_integer() -> None:
    assert (B & 3).dtype is mt.int64
    assert (B & True).dtype is mt.bool_
    assert (B << 1).tolist() == [2, 0, 2]
    assert (N ^ B).tolist() == [7, -4, 1]
    assert (N & mt.tensor([200, 3, 0], dtype=mt.uint8)).dtype is mt.int64


def test_the_parts_of_the_smallest_number() -> None:
    x = mt.tensor([5e-324, -0.0, math.inf, math.nan], dtype=mt.float64)
    mantissa, exponent = mt.frexp(x)
    assert repr(mantissa.tolist()) == "[0.5, -0.0, inf, nan]"
    assert exponent.tolist() == [-1073, 0, 0, 0]
    assert exponent.dtype is mt.int32
    assert repr(mt.frexp(mt.tensor([8.0]))).startswith("Frexp(\nmantissa=Tensor([0.5000]")


def test_the_gradient_of_a_mantissa_is_exact_for_small_numbers() -> None:
    x = mt.tensor([1e-300, 8.0, 0.0], dtype=mt.float64, requires_grad=True)
    mt.frexp(x).mantissa.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2.0**996, 1 / 16, 1.0]


def test_the_second_derivative_of_sinc_at_zero() -> None:
    x = mt.tensor([0.0, 1e-3], dtype=mt.float64, requires_grad=True)
    (first,) = mt.autograd.grad(mt.sinc(x).sum(), x, create_graph=True)
    assert first is not None
    (second,) = mt.autograd.grad(first.sum(), x)
    assert second is not None
    np.testing.assert_allclose(second.tolist(), -(math.pi**2) / 3, rtol=1e-5)


def test_integers_divide_exactly() -> None:
    x = mt.tensor([2**62 + 1, -(2**62) - 1, 2**63 - 1])
    assert (x // 3).tolist() == [(2**62 + 1) // 3, (-(2**62) - 1) // 3, (2**63 - 1) // 3]
    assert mt.div(x, 1, rounding_mode="trunc").tolist() == x.tolist()


def test_operators_write_in_place() -> None:
    x = y = mt.tensor([6, 5, 4])
    x &= 6
    x |= 1
    x ^= 2
    x <<= 3
    x >>= 1
    assert x is y
    assert x.tolist() == [((v & 6 | 1) ^ 2) << 3 >> 1 for v in (6, 5, 4)]


@pytest.mark.parametrize("number", [7, 7.5, -7])
def test_a_number_comes_first(number: float) -> None:
    x = mt.tensor([2, -3])
    y = mt.full((2,), number)
    assert mt.mul(number, x).tolist() == (y * x).tolist()
    assert mt.remainder(number, x).tolist() == (y % x).tolist()
    assert mt.floor_divide(number, x).tolist() == (y // x).tolist()
    assert mt.true_divide(number, x).tolist() == pytest.approx((y / x).tolist())
    for mode in ("floor", "trunc"):
        expected = mt.div(y, x, rounding_mode=mode)
        found = vars(mt)["div"](number, x, rounding_mode=mode)
        assert found.tolist() == expected.tolist()
    with pytest.raises(TypeError, match="eq: argument 'input' must be a Tensor, not"):
        vars(mt)["eq"](number, x)


def test_reversed_turns_every_dimension() -> None:
    assert reversed(mt.tensor([[1, 2], [3, 4]])).tolist() == [[4, 3], [2, 1]]
    assert reversed(mt.tensor(3)).item() == 3


def test_matmul_from_the_right() -> None:
    x = mt.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert x.__rmatmul__(mt.eye(2)).tolist() == x.tolist()
    assert complex(mt.tensor([2.5])) == 2.5 + 0j


def test_a_function_in_place_is_a_method_and_a_function() -> None:
    x = mt.tensor([0.5, -0.5])
    assert mt.acos_(x) is x
    assert mt.logit_(mt.tensor([0.5, 2.0]), eps=0.25).tolist() == pytest.approx([0, math.log(3)])
    assert Tensor.arccos_ is mt.acos_
    assert mt.acos_.__name__ == "acos_"
    assert "torch.Tensor.acos_.html" in (mt.acos_.__doc__ or "")


# ---- laws --------------------------------------------------------------------------------------

whole = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.tuples(whole, whole), min_size=1, max_size=5))
@settings(max_examples=100)
def test_bits_are_those_of_pythons_integers(pairs: list[tuple[int, int]]) -> None:
    a, b = (mt.tensor(list(column)).to("numpy") for column in zip(*pairs, strict=True))
    assert (a & b).tolist() == [x & y for x, y in pairs]
    assert (a | b).tolist() == [x | y for x, y in pairs]
    assert (a ^ b).tolist() == [x ^ y for x, y in pairs]
    assert (~a).tolist() == [~x for x, _ in pairs]
    assert (a ^ b ^ b).tolist() == a.tolist()


@given(whole.filter(lambda n: n > -(2**63)), whole.filter(lambda n: n > -(2**63)))
@settings(max_examples=100)
def test_a_common_divisor_is_the_greatest(a: int, b: int) -> None:
    x, y = mt.tensor(a).to("numpy"), mt.tensor(b).to("numpy")
    assert mt.gcd(x, y).item() == math.gcd(a, b)
    if abs(math.lcm(a, b)) < 2**63:
        assert mt.lcm(x, y).item() == math.lcm(a, b)


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=100)
def test_a_number_is_its_mantissa_times_a_power_of_two(x: float) -> None:
    mantissa, exponent = mt.frexp(mt.tensor(x, dtype=mt.float64).to("numpy"))
    assert math.ldexp(mantissa.item(), int(exponent.item())) == x
    assert x == 0 or 0.5 <= abs(mantissa.item()) < 1


@given(st.floats(width=32, allow_nan=False), st.floats(width=32, allow_nan=False))
@settings(max_examples=100)
def test_there_is_no_number_between_neighbours(a: float, b: float) -> None:
    x, y = mt.tensor(a).to("numpy"), mt.tensor(b).to("numpy")
    assert mt.nextafter(x, y).item() == float(np.nextafter(np.float32(a), np.float32(b)))
