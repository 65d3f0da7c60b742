"""What a kernel may use: the names of `numba.cuda`, each with a twin here that the simulator runs.

A kernel imports this module under the name Numba's documentation uses, `from minitorch_cuda import
dsl as cuda`. In the simulator that name is this module; for a GPU the compiler puts `numba.cuda` in
its place. What Numba has no name for is in `instructions`. The kernel's source is one.

Source: https://nvidia.github.io/numba-cuda/reference/kernel.html
"""

from __future__ import annotations

import sys
from typing import Final, Literal, Protocol, overload

import numpy as np

from minitorch_cuda.simulator.errors import IndexOverflowError
from minitorch_cuda.simulator.machine import WARP, machine, site
from minitorch_cuda.simulator.memory import LocalArray, SharedArray
from minitorch_cuda.simulator.run import local_array, shared_array
from minitorch_cuda.simulator.threads import FULL, barrier, value_of_lane, warp_operation

# --- who am I ------------------------------------------------------------------------------------

threadIdx: Final = machine.thread_idx
"""This thread's place in its block: .x, .y, .z."""
blockIdx: Final = machine.block_idx
"""This block's place in the grid."""
blockDim: Final = machine.block_dim
"""The size of each block."""
gridDim: Final = machine.grid_dim
"""The number of blocks."""
warpsize: Final = WARP
"""The number of lanes that run together: 32."""
laneid: int
"""This thread's place in its warp."""


def __getattr__(name: str) -> int:
    if name == "laneid":
        return machine.now().thread % WARP
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@overload
def grid(ndim: Literal[1], /) -> int: ...
@overload
def grid(ndim: Literal[2], /) -> tuple[int, int]: ...
@overload
def grid(ndim: Literal[3], /) -> tuple[int, int, int]: ...
def grid(ndim: int, /) -> int | tuple[int, int] | tuple[int, int, int]:
    """This thread's place in the whole grid, in 1, 2 or 3 dimensions."""
    x = blockIdx.x * blockDim.x + threadIdx.x
    if ndim == 1:
        return x
    y = blockIdx.y * blockDim.y + threadIdx.y
    return (x, y) if ndim == 2 else (x, y, blockIdx.z * blockDim.z + threadIdx.z)


@overload
def gridsize(ndim: Literal[1], /) -> int: ...
@overload
def gridsize(ndim: Literal[2], /) -> tuple[int, int]: ...
@overload
def gridsize(ndim: Literal[3], /) -> tuple[int, int, int]: ...
def gridsize(ndim: int, /) -> int | tuple[int, int] | tuple[int, int, int]:
    """The number of threads in the whole grid, in 1, 2 or 3 dimensions."""
    x = blockDim.x * gridDim.x
    if ndim == 1:
        return x
    y = blockDim.y * gridDim.y
    return (x, y) if ndim == 2 else (x, y, blockDim.z * gridDim.z)


# --- number types --------------------------------------------------------------------------------


class ValueType(Protocol):
    """A type of numbers; calling it converts."""

    def __call__(self, value: float, /) -> float:
        """The number in this type."""
        ...


class IntegerType:
    """Integers of a fixed width: conversion truncates and wraps around, as C does."""

    __slots__ = ("numpy",)

    def __init__(self, name: str) -> None:
        self.numpy: np.dtype[np.generic] = np.dtype(name)

    def __call__(self, value: float, /) -> int:
        """The number in this type; -1 as uint8 is 255, 2.7 is 2."""
        number = (
            value
            if isinstance(value, np.generic)
            else np.float64(value)
            if isinstance(value, float)
            else np.int64(value)
        )
        result: int = number.astype(self.numpy)[()]
        return result

    def __repr__(self) -> str:
        return f"dsl.{self.numpy}"


def _floating(name: str) -> ValueType:
    found: ValueType = getattr(np, name)
    return found


float32: Final = _floating("float32")
float64: Final = _floating("float64")
uint64: Final = IntegerType("uint64")
int64: Final = IntegerType("int64")
uint32: Final = IntegerType("uint32")
int32: Final = IntegerType("int32")
uint16: Final = IntegerType("uint16")
int16: Final = IntegerType("int16")
int8: Final = IntegerType("int8")
uint8: Final = IntegerType("uint8")

TYPES: Final[dict[str, ValueType]] = {
    "float32": float32,
    "float64": float64,
    "uint64": uint64,
    "int64": int64,
    "uint32": uint32,
    "int32": int32,
    "uint16": uint16,
    "int16": int16,
    "int8": int8,
    "uint8": uint8,
}
"""The types that memory may hold, by name."""


def index32(value: int, /) -> int:
    """A position that fits 32 bits without a sign: GPUs divide these several times faster.

    Raises:
        IndexOverflowError: in the simulator, if it does not fit; a GPU would wrap around.
    """
    if not 0 <= value < 1 << 32:
        raise IndexOverflowError(f"{machine.who()} makes the 32-bit index {value}{site()}")
    return value if type(value) is int else int(value)


def index64(value: int, /) -> int:
    """A position of 64 bits."""
    return int(value)


def signed32(value: int, /) -> int:
    """A coordinate of 32 bits, which may lie before the first element.

    Raises:
        IndexOverflowError: in the simulator, if it does not fit; a GPU would wrap around.
    """
    if not -(1 << 31) <= value < 1 << 31:
        raise IndexOverflowError(f"{machine.who()} makes the 32-bit coordinate {value}{site()}")
    return int(value)


# --- memory of a block, memory of a thread --------------------------------------------------------

Extent = int | tuple[int, ...]


class _Shared:
    """`cuda.shared.array(shape, dtype)`: one array for all threads of the block."""

    def array(self, shape: Extent, dtype: ValueType, alignment: int = 0) -> SharedArray[float]:
        """The block's array of this line. On a GPU `shape` must be written in constants.

        `alignment`, in bytes, is 16 for arrays that are read by `shared_load4`.
        """
        frame = sys._getframe(1)
        numpy = _numpy_of(dtype)
        return shared_array(frame.f_code, frame.f_lasti, _extents(shape), numpy, alignment)


class _Local:
    """`cuda.local.array(shape, dtype)`: an array for this thread alone."""

    def array(self, shape: Extent, dtype: ValueType) -> LocalArray[float]:
        """A new array. On a GPU `shape` must be written in constants."""
        frame = sys._getframe(1)
        return local_array(frame.f_code, frame.f_lasti, _extents(shape), _numpy_of(dtype))


shared: Final = _Shared()
local: Final = _Local()


def _extents(shape: Extent) -> tuple[int, ...]:
    return shape if isinstance(shape, tuple) else (shape,)


_NUMPY: Final = {id(known): np.dtype(name) for name, known in TYPES.items()}


def _numpy_of(dtype: ValueType) -> np.dtype[np.generic]:
    found = _NUMPY.get(id(dtype))
    if found is None:
        raise TypeError(f"cuda.shared.array: expected a type such as cuda.float32, got {dtype!r}")
    return found


# --- waiting for others --------------------------------------------------------------------------


def syncthreads() -> None:
    """Wait until all threads of the block are here; then all see what each wrote."""
    frame = sys._getframe(1)
    barrier(frame.f_code, frame.f_lasti)


def syncwarp(mask: int = FULL) -> None:
    """Wait until the lanes in `mask` are here; then they see what each of them wrote."""
    warp_operation("syncwarp", mask, 0.0, lambda values, lane: None)


def shfl_sync(mask: int, value: float, source: int) -> float:
    """The value that lane `source` brings."""
    return _shuffle("shfl_sync", mask, value, lambda lane: source % WARP)


def shfl_up_sync(mask: int, value: float, delta: int) -> float:
    """The value of the lane `delta` below; its own for the first ones."""
    return _shuffle("shfl_up_sync", mask, value, lambda lane: lane - delta)


def shfl_down_sync(mask: int, value: float, delta: int) -> float:
    """The value of the lane `delta` above; its own for the last ones."""
    return _shuffle("shfl_down_sync", mask, value, lambda lane: lane + delta)


def shfl_xor_sync(mask: int, value: float, bits: int) -> float:
    """The value of the lane whose number differs in `bits`."""
    return _shuffle("shfl_xor_sync", mask, value, lambda lane: lane ^ bits)


class _LaneOf(Protocol):
    def __call__(self, lane: int, /) -> int: ...


def _shuffle(name: str, mask: int, value: float, source_of: _LaneOf) -> float:
    def exchange(values: dict[int, float], lane: int) -> float:
        source = source_of(lane)
        return value_of_lane(values, source if 0 <= source < WARP else lane, name)

    received = warp_operation(name, mask, value, exchange)
    assert received is not None
    return received


def ballot_sync(mask: int, predicate: bool) -> int:
    """The lanes in `mask` where the predicate holds, as bits."""

    def exchange(values: dict[int, float], lane: int) -> float:
        return sum(1 << lane for lane, holds in values.items() if holds)

    return int(warp_operation("ballot_sync", mask, bool(predicate), exchange) or 0)


def all_sync(mask: int, predicate: bool) -> bool:
    """Whether the predicate holds at all lanes in `mask`."""
    return bool(
        warp_operation("all_sync", mask, bool(predicate), lambda values, lane: all(values.values()))
    )


def any_sync(mask: int, predicate: bool) -> bool:
    """Whether the predicate holds at a lane in `mask`."""
    return bool(
        warp_operation("any_sync", mask, bool(predicate), lambda values, lane: any(values.values()))
    )
