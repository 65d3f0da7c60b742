"""Random graphs: the engine against the course's algorithm, and against differences."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_autodiff import Scalar, backpropagate, gradcheck, gradgradcheck
from minitorch_operators import sigmoid, sin, square, tanh

# All bounded or mild, so that no value explodes and differences mean something.
STEPS: list[Callable[[Scalar, Scalar], Scalar]] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: tanh(a) * sin(b),
    lambda a, b: a / (square(b) + 1.0),
    lambda a, b: sigmoid(a) - 0.5,
    lambda a, b: sin(a * 0.5),
    lambda a, b: 1.0 - b,
]
Step = tuple[int, int, int]  # which operation, on which of the values so far
PROGRAMS = st.lists(st.tuples(*[st.integers(0, 1000)] * 3), min_size=1, max_size=25)
NUMBERS = st.lists(st.floats(-2.0, 2.0), min_size=3, max_size=3)


def run(program: list[Step], inputs: list[Scalar]) -> Scalar:
    values = list(inputs)
    for operation, a, b in program:
        step = STEPS[operation % len(STEPS)]
        values.append(step(values[a % len(values)], values[-1 - b % len(values)]))
    return values[-1] + values[0] * 0.0


@given(PROGRAMS, NUMBERS)
def test_engine_and_course_algorithm_agree(program: list[Step], numbers: list[float]) -> None:
    first = [Scalar(x, requires_grad=True) for x in numbers]
    second = [Scalar(x, requires_grad=True) for x in numbers]
    run(program, first).backward()
    backpropagate(run(program, second), 1.0)
    for x, y in zip(first, second, strict=True):
        assert (x.derivative is None) == (y.derivative is None)
        assert (x.derivative or 0.0) == pytest.approx(y.derivative or 0.0, rel=1e-12, abs=1e-12)


@given(PROGRAMS, NUMBERS)
def test_derivatives_agree_with_differences(program: list[Step], numbers: list[float]) -> None:
    inputs = [Scalar(x, requires_grad=True) for x in numbers]
    assert gradcheck(lambda *xs: run(program, list(xs)), inputs)


@given(PROGRAMS, NUMBERS)
def test_second_derivatives_agree_with_differences(
    program: list[Step], numbers: list[float]
) -> None:
    inputs = [Scalar(x, requires_grad=True) for x in numbers]
    assert gradgradcheck(lambda *xs: run(program, list(xs)), inputs)
