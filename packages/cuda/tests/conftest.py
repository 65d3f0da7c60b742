"""What tests of the GPU's launcher share: a GPU made of host memory, and an empty folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import minitorch_cuda
from minitorch_cuda.driver import BLOCKING
from minitorch_tensor import kernel_folder

from .fake_gpu import FakeGpu


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder for compiled kernels."""
    path = tmp_path / "kernels"
    monkeypatch.setenv(kernel_folder.VARIABLE, str(path))
    forget()
    yield path
    forget()


def forget() -> None:
    """As a new process would."""
    kernel_folder.folder.cache_clear()
    kernel_folder.folders.cache_clear()


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, folder: Path) -> FakeGpu:
    """A GPU made of host memory."""
    for name in BLOCKING:
        monkeypatch.delenv(name, raising=False)
    gpu = FakeGpu()
    gpu.install(monkeypatch)
    return gpu


@pytest.fixture
def simulator() -> Iterator[None]:
    """The kernels of "cuda" run in the simulator."""
    with minitorch_cuda.use_simulator():
        yield
