"""The text of a kernel that multiplies matrices in registers, wherever their elements come from.

    a block computes a tile of the result, rows x columns, and walks along k in steps of `depth`:
        each thread has fetched its share of the next two pieces into registers
        it puts them into shared memory, and waits until all have
        it fetches its share of the pieces after these, which takes a while; meanwhile
        for each k of the step:
            it reads 8 numbers of a and 8 of b, four at a time, and adds 64 products

Compared with one element a thread, shared memory is read 16 numbers for 64 products instead of two
for one; this is what makes a product fast. There are two copies of the pieces, so that one barrier
a step is enough: a thread that is a step ahead writes into the other copy.

In shared memory k is the slow dimension of both pieces, so that a thread reads its four rows, or
columns, with one instruction. A thread has two groups of four rows, half a tile apart, and two of
columns: neighbours then read neighbouring words, which no two banks fight over.

Where the elements come from is said by two `Side`s: strided memory for a matrix product
(`matmul_sides`), windows of images for convolutions (`conv_sides`).

Source: Nath, Tomov, Dongarra, An Improved MAGMA GEMM for Fermi GPUs, 2010,
https://doi.org/10.1177/1094342010385729; CUTLASS, Efficient GEMM in CUDA,
https://docs.nvidia.com/cutlass/latest/media/docs/cpp/efficient_gemm.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from minitorch_cuda import dsl
from minitorch_cuda.instructions import load4, shared_load4, shared_store4, store4
from minitorch_cuda.kernel import (
    INDEX_TYPES,
    Kernel,
    Parameter,
    computing_type,
    from_text,
    storage_type,
)
from minitorch_cuda.kernels.matmul_choice import Tile
from minitorch_tensor.dtype import DType

PAD = 4
"""Words between the rows of a piece: of elements that lie along k, four go to different banks."""

UNROLL = 2
"""So many k are written out in a row: of 64 products each, with 4 more a thread needs too many
registers for two blocks on one multiprocessor."""


@dataclass(frozen=True, slots=True)
class Side:
    """How pieces of one operand come: three texts, and the numbers that they use.

    Attributes:
        parameters: names of numbers.
        begin: what is the same for all pieces.
        fetch: the piece that begins at `k` into registers; what is outside is 0.
        put: these registers into shared memory, `at_<name>` being where the copy begins.
    """

    parameters: tuple[str, ...]
    begin: str
    fetch: str
    put: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around the tiles of one kernel.

    Attributes:
        title: of the text.
        name: of the kernel.
        parameters: all of them.
        begin: assigns the tile's corner `row0`, `column0`, and the range `start` to `stop` of k.
        finish: writes the sums `c[i * across + j]`.
    """

    title: str
    name: str
    parameters: tuple[Parameter, ...]
    begin: str
    finish: str


_TEXT = '''"""{title}"""


def {name}({parameters}):
    a_tile = cuda.shared.array(A_WORDS, T, alignment=ALIGNMENT)
    b_tile = cuda.shared.array(B_WORDS, T, alignment=ALIGNMENT)
    a_next = cuda.local.array(A_SHARE, T)  # constant indices: all of these are registers
    b_next = cuda.local.array(B_SHARE, T)
    x = cuda.local.array({down}, T)
    y = cuda.local.array({across}, T)
    c = cuda.local.array({sums}, T)
    t = I(cuda.threadIdx.x)
    tx = I(t % {threads_across})
    ty = I(t // {threads_across})
    {begin}
    {a_begin}
    {b_begin}
    for i in range({sums}):
        c[i] = T(0)
    k = start
    {a_fetch}
    {b_fetch}
    at_a = I(0)
    at_b = I(0)
    more = True
    while more:
        {a_put}
        {b_put}
        cuda.syncthreads()
        k = I(k + {depth})
        more = k < stop
        if more:
            {a_fetch_next}
            {b_fetch_next}
        for u in range({steps}):
            read_a = at_a + u * {a_step} + ty * 4
            read_b = at_b + u * {b_step} + tx * 4
            {products}
        at_a = I({a_half} - at_a)  # the other copy
        at_b = I({b_half} - at_b)
    {finish}
'''


def indented(text: str, levels: int) -> str:
    """All lines but the first moved to the right."""
    return text.replace("\n", "\n" + "    " * levels)


def pitch(size: int) -> int:
    """The words from one k to the next in a piece with so many rows, or columns."""
    return size + PAD


def row_of(tile: Tile) -> str:
    """Row i of a thread, within the tile."""
    return _of(tile.rows, tile.down, "ty", "i")


def column_of(tile: Tile) -> str:
    """The first column of a thread's group j, within the tile."""
    return f"tx * 4 + j * {tile.columns // (tile.across // 4)}"


def _of(size: int, each: int, thread: str, i: str) -> str:
    return f"{thread} * 4 + {i} // 4 * {size // (each // 4)} + {i} % 4"


def _products(tile: Tile) -> str:
    """The numbers of `UNROLL` k in a row, and the products of all pairs."""
    lines: list[str] = []
    sides = (("a", "x", tile.rows, tile.down), ("b", "y", tile.columns, tile.across))
    for u in range(UNROLL):
        for name, to, size, each in sides:
            for group in range(each // 4):
                four = ", ".join(f"{to}[{4 * group + lane}]" for lane in range(4))
                step = u * pitch(size) + group * (size // (each // 4))
                lines.append(f"{four} = shared_load4({name}_tile, read_{name} + {step})")
        lines += [
            f"for i in range({tile.down}):",
            f"    for j in range({tile.across}):",
            f"        c[i * {tile.across} + j] += x[i] * y[j]",
        ]
    return "\n".join(lines)


def share(tile: Tile, size: int) -> int:
    """How many elements of a piece with so many rows, or columns, a thread brings."""
    return size * tile.depth // tile.threads


def tiled(
    frame: Frame,
    tile: Tile,
    a: Side,
    b: Side,
    types: Mapping[str, object],
    dtype: DType,
    index: str,
) -> Kernel:
    """The kernel.

    Args:
        frame: what is around the tiles.
        tile: their sizes.
        a: the left operand, whose rows are those of the result.
        b: the right one.
        types: T, L and S, as `kernel.types` makes them.
        dtype: of the memory.
        index: the type of positions.
    """
    value = computing_type(dtype)
    halves = tile.depth * pitch(tile.rows), tile.depth * pitch(tile.columns)
    text = _TEXT.format(
        title=frame.title,
        name=frame.name,
        parameters=", ".join(parameter.name for parameter in frame.parameters),
        down=tile.down,
        across=tile.across,
        sums=tile.down * tile.across,
        threads_across=tile.columns // tile.across,
        begin=indented(frame.begin, 1),
        a_begin=indented(a.begin, 1),
        b_begin=indented(b.begin, 1),
        a_fetch=indented(a.fetch, 1),
        b_fetch=indented(b.fetch, 1),
        a_put=indented(a.put, 2),
        b_put=indented(b.put, 2),
        depth=tile.depth,
        a_fetch_next=indented(a.fetch, 3),
        b_fetch_next=indented(b.fetch, 3),
        steps=tile.depth // UNROLL,
        a_step=UNROLL * pitch(tile.rows),
        b_step=UNROLL * pitch(tile.columns),
        products=indented(_products(tile), 3),
        a_half=halves[0],
        b_half=halves[1],
        finish=indented(frame.finish, 1),
    )
    scope: dict[str, object] = {
        **types,
        "cuda": dsl,
        "I": INDEX_TYPES[index],
        "ZERO": np.dtype(storage_type(dtype)).type(0),
        "load4": load4,
        "store4": store4,
        "shared_load4": shared_load4,
        "shared_store4": shared_store4,
        "A_WORDS": 2 * halves[0],
        "B_WORDS": 2 * halves[1],
        "A_SHARE": share(tile, tile.rows),
        "B_SHARE": share(tile, tile.columns),
        "ALIGNMENT": 32 if value == "float64" else 16,
    }
    return from_text(frame.name, text, frame.parameters, scope, value=value)
