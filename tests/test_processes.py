"""Training in several threads, in a forked process, and through pickle."""

import copy
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

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


def train_words(seed: int) -> list[float]:
    """The losses of a model with tied weights, by SGD with momentum."""
    generator = torch.Generator().manual_seed(seed)
    model = Tied()
    with torch.no_grad():
        model.words.weight.copy_(torch.rand(5, 3, generator=generator) - 0.5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    x = torch.randint(0, 5, (7,), generator=generator)
    losses = []
    for _ in range(20):
        loss = nn.functional.cross_entropy(model(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def train_wide(seed: int) -> list[float]:
    """The losses of a model whose products and steps are cut into parts for several threads."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Linear(500, 400), nn.ReLU(), nn.Linear(400, 10))
    with torch.no_grad():
        for p in model.parameters():
            p.copy_((torch.rand(p.shape, generator=generator) - 0.5) * 0.1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x = torch.randn(64, 500, generator=generator)
    y = torch.randint(0, 10, (64,), generator=generator)
    losses = []
    for _ in range(8):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


WORK: list[Callable[[int], list[float]]] = [
    lambda seed: train(seed)[0], train_words, train_wide, train_wide,
]  # fmt: skip


def test_four_threads_train_different_models_at_once_as_each_would_alone() -> None:
    found: dict[int, list[float]] = {}

    def work(seed: int) -> None:
        found[seed] = WORK[seed](seed)

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        torch.set_num_threads(1)  # which changes nothing
        assert found == {seed: WORK[seed](seed) for seed in range(4)}
    finally:
        torch.set_num_threads(before)


TRAINING = """
import multiprocessing, os, sys
import minitorch as torch

def make():
    torch.manual_seed(0)
    nn = torch.nn
    return nn.Sequential(nn.Linear(500, 400), nn.ReLU(), nn.Linear(400, 10))

def train(model):
    torch.manual_seed(1)
    x, y = torch.randn(64, 500), torch.randint(0, 10, (64,))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(4):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses

if __name__ == "__main__":
    torch.set_num_threads(3)
    model = make()
    first = train(model)
    if sys.argv[1] == "fork":
        get, put = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(put, repr(train(model)).encode())
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        theirs = eval(os.read(get, 10_000))
    else:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            theirs = pool.apply(train, (model,))
    ours = train(model)
    assert theirs == ours != first, (theirs, ours)
"""


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_a_process_started_after_training_trains_on(way: str, tmp_path: Path) -> None:
    if way == "fork" and not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    script = tmp_path / "training.py"
    script.write_text(TRAINING)
    command = [sys.executable, "-W", "ignore::DeprecationWarning", str(script), way]
    done = subprocess.run(command, timeout=240, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


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
