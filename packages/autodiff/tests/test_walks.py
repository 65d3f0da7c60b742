"""Walks that end early, callbacks at their end, hooks around nodes, anomaly mode: on Scalars."""

from __future__ import annotations

import pytest

from minitorch_autodiff import (
    DelayedError,
    Node,
    Scalar,
    Walk,
    backward,
    current_walk,
    detect_anomaly,
    grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    set_detect_anomaly,
    youngest_first,
)


def leaf(x: float) -> Scalar:
    return Scalar(x, requires_grad=True)


def node_of(x: Scalar) -> Node[Scalar]:
    node = x.gradient_node()
    assert node is not None
    return node


def test_a_walk_outward_stops_at_what_is_wanted() -> None:
    x = leaf(2.0)
    h = x * x
    y = h * x
    ends = [node_of(h), node_of(x)]
    found = backward([(node_of(y), Scalar(1.0))], ends, retain_graph=True, outward=True)
    assert [found[end].data for end in ends] == [2.0, 4.0]  # by h, and by x with h held
    found = backward([(node_of(y), Scalar(1.0))], ends)
    assert [found[end].data for end in ends] == [2.0, 12.0]


def test_a_walk_outward_leaves_the_hooks_at_its_ends_alone() -> None:
    x = leaf(2.0)
    h = x * 3.0
    h.register_hook(lambda g: g * 10.0)
    y = h * h
    end = node_of(h)
    root = [(node_of(y), Scalar(1.0))]
    assert backward(root, [end], retain_graph=True, outward=True)[end].data == 12.0
    assert backward(root, [end], retain_graph=True)[end].data == 120.0
    assert x.grad is None


def test_a_root_may_be_an_end_too() -> None:
    x = leaf(2.0)
    h = x * 3.0
    end = node_of(h)
    assert backward([(end, Scalar(5.0))], [end], outward=True)[end].data == 5.0


def test_the_nodes_behind_a_node_can_be_left_out() -> None:
    x = leaf(2.0)
    h = x * 3.0
    y = h * h
    assert node_of(x) in youngest_first([node_of(y)])
    assert youngest_first([node_of(y)], {node_of(h)}) == [node_of(y), node_of(h)]


def test_callbacks_are_called_once_at_the_end_of_their_walk() -> None:
    x = leaf(2.0)
    y = x * x
    seen: list[str] = []
    walks: list[Walk] = []

    def hook(g: Scalar) -> None:
        walks.append(current_walk())
        walks[-1].callbacks.append(lambda: seen.append(f"end {x.grad}"))
        seen.append("hook")

    y.register_hook(hook)
    (y * 3.0).backward(retain_graph=True)
    assert seen == ["hook", "end 12.0"]
    (x * y).backward()
    assert seen[2:] == ["hook", "end 24.0"]
    assert walks[0] is not walks[1]
    with pytest.raises(RuntimeError, match="no backward is running"):
        current_walk()


def test_hooks_before_and_after_a_node() -> None:
    x = leaf(2.0)
    y = x * 3.0
    node = node_of(y)
    seen: list[list[float | None]] = []
    before = node.register_prehook(lambda outputs: [g and g * 10.0 for g in outputs])
    after = node.register_hook(
        lambda inputs, outputs: seen.append(
            [None if g is None else g.data for g in (*inputs, *outputs)]
        )
    )
    y.backward()
    assert seen == [[30.0, None, 10.0]]
    before.remove()
    after.remove()
    (grown,) = grad(x * 3.0, x)
    assert grown.data == 3.0
    assert len(seen) == 1


def test_a_delayed_error_is_raised_when_it_is_reached() -> None:
    x = leaf(2.0)
    y = Scalar(3.0)
    y.node = DelayedError("LostBackward", "nobody knows how this was made", (node_of(x),))
    y.requires_grad = True
    assert y.node.name() == "LostBackward"
    with pytest.raises(RuntimeError, match="nobody knows how this was made"):
        (y * 2.0).backward()


def test_anomaly_mode_names_the_line_of_the_nan() -> None:
    x = leaf(0.0)
    with detect_anomaly():
        y = x**0.5  # the forward
        z = y * 0.0
        with pytest.raises(RuntimeError) as caught:
            z.backward()
    text = str(caught.value)
    assert text.startswith("Function 'PowBackward0' returned nan values in its 0th output.\n")
    assert text.endswith("y = x**0.5  # the forward")
    with set_detect_anomaly(True, check_nan=False):
        (leaf(0.0) ** 0.5 * 0.0).backward()


def test_inference_mode_is_known_where_it_is_on() -> None:
    @inference_mode
    def look() -> tuple[bool, bool]:
        return is_inference_mode_enabled(), is_grad_enabled()

    assert look() == (True, False)
    assert not is_inference_mode_enabled()
    with inference_mode(), inference_mode(False):
        assert (is_inference_mode_enabled(), is_grad_enabled()) == (False, True)
