"""Depth, and memory: long graphs, freed without recursion and without the garbage collector."""

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from weakref import ref

import pytest

from minitorch_autodiff import (
    Node,
    Saved,
    Scalar,
    backpropagate,
    draw,
    grad,
    topological_sort,
    youngest_first,
)
from minitorch_operators import exp, gelu, maximum, tanh, where

DEPTH = 100_000

Weak = ref[Scalar] | ref[Node[Scalar]]


def leaf(value: float) -> Scalar:
    return Scalar(value, requires_grad=True)


def node_of(x: Scalar) -> Node[Scalar]:
    node = x.gradient_node()
    assert node is not None
    return node


class KeepsOutput(Node[Scalar]):
    """The record of y = 1 x, which keeps y."""

    def __init__(self, x: Scalar, y: Scalar) -> None:
        super().__init__((x.gradient_node(),))
        self.saved = Saved(y, is_output=True)

    def backward(self, g: Scalar, /) -> Sequence[Scalar | None]:
        return (g,)


def saves_its_output(x: Scalar) -> Scalar:
    y = Scalar(x.data)
    y.node, y.requires_grad = KeepsOutput(x, y), True
    return y


def dead(references: list[Weak]) -> bool:
    return all(reference() is None for reference in references)


def chain(x: Scalar, depth: int) -> Scalar:
    y = x
    for _ in range(depth // 2):
        y = y * 1.0 + 1.0
    return y


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.usefixtures("_no_collector")
def test_a_deep_graph_is_walked_and_freed_without_recursion() -> None:
    assert sys.getrecursionlimit() < DEPTH // 10
    x = leaf(0.0)
    y = chain(x, DEPTH)
    assert y.data == DEPTH // 2
    assert len(youngest_first([node_of(y)])) == DEPTH + 1
    first = ref(y.parents[0])
    y.backward()
    assert x.derivative == 1.0
    del y
    assert first() is None


@pytest.mark.usefixtures("_no_collector")
def test_a_deep_graph_that_was_not_walked_is_freed_without_recursion() -> None:
    x = leaf(0.0)
    y = chain(x, DEPTH)
    first, node = ref(y.parents[0]), ref(node_of(y))
    del y
    assert dead([first, node])


@pytest.mark.usefixtures("_no_collector")
def test_a_deep_graph_of_derivatives_is_walked_and_freed() -> None:
    x = leaf(0.5)
    y = x
    for _ in range(5_000):
        y = (y * 0.999).sin() + y * 0.001
    (first,) = grad(y, x, create_graph=True)
    (second,) = grad(first, x, create_graph=True)
    assert second.requires_grad
    del y, first, second
    gc.collect()


@pytest.mark.usefixtures("_no_collector")
def test_the_course_algorithm_is_not_recursive_either() -> None:
    x = leaf(0.0)
    y = chain(x, DEPTH)
    assert len(topological_sort(y)) == DEPTH + 1
    backpropagate(y, 1.0)
    assert x.derivative == 1.0


@pytest.mark.usefixtures("_no_collector")
def test_a_graph_is_freed_with_its_root_at_once() -> None:
    x = leaf(0.5)
    gone: list[Weak] = []
    operations: list[Callable[[Scalar], Scalar]] = [
        lambda x: x * x,
        exp,
        tanh,
        saves_its_output,
        lambda x: gelu(maximum(x, 0.1)),
        lambda x: where(x > 0.0, x, x * x),
    ]
    for operation in operations:
        y = operation(x)
        z = y * 2.0
        gone += [ref(y), ref(z), ref(node_of(y)), ref(node_of(z))]
        del y, z
    assert dead(gone)


@pytest.mark.usefixtures("_no_collector")
def test_a_leaf_is_freed_with_its_last_use() -> None:
    x = leaf(0.5)
    x.register_hook(lambda g: None)
    x.register_post_accumulate_grad_hook(lambda x: None)
    y = x.tanh()
    y.retain_grad()
    y.register_hook(lambda g: g)
    y.backward()
    gone: list[Weak] = [ref(x), ref(node_of(x)), ref(y), ref(node_of(y))]
    del x, y
    assert dead(gone)


@pytest.mark.usefixtures("_no_collector")
def test_training_leaves_nothing_behind() -> None:
    x = leaf(0.5)

    def step() -> None:
        y = (x.tanh() * x + x.exp()).sigmoid() ** 2
        y.backward()
        (first,) = grad(x.sin() * x, x, create_graph=True)
        grad(first, x)
        draw(x * 2.0)
        x.grad = None

    step()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(50):
        step()
    assert len(gc.get_objects()) - before < 50


@pytest.mark.usefixtures("_no_collector")
def test_a_gradient_with_history_is_freed_when_it_is_dropped() -> None:
    x = leaf(0.5)
    y = x.exp() * x
    y.backward(create_graph=True)
    assert x.grad is not None
    gone: list[Weak] = [ref(y), ref(node_of(y)), ref(x.grad), ref(node_of(x.grad))]
    del y
    x.grad = None
    assert dead(gone)


def test_a_graph_of_a_leaf_that_is_gone_can_still_be_walked() -> None:
    y = leaf(2.0) * 3.0  # the Scalar itself remembers its operands
    y.backward()
    assert y.parents[0].derivative == 3.0
