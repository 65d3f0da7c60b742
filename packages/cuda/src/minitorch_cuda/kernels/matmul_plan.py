"""out = a @ b + bias in tiles of registers, for matrices of any strides, and stacks of them.

A transposed operand costs no copy: whichever of its dimensions lies in order in memory, neighbours
along that one are read by neighbouring threads, four at a time where they are aligned.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, Literal

from minitorch_cuda.gates import Gate
from minitorch_cuda.kernel import (
    Kernel,
    Parameter,
    Plan,
    Span,
    computing_type,
    plan,
    span_of,
    storage_type,
    types,
)
from minitorch_cuda.kernels.matmul import plan_matmul
from minitorch_cuda.kernels.matmul_choice import LARGE, MEDIUM, TALL, Choice, Tile, choose
from minitorch_cuda.kernels.matmul_sides import Access, access_of, strided
from minitorch_cuda.kernels.matmul_tiles import (
    Frame,
    column_of,
    indented,
    row_of,
    tiled,
)
from minitorch_cuda.kernels.sum_parts import plan_sum_parts
from minitorch_cuda.launcher import Launcher
from minitorch_cuda.limits import Limits
from minitorch_tensor.dtype import DType, bfloat16, float32, float64
from minitorch_tensor.layout import Layout
from minitorch_tensor.storage import Buffer

Bias = Literal["", "rows", "columns"]
"""Whether a number is added to each element, one for each row or one for each column."""

# Tiles are numbered so that those which run at the same time lie in a square, more or less: they
# share what they read, which then comes from the second cache.
WHICH_TILE = """\
block = I(cuda.blockIdx.x)
inner = I(block % I(tiles_down * tiles_across))
slice = I(block // I(tiles_down * tiles_across))
band = I(inner // I(8 * tiles_across))
inner = I(inner - band * 8 * tiles_across)
high = I(min(tiles_down - band * 8, 8))
row0 = I(I(band * 8 + inner % high) * {rows})
column0 = I(I(inner // high) * {columns})
split = I(slice // batches)
batch = I(slice % batches)
start = I(split * chunk)
stop = I(min(start + chunk, depth))"""

COUNTS = ("tiles_down", "tiles_across", "batches", "chunk", "depth", "m", "n")
"""The numbers that every kernel has: of `WHICH_TILE`, and the sizes of the result."""


def finish(tile: Tile, bias: Bias, vector: bool, parts: bool) -> str:
    """The sums, and the bias, into a dense result; the bias of a column is read once."""
    convert = "T" if parts else "S"
    before, totals = [], [f"c[i * {tile.across} + j * 4 + {lane}]" for lane in range(4)]
    if bias == "columns":
        before = [f"more{lane} = L(bias[I(min(column + {lane}, n - 1))])" for lane in range(4)]
        totals = [f"{total} + more{lane}" for lane, total in enumerate(totals)]
    elif bias == "rows":
        totals = [f"{total} + L(bias[row])" for total in totals]
    numbers = [f"{convert}({total})" for total in totals]
    if vector:
        write = ["if column < n:", f"    store4(out, to, {', '.join(numbers)})"]
    else:
        write = [
            line
            for lane, number in enumerate(numbers)
            for line in (f"if column + {lane} < n:", f"    out[I(to + {lane})] = {number}")
        ]
    return _FINISH.format(
        down=tile.down, row=row_of(tile), groups=tile.across // 4, column=column_of(tile),
        before=indented("".join(f"{line}\n" for line in before), 1),
        write=indented("\n".join(write), 3),
    )  # fmt: skip


_FINISH = """\
for j in range({groups}):
    column = I(column0 + {column})
    {before}for i in range({down}):
        row = I(row0 + {row})
        if row < m:
            to = I(I(I(I(slice * m) + row) * n) + column)
            {write}"""


@lru_cache(maxsize=512)
def tiled_matmul_kernel(
    dtype: DType,
    tile: Tile,
    access: tuple[Access, Access],
    bias: Bias = "",
    vector: bool = False,
    parts: bool = False,
    index: str = "uint32",
) -> Kernel:
    """The kernel for one dtype, tile, and way to read.

    Args:
        dtype: of all memory, but for partial results.
        tile: what a block computes.
        access: of a and of b.
        bias: what is added, if anything.
        vector: whether four elements of the result are written at a time.
        parts: whether another launch adds results, which then stay in the computing type.
        index: `uint32` or `int64`.
    """
    stored, value = storage_type(dtype), computing_type(dtype)
    a, b = strided("a", tile, access[0]), strided("b", tile, access[1])
    pointers = [("out", value if parts else stored), ("a", stored), ("b", stored)]
    if bias:
        pointers.append(("bias", stored))
    parameters = (
        *(Parameter(name, kind, pointer=True) for name, kind in pointers),
        *(Parameter(name, index) for name in (*COUNTS, *a.parameters, *b.parameters)),
    )
    name = "tiled_matmul_kernel"
    words = ["", f", bias along {bias}"][bool(bias)] + ["", ", a part of k"][parts]
    title = (
        f"{dtype.name}: tiles of {tile.name}; a {_SAYS[access[0]]}, b {_SAYS[access[1]]}{words}; "
        f"positions of {index}."
    )
    begin = WHICH_TILE.format(rows=tile.rows, columns=tile.columns)
    frame = Frame(title, name, parameters, begin, finish(tile, bias, vector, parts))
    return tiled(frame, tile, a, b, types(dtype), dtype, index)


_SAYS = {
    "deep": "read along k",
    "deep4": "read along k by fours",
    "long": "read across k",
    "long4": "read across k by fours",
}


@dataclass(frozen=True, slots=True)
class Product:
    """The launches of a product: one, or another that adds `partials` numbers of its results."""

    launch: Plan
    partials: int = 0
    dtype: DType = float32
    then: Plan | None = None

    def run(self, launcher: Launcher, out: Buffer, *operands: Buffer) -> None:
        """Compute `out`; the last operand is the bias, if there is one."""
        if self.then is None:
            launcher.launch(self.launch, [out, *operands])
            return
        found = launcher.empty(self.partials, self.dtype)
        launcher.launch(self.launch, [found, *operands[:2]])
        launcher.launch(self.then, [out, found, *operands[2:]])


@lru_cache(maxsize=4096)
def plan_product(
    out: Layout,
    a: Layout,
    b: Layout,
    dtype: DType,
    limits: Limits,
    bias: Layout | None = None,
    along: Bias = "",
) -> Product:
    """The launches for a (batch, m, k) @ b (batch, k, n); out is dense and not empty.

    Args:
        out: (batch, m, n).
        a: of any strides.
        b: of any strides.
        dtype: of all three; integers take the textbook kernel, which has no bias.
        limits: how many threads there may be.
        bias: (m,) or (n,), dense; None if nothing is added.
        along: which of the two.
    """
    if dtype.kind != "float":
        return Product(plan_matmul(out, a, b, dtype))
    batches, m, n = out.shape
    k = a.shape[2]
    choice = choose(m, n, k, batches, limits, dtype is not float64)
    tile, parts = choice.tile, choice.splits > 1
    step_a, step_b = (a.strides[0], b.strides[0]) if batches > 1 else (0, 0)
    a_strides = step_a, a.strides[1], a.strides[2]
    b_strides = step_b, b.strides[2], b.strides[1]
    kernel = tiled_matmul_kernel(
        dtype,
        tile,
        (access_of(a_strides, m, k, a.offset), access_of(b_strides, n, k, b.offset)),
        "" if parts else along,
        n % 4 == 0 and (parts or out.offset % 4 == 0),
        parts,
        "uint32" if _fits(choice.splits * out.size, a, b) else "int64",
    )
    down, across = -(-m // tile.rows), -(-n // tile.columns)
    grid = (down * across * batches * choice.splits, 1, 1)
    target = Span(0, 0, choice.splits * out.size) if parts else span_of(out)
    spans = [target, span_of(a), span_of(b)]
    if bias is not None and not parts:
        spans.append(span_of(bias))
    numbers = [down, across, batches, choice.chunk, k, m, n, *a_strides, *b_strides]
    launch = plan(kernel, grid, tile.block, spans, numbers)
    return (
        Product(launch) if not parts else in_parts(launch, out, choice, dtype, limits, bias, along)
    )


def in_parts(
    launch: Plan,
    out: Layout,
    choice: Choice,
    dtype: DType,
    limits: Limits,
    bias: Layout | None = None,
    along: Bias = "",
) -> Product:
    """A launch that leaves `choice.splits` parts of each number of `out`, and what adds them."""
    added = plan_sum_parts(out, choice.splits, dtype, limits, bias, along)
    kind = float64 if dtype is float64 else float32
    return Product(launch, choice.splits * out.size, kind, added)


def _fits(largest: int, *layouts: Layout) -> bool:
    """Whether positions in all of them, and steps past their ends, are numbers of 32 bits."""
    spans = [span_of(layout) for layout in layouts]
    steps = [abs(stride) for layout in layouts for stride in layout.strides]
    reach = max([largest, *(span.high - span.low for span in spans)])
    negative = any(stride < 0 for layout in layouts for stride in layout.strides)
    return not negative and reach + 256 * max(steps, default=1) < 1 << 31


_FOUR_FOUR: Final[tuple[Access, Access]] = ("deep4", "long4")

GATES: Final = (
    Gate(
        "tiled matmul float32, 128 x 128, by fours",
        partial(tiled_matmul_kernel, float32, LARGE, _FOUR_FOUR, vector=True),
        registers=128,
        loads128=4,
        stores128=16,
    ),
    Gate(
        "tiled matmul float32, 128 x 128, A^T B, bias",
        partial(tiled_matmul_kernel, float32, LARGE, ("long4", "long4"), "columns", True),
        registers=128,
        loads128=4,
        stores128=16,
    ),
    Gate(
        "tiled matmul float32, 128 x 128, one by one",
        partial(tiled_matmul_kernel, float32, LARGE, ("deep", "deep")),
        registers=152,
    ),
    Gate(
        "tiled matmul float32, 64 x 64, by fours, parts",
        partial(tiled_matmul_kernel, float32, MEDIUM, _FOUR_FOUR, vector=True, parts=True),
        registers=64,
        loads128=2,
        stores128=4,
    ),
    Gate(
        "tiled matmul float32, 128 x 32, A B^T",
        partial(tiled_matmul_kernel, float32, TALL, ("deep4", "deep4"), vector=True),
        registers=128,
        loads128=5,
        stores128=8,
    ),
    Gate(
        "tiled matmul bfloat16, 128 x 128, by fours",
        partial(tiled_matmul_kernel, bfloat16, LARGE, _FOUR_FOUR, vector=True),
        registers=128,
    ),
    Gate(
        "tiled matmul float64, 64 x 64, by fours",
        partial(tiled_matmul_kernel, float64, MEDIUM, _FOUR_FOUR, vector=True),
        registers=128,
        loads128=4,
    ),
)
