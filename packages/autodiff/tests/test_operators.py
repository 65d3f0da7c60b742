"""Every operator record on Scalars: its derivatives against differences, at smooth points."""

import math
from collections.abc import Callable

import pytest

from minitorch_autodiff import Scalar, grad, gradcheck, gradgradcheck
from minitorch_operators import ALL, Operator, Ternary, Unary

LINE = ((-2.3,), (-0.7,), (0.4,), (1.3,), (2.6,))
POSITIVE = ((0.2,), (0.7,), (1.3,), (2.6,), (5.1,))
UNIT = ((-0.85,), (-0.6,), (-0.1,), (0.35,), (0.9,))
PAIRS = ((-2.3, 1.4), (-0.7, -1.6), (0.4, 2.6), (1.3, -0.3), (2.6, 0.8))
TRIPLES = ((-2.3, 1.4, 0.6), (0.7, -1.6, 0.2), (0.4, -0.9, 2.6), (1.3, -0.3, 0.9))
SHRINK = ((-2.3, 0.5), (-0.2, 0.5), (0.4, 0.5), (2.6, 0.8))
SHAPED = ((-2.3, 1.0), (-0.7, 0.5), (0.4, 1.5), (2.6, 2.0))
BOUNDED = ((-2.3, -1.0, 1.0), (-0.7, -1.0, 0.5), (0.4, 0.5, 2.0), (2.6, -1.0, 2.0))
DIVISIONS = ((1.1, -1.0), (-1.1, 1.0), (0.05, -0.3), (7.01, 0.1), (-6.5, -0.9))

# Where the defaults are outside the domain, or at a kink.
POINTS: dict[str, tuple[tuple[float, ...], ...]] = {
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "rsqrt"), POSITIVE),
    **dict.fromkeys(("asin", "acos", "atanh", "erfinv"), UNIT),
    **dict.fromkeys(("remainder", "fmod", "floor_divide"), DIVISIONS),
    **dict.fromkeys(("leaky_relu", "elu", "celu"), SHAPED),
    **dict.fromkeys(("hardshrink", "softshrink"), SHRINK),
    **dict.fromkeys(("clamp", "hardtanh"), BOUNDED),
    **dict.fromkeys(("igamma", "igammac"), ((0.4, 1.7), (1.3, 0.6), (2.6, 2.2), (21.5, 23.1))),
    **dict.fromkeys(("entr", "bessel_y0", "bessel_y1"), POSITIVE),
    **dict.fromkeys(("modified_bessel_k0", "modified_bessel_k1"), POSITIVE),
    **dict.fromkeys(("scaled_modified_bessel_k0", "scaled_modified_bessel_k1"), POSITIVE),
    "ndtri": ((0.1,), (0.35,), (0.5,), (0.62,), (0.9,)),
    "xlog1py": ((-2.3, 0.6), (0.4, 1.7), (1.3, -0.2), (2.6, 5.1)),
    "zeta": ((2.3, 1.4), (3.0, 0.7), (1.6, 2.6), (4.2, 5.1)),
    "log1p": ((-0.9,), (-0.5,), (0.1,), (0.7,), (3.2,)),
    "acosh": ((1.1,), (1.5,), (2.3,), (4.2,), (7.9,)),
    "logit": ((0.1,), (0.35,), (0.5,), (0.62,), (0.9,)),
    "pow": ((0.4, 2.0), (1.3, -0.7), (2.6, 3.1), (0.8, -2.0), (5.1, 0.5)),
    "xlogy": ((-2.3, 0.6), (0.4, 1.7), (1.3, 2.2), (2.6, 5.1)),
    "where": ((0.0, 1.3, -0.7), (1.0, 1.3, -0.7)),
}


def rules(operator: Operator) -> tuple[object | None, ...]:
    return (operator.vjp,) if isinstance(operator, Unary) else operator.vjps


def function(operator: Operator) -> Callable[..., Scalar]:
    def call(*xs: Scalar) -> Scalar:
        if isinstance(operator, Unary):
            return operator(xs[0])
        if isinstance(operator, Ternary):
            return operator(xs[0], xs[1], xs[2])
        return operator(xs[0], xs[1])

    return call


def points(operator: Operator) -> tuple[tuple[float, ...], ...]:
    return POINTS.get(operator.name, (LINE, PAIRS, TRIPLES)[len(rules(operator)) - 1])


def leaves(operator: Operator, point: tuple[float, ...]) -> list[Scalar]:
    """Operands that require grad where a rule gives them one."""
    return [
        Scalar(x, requires_grad=rule is not None)
        for x, rule in zip(point, rules(operator), strict=True)
    ]


CASES = [
    pytest.param(operator, point, id=f"{name}{point}")
    for name, operator in ALL.items()
    for point in points(operator)
    if any(rules(operator))
]


@pytest.mark.parametrize(("operator", "point"), CASES)
def test_first_derivative(operator: Operator, point: tuple[float, ...]) -> None:
    assert gradcheck(function(operator), leaves(operator, point), atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize(("operator", "point"), CASES)
def test_second_derivative(operator: Operator, point: tuple[float, ...]) -> None:
    assert gradgradcheck(function(operator), leaves(operator, point), atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize("operator", ALL.values(), ids=list(ALL))
def test_numbers_may_stand_in_for_scalars(operator: Operator) -> None:
    for point in points(operator):
        f = function(operator)
        expected = f(*(Scalar(x) for x in point)).data
        for tracked in range(len(point)):
            xs = [Scalar(x, requires_grad=i == tracked) for i, x in enumerate(point)]
            assert f(*xs).data == expected


@pytest.mark.parametrize("operator", ALL.values(), ids=list(ALL))
def test_an_operand_with_no_rule_gets_no_gradient(operator: Operator) -> None:
    for point in points(operator):
        xs = [Scalar(x, requires_grad=True) for x in point]
        y = function(operator)(*xs)
        assert y.requires_grad == any(rules(operator))
        if y.requires_grad:
            y.backward()
        for x, rule in zip(xs, rules(operator), strict=True):
            assert (x.grad is None) == (rule is None)


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("exp", 0.5, math.exp(0.5)),
        ("sin", 0.5, -math.cos(0.5)),
        ("log", 0.5, 2 / 0.5**3),
        ("inv", 0.5, -6 / 0.5**4),
        ("sqrt", 0.5, 3 / 8 * 0.5**-2.5),
        ("tanh", 0.5, (6 * math.tanh(0.5) ** 2 - 2) / math.cosh(0.5) ** 2),
    ],
)
def test_third_derivative(name: str, x: float, expected: float) -> None:
    operator = ALL[name]
    assert isinstance(operator, Unary)
    leaf = Scalar(x, requires_grad=True)
    y = operator(leaf)
    for _ in range(3):
        (y,) = grad(y, leaf, create_graph=True)
    assert y.data == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["gelu", "sigmoid", "softplus", "erf", "atan", "mish", "cosh"])
def test_third_derivative_against_differences(name: str) -> None:
    operator = ALL[name]
    assert isinstance(operator, Unary)

    def first(x: Scalar) -> Scalar:
        return grad(operator(x), x, create_graph=True)[0]

    assert gradgradcheck(first, Scalar(0.6, requires_grad=True), atol=1e-7, rtol=1e-6)
