"""The launcher that needs no GPU and runs compiled code: PTX, by an interpreter.

Memory, streams and errors are the simulator's; only a launch is another. It compiles the kernel as
for a GPU, which needs numba-cuda, and keeps the PTX in the folder of compiled kernels. The first
launch of a kernel takes as long as its compilation, later ones are faster than in the simulator.
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from minitorch_cuda import cache
from minitorch_cuda.compiler import compile_ptx
from minitorch_cuda.kernel import Kernel, Plan
from minitorch_cuda.limits import SIMULATOR, Limits
from minitorch_cuda.ptx.machine import Machine
from minitorch_cuda.ptx.run import Loaded, loaded, run
from minitorch_cuda.simulated import MEMORY, SimulatorLauncher, simulated
from minitorch_cuda.simulator import addresses
from minitorch_tensor import kernel_folder
from minitorch_tensor.storage import Buffer

CAPABILITY: Final = (8, 0)
"""The GPUs that kernels are compiled for: what comes later has no instruction that they need."""


class PtxLauncher(SimulatorLauncher):
    """A simulated device that runs the compiled kernels.

    Args:
        index: which of the simulated devices.
        memory: how many bytes it has.
        limits: the sizes that launches are planned with.

    Raises:
        ImportError: if numba-cuda is not installed.
    """

    def __init__(self, index: int = 0, memory: int = MEMORY, limits: Limits = SIMULATOR) -> None:
        if importlib.util.find_spec("numba_cuda") is None:
            raise ImportError(
                "compiled kernels are made by numba-cuda, which is not installed; run: pip install "
                '"minitorch-cuda[cuda]"; or use the simulator, which runs their Python'
            )
        super().__init__(index, memory)
        self._limits = limits

    @property
    def name(self) -> str:
        """`interpreter of PTX`."""
        return "interpreter of PTX"

    @property
    def limits(self) -> Limits:
        """Those it was made with."""
        return self._limits

    def launch(self, plan: Plan, buffers: Sequence[Buffer], /) -> None:
        """Compile the kernel, if that was not done before, and run what came out.

        Raises:
            SimulationError: if a thread does what is undefined on a GPU.
        """
        kernel = code_of(plan.kernel)
        machine = Machine(list(kernel.module.variables.values()), {}, plan.grid, plan.block)
        ranges: dict[int, list[int]] = {}  # the bytes that may be used, whoever points to them
        words = {id(array): array for array in (simulated(buffer).array for buffer in buffers)}
        for span, buffer in zip(plan.spans, buffers, strict=True):
            array = simulated(buffer).array
            ends = ranges.setdefault(id(array), [array.nbytes, 0])
            ends[0] = min(ends[0], span.low * array.itemsize)
            ends[1] = max(ends[1], span.high * array.itemsize)
        starts = {key: machine.add(words[key], *ranges[key]) for key in words}
        for address, array in addresses.known():
            machine.add(array, 0, array.nbytes, address)
        numbers: list[np.generic] = list(plan.numbers)
        for span, buffer in reversed(list(zip(plan.spans, buffers, strict=True))):
            array = simulated(buffer).array
            numbers.insert(0, np.uint64(starts[id(array)] + span.offset * array.itemsize))
        for name, number in zip(kernel.parameters, numbers, strict=True):
            machine.parameters[name] = np.array([number])
        run(kernel, machine, plan.kernel.name)


@lru_cache(maxsize=4096)
def code_of(kernel: Kernel) -> Loaded:
    """A kernel compiled, and ready to run."""
    return loaded(text_of(kernel))


def text_of(kernel: Kernel) -> str:
    """The PTX of a kernel: from the folder of compiled kernels, or compiled now."""
    place = cache.place_of(kernel, CAPABILITY).with_suffix(".sealed-ptx")
    found = kernel_folder.sealed(place.name, place.stem)
    if found is not None:
        return found.decode()
    text = compile_ptx(kernel, CAPABILITY).text
    with contextlib.suppress(OSError):  # a full disk: then it is compiled next time too
        kernel_folder.put(place, kernel_folder.seal(place.stem, text.encode()))
    return text
