"""The same training code on torch and on minitorch, from one seed, follows one loss curve.

Initial weights, shuffles and dropout masks are equal bit for bit. What differs is the rounding of
sums and matrix products, so the curves part slowly: hence the tolerance.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Protocol

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch
from minitorch_classifier.data import load

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

STEPS = 50
Build = Callable[[ModuleType], object]


def lenet(t: ModuleType) -> object:
    nn = t.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


def normalised(t: ModuleType) -> object:
    """A network with what behaves differently in training: batch norm and dropout."""
    nn = t.nn
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, bias=False),
        nn.BatchNorm2d(8),
        nn.GELU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.LayerNorm(72),
        nn.Linear(72, 32),
        nn.Tanh(),
        nn.Dropout(0.25),
        nn.Linear(32, 10),
    )


class Stepper(Protocol):
    """An optimizer of either library."""

    def step(self) -> object: ...


Choose = Callable[[ModuleType, object], Stepper]


def sgd(t: ModuleType, parameters: object) -> Stepper:
    made: Stepper = t.optim.SGD(parameters, lr=0.1, momentum=0.9, weight_decay=1e-4)
    return made


def adamw(t: ModuleType, parameters: object) -> Stepper:
    made: Stepper = t.optim.AdamW(parameters, lr=4e-3)
    return made


def curve(
    t: ModuleType,
    build: Build,
    choose: Choose,
    device: str,
    pixels: NDArray[np.float32],
    labels: NDArray[np.int64],
) -> list[float]:
    """The loss of each step: ordinary PyTorch training code, for either library."""
    t.manual_seed(0)
    model = t.nn.Sequential(build(t)).to(device)
    optimizer = choose(t, model.parameters())
    scheduler = t.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS)
    criterion = t.nn.CrossEntropyLoss(label_smoothing=0.05)
    dataset = t.utils.data.TensorDataset(
        t.tensor(pixels, device=device), t.tensor(labels, device=device)
    )
    loader = t.utils.data.DataLoader(dataset, batch_size=64, shuffle=True, drop_last=True)
    losses: list[float] = []
    model.train()
    while len(losses) < STEPS:
        for x, y in loader:
            loss = criterion(model(x), y)
            model.zero_grad()
            loss.backward()
            t.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            if len(losses) == STEPS:
                break
    return losses


@pytest.mark.parametrize("device", ["numpy", "cpu"])
@pytest.mark.parametrize(("build", "choose"), [(lenet, sgd), (normalised, adamw)])
def test_fifty_steps_follow_the_loss_of_torch(build: Build, choose: Choose, device: str) -> None:
    data = load("digits")
    pixels = data.spec().apply(data.train.pixels)
    ours = curve(minitorch, build, choose, device, pixels, data.train.labels)
    theirs = curve(torch, build, choose, "cpu", pixels, data.train.labels)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    assert ours[-1] < 0.9 * ours[0], "it should learn, too"
    state = minitorch.get_rng_state().numpy()
    assert (state == torch.get_rng_state().numpy()).all()
