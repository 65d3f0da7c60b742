"""Run a kernel without a GPU, block after block, thread after thread.

A kernel is a plain Python function; nothing is compiled. The order is always the same, so is the
result, and the first thing that is undefined on a GPU raises an error that says who did it and
where.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_cuda.simulator import addresses
from minitorch_cuda.simulator.errors import SimulationError
from minitorch_cuda.simulator.machine import machine, site
from minitorch_cuda.simulator.memory import Pointer
from minitorch_cuda.simulator.names import assigned_name
from minitorch_cuda.simulator.shadow import Shadow
from minitorch_cuda.simulator.stamp import Index
from minitorch_cuda.simulator.threads import run_threads, stamps_of_block
from minitorch_cuda.simulator.tiles import LocalArray, SharedArray
from minitorch_cuda.simulator.traced import TracedLocal, TracedShared

Size = int | tuple[int, ...]
SHARED_LIMIT: Final = 48 * 1024  # bytes of static shared memory a block may have, on every GPU
THREADS_LIMIT: Final = 1024  # threads of a block
Z_LIMIT: Final = 64  # of them along z
GRID_LIMIT: Final = 65535  # blocks along y, and along z

WAITING: Final = frozenset(
    {
        "syncthreads",
        "syncwarp",
        "shfl_sync",
        "shfl_up_sync",
        "shfl_down_sync",
        "shfl_xor_sync",
        "ballot_sync",
        "all_sync",
        "any_sync",
    }
)
"""The names in `dsl` at which a thread waits for others."""

WARP_BARRIERS: Final = frozenset({"syncwarp"})

_shared: dict[tuple[CodeType, int], SharedArray[float]] = {}


def simulate(
    kernel: Callable[..., None],
    grid: Size,
    block: Size,
    *arguments: npt.NDArray[np.generic] | float,
) -> None:
    """Run a kernel over `grid` blocks of `block` threads each.

    Args:
        kernel: a function written with the names of `minitorch_cuda.dsl`.
        grid: the number of blocks: n, (x, y) or (x, y, z).
        block: the number of threads in each block, at most 1024.
        arguments: the kernel's own. An array arrives as a pointer to its elements in row-major
            order, which the kernel indexes with one number; it must be contiguous.

    Raises:
        SimulationError: at the first access out of bounds, data race, divergent barrier, or read of
            memory that was never written.
        ValueError: for a grid or block that no GPU runs, or an array that is not contiguous.

    >>> from minitorch_cuda import dsl as cuda
    >>> def double(out, x, n):
    ...     i = cuda.grid(1)
    ...     if i < n:
    ...         out[i] = 2 * x[i]
    >>> x = np.arange(5.0)
    >>> out = np.empty(5)
    >>> simulate(double, 2, 4, out, x, 5)
    >>> out
    array([0., 2., 4., 6., 8.])
    """
    seen = pointers(kernel, arguments, Pointer)
    launch(kernel, kernel.__name__, three(grid), three(block), seen)


def pointers(
    kernel: Callable[..., None],
    arguments: Sequence[npt.NDArray[np.generic] | float],
    make: type[Pointer[float]],
) -> list[Pointer[float] | float]:
    """The arguments as the kernel sees them; an array given twice is one memory."""
    name = kernel.__name__
    names = kernel.__code__.co_varnames if isinstance(kernel, FunctionType) else ()
    shadows: dict[int, Shadow] = {}
    seen: list[Pointer[float] | float] = []
    for i, argument in enumerate(arguments):
        if isinstance(argument, np.ndarray):
            if not argument.flags.c_contiguous:
                raise ValueError(
                    f"simulate: array {names[i]} of {name} must be contiguous; pass a copy"
                )
            shadow = shadows.setdefault(argument.__array_interface__["data"][0], Shadow())
            seen.append(make(argument.reshape(-1), names[i], shadow=shadow))
        else:
            seen.append(argument)
    return seen


def launch(
    kernel: Callable[..., None],
    name: str,
    grid: Index,
    block: Index,
    arguments: list[Pointer[float] | float],
) -> None:
    """Run a kernel whose arguments are pointers and numbers; see `simulate`."""
    threads = block[0] * block[1] * block[2]
    fits = threads <= THREADS_LIMIT and block[2] <= Z_LIMIT and max(grid[1:]) <= GRID_LIMIT
    if min(grid) < 1 or min(block) < 1 or not fits:
        raise ValueError(
            f"{name}: a grid of {grid} blocks of {block} threads cannot be launched: sizes must be "
            f"at least 1, a block may have {THREADS_LIMIT} threads, {Z_LIMIT} along z, and a grid "
            f"{GRID_LIMIT} blocks along y and z"
        )
    waits = isinstance(kernel, FunctionType) and mentions(kernel, WAITING)
    exact = isinstance(kernel, FunctionType) and mentions(kernel, WARP_BARRIERS)

    def body() -> None:
        try:
            kernel(*arguments)
        except SimulationError:
            raise
        except Exception as error:  # a fault of the kernel's Python: say which thread met it
            error.add_note(f"in {machine.who()}{site()}")
            raise

    with machine.lock, np.errstate(all="ignore"):
        before = machine.kernel, machine.stamp, machine.exact
        machine.kernel, machine.exact = name, exact
        machine.grid_dim.set(grid)
        machine.block_dim.set(block)
        addresses.forget()
        try:
            indices = itertools.product(*(range(size) for size in reversed(grid)))
            for number, (z, y, x) in enumerate(indices):
                machine.block_idx.set((x, y, z))
                _shared.clear()
                machine.copies.forget()
                run_threads(body, stamps_of_block((x, y, z), number, block), waits=waits)
        except SimulationError as error:
            if machine.recorder is not None:
                machine.recorder.failed(error)
            raise
        finally:
            _shared.clear()
            machine.kernel, machine.stamp, machine.exact = before


def shared_array(
    code: CodeType,
    instruction: int,
    shape: tuple[int, ...],
    dtype: np.dtype[np.generic],
    alignment: int = 0,
) -> SharedArray[float]:
    """The array that the threads of a block share at one place of the source."""
    machine.now()
    key = code, instruction
    found = _shared.get(key)
    if found is None:
        name = assigned_name(code, instruction)
        if machine.recorder is None:
            found = SharedArray(shape, dtype, name, alignment)
        else:
            found = TracedShared(shape, dtype, name, alignment)
            machine.recorder.array(name, shape)
        total = found.nbytes + sum(array.nbytes for array in _shared.values())
        if total > SHARED_LIMIT:
            raise SimulationError(
                f"{machine.who()}: {found.name} makes {total} bytes of shared memory; a block may "
                f"have {SHARED_LIMIT}{site()}"
            )
        _shared[key] = found
    return found


def local_array(
    code: CodeType, instruction: int, shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> LocalArray[float]:
    """An array of the running thread alone."""
    machine.now()
    make: type[LocalArray[float]] = LocalArray if machine.recorder is None else TracedLocal
    return make(shape, dtype, assigned_name(code, instruction))


def three(size: Size) -> Index:
    """One, two or three sizes as three.

    >>> three(5), three((2, 3))
    ((5, 1, 1), (2, 3, 1))
    """
    sizes = (size,) if isinstance(size, int) else size
    x, y, z = (*sizes, 1, 1)[:3]
    return int(x), int(y), int(z)


@lru_cache(maxsize=1024)
def mentions(function: FunctionType, wanted: frozenset[str]) -> bool:
    """Whether a function, or one that it calls, uses one of these names."""
    names = function.__code__.co_names
    if wanted.intersection(names):
        return True
    called = [function.__globals__.get(name) for name in names]
    called += [cell.cell_contents for cell in function.__closure__ or ()]
    return any(
        isinstance(other, FunctionType) and other is not function and mentions(other, wanted)
        for other in called
    )
