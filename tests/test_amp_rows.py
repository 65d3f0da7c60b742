"""Every row of the conformance table inside `autocast("cpu")`: torch's dtypes, torch's changes."""

from __future__ import annotations

import warnings
from types import ModuleType

import numpy as np
import pytest

from .conformance.rows import ROWS
from .conformance.running import host, name_of
from .conformance.table import Array, Row

torch = pytest.importorskip("torch")
minitorch = pytest.importorskip("minitorch")

pytestmark = pytest.mark.parity

# Rows that differ by choice, and why.
OTHERWISE = {
    "linalg.pinv": "computed at once, in float32; PyTorch multiplies the parts in bfloat16",
    "linalg.lstsq wide": "the same",
    "torch.gru": "where the state is float32, all is: PyTorch's is float32 after sums of 16 bits",
    "torch.lstm": "oneDNN's kernel of PyTorch's refuses bfloat16 on many machines",
    "linalg.matrix_power 0": "not for 16 bits",
}


def result(lib: ModuleType, row: Row, half: bool, on: bool) -> tuple[str, Array]:
    """The dtype and the numbers of a row, on the reference backend or in torch."""
    inputs = []
    for i, given in enumerate(row.inputs):
        x = lib.tensor(given.array(i, "float32"))
        x = x.to("numpy") if lib is minitorch else x
        inputs.append(x.to(lib.bfloat16) if half and given.floating else x)
    lib.manual_seed(0)
    device = "numpy" if lib is minitorch else "cpu"
    with warnings.catch_warnings(), lib.autocast(device, enabled=on):
        warnings.simplefilter("ignore")
        y = row.call(lib, *inputs)
    return name_of(y), host(y)


TRIED = [row for row in ROWS if not row.alike and row.name not in OTHERWISE]


@pytest.mark.parametrize("start", range(0, len(TRIED), 100))
def test_rows_change_their_numbers_where_torchs_do(start: int) -> None:
    for row in TRIED[start : start + 100 : 2]:  # all of them take half a minute
        dtypes, changes = [], []
        for lib in (torch, minitorch):
            (_, plain), (dtype, numbers) = (result(lib, row, False, on) for on in (False, True))
            dtypes.append(dtype)
            changes.append(not np.array_equal(plain, numbers, equal_nan=True))
        assert dtypes[0] == dtypes[1], row.name
        assert changes[0] == changes[1], row.name


@pytest.mark.parametrize("start", range(0, len(TRIED), 100))
def test_rows_of_16_bits_have_torchs_dtypes(start: int) -> None:
    for row in TRIED[start : start + 100]:
        try:
            theirs, _ = result(torch, row, True, True)
        except (RuntimeError, ValueError, TypeError):
            continue  # what PyTorch has not written for 16 bits
        try:
            ours, _ = result(minitorch, row, True, True)
        except (RuntimeError, BufferError) as error:
            with pytest.raises(type(error)):  # and what we have not
                result(minitorch, row, True, False)
            continue
        assert ours == theirs, row.name
