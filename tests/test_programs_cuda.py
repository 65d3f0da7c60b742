"""The ten programs on the GPU layer, in the simulator: a few steps of each, made small.

`test_programs` compares the programs with PyTorch on the CPU; here the same text, with some of its
numbers replaced by smaller ones, gives on "cuda" the losses that it gives on "numpy".
"""

import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import minitorch_cuda
from minitorch import nn

FOLDER = Path(__file__).with_name("programs")

# The simulator takes milliseconds for each thread that multiplies matrices: a batch of one or two.
SMALL = {
    "lenet": {
        "STEPS = 50": "STEPS = 3",  # the third after an interruption
        "BATCH = 16": "BATCH = 1",
        "Digits(240), [200, 40]": "Digits(2), [1, 1]",
        "nn.Linear(16 * 2 * 2, 60)": "nn.Linear(4 * 2 * 2, 8)",
        "nn.Linear(60, classes)": "nn.Linear(8, classes)",
        "nn.Conv2d(1, 6,": "nn.Conv2d(1, 2,",
        "nn.Conv2d(6, 16, 5)": "nn.Conv2d(2, 4, 5)",
    },
    "resnet": {
        "STEPS = 50": "STEPS = 2",
        "SIDE = 8": "SIDE = 4",
        "pictures(80)": "pictures(4)",
        "batch_size=8": "batch_size=2",
        "ResNet((3, 3, 3))": "ResNet((1, 1, 1))",
        "self.in_planes = 16": "self.in_planes = 4",
        "self.conv1 = nn.Conv2d(1, 16,": "self.conv1 = nn.Conv2d(1, 4,",
        "nn.BatchNorm2d(16)": "nn.BatchNorm2d(4)",
        "_make_layer(16,": "_make_layer(4,",
        "_make_layer(32,": "_make_layer(8,",
        "_make_layer(64,": "_make_layer(12,",
        "nn.Linear(64,": "nn.Linear(12,",
    },
    "vae": {
        "STEPS = 50": "STEPS = 2",
        "SIDE = 8": "SIDE = 4",
        "hidden: int = 48": "hidden: int = 8",
        "Bars(160), batch_size=32": "Bars(4), batch_size=2",
    },
    "gan": {
        "STEPS = 50": "STEPS = 2",
        "LATENT = 8": "LATENT = 3",
        "discs(80)": "discs(4)",
        "batch_size=16": "batch_size=2",
        "features: int = 8": "features: int = 2",
    },
    "charlstm": {
        "STEPS = 50": "STEPS = 2",
        "data = encode(TEXT)": "data = encode(TEXT[:13])",
        "width: int = 16, hidden: int = 32": "width: int = 4, hidden: int = 5",
        "batches(data, 6, 12)": "batches(data, 2, 3)",
        '"the ", 12)': '"the ", 2)',
    },
    "gpt": {
        "STEPS = 50": "STEPS = 2",
        "block_size: int = 16": "block_size: int = 4",
        "n_embd: int = 24": "n_embd: int = 8",
        "size: int = 6": "size: int = 2",
        "to(device), 20, temperature": "to(device), 2, temperature",
    },
    "seq2seq": {
        "STEPS = 50": "STEPS = 2",
        "LONGEST = 7": "LONGEST = 2",
        "emb_size: int = 16": "emb_size: int = 8",
        "dim_feedforward=32": "dim_feedforward=8",
        "Backwards(100), batch_size=10": "Backwards(4), batch_size=2",
    },
    "siamese": {
        "STEPS = 50": "STEPS = 2",
        "Signals(160)": "Signals(20)",
        "batch_size=16": "batch_size=10",
        "linspace(0.0, 6.28318, 24)": "linspace(0.0, 6.28318, 8)",
        "randn(count, 24)": "randn(count, 8)",
        "channels: int = 8, embedding: int = 8": "channels: int = 2, embedding: int = 4",
    },
    "autoencoder": {
        "STEPS = 50": "STEPS = 3",
        "pictures(96)": "pictures(2)",
        "[:32]": "[:1]",
    },
    "curve": {
        "STEPS = 50": "STEPS = 2",
        "4.0, 64, dtype": "4.0, 5, dtype",
    },
}


@pytest.fixture(scope="module", autouse=True)
def _simulator() -> Iterator[None]:
    """The kernels of "cuda" run in the simulator, with the random numbers of the CPU."""
    with minitorch_cuda.use_simulator(), minitorch_cuda.numbers_of_the_cpu():
        yield


def load(name: str) -> ModuleType:
    """A program with its numbers made small; each that is to be replaced must be there."""
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    for large, small in SMALL[name].items():
        assert large in text, f"{name}.py: {large}"
        text = text.replace(large, small)
    program = ModuleType(f"{name}_small")
    exec(compile(text, f"{name}_small.py", "exec"), program.__dict__)
    return program


def run(name: str, device: str) -> tuple[nn.Module, list[float]]:
    """What the program's `main` gives, run in a folder of its own."""
    program = load(name)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        model, numbers = program.main(device)
    assert isinstance(model, nn.Module)
    return model, [float(number) for number in numbers]


def test_all_ten_are_run() -> None:
    assert len(SMALL) == 10


@pytest.mark.parametrize("name", SMALL)
def test_a_program_gives_the_losses_of_numpy(name: str) -> None:
    model, losses = run(name, "cuda")
    _, expected = run(name, "numpy")
    assert len(losses) == len(expected) >= 2
    assert all(parameter.device.type == "cuda" for parameter in model.parameters())
    np.testing.assert_allclose(losses, expected, rtol=1e-4, atol=1e-6)
