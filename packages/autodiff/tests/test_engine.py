"""The engine on graphs of Scalars, and of nodes made for the test."""

from collections.abc import Sequence
from weakref import ref

import pytest

from minitorch_autodiff import (
    AccumulateGrad,
    Many,
    Node,
    Output,
    Saved,
    Scalar,
    backward,
    enable_grad,
    grad,
    is_grad_enabled,
    record_linear,
    youngest_first,
)


def leaf(value: float, name: str | None = None) -> Scalar:
    return Scalar(value, requires_grad=True, name=name)


def node_of(x: Scalar) -> Node[Scalar]:
    node = x.gradient_node()
    assert node is not None
    return node


class Counting(Node[Scalar]):
    """An identity that counts how often it runs."""

    def __init__(self, x: Scalar) -> None:
        super().__init__((x.gradient_node(),))
        self.runs = 0
        self.released = 0

    def backward(self, g: Scalar, /) -> Sequence[Scalar | None]:
        self.runs += 1
        return (g,)

    def release(self) -> None:
        self.released += 1


def counted(x: Scalar) -> tuple[Scalar, Counting]:
    y = Scalar(x.data)
    node = Counting(x)
    y.node, y.requires_grad = node, True
    return y, node


def test_a_diamond_is_visited_once() -> None:
    x = leaf(3.0)
    middle, node = counted(x * 2.0)
    (middle * middle + middle * 5.0).backward()
    assert node.runs == 1
    assert x.derivative == 2 * (2 * 6.0 + 5.0)


def test_a_ladder_of_diamonds_is_linear() -> None:
    x = y = leaf(1.0)
    for _ in range(200):  # 2**200 paths
        y = (y + y) * 0.5
    y.backward()
    assert x.derivative == 1.0
    assert len(youngest_first([node_of(y)])) == 401


def test_every_node_comes_after_what_was_computed_from_it() -> None:
    x, y = leaf(2.0), leaf(3.0)
    z = (x * y + x).exp() / y
    order = youngest_first([node_of(z)])
    place = {node: i for i, node in enumerate(order)}
    assert order[0] is z.node
    for node in order:
        for edge in node.edges:
            assert edge is None or place[edge] > place[node]


def test_a_value_used_twice_gets_both_gradients() -> None:
    x = leaf(3.0)
    (x * x).backward()
    assert x.derivative == 6.0


def test_gradients_accumulate_over_backwards() -> None:
    x = leaf(3.0)
    (2.0 * x).backward()
    (5.0 * x).backward()
    assert x.derivative == 7.0


def test_constants_get_no_gradient_and_no_node() -> None:
    x, c = leaf(2.0), Scalar(5.0)
    y = x * c
    y.backward()
    assert c.grad is None
    assert c.node is None
    assert y.grad_fn is not None
    assert y.grad_fn.edges[1] is None


def test_a_leaf_without_influence_keeps_none() -> None:
    x, unused = leaf(2.0), leaf(1.0)
    (x * 1.0).backward()
    assert unused.grad is None
    assert (unused > 0.0).grad_fn is None


def test_an_operation_of_constants_is_not_recorded() -> None:
    assert (Scalar(2.0) * Scalar(3.0)).grad_fn is None


def test_a_comparison_is_not_recorded() -> None:
    x = leaf(2.0)
    for y in (x < 1.0, x <= x, x == 2.0, x != 2.0):
        assert not y.requires_grad
        assert y.is_leaf


def test_several_roots_are_walked_together() -> None:
    x, y = leaf(2.0), leaf(3.0)
    shared, node = counted(x * y)
    first, second = shared * 2.0, shared * x
    backward([(node_of(first), Scalar(1.0)), (node_of(second), Scalar(10.0))])
    assert node.runs == 1
    assert x.derivative == pytest.approx(2 * 3 + 10 * (2 * 2.0 * 3.0))
    assert y.derivative == pytest.approx(2 * 2 + 10 * 4.0)


def test_the_same_root_twice_counts_twice() -> None:
    x = leaf(3.0)
    y = x * x
    backward([(node_of(y), Scalar(1.0)), (node_of(y), Scalar(10.0))])
    assert x.derivative == 66.0


def test_a_root_may_lie_behind_another() -> None:
    x = leaf(3.0)
    y = x * x
    z = y * 2.0
    backward([(node_of(z), Scalar(1.0)), (node_of(y), Scalar(1.0))])
    assert x.derivative == 18.0


def test_a_leaf_may_be_the_root() -> None:
    x = leaf(3.0)
    x.backward(5.0)
    assert x.derivative == 5.0
    assert grad(x, x)[0].data == 1.0


def test_no_gradient_is_none_and_stops_there() -> None:
    class Stopping(Node[Scalar]):
        def backward(self, g: Scalar, /) -> Sequence[Scalar | None]:
            return (None,)

    x = leaf(2.0)
    behind, node = counted(x)
    y = Scalar(1.0)
    y.node, y.requires_grad = Stopping((node_of(behind),)), True
    y.backward()
    assert x.grad is None
    assert node.runs == 0


def test_a_node_that_gives_too_few_gradients_is_an_error() -> None:
    class Short(Node[Scalar]):
        def backward(self, g: Scalar, /) -> Sequence[Scalar | None]:
            return ()

    x = leaf(2.0)
    y = Scalar(1.0)
    y.node, y.requires_grad = Short((node_of(x),)), True
    with pytest.raises(ValueError, match=r"zip\(\)"):
        y.backward()
    assert is_grad_enabled()


# --- wanted ------------------------------------------------------------------------------------


def test_grad_touches_no_leaf() -> None:
    x, y = leaf(2.0), leaf(3.0)
    dx, dy = grad(x * y, [x, y])
    assert (dx.data, dy.data) == (3.0, 2.0)
    assert x.grad is None
    assert y.grad is None


def test_grad_runs_only_nodes_on_the_way() -> None:
    x, y = leaf(2.0), leaf(3.0)
    on_the_way, on = counted(x * 2.0)
    beside, off = counted(y * 2.0)
    (dx,) = grad(on_the_way * beside, [x])
    assert dx.data == 12.0
    assert (on.runs, off.runs) == (1, 0)
    assert (on.released, off.released) == (1, 0)


def test_grad_does_not_run_the_hooks_of_what_is_not_wanted() -> None:
    x, y = leaf(2.0), leaf(3.0)
    seen: list[str] = []
    x.register_hook(lambda g: seen.append("x"))
    y.register_hook(lambda g: seen.append("y"))
    y.register_post_accumulate_grad_hook(lambda y: seen.append("y accumulated"))
    grad(x * y, x)
    assert seen == ["x"]


def test_a_root_that_leads_to_nothing_wanted_is_not_run() -> None:
    x, y = leaf(2.0), leaf(3.0)
    wanted, on = counted(x * 2.0)
    beside, off = counted(y * 2.0)
    beside.register_hook(lambda g: pytest.fail("the hook of an unwanted root ran"))
    roots = [(node_of(wanted), Scalar(1.0)), (node_of(beside), Scalar(1.0))]
    found = backward(roots, [node_of(x)])
    assert {node: g.data for node, g in found.items()} == {node_of(x): 2.0}
    assert (on.runs, off.runs) == (1, 0)


def test_gradients_that_nobody_wants_do_not_pile_up() -> None:
    unwanted: list[ref[Scalar]] = []

    class Fork(Node[Scalar]):
        def backward(self, g: Scalar, /) -> Sequence[Scalar | None]:
            other = g * 5.0
            unwanted.append(ref(other))
            return (g * 3.0, other)

    class Watch(Node[Scalar]):
        def backward(self, g: Scalar, /) -> Sequence[Scalar | None]:
            assert unwanted[0]() is None
            return (g,)

    x, y = leaf(2.0), leaf(3.0)
    z = Scalar(0.0)
    z.node, z.requires_grad = Fork((Watch((node_of(x),)), node_of(y))), True
    assert grad(z, x)[0].data == 3.0


def test_grad_by_a_value_in_between() -> None:
    x = leaf(2.0)
    y = x * x
    z = y * y
    dy, dx = grad(z, [y, x])
    assert (dy.data, dx.data) == (8.0, 32.0)


def test_grad_by_the_output_itself_is_the_seed() -> None:
    x = leaf(2.0)
    y = x * x
    assert grad(y, y, 7.0)[0].data == 7.0


def test_grad_by_the_same_input_twice() -> None:
    x = leaf(3.0)
    first, second = grad(x * x, [x, x])
    assert (first.data, second.data) == (6.0, 6.0)


def test_grad_says_which_input_was_not_used() -> None:
    x, y = leaf(2.0), leaf(3.0)
    message = r"grad: input 1, Scalar\(3\.0\), appears to not have been used in the graph"
    with pytest.raises(RuntimeError, match=message):
        grad(x * 2.0, [x, y])
    assert grad(x * 2.0, [x, y], materialize_grads=True)[1].data == 0.0


def test_grad_says_which_input_does_not_require_grad() -> None:
    x = leaf(2.0)
    with pytest.raises(RuntimeError, match=r"grad: input 0, Scalar\(3\.0\), does not require grad"):
        grad(x * 2.0, Scalar(3.0))


def test_backward_of_a_constant_says_what_to_do() -> None:
    message = (
        r"backward: Scalar\(3\.0\) does not require grad and does not have a grad_fn; make what "
        r"it is computed from with Scalar\(value, requires_grad=True\)"
    )
    with pytest.raises(RuntimeError, match=message):
        Scalar(3.0).backward()


# --- freed graphs --------------------------------------------------------------------------------


def test_a_graph_is_freed_after_use() -> None:
    x = leaf(3.0)
    y = x * x
    y.backward()
    message = (
        r"Trying to backward through the graph a second time: the saved values of MulBackward0 "
        r"were freed when it was first walked; pass retain_graph=True to the first backward"
    )
    with pytest.raises(RuntimeError, match=message):
        y.backward()
    assert x.derivative == 6.0


@pytest.mark.parametrize("make", [lambda x: x.exp(), lambda x: x.log(), lambda x: x / 2.0 / x])
def test_every_kind_of_node_says_that_it_was_freed(make: object) -> None:
    assert callable(make)
    y = make(leaf(3.0))
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_what_saves_nothing_can_be_walked_again() -> None:
    x = leaf(3.0)
    y = x + 1.0
    y.backward()
    y.backward()
    assert x.derivative == 2.0


def test_retain_graph_keeps_the_graph() -> None:
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    assert x.derivative == 18.0
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_create_graph_keeps_the_graph_unless_told_otherwise() -> None:
    x = leaf(3.0)
    y = x * x
    y.backward(create_graph=True)
    y.backward()
    assert x.derivative == 12.0


def test_saved_values_are_released_as_the_walk_passes() -> None:
    x = leaf(2.0)
    y = x * x
    node = y.grad_fn
    assert isinstance(node, Node)
    y.backward()
    assert node.next_functions == ((x.node, 0), (x.node, 0))
    assert vars_of(node) == (None, None)


def vars_of(node: Node[Scalar]) -> tuple[object, object]:
    return getattr(node, "a", "missing"), getattr(node, "b", "missing")


# --- derivatives of derivatives ------------------------------------------------------------------


def test_third_derivative_of_a_power() -> None:
    x = leaf(2.0)
    y = x**5
    values = []
    for _ in range(4):
        (y,) = grad(y, x, create_graph=True)
        values.append(y.data)
    assert values == pytest.approx([5 * 16, 20 * 8, 60 * 4, 120 * 2])


def test_grad_itself_can_be_walked_after_create_graph() -> None:
    x = leaf(2.0)
    (x**3).backward(create_graph=True)
    first = x.grad
    assert first is not None
    assert first.requires_grad
    x.grad = None
    first.backward()
    assert x.derivative == 12.0


def test_mixed_second_derivatives_agree() -> None:
    x, y = leaf(0.5), leaf(1.5)
    z = (x * y).sin() * x.exp()
    dx, dy = grad(z, [x, y], create_graph=True)
    (xy,) = grad(dx, y, retain_graph=True)
    (yx,) = grad(dy, x)
    assert xy.data == pytest.approx(yx.data, rel=1e-12)


def test_without_create_graph_gradients_have_no_history() -> None:
    x, seed = leaf(3.0), leaf(1.0)
    y = x + 1.0
    y.backward(seed)
    assert x.grad is not None
    assert not x.grad.requires_grad
    assert seed.grad is None


def test_a_seed_with_history_is_differentiated_under_create_graph() -> None:
    x, seed = leaf(3.0), leaf(2.0)
    (dx,) = grad(x * x, x, seed, create_graph=True)
    (by_seed,) = grad(dx, seed)
    assert by_seed.data == 6.0


def test_backward_records_nothing_under_no_create_graph_even_if_recording() -> None:
    x = leaf(3.0)
    with enable_grad():
        (dx,) = grad(x * x, x)
    assert dx.is_leaf


# --- several outputs ----------------------------------------------------------------------------


class DivMod(Many[Scalar]):
    """q = x * 0.5 and r = x * 3: an operation with two outputs."""

    def __init__(self, x: Scalar) -> None:
        super().__init__((x.gradient_node(),))
        self.seen: list[list[float | None]] = []

    def backward_many(self, grads: Sequence[Scalar | None], /) -> Sequence[Scalar | None]:
        self.seen.append([None if g is None else g.data for g in grads])
        total = None
        for g, factor in zip(grads, (0.5, 3.0), strict=False):
            if g is not None:
                total = g * factor if total is None else total + g * factor
        return (total,)


def two_outputs(x: Scalar) -> tuple[Scalar, Scalar, DivMod]:
    node = DivMod(x)
    q, r = Scalar(x.data * 0.5), Scalar(x.data * 3.0)
    for slot, value in enumerate((q, r)):
        value.node, value.requires_grad = Output(node, slot), True
    return q, r, node


def test_a_node_with_two_outputs_runs_once_with_both_gradients() -> None:
    x = leaf(4.0)
    q, r, node = two_outputs(x)
    (q * 2.0 + r * 10.0).backward()
    assert node.seen == [[2.0, 10.0]]
    assert x.derivative == 31.0


def test_an_unused_output_gives_none() -> None:
    x = leaf(4.0)
    _, r, node = two_outputs(x)
    (r * 10.0).backward()
    assert node.seen == [[None, 10.0]]
    assert x.derivative == 30.0


def test_an_output_used_twice_adds_up() -> None:
    x = leaf(4.0)
    q, _, node = two_outputs(x)
    (q * q).backward()
    assert node.seen == [[4.0]]
    assert x.derivative == 2.0


def test_an_output_may_have_two_nodes() -> None:
    x = leaf(4.0)
    q, _, node = two_outputs(x)
    again = Scalar(q.data)
    again.node, again.requires_grad = Output(node, 0), True
    (q * 2.0 + again * 10.0).backward()
    assert node.seen == [[12.0]]
    assert x.derivative == 6.0


def test_grad_by_one_output_does_not_run_the_node() -> None:
    x = leaf(4.0)
    q, r, node = two_outputs(x)
    (dq,) = grad(q * r, q)
    assert dq.data == 12.0
    assert node.seen == []


def test_hooks_of_an_output_see_its_own_gradient() -> None:
    x = leaf(4.0)
    q, r, _ = two_outputs(x)
    seen: list[float] = []
    r.register_hook(lambda g: seen.append(g.data))
    (q * 2.0 + r * 10.0).backward()
    assert seen == [10.0]


def test_next_functions_name_the_output() -> None:
    x = leaf(4.0)
    q, r, node = two_outputs(x)
    z = q * r
    assert z.grad_fn is not None
    assert z.grad_fn.next_functions == ((node, 0), (node, 1))
    assert repr(q.grad_fn) == "<DivMod>"


# --- nodes --------------------------------------------------------------------------------------


def test_nodes_have_the_names_of_pytorch() -> None:
    x = leaf(2.0)
    assert [
        y.grad_fn.name() for y in (x + 1.0, x * 2.0, x.exp(), -x, x.relu()) if y.grad_fn is not None
    ] == ["AddBackward0", "MulBackward0", "ExpBackward0", "NegBackward0", "ReluBackward0"]
    assert repr((x / 2.0).grad_fn) == "<DivBackward0>"


def test_the_graph_can_be_walked_to_the_leaf() -> None:
    x = leaf(2.0)
    y = x.exp() + 1.0
    assert y.grad_fn is not None
    (exp_node, _), none = y.grad_fn.next_functions
    assert none == (None, 0)
    assert exp_node is not None
    ((accumulate, slot),) = exp_node.next_functions
    assert isinstance(accumulate, AccumulateGrad)
    assert accumulate.variable is x
    assert slot == 0


def test_a_linear_map_is_recorded_by_its_transpose() -> None:
    x = leaf(2.0)
    y = Scalar(x.data * 7.0)
    record_linear("SevenfoldBackward0", x, y, lambda g: g * 7.0)
    (y * y).backward()
    assert x.derivative == 2 * 14.0 * 7.0
    assert repr(y.grad_fn) == "<SevenfoldBackward0>"


def test_a_saved_output_is_attached_again() -> None:
    x = leaf(2.0)
    y = x * 3.0
    node = node_of(y)
    saved = Saved(y, is_output=True)
    value = saved.unpack(node)
    assert value is not y
    assert value.node is node
    saved.release()
    with pytest.raises(RuntimeError, match="the saved values of MulBackward0 were freed"):
        saved.unpack(node)


class Written(Scalar):
    """A Scalar whose version can be raised, as an in-place write to a tensor does."""

    __slots__ = ("count",)

    def __init__(self, data: float, *, requires_grad: bool = False) -> None:
        self.count = 0
        super().__init__(data, requires_grad=requires_grad)

    @property
    def version(self) -> int:
        return self.count


def test_a_value_written_since_it_was_saved_is_an_error() -> None:
    x, y = Written(2.0, requires_grad=True), leaf(3.0)
    z = x * y
    x.count = 1
    message = (
        r"has been modified by an inplace operation: what MulBackward0 saved is at version 1; "
        r"expected version 0 instead"
    )
    with pytest.raises(RuntimeError, match=message):
        z.backward()


def test_a_written_value_that_the_rule_does_not_read_is_no_error() -> None:
    x = Written(2.0, requires_grad=True)
    y = x + 1.0
    x.count = 1
    y.backward()
    assert x.derivative == 1.0


def test_a_saved_value_is_checked_on_unpacking() -> None:
    x = Written(2.0, requires_grad=True)
    saved = Saved[Scalar](x)
    assert saved.unpack(node_of(x * 2.0)) is x
    x.count = 3
    with pytest.raises(RuntimeError, match="saved is at version 3; expected version 0 instead"):
        saved.unpack(node_of(x * 2.0))


# --- backward and grad of Scalars -----------------------------------------------------------------


def test_backward_of_chosen_inputs_leaves_others_alone() -> None:
    x, y = leaf(2.0), leaf(3.0)
    z = x * y
    w = z * z
    w.backward(inputs=[x, z])
    assert (x.derivative, y.derivative, z.derivative) == (36.0, None, 12.0)
    (x * y).backward(10.0, inputs=y)
    assert (x.derivative, y.derivative) == (36.0, 20.0)
    with pytest.raises(RuntimeError, match=r"input 0, Scalar\(1\.0\), does not require grad"):
        (x * y).backward(inputs=Scalar(1.0))


def test_backward_takes_its_options_by_position_too() -> None:
    x = leaf(3.0)
    y = x * x
    y.backward(None, True)
    y.backward(Scalar(2.0), False, True)
    assert x.derivative == 18.0
    assert x.grad is not None
    assert x.grad.requires_grad


def test_grad_of_several_outputs_is_that_of_their_sum() -> None:
    x = leaf(3.0)
    (dx,) = grad([x * x, x * 2.0], [x], [10.0, None])
    assert dx.data == 62.0
    assert grad((x * x, x * 2.0), x)[0].data == 8.0
    with pytest.raises(RuntimeError, match="grad: got 2 outputs and 1 grad_outputs"):
        grad([x * x, x * 2.0], x, [1.0])
