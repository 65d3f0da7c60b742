"""Here NumPy computes on "cpu", also where a faster backend was imported meanwhile.

These are the tests and examples of this layer. The other backends, and the kernels that they put in
the place of composites, are held to these numbers in tests of their own, and by the table of rows.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from minitorch_tensor import Device, NumpyBackend, Op, register_backend


# Not scope="package": that means a folder with an __init__.py, and where there is none it lasts to
# the end of the run, so that every later test would compute on NumPy too.
@pytest.fixture(autouse=True, scope="module")
def _numpy_on_cpu() -> Iterator[None]:
    before = Device("cpu").backend
    register_backend("cpu", NumpyBackend())
    yield
    register_backend("cpu", before)


@pytest.fixture(autouse=True, scope="module")
def _composites_on_cpu(request: pytest.FixtureRequest) -> Iterator[None]:
    """No fused kernels either, but for PyTorch, with which as much is compared as can be."""
    if request.path.name.endswith("parity.py") or "_parity_" in request.path.name:
        yield
        return
    with unfused("cpu"):
        yield


@contextmanager
def unfused(device_type: str) -> Iterator[None]:
    """No fused kernels on these devices for a while."""
    modules = [m for name, m in sys.modules.items() if name.startswith("minitorch_tensor.")]
    ops = [op for m in modules for op in vars(m).values() if isinstance(op, Op)]
    # Each once: a module holds its own, and those that it imports.
    fused = [(op, op._kernels.pop(device_type)) for op in ops if device_type in op._kernels]
    try:
        yield
    finally:
        for op, kernel in fused:
            op._kernels[device_type] = kernel


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A device "cuda" that computes with NumPy: what depends on the type of a device alone."""
    devices = importlib.import_module("minitorch_tensor.device")
    for table in ("_promises", "_families", "_devices"):
        monkeypatch.setattr(devices, table, {})
    reference = NumpyBackend()
    backends = {"cpu": reference, "cuda": reference, "numpy": reference}
    monkeypatch.setattr(devices, "_backends", backends)
    monkeypatch.setattr(
        importlib.import_module("minitorch_tensor.amp.mode"), "_cuda", [lambda: True]
    )
    with unfused("cuda"):
        yield "cuda"
