"""Rows: bits and divisors of integers, more pointwise functions, and each of them in place.

Writing in place is one thing for all functions, so a row here goes through several of them; which
dtypes each takes, `packages/tensor/tests/test_elementwise_inplace.py` compares one by one.
"""

from __future__ import annotations

from types import ModuleType

from .table import ABOVE_ONE, POSITIVE, UNIT, Call, Given, Row, Tensor, X, method, named, row

COLUMN, ROW = Given((3, 1)), Given((4,))


def rows() -> list[Row]:
    """All of them."""
    return [*_functions(), *_bounds(), *_integers(), *_operators(), *_facts(), *_inplace()]


def _functions() -> list[Row]:
    return [
        row("angle", named("angle"), double=False, edges=True),
        row("sgn", named("sgn"), edges=True),
        row("signbit", named("signbit"), gradient=False, edges=True),
        row("sinc", named("sinc"), edges=True),
        row("isneginf", named("isneginf"), gradient=False, edges=True),
        row("isposinf", named("isposinf"), gradient=False, edges=True),
        row("isreal", named("isreal"), gradient=False),
        row("positive", named("positive")),
        row("+x", lambda lib, x: +x),
        row("frexp mantissa", lambda lib, x: lib.frexp(x).mantissa, edges=True),
        row("frexp exponent", lambda lib, x: x.frexp()[1], gradient=False, edges=True),
        row("logit", named("logit"), POSITIVE, edges=True),
        row("logit eps", method("logit", 0.2), X, edges=True),
        row("logit eps, crossed", method("logit", eps=0.7), POSITIVE),
        row("logaddexp2", named("logaddexp2"), X, X),
        row("nextafter", named("nextafter"), X, X, edges=True),
        row("nextafter, broadcast", named("nextafter"), COLUMN, ROW, double=False),
        row("ldexp", lambda lib, x, y: lib.ldexp(x, y.round()), X, Given((4,))),
        row("heaviside", named("heaviside"), X, X, gradient=False, edges=True),
        row("rsub", named("rsub"), X, COLUMN),
        row("rsub alpha", lambda lib, x: lib.rsub(x, 3, alpha=2)),
        row("float_power", named("float_power"), POSITIVE, X, dtypes=False),
        row("float_power, number", lambda lib, x: lib.float_power(x, 3)),
        row("float_power of a number", lambda lib, x: lib.float_power(2, x)),
        row("mul of a number", lambda lib, x: lib.mul(2.5, x)),
        row("remainder of a number", lambda lib, x: lib.remainder(5, x + 3), gradient=False),
        row("xlogy of a number", lambda lib, x: lib.xlogy(2, x), POSITIVE),
        row("subtract alpha", lambda lib, x, y: lib.subtract(x, y, alpha=2), X, X),
        row("divide floor", lambda lib, x: x.divide(2, rounding_mode="floor"), gradient=False),
        row("nan_to_num", lambda lib, x: lib.nan_to_num(x, 1.5, 7.0, -7.0), edges=True),
    ]


def _bounds() -> list[Row]:
    """Bounds that are tensors: who gets the gradient, also where they cross, or are met."""
    ties = Given((3, 4), "ties")

    def number(lib: ModuleType, x: Tensor) -> Tensor:
        return lib.clamp(x, lib.tensor(-0.5).to(x.device), lib.tensor(0.5).to(x.device))

    return [
        row("clamp tensors", named("clamp"), X, COLUMN, ROW),
        row("clamp tensors of ties", named("clamp"), ties, ties, Given((4,), "ties")),
        row("clamp min tensor", lambda lib, x, y: lib.clamp(x, min=y), X, ROW),
        row("clamp max tensor", lambda lib, x, y: x.clamp(max=y), X, COLUMN),
        row("clamp 0-d tensors", number),
        row("clamp_min tensor", named("clamp_min"), ties, ties),
        row("clamp_max tensor", named("clamp_max"), ties, ties),
        row("clamp_min", method("clamp_min", 0.5)),
        row("clamp_max", method("clamp_max", 1)),
    ]


def _whole(lib: ModuleType, x: Tensor) -> Tensor:
    """Integers of x: 7 times as large, so that they have bits."""
    return (x * 7).to(lib.int32) if x.dtype.is_floating_point else x


def _of_integers(name: str) -> Call:
    return lambda lib, *xs: getattr(lib, name)(*(_whole(lib, x) for x in xs))


def _integers() -> list[Row]:
    names = ("bitwise_and", "bitwise_or", "bitwise_xor", "gcd", "lcm")
    shifts = ("bitwise_left_shift", "bitwise_right_shift")
    return [
        *(row(n, _of_integers(n), X, X, gradient=False) for n in names),
        *(row(n, _of_integers(n), X, ABOVE_ONE, gradient=False) for n in shifts),
        *(row(f"{n} by any number", _of_integers(n), X, X, gradient=False) for n in shifts),
        row("bitwise_not", _of_integers("bitwise_not"), gradient=False),
        row(
            "bitwise_and of mixed",
            lambda lib, x, i: lib.bitwise_and(_whole(lib, x), i),
            X,
            Given((3, 4), "index9"),
            gradient=False,
        ),
        row(
            "bitwise_or, numbers",
            lambda lib, x: lib.bitwise_or(5, lib.bitwise_or(_whole(lib, x), 2)),
            gradient=False,
        ),
    ]


def _operators() -> list[Row]:
    def symbols(lib: ModuleType, x: Tensor, y: Tensor) -> Tensor:
        a, b = _whole(lib, x), _whole(lib, y)
        return ((a & b) | (~a ^ b)) - (a | 3) * (5 & b) + (6 ^ a) + (1 | b)

    def shifts(lib: ModuleType, x: Tensor) -> Tensor:
        a = _whole(lib, x)
        return (a << 2) + (a >> 1) + (3 << (a & 3)) + (100 >> (a & 3))

    def assigned(lib: ModuleType, x: Tensor, y: Tensor) -> Tensor:
        a, b = _whole(lib, x) * 1, _whole(lib, y)
        a &= b
        a |= 4
        a ^= b
        a <<= 2
        a >>= 1
        return a

    masks = Given((3, 4), "mask"), Given((4,), "mask")
    return [
        row("& | ^ ~", symbols, X, X, gradient=False),
        row("<< >>", shifts, gradient=False),
        row("&= |= ^= <<= >>=", assigned, X, X, gradient=False),
        row("& | ^ ~ of masks", lambda lib, x, y: (x & y) | (~x ^ y), *masks, gradient=False),
        row("mask & number", lambda lib, x: (x & True) ^ False, masks[0], gradient=False),
        row("mask << number", lambda lib, x: x << 2, masks[0], gradient=False),
    ]


def _facts() -> list[Row]:
    """Answers that are no tensors, as a tensor."""

    def fact(name: str, call: Call, *inputs: Given) -> Row:
        return row(
            name,
            lambda lib, *xs: lib.tensor(call(lib, *xs), device=xs[0].device),
            *(inputs or (X,)),
            gradient=False,
        )

    return [
        fact("is_complex", lambda lib, x: [lib.is_complex(x), x.is_complex()]),
        fact("is_conj", lambda lib, x: [lib.is_conj(x), x.is_conj()]),
        fact("is_neg", lambda lib, x: [lib.is_neg(x), x.is_neg()]),
        fact("is_nonzero", lambda lib, x: [lib.is_nonzero(x), x.is_nonzero()], Given((1, 1))),
        fact("is_same_size", lambda lib, x, y: x.is_same_size(y), X, ROW),
        fact("complex()", lambda lib, x: [complex(x).real, complex(x).imag], Given(())),
        row("real", lambda lib, x: lib.real(x) + x.real),
        row("conj", lambda lib, x: x.conj() + lib.conj(x)),
        row("resolve_conj", lambda lib, x: x.resolve_conj() + lib.resolve_neg(x)),
    ]


def _inplace() -> list[Row]:
    return [
        _writes(
            X, "abs_ arctan_ ceil_ cos_ cosh_ deg2rad_ erf_ erfc_ exp2_ exp_ expm1_ fix_ floor_"
        ),
        _writes(X, "floor_ frac_ neg_ rad2deg_ reciprocal_ relu_ round_ sgn_ sigmoid_ sign_ sin_"),
        _writes(X, "sinc_ sinh_ square_ tan_ tanh_ nan_to_num_ conj_physical_"),
        _writes(POSITIVE, "log10_ log1p_ log2_ log_ logit_ rsqrt_ sqrt_ acos_ asin_"),
        _writes(X, "eq_ ne_ lt_ le_ gt_ ge_ copysign_ fmod_ remainder_", X),
        _writes(POSITIVE, "atan2_ hypot_ xlogy_ true_divide_ pow_ nextafter_", POSITIVE),
        # PyTorch has no derivative of these in place, or passes the gradient through them.
        _writes(X, "asinh_ logical_not_", gradient=False),
        _writes(UNIT, "atanh_", gradient=False),
        _writes(ABOVE_ONE, "acosh_", gradient=False),
        _writes(X, "logical_and_ logical_or_ logical_xor_", X, gradient=False),
        row("heaviside_", lambda lib, x, y: (x * 1).heaviside_(y), X, ROW, gradient=False),
        row("ldexp_", lambda lib, x, y: (x * 1).ldexp_(y), X, ROW),
        row(
            "float_power_",
            lambda lib, x, y: (x.double() * 1).float_power_(y),
            POSITIVE,
            ROW,
            dtypes=False,
        ),
        row("clip_", lambda lib, x, y: (x * 1).clip_(min=y), X, ROW),
        row("logit_ eps", lambda lib, x: lib.logit_(x * 1, 0.2), POSITIVE),
        row("round_ decimals", lambda lib, x: (x * 1).round_(decimals=1), gradient=False),
        *(
            row(n, _integer_write(n), X, X, gradient=False)
            for n in ("bitwise_and_", "bitwise_or_", "bitwise_xor_", "gcd_", "lcm_")
        ),
        *(
            row(n, _integer_write(n), X, ABOVE_ONE, gradient=False)
            for n in ("bitwise_left_shift_", "bitwise_right_shift_")
        ),
        row("bitwise_not_", _integer_write("bitwise_not_"), gradient=False),
    ]


def _writes(given: Given, names: str, *others: Given, gradient: bool = True) -> Row:
    """Several functions in place, each on a new copy; some are functions of the library too."""

    def call(lib: ModuleType, x: Tensor, *rest: Tensor) -> Tensor:
        results = []
        for name in names.split():
            function = getattr(lib, name, None) if not rest else None
            copy = x * 1
            results.append(function(copy) if function else getattr(copy, name)(*rest))
        return lib.stack(results)

    return row(names, call, given, *others, dtypes=False, gradient=gradient, alike=True)


def _integer_write(name: str) -> Call:
    def call(lib: ModuleType, *xs: Tensor) -> Tensor:
        x, *rest = (_whole(lib, each) for each in xs)
        return getattr(x.clone(), name)(*rest)

    return call
