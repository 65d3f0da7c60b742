"""Ordinary PyTorch programs give PyTorch's numbers when `torch` is minitorch.

Each file of `tests/programs` is run twice; the one line that differs is its import. Weights,
shuffles, noise and masks are equal bit for bit from one seed; sums are rounded elsewhere, so the
losses part slowly: hence the tolerance. What either library then saves, the other loads.
"""

import tempfile
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch
from minitorch import nn

torch = pytest.importorskip("torch")
their_safetensors = pytest.importorskip("safetensors.torch")
pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors"),  # in Transformer.eval()
]

FOLDER = Path(__file__).with_name("programs")
THE_IMPORT = "import minitorch as torch\n"
TEN = (
    "lenet",
    "resnet",
    "vae",
    "gan",
    "charlstm",
    "gpt",
    "seq2seq",
    "siamese",
    "autoencoder",
    "curve",
)
MORE = ("characters", "logistic", "mlp", "penalty")
SUFFIXES = (".pt", ".safetensors")


@dataclass(frozen=True)
class Run:
    """A program with its import changed, and what its `main` gave."""

    program: ModuleType
    model: nn.Module
    numbers: list[float]


def text(name: str) -> str:
    return (FOLDER / f"{name}.py").read_text(encoding="utf-8")


def load(name: str, library: str) -> ModuleType:
    """A program as a module, whose one import of minitorch is one of `library`."""
    changed = text(name)
    if library == "torch":
        changed = changed.replace(THE_IMPORT, "import torch\n")
    program = ModuleType(f"{name}_on_{library}")
    exec(compile(changed, str(FOLDER / f"{name}.py"), "exec"), program.__dict__)
    return program


@cache
def run(name: str, library: str, device: str) -> Run:
    """A program, run in a folder of its own, once for all tests."""
    program = load(name, library)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        return Run(program, *program.main(device))


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Let torch not wait for threads: the tensors are small and the processors busy with tests."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def arrays(state: object) -> dict[str, NDArray[np.generic]]:
    """The tensors of a state_dict of either library."""
    assert isinstance(state, dict)
    return {key: value.cpu().numpy() for key, value in state.items()}


def assert_same(one: object, other: object) -> None:
    """Two state_dicts have the same keys in the same order, and the same tensors bit for bit."""
    left, right = arrays(one), arrays(other)
    assert list(left) == list(right)
    for key, value in left.items():
        np.testing.assert_array_equal(value, right[key], strict=True)


def answer(program: ModuleType, model: object, device: str) -> NDArray[np.floating]:
    """What a model says to the program's fixed input."""
    found = program.predict(model, device).cpu().numpy()
    assert isinstance(found, np.ndarray)
    assert found.dtype.kind == "f"
    return found


def assert_same_answer(theirs: Run, their_model: object, ours: Run, our_model: object) -> None:
    expected = answer(theirs.program, their_model, "cpu")
    found = answer(ours.program, our_model, "numpy")
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_every_program_is_run() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == {"__init__", *TEN, *MORE}


@pytest.mark.parametrize("name", [*TEN, *MORE])
def test_only_the_import_says_which_library_runs(name: str) -> None:
    assert text(name).count(THE_IMPORT) == 1
    assert text(name).count("minitorch") == 1
    assert load(name, "torch").torch is torch
    assert load(name, "minitorch").torch is minitorch


@pytest.mark.parametrize("device", ["numpy", "cpu"])
@pytest.mark.parametrize("name", [*TEN, *MORE])
def test_an_ordinary_program_gives_the_losses_of_torch(name: str, device: str) -> None:
    theirs, ours = run(name, "torch", "cpu"), run(name, "minitorch", device)
    assert len(ours.numbers) == len(theirs.numbers) >= 50
    # A loss of the critic has a sign, and passes through zero.
    atol = 1e-6 if name == "penalty" else 0
    np.testing.assert_allclose(ours.numbers, theirs.numbers, rtol=1e-4, atol=atol)
    if name != "logistic":  # evaluation sees what training does not: the running statistics
        expected = answer(theirs.program, theirs.model, "cpu")
        found = answer(ours.program, ours.model, device)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", TEN)
def test_what_torch_saves_loads_here(name: str, suffix: str, tmp_path: Path) -> None:
    theirs, ours = run(name, "torch", "cpu"), run(name, "minitorch", "numpy")
    file, state = tmp_path / f"model{suffix}", theirs.model.state_dict()
    if suffix == ".pt":
        torch.save(state, file)
    else:  # the library of safetensors refuses tied weights, and wants a copy of each
        their_safetensors.save_file({key: value.clone() for key, value in state.items()}, file)
    model = ours.program.build()
    model.load_state_dict(minitorch.load(file), strict=True)
    assert_same(model.state_dict(), state)
    assert_same_answer(theirs, theirs.model, ours, model.to("numpy"))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", TEN)
def test_what_is_saved_here_loads_in_torch(name: str, suffix: str, tmp_path: Path) -> None:
    theirs, ours = run(name, "torch", "cpu"), run(name, "minitorch", "numpy")
    file = tmp_path / f"model{suffix}"
    minitorch.save(ours.model.state_dict(), file)
    read = torch.load if suffix == ".pt" else their_safetensors.load_file
    model = theirs.program.build()
    model.load_state_dict(read(file), strict=True)
    assert_same(model.state_dict(), ours.model.state_dict())
    assert_same_answer(theirs, model, ours, ours.model)
