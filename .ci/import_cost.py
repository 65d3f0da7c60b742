"""`import minitorch` is light: no compiler is loaded, and the median of nine imports stays short.

Measured inside a fresh interpreter each time, around the import statement alone: starting Python
costs the same with any library and is left out. The first, cold import fills the file cache and
is not counted.
"""

import statistics
import subprocess
import sys

LIMIT = 0.2  # seconds; NumPy's own import is most of it
HEAVY = ("numba", "llvmlite", "torch", "matplotlib", "greenlet")

PROBE = f"""
import sys, time
start = time.perf_counter()
import minitorch
seconds = time.perf_counter() - start
print(seconds, *[name for name in {HEAVY!r} if name in sys.modules])
"""


def main() -> int:
    """Print one line; 1 if the import is heavy or slow."""
    samples: list[float] = []
    for _ in range(10):
        command = [sys.executable, "-I", "-c", PROBE]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds, *loaded = out.split()
        if loaded:
            print(f"import minitorch loads {', '.join(loaded)}")
            return 1
        samples.append(float(seconds))
    median = statistics.median(samples[1:])
    print(f"import minitorch: {median:.3f} s (median of 9, limit {LIMIT} s), no compiler loaded")
    return int(median >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
