"""What a small operation on "cuda" costs the host, in microseconds, from the driver's call upward.

    uv run python benchmarks/cuda_launch.py            on a GPU
    uv run python benchmarks/cuda_launch.py --stub     on a driver that does nothing (needs cc)

On a GPU the driver's own time is in it, and the queue is emptied between rounds; with the stub it
is what Python and cuda.core take. Both need numba-cuda. The median of rounds is printed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS, CALLS = 15, 2000
HERE = Path(__file__).resolve()


def with_stub() -> None:
    """Start again, with the stub as the driver."""
    sys.path.insert(0, str(HERE.parents[1] / "packages" / "cuda" / "tests"))
    from stub import built

    folder = built(Path(tempfile.mkdtemp()))
    if folder is None:
        sys.exit("--stub needs a C compiler (cc)")
    environment = {**os.environ, "LD_LIBRARY_PATH": str(folder)}
    os.execve(sys.executable, [sys.executable, str(HERE)], environment)


def microseconds(call: Callable[[], object], wait: Callable[[], object]) -> float:
    """The time of a call, the median of rounds."""
    times = []
    for _ in range(ROUNDS):
        wait()
        begin = time.perf_counter()
        for _ in range(CALLS):
            call()
        times.append((time.perf_counter() - begin) / CALLS * 1e6)
    return statistics.median(times)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stub", action="store_true", help="measure the host alone")
    if parser.parse_args().stub:
        with_stub()

    from cuda.core import launch

    import minitorch_cuda as cuda
    import minitorch_operators as op
    import minitorch_tensor as t
    from minitorch.optim import SGD, Adam, Optimizer
    from minitorch_cuda.choice import choice
    from minitorch_cuda.device_buffer import on_device
    from minitorch_cuda.kernels.pointwise import plan_pointwise
    from minitorch_cuda.runtime import DeviceLauncher
    from minitorch_tensor.functional.dropout import dropout

    if not cuda.is_available():
        sys.exit("there is no GPU here; --stub measures without one")
    launcher = choice.get()
    assert isinstance(launcher, DeviceLauncher)
    backend = choice.backend(0)
    a, b, out = (t.ones(100, device="cuda") for _ in range(3))
    rows, column = t.ones(8, 6, device="cuda").t(), t.ones(6, 1, device="cuda")
    buffers = [x.storage.buffer for x in (out, a, b)]
    layouts, dtypes = (a.layout,) * 3, (a.dtype,) * 3
    plan = plan_pointwise(op.add.fn, a.dtype, layouts, dtypes, launcher.limits)
    launcher.launch(plan, buffers)
    prepared = launcher._prepared[plan]
    pointers = [on_device(buffer).pointer for buffer in buffers]
    stream = launcher.default_queue.stream
    leaf = t.ones(100, device="cuda", requires_grad=True)
    one = t.ones(1)

    def forward_and_backward() -> None:
        (leaf * a).sum().backward()
        leaf.grad = None

    def with_new_rates(kind: Callable[[list[t.Tensor]], Optimizer]) -> Callable[[], None]:
        """A step over ten parameters, each time with another lr, as a scheduler sets it."""
        parameters = [t.ones(100, device="cuda", requires_grad=True) for _ in range(10)]
        for parameter in parameters:
            parameter.grad = t.ones(100, device="cuda")
        optimizer = kind(parameters)
        (group,) = optimizer.param_groups

        def step() -> None:
            group["lr"] = group["lr"] * 0.9999
            optimizer.step()

        return step

    cases: list[tuple[str, Callable[[], object]]] = [
        (
            "cuda.core.launch: 3 pointers, 1 number",
            lambda: launch(stream, prepared.config, prepared.kernel, *pointers, *prepared.numbers),
        ),
        ("DeviceLauncher.launch of a plan", lambda: launcher.launch(plan, buffers)),
        ("memory taken and given back", lambda: launcher.empty(100, a.dtype)),
        ("backend.zip(add, out, a, b)", lambda: backend.zip(op.add, out, a, b)),
        ("a + b, 100 elements", lambda: a + b),
        ("rows + column, transposed and broadcast", lambda: rows + column),
        ("a.sum()", lambda: a.sum()),
        ("(leaf * a).sum().backward()", forward_and_backward),
        ("rand(100)", lambda: t.rand(100, device="cuda")),
        ("dropout(a)", lambda: dropout(a)),
        ("SGD.step, 10 parameters, a new lr", with_new_rates(SGD)),
        ("Adam.step, 10 parameters, a new lr", with_new_rates(Adam)),
        ("one number to the GPU", lambda: one.to("cuda")),
    ]
    print(f"{cuda.get_device_name()}; microseconds a call, median of {ROUNDS} rounds of {CALLS}\n")
    for name, call in cases:
        call()
        print(f"{name:<42} {microseconds(call, cuda.synchronize):8.2f}")


if __name__ == "__main__":
    main()
