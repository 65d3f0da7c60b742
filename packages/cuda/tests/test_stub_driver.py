"""The real cuda.core, numba-cuda and linker, on a driver that does nothing: names and arguments.

What `fake_gpu` stands for is there: that each call of cuda.core and of the driver exists, takes
these arguments, and that a compiled kernel is found on disk by the next process. Runs where
numba-cuda is installed, as in CI's step for the GPU's code.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .stub import built

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None or sys.platform != "linux",
    reason="numba-cuda is not installed",
)

PROGRAM = """
import sys
import minitorch_cuda as cuda
import minitorch_tensor as t

assert cuda.is_available() and cuda.get_arch_list() == ["sm_90"]
known = cuda.get_device_properties()
assert (known.name, known.major, known.warp_size, len(known.uuid)) == ("Stub GPU", 9, 32, 36)
x = t.ones(4, device="cuda")
y = x + x
side, start, end = cuda.Stream(priority=-1), cuda.Event(True), cuda.Event(True)
start.record(side)
with cuda.stream(side):
    z = y.t() * 2
end.record(side)
end.synchronize()
assert side.priority == -1 and side.query() and end.query() and start.elapsed_time(end) == 1.0
side.wait_stream(cuda.default_stream())
end.wait()
y.record_stream(side)
pinned = t.arange(4.0).pin_memory()
there = pinned.to("cuda", non_blocking=True)
assert there.tolist() == [0.0, 1.0, 2.0, 3.0]
assert t.from_dlpack(there.__dlpack__(stream=1)).tolist() == there.tolist()
assert there.__cuda_array_interface__["stream"] == cuda.current_stream().cuda_stream
there.gather(0, t.tensor([3], device="cuda"))
del x, y, z
cuda.synchronize()
cuda.empty_cache()
assert cuda.mem_get_info() == (80 << 30, 80 << 30)
print("numba" in sys.modules)
"""


def test_a_program_runs_and_the_next_one_compiles_nothing(tmp_path: Path) -> None:
    folder = built(tmp_path)
    if folder is None:
        pytest.skip("there is no C compiler")
    environment = {
        **{name: value for name, value in os.environ.items() if name != "MINITORCH_CUDA"},
        "LD_LIBRARY_PATH": str(folder),
        "MINITORCH_CACHE_DIR": str(tmp_path / "kernels"),
    }
    told = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True
        )
        for _ in range(2)
    ]
    assert [(run.stdout.strip(), run.returncode, run.stderr) for run in told] == [
        ("True", 0, ""),
        ("False", 0, ""),
    ]
