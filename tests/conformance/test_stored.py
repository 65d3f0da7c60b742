"""The table where PyTorch is not installed: values and gradients are those it once gave."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

import minitorch
import minitorch_cuda

from . import stored
from .running import gradients, rows, rows_on_devices, tensors
from .table import Row

if importlib.util.find_spec("torch") is not None:
    pytest.skip("torch is here: test_conformance asks it itself", allow_module_level=True)


@pytest.fixture(autouse=True, scope="module")
def simulator() -> Iterator[None]:
    """The kernels of "cuda" run in the simulator, with the random numbers of the CPU."""
    with minitorch_cuda.use_simulator(), minitorch_cuda.numbers_of_the_cpu():
        yield


@pytest.mark.parametrize(
    ("row", "device", "dtype"),
    # What is compiled takes its time, and has tests of its own: every eighth here; all of it where
    # PyTorch is, and by `cut`, where CI has minutes.
    [
        one
        for i, one in enumerate(
            rows_on_devices(("numpy", "float64"), ("cpu", "float32"), ("cuda", "float32"))
        )
        if one.values[1] != "cpu" or i % 8 == 1
    ],
)
def test_value_is_the_one_pytorch_gave(row: Row, device: str, dtype: str) -> None:
    ours = row.call(minitorch, *tensors(minitorch, row, dtype, device, False))
    (kept,) = stored.results(row, "value", dtype)
    stored.assert_kept(ours, kept, row.name)


@pytest.mark.parametrize("row", rows(gradient=True))
def test_gradient_is_the_one_pytorch_gave(row: Row) -> None:
    ours = gradients(minitorch, row, "float64", "numpy", False)
    kept = stored.results(row, "gradient", "float64")
    for i, (a, b) in enumerate(zip(ours, kept, strict=True)):
        stored.assert_kept(a, b, f"{row.name}, input {i}")
