"""The instructions of a GPU that Numba has no name for: what each does, as the simulator runs it.

A kernel imports them by name, `from minitorch_cuda.instructions import load4`; for a GPU the
compiler puts the function of the same name from `intrinsics` in the place of the one here, which is
one or two machine instructions.

    load4, store4             four neighbours of global memory at once: 128 bits where they are
                              float32, which is the widest access there is
    shared_load4, ...         the same in the memory of a block
    copy_async4, ...          global memory to shared memory, while the thread goes on
    red_add, red_min, ...     updates that no other thread can interrupt, without an answer
    shared_add                the same in the memory of a block
    atomic_add                with the value from before
    from_half, to_half, ...   16-bit floats, which memory holds as their bits (uint16)
    float_bits, bits_float    the bits of a float32 as a number, and back
    mulhi                     the upper half of a product of two 32-bit numbers
    quotient                  a position divided, by a multiplication
    memory_at                 the memory at an address: for kernels that are handed a table of them

Source: https://docs.nvidia.com/cuda/parallel-thread-execution/
"""

from __future__ import annotations

import numpy as np

from minitorch_cuda.dsl import float32, float64
from minitorch_cuda.simulator import addresses
from minitorch_cuda.simulator.machine import machine
from minitorch_cuda.simulator.memory import Pointer, SharedArray

Four = tuple[float, float, float, float]

# --- four elements at once -----------------------------------------------------------------------


def load4(memory: Pointer[float], index: int) -> Four:
    """memory[index : index + 4], where the position of memory[index] is a multiple of 4.

    >>> from minitorch_cuda.simulator.memory import Pointer
    >>> [float(x) for x in load4(Pointer(np.arange(8.0), "x"), 4)]
    [4.0, 5.0, 6.0, 7.0]

    Raises:
        MisalignedAccessError: in the simulator, if it is none.
    """
    memory.align(index, "reads")
    return memory[index], memory[index + 1], memory[index + 2], memory[index + 3]


def store4(memory: Pointer[float], index: int, a: float, b: float, c: float, d: float) -> None:
    """memory[index : index + 4] = a, b, c, d, where its position is a multiple of 4.

    Raises:
        MisalignedAccessError: in the simulator, if it is none.
    """
    memory.align(index, "writes")
    memory[index], memory[index + 1], memory[index + 2], memory[index + 3] = a, b, c, d


def shared_load4(tile: SharedArray[float], index: int) -> Four:
    """tile[index : index + 4] of a flat array made with alignment=16; index is a multiple of 4.

    Raises:
        MisalignedAccessError: in the simulator, if it is none, or the array is not aligned.
    """
    tile.align(index, "reads")
    return tile[index], tile[index + 1], tile[index + 2], tile[index + 3]


def shared_store4(
    tile: SharedArray[float], index: int, a: float, b: float, c: float, d: float
) -> None:
    """tile[index : index + 4] = a, b, c, d; see `shared_load4`.

    Raises:
        MisalignedAccessError: in the simulator, if index is no multiple of 4, or the array is not
            aligned.
    """
    tile.align(index, "writes")
    tile[index], tile[index + 1], tile[index + 2], tile[index + 3] = a, b, c, d


# --- copies that go on by themselves -------------------------------------------------------------


def copy_async4(tile: SharedArray[float], index: int, memory: Pointer[float], source: int) -> None:
    """tile[index : index + 4] = memory[source : source + 4], some time before the wait for it.

    Both positions are multiples of 4, the elements take 4 bytes each. Until `copy_async_wait` the
    values are not there for this thread, until a barrier after it not for the others.

    Raises:
        MisalignedAccessError: in the simulator, if a position is no multiple of 4.
    """
    tile.align(index, "writes")
    memory.align(source, "reads")
    tile.forget(index, index + 4)  # what was there may be gone already

    def arrive() -> None:
        for i in range(4):
            tile[index + i] = memory[source + i]

    machine.copies.add(arrive)


def copy_async_commit() -> None:
    """The copies of this thread since the last commit are one group."""
    machine.copies.commit()


def copy_async_wait() -> None:
    """Wait until all of this thread's groups have arrived."""
    machine.copies.wait(0)


def copy_async_wait_older() -> None:
    """Wait until all of this thread's groups have arrived, but for the latest."""
    machine.copies.wait(1)


# --- updates that cannot be interrupted ----------------------------------------------------------


def red_add(memory: Pointer[float], index: int, value: float) -> None:
    """memory[index] += value, uninterrupted; in which order threads come, a GPU does not say."""
    memory.atomic(index, np.add, value)


def red_min(memory: Pointer[int], index: int, value: int) -> None:
    """memory[index] = min(memory[index], value), uninterrupted."""
    memory.atomic(index, np.minimum, value)


def red_max(memory: Pointer[int], index: int, value: int) -> None:
    """memory[index] = max(memory[index], value), uninterrupted."""
    memory.atomic(index, np.maximum, value)


def atomic_add(memory: Pointer[int], index: int, value: int) -> int:
    """memory[index] += value, uninterrupted; what was there before."""
    return memory.atomic(index, np.add, value)


def shared_add(tile: SharedArray[float], index: int, value: int) -> int:
    """tile[index] += value in the memory of a block, uninterrupted; what was there before."""
    return int(tile.atomic(index, np.add, value))


# --- numbers and their bits ----------------------------------------------------------------------


def from_half(bits: int) -> float:
    """The float32 of a float16 given as its bits.

    >>> from_half(0x3E00)
    np.float32(1.5)
    """
    return float32(np.uint16(bits).view(np.float16).item())


def to_half(x: float) -> int:
    """The bits of the nearest float16.

    >>> hex(to_half(1.5))
    '0x3e00'
    """
    return int(np.float16(np.float32(x)).view(np.uint16))


def from_bfloat(bits: int) -> float:
    """The float32 of a bfloat16 given as its bits.

    >>> from_bfloat(0x3FC0)
    np.float32(1.5)
    """
    return bits_float(int(bits) << 16)


def to_bfloat(x: float) -> int:
    """The bits of the nearest bfloat16; of two as near, the even one.

    >>> hex(to_bfloat(1.5)), hex(to_bfloat(float("nan")))
    ('0x3fc0', '0x7fff')
    """
    bits = float_bits(x)
    if bits & 0x7FFFFFFF > 0x7F800000:
        return 0x7FFF  # the nan that the instruction gives
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16


def float_bits(x: float) -> int:
    """The bits of a float32 as a number from 0 to 2**32 - 1.

    >>> hex(float_bits(1.0))
    '0x3f800000'
    """
    return int(np.float32(x).view(np.uint32))


def bits_float(bits: int) -> float:
    """The float32 of these bits.

    >>> bits_float(0x3F800000)
    np.float32(1.0)
    """
    return float32(np.uint32(bits).view(np.float32).item())


def double_bits(x: float) -> int:
    """The bits of a float64 as a number from 0 to 2**64 - 1."""
    return int(np.float64(x).view(np.uint64))


def bits_double(bits: int) -> float:
    """The float64 of these bits."""
    return float64(np.uint64(bits).view(np.float64).item())


def mulhi(a: int, b: int) -> int:
    """The upper 32 bits of the product of two numbers of 32 bits without a sign.

    >>> mulhi(0x80000000, 6)
    3
    """
    return int(a) * int(b) >> 32


def quotient(i: int, m: int, s: int) -> int:
    """i // d for a position below 2**31, by the factor and the shift of `divider(d)`.

    One instruction to the compiler, which would else shift, and then go on, in 64 bits.

    >>> quotient(100, 613566757, 3)  # of divider(7)
    14
    """
    return mulhi(i, m) + int(i) >> s


# --- addresses -----------------------------------------------------------------------------------


def memory_at(like: Pointer[float], address: int) -> Pointer[float]:
    """The memory that starts at an address, with elements as those of `like`.

    Raises:
        OutOfBoundsError: in the simulator, if no memory of a device starts there.
    """
    return addresses.memory_at(int(address), like.name)
