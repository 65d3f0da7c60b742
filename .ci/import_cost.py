"""`import minitorch` is light: no compiler is loaded, and the time beside NumPy's own is printed.

Measured inside a fresh interpreter each time, around the import statements alone: starting Python
costs the same with any library and is left out. The first, cold import fills the file cache and
is not counted. Seconds mean little on a shared machine, so they are reported, not judged; NumPy's
import in the same process says how fast the machine is (0.07 s where the aim of 0.2 s was set).
"""

import statistics
import subprocess
import sys

HEAVY = ("numba", "llvmlite", "torch", "matplotlib", "greenlet", "safetensors")

PROBE = f"""
import sys, time
start = time.perf_counter()
import numpy
between = time.perf_counter()
import minitorch
end = time.perf_counter()
print(between - start, end - between, *[name for name in {HEAVY!r} if name in sys.modules])
"""


def main() -> int:
    """Print one line; 1 if the import loads what it must not."""
    samples: list[tuple[float, float]] = []
    for _ in range(10):
        command = [sys.executable, "-I", "-c", PROBE]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        numpy, ours, *loaded = out.split()
        if loaded:
            print(f"import minitorch loads {', '.join(loaded)}")
            return 1
        samples.append((float(numpy), float(ours)))
    numpy_time, own_time = (statistics.median(column) for column in zip(*samples[1:], strict=True))
    print(
        f"import minitorch: {numpy_time + own_time:.3f} s, of which NumPy {numpy_time:.3f} s "
        "(medians of 9), no compiler loaded"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
