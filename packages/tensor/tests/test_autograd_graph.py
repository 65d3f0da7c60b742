"""The graph as its user sees it: nodes, hooks on them, several roots, batches of seeds, threads."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence

import pytest

import minitorch_tensor as mt
from minitorch_autodiff import Scalar, current_walk, inference_mode, is_inference_mode_enabled
from minitorch_tensor import Tensor, functional
from minitorch_tensor.autograd import backward_of, grad
from minitorch_tensor.autograd_function import Function
from minitorch_tensor.autograd_function_node import FunctionCtx
from minitorch_tensor.autograd_graph import (
    get_gradient_edge,
    increment_version,
    register_multi_grad_hook,
)

Grads = Sequence[Tensor | None]


def leaf(*values: float) -> Tensor:
    return mt.tensor(list(values), requires_grad=True)


def numbers(gradients: Grads) -> list[object]:
    return [None if g is None else g.tolist() for g in gradients]


# ---- several roots, batches of seeds -----------------------------------------------------------


def test_several_roots_are_walked_once() -> None:
    x = leaf(1.0, 2.0)
    shared = x * x
    seen: list[object] = []
    shared.register_hook(lambda g: seen.append(g.tolist()))
    backward_of([shared.sum(), (3 * shared).sum()])
    assert seen == [[4.0, 4.0]]
    assert x.grad is not None
    assert x.grad.tolist() == [8.0, 16.0]


def test_backward_of_has_pytorchs_arguments() -> None:
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    z = x * y
    backward_of([z, x * 2], [mt.ones(2), mt.ones(2)], inputs=[x])
    assert x.grad is not None
    assert x.grad.tolist() == [5.0, 6.0]
    assert y.grad is None
    backward_of(x * 2, grad_variables=mt.ones(2))
    with pytest.raises(RuntimeError, match="grad_tensors and grad_variables"):
        backward_of(x * 2, mt.ones(2), grad_variables=mt.ones(2))
    with pytest.raises(RuntimeError, match="backward: got 2 tensors and 1 gradients"):
        backward_of([x, x], [None])
    with pytest.raises(RuntimeError, match="element 1 of tensors does not require grad"):
        backward_of([x.sum(), mt.ones(1)])


def test_a_batch_of_seeds_gives_a_batch_of_gradients() -> None:
    x, y = leaf(1.0, 2.0), leaf(5.0)
    seeds = mt.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
    g, unused = grad(x * x, [x, y], seeds, is_grads_batched=True, allow_unused=True)
    assert g is not None
    assert g.tolist() == [[2.0, 0.0], [0.0, 4.0], [4.0, 8.0]]
    assert unused is None
    with pytest.raises(RuntimeError, match=r"one more dimension.*got gradients of shape None"):
        grad((x * x).sum(), x, is_grads_batched=True)
    with pytest.raises(ValueError, match="only_inputs=False is no longer possible"):
        grad((x * x).sum(), x, only_inputs=False)


# ---- hooks -------------------------------------------------------------------------------------


def test_hooks_around_a_node() -> None:
    x = leaf(1.0, 2.0)
    y = x.exp()
    node = y.grad_fn
    assert node is not None
    seen: list[object] = []

    def after(inputs: Grads, outputs: Grads) -> Grads:
        seen.append((len(inputs), numbers(outputs)))
        return [None if g is None else g * 0 + 7 for g in inputs]

    first = node.register_prehook(lambda outputs: [mt.ones(2) for _ in outputs])
    second = node.register_hook(after)
    (y * 5).sum().backward(retain_graph=True)
    assert seen == [(1, [[1.0, 1.0]])]
    assert x.grad is not None
    assert x.grad.tolist() == [7.0, 7.0]
    first.remove()
    second.remove()
    x.grad = None
    y.sum().backward()
    assert len(seen) == 1


def test_hooks_around_a_node_with_several_outputs_and_around_a_leaf() -> None:
    class Two(Function):
        @staticmethod
        def forward(ctx: FunctionCtx, x: Tensor) -> tuple[Tensor, Tensor]:
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: FunctionCtx, g: Tensor, h: Tensor) -> Tensor:
            return g * 2 + h * 3

    x = leaf(1.0)
    a, _ = Two.apply(x)
    assert a.grad_fn is not None
    node, slot = a.grad_fn.next_functions[0]
    assert node is not None
    assert slot == 0
    seen: list[object] = []
    node.register_hook(lambda inputs, outputs: seen.append((numbers(inputs), numbers(outputs))))
    sink = node.next_functions[0][0]
    assert sink is not None
    sink.register_hook(lambda inputs, outputs: seen.append(numbers(outputs)))
    a.backward()
    assert seen == [([[2.0]], [[1.0]]), [[2.0]]]


def test_one_hook_on_several_gradients() -> None:
    a, b, c = leaf(1.0), leaf(2.0), leaf(3.0)
    together: list[object] = []
    first: list[object] = []
    handle = register_multi_grad_hook([a, b, c], lambda gs: together.append(numbers(gs)))
    register_multi_grad_hook((a, b), lambda g: first.append(g.tolist()), mode="any")
    (a * b).sum().backward()
    (a * b * c).sum().backward()
    assert together == [[[2.0], [1.0], None], [[6.0], [3.0], [2.0]]]
    assert len(first) == 2
    handle.remove()
    (a * b).sum().backward()
    assert len(together) == 2
    with pytest.raises(ValueError, match=r"one of \('all', 'any'\) but got x"):
        register_multi_grad_hook((a,), lambda gs: None, mode="x")  # type: ignore[call-overload]
    with pytest.raises(RuntimeError, match="does not require grad"):
        register_multi_grad_hook((mt.ones(1),), lambda gs: None)


def test_a_hook_on_several_gradients_is_not_called_where_backward_fails() -> None:
    a = leaf(1.0)
    seen: list[object] = []
    register_multi_grad_hook([a], lambda gs: seen.append(numbers(gs)))
    b = a.exp()
    b.register_hook(lambda g: g / mt.ones(1)[3])
    with pytest.raises(IndexError):
        b.sum().backward()
    assert seen == []
    with pytest.raises(RuntimeError, match="no backward is running"):
        current_walk()


def test_edges_and_versions() -> None:
    x = leaf(1.0)
    y = x.exp()
    edge = get_gradient_edge(y)
    assert edge.node is y.grad_fn
    assert get_gradient_edge(x).node.name() == "AccumulateGrad"
    with pytest.raises(RuntimeError, match="does not require gradients"):
        get_gradient_edge(mt.ones(1))
    increment_version([y, y])
    assert y._version == 2
    with pytest.raises(RuntimeError, match="is at version 2; expected version 0 instead"):
        y.backward()


# ---- modes -------------------------------------------------------------------------------------


def test_inference_mode_says_so_and_makes_ordinary_tensors() -> None:
    x = leaf(1.0)
    with inference_mode():
        assert is_inference_mode_enabled()
        y = x * 2
        with inference_mode(False):
            assert not is_inference_mode_enabled()
            assert (x * 2).requires_grad
        with mt.no_grad():
            assert is_inference_mode_enabled()
    assert not is_inference_mode_enabled()
    assert not y.requires_grad
    assert not y.is_inference()
    (x * y).backward()  # in PyTorch an error; here y is a constant like any other
    assert x.grad is not None


@pytest.mark.parametrize("decorate", [inference_mode(), inference_mode])
def test_inference_mode_decorates_functions_and_generators(
    decorate: Callable[..., Callable[..., object]],
) -> None:
    def function() -> bool:
        return is_inference_mode_enabled() and not mt.is_grad_enabled()

    def generator() -> Iterator[bool]:
        yield is_inference_mode_enabled()
        yield mt.is_grad_enabled()

    assert decorate(function)()
    produced = decorate(generator)()
    assert isinstance(produced, Iterator)
    assert next(produced)
    assert not is_inference_mode_enabled()
    assert list(produced) == [False]


def test_modes_are_one_threads_own() -> None:
    seen: list[tuple[bool, bool]] = []

    def look() -> None:
        seen.append((mt.is_grad_enabled(), is_inference_mode_enabled()))

    with inference_mode():
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [(True, False)]


# ---- threads -----------------------------------------------------------------------------------


def test_no_update_of_a_shared_leaf_is_lost() -> None:
    x = mt.zeros(3, requires_grad=True)
    count = 200
    failures: list[BaseException] = []
    hooked: list[int] = []
    x.register_post_accumulate_grad_hook(lambda leaf: hooked.append(1))
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            for _ in range(count):
                (x * 2).sum().backward()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert x.grad is not None
    assert x.grad.tolist() == [8.0 * count] * 3
    assert len(hooked) == 4 * count


def test_threads_walk_one_retained_graph() -> None:
    x = mt.ones(3, requires_grad=True)
    y = (x.exp().log() * x).sum()
    threads = [threading.Thread(target=lambda: y.backward(retain_graph=True)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad is not None
    assert mt.allclose(x.grad, mt.full((3,), 16.0))


# ---- depth and lifetime ------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["unary", "views", "writes"])
def test_a_graph_100_000_deep_is_built_walked_and_freed(kind: str) -> None:
    gc.disable()
    try:
        x = mt.ones(1, requires_grad=True)
        y = x * 1
        middle: weakref.ref[object] | None = None
        for i in range(100_000):
            if kind == "unary":
                y = -y
            elif kind == "views":
                y = y.view(1)
            else:
                y.neg_()
            if i == 50_000:
                middle = weakref.ref(y.grad_fn) if y.grad_fn is not None else None
        y.backward()
        assert x.grad is not None
        assert x.grad.item() == 1.0
        assert middle is not None
        assert middle() is not None
        del y
        assert middle() is None
    finally:
        gc.enable()


KINDS: dict[str, Callable[[Tensor], Tensor]] = {
    "unary": lambda x: x.exp(),
    "binary": lambda x: x * x,
    "ternary": lambda x: mt.where(x > 1, x, x * 2),
    "matmul": lambda x: x @ x,
    "cat": lambda x: mt.cat([x, x]),
    "stack": lambda x: mt.stack([x, x]),
    "reduction": lambda x: x.sum(0),
    "product": lambda x: x.prod(),
    "extreme": lambda x: x.max(0).values,
    "sort": lambda x: x.sort().values,
    "gather": lambda x: x.gather(0, mt.zeros(1, 2, dtype=mt.int64)),
    "index": lambda x: x[mt.tensor([0, 0])],
    "mask": lambda x: x[x > 0],
    "view": lambda x: x.view(4),
    "permute": lambda x: x.t(),
    "expand": lambda x: x.sum().expand(3),
    "copy": lambda x: x.clone(),
    "cast": lambda x: x.double(),
    "softmax": lambda x: functional.softmax(x, -1),
    "linear": lambda x: functional.linear(x, x),
    "layer norm": lambda x: functional.layer_norm(x, (2,)),
    "write": lambda x: x.clone().mul_(2),
    "write into a view": lambda x: x.clone()[0].mul_(2),
    "setitem": lambda x: _set(x),
}


def _set(x: Tensor) -> Tensor:
    y = x * 1
    y[0] = x[1]
    return y


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("twice", [False, True])
def test_every_kind_of_node_is_freed(kind: str, twice: bool) -> None:
    gc.disable()
    try:
        x = mt.tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True)
        y = KINDS[kind](x)
        alive: list[weakref.ref[object]] = [weakref.ref(x), weakref.ref(y)]
        if y.grad_fn is not None:
            alive.append(weakref.ref(y.grad_fn))
        z = (y.double() * y.double()).sum()
        if twice:
            (g,) = grad(z, x, create_graph=True)
            assert g is not None
            alive.append(weakref.ref(g))
            (g * g).sum().backward()
            del g
        else:
            z.backward()
        alive.append(weakref.ref(x.grad))
        del x, y, z
        assert [reference() for reference in alive] == [None] * len(alive)
    finally:
        gc.enable()


def test_scalars_have_hooks_around_nodes_too() -> None:
    x = Scalar(2.0, requires_grad=True)
    y = x * x
    assert y.grad_fn is not None
    y.grad_fn.register_hook(lambda inputs, outputs: [g and g * 10.0 for g in inputs])
    y.backward()
    assert x.grad is not None
    assert x.grad.data == 40.0
