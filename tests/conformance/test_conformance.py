"""Every row of the table, on every device, beside torch: values, gradients, layouts, dtypes."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
from _pytest.mark.structures import ParameterSet

from . import stored
from .rows import ROWS
from .running import (
    DEVICES,
    HALF,
    NAMES,
    TOLERANCE,
    WHOLE,
    assert_same,
    gradients,
    host,
    rows,
    rows_on_devices,
    tensors,
)
from .table import Row, Tensor

torch = pytest.importorskip("torch")
minitorch = pytest.importorskip("minitorch")
minitorch_cuda = pytest.importorskip("minitorch_cuda")

pytestmark = pytest.mark.parity


@pytest.fixture(autouse=True, scope="module")
def simulator() -> Iterator[None]:
    """The kernels of "cuda" run in the simulator, with the random numbers of the CPU."""
    with minitorch_cuda.use_simulator(), minitorch_cuda.numbers_of_the_cpu():
        yield


@pytest.mark.parametrize(
    ("row", "device", "dtype"),
    rows_on_devices(
        ("numpy", "float64"), ("numpy", "float32"), ("cpu", "float32"), ("cuda", "float32")
    ),
)
def test_value_is_torchs(row: Row, device: str, dtype: str) -> None:
    ours = row.call(minitorch, *tensors(minitorch, row, dtype, device, False))
    theirs = row.call(torch, *tensors(torch, row, dtype, device, False))
    assert ours.device == minitorch.device(device)
    assert_same(ours, theirs, row.name, TOLERANCE[dtype])


@pytest.mark.parametrize(
    ("row", "device", "dtype", "tolerance"),
    rows_on_devices(
        ("numpy", "float64", 1e-9),
        ("cpu", "float32", 1e-4),
        ("cuda", "float32", 1e-4),
        gradient=True,
    ),
)
def test_gradient_is_torchs(row: Row, device: str, dtype: str, tolerance: float) -> None:
    ours = gradients(minitorch, row, dtype, device, False)
    theirs = gradients(torch, row, dtype, device, False)
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        assert_same(a, b, f"{row.name}, input {i}", tolerance)


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("row", rows(gradient=True, dtypes=True))
def test_gradient_of_16_bits_is_torchs(row: Row, dtype: str) -> None:
    try:
        theirs = gradients(torch, row, dtype, "numpy", False)
    except RuntimeError:
        return  # where PyTorch has written no kernel for 16 bits, we compute in float32
    ours = gradients(minitorch, row, dtype, "numpy", False)
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        assert_same(a, b, f"{row.name}, input {i}", 2 * TOLERANCE[dtype])


@pytest.mark.parametrize("row", rows(dtypes=True))
def test_16_bits_on_a_gpu_are_those_of_the_reference(row: Row) -> None:
    """Which the tests beside this one compare with torch: its errors are the same, too."""
    for dtype in HALF:
        for get in [value, gradients_of_16_bits] if row.gradient else [value]:
            try:
                expected = get(row, dtype, "numpy")
            except (RuntimeError, TypeError) as error:
                with pytest.raises(type(error)):
                    get(row, dtype, "cuda")
                continue
            for a, b in zip(get(row, dtype, "cuda"), expected, strict=True):
                assert_same(a, b, f"{row.name}, {dtype}", 2 * TOLERANCE[dtype])


def value(row: Row, dtype: str, device: str) -> list[Tensor]:
    """The result of a row."""
    return [row.call(minitorch, *tensors(minitorch, row, dtype, device, False))]


def gradients_of_16_bits(row: Row, dtype: str, device: str) -> list[Tensor]:
    """Those of a row, in minitorch."""
    return gradients(minitorch, row, dtype, device, False)


@pytest.mark.parametrize("row", rows(gradient=True, double=True))
def test_double_gradient_is_torchs(row: Row) -> None:
    ours = gradients(minitorch, row, "float64", "numpy", True)
    theirs = gradients(torch, row, "float64", "numpy", True)
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        assert_same(a, b, f"{row.name}, input {i}", 1e-8)


def strided(lib: ModuleType, x: Tensor) -> list[Tensor]:
    """The same numbers in other layouts: transposed memory, every second element, an offset."""
    dims = tuple(range(x.ndim))[::-1]
    variants = [x.permute(*dims).contiguous().permute(*dims) if x.ndim > 1 else x]
    spread = lib.stack([x, x + 1], -1)[..., 0] if x.dtype.is_floating_point else x
    padded = lib.cat([x[:1], x])[1:] if x.ndim and x.shape[0] else x
    return [*variants, spread, padded]


def layouts_to_try() -> list[ParameterSet]:
    """Every row on the reference, and a twelfth of them on the others."""
    table = [row for row in ROWS if row.layouts]
    tried = [(row, "numpy") for row in table]
    tried += [(row, device) for row in table[::12] for device in DEVICES[1:]]
    return [pytest.param(*one, id=f"{one[0].name}-{one[1]}") for one in tried]


@pytest.mark.parametrize(("row", "device"), layouts_to_try())
def test_layout_of_inputs_does_not_matter(row: Row, device: str) -> None:
    theirs = row.call(torch, *tensors(torch, row, "float32", device, False))
    ours = tensors(minitorch, row, "float32", device, False)
    for variant in range(3) if device == "numpy" else [ROWS.index(row) % 3]:
        inputs = [strided(minitorch, x)[variant] for x in ours]
        assert_same(row.call(minitorch, *inputs), theirs, f"{row.name}, layout {variant}", 2e-5)


def dtypes_to_try() -> list[ParameterSet]:
    """Every row with every dtype on the reference; one in twelve with one dtype on the others."""
    table = [row for row in ROWS if row.dtypes]
    tried = [(row, NAMES, "numpy") for row in table]
    tried += [
        (row, [WHOLE[i % 6]], device) for i, row in enumerate(table[::12]) for device in DEVICES[1:]
    ]
    return [pytest.param(*one, id=f"{one[0].name}-{one[2]}") for one in tried]


@pytest.mark.parametrize(("row", "names", "device"), dtypes_to_try())
def test_every_dtype_gives_torchs_dtype_and_value_or_both_refuse(
    row: Row, names: list[str], device: str
) -> None:
    for name in names:
        dtype_is_torchs(row, name, device)


def dtype_is_torchs(row: Row, dtype: str, device: str) -> None:
    """One of them."""

    def run(lib: ModuleType) -> Tensor:
        inputs = [
            x.abs().to(getattr(lib, dtype)) if given.floating else x
            for x, given in zip(
                tensors(lib, row, "float64", device, False), row.inputs, strict=True
            )
        ]
        return row.call(lib, *inputs)

    try:
        theirs = run(torch)
    except (RuntimeError, TypeError):
        if dtype in HALF:
            return  # where PyTorch has written no kernel for 16 bits, we compute in float32
        try:
            run(minitorch)
        except (RuntimeError, TypeError):
            return
        pytest.fail(f"{row.name}: torch refuses {dtype}, and so should we")
    assert_same(run(minitorch), theirs, f"{row.name}, {dtype}", TOLERANCE.get(dtype, 2e-5))


EDGES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    np.inf,
    -np.inf,
    np.nan,
    1e300,
    -1e300,
    1e-300,
    5e-324,
    0.5,
    710.0,
    -745.0,
]


@pytest.mark.parametrize("device", ["numpy", "cuda"])
@pytest.mark.parametrize("row", rows(edges=True))
def test_nan_infinities_and_signed_zeros_are_torchs(row: Row, device: str) -> None:
    a, b = (x.reshape(-1) for x in np.meshgrid(EDGES, EDGES))
    arrays = [a, b] if len(row.inputs) == 2 else [np.array(EDGES)] * len(row.inputs)
    with np.errstate(all="ignore"):
        theirs = row.call(torch, *(torch.tensor(x) for x in arrays))
        ours = row.call(minitorch, *(minitorch.tensor(x).to(device) for x in arrays))
    assert_same(ours, theirs, row.name, 1e-12)
    if theirs.dtype.is_floating_point:
        np.testing.assert_array_equal(
            np.signbit(host(ours))[~np.isnan(host(ours))],
            np.signbit(host(theirs))[~np.isnan(host(theirs))],
        )


@pytest.mark.parametrize("device", ["numpy", "cuda"])
@pytest.mark.parametrize("row", rows(edges=True))
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1, 1)])
def test_empty_and_0d_inputs(row: Row, shape: tuple[int, ...], device: str) -> None:
    arrays = [np.full(shape, 0.5) for _ in row.inputs]
    theirs = row.call(torch, *(torch.tensor(x) for x in arrays))
    ours = row.call(minitorch, *(minitorch.tensor(x).to(device) for x in arrays))
    assert_same(ours, theirs, row.name, 1e-9)


def test_what_is_stored_for_others_is_what_pytorch_gives() -> None:
    """Where it fails, run `python -m tests.conformance.stored`."""
    for row in ROWS:
        for kind in stored.kinds(row):
            for dtype in stored.DTYPES:
                kept = stored.results(row, kind, dtype)
                for x, y in zip(stored.computed(torch, row, kind, dtype), kept, strict=True):
                    stored.assert_kept(x, y, f"{row.name}, {kind}, {dtype}")
