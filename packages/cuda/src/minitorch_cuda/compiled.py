"""The launcher that needs no GPU and runs compiled code: PTX, by an interpreter.

Memory, streams and errors are the simulator's; only a launch is another. It compiles the kernel as
for a GPU, which needs numba-cuda, and keeps the PTX in the folder of compiled kernels. The first
launch of a kernel takes as long as its compilation, later ones are faster than in the simulator.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from types import FunctionType
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_cuda import cache, numba_cuda
from minitorch_cuda.compiler import compile_ptx
from minitorch_cuda.kernel import Kernel, Parameter, Plan, ieee_names
from minitorch_cuda.launcher import Properties
from minitorch_cuda.limits import SIMULATOR, Limits
from minitorch_cuda.ptx.machine import Machine
from minitorch_cuda.ptx.run import Loaded, interpret, loaded, run
from minitorch_cuda.simulated import MEMORY, SimulatorLauncher, simulated
from minitorch_cuda.simulator import addresses
from minitorch_cuda.simulator.run import Size
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
        if not numba_cuda.installed():
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
    def properties(self) -> Properties:
        """Those of the simulator, under this name."""
        return replace(super().properties, name=self.name)

    @property
    def limits(self) -> Limits:
        """Those it was made with."""
        return self._limits

    def launch(
        self, plan: Plan, buffers: Sequence[Buffer], numbers: Sequence[float] = (), /
    ) -> None:
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
        given = list(plan.all_numbers(numbers))
        for span, buffer in reversed(list(zip(plan.spans, buffers, strict=True))):
            array = simulated(buffer).array
            given.insert(0, np.uint64(starts[id(array)] + span.offset * array.itemsize))
        for name, number in zip(kernel.parameters, given, strict=True):
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


def simulate_compiled(
    kernel: Callable[..., None],
    grid: Size,
    block: Size,
    *arguments: npt.NDArray[np.generic] | np.generic | float,
    value: str = "float32",
) -> None:
    """Compile a kernel and run what came out: `simulate`, one step nearer to a GPU.

    Args:
        kernel: a function written with the names of `minitorch_cuda.dsl`.
        grid: the number of blocks: n, (x, y) or (x, y, z).
        block: the number of threads in each block.
        arguments: the kernel's own. An array arrives as a pointer to its elements; an int is an
            int64, a float a float64, a number of NumPy what it is.
        value: the type that its functions of mathematics compute in.

    Raises:
        ImportError: if numba-cuda is not installed.
        TypeError: if the kernel is no plain function.
        ValueError: if an array is not contiguous.
        SimulationError: if a thread does what is undefined on a GPU.
    """
    if not isinstance(kernel, FunctionType):
        raise TypeError(f"simulate_compiled: expected a plain function, got {kernel!r}")
    names = kernel.__code__.co_varnames
    parameters, given = [], []
    for name, argument in zip(names, arguments, strict=False):
        if isinstance(argument, np.ndarray):
            if not argument.flags.c_contiguous:
                raise ValueError(f"simulate_compiled: array {name} must be contiguous; pass a copy")
            words = argument.reshape(-1)
            words = words.view(np.uint8) if words.dtype == np.bool_ else words
            parameters.append(Parameter(name, words.dtype.name, pointer=True))
            given.append(words)
        else:
            number = np.asarray(argument).reshape(1)
            parameters.append(Parameter(name, number.dtype.name))
            given.append(number[0])
    made = Kernel(kernel.__name__, kernel, tuple(parameters), ieee_names(kernel), value)
    interpret(text_of(made), grid, block, *given, name=made.name)
