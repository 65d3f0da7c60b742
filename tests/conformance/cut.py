"""`python -m tests.conformance.cut`: the table on "cpu" with all work cut into parts, by threads.

Work that is small is not cut, and the inputs of the table are small. Here every limit is lowered
to 1 before anything runs, so that each kernel that knows threads is shared out; then each row is
run by 1, 2 and 4 threads. The results are PyTorch's, and the same to the last bit for any number.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import minitorch
import minitorch_fast
from minitorch_fast import threads

from . import stored
from .rows import ROWS
from .running import gradients, host, tensors
from .table import Row, Tensor

THREADS: tuple[int, ...] = (1, 2, 4)
LIMITS = ("PARALLEL", "WORTH")


def cut_everything() -> int:
    """Lower the limits of all modules; how many there are."""
    found = 0
    for info in pkgutil.walk_packages(minitorch_fast.__path__, "minitorch_fast."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for limit in LIMITS:
            if hasattr(module, limit):
                setattr(module, limit, 1)
                found += 1
    threads.cores = lambda: max(THREADS)  # type: ignore[assignment]
    return found


def results(row: Row) -> list[tuple[str, Tensor]]:
    """The value, and the gradients, each with its name in the stored numbers."""
    value = row.call(minitorch, *tensors(minitorch, row, "float32", "cpu", False))
    found = [("value", value)]
    if row.gradient:
        found += [("gradient", g) for g in gradients(minitorch, row, "float32", "cpu", False)]
    return found


def wrong(row: Row) -> str | None:
    """What is not as it should be, or None."""
    bits = []
    for n in THREADS:
        minitorch.set_num_threads(n)
        found = results(row)
        kept = [r for kind in stored.kinds(row) for r in stored.results(row, kind, "float32")]
        try:
            for (kind, ours), theirs in zip(found, kept, strict=True):
                stored.assert_kept(ours, theirs, kind)
        except AssertionError as error:
            return f"{n} threads: {str(error).strip()[:300]}"
        bits.append([host(x).tobytes() for _, x in found])
    if any(other != bits[0] for other in bits):
        return f"the bits of {', '.join(map(str, THREADS))} threads differ"
    return None


def main() -> int:
    """Run the table; 1 if a row is wrong."""
    limits = cut_everything()
    assert limits > 10, limits
    failed = 0
    for row in ROWS:
        text = wrong(row)
        if text is not None:
            failed += 1
            print(f"{row.name}: {text}")
    print(f"{len(ROWS)} rows at {THREADS} threads, {limits} limits lowered: {failed} wrong")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
