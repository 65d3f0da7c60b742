"""Whole steps of training: forward, backward, update."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

from .case import Case, Group, Make, Step, Tensor, array
from .models import character_lstm, cnn, gpt, lenet, mlp, resnet20


def training(model: Callable[[ModuleType], Tensor], *shape: int) -> Make:
    """One step with Adam on 64 images of this shape, or on texts: (batch, length)."""

    def make(torch: ModuleType) -> Step:
        torch.manual_seed(0)
        net = model(torch)
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        loss_of = torch.nn.CrossEntropyLoss()
        rng = np.random.default_rng(1)
        if len(shape) == 2:
            text = rng.integers(0, 65, (shape[0], shape[1] + 1))
            x, target = torch.tensor(text[:, :-1]), torch.tensor(text[:, 1:].reshape(-1).copy())
        else:
            x, target = torch.tensor(array(64, *shape)), torch.tensor(rng.integers(0, 10, 64))

        def step() -> object:
            optimizer.zero_grad()
            loss = loss_of(net(x), target)
            loss.backward()
            optimizer.step()
            return loss

        return step

    return make


MODELS: dict[str, Make] = {
    "MLP 784-128-10": training(mlp, 1, 28, 28),
    "LeNet 28x28": training(lenet, 1, 28, 28),
    "CNN 32-64 28x28": training(cnn, 1, 28, 28),
    "ResNet-20 32x32x3": training(resnet20, 3, 32, 32),
    "character LSTM, 32x64": training(character_lstm, 32, 64),
    "GPT, 4 layers, 16x128": training(gpt, 16, 128),
}

_BARS = [(0.5, 0.6), (0.45, 0.6), (0.75, 0.9), (1.0, 1.1), (1.1, 1.1), (1.0, 1.05)]

GROUPS = [
    Group(
        "training step, Adam (images: batch 64)",
        [
            Case(name, make, 1e-3, bar=bar)
            for (name, make), bar in zip(MODELS.items(), _BARS, strict=True)
        ],
    )
]
