"""Mixed precision beside torch's: a small CNN that is trained, and the scaler's states."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minitorch

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.parity

STEPS = 12
rng = np.random.default_rng(0)
IMAGES = rng.standard_normal((8, 1, 8, 8)).astype("float32")
CLASSES = rng.integers(0, 3, 8)


def model_of(lib: ModuleType) -> Any:
    nn = lib.nn
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 4, 3), nn.GELU(), nn.Flatten(), nn.LayerNorm(16), nn.Linear(16, 3),
    )  # fmt: skip


def trained(lib: ModuleType, dtype: str) -> tuple[list[float], dict[str, float], Any]:
    """The losses, the state of the scaler, and the parameters; one loss overflows."""
    lib.manual_seed(3)
    model = model_of(lib)
    optimizer = lib.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    scaler = lib.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=4)
    x, target = lib.tensor(IMAGES), lib.tensor(CLASSES)
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        with lib.autocast("cpu", dtype=getattr(lib, dtype)):
            loss = lib.nn.functional.cross_entropy(model(x), target)
        if step == 5:
            loss = loss * float("inf")
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        lib.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        scaler.step(optimizer)
        scaler.update()
        losses.append(loss.item())
    assert {p.dtype for p in model.parameters()} == {lib.float32}
    return losses, scaler.state_dict(), model


@pytest.mark.parametrize(("dtype", "tolerance"), [("bfloat16", 2e-2), ("float16", 4e-3)])
def test_a_cnn_learns_as_torchs_does(dtype: str, tolerance: float) -> None:
    ours, state, model = trained(minitorch, dtype)
    theirs, their_state, their_model = trained(torch, dtype)
    np.testing.assert_allclose(ours, theirs, atol=tolerance)
    assert theirs[-1] < 0.7 * theirs[0]
    assert state == their_state
    for p, q in zip(model.parameters(), their_model.parameters(), strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), atol=2 * tolerance)


def test_a_scaler_goes_through_torchs_states() -> None:
    found: dict[str, list[dict[str, float]]] = {}
    for lib in (torch, minitorch):
        w = lib.tensor([1.0, -2.0], requires_grad=True)
        optimizer = lib.optim.Adam([w], lr=0.1)
        scaler = lib.amp.GradScaler("cpu", 3e37, 1.9, 0.3, 2)
        states = []
        for factor in (1e-38, 1e-38, 1e-38, 1.0, 1e38, 1e-30, 1e-30, 1e-30, 1e-30):
            optimizer.zero_grad()
            scaler.scale((w * w * factor).sum()).backward()
            scaler.step(optimizer)
            scaler.update()
            states.append(scaler.state_dict() | {"w": w.tolist()[0]})
        found[lib.__name__] = states
        again = lib.amp.GradScaler("cpu")
        again.load_state_dict(states[4])
        assert again.state_dict() == {k: v for k, v in states[4].items() if k != "w"}
    for ours, theirs in zip(found["minitorch"], found["torch"], strict=True):
        assert ours.pop("w") == pytest.approx(theirs.pop("w"), rel=1e-5)
        assert ours == theirs


def test_a_state_of_torchs_goes_on_here() -> None:
    theirs = torch.amp.GradScaler("cpu", init_scale=96.0)
    ours = minitorch.amp.GradScaler("cpu")
    ours.load_state_dict(theirs.state_dict())
    assert ours.state_dict() == theirs.state_dict()
