"""The C library's functions: total, and at the edges what the C standard and PyTorch say."""

import inspect
import math
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_operators import ieee

from .points import EDGES

FUNCTIONS: dict[str, Callable[..., float]] = {name: getattr(ieee, name) for name in ieee.__all__}
ARITY = {name: len(inspect.signature(fn).parameters) for name, fn in FUNCTIONS.items()}
PYTORCH_NAME = {"div": "true_divide", "fabs": "abs", "rint": "round"}
NOT_IN_PYTORCH = {"logb", "ldexp"}  # its ldexp multiplies by a power, which may overflow
names = pytest.mark.parametrize("name", ieee.__all__)


def test_all_lists_every_function() -> None:
    defined = {n for n, f in vars(ieee).items() if inspect.isfunction(f) and not n.startswith("_")}
    assert defined == set(ieee.__all__)


@names
@given(data=st.data())
def test_a_function_is_total(name: str, data: st.DataObject) -> None:
    operands = data.draw(st.tuples(*[st.floats()] * ARITY[name]))
    assert isinstance(FUNCTIONS[name](*operands), float)


@names
def test_nan_in_is_nan_out(name: str) -> None:
    if ARITY[name] == 1:
        assert math.isnan(FUNCTIONS[name](math.nan))
    elif name not in ("copysign", "hypot", "pow"):
        assert math.isnan(FUNCTIONS[name](math.nan, 1.0))
        assert math.isnan(FUNCTIONS[name](1.0, math.nan))


def test_hypot_of_an_infinity_is_infinite_beside_nan_too() -> None:
    assert ieee.hypot(math.nan, -math.inf) == math.inf


def test_pow_is_one_for_base_one_and_for_exponent_zero() -> None:
    assert ieee.pow(1.0, math.nan) == ieee.pow(math.nan, 0.0) == ieee.pow(-1.0, math.inf) == 1.0


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (0.0, -3.0, math.inf),
        (-0.0, -3.0, -math.inf),
        (-0.0, -2.0, math.inf),
        (-0.0, -0.5, math.inf),
        (-0.0, -math.inf, math.inf),
        (-10.0, 309.0, -math.inf),
        (-10.0, 310.0, math.inf),
        (-math.inf, 3.0, -math.inf),
        (-math.inf, -3.0, -0.0),
    ],
)
def test_the_infinite_powers(a: float, b: float, expected: float) -> None:
    assert repr(ieee.pow(a, b)) == repr(expected)


@pytest.mark.parametrize("name", ["ceil", "floor", "rint", "trunc", "sin", "tan", "asin", "atan"])
def test_a_negative_zero_stays_negative(name: str) -> None:
    assert repr(FUNCTIONS[name](-0.0)) == "-0.0"


@given(st.integers(-(2**52), 2**52))
def test_a_half_is_rounded_to_the_even_neighbour(n: int) -> None:
    rounded = ieee.rint(n + 0.5)
    assert rounded % 2 == 0
    assert abs(rounded - (n + 0.5)) <= 0.5


def test_a_number_is_taken_apart_and_put_together() -> None:
    for x in EDGES:
        e = ieee.logb(x)
        if math.isfinite(x) and x != 0.0:
            assert 1.0 <= abs(ieee.ldexp(x, -e)) < 2.0
            assert ieee.ldexp(ieee.ldexp(x, -e), e) == x
        else:
            assert math.isnan(x) or e == (-math.inf if x == 0.0 else math.inf)
    assert ieee.ldexp(3.0, 2.9) == 12.0
    assert ieee.ldexp(-3.0, math.inf) == -math.inf
    assert repr(ieee.ldexp(-3.0, -math.inf)) == "-0.0"


@pytest.mark.parametrize("name", [name for name in ieee.__all__ if name not in NOT_IN_PYTORCH])
@pytest.mark.parity
def test_a_function_is_that_of_pytorch_at_the_edges(name: str) -> None:
    torch = pytest.importorskip("torch")
    points = list(product(EDGES, repeat=ARITY[name]))
    columns = torch.tensor(points, dtype=torch.float64).unbind(1)
    theirs = getattr(torch, PYTORCH_NAME.get(name, name))(*columns).tolist()
    for point, expected in zip(points, theirs, strict=True):
        ours = FUNCTIONS[name](*point)
        assert ours == pytest.approx(expected, rel=1e-14, abs=1e-300, nan_ok=True), point
        if ours == expected == 0.0:
            assert math.copysign(1.0, ours) == math.copysign(1.0, expected), point
