"""`python -m tests.conformance.emulated`: the table on "cpu", with kernels for AVX-512.

The kernels are compiled for a processor with AVX-512, and run by one in software (`emulator`), so
the machine needs none. All work is cut into parts, and done as one part and as four: the results
are PyTorch's, and the same to the last bit. On two cores this takes some 20 minutes, most of them
compilation; BLAS stays this machine's own.

    pip install bochscpu-python
    python -m tests.conformance.emulated [--every N] [--name PATTERN]

With `--every 20` only each twentieth row is run; with a name, those in which it is found.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

PROCESSOR: Final = "skylake-avx512"
ADDED: Final = ("avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl")
LEFT_OUT: Final = ("avx512", "amx", "sse4a", "fma4", "xop", "sha", "vaes", "vpclmul", "clzero")


def compile_for_avx512() -> None:
    """Tell Numba, before it is imported, for which processor it compiles."""
    binding = importlib.import_module("llvmlite.binding")
    host: list[str] = binding.get_host_cpu_features().flatten().split(",")
    usual = [name for name in host if not any(part in name for part in LEFT_OUT)]
    os.environ["NUMBA_CPU_NAME"] = PROCESSOR
    os.environ["NUMBA_CPU_FEATURES"] = ",".join([*usual, *(f"+{name}" for name in ADDED)])


def emulate() -> dict[str, int]:
    """Let every kernel be run by the emulator; how often each was, once it is."""
    from minitorch_fast import cache, native, threads, workers

    from .emulator import Emulator

    emulator, count = Emulator(), dict[str, int]()
    load = cache.load

    def loaded(name: str, text: str, signature: str) -> threads.Kernel:
        kernel = load(name, text, signature)
        entry = native.entries.get(kernel)
        if entry is None or name.startswith("product_"):  # BLAS is this machine's
            return kernel
        known = entry

        def call(*arguments: object) -> object:
            addresses = [known.address, known.caller]
            for x in arguments:
                if isinstance(x, np.ndarray):  # the object, and the elements
                    addresses += [id(x), x.ctypes.data, x.ctypes.data + x.nbytes]
            row = known.words([arguments])
            addresses.append(row.buffer_info()[0])
            for address in addresses:
                emulator.know(address)
            emulator.run(known.caller, row.buffer_info()[0])
            count[name] = count.get(name, 0) + 1
            found = known.results(row)
            if found is None:
                raise RuntimeError(f"{name} raised an error")
            return found[0]

        native.entries[call] = entry
        return call

    def run(kernel: threads.Kernel, calls: Sequence[threads.Call], team: int) -> list[object]:
        return [kernel(*call) for call in calls]

    cache.load, workers.run = loaded, run
    return count


def main() -> int:
    """Run the table; 1 if a row is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.emulated")
    parser.add_argument("--every", type=int, default=1, help="run each N-th row only")
    parser.add_argument("--name", default="", help="run the rows in whose name this is found")
    chosen = parser.parse_args()
    every: int = chosen.every
    compile_for_avx512()
    from minitorch_fast import lanes

    from . import cut
    from .rows import ROWS

    assert lanes.vector_bytes() == 64
    count = emulate()
    cut.cut_everything()
    cut.THREADS = (1, 4)
    rows, failed = [row for row in ROWS if re.search(chosen.name, row.name)][::every], 0
    for row in rows:
        text = _wrong(cut.wrong, row)
        if text is not None:
            failed += 1
            print(f"{row.name}: {text}", flush=True)
    print(
        f"{len(rows)} rows as 1 and 4 parts on {PROCESSOR}, emulated: {len(count)} kernels called "
        f"{sum(count.values())} times, {failed} wrong"
    )
    sys.stdout.flush()
    return int(failed > 0)


def _wrong(judge: Callable[..., str | None], row: object) -> str | None:
    try:
        return judge(row)
    except RuntimeError as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    sys.exit(main())
