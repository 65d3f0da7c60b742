"""The checks find wrong derivatives, tell them from kinks, and say where."""

import random
from collections.abc import Callable, Sequence

import pytest

from minitorch_autodiff import (
    Components,
    GradcheckError,
    Scalar,
    ScalarFunction,
    central_difference,
    check_backward,
    check_double_backward,
    grad,
    gradcheck,
    gradgradcheck,
    record_linear,
)
from minitorch_autodiff.course import Context
from minitorch_operators import floor, relu


def leaf(value: float) -> Scalar:
    return Scalar(value, requires_grad=True)


def doubled(x: Scalar, slope: float = 2.0) -> Scalar:
    """2 x, with a derivative that may be wrong."""
    y = Scalar(2.0 * x.data)
    if x.requires_grad:
        record_linear("DoubledBackward0", x, y, lambda g: g * slope)
    return y


def test_central_difference_of_numbers() -> None:
    assert central_difference(lambda x: x, 5.0, arg=0) == pytest.approx(1.0)
    assert central_difference(lambda x, y: x + y, 5.0, 10.0, arg=0) == pytest.approx(1.0)
    assert central_difference(lambda x, y: x * y, 5.0, 10.0, arg=1) == pytest.approx(5.0)
    assert central_difference(lambda x: x**3, 2.0, epsilon=1e-3) == pytest.approx(12 + 1e-6)


def test_central_difference_of_scalars() -> None:
    slope = central_difference(lambda x: x.exp(), Scalar(0.0))
    assert isinstance(slope, Scalar)
    assert slope.data == pytest.approx(1.0)


def test_central_difference_says_which_argument_is_missing() -> None:
    with pytest.raises(IndexError, match="central_difference: arg=2, but f was given 2 values"):
        central_difference(lambda x, y: x + y, 1.0, 2.0, arg=2)


def test_right_derivatives_pass() -> None:
    xs = [leaf(0.5), leaf(-1.5), Scalar(2.0)]
    f = lambda x, y, c: (x * y).sin() * c + x / c  # noqa: E731
    assert gradcheck(f, xs)
    assert gradcheck(f, xs, fast_mode=True)
    assert gradgradcheck(f, xs)
    assert all(x.grad is None for x in xs)


def test_several_outputs_are_checked() -> None:
    assert gradcheck(lambda x, y: (x * y, x / y, x), [leaf(2.0), leaf(3.0)])
    assert gradgradcheck(lambda x, y: [x * y, x / y, x], [leaf(2.0), leaf(3.0)])
    with pytest.raises(GradcheckError, match="output 1 by input 0"):
        gradcheck(lambda x: (x, doubled(x, 3.0)), leaf(2.0))
    with pytest.raises(GradcheckError, match="a random combination of the outputs"):
        gradcheck(lambda x: (x, doubled(x, 3.0)), leaf(2.0), fast_mode=True)


def test_a_wrong_derivative_is_named_with_both_values() -> None:
    message = (
        r"^gradcheck: 1 of 2 derivatives disagree with central differences \(eps=1e-06, "
        r"atol=1e-05, rtol=0\.001\)\.\nThe derivative of output 0 by input 1 is 3 by backward, but "
        r"2 by differences\.\nThe slopes are \S+ from below and \S+ from above: f is smooth here, "
        r"so its backward is wrong\.$"
    )
    with pytest.raises(GradcheckError, match=message):
        gradcheck(lambda x, y: x + doubled(y, 3.0), [leaf(1.0), leaf(2.0)])
    assert gradcheck(lambda x: doubled(x, 3.0), leaf(1.0), raise_exception=False) is False


def test_a_missing_history_is_a_wrong_derivative() -> None:
    with pytest.raises(GradcheckError, match="is 0 by backward, but 2 by differences"):
        gradcheck(lambda x: Scalar(2.0 * x.data), leaf(1.0))


@pytest.mark.parametrize("x", [0.0, 3e-7, -3e-7])
def test_a_kink_is_recognised(x: float) -> None:
    message = (
        r"f has a kink within eps of this point, where it has no derivative, and backward gives a "
        r"value in between; check at another point"
    )
    with pytest.raises(GradcheckError, match=message):
        gradcheck(relu, leaf(x))


def test_a_wrong_derivative_at_a_kink_is_not_excused() -> None:
    with pytest.raises(GradcheckError, match="backward gives a value outside of both"):
        gradcheck(lambda x: relu(x) + doubled(x, 7.0), leaf(0.0))


def test_a_wrong_derivative_elsewhere_is_reported_before_a_kink() -> None:
    with pytest.raises(GradcheckError, match=r"by input 1 is 2\.1 by backward"):
        gradcheck(lambda x, y: relu(x) + doubled(y, 2.1), [leaf(0.0), leaf(1.0)])


@pytest.mark.parametrize("x", [1.0, 1.0 + 3e-7])
def test_a_jump_is_recognised(x: float) -> None:
    with pytest.raises(GradcheckError, match="f has a jump within eps of this point"):
        gradcheck(lambda x: floor(x) + x, leaf(x))


def test_a_kink_of_the_derivative_is_recognised() -> None:
    with pytest.raises(GradcheckError, match=r"(?s)gradgradcheck: .* f has a kink within eps"):
        gradgradcheck(lambda x: relu(x) * x, leaf(0.0))
    assert gradgradcheck(lambda x: relu(x) * x, leaf(0.5))


def test_values_that_are_not_finite_are_reported() -> None:
    with pytest.raises(GradcheckError, match="Not all of them are finite"):
        gradcheck(lambda x: x.log(), leaf(0.0))


def test_a_wrong_second_derivative_is_found() -> None:
    class Cube(ScalarFunction):
        @staticmethod
        def forward(ctx: Context, x: float) -> float:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Context, d: float) -> float:
            (x,) = ctx.saved_values
            return d * 3 * x * x

    def cube_by_hand(x: Scalar) -> Scalar:
        y = Scalar(x.data**3)
        slope = 3 * x.data**2  # a number: its own derivative is lost
        record_linear("CubeBackward0", x, y, lambda g: g * slope)
        return y

    assert gradcheck(Cube.apply, leaf(2.0))
    assert gradcheck(cube_by_hand, leaf(2.0))
    with pytest.raises(GradcheckError, match=r"(?s)gradgradcheck: 1 of 2 derivatives .* is wrong"):
        gradgradcheck(cube_by_hand, leaf(2.0))
    assert not gradgradcheck(cube_by_hand, leaf(2.0), raise_exception=False)


def test_given_gradients_of_the_outputs_are_used() -> None:
    seen: list[float] = []

    def f(x: Scalar) -> Scalar:
        y = x * x
        if y.requires_grad:
            y.register_hook(lambda g: seen.append(g.data))
        return y

    assert gradgradcheck(f, leaf(2.0), Scalar(7.0))
    assert 7.0 in seen
    with pytest.raises(ValueError, match="f gives 1 outputs, but there are 2 grad_outputs"):
        gradgradcheck(f, leaf(2.0), [Scalar(1.0), Scalar(2.0)])


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_something_must_require_grad(check: Callable[..., bool]) -> None:
    message = "check expects at least one input that requires grad, but none of the 2 inputs does"
    with pytest.raises(ValueError, match=message):
        check(lambda x, y: x * y, [Scalar(1.0), Scalar(2.0)])


def test_a_random_function_cannot_be_checked() -> None:
    with pytest.raises(GradcheckError, match="f gave different outputs for the same inputs"):
        gradcheck(lambda x: x * random.random(), leaf(2.0))


def test_a_step_too_small_for_the_input_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"1e\+30 \+- eps is 1e\+30 again for component 0"):
        gradcheck(lambda x: x * 2.0, leaf(1e30))
    assert gradcheck(lambda x: x * 2.0, leaf(1e30), eps=1e20)


def test_an_unused_input_has_derivative_zero() -> None:
    assert gradcheck(lambda x, y: x * 2.0, [leaf(1.0), leaf(2.0)])
    assert gradgradcheck(lambda x, y: x * x, [leaf(1.0), leaf(2.0)])


def test_a_linear_function_has_second_derivative_zero() -> None:
    assert gradgradcheck(lambda x: x * 3.0 + 1.0, leaf(1.0))


def test_an_output_that_is_an_input_is_checked() -> None:
    assert gradcheck(lambda x: x, leaf(1.0))


def test_a_function_that_differentiates_can_be_checked() -> None:
    assert gradcheck(lambda x: grad(x.exp() * x, x, create_graph=True)[0], leaf(0.5))


class FourDecimals:
    """Scalars that hold four decimal places."""

    def read(self, value: Scalar, /) -> list[float]:
        return [value.data]

    def build(self, like: Scalar, numbers: Sequence[float], requires_grad: bool, /) -> Scalar:
        return Scalar(round(numbers[0], 4), requires_grad=requires_grad)


def test_the_step_is_what_the_value_can_hold() -> None:
    few_digits: Components[Scalar] = FourDecimals()
    f: Callable[..., Scalar] = lambda x: x * 3.0  # noqa: E731
    check_backward(f, [leaf(0.5)], few_digits, eps=1.4e-4)  # which is 1e-4 there
    check_double_backward(lambda x: x * x, [leaf(0.5)], few_digits, eps=1e-2)
    with pytest.raises(ValueError, match=r"0\.5 \+- eps is 0\.5 again"):
        check_backward(f, [leaf(0.5)], few_digits, eps=1e-6)
