"""Kernels for processors other than this one: how wide their vectors are, and that they are right.

A processor without AVX2 is this one with less, so its kernels run here; of one with AVX-512 the
machine code is looked at. All tests of this package pass with
`NUMBA_CPU_NAME=nehalem NUMBA_CPU_FEATURES=+sse4.2,+popcnt` too.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="names processors of Intel's"
)

SCRIPT = """
import math, sys
from minitorch_fast import explain
from minitorch_tensor import linspace

print(explain("exp").rpartition("vectors of ")[2].split()[0], explain("add").count("mm0"))
if sys.argv[1] == "run":
    x = linspace(-20.0, 20.0, 1001)
    for y, exact in ((x.exp(), map(math.exp, x.tolist())), (x.tanh(), map(math.tanh, x.tolist()))):
        assert all(abs(a - b) <= 3e-7 * abs(b) for a, b in zip(y.tolist(), exact, strict=True))
    turned = (x[:1000].reshape(20, 50) + x[1:].reshape(50, 20).T).tolist()
    assert turned[3][7] == (x[157] + x[144]).item()
"""


@pytest.mark.parametrize(
    ("name", "features", "bits", "way"),
    [
        ("nehalem", "+sse4.2,+popcnt", "128", "run"),
        ("sapphirerapids", "+avx2,+fma,+avx512f,+avx512vl,+avx512dq,+avx512bw", "512", "look"),
    ],
)
def test_vectors_are_as_wide_as_the_processors(
    tmp_path: Path, name: str, features: str, bits: str, way: str
) -> None:
    chosen = {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features}
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, way],
        env={**os.environ, **chosen, "MINITORCH_CACHE_DIR": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    width, registers = found.stdout.split()
    assert width == bits
    assert int(registers) > 0
