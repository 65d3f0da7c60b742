"""The course's API: contexts, functions, histories, its algorithm; its tests, in our spelling."""

import json
import math
from collections.abc import Callable

import pytest

from minitorch_autodiff import (
    EQ,
    LT,
    Add,
    Context,
    Exp,
    Inv,
    Log,
    Mul,
    Neg,
    ReLU,
    Scalar,
    ScalarFunction,
    ScalarHistory,
    Sigmoid,
    backpropagate,
    derivative_check,
    grad,
    no_grad,
    topological_sort,
)
from minitorch_autodiff.course import FunctionNode
from minitorch_autodiff.scalar_functions import OperatorFunction, function_of
from minitorch_operators import ALL, log_back, where


def leaf(value: float, name: str | None = None) -> Scalar:
    return Scalar(value, requires_grad=True, name=name)


class Function1(ScalarFunction):
    """f(x, y) = x + y + 10."""

    @staticmethod
    def forward(ctx: Context, x: float, y: float) -> float:
        return x + y + 10

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, float]:
        return d_output, d_output


class Function2(ScalarFunction):
    """f(x, y) = x * y + x."""

    @staticmethod
    def forward(ctx: Context, x: float, y: float) -> float:
        ctx.save_for_backward(x, y)
        return x * y + x

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, float]:
        x, y = ctx.saved_values
        return d_output * (y + 1), d_output * x


# --- the course's own tests: chain rule, backpropagation ---------------------------------------


def test_chain_rule_of_a_history() -> None:
    x = leaf(0.0)
    y = Scalar(0.0, ScalarHistory(Function1, Context(), [x, x]))
    assert [(v is x, d) for v, d in y.chain_rule(5.0)] == [(True, 5.0), (True, 5.0)]


def test_chain_rule_leaves_constants_out() -> None:
    x = leaf(5.0)
    ((variable, derivative),) = Function2.apply(10, x).chain_rule(5.0)
    assert variable is x
    assert derivative == 5 * 10


def test_chain_rule_of_two_variables() -> None:
    x, y = leaf(5.0, "x"), leaf(10.0, "y")
    back = Function2.apply(x, y).chain_rule(5.0)
    assert [(v.name, d) for v, d in back] == [("x", 5 * (10.0 + 1)), ("y", 5 * 5.0)]


def test_backprop_of_one_function() -> None:
    x = leaf(0.0)
    Function1.apply(0, x).backward(5.0)
    assert x.derivative == 5.0


def test_backprop_through_two_functions() -> None:
    x = leaf(0.0)
    Function1.apply(0, Function1.apply(0, x)).backward(5.0)
    assert x.derivative == 5.0


def test_backprop_over_two_paths() -> None:
    x = leaf(0.0)
    a, b = Function1.apply(0, x), Function1.apply(0, x)
    Function1.apply(a, b).backward(5.0)
    assert x.derivative == 10.0


def test_backprop_over_shared_paths() -> None:
    x = leaf(0.0)
    a = Function1.apply(0, x)
    b, c = Function1.apply(0, a), Function1.apply(0, a)
    Function1.apply(b, c).backward(5.0)
    assert x.derivative == 10.0


# --- leaves, constants, histories -----------------------------------------------------------------


def test_a_scalar_with_an_empty_history_is_a_leaf() -> None:
    x = Scalar(0.0, ScalarHistory())
    assert x.requires_grad
    assert x.is_leaf
    assert not x.is_constant()
    assert x.history is not None
    assert x.history.last_fn is None


@pytest.mark.parametrize("constant", [Scalar(0.0, None), Scalar(0.0)])
def test_a_scalar_without_history_is_a_constant(constant: Scalar) -> None:
    assert constant.is_constant()
    assert constant.history is None
    assert constant.parents == ()


def test_arguments_by_position_are_those_of_the_course() -> None:
    x = Scalar(1.5, ScalarHistory(), "x")
    assert (x.data, x.name, x.derivative) == (1.5, "x", None)


def test_unique_ids_differ() -> None:
    xs = [Scalar(0.0) for _ in range(10)]
    assert len({x.unique_id for x in xs}) == 10


def test_the_history_of_a_function() -> None:
    x, y = leaf(2.0), leaf(3.0)
    z = Function2.apply(x, y)
    history = z.history
    assert history is not None
    assert history.last_fn is Function2
    assert history.ctx is not None
    assert history.ctx.saved_values == (2.0, 3.0)
    assert tuple(map(id, history.inputs)) == (id(x), id(y)) == tuple(map(id, z.parents))
    assert repr(z.grad_fn) == "<Function2Backward>"


def test_the_history_of_an_operator() -> None:
    x = leaf(2.0)
    z = x * 3.0
    assert z.history is not None
    assert z.history.last_fn is Mul
    assert z.history.ctx is not None
    assert Mul.backward(z.history.ctx, 10.0) == (30.0, 20.0)
    assert [v.data for v in z.history.inputs] == [2.0, 3.0]


def test_a_history_made_from_constants_is_that_of_a_constant() -> None:
    assert Scalar(
        1.0, ScalarHistory(Function1, Context(), [Scalar(0.0), Scalar(1.0)])
    ).is_constant()


def test_only_leaves_accumulate() -> None:
    x = leaf(2.0)
    x.accumulate_derivative(3.0)
    x.accumulate_derivative(4.0)
    assert x.derivative == 7.0
    message = r"only leaves have derivatives, and Scalar\(4\.0\) was made by <MulBackward0>"
    with pytest.raises(RuntimeError, match=message):
        (x * 2.0).accumulate_derivative(1.0)


def test_a_derivative_can_be_set_and_forgotten() -> None:
    x = leaf(2.0)
    x.derivative = 5.0
    (x * 3.0).backward()
    assert x.derivative == 8.0
    x.derivative = None
    assert x.grad is None


def test_chain_rule_of_a_leaf_says_that_there_is_none() -> None:
    with pytest.raises(RuntimeError, match=r"chain_rule: Scalar\(2\.0\) was made by no recorded"):
        leaf(2.0).chain_rule(1.0)


def test_chain_rule_of_a_value_that_a_backward_rebuilt() -> None:
    x = leaf(0.5)
    (first,) = grad(x.tanh(), x, create_graph=True)  # 1 - y * y, with y attached again
    with pytest.raises(RuntimeError, match="was rebuilt by a recorded backward, and does not know"):
        backpropagate(first, 1.0)


# --- Context ------------------------------------------------------------------------------------


def test_a_context_keeps_what_is_saved() -> None:
    ctx = Context()
    assert ctx.saved_values == ()
    ctx.save_for_backward(1.0, 2.0)
    assert ctx.saved_values == ctx.saved_tensors == (1.0, 2.0)
    assert repr(ctx) == "Context(no_grad=False, saved_values=(1.0, 2.0))"


def test_a_context_without_grad_keeps_nothing() -> None:
    ctx = Context(no_grad=True)
    ctx.save_for_backward(1.0)
    assert ctx.saved_values == ()


def test_nothing_is_saved_where_nothing_is_recorded() -> None:
    contexts: list[Context] = []

    class Spy(ScalarFunction):
        @staticmethod
        def forward(ctx: Context, x: float) -> float:
            contexts.append(ctx)
            return x

        @staticmethod
        def backward(ctx: Context, d: float) -> float:
            return d

    Spy.apply(Scalar(1.0))
    with no_grad():
        Spy.apply(leaf(1.0))
    Spy.apply(leaf(1.0))
    assert [ctx.no_grad for ctx in contexts] == [True, True, False]


# --- ScalarFunction -----------------------------------------------------------------------------


def test_functions_and_operators_mix() -> None:
    x, y = leaf(2.0), leaf(3.0)
    z = Function2.apply(x * y, x) + y.exp()
    z.backward()
    assert z.data == pytest.approx(6 * 2 + 6 + math.exp(3))
    assert x.derivative == pytest.approx(3 * (2 + 1) + 6)
    assert y.derivative == pytest.approx(2 * (2 + 1) + math.exp(3))


def test_a_graph_with_functions_is_freed() -> None:
    x, y = leaf(2.0), leaf(3.0)
    z = Function2.apply(x, y)
    z.backward()
    with pytest.raises(RuntimeError, match="the saved values of Function2Backward were freed"):
        z.backward()


def test_a_function_cannot_be_differentiated_twice() -> None:
    x, y = leaf(2.0), leaf(3.0)
    (first,) = grad(Function2.apply(x, y), x, create_graph=True)
    assert first.data == 4.0
    message = r"trying to differentiate Function2Backward twice, but it computes with numbers"
    with pytest.raises(RuntimeError, match=message):
        grad(first, y)


def test_too_few_derivatives_are_an_error() -> None:
    class Careless(ScalarFunction):
        @staticmethod
        def forward(ctx: Context, x: float, y: float) -> float:
            return x * y

        @staticmethod
        def backward(ctx: Context, d: float) -> float:
            return d

    message = (
        r"Careless.backward returned an incorrect number of derivatives: expected 2, one for each "
        r"input of forward, got 1"
    )
    with pytest.raises(RuntimeError, match=message):
        Careless.apply(leaf(1.0), leaf(2.0)).backward()


def test_forward_must_return_a_number() -> None:
    class Broken(ScalarFunction):
        @staticmethod
        def forward(ctx: Context, x: float) -> float:
            text: float = json.loads('"text"')  # of which the type checker knows nothing
            return text

        @staticmethod
        def backward(ctx: Context, d: float) -> float:
            return d

    message = r"Broken\.forward must return a number, but returned the str 'text'"
    with pytest.raises(TypeError, match=message):
        Broken.apply(leaf(1.0))


def test_a_function_of_one_input_may_return_a_tuple() -> None:
    class Twice(ScalarFunction):
        @staticmethod
        def forward(ctx: Context, x: float) -> float:
            return 2 * x

        @staticmethod
        def backward(ctx: Context, d: float) -> tuple[float]:
            return (2 * d,)

    x = leaf(1.0)
    Twice.apply(x).backward()
    assert x.derivative == 2.0


# --- the functions of operators ----------------------------------------------------------------

FUNCTIONS: list[tuple[type[OperatorFunction], tuple[float, ...], float, tuple[float, ...]]] = [
    (Add, (2.0, 3.0), 5.0, (1.0, 1.0)),
    (Mul, (2.0, 3.0), 6.0, (3.0, 2.0)),
    (Log, (2.0,), math.log(2.0), (0.5,)),
    (Inv, (2.0,), 0.5, (-0.25,)),
    (Neg, (2.0,), -2.0, (-1.0,)),
    (Sigmoid, (0.0,), 0.5, (0.25,)),
    (ReLU, (2.0,), 2.0, (1.0,)),
    (Exp, (0.0,), 1.0, (1.0,)),
    (LT, (2.0, 3.0), 1.0, (0.0, 0.0)),
    (EQ, (2.0, 3.0), 0.0, (0.0, 0.0)),
]


@pytest.mark.parametrize(("function", "inputs", "value", "derivatives"), FUNCTIONS)
def test_functions_of_operators(
    function: type[OperatorFunction],
    inputs: tuple[float, ...],
    value: float,
    derivatives: tuple[float, ...],
) -> None:
    xs = [leaf(x) for x in inputs]
    y = function.apply(*xs)
    assert y.data == value
    if y.requires_grad:
        y.backward()
    assert tuple(x.derivative or 0.0 for x in xs) == pytest.approx(derivatives)
    ctx = Context()
    assert function.forward(ctx, *inputs) == value
    assert ctx.saved_values == inputs
    with no_grad():
        found = function.backward(ctx, 10.0)
    expected = tuple(10.0 * d for d in derivatives)
    assert found == pytest.approx(expected if len(expected) > 1 else expected[0])


def test_a_function_of_an_operator_can_be_differentiated_twice() -> None:
    x = leaf(2.0)
    (first,) = grad(Mul.apply(x, Exp.apply(x)), x, create_graph=True)
    assert grad(first, x)[0].data == pytest.approx((2 + 2.0) * math.exp(2.0))


def test_a_function_of_an_operator_in_a_history_by_hand() -> None:
    x, y = leaf(2.0), leaf(3.0)
    z = Scalar(6.0, ScalarHistory(Mul, Context(saved_values=(2.0, 3.0)), [x, y]))
    assert isinstance(z.grad_fn, FunctionNode)
    z.backward()
    assert (x.derivative, y.derivative) == (3.0, 2.0)


def test_every_operator_has_a_function() -> None:
    assert function_of(log_back).__name__ == "LogBack"
    assert function_of(log_back) is function_of(log_back)
    assert function_of(where).apply(1.0, 2.0, 3.0).data == 2.0
    for operator in ALL.values():
        assert function_of(operator).operator is operator


def test_the_wrong_number_of_values_is_an_error() -> None:
    message = r"Mul.apply: <operator mul\(a, b\)> cannot take 1 values"
    with pytest.raises(TypeError, match=message):
        Mul.apply(1.0)


# --- topological order, backpropagation -----------------------------------------------------------


def test_topological_order_starts_at_the_output_and_leaves_constants_out() -> None:
    x, y = leaf(2.0, "x"), leaf(3.0, "y")
    a = x * y
    z = a * 10.0 + x
    order = topological_sort(z)
    assert order[0] is z
    assert len(order) == 5
    assert all(not v.is_constant() for v in order)
    place = {v.unique_id: i for i, v in enumerate(order)}
    for v in order:
        for parent in v.parents:
            assert parent.is_constant() or place[parent.unique_id] > place[v.unique_id]


def test_a_diamond_is_in_the_order_once() -> None:
    x = leaf(2.0)
    a = x * 3.0
    z = a * a + a
    assert [v.unique_id for v in topological_sort(z)].count(a.unique_id) == 1
    assert len(topological_sort(z)) == 4


def test_the_order_of_a_constant_is_empty() -> None:
    assert topological_sort(Scalar(1.0)) == []


EXPRESSIONS: list[Callable[[Scalar, Scalar], Scalar]] = [
    lambda x, y: x * y + x,
    lambda x, y: (x * x) * y + 10.0 * x,
    lambda x, y: (x + y).tanh() * (x + y).tanh() / (y - x.exp()),
    lambda x, y: Function2.apply(x, x * y) * x.sigmoid(),
    lambda x, y: (x < y) * x + (x == y) * y,
    lambda x, y: ((x**2 + y**2).sqrt() - x).relu(),
]


@pytest.mark.parametrize("f", EXPRESSIONS)
def test_the_course_algorithm_agrees_with_the_engine(
    f: Callable[[Scalar, Scalar], Scalar],
) -> None:
    x, y = leaf(0.7), leaf(1.9)
    backpropagate(f(x, y), 3.0)
    by_course = (x.derivative, y.derivative)
    x.derivative = y.derivative = None
    f(x, y).backward(3.0)
    for ours, theirs in zip((x.derivative, y.derivative), by_course, strict=True):
        assert (ours or 0.0) == pytest.approx(theirs or 0.0, rel=1e-14)


# --- derivative_check -----------------------------------------------------------------------------


@pytest.mark.parametrize("f", EXPRESSIONS)
def test_derivative_check_passes(f: Callable[[Scalar, Scalar], Scalar]) -> None:
    derivative_check(f, Scalar(0.7), leaf(1.9))


def test_derivative_check_asserts() -> None:
    class Wrong(Function2):
        @staticmethod
        def backward(ctx: Context, d_output: float) -> tuple[float, float]:
            return d_output, d_output

    with pytest.raises(AssertionError, match="derivatives disagree with central differences"):
        derivative_check(Wrong.apply, Scalar(2.0), Scalar(3.0))
