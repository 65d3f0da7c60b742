"""What kernels over rows have in common: GROUP threads share a row, and fold what each found.

    a short row    a part of a warp: its lanes exchange numbers by shuffles
    a long row     a block of several warps, whose results meet in shared memory

A thread takes its first HELD elements into registers, and reads them from memory once. What a row
has beyond GROUP * HELD elements is read again each time it is needed, and mostly lies in a cache
then. The elements of a thread are every GROUP-th one, or every GROUP-th run of four: neighbours in
memory are read at the same time by neighbouring threads.

Sums come in a fixed order, and every thread of the group gets the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import load4, store4
from minitorch_cuda.kernel import Dim
from minitorch_cuda.kernels.planning import Flags
from minitorch_cuda.limits import Limits
from minitorch_cuda.simulator import LocalArray, Pointer
from minitorch_tensor.layout import Layout

# The template parameters; kernels that call these functions bind them.
T: cuda.ValueType = cuda.float32  # computes
L: cuda.ValueType = cuda.float32  # loads
S: cuda.ValueType = cuda.float32  # stores
GROUP = 32  # threads a row
WARPS = 1  # of a group
HELD = 4  # elements a thread keeps
QUAD = 1  # neighbours that a thread takes at once: 1 or 4

ALL = 0xFFFFFFFF  # lanes
WARP = 32


def group_sum(value: float) -> float:
    """The sum of the values of a group's threads, for each of them; all of the block are here."""
    bits = GROUP // WARPS // 2
    while bits > 0:
        value = T(value + cuda.shfl_xor_sync(ALL, value, bits))
        bits >>= 1
    if WARPS > 1:
        of_warps = cuda.shared.array(WARPS, T)
        if cuda.threadIdx.x % WARP == 0:
            of_warps[cuda.threadIdx.x // WARP] = value
        cuda.syncthreads()
        value = of_warps[0]
        for i in range(1, WARPS):
            value = T(value + of_warps[i])
        cuda.syncthreads()  # the next sum comes to the same place
    return value


def group_max(value: float) -> float:
    """The largest of the values of a group's threads; what is no number does not count."""
    bits = GROUP // WARPS // 2
    while bits > 0:
        other = cuda.shfl_xor_sync(ALL, value, bits)
        value = other if other > value else value
        bits >>= 1
    if WARPS > 1:
        of_warps = cuda.shared.array(WARPS, T)
        if cuda.threadIdx.x % WARP == 0:
            of_warps[cuda.threadIdx.x // WARP] = value
        cuda.syncthreads()
        value = of_warps[0]
        for i in range(1, WARPS):
            value = of_warps[i] if of_warps[i] > value else value
        cuda.syncthreads()
    return value


def row_of_thread() -> int:
    """The number of this thread's row; there may be no such row."""
    rows = cuda.blockDim.x // GROUP
    row: int = cuda.blockIdx.x * rows + cuda.threadIdx.x // GROUP
    return row


def place(k: int) -> int:
    """Where in the row the k-th element of this thread lies."""
    me = cuda.threadIdx.x % GROUP
    found: int = (k // QUAD * GROUP + me) * QUAD + k % QUAD
    return found


def take(held: LocalArray[float], x: Pointer[float], at: int, n: int, otherwise: float) -> None:
    """The elements of this thread of the n at x[at], and `otherwise` past the end."""
    if QUAD == 4:
        for k in range(0, HELD, 4):
            j = place(k)
            if j < n:
                a, b, c, d = load4(x, at + j)
                held[k] = L(a)
                held[k + 1] = L(b)
                held[k + 2] = L(c)
                held[k + 3] = L(d)
            else:
                for i in range(4):
                    held[k + i] = otherwise
    else:
        for k in range(HELD):
            j = place(k)
            held[k] = L(x[at + j]) if j < n else otherwise


def put(out: Pointer[float], at: int, n: int, held: LocalArray[float]) -> None:
    """Write the elements of this thread to their places among the n at out[at]."""
    if QUAD == 4:
        for k in range(0, HELD, 4):
            j = place(k)
            if j < n:
                store4(out, at + j, S(held[k]), S(held[k + 1]), S(held[k + 2]), S(held[k + 3]))
    else:
        for k in range(HELD):
            j = place(k)
            if j < n:
                out[at + j] = S(held[k])


def rest() -> int:
    """Where this thread's first element lies that is not held; the others follow every GROUP."""
    me = cuda.threadIdx.x % GROUP
    found: int = HELD * GROUP + me
    return found


# --- how many threads, for the host --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RowShape:
    """How rows are shared out: the template parameters, and how many threads a block has."""

    group: int
    held: int
    quad: int
    block: int

    @property
    def flags(self) -> Flags:
        """The template parameters."""
        warps = max(self.group // WARP, 1)
        return (("GROUP", self.group), ("WARPS", warps), ("HELD", self.held), ("QUAD", self.quad))

    def launch(self, rows: int) -> tuple[Dim, Dim]:
        """The grid and block for so many rows.

        >>> RowShape(32, 4, 1, 256).launch(100)
        ((13, 1, 1), (256, 1, 1))
        """
        together = self.block // self.group
        return (max(-(-rows // together), 1), 1, 1), (self.block, 1, 1)


def row_shape(rows: int, n: int, aligned: bool, limits: Limits, arrays: int = 1) -> RowShape:
    """How rows of n elements are shared out.

    Args:
        rows: how many.
        n: their length.
        aligned: whether all of them start at multiples of 4 elements.
        limits: of the device.
        arrays: how many rows a thread holds at the same time.

    >>> from minitorch_cuda.limits import DEVICE
    >>> row_shape(100, 1000, True, DEVICE), row_shape(8, 50257, False, DEVICE).group
    (RowShape(group=32, held=32, quad=4, block=256), 256)
    """
    quad = 4 if aligned and n % 4 == 0 else 1
    most = max(limits.serial // arrays, 4)
    group = 1
    while group < WARP and group * 4 < n:
        group *= 2
    if n > WARP * most:
        group = limits.threads
    held = 4
    while held < most and held * group < n:
        held *= 2
    block = group
    while block < limits.threads and block < rows * group:
        block *= 2
    return RowShape(group, held, quad, max(block, min(WARP, limits.threads // 8)))


def aligned(*layouts: Layout) -> bool:
    """Whether four elements at once may be read from where these dense layouts start."""
    return all(layout.offset % 4 == 0 for layout in layouts)
