"""Hooks on values: what they see, what they change, in which order, and how they go away."""

from operator import attrgetter

import pytest

from minitorch_autodiff import Scalar, backward, grad, no_grad
from minitorch_operators import where


def leaf(value: float) -> Scalar:
    return Scalar(value, requires_grad=True)


def test_a_hook_sees_the_complete_gradient_once() -> None:
    x = leaf(2.0)
    y = x * 3.0
    seen: list[float] = []
    y.register_hook(lambda g: seen.append(g.data))
    (y * y + y).backward()
    assert seen == [13.0]


def test_what_a_hook_returns_replaces_the_gradient() -> None:
    x = leaf(2.0)
    y = x * 3.0
    y.register_hook(lambda g: g * 10.0)
    (y * 1.0).backward()
    assert x.derivative == 30.0


def test_a_hook_may_return_a_gradient_of_zero() -> None:
    x = leaf(2.0)
    x.register_hook(lambda g: Scalar(0.0))
    (x * 1.0).backward()
    assert x.derivative == 0.0


def test_a_hook_of_a_leaf_runs_before_accumulation() -> None:
    x = leaf(2.0)
    x.register_hook(lambda g: g * 2.0)
    (x * 3.0).backward()
    assert x.derivative == 6.0


def test_hooks_run_in_order_of_registration_each_on_the_result_of_the_last() -> None:
    x = leaf(1.0)
    seen: list[tuple[str, float]] = []

    def times_ten(g: Scalar) -> Scalar:
        seen.append(("times_ten", g.data))
        return g * 10.0

    def plus_one(g: Scalar) -> Scalar:
        seen.append(("plus_one", g.data))
        return g + 1.0

    x.register_hook(times_ten)
    x.register_hook(plus_one)
    (x * 2.0).backward()
    assert seen == [("times_ten", 2.0), ("plus_one", 20.0)]
    assert x.derivative == 21.0


def test_hooks_run_from_the_output_to_the_leaves() -> None:
    x = leaf(1.0)
    y = x * 2.0
    z = y * 2.0
    order: list[str] = []
    x.register_hook(lambda g: order.append("x"))
    y.register_hook(lambda g: order.append("y"))
    z.register_hook(lambda g: order.append("z"))
    z.backward()
    assert order == ["z", "y", "x"]


def test_a_hook_can_be_removed() -> None:
    x = leaf(2.0)
    seen: list[float] = []
    handle = x.register_hook(lambda g: seen.append(g.data))
    (x * 3.0).backward()
    handle.remove()
    handle.remove()
    (x * 3.0).backward()
    assert seen == [3.0]
    assert x.node is not None
    assert x.node.hooks is None


def test_a_hook_lasts_as_long_as_its_block() -> None:
    x = leaf(2.0)
    seen: list[float] = []
    with x.register_hook(lambda g: seen.append(g.data)):
        (x * 3.0).backward()
    (x * 3.0).backward()
    assert seen == [3.0]


def test_only_the_removed_hook_goes_away() -> None:
    x = leaf(2.0)
    first = x.register_hook(lambda g: g * 2.0)
    x.register_hook(lambda g: g * 5.0)
    first.remove()
    (x * 1.0).backward()
    assert x.derivative == 5.0


def test_a_hook_may_remove_itself() -> None:
    x = leaf(2.0)
    seen: list[str] = []

    def once(g: Scalar) -> None:
        seen.append("once")
        handle.remove()

    handle = x.register_hook(once)
    x.register_hook(lambda g: seen.append("always"))
    (x * 1.0).backward()
    (x * 1.0).backward()
    assert seen == ["once", "always", "always"]


def test_a_hook_on_the_root_sees_the_seed() -> None:
    x = leaf(2.0)
    y = x * 3.0
    seen: list[float] = []
    y.register_hook(lambda g: seen.append(g.data))
    y.backward(7.0)
    assert seen == [7.0]


def test_grad_returns_what_hooks_made_of_it() -> None:
    x = leaf(2.0)
    x.register_hook(lambda g: g * 10.0)
    assert grad(x * 3.0, x)[0].data == 30.0


def test_a_hook_is_recorded_under_create_graph() -> None:
    x = leaf(2.0)
    x.register_hook(lambda g: g * g)
    (first,) = grad(x * x, x, create_graph=True)
    assert first.data == (2 * 2.0) ** 2
    assert grad(first, x)[0].data == (8 * 2.0) ** 2  # the hook is still there


def test_a_hook_may_run_another_backward() -> None:
    x, y = leaf(2.0), leaf(3.0)
    z = y * 5.0
    x.register_hook(lambda g: z.backward())
    (x * 3.0).backward()
    assert (x.derivative, y.derivative) == (3.0, 5.0)


def test_a_hook_that_returns_something_else_is_an_error() -> None:
    x = leaf(2.0)
    x.register_hook(attrgetter("data"))  # a float, of which the type checker knows nothing
    message = r"a hook must return None or a Scalar to go on with, but returned a float"
    with pytest.raises(TypeError, match=message):
        (x * 3.0).backward()


def test_an_error_in_a_hook_ends_backward() -> None:
    x = leaf(2.0)

    def fail(g: Scalar) -> None:
        raise LookupError("in the hook")

    x.register_hook(fail)
    with pytest.raises(LookupError, match="in the hook"):
        (x * 3.0).backward()
    assert x.grad is None
    assert (x * 3.0).requires_grad


def test_a_constant_takes_no_hooks() -> None:
    c = Scalar(2.0)
    with pytest.raises(RuntimeError, match="register_hook: cannot register a hook on a value that"):
        c.register_hook(lambda g: None)
    message = "register_post_accumulate_grad_hook: cannot register a hook on a value that does not"
    with pytest.raises(RuntimeError, match=message):
        c.register_post_accumulate_grad_hook(lambda x: None)
    with pytest.raises(RuntimeError, match="can't retain_grad on a value that does not require"):
        c.retain_grad()


# --- after accumulation ---------------------------------------------------------------------------


def test_a_post_accumulate_hook_sees_the_leaf_with_its_gradient() -> None:
    x = leaf(2.0)
    seen: list[tuple[Scalar, float | None]] = []
    handle = x.register_post_accumulate_grad_hook(lambda x: seen.append((x, x.derivative)))
    (x * 3.0).backward()
    (x * 4.0).backward()
    handle.remove()
    handle.remove()
    (x * 5.0).backward()
    assert [value is x for value, _ in seen] == [True, True]
    assert [derivative for _, derivative in seen] == [3.0, 7.0]


def test_a_post_accumulate_hook_may_step_and_forget_the_gradient() -> None:
    x = leaf(2.0)

    def step(x: Scalar) -> None:
        x.data -= 0.1 * (x.derivative or 0.0)
        x.grad = None

    x.register_post_accumulate_grad_hook(step)
    for _ in range(3):
        (x * 10.0).backward()
    assert x.data == pytest.approx(-1.0)
    assert x.grad is None


def test_post_accumulate_hooks_run_in_order_and_may_remove_themselves() -> None:
    x = leaf(2.0)
    seen: list[str] = []

    def once(x: Scalar) -> None:
        seen.append("once")
        handle.remove()

    handle = x.register_post_accumulate_grad_hook(once)
    x.register_post_accumulate_grad_hook(lambda x: seen.append("always"))
    (x * 1.0).backward()
    (x * 1.0).backward()
    assert seen == ["once", "always", "always"]


def test_a_result_takes_no_post_accumulate_hook() -> None:
    y = leaf(2.0) * 3.0
    message = r"non-leaf values, and this one was made by <MulBackward0>; only leaves accumulate"
    with pytest.raises(RuntimeError, match=message):
        y.register_post_accumulate_grad_hook(lambda x: None)


# --- retain_grad ----------------------------------------------------------------------------------


def test_retain_grad_keeps_the_gradient_of_a_result() -> None:
    x = leaf(2.0)
    y = x * 3.0
    assert not y.retains_grad
    y.retain_grad()
    y.retain_grad()
    assert y.retains_grad
    (y * y).backward(retain_graph=True)
    assert y.derivative == 12.0
    assert x.derivative == 36.0


def test_a_retained_gradient_accumulates() -> None:
    x = leaf(2.0)
    y = x * 3.0
    y.retain_grad()
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    assert y.derivative == 2.0


def test_what_is_retained_is_the_gradient_after_all_hooks() -> None:
    x = leaf(2.0)
    y = x * 3.0
    y.retain_grad()
    handle = y.register_hook(lambda g: g * 10.0)
    y.backward(retain_graph=True)
    assert y.derivative == 10.0
    handle.remove()
    assert y.retains_grad
    y.backward()
    assert y.derivative == 11.0


def test_retain_grad_of_a_leaf_does_nothing() -> None:
    x = leaf(2.0)
    x.retain_grad()
    assert not x.retains_grad
    (x * 3.0).backward()
    assert x.derivative == 3.0


def test_without_retain_grad_a_result_keeps_none() -> None:
    y = leaf(2.0) * 3.0
    (y * y).backward()
    assert y.grad is None


def test_retained_gradients_can_be_differentiated_under_create_graph() -> None:
    x = leaf(2.0)
    y = x * x
    y.retain_grad()
    (y * y).backward(create_graph=True)
    assert y.grad is not None
    assert y.grad.data == 8.0
    assert grad(y.grad, x)[0].data == 2 * 2 * 2.0


# --- frozen leaves ----------------------------------------------------------------------------


def test_a_leaf_frozen_after_use_is_a_constant_from_then_on() -> None:
    x, y = leaf(2.0), leaf(3.0)
    (x * y).backward()
    x.requires_grad_(False)
    z = x * y
    z.backward()
    assert x.derivative == 3.0
    assert y.derivative == 4.0
    assert not (x * 2.0).requires_grad
    assert x.is_leaf
    with pytest.raises(RuntimeError, match="does not require grad"):
        x.backward()


def test_a_leaf_frozen_before_backward_gets_no_gradient() -> None:
    x, y = leaf(2.0), leaf(3.0)
    z = x * y
    x.requires_grad_(False)
    z.backward()
    assert x.grad is None
    assert y.derivative == 2.0


def test_a_leaf_that_was_frozen_when_it_was_used_stays_a_constant_there() -> None:
    x, y = leaf(2.0), leaf(3.0)
    (x * y).backward()
    x.grad = None
    x.requires_grad_(False)
    z = x * y + x.maximum(y) + where(y < 1.0, x, y)
    x.requires_grad_()
    z.backward()
    assert x.grad is None


def test_a_leaf_can_be_thawed() -> None:
    x = leaf(2.0).requires_grad_(False)
    assert x.requires_grad_() is x
    (x * 3.0).backward()
    assert x.derivative == 3.0


def test_a_result_cannot_be_frozen() -> None:
    y = leaf(2.0) * 3.0
    message = (
        r"you can only change requires_grad flags of leaf variables, and this one was made by "
        r"<MulBackward0>"
    )
    with pytest.raises(RuntimeError, match=message):
        y.requires_grad_(False)
    assert y.requires_grad_() is y


def test_nothing_is_recorded_when_a_backward_without_graph_runs_hooks() -> None:
    x = leaf(2.0)
    results: list[Scalar] = []
    x.register_hook(lambda g: results.append(x * g))
    (x * 3.0).backward()
    assert not results[0].requires_grad


def test_backward_takes_its_mode_from_create_graph_alone() -> None:
    x = leaf(2.0)
    y = x * x
    node = y.gradient_node()
    assert node is not None
    with no_grad():
        backward([(node, Scalar(1.0))], create_graph=True)
    assert x.grad is not None
    assert x.grad.requires_grad
