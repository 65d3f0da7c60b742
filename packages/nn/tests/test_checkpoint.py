"""Checkpoints give the gradients of the plain computation, and free what lies in between."""

from __future__ import annotations

import gc
import tracemalloc
import warnings
import weakref
from collections.abc import Callable

import pytest

import minitorch as torch
from minitorch import Tensor
from minitorch.utils.checkpoint import (
    CheckpointError,
    checkpoint,
    checkpoint_sequential,
    noop_context_fn,
)


def network() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3)
    )


def gradients(model: torch.nn.Module, x: Tensor) -> list[list[float]]:
    found = []
    for p in [*model.parameters(), x]:
        assert p.grad is not None
        found.append(p.grad.flatten().numpy().tolist())
    return found


@pytest.mark.parametrize("use_reentrant", [False, True])
def test_gradients_are_those_of_the_plain_computation(use_reentrant: bool) -> None:
    results = []
    for plain in (True, False):
        model = network()
        x = torch.randn(5, 4).requires_grad_()
        y = model(x) if plain else checkpoint(model, x, use_reentrant=use_reentrant)
        after = torch.rand(1).item()  # the draws of the forward were made once
        (y * y).sum().backward()
        results.append((y.tolist(), gradients(model, x), after, torch.rand(1).item()))
    assert results[0] == results[1]


def test_the_random_state_need_not_be_kept() -> None:
    calls: list[float] = []

    def noisy(x: Tensor) -> Tensor:
        calls.append(torch.rand(1).item())
        return x * x

    x = torch.ones(2, requires_grad=True)
    for preserve in (True, False):
        checkpoint(noisy, x, use_reentrant=False, preserve_rng_state=preserve).sum().backward()
    assert calls[0] == calls[1]
    assert calls[2] != calls[3]


def test_parameters_get_gradients_although_no_input_needs_one() -> None:
    model = torch.nn.Linear(2, 2)
    checkpoint(model, torch.ones(1, 2), use_reentrant=False).sum().backward()
    assert model.weight.grad is not None
    assert model.weight.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    with pytest.warns(UserWarning, match=r"None of the inputs have requires_grad=True"):
        y = checkpoint(model, torch.ones(1, 2), use_reentrant=True)
    assert not y.requires_grad


def test_several_inputs_and_outputs_in_any_form() -> None:
    def f(a: Tensor, k: float, *, others: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        b = others["b"]
        return a * b * k, {"sum": a + b, "constant": torch.ones(2)}

    a, b = torch.ones(2, requires_grad=True), torch.full((2,), 3.0, requires_grad=True)
    y, more = checkpoint(f, a, 2.0, use_reentrant=False, others={"b": b})
    assert not more["constant"].requires_grad
    (y.sum() + 10 * more["sum"].sum()).backward()
    assert a.grad is not None
    assert b.grad is not None
    assert (a.grad.tolist(), b.grad.tolist()) == ([16.0, 16.0], [12.0, 12.0])


def test_captured_tensors_with_a_history_get_theirs() -> None:
    w = torch.ones(2, requires_grad=True)
    h = w * 3
    y = checkpoint(lambda x: (x * h).exp().log(), torch.ones(2), use_reentrant=False)
    (y + h).sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == pytest.approx([6.0, 6.0])


def test_a_captured_tensor_and_what_it_comes_from_count_once_each() -> None:
    w = torch.full((1,), 2.0, requires_grad=True)
    h = w * w
    y = checkpoint(lambda: h * w, use_reentrant=False)
    y.backward()
    assert w.grad is not None
    assert w.grad.item() == 12.0


def test_hooks_on_leaves_are_called_once() -> None:
    w = torch.ones(2, requires_grad=True)
    seen: list[list[float]] = []

    def hook(g: Tensor) -> Tensor:
        seen.append(g.numpy().tolist())
        return g * 10

    w.register_hook(hook)
    checkpoint(lambda x: x * w * w, torch.ones(2), use_reentrant=False).sum().backward()
    assert seen == [[2.0, 2.0]]
    assert w.grad is not None
    assert w.grad.tolist() == [20.0, 20.0]


def test_grad_and_second_derivatives_and_nesting() -> None:
    x = torch.full((1,), 2.0, requires_grad=True)

    def inner(x: Tensor) -> Tensor:
        return x * x

    def outer(x: Tensor) -> Tensor:
        return checkpoint(inner, x, use_reentrant=False) * x

    y = checkpoint(outer, x, use_reentrant=False)
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    assert g is not None
    (h,) = torch.autograd.grad(g, x)
    assert h is not None
    assert (y.item(), g.item(), h.item()) == (8.0, 12.0, 12.0)


def test_contexts_are_entered_for_the_forward_and_the_recomputation() -> None:
    seen: list[str] = []

    class Note:
        def __init__(self, word: str) -> None:
            self.word = word

        def __enter__(self) -> None:
            seen.append(self.word)

        def __exit__(self, *error: object) -> None:
            seen.append(f"/{self.word}")

    x = torch.ones(1, requires_grad=True)
    contexts = (Note("forward"), Note("again"))
    y = checkpoint(lambda x: x * x, x, use_reentrant=False, context_fn=lambda: contexts)
    assert seen == ["forward", "/forward"]
    y.backward()
    assert seen[2:] == ["again", "/again"]
    assert len(noop_context_fn()) == 2


def test_without_grad_mode_it_is_a_call() -> None:
    x = torch.ones(1, requires_grad=True)
    with torch.no_grad():
        assert not checkpoint(lambda x: x * 2, x, use_reentrant=False).requires_grad
    assert not checkpoint(lambda x: x.detach(), x, use_reentrant=False).requires_grad
    assert checkpoint(lambda x: x, x, use_reentrant=False) is x


def test_results_can_be_written_in_place_and_viewed() -> None:
    x = torch.ones(4, requires_grad=True)
    y = checkpoint(lambda x: (x * 2).view(2, 2), x, use_reentrant=False)
    y[0].mul_(5)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [10.0, 10.0, 2.0, 2.0]


# ---- errors ------------------------------------------------------------------------------------


def test_options_that_do_not_go_together() -> None:
    x = torch.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="Unexpected keyword arguments: k"):
        checkpoint(lambda x, k: x, x, use_reentrant=True, k=2)
    with pytest.raises(ValueError, match="only supported when use_reentrant=False"):
        checkpoint(lambda x: x, x, use_reentrant=True, debug=True)
    with pytest.raises(ValueError, match=r"one of \['default', 'none'\], but got perhaps"):
        checkpoint(lambda x: x, x, use_reentrant=False, determinism_check="perhaps")
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        checkpoint(lambda x: x, x)


def test_a_function_must_do_the_same_again() -> None:
    sizes = iter([1, 2])
    x = torch.ones(3, requires_grad=True)
    y = checkpoint(lambda x: x[: next(sizes)] * 2, x, use_reentrant=False)
    with pytest.raises(CheckpointError, match=r"were \[\(.*\(1,\).* and are \[\(.*\(2,\)"):
        y.sum().backward()


def test_inputs_are_guarded_and_graphs_freed() -> None:
    x = torch.ones(3, requires_grad=True) * 1
    y = checkpoint(lambda x: x * x, x, use_reentrant=False)
    x.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    x = torch.ones(3, requires_grad=True)
    y = checkpoint(lambda x: x * x, x, use_reentrant=False)
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.sum().backward()


# ---- a sequence --------------------------------------------------------------------------------


@pytest.mark.parametrize("segments", [1, 2, 3, 4])
@pytest.mark.parametrize("form", [lambda m: m, lambda m: list(m.children())])
def test_a_sequence_in_segments(segments: int, form: Callable[..., object]) -> None:
    results = []
    for plain in (True, False):
        model = network()
        x = torch.ones(2, 4, requires_grad=True)
        functions = form(model)
        assert isinstance(functions, torch.nn.Sequential | list)
        y = (
            model(x)
            if plain
            else checkpoint_sequential(functions, segments, x, use_reentrant=False)
        )
        y.sum().backward()
        results.append((y.tolist(), gradients(model, x)))
    assert results[0] == results[1]


def test_a_sequence_has_its_errors() -> None:
    x = torch.ones(2, 4)
    for segments in (0, 5):
        with pytest.raises(ValueError, match=f"expected 1 to 4 segments.*got {segments}"):
            checkpoint_sequential(network(), segments, x, use_reentrant=False)
    with pytest.raises(ValueError, match="Unexpected keyword arguments: k"):
        checkpoint_sequential(network(), 2, x, use_reentrant=False, k=1)
    with pytest.warns(UserWarning, match="checkpoint_sequential: the use_reentrant"):
        checkpoint_sequential(network(), 2, x.requires_grad_())


# ---- memory ------------------------------------------------------------------------------------


def chain(x: Tensor) -> Tensor:
    for _ in range(10):
        x = x.exp().log()
    return x


def test_what_lies_in_between_is_freed() -> None:
    held = []
    for plain in (True, False):
        gc.collect()
        tracemalloc.start()
        x = torch.ones(20_000, requires_grad=True)
        y = x
        for _ in range(5):
            y = chain(y) if plain else checkpoint(chain, y, use_reentrant=False)
        held.append(tracemalloc.get_traced_memory()[0])
        y.sum().backward()
        tracemalloc.stop()
        assert x.grad is not None
        assert torch.allclose(x.grad, torch.ones(20_000), atol=1e-4)
    assert held[1] < 0.2 * held[0]


def test_nothing_lives_on() -> None:
    gc.collect()
    gc.disable()
    try:
        x = torch.ones(3, requires_grad=True)
        y = checkpoint(lambda x: x.exp().view(3, 1), x, use_reentrant=False)
        assert y.grad_fn is not None
        references = [weakref.ref(x), weakref.ref(y)]
        node = weakref.ref(y.grad_fn)
        y.sum().backward()
        del x, y
        assert all(reference() is None for reference in references)
        assert node() is None
    finally:
        gc.enable()


@pytest.mark.parity
@pytest.mark.parametrize("use_reentrant", [False, True])
def test_parity(use_reentrant: bool) -> None:
    oracle = pytest.importorskip("torch")
    theirs = pytest.importorskip("torch.utils.checkpoint")
    found = []
    for lib, function in ((torch, checkpoint), (oracle, theirs.checkpoint)):
        lib.manual_seed(3)
        model = lib.nn.Sequential(
            lib.nn.Linear(4, 8), lib.nn.Tanh(), lib.nn.Dropout(0.5), lib.nn.Linear(8, 3)
        )
        x = lib.randn(5, 4).requires_grad_()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function(model, x, use_reentrant=use_reentrant).pow(2).sum().backward()
        found.append([p.grad.flatten().tolist() for p in [*model.parameters(), x]])
    for ours, other in zip(*found, strict=True):
        assert ours == pytest.approx(other, rel=1e-4, abs=1e-5)
