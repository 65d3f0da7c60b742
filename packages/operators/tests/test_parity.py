"""Values and gradients are PyTorch's in float64: inside the domain, and at every edge."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import product

import pytest

from minitorch_operators import ALL, Operator

from .points import DIFFERENTIABLE, INTEGER, OPERATORS, arity, edges, inside, rules
from .value import Value, call, gradients, number

torch = pytest.importorskip("torch")
F = torch.nn.functional
pytestmark = pytest.mark.parity

# The PyTorch function of an operator, where it is not `torch.<name>`.
SPELLED = {
    **{
        name: getattr(F, name)
        for name in (
            *("celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "mish"),
            *("leaky_relu", "logsigmoid", "relu6", "selu", "silu", "softplus", "softshrink"),
            *("softsign", "tanhshrink", "threshold"),
        )
    },
    **{name: getattr(torch.special, name) for name in ALL if hasattr(torch.special, name)},
    "clamp_max": lambda x, hi: torch.clamp(x, max=hi),
    "clamp_min": lambda x, lo: torch.clamp(x, min=lo),
    "frexp_exponent": lambda x: torch.frexp(x).exponent,
    "frexp_mantissa": lambda x: torch.frexp(x).mantissa,
    "frexp_scale": lambda a, x: a / torch.exp2(torch.frexp(x).exponent.double()),
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "id": torch.clone,
    "inv": torch.reciprocal,
    "inv_back": lambda x, d: -((d / x) / x),
    "is_close": lambda a, b: (a - b).abs() < 1e-2,
    "log_back": lambda x, d: d / x,
    "prelu": lambda x, w: F.prelu(x.reshape(1, -1), w).reshape(-1),
    "trigamma": lambda x: torch.polygamma(1, x),
    "relu_back": lambda x, d: torch.where(x <= 0, torch.zeros_like(d), d),
    "where": lambda c, a, b: torch.where(c != 0, a, b),
}
ORACLE = {name: getattr(torch, name) for name in ALL if name not in SPELLED} | SPELLED
# Operands that are plain numbers in PyTorch.
NUMBERS = {
    **{name: (1,) for name in ("celu", "elu", "hardshrink", "leaky_relu", "softshrink")},
    "hardtanh": (1, 2),
    "threshold": (1, 2),
}
# Relative and absolute tolerance, where not the default: why PyTorch's number is the rougher one.
TOLERANCE = {
    "airy_ai": (1e-4, 0.0),  # its ratios of polynomials lack a leading 1 (so do those below)
    **{f"bessel_{kind}{order}": (1e-5, 0.0) for kind in "jy" for order in "01"},
    "celu": (1e-5, 0.0),  # 1 / alpha is rounded to float32 in its gradient
    "digamma": (1e-9, 0.0),  # as trigamma, its derivative
    "erfcx": (1e-12, 0.0),  # 2 x y - 2 / sqrt(pi) cancels, and its y differs in the last digit
    "expm1": (1e-13, 1e-15),  # y + 1 cancels, and its y differs in the last digit
    "hardsigmoid": (1e-7, 0.0),  # 1 / 6 is rounded to float32 in its gradient
    "i0e": (1e-13, 1e-16),  # i1e - i0e cancels
    "i1e": (1e-13, 1e-16),
    "igamma": (1e-9, 0.0),  # it rounds pi to float32 where a is large
    "igammac": (1e-8, 0.0),
    "log_ndtr": (1e-10, 0.0),  # its erfcx is rough far out
    "logaddexp2": (1e-13, 1e-16),
    "ndtr": (1e-13, 1e-16),  # (1 + erf) / 2 cancels, erfc / 2 does not
    "tanh": (1e-13, 1e-15),  # 1 - y * y cancels, and its y differs in the last digit
    "trigamma": (1e-9, 0.0),  # it takes three terms of a series, and we seven
}


def never(ours: float, theirs: Sequence[float]) -> bool:
    return False


def nan_there(ours: float, theirs: Sequence[float]) -> bool:
    return all(math.isnan(x) for x in theirs) and math.isfinite(ours)


# Where a gradient differs from PyTorch's on purpose.
BETTER: dict[str, Callable[[float, Sequence[float]], bool]] = {
    "acosh": lambda ours, theirs: ours == -math.inf,  # at -1, where the function is nan
    "atan2": lambda ours, theirs: set(theirs) == {0.0},  # its squares underflow, our lengths do not
    "frexp_mantissa": lambda ours, theirs: set(theirs) == {math.inf},  # its 2**e is a float32
    "digamma": lambda ours, theirs: ours == math.inf,  # its derivative at the poles
    "inv_back": nan_there,  # PyTorch has no such function: it differentiates two divisions
    "i1": lambda ours, theirs: math.isnan(ours) and set(theirs) == {0.5},  # at nan
    "i1e": lambda ours, theirs: math.isnan(ours) and set(theirs) == {0.5},
    "log_ndtr": lambda ours, theirs: all(math.isnan(x) for x in theirs),  # at -inf
    "zeta": nan_there,  # at (1e300, 1e300)
    "softsign": nan_there,  # at inf it divides inf by inf
}

# Where a value does.
BETTER_VALUE: dict[str, Callable[[float, Sequence[float]], bool]] = {
    "igamma": lambda ours, theirs: ours == 1.0 and set(theirs) == {0.0},  # at a = 5e-324
    "trigamma": lambda ours, theirs: ours == math.inf,  # at its poles, where sin(pi x) is not 0
    "zeta": nan_there,
}


TWICE = [o for o in DIFFERENTIABLE if o.name != "hardsigmoid"]  # there PyTorch has no second one
Answers = list[tuple[float, float]]
Points = Sequence[tuple[float, ...]]


def batches(operator: Operator, points: Points) -> dict[tuple[float, ...], list[tuple[float, ...]]]:
    """The points by their operands that are plain numbers: PyTorch takes one such for a tensor."""
    found: dict[tuple[float, ...], list[tuple[float, ...]]] = {}
    for point in points:
        key = tuple(point[i] for i in NUMBERS.get(operator.name, ()))
        found.setdefault(key, []).append(point)
    return found


def operands_of(operator: Operator, points: Points, contiguous: bool) -> list[object]:
    """One operand for each column of points: a number, or a leaf tensor of shape (points,)."""
    table = torch.tensor(points, dtype=torch.float64)  # (points, arity)
    if contiguous:
        table = table.t().contiguous().t()
    constant = NUMBERS.get(operator.name, ())
    return [
        points[0][i] if i in constant else table[:, i].detach().requires_grad_()
        for i in range(arity(operator))
    ]


def ask(operator: Operator, points: Points, contiguous: bool) -> list[list[float]]:
    """For each point PyTorch's value, and its gradient for each operand (nan for none)."""
    operands = operands_of(operator, points, contiguous)
    y = ORACLE[operator.name](*operands)
    ruled = [i for i, rule in enumerate(rules(operator)) if rule is not None]
    columns = [[math.nan] * len(points) for _ in range(arity(operator))]
    if ruled:
        found = torch.autograd.grad(y, [operands[i] for i in ruled], torch.ones_like(y))
        for i, gradient in zip(ruled, found, strict=True):
            columns[i] = gradient.tolist()
    return [list(row) for row in zip(y.double().tolist(), *columns, strict=True)]


def answers(operator: Operator, points: Points) -> Iterator[tuple[tuple[float, ...], Answers]]:
    """Each point, with the two answers of PyTorch for its value and for each gradient.

    Its vector code and its code for strided tensors give different zeros and nans in places.
    """
    for batch in batches(operator, points).values():
        both = (ask(operator, batch, contiguous) for contiguous in (True, False))
        for point, one, two in zip(batch, *both, strict=True):
            yield point, list(zip(one, two, strict=True))


def second(operator: Operator, points: Points) -> Iterator[tuple[tuple[float, ...], list[float]]]:
    """Each point, with PyTorch's matrix of second derivatives, for operands that have a rule."""
    ruled = [i for i, rule in enumerate(rules(operator)) if rule is not None]
    for batch in batches(operator, points).values():
        operands = operands_of(operator, batch, contiguous=True)
        asked = [operands[i] for i in ruled]
        y = ORACLE[operator.name](*operands)
        columns = []
        for gradient in torch.autograd.grad(y, asked, torch.ones_like(y), create_graph=True):
            found = (
                torch.autograd.grad(
                    gradient, asked, torch.ones_like(y), retain_graph=True, allow_unused=True
                )
                if gradient.requires_grad
                else [None] * len(asked)
            )
            zero = torch.zeros_like(y)
            columns += [(zero if column is None else zero + column).tolist() for column in found]
        for point, *row in zip(batch, *columns, strict=True):
            yield point, row


def our_second(operator: Operator, point: tuple[float, ...]) -> list[float]:
    ruled = [i for i, rule in enumerate(rules(operator)) if rule is not None]
    operands = [Value(x) for x in point]
    first = gradients(call(operator, operands), operands)
    rows = [gradients(first[i], operands) for i in ruled]
    return [row[j].data for row in rows for j in ruled]


def agrees(ours: float, theirs: Sequence[float], rel: float = 1e-13, near: float = 0.0) -> bool:
    for expected in theirs:
        if math.isnan(expected) and math.isnan(ours):
            return True
        if expected == ours == 0.0:
            if math.copysign(1.0, expected) == math.copysign(1.0, ours):
                return True
        elif math.isclose(ours, expected, rel_tol=rel, abs_tol=max(near, 1e-300)):
            return True
    return False


def gradient(operator: Operator, point: tuple[float, ...], i: int) -> float:
    operands = [Value(x) for x in point]
    return gradients(call(operator, operands), operands)[i].data


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_values_are_those_of_pytorch(operator: Operator) -> None:
    wrong = {}
    for point, (theirs, *_) in answers(operator, [*inside(operator), *edges(operator)]):
        ours = number(operator, point)
        close = agrees(ours, theirs, *TOLERANCE.get(operator.name, ()))
        if not close and not BETTER_VALUE.get(operator.name, never)(ours, theirs):
            wrong[point] = (ours, *theirs)
    assert not wrong


WHOLE = (0, 1, -1, 2, 3, -6, 7, 12, 63, 64, -64, 1000, 2**31)


@pytest.mark.parametrize("operator", INTEGER, ids=lambda operator: operator.name)
def test_values_of_integers_are_those_of_pytorch(operator: Operator) -> None:
    points = list(product(WHOLE, repeat=arity(operator)))
    operands = torch.tensor(points).unbind(1)
    for point, expected in zip(points, ORACLE[operator.name](*operands).tolist(), strict=True):
        ours = number(operator, tuple(map(float, point)))
        assert int(ours) % 2**64 == expected % 2**64, point  # ours does not wrap around


@pytest.mark.parametrize("operator", DIFFERENTIABLE, ids=lambda operator: operator.name)
def test_gradients_are_those_of_pytorch(operator: Operator) -> None:
    wrong = {}
    better = BETTER.get(operator.name, never)
    for point, (_, *columns) in answers(operator, [*inside(operator), *edges(operator)]):
        for i, theirs in enumerate(columns):
            if rules(operator)[i] is not None:
                ours = gradient(operator, point, i)
                close = agrees(ours, theirs, *TOLERANCE.get(operator.name, ()))
                # The sign of a gradient that is zero is not promised: PyTorch varies it as well.
                if not close and not ours == theirs[0] == 0.0 and not better(ours, theirs):
                    wrong[(*point, i)] = (ours, *theirs)
    assert not wrong


@pytest.mark.parametrize("operator", TWICE, ids=lambda operator: operator.name)
def test_second_derivatives_are_those_of_pytorch(operator: Operator) -> None:
    for point, theirs in second(operator, inside(operator)):
        assert our_second(operator, point) == pytest.approx(theirs, rel=1e-6, abs=1e-14), point


@pytest.mark.parametrize("operator", TWICE, ids=lambda operator: operator.name)
def test_a_second_derivative_is_no_nan_where_that_of_pytorch_is_finite(operator: Operator) -> None:
    for point, theirs in second(operator, edges(operator)):
        if not math.isnan(number(operator, point)):
            for ours, expected in zip(our_second(operator, point), theirs, strict=True):
                assert not math.isnan(ours) or not math.isfinite(expected), point


@pytest.mark.parametrize("name", ["ceil", "floor", "round", "sign", "trunc"])
def test_an_operator_without_rule_has_no_gradient_in_pytorch(name: str) -> None:
    x = torch.tensor([-1.2, 0.3, 2.5], requires_grad=True)
    (gradient,) = torch.autograd.grad(getattr(torch, name)(x).sum(), x)
    assert gradient.tolist() == [0.0, 0.0, 0.0]
