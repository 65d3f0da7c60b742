"""Steps with closures, hooks and graphs, and options out of range: as in torch."""

from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch
from minitorch import optim

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

Values = NDArray[np.floating]

SEARCHES: list[dict[str, object]] = [
    {},
    {"lr": 0.5, "max_iter": 4},
    {"history_size": 2, "max_iter": 7},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "lr": 0.01, "max_iter": 6, "history_size": 3},
    {"line_search_fn": "strong_wolfe", "max_eval": 5},
    {"line_search_fn": "strong_wolfe", "max_iter": 1},
    {"tolerance_grad": 1e-2, "tolerance_change": 1e-4},
]


def device_of(t: ModuleType) -> str:
    return "numpy" if t is minitorch else "cpu"


def numbers(*shape: int) -> Values:
    return np.random.default_rng(len(shape)).normal(size=shape)


class Valley:
    """A valley with one lowest point, which LBFGS finds."""

    def __init__(self, t: ModuleType, dtype: str, options: dict[str, object]) -> None:
        place = {"dtype": getattr(t, dtype), "device": device_of(t)}
        self.x, self.y = (t.tensor(v, **place) for v in (np.linspace(-1, 1, 4), numbers(2)))
        self.params = [t.tensor(numbers(*s), **place).requires_grad_() for s in [(4,), (2, 2)]]
        self.optimizer = t.optim.LBFGS(self.params, **options)
        self.losses: list[float] = []

    def closure(self) -> object:
        self.optimizer.zero_grad()
        p, m = self.params
        found = p @ self.x - m.sum(1) @ self.y + (p[:2] @ m).exp().sum()
        loss = (found - 1.0) ** 2 + ((p + 1.0) ** 4).sum() + (m**2).sum() + (m**4).sum()
        loss.backward()
        return loss

    def go(self, steps: int) -> "Valley":
        for _ in range(steps):
            self.losses.append(self.optimizer.step(self.closure).item())
        return self

    def values(self) -> Values:
        return np.concatenate([p.detach().numpy().ravel() for p in self.params])


@pytest.mark.parametrize("options", SEARCHES)
def test_lbfgs_goes_where_torch_goes(options: dict[str, object]) -> None:
    ours = Valley(minitorch, "float64", options).go(4)
    theirs = Valley(torch, "float64", options).go(4)
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-7)
    np.testing.assert_allclose(ours.values(), theirs.values(), rtol=1e-6)
    mine, wanted = (each.optimizer.state_dict() for each in (ours, theirs))
    assert mine["param_groups"] == wanted["param_groups"]
    assert mine["state"].keys() == wanted["state"].keys()
    for key, memory in wanted["state"].items():
        assert mine["state"][key].keys() == memory.keys() - {"al"}
        for name in ("func_evals", "n_iter"):
            assert mine["state"][key][name] == memory[name]
    assert repr(ours.optimizer) == repr(theirs.optimizer)


@pytest.mark.parametrize("options", [{}, {"line_search_fn": "strong_wolfe"}])
def test_lbfgs_in_single_precision(options: dict[str, object]) -> None:
    ours, theirs = (Valley(t, "float32", {"max_iter": 5, **options}) for t in (minitorch, torch))
    np.testing.assert_allclose(ours.go(3).losses, theirs.go(3).losses, rtol=1e-4)


def translated(value: object, t: ModuleType) -> object:
    """A state with its tensors made by another library."""
    if isinstance(value, dict):
        return {key: translated(item, t) for key, item in value.items()}
    if isinstance(value, (minitorch.Tensor, torch.Tensor)):
        return t.tensor(value.numpy())
    return [translated(item, t) for item in value] if isinstance(value, list) else value


def test_the_memory_of_lbfgs_goes_both_ways() -> None:
    ours, theirs = (Valley(t, "float64", {"max_iter": 3}) for t in (minitorch, torch))
    theirs.go(2)
    for p, q in zip(ours.params, theirs.params, strict=True):
        p.data = minitorch.tensor(q.detach().numpy(), device="numpy")
    ours.optimizer.load_state_dict(translated(theirs.optimizer.state_dict(), minitorch))
    ours.go(1)
    again = Valley(torch, "float64", {"max_iter": 3})
    again.optimizer.load_state_dict(translated(ours.optimizer.state_dict(), torch))
    for p, q in zip(again.params, ours.params, strict=True):
        p.data = torch.tensor(q.detach().numpy())
    again.go(1)
    theirs.go(2)
    np.testing.assert_allclose(again.values(), theirs.values(), rtol=1e-9)


def test_lbfgs_refuses_what_torch_refuses() -> None:
    p = minitorch.ones(2).requires_grad_()
    with pytest.raises(ValueError, match="doesn't support per-parameter options"):
        optim.LBFGS([{"params": [p]}, {"params": [minitorch.ones(1).requires_grad_()]}])
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'closure'"):
        optim.LBFGS([p]).step()
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
        optim.LBFGS([p], line_search_fn="backtracking").step(lambda: (p * p).sum())
    state = optim.LBFGS([p]).state_dict()
    state["state"] = {0: {"func_evals": 1, "n_iter": 1, "d": minitorch.ones(8)}}
    with pytest.raises(ValueError, match=r"'d' has shape \(8,\), but the parameters have 2"):
        optim.LBFGS([p]).load_state_dict(state)


REFUSED: list[tuple[str, dict[str, object]]] = [
    ("Adamax", {"lr": -1.0}),
    ("Adamax", {"betas": (1.0, 0.5)}),
    ("NAdam", {"momentum_decay": -1.0}),
    ("NAdam", {"weight_decay": -1.0}),
    ("RAdam", {"eps": -1.0}),
    ("RAdam", {"betas": (0.5, 1.0)}),
    ("Adagrad", {"lr_decay": -1.0}),
    ("Adagrad", {"initial_accumulator_value": -1.0}),
    ("Adagrad", {"fused": True, "differentiable": True}),
    ("Adagrad", {"fused": True, "foreach": True}),
    ("Adadelta", {"rho": 1.5}),
    ("Adadelta", {"eps": -1.0}),
    ("RMSprop", {"alpha": -1.0}),
    ("RMSprop", {"momentum": -1.0}),
    ("Rprop", {"etas": (1.5, 1.2)}),
    ("ASGD", {"weight_decay": -1.0}),
    ("LBFGS", {"lr": -1.0}),
    ("Adafactor", {"lr": -1.0}),
    ("Adafactor", {"beta2_decay": 0.5}),
    ("Adafactor", {"eps": (-1.0, 1.0)}),
    ("Adafactor", {"eps": (None, -1.0)}),
    ("Adafactor", {"d": 0.5}),
    ("Adafactor", {"weight_decay": -1.0}),
    ("Muon", {"lr": -1.0}),
    ("Muon", {"momentum": -1.0}),
    ("Muon", {"weight_decay": -1.0}),
    ("Muon", {"adjust_lr_fn": "none"}),
    ("Muon", {}),
    ("Adam", {"fused": True, "foreach": True}),
    ("SGD", {"fused": True, "differentiable": True}),
]


@pytest.mark.parametrize(("name", "options"), REFUSED)
def test_options_out_of_range_are_refused_in_the_words_of_torch(
    name: str, options: dict[str, object]
) -> None:
    def error(t: ModuleType) -> tuple[str, str]:
        with pytest.raises((ValueError, RuntimeError)) as caught:
            getattr(t.optim, name)([t.ones(2, requires_grad=True)], **options)
        return caught.type.__name__, str(caught.value).replace("torch.Size([2])", "(2,)")

    assert error(minitorch) == error(torch)


DIFFERENTIABLE = [
    ("SGD", {"weight_decay": 0.1}),
    ("Adam", {"weight_decay": 0.1}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {}),
    ("AdamW", {"amsgrad": True, "maximize": True}),
    ("Adamax", {}),
    ("NAdam", {}),
    ("RAdam", {"betas": (0.9, 0.5)}),
    ("Adagrad", {}),
    ("Adadelta", {}),
    ("RMSprop", {"centered": True, "momentum": 0.5}),
    ("Rprop", {}),
    ("ASGD", {}),
]


@pytest.mark.parametrize(("name", "options"), DIFFERENTIABLE)
def test_gradients_flow_through_a_step(name: str, options: dict[str, object]) -> None:
    def gradients(t: ModuleType) -> list[Values]:
        leaves = [t.tensor(numbers(3), requires_grad=True, device=device_of(t)) for _ in range(2)]
        p, g = leaves[0].clone(), leaves[1] * 2
        if t is torch:  # it warns where the gradient of an inner tensor is read
            p.retain_grad()
        p.grad = g
        optimizer = getattr(t.optim, name)([p], lr=0.1, differentiable=True, **options)
        optimizer.step()
        found = t.autograd.grad((p**2).sum(), leaves, allow_unused=True)
        return [np.zeros(3) if x is None else x.numpy() for x in found]

    for ours, theirs in zip(gradients(minitorch), gradients(torch), strict=True):
        # PyTorch computes the corrections of these steps in float32, from its counts
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-12)


def test_hooks_run_around_steps_and_states() -> None:
    def run(t: ModuleType) -> list[str]:
        told: list[str] = []

        def note(name: str) -> Callable[..., None]:
            return lambda optimizer, *rest: told.append(f"{name} {len(rest)}")

        module = import_module(f"{t.__name__}.optim.optimizer")
        register_pre = module.register_optimizer_step_pre_hook
        register_post = module.register_optimizer_step_post_hook
        p = t.ones(1, requires_grad=True)
        p.grad = t.ones(1)
        optimizer = t.optim.SGD([p], lr=0.5)
        optimizer.register_step_pre_hook(note("pre"))
        removed = optimizer.register_step_pre_hook(note("removed"))
        optimizer.register_step_post_hook(note("post"))
        optimizer.register_state_dict_pre_hook(note("state pre"))
        optimizer.register_state_dict_post_hook(note("state post"))
        optimizer.register_state_dict_post_hook(note("first post"), prepend=True)
        optimizer.register_load_state_dict_pre_hook(note("load pre"))
        optimizer.register_load_state_dict_post_hook(note("load post"))
        removed.remove()
        handles = register_pre(note("every pre")), register_post(note("every post"))
        optimizer.step()
        for handle in handles:
            handle.remove()
        optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())

        def quicker(optimizer: object, state: dict[str, object]) -> dict[str, object]:
            groups = [{**each, "lr": 3.0} for each in attrgetter("param_groups")(optimizer)]
            return {**state, "param_groups": [{**each, "params": [0]} for each in groups]}

        optimizer.register_state_dict_post_hook(quicker)
        optimizer.load_state_dict(optimizer.state_dict())
        told.append(str(optimizer.param_groups[0]["lr"]))
        optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: 7.0), kwargs))
        told.append(str(optimizer.step()))
        optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
        with pytest.raises(RuntimeError, match="must return None or a tuple of"):
            optimizer.step()
        return told

    assert run(minitorch) == run(torch)


@pytest.mark.parametrize("name", ["NAdam", "Adafactor", "ASGD", "Adagrad"])
def test_a_state_that_does_not_fit_is_refused(name: str) -> None:
    p = minitorch.ones(2, 3).requires_grad_()
    p.grad = minitorch.ones(2, 3)
    optimizer = getattr(optim, name)([p])
    optimizer.step()
    part = {"NAdam": "exp_avg", "Adafactor": "col_var", "ASGD": "ax", "Adagrad": "sum"}[name]
    saved = optimizer.state_dict()
    saved["state"][0][part] = minitorch.ones(7)
    with pytest.raises(ValueError, match=rf"'{part}' has shape \(7,\)"):
        getattr(optim, name)([p]).load_state_dict(saved)
    optimizer.state[p][part] = minitorch.ones(7)
    with pytest.raises(RuntimeError, match=f"the {part} of a parameter"):
        optimizer.step()
