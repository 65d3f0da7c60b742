"""Optimizers: twenty steps give the numbers, and the state, of torch."""

from types import ModuleType
from typing import Protocol, TypedDict

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

Values = NDArray[np.floating]


class Array(Protocol):
    """A tensor of either library."""

    data: object
    grad: object
    dtype: object
    shape: tuple[int, ...]

    def detach(self) -> "Array": ...
    def numpy(self) -> Values: ...


class State(TypedDict):
    """What an optimizer's `state_dict` gives."""

    state: dict[int, dict[str, Array]]
    param_groups: list[dict[str, object]]


class Stepper(Protocol):
    """An optimizer of either library."""

    def step(self) -> object: ...
    def state_dict(self) -> State: ...
    def load_state_dict(self, state_dict: object, /) -> None: ...


Run = tuple[Stepper, list[Array]]

STEPS = 20
SHAPES = [(3, 4), (5,), ()]
MATRICES = [(3, 4), (5, 2), (4, 4)]

OPTIMIZERS: list[tuple[str, dict[str, object]]] = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.05, "maximize": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.01, "nesterov": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-6}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "amsgrad": True}),
    ("Adam", {"lr": 0.05, "maximize": True, "decoupled_weight_decay": True, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True}),
]
OTHERS: list[tuple[str, dict[str, object]]] = [
    ("Adamax", {}),
    ("Adamax", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1}),
    ("Adamax", {"lr": 0.05, "maximize": True, "foreach": False}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.05, "betas": (0.8, 0.95), "momentum_decay": 0.02, "weight_decay": 0.1}),
    ("NAdam", {"decoupled_weight_decay": True, "weight_decay": 0.1, "maximize": True}),
    ("RAdam", {}),
    ("RAdam", {"lr": 0.05, "betas": (0.8, 0.7), "eps": 1e-6, "weight_decay": 0.1}),
    ("RAdam", {"decoupled_weight_decay": True, "weight_decay": 0.1, "maximize": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "eps": 1e-6}),
    ("Adagrad", {"initial_accumulator_value": 0.5, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.7, "eps": 1e-4, "weight_decay": 0.1, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"alpha": 0.9, "eps": 1e-6, "weight_decay": 0.1, "momentum": 0.9}),
    ("RMSprop", {"centered": True, "maximize": True}),
    ("RMSprop", {"centered": True, "momentum": 0.5}),
    ("Rprop", {}),
    ("Rprop", {"lr": 0.1, "etas": (0.6, 1.5), "step_sizes": (0.05, 0.2), "maximize": True}),
    ("ASGD", {}),
    ("ASGD", {"lambd": 0.01, "alpha": 0.5, "t0": 5, "weight_decay": 0.1, "maximize": True}),
    ("Adafactor", {}),
    ("Adafactor", {"lr": 0.5, "beta2_decay": -0.5, "eps": (1e-6, 0.1), "d": 2.0}),
    ("Adafactor", {"weight_decay": 0.1, "maximize": True}),
    ("Muon", {}),
    ("Muon", {"lr": 0.02, "weight_decay": 0.0, "momentum": 0.8, "nesterov": False}),
    ("Muon", {"ns_steps": 3, "adjust_lr_fn": "match_rms_adamw", "eps": 1e-3}),
]


def numbers(shape: tuple[int, ...], seed: int, dtype: str) -> Values:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def start(t: ModuleType, name: str, options: dict[str, object], dtype: str, device: str) -> Run:
    """An optimizer of some parameters, and the parameters."""
    params = [
        t.tensor(numbers(shape, i, dtype), device=device).requires_grad_()
        for i, shape in enumerate(MATRICES if name == "Muon" else SHAPES)
    ]
    return getattr(t.optim, name)(params, **options), params


def go(t: ModuleType, run: Run, steps: range, dtype: str, device: str) -> None:
    optimizer, params = run
    for step in steps:
        for i, p in enumerate(params):
            g = t.tensor(numbers(tuple(p.shape), 10 * step + i, dtype), device=device)
            p.grad = None if i == 1 and step < 4 else g  # the second parameter sets in later
        optimizer.step()


def compare(ours: Run, theirs: Run, rtol: float) -> None:
    """Equal parameters, states and options."""
    for p, q in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=rtol, atol=rtol)
    mine, wanted = ours[0].state_dict(), theirs[0].state_dict()
    assert mine["state"].keys() == wanted["state"].keys()
    for key, state in wanted["state"].items():
        assert mine["state"][key].keys() == state.keys()
        for name, value in state.items():
            got = mine["state"][key][name]
            assert str(got.dtype).partition(".")[2] == str(value.dtype).partition(".")[2]
            np.testing.assert_allclose(got.numpy(), value.numpy(), rtol=rtol, atol=rtol)
    for group, expected in zip(mine["param_groups"], wanted["param_groups"], strict=True):
        assert group == expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("device", ["cpu", "numpy"])
@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_twenty_steps_are_those_of_torch(
    name: str, options: dict[str, object], device: str, dtype: str
) -> None:
    ours = start(minitorch, name, options, dtype, device)
    theirs = start(torch, name, options, dtype, "cpu")
    go(minitorch, ours, range(STEPS), dtype, device)
    go(torch, theirs, range(STEPS), dtype, "cpu")
    compare(ours, theirs, 1e-6 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), OTHERS)
def test_twenty_steps_of_the_others_are_those_of_torch(
    name: str, options: dict[str, object], dtype: str
) -> None:
    ours = start(minitorch, name, options, dtype, "numpy")
    theirs = start(torch, name, options, dtype, "cpu")
    assert repr(ours[0]) == repr(theirs[0])
    go(minitorch, ours, range(STEPS), dtype, "numpy")
    go(torch, theirs, range(STEPS), dtype, "cpu")
    compare(ours, theirs, 1e-6 if dtype == "float32" else 1e-12)


STATES = [(*each, "cpu") for each in OPTIMIZERS] + [(*each, "numpy") for each in OTHERS[1::2]]


@pytest.mark.parametrize(("name", "options", "device"), STATES)
def test_a_state_goes_both_ways_between_torch_and_us(
    name: str, options: dict[str, object], device: str
) -> None:
    ours = start(minitorch, name, options, "float32", device)
    theirs = start(torch, name, options, "float32", "cpu")
    go(torch, theirs, range(5), "float32", "cpu")
    for p, q in zip(ours[1], theirs[1], strict=True):
        p.data = minitorch.tensor(q.detach().numpy(), device=device)
    ours[0].load_state_dict(translated(theirs[0].state_dict(), minitorch))
    go(minitorch, ours, range(5, 10), "float32", device)
    theirs[0].load_state_dict(translated(ours[0].state_dict(), torch))
    for p, q in zip(ours[1], theirs[1], strict=True):
        q.data = torch.tensor(p.detach().numpy())
    go(minitorch, ours, range(10, 15), "float32", device)
    go(torch, theirs, range(10, 15), "float32", "cpu")
    compare(ours, theirs, 1e-6)


def translated(value: object, t: ModuleType) -> object:
    """A state with its tensors made by another library."""
    if isinstance(value, dict):
        return {key: translated(item, t) for key, item in value.items()}
    if isinstance(value, (minitorch.Tensor, torch.Tensor)):
        return t.tensor(value.numpy())
    return [translated(item, t) for item in value] if isinstance(value, list) else value


def test_groups_have_options_of_their_own() -> None:
    def build(t: ModuleType) -> Run:
        params = [t.tensor(numbers(s, i, "float32")).requires_grad_() for i, s in enumerate(SHAPES)]
        groups = [{"params": params[:1], "lr": 0.5}, {"params": params[1], "momentum": 0.9}]
        optimizer = t.optim.SGD(groups, lr=0.1)
        optimizer.add_param_group({"params": params[2:], "weight_decay": 0.1})
        return optimizer, params

    ours, theirs = build(minitorch), build(torch)
    go(minitorch, ours, range(STEPS), "float32", "cpu")
    go(torch, theirs, range(STEPS), "float32", "cpu")
    compare(ours, theirs, 1e-6)
