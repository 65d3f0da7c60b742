"""Pruned weights: masks, numbers, states and errors are those of torch."""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch.nn.utils import prune as our_prune

torch = pytest.importorskip("torch")
their_prune = pytest.importorskip("torch.nn.utils.prune")

pytestmark = pytest.mark.parity


@pytest.fixture(autouse=True)
def on_numpy() -> Iterator[None]:
    """On the device that compiles nothing."""
    minitorch.set_default_device("numpy")
    yield
    minitorch.set_default_device(None)


def P(t: ModuleType) -> Any:
    return our_prune if t is minitorch else their_prune


def layer(t: ModuleType) -> Any:
    t.manual_seed(4)
    return t.nn.Conv1d(4, 6, 3)


def every_other(t: ModuleType) -> Any:
    class EveryOther(P(t).BasePruningMethod):  # type: ignore[misc]
        PRUNING_TYPE = "unstructured"

        def compute_mask(self, t: Any, default_mask: Any) -> Any:
            mask = default_mask.clone()
            mask.view(-1)[::2] = 0
            return mask

    return EveryOther


def mask_of(t: ModuleType) -> Any:
    return t.arange(72).reshape(6, 4, 3) % 3 > 0


STEPS: list[Callable[[ModuleType, Any], object]] = [
    lambda t, m: P(t).identity(m, "weight"),
    lambda t, m: P(t).random_unstructured(m, "weight", 0.3),
    lambda t, m: P(t).random_unstructured(m, "bias", 2),
    lambda t, m: P(t).l1_unstructured(m, "weight", 0.3),
    lambda t, m: P(t).l1_unstructured(m, "weight", 7, t.arange(72.0).reshape(6, 4, 3)),
    lambda t, m: P(t).random_structured(m, "weight", 2, 0),
    lambda t, m: P(t).random_structured(m, "weight", 0.5, -1),
    lambda t, m: P(t).ln_structured(m, "weight", 2, 2, 0),
    lambda t, m: P(t).ln_structured(m, "weight", 0.25, 1, 1),
    lambda t, m: P(t).ln_structured(m, "weight", 1, float("inf"), -1),
    lambda t, m: P(t).custom_from_mask(m, "weight", mask_of(t)),
    lambda t, m: every_other(t).apply(m, "weight"),
    lambda t, m: P(t).global_unstructured(
        [(m, "weight"), (m, "bias")], P(t).L1Unstructured, amount=0.4
    ),
    lambda t, m: P(t).global_unstructured(
        [(m, "weight"), (m, "bias")],
        pruning_method=P(t).L1Unstructured,
        importance_scores={(m, "bias"): t.arange(6.0) * 0.1},
        amount=9,
    ),
]
PAIRS = [[i] for i in range(len(STEPS))] + [
    [3, 1],
    [7, 3],
    [3, 5, 11],
    [10, 8, 3],
    [12, 12],
    [5, 7],
]


def state(module: Any) -> dict[str, list[float]]:
    return {name: value.tolist() for name, value in module.state_dict().items()}


@pytest.mark.parametrize("steps", PAIRS, ids=str)
def test_weights_lose_what_they_lose_in_torch(steps: list[int]) -> None:
    modules = []
    for t in (minitorch, torch):
        module = layer(t)
        for step in steps:
            STEPS[step](t, module)
        modules.append(module)
    ours, theirs = modules
    assert state(ours) == state(theirs)
    assert P(minitorch).is_pruned(ours)
    assert (minitorch.get_rng_state().numpy() == torch.get_rng_state().numpy()).all()
    x = np.random.default_rng(0).normal(size=(2, 4, 5)).astype(np.float32)
    grads = []
    for t, module in zip((minitorch, torch), modules, strict=True):
        y = module(t.tensor(x))
        y.square().sum().backward()
        grads.append([p.grad.flatten().tolist() for p in module.parameters()])
        for name in [n[:-5] for n, _ in module.named_parameters() if n.endswith("_orig")]:
            original = getattr(module, f"{name}_orig")
            assert P(t).remove(module, name) is module
            assert getattr(module, name) is original
    for mine, expected in zip(*grads, strict=True):
        np.testing.assert_allclose(mine, expected, 1e-5, 1e-5)
    assert state(ours) == state(theirs)
    assert not P(minitorch).is_pruned(ours)


def test_a_tensor_alone_is_pruned_as_in_torch() -> None:
    for t in (minitorch, torch):
        x = t.tensor([3.0, -1.0, 2.0])
        method = P(t).L1Unstructured(2)
        assert method.prune(x).tolist() == [3.0, 0.0, 0.0]
        assert method.prune(x, importance_scores=t.tensor([1.0, 2.0, 3.0])).tolist() == [0, 0, 2]
        module = layer(t)
        container = P(t).L1Unstructured.apply(module, "weight", amount=1)
        container = P(t).RandomStructured.apply(module, "weight", amount=1, dim=0)
        assert (len(container), type(container[0]).__name__) == (2, "L1Unstructured")
        assert [type(each).__name__ for each in container][1] == "RandomStructured"


REFUSED: list[Callable[[ModuleType], object]] = [
    lambda t: P(t).random_unstructured(layer(t), "weight", -1),
    lambda t: P(t).random_unstructured(layer(t), "weight", 1.5),
    lambda t: P(t).random_unstructured(layer(t), "weight", "half"),
    lambda t: P(t).random_unstructured(layer(t), "weight", 73),
    lambda t: P(t).random_structured(layer(t), "bias", 1, 0),
    lambda t: P(t).random_structured(layer(t), "weight", 1, 3),
    lambda t: P(t).ln_structured(layer(t), "weight", 7, 2, 0),
    lambda t: P(t).l1_unstructured(layer(t), "weight", 1, t.ones(3)),
    lambda t: P(t).custom_from_mask(layer(t), "weight", t.ones(3)),
    lambda t: P(t).remove(layer(t), "weight"),
    lambda t: P(t).global_unstructured(3, P(t).L1Unstructured, amount=1),
    lambda t: P(t).global_unstructured([(layer(t), "weight")], P(t).RandomStructured, amount=1),
    lambda t: P(t).global_unstructured([], P(t).L1Unstructured, 3, amount=1),
]


@pytest.mark.parametrize("call", REFUSED)
def test_what_does_not_fit_is_refused_as_in_torch(call: Callable[[ModuleType], object]) -> None:
    def error(t: ModuleType) -> tuple[type, list[str]]:
        with pytest.raises(Exception, match=r"\w") as caught:
            call(t)
        return caught.type, str(caught.value).partition(" (")[0].partition(" torch.Size")[
            0
        ].split()[:5]

    assert error(minitorch) == error(torch)


def test_a_failure_leaves_the_module_as_it_was() -> None:
    module = layer(minitorch)
    before = state(module)
    with pytest.raises(ValueError, match="amount=100 should be smaller"):
        our_prune.l1_unstructured(module, "weight", 100)
    assert state(module) == before
    our_prune.l1_unstructured(module, "weight", 3)
    before = state(module)
    with pytest.raises(ValueError, match="amount=100 should be smaller"):
        our_prune.l1_unstructured(module, "weight", 100)
    assert state(module) == before
    assert our_prune.is_pruned(module)
