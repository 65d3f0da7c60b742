"""Arrays with any layout, on the NumPy backend and on CUDA in the simulator, side by side."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from minitorch_cuda.backend import CudaBackend, Temporary
from minitorch_cuda.choice import choice
from minitorch_cuda.kernel import Plan
from minitorch_cuda.launcher import of_memory
from minitorch_cuda.simulated import SimulatorLauncher
from minitorch_tensor.backend import Backend
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType, HostArray, float32
from minitorch_tensor.half import narrowed, widened
from minitorch_tensor.layout import Layout, Shape
from minitorch_tensor.numpy_backend import NumpyBackend
from minitorch_tensor.storage import Array, Buffer


class Planned(SimulatorLauncher):
    """Remembers the plan of each launch."""

    def __init__(self) -> None:
        super().__init__()
        self.plans: list[Plan] = []

    def launch(
        self, plan: Plan, buffers: Sequence[Buffer], numbers: Sequence[float] = (), /
    ) -> None:
        super().launch(plan, buffers, numbers)
        self.plans.append(plan)


@contextmanager
def plans_of_launches() -> Iterator[list[Plan]]:
    """The plans of what is launched on "cuda", in order."""
    launcher = Planned()
    before = choice.put([launcher])
    try:
        yield launcher.plans
    finally:
        choice.put(before)


LAUNCHER = SimulatorLauncher()
CUDA = CudaBackend(lambda: LAUNCHER)
NUMPY = NumpyBackend()
CPU = Device("cpu")


@dataclass(frozen=True)
class Spec:
    """The memory of an array, and how to walk it."""

    memory: HostArray
    layout: Layout

    def on(self, backend: Backend) -> Temporary:
        """The array on a backend, with memory of its own."""
        dtype = of_memory(self.memory)
        return Temporary(backend.upload(self.memory.copy()), CPU, self.layout, dtype)


def contents(backend: Backend, array: Array) -> HostArray:
    """All the memory of an array, also what its layout leaves out."""
    return backend.download(array.storage.buffer)


def numbers(size: int, dtype: DType = float32, seed: int = 0) -> HostArray:
    """Small numbers, some of them equal, as many of them below 0 as the type allows."""
    random = np.random.default_rng(seed)
    if dtype.kind == "float":
        return narrowed(random.integers(-20, 20, size) / 4 + random.random(size), dtype)
    low = 0 if not dtype.is_signed else -20
    return (
        random.integers(low, 20, size).astype(dtype.numpy)
        if dtype.kind == "int"
        else (random.random(size) < 0.5)
    )


def dense(shape: Shape, dtype: DType = float32, seed: int = 0) -> Spec:
    """An array in order."""
    layout = Layout.contiguous(shape)
    return Spec(numbers(layout.size, dtype, seed), layout)


def transposed(shape: Shape, dtype: DType = float32, seed: int = 0) -> Spec:
    """An array whose memory runs through the dimensions from the first to the last."""
    order = tuple(reversed(range(len(shape))))
    layout = Layout.contiguous(tuple(reversed(shape))).permute(order)
    return Spec(numbers(layout.size, dtype, seed), layout)


def sparse(shape: Shape, dtype: DType = float32, seed: int = 0) -> Spec:
    """Every second element of every dimension of a larger array, from its second one on."""
    layout = Layout.contiguous(tuple(2 * n + 1 for n in shape))
    size = layout.size
    for dim, n in enumerate(shape):
        layout = layout.narrow(dim, 1, n, 2)
    return Spec(numbers(size, dtype, seed), layout)


def expanded(shape: Shape, dtype: DType = float32, seed: int = 0) -> Spec:
    """An array that repeats its elements along every second dimension."""
    small = tuple(1 if dim % 2 == 0 else n for dim, n in enumerate(shape))
    layout = Layout.contiguous(small).expand(shape)
    return Spec(numbers(Layout.contiguous(small).size, dtype, seed), layout)


def single(shape: Shape, dtype: DType = float32, seed: int = 0) -> Spec:
    """One number, repeated."""
    return Spec(numbers(1, dtype, seed), Layout.contiguous(()).expand(shape))


WRITABLE = (dense, transposed, sparse)
READABLE = (*WRITABLE, expanded, single)
SHAPES: tuple[Shape, ...] = ((), (1,), (7,), (0,), (3, 0), (1, 5), (3, 4), (2, 3, 4), (2, 1, 3, 2))


def compare(
    run: Callable[[Backend, list[Temporary]], None], *specs: Spec, exact: bool = True
) -> HostArray:
    """Run on both backends, and compare all the memory of the first array afterwards."""
    found = []
    for backend in (NUMPY, CUDA):
        arrays = [spec.on(backend) for spec in specs]
        run(backend, arrays)
        found.append(contents(backend, arrays[0]))
    expected, got = found
    assert got.dtype == expected.dtype
    if exact:
        np.testing.assert_array_equal(got, expected)
    else:
        dtype = of_memory(got)
        tolerance = 1e-5 if dtype is float32 else 1e-12
        if dtype.half:
            tolerance = 2**-10 if got.dtype == np.float16 else 2**-7  # an unit in the last place
        a, b = widened(got, dtype), widened(expected, dtype)
        np.testing.assert_allclose(
            a.astype(np.float64), b.astype(np.float64), rtol=tolerance, atol=tolerance
        )
    return got
