"""Training in several threads, in a forked process, and through pickle."""

import copy
import os
import pickle
import subprocess
import sys
import threading

import pytest

import minitorch as torch
from minitorch import nn


class Tied(nn.Module):
    """One matrix reads the words and writes them, as in many language models."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(5, 3)
        self.out = nn.Linear(3, 5, bias=False)
        self.out.weight = self.words.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.words(x))


def train(seed: int, steps: int = 10) -> tuple[list[float], nn.Module]:
    """The losses of a small CNN; all numbers come from a generator of its own."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.rand(p.shape, generator=generator) - 0.5)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    x = torch.randn(32, 1, 8, 8, generator=generator)
    y = torch.randint(0, 10, (32,), generator=generator)
    losses = []
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, model


def test_four_threads_train_at_once_as_each_would_alone() -> None:
    found: dict[int, list[float]] = {}

    def work(seed: int) -> None:
        found[seed] = train(seed)[0]

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {seed: train(seed)[0] for seed in range(4)}


FORK = """
import os, sys
import minitorch as torch
large = torch.ones(1000, 1000)
before = (large + 1).sum().item()  # on several threads
child = os.fork()
if child == 0:
    same = (large + 1).sum().item() == before and (large @ large)[0, 0].item() == 1000.0
    os._exit(0 if same else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_computes_after_its_parent_did() -> None:
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], timeout=120).returncode == 0


@pytest.mark.parametrize("way", ["pickle", "deepcopy"])
def test_a_copy_of_a_trained_model_is_whole_and_apart(way: str) -> None:
    model = train(0)[1].eval()
    copied = pickle.loads(pickle.dumps(model)) if way == "pickle" else copy.deepcopy(model)
    assert isinstance(copied, nn.Module)
    assert not copied.training
    x = torch.randn(3, 1, 8, 8)
    expected = model(x).tolist()
    assert copied(x).tolist() == expected
    for p in copied.parameters():
        assert isinstance(p, nn.Parameter)
        assert p.requires_grad
        with torch.no_grad():
            p.zero_()
    assert model(x).tolist() == expected


@pytest.mark.parametrize("way", ["pickle", "deepcopy"])
def test_tied_weights_stay_tied_in_a_copy(way: str) -> None:
    model = Tied()
    copied = pickle.loads(pickle.dumps(model)) if way == "pickle" else copy.deepcopy(model)
    assert isinstance(copied, Tied)
    assert copied.out.weight is copied.words.weight
    assert len(list(copied.parameters())) == 1
