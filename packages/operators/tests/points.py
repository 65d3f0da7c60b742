"""Where operators are tested: inside their domain, and at the edges of floating-point numbers."""

import math
from itertools import product

from minitorch_operators import ALL, Operator, Ternary, Unary

INF, NAN = math.inf, math.nan

_LINE = (-2.3, -0.7, 0.4, 1.3, 2.6)
_POSITIVE = (0.2, 0.7, 1.3, 2.6, 5.1)
_UNIT = (-0.85, -0.6, -0.1, 0.35, 0.9)
_PAIRS = ((-2.3, 1.4), (-0.7, -1.6), (0.4, 2.6), (1.3, -0.3), (2.6, 0.8))
_TRIPLES = ((-2.3, 1.4, 0.6), (0.7, -1.6, 0.2), (0.4, -0.9, 2.6), (1.3, -0.3, 0.9))

# Points with a neighbourhood in the domain and no kink.
_INSIDE: dict[str, tuple[tuple[float, ...], ...]] = {
    **{name: tuple((x,) for x in _POSITIVE) for name in ("log", "log2", "log10", "sqrt", "rsqrt")},
    **{name: tuple((x,) for x in _UNIT) for name in ("asin", "acos", "atanh", "erfinv")},
    "log1p": tuple((x,) for x in (-0.9, -0.5, 0.1, 0.7, 3.2)),
    "acosh": tuple((x,) for x in (1.1, 1.5, 2.3, 4.2, 7.9)),
    "logit": tuple((x,) for x in (0.1, 0.35, 0.5, 0.62, 0.9)),
    "ndtri": tuple((x,) for x in (0.1, 0.35, 0.5, 0.62, 0.9)),
    "entr": tuple((x,) for x in _POSITIVE),
    "xlog1py": ((-2.3, 0.6), (0.4, 1.7), (1.3, -0.2), (2.6, 5.1)),
    "zeta": ((2.3, 1.4), (3.0, 0.7), (1.6, 2.6), (4.2, 5.1)),
    **{
        name: ((0.4, 1.7), (1.3, 0.6), (2.6, 2.2), (4.1, 9.3), (21.5, 23.1))
        for name in ("igamma", "igammac")
    },
    "relu6": ((-1.2,), (0.4,), (3.3,), (5.7,), (8.1,)),
    "softplus": ((-2.3,), (-0.7,), (0.4,), (1.3,), (21.5,)),
    "hardsigmoid": ((-4.2,), (-1.7,), (0.4,), (2.6,), (4.1,)),
    "hardswish": ((-4.2,), (-1.7,), (0.4,), (2.6,), (4.1,)),
    "pow": ((0.4, 2.0), (1.3, -0.7), (2.6, 3.1), (0.8, -2.0), (5.1, 0.5)),
    "xlogy": ((-2.3, 0.6), (0.4, 1.7), (1.3, 2.2), (2.6, 5.1)),
    "leaky_relu": ((-2.3, 0.01), (-0.7, 0.3), (1.3, 0.2), (2.6, 0.01)),
    "elu": ((-2.3, 1.0), (-0.7, 0.5), (0.4, 1.5), (2.6, 1.0)),
    "celu": ((-2.3, 1.0), (-0.7, 0.5), (0.4, 1.5), (2.6, 2.0)),
    "hardshrink": ((-2.3, 0.5), (-0.2, 0.5), (0.4, 0.5), (2.6, 0.8)),
    "softshrink": ((-2.3, 0.5), (-0.2, 0.5), (0.4, 0.5), (2.6, 0.8)),
    "hardtanh": ((-2.3, -1.0, 1.0), (-0.7, -1.0, 0.5), (0.4, 0.5, 2.0), (2.6, -1.0, 3.0)),
    "clamp": ((-2.3, -1.0, 1.0), (-0.7, -1.0, 0.5), (0.4, 0.5, 2.0), (2.6, -1.0, 2.0)),
    "floor_divide": (
        *((1.1, -1.0), (-1.1, 1.0), (0.05, -0.3), (-0.05, 0.3), (7.0, 0.1), (-6.3, -0.7)),
        *((1e17, 0.3), (-9.1e15, 0.7), (3.3e16, 1e-3), (1e300, 7.7)),  # a / b is not exact
        (544843.4604505618, 0.002620529284212911),  # a - m is not exact, and q falls short
        (-1.05, 0.2),
    ),
    "remainder": (
        (1.1, -1.0),
        (-1.05, 0.2),
        (-1.1, 1.0),
        (0.05, -0.3),
        (-0.05, 0.3),
        (7.01, 0.1),
        (-6.4, -0.9),
    ),
    "fmod": ((1.1, -1.0), (-1.1, 1.0), (0.05, -0.3), (-0.05, 0.3), (7.01, 0.1), (-6.4, -0.9)),
    "frexp_mantissa": ((-2.3,), (-0.7,), (0.4,), (1.3,), (2.6,)),
    "where": ((0.0, 1.3, -0.7), (1.0, 1.3, -0.7)),
}

EDGES = (
    *(NAN, INF, -INF, 0.0, -0.0, 1e-300, -1e-300, 1e300, -1e300, 5e-324, -5e-324, 2.3e-308),
    *(1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.0, -3.0, 6.0, 20.0, 20.5, -37.0, 4503599627370497.0),
    *(709.5, -709.5, -745.0, -746.0, 1000.0, -1000.0, 0.3, 0.69, 0.71, -0.71),
)
_PAIR_EDGES = (NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 5.0, 1e-300, 1e300, 5e-324)
_TRIPLE_EDGES = (NAN, INF, -INF, 0.0, -0.0, 1.0, -2.0, 1e300, 5e-324)

# Numbers that shape a function: sensible ones only, for PyTorch refuses others.
_SHAPES: dict[str, tuple[tuple[float, ...], ...]] = {
    "leaky_relu": ((0.01,), (0.0,), (-0.5,)),
    "elu": ((1.0,), (0.3,)),
    "celu": ((1.0,), (0.3,)),
    "hardshrink": ((0.5,), (0.0,), (3.0,)),
    "softshrink": ((0.5,), (0.0,), (3.0,)),
    "hardtanh": ((-1.0, 1.0), (0.0, 6.0), (-0.5, 0.3)),
    "threshold": ((0.0, 0.0), (0.5, -3.0)),
}


def arity(operator: Operator) -> int:
    return 1 if isinstance(operator, Unary) else 3 if isinstance(operator, Ternary) else 2


def rules(operator: Operator) -> tuple[object | None, ...]:
    return (operator.vjp,) if isinstance(operator, Unary) else operator.vjps


def inside(operator: Operator) -> tuple[tuple[float, ...], ...]:
    """Points where the operator is smooth."""
    default = (tuple((x,) for x in _LINE), _PAIRS, _TRIPLES)[arity(operator) - 1]
    return _INSIDE.get(operator.name, default)


def edges(operator: Operator) -> list[tuple[float, ...]]:
    """Every combination of extreme operands."""
    if operator.name in _SHAPES:
        return [(x, *shape) for x in EDGES for shape in _SHAPES[operator.name]]
    values = (EDGES, _PAIR_EDGES, _TRIPLE_EDGES)[arity(operator) - 1]
    return list(product(values, repeat=arity(operator)))


EVERY = list(ALL.values())
INTEGER = [operator for operator in EVERY if operator.result == "integer"]
OPERATORS = [operator for operator in EVERY if operator.result != "integer"]
DIFFERENTIABLE = [operator for operator in OPERATORS if any(rules(operator))]
