"""PyTorch's numbers for every row, kept in a file, for where PyTorch is not installed.

    uv run python -m tests.conformance.stored    # with torch: writes numbers.npz anew

Floats are kept in 32 bits, which is enough to tell a wrong number, and half the file.
"""

from __future__ import annotations

import functools
import importlib
import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from .rows import ROWS
from .running import assert_is, gradients, host, name_of, tensors
from .table import Array, Row, Tensor

FILE = Path(__file__).with_name("numbers.npz")
DTYPES = ("float64", "float32")
TOLERANCE = 1e-4  # of 32 bits, also where float64 is computed


@dataclass(frozen=True)
class Result:
    """A tensor as far as a comparison needs it."""

    array: Array
    dtype: str


def keys() -> dict[int, str]:
    """A name for each row, by its identity; the second row of a name gets a number."""
    seen: Counter[str] = Counter()
    named = {}
    for row in ROWS:
        seen[row.name] += 1
        named[id(row)] = row.name if seen[row.name] == 1 else f"{row.name} ({seen[row.name]})"
    return named


def computed(torch: ModuleType, row: Row, kind: str, dtype: str) -> list[Tensor]:
    """PyTorch's value of a row, or its gradients."""
    if kind == "value":
        return [row.call(torch, *tensors(torch, row, dtype, "cpu", False))]
    return gradients(torch, row, dtype, "cpu", False)


def kinds(row: Row) -> list[str]:
    """What is kept of a row."""
    return ["value", "gradient"] if row.gradient else ["value"]


def write(torch: ModuleType) -> None:
    """Compute every row, and keep the results."""
    index = {}
    blob = b""
    names = keys()
    for row in ROWS:
        for kind in kinds(row):
            for dtype in DTYPES:
                entry = []
                for x in computed(torch, row, kind, dtype):
                    array = host(x)
                    kept = array.astype("float32") if array.dtype.kind == "f" else array
                    entry.append([name_of(x), kept.dtype.str, *array.shape])
                    blob += np.ascontiguousarray(kept).tobytes()
                index[f"{names[id(row)]} | {kind} | {dtype}"] = entry
    text = json.dumps(index, separators=(",", ":")).encode()
    np.savez_compressed(
        FILE, index=np.frombuffer(text, np.uint8), numbers=np.frombuffer(blob, np.uint8)
    )


@functools.cache
def _everything() -> dict[str, list[Result]]:
    with np.load(FILE) as file:
        index = json.loads(file["index"].tobytes())
        numbers = file["numbers"].tobytes()
    found = {}
    at = 0
    for key, entry in index.items():
        results = []
        for name, code, *shape in entry:
            kind, n = np.dtype(code), math.prod(shape)
            array = np.frombuffer(numbers, kind, n, at).reshape(shape)
            at += n * kind.itemsize
            results.append(Result(array, name))
        found[key] = results
    return found


def results(row: Row, kind: str, dtype: str) -> list[Result]:
    """What PyTorch gave for this row."""
    return _everything()[f"{keys()[id(row)]} | {kind} | {dtype}"]


def assert_kept(ours: Tensor, kept: Result, what: str) -> None:
    """That a tensor is what PyTorch once gave."""
    assert_is(ours, kept.array, kept.dtype, what, TOLERANCE)


if __name__ == "__main__":
    write(importlib.import_module("torch"))
    print(f"{FILE.name}: {len(_everything())} results, {FILE.stat().st_size} bytes")
