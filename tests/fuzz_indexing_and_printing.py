"""Look for an index, or a tensor's text, in which minitorch and PyTorch differ. Run by hand:

    python tests/fuzz_indexing_and_printing.py --minutes 10

Each round draws a tensor (shape, strides, dtype) and an index of ints, slices, None, Ellipsis,
masks, index tensors, arrays and lists, right or wrong, and compares with PyTorch what is read, what
is written, the gradients, and the type of an error. Then it draws numbers of all kinds and scales,
and compares the numbers in the text of the tensor. A difference is printed with the round that
finds it again (`--round`), and the exit status tells whether there was one.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass
from types import EllipsisType, ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch

torch = pytest.importorskip("torch")

Tensor = Any  # of either library
Array = NDArray[Any]
Item = int | bool | slice | EllipsisType | Array | list[Any] | None

DTYPES = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]


@dataclass(frozen=True)
class Case:
    """A tensor and an index, for both libraries."""

    base: Array
    order: tuple[int, ...]
    steps: tuple[int, ...]
    items: tuple[Item, ...]
    as_tensor: tuple[bool, ...]
    alone: bool

    def tensor(self, lib: ModuleType) -> Tensor:
        """The tensor, with its strides."""
        x = lib.tensor(self.base)
        return x.permute(self.order)[tuple(slice(None, None, step) for step in self.steps)]

    def index(self, lib: ModuleType) -> Any:
        """The index."""
        found = tuple(
            # PyTorch takes an array, but not a tensor, for one dimension: matrices are tensors.
            lib.tensor(item)
            if isinstance(item, np.ndarray) and (is_tensor or item.ndim > 1)
            else item
            for item, is_tensor in zip(self.items, self.as_tensor, strict=True)
        )
        return found[0] if self.alone and len(found) == 1 else found


def shape_of(rng: np.random.Generator) -> tuple[int, ...]:
    """Up to 4 dimensions, now and then an empty one."""
    sizes = [0, 1, 2, 3, 4, 5]
    ndim = int(rng.integers(0, 5))
    return tuple(int(n) for n in rng.choice(sizes, ndim, p=[0.05, 0.15, 0.2, 0.2, 0.2, 0.2]))


def integers(rng: np.random.Generator, size: int, shape: tuple[int, ...]) -> Array:
    """Positions in a dimension, one in 100 of them wrong."""
    wrong = rng.random() < 0.02 or size == 0
    low, high = (-size - 1, size + 1) if wrong else (-size, size)
    dtype = rng.choice(["int64", "int64", "int64", "int32", "int16", "int8"])
    return rng.integers(low, high, shape).astype(dtype if rng.random() < 0.3 else "int64")


def item_of(
    rng: np.random.Generator, shape: tuple[int, ...], common: tuple[int, ...]
) -> tuple[Item, int]:
    """An item for the first of these dimensions, and how many it indexes."""
    size = shape[0]
    kind = rng.choice(
        ["int", "slice", "array", "mask", "list", "number", "flags", "numpy"],
        p=[0.15, 0.25, 0.25, 0.12, 0.08, 0.05, 0.05, 0.05],
    )
    if kind == "int":
        return int(integers(rng, size, ())), 1
    if kind == "slice":
        start, stop = (
            int(rng.integers(-size - 2, size + 3)) if rng.random() < 0.6 else None for _ in range(2)
        )
        step = None if rng.random() < 0.6 else int(rng.integers(-1 if rng.random() < 0.1 else 1, 4))
        return slice(start, stop, step), 1
    if kind == "array":
        parts = [common, (1,), common[-1:], (2,)]
        return integers(rng, size, parts[int(rng.choice(4, p=[0.55, 0.2, 0.2, 0.05]))]), 1
    if kind == "mask":
        depth = int(rng.integers(1, min(2, len(shape)) + 1))
        flags: Array = rng.random(shape[:depth]) < 0.5
        if rng.random() < 0.03:
            flags = rng.random(tuple(n + 1 for n in shape[:depth])) < 0.5
        return flags, depth
    if kind == "list":
        numbers: list[Any] = integers(rng, size, common[-1:]).tolist()
        return numbers, 1
    if kind == "flags":
        chosen: list[Any] = (rng.random(size) < 0.5).tolist()
        return chosen, 1
    if kind == "numpy":
        return integers(rng, size, common).astype(rng.choice(["int64", "int32", "int16"])), 1
    return integers(rng, size, ()), 1


def case_of(rng: np.random.Generator) -> Case:
    """Any tensor, with an index that mostly fits it."""
    shape = shape_of(rng)
    steps = tuple(int(rng.choice([1, 1, 2])) for _ in shape)
    order = tuple(int(i) for i in rng.permutation(len(shape)))
    memory = [0] * len(shape)
    for i, j in enumerate(order):
        memory[j] = shape[i] * steps[i]
    base = rng.permutation(int(np.prod(memory))).reshape(memory)
    common = [(), (1,), (2,), (3,), (2, 2), (3, 1), (0,)][int(rng.integers(0, 7))]
    items: list[Item] = []
    used, wanted = 0, int(rng.integers(0, len(shape) + 1))
    while used < wanted:
        item, depth = item_of(rng, shape[used:], common)
        items.append(item)
        used += depth
    for extra, chance in ((None, 0.2), (None, 0.1), (True, 0.03), (False, 0.02), (0, 0.02)):
        if rng.random() < chance:
            items.insert(int(rng.integers(0, len(items) + 1)), extra)
    if rng.random() < 0.3:
        at = len(items) if used < len(shape) else int(rng.integers(0, len(items) + 1))
        items.insert(at, Ellipsis)
    return Case(
        base, order, steps, tuple(items), tuple(bool(rng.random() < 0.8) for _ in items),
        bool(rng.random() < 0.5) and not any(isinstance(item, list) for item in items),
    )  # fmt: skip


def attempt(run: Any, *args: Any) -> tuple[str, Any]:
    """What comes out: ("ok", values) or the name of an error and its text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return "ok", run(*args)
        except (IndexError, RuntimeError, TypeError, ValueError) as error:
            return type(error).__name__, str(error)


def read(lib: ModuleType, case: Case, dtype: str) -> Any:
    """What an index reads, its strides if it is a view, and the gradient."""
    x = case.tensor(lib).to(getattr(lib, dtype))
    y = x[case.index(lib)]
    g = None
    if dtype in ("float64", "float32"):
        z = case.tensor(lib).to(getattr(lib, dtype)).requires_grad_()
        picked = z[case.index(lib)]
        factors = lib.arange(picked.numel(), dtype=z.dtype).reshape(picked.shape)
        g = lib.autograd.grad((picked * factors).sum(), z)[0].tolist()
    return tuple(y.shape), str(y.dtype).split(".")[1], y.tolist(), g


def shared(lib: ModuleType, case: Case) -> Any:
    """Which elements change when what was read is filled: those of a view."""
    x = case.tensor(lib)
    x[case.index(lib)].fill_(-1)
    return x.tolist()


def write(lib: ModuleType, case: Case, value: Array | float, dtype: str) -> Any:
    """The tensor after a write; repeated positions are left out, for PyTorch promises no order."""
    x = case.tensor(lib).to(getattr(lib, dtype))
    new = lib.tensor(value) if isinstance(value, np.ndarray) else value
    x[case.index(lib)] = new
    return x.tolist()


def value_of(rng: np.random.Generator, case: Case, dtype: str) -> Array | float:
    """A number, or an array that mostly fits what the index picks."""
    status, found = attempt(read, torch, case, "int64")
    if rng.random() < 0.3 or status != "ok":
        return float(rng.integers(0, 100)) if dtype.startswith("float") else int(rng.integers(0, 2))
    shape = [1 if rng.random() < 0.2 else n for n in found[0]]
    shape = shape[int(rng.integers(0, len(shape) + 1)) if rng.random() < 0.2 else 0 :]
    if rng.random() < 0.05:
        shape = [1, *shape]
    if rng.random() < 0.03:
        shape = [n + 1 for n in shape] or [2]
    return np.asarray(rng.integers(0, 100, shape)).astype(
        dtype if rng.random() < 0.9 else str(rng.choice(DTYPES))
    )


def repeats(case: Case) -> bool:
    """Whether an element is picked more than once."""
    x = torch.arange(int(np.prod(case.tensor(torch).shape))).reshape(case.tensor(torch).shape)
    status, found = attempt(lambda: x[case.index(torch)].reshape(-1).tolist())
    return status == "ok" and len(set(found)) < len(found)


def empty(case: Case) -> bool:
    """Whether the index picks nothing."""
    return bool(case.tensor(torch)[case.index(torch)].numel() == 0)


def differences_of_indexing(rng: np.random.Generator, seen: Counter[str]) -> list[str]:
    """What differs for one tensor and index."""
    case = case_of(rng)
    dtype = str(rng.choice(DTYPES))
    value = value_of(rng, case, dtype)
    pairs = {
        "read": [attempt(read, lib, case, dtype) for lib in (minitorch, torch)],
        "view": [attempt(shared, lib, case) for lib in (minitorch, torch)],
    }
    if not repeats(case):
        pairs["write"] = [attempt(write, lib, case, value, dtype) for lib in (minitorch, torch)]
    found = []
    for what, (ours, theirs) in pairs.items():
        seen[f"{what}: {theirs[0]}"] += 1
        if "out of bounds" in str(ours[1]) and theirs[0] == "ok" and empty(case):
            continue  # PyTorch looks at no index if there is nothing to read
        if what == "write" and "ok" not in (ours[0], theirs[0]):
            continue  # of several mistakes each names another
        if ours[0] != theirs[0] or (ours[0] == "ok" and repr(ours[1]) != repr(theirs[1])):
            shape = tuple(case.tensor(torch).shape)
            found.append(
                f"{what} {dtype} {shape}[{case.index(torch)!r}]"
                + (f" = {value!r}" if what == "write" else "")
                + f"\n    minitorch {ours}\n    torch     {theirs}"
            )
    return found


def numbers_of(rng: np.random.Generator) -> Array:
    """Numbers of one kind and scale, or of several, in any shape."""
    shape = shape_of(rng)
    if rng.random() < 0.1:
        shape = [(1001,), (40, 30), (7, 200), (3, 400), (2, 3, 200)][int(rng.integers(0, 5))]
    kind = int(rng.integers(0, 7))
    scale = 10.0 ** float(rng.integers(-9, 12))
    x: Array = np.asarray(rng.normal(size=shape))
    if kind == 1:
        x = np.round(x * 10)
    elif kind == 2:
        x = x * scale
    elif kind == 3:
        x = np.round(x * 4) * scale
    elif kind == 4:
        x = x * np.power(10.0, rng.integers(-6, 7, shape).astype("float64"))
    elif kind == 5:
        x = rng.choice([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan, 0.5, 1e-4, 1e8], shape)
    elif kind == 6:
        x = rng.integers(-128, 128, shape).astype("float64")
    with np.errstate(all="ignore"):
        return np.asarray(x).astype(str(rng.choice(DTYPES)))


def differences_of_printing(rng: np.random.Generator, seen: Counter[str]) -> list[str]:
    """What differs in the text of one tensor: the numbers, up to the first suffix."""
    values = numbers_of(rng)
    options: dict[str, Any] = {"profile": "default"}
    if rng.random() < 0.3:
        options |= {
            "precision": int(rng.integers(0, 8)),
            "threshold": int(rng.integers(0, 30)),
            "edgeitems": int(rng.integers(1, 5)),
            "linewidth": int(rng.integers(10, 120)),
            "sci_mode": [None, True, False][int(rng.integers(0, 3))],
        }
    seen[f"text: {values.dtype}"] += 1
    theirs_tensor = torch.from_numpy(values.reshape(-1).copy()).reshape(values.shape)
    for lib in (minitorch, torch):
        lib.set_printoptions(**options)
    try:
        ours = repr(minitorch.tensor(values)).removeprefix("Tensor(")
        theirs = repr(theirs_tensor).removeprefix("tensor(")
        # Whatever else stands in the text, making it must not fail.
        repr(minitorch.tensor(values, requires_grad=True) * 1 if values.dtype.kind == "f" else 0)
    finally:
        for lib in (minitorch, torch):
            lib.set_printoptions(profile="default")
    end = theirs.rfind("]") + 1 if values.ndim and values.size else 0
    if ours[:end] != theirs[:end]:
        return [f"text {values!r} {options}\n    minitorch {ours}\n    torch     {theirs}"]
    return []


def main() -> int:
    """Fuzz for some minutes, or one round again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long")
    parser.add_argument("--seed", type=int, default=0, help="of all rounds")
    parser.add_argument("--round", type=int, help="only this one")
    parser.add_argument("--device", default="cpu", help="of minitorch: cpu or numpy")
    options = parser.parse_args()
    minitorch.set_default_device(options.device)
    start, rounds, failures, seen = time.monotonic(), 0, 0, Counter[str]()
    while time.monotonic() - start < 60 * options.minutes and failures < 20:
        number = rounds if options.round is None else options.round
        rng = np.random.default_rng([options.seed, number])
        found = [*differences_of_indexing(rng, seen), *differences_of_printing(rng, seen)]
        for difference in found:
            print(f"round {number}: {difference}\n")
        failures += len(found)
        rounds += 1
        if options.round is not None:
            break
    print(f"{rounds} rounds, {failures} differences")
    print(", ".join(f"{what} {count}" for what, count in sorted(seen.items())))
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
