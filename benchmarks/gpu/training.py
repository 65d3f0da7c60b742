"""Whole steps of training on the GPU, and their peaks of memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType

import numpy as np
from cases.models import gpt, lenet, resnet18

from .row import Group, Make, Row, Step, Tensor, array


def _training(model: Callable[[ModuleType], Tensor], x: tuple[int, ...], classes: int) -> Make:
    """Steps with Adam, on images of this shape, or on texts: (batch, length)."""

    def make(torch: ModuleType, device: str) -> Step:
        torch.manual_seed(0)
        net = model(torch).to(device)
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        loss_of = torch.nn.CrossEntropyLoss()
        rng = np.random.default_rng(1)
        if len(x) == 2:
            text = rng.integers(0, classes, (x[0], x[1] + 1))
            given, target = torch.tensor(text[:, :-1].copy()), torch.tensor(text[:, 1:].flatten())
        else:
            given, target = torch.tensor(array(*x)), torch.tensor(rng.integers(0, classes, x[0]))
        given, target = given.to(device), target.to(device)

        def step() -> object:
            optimizer.zero_grad()
            loss = loss_of(net(given), target)
            loss.backward()
            optimizer.step()
            return loss

        return step

    return make


_GPT = {"layers": 6, "width": 384, "heads": 6, "length": 256}
_TINY = {"layers": 1, "width": 8, "heads": 2, "length": 6}

GROUPS = [
    Group(
        "training step, Adam",
        [
            Row(
                "LeNet, 128 of 28 x 28",
                _training(lenet, (128, 1, 28, 28), 10), _training(lenet, (2, 1, 28, 28), 10),
                1.2, memory=True, tolerance=1e-3,
            ),
            Row(
                "ResNet-18, 64 of 224 x 224",
                _training(resnet18, (64, 3, 224, 224), 1000),
                _training(partial(resnet18, width=4), (2, 3, 32, 32), 1000),
                1.8, memory=True, tolerance=1e-2,
            ),
            Row(
                "GPT, 6 layers of 384, 64 of 256",
                _training(partial(gpt, **_GPT), (64, 256), 65),
                _training(partial(gpt, **_TINY), (2, 6), 65),
                1.5, memory=True, tolerance=1e-3,
            ),
        ],
    )
]  # fmt: skip
