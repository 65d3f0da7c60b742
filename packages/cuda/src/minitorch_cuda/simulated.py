"""The launcher that needs no GPU: memory is NumPy arrays, kernels run in the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from minitorch_cuda.kernel import Plan, of_memory, storage_type
from minitorch_cuda.limits import SIMULATOR, Limits
from minitorch_cuda.simulator.memory import Pointer, Shadow
from minitorch_cuda.simulator.run import launch
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.storage import Buffer

_POISON: Final = 0xFB  # four such bytes are the float32 -2.6e36, a number that is noticed


class SimBuffer:
    """Simulated device memory: a flat array, in which a bool is a byte, a 16-bit float its bits."""

    __slots__ = ("array", "dtype")

    def __init__(self, array: HostArray, dtype: DType) -> None:
        self.array = array
        self.dtype = dtype

    def __len__(self) -> int:
        return len(self.array)

    def __repr__(self) -> str:
        return f"SimBuffer({len(self.array)} of {self.dtype.name})"


class SimulatorLauncher:
    """Runs each kernel at once, thread by thread, and raises what a GPU would not notice."""

    @property
    def name(self) -> str:
        """`simulator`."""
        return "simulator"

    @property
    def limits(self) -> Limits:
        """Small blocks, so that small tensors meet every path."""
        return SIMULATOR

    def empty(self, size: int, dtype: DType, /) -> Buffer:
        """Memory full of a pattern, so that what is never written shows."""
        array = np.full(size * dtype.itemsize, _POISON, np.uint8)
        return SimBuffer(array.view(_stored(dtype)), dtype)

    def upload(self, values: HostArray, /) -> Buffer:
        """A copy, as on a GPU."""
        dtype = of_memory(values)
        return SimBuffer(values.flatten().view(_stored(dtype)), dtype)

    def download(self, buffer: Buffer, /) -> HostArray:
        """A copy, as from a GPU."""
        memory = simulated(buffer)
        return memory.array.view(memory.dtype.numpy).copy()

    def launch(self, plan: Plan, buffers: Sequence[Buffer], /) -> None:
        """Run the kernel in the simulator.

        Raises:
            SimulationError: at the first thing that is undefined on a GPU.
        """
        shadows: dict[int, Shadow] = {}  # one for each memory, whoever points to it
        arguments: list[Pointer[float] | float] = []
        names = [parameter.name for parameter in plan.kernel.parameters]
        for name, span, buffer in zip(names, plan.spans, buffers, strict=False):
            array = simulated(buffer).array
            shadow = shadows.setdefault(id(array), Shadow())
            arguments.append(Pointer(array, name, span.offset, span.low, span.high, shadow))
        arguments += [_python(number) for number in plan.numbers]
        launch(plan.kernel.function, plan.kernel.name, plan.grid, plan.block, arguments)

    def synchronize(self) -> None:
        """Nothing to wait for."""


def simulated(buffer: Buffer) -> SimBuffer:
    """A buffer as simulated memory.

    Raises:
        TypeError: if it is memory of another device.
    """
    if not isinstance(buffer, SimBuffer):
        raise TypeError(f"expected memory of the simulator, got {type(buffer).__name__}")
    return buffer


def _stored(dtype: DType) -> np.dtype[np.generic]:
    return np.dtype(storage_type(dtype))


def _python(number: np.generic) -> float:
    """Positions as Python's integers, which are faster; a float keeps its type."""
    if isinstance(number, np.integer):
        return int(number)
    value: float = number.reshape(1)[0]  # still a NumPy number: a float32 stays one
    return value
