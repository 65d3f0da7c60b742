"""Folding a tensor along some dimensions: by threads, by lanes of a warp, by blocks, by launches.

    serial:   a thread folds all elements of one output
    rows:     GROUP threads share an output, whose elements are neighbours in memory: each folds
              every GROUP-th of them, or every GROUP-th four; then lanes exchange what they have
              (shuffles), then warps, through shared memory
    columns:  outputs are neighbours in memory: WIDTH threads side by side go down the columns,
              four each where that can be; HEIGHT such rows of threads share them

No thread takes in more than some hundred elements: what is longer is cut into chunks, a block
each, and a second launch folds what they leave. So a float32 sum of n numbers has an error of
some log2(n) + 64 roundings, without any float64, and always the same bits: there are no atomics,
and the order depends on nothing but the shape.

Source: Harris, Optimizing Parallel Reduction in CUDA,
https://developer.download.nvidia.com/assets/cuda/files/reduction.pdf
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Final, Literal

from minitorch_cuda import dsl
from minitorch_cuda.gates.gate import Gate
from minitorch_cuda.instructions import load4
from minitorch_cuda.kernel import Kernel, Parameter, from_text, storage_type
from minitorch_cuda.kernels.folds import ArgFold, Fold, Lines, MomentsFold, OperatorFold
from minitorch_cuda.kernels.source import Position
from minitorch_operators import add, gt
from minitorch_tensor.dtype import bfloat16, float32

WARP = 32
FOUR = 4

How = Literal["serial", "rows", "columns"]


@dataclass(frozen=True, slots=True)
class Way:
    """How a kernel folds; see the module.

    Attributes:
        how: one of the three.
        ranks: of the kept and of the reduced dimensions.
        index: `uint32` or `int64`.
        width: threads in x: GROUP of rows, WIDTH of columns.
        height: threads in y: outputs of a block of rows, HEIGHT of columns.
        four: whether four elements are read at once.
        states: whether it reads states that a launch before left.
        partial: whether it leaves states for a later one.
    """

    how: How
    ranks: tuple[int, int]
    index: str
    width: int = 1
    height: int = 1
    four: bool = False
    states: bool = False
    partial: bool = False

    @property
    def accumulators(self) -> int:
        """The independent folds of a thread."""
        return FOUR if self.four else 1


@lru_cache(maxsize=4096)
def fold_kernel(fold: Fold, way: Way) -> Kernel:
    """The kernel for one fold and one way."""
    fast = way.index == "uint32"
    kept = Position(["x"] if way.partial else ["out", "x"], "k", way.ranks[0], fast=fast)
    reduced = Position(["x"], "r", way.ranks[1], fast=fast)
    if way.partial:
        targets = [Parameter(f"{v}_to", t, pointer=True) for v, t in fold.state.items()]
    else:
        targets = list(fold.outputs)
    if way.states:
        sources = [Parameter(f"{v}_from", t, pointer=True) for v, t in fold.state.items()]
    else:
        sources = [Parameter("x", storage_type(fold.source), pointer=True)]
    parameters = [
        *targets,
        *sources,
        Parameter("n", way.index),
        Parameter("m", way.index),
        *([] if way.how == "serial" else [Parameter("chunk", way.index)]),
        *kept.parameters(way.index),
        *reduced.parameters(way.index),
        *fold.numbers,
    ]
    make = {"serial": _serial, "rows": _rows, "columns": _columns}[way.how]
    body = "\n".join(_indented(make(fold, way, kept, reduced), 1))
    source = "states" if way.states else fold.source.name
    title = f"{fold.name.removesuffix('_kernel')} of {source}: {_described(way)}."
    text = (
        f'"""{title}"""\n\n{fold.functions}\n\n'
        f"def {fold.name}({', '.join(p.name for p in parameters)}):\n{body}\n"
    )
    bound = {
        **fold.scope(way.index),
        "load4": load4,
        "WIDTH": way.width,
        "HEIGHT": way.height,
        "SHARED": way.width * way.height * way.accumulators,
        "WARPS": max(way.width // WARP, 1) * way.height,
        "ALL": 0xFFFFFFFF,
        **{name: dsl.TYPES[name] for name in set(fold.state.values())},
    }
    return from_text(fold.name, text, parameters, bound, ieee=fold.ieee, value=fold.value)


def _described(way: Way) -> str:
    if way.how == "serial":
        return "a thread an output"
    fours = ", by fours" if way.four else ""
    if way.how == "rows":
        return f"{way.width} threads an output, {way.height} outputs a block{fours}"
    return f"{way.width} threads side by side, {way.height} share an output{fours}"


def _indented(lines: Sequence[str], levels: int) -> Lines:
    return ["    " * levels + line for line in lines]


def _take(fold: Fold, way: Way, s: str, element: str, number: str) -> Lines:
    """Take in an element, or a state, at `element`."""
    if not way.states:
        return fold.take(s, fold.element(element), number)
    return [f"{v}_o = {v}_from[{element}]" for v in fold.state] + fold.merge(s, "_o")


def _put(fold: Fold, way: Way, s: str) -> Lines:
    """Write the result of output k, or its state."""
    if not way.partial:
        return fold.finish(s, "out_k")
    at = "I(k * cuda.gridDim.y + cuda.blockIdx.y)"
    return [f"{v}_to[{at}] = {v}{s}" for v in fold.state]


def _settled(fold: Fold, way: Way, s: str) -> Lines:
    return [] if way.states else fold.settle(s)


def _at(place: str) -> str:
    return f"x[{place}]"


def _serial(fold: Fold, way: Way, kept: Position, reduced: Position) -> Lines:
    place = "I(x_k + x_r)"
    return [
        "k = I(cuda.grid(1))",
        "step = I(cuda.gridsize(1))",
        "while k < n:",
        *_indented(
            [
                *kept.text("k").split("\n"),
                *fold.begin("0"),
                "r = I(0)",
                "while r < m:",
                *_indented(
                    [
                        *reduced.text("r").split("\n"),
                        *_take(fold, way, "0", place if way.states else _at(place), "r"),
                        "r = I(r + 1)",
                    ],
                    1,
                ),
                *_settled(fold, way, "0"),
                *_put(fold, way, "0"),
                "k = I(k + step)",
            ],
            1,
        ),
    ]


def _rows(fold: Fold, way: Way, kept: Position, reduced: Position) -> Lines:
    ends = [str(j) for j in range(way.accumulators)]
    place = "I(x_k + x_r)"
    if way.four:
        taken = ["e0, e1, e2, e3 = load4(x, I(x_k + x_r))"]
        for end in ends:
            taken += _take(fold, way, end, f"e{end}", f"I({FOUR} * r + {end})")
    else:
        taken = _take(fold, way, "0", place if way.states else _at(place), "r")
    lines = [
        "tx = I(cuda.threadIdx.x)  # which of the threads that share an output",
        "ty = I(cuda.threadIdx.y)",
        "k = I(cuda.blockIdx.x * HEIGHT + ty)",
        "first = I(cuda.blockIdx.y * chunk)",
        "last = I(min(m, I(first + chunk)))",
        *(line for end in ends for line in fold.begin(end)),
        "if k < n:",
        *_indented(
            [
                *kept.text("k").split("\n"),
                "r = I(first + tx)",
                "while r < last:",
                *_indented([*reduced.text("r").split("\n"), *taken, "r = I(r + WIDTH)"], 1),
            ],
            1,
        ),
    ]
    for end in ends:
        lines += _settled(fold, way, end)
    for end in ends[1:]:
        lines += fold.merge("0", end)
    half = min(way.width, WARP) // 2
    while half:
        lines += [f"{v}_o = cuda.shfl_xor_sync(ALL, {v}0, {half})" for v in fold.state]
        lines += fold.merge("0", "_o")
        half //= 2
    if way.width > WARP:
        lines += [f"{v}_warps = cuda.shared.array(WARPS, {fold.type(v)})" for v in fold.state]
        lines += [
            f"if tx % {WARP} == 0:",
            *(f"    {v}_warps[ty * {way.width // WARP} + tx // {WARP}] = {v}0" for v in fold.state),
            "cuda.syncthreads()",
            "if tx == 0:",
            "    w = 1",
            f"    while w < {way.width // WARP}:",
            *_indented([f"{v}_o = {v}_warps[ty * {way.width // WARP} + w]" for v in fold.state], 2),
            *_indented(fold.merge("0", "_o"), 2),
            "        w += 1",
        ]
    written = [] if way.partial else kept.text("k").split("\n")
    return [*lines, "if k < n and tx == 0:", *_indented([*written, *_put(fold, way, "0")], 1)]


def _columns(fold: Fold, way: Way, kept: Position, reduced: Position) -> Lines:
    ends = [str(j) for j in range(way.accumulators)]
    v4 = way.accumulators
    place = "I(x_k + x_r)"
    if way.four:
        taken = ["e0, e1, e2, e3 = load4(x, I(x_k + x_r))"]
        for end in ends:
            taken += _take(fold, way, end, f"e{end}", "r")
    else:
        taken = _take(fold, way, "0", place if way.states else _at(place), "r")
    shared = [f"{v}_tile = cuda.shared.array(SHARED, {fold.type(v)})" for v in fold.state]
    left = [
        f"{v}_tile[I((ty * WIDTH + tx) * {v4} + {j})] = {v}{j}"
        for j in range(v4)
        for v in fold.state
    ]
    written = [] if way.partial else kept.text("k").split("\n")
    return [
        *shared,
        "tx = I(cuda.threadIdx.x)",
        "ty = I(cuda.threadIdx.y)  # which of the threads that share a column",
        f"k = I((cuda.blockIdx.x * WIDTH + tx) * {v4})",
        "first = I(cuda.blockIdx.y * chunk)",
        "last = I(min(m, I(first + chunk)))",
        *(line for end in ends for line in fold.begin(end)),
        "if k < n:",
        *_indented(
            [
                *kept.text("k").split("\n"),
                "r = I(first + ty)",
                "while r < last:",
                *_indented([*reduced.text("r").split("\n"), *taken, "r = I(r + HEIGHT)"], 1),
            ],
            1,
        ),
        *(line for end in ends for line in _settled(fold, way, end)),
        *left,
        "cuda.syncthreads()",
        "t = I(ty * WIDTH + tx)",
        f"k = I(cuda.blockIdx.x * (WIDTH * {v4}) + t)",
        f"if t < WIDTH * {v4} and k < n:",
        *_indented(
            [
                *(f"{v}0 = {v}_tile[t]" for v in fold.state),
                "h = 1",
                "while h < HEIGHT:",
                *_indented([f"{v}_o = {v}_tile[I(t + h * (WIDTH * {v4}))]" for v in fold.state], 1),
                *_indented(fold.merge("0", "_o"), 1),
                "    h += 1",
                *written,
                *_put(fold, way, "0"),
            ],
            1,
        ),
    ]


def _sum(way: Way) -> Kernel:
    return fold_kernel(OperatorFold(float32, add, float32), way)


_LONG = Way("rows", (1, 1), "uint32", 256, 1, four=True)
_SHORT = Way("rows", (1, 1), "uint32", 8, 32, four=True)
_COLUMNS = Way("columns", (1, 1), "uint32", 32, 8, four=True)

GATES: Final = (
    Gate("sum float32, alone", partial(_sum, Way("serial", (1, 1), "uint32")), registers=40),
    Gate("sum float32, long rows", partial(_sum, _LONG), registers=32, loads128=1),
    Gate("sum float32, short rows", partial(_sum, _SHORT), registers=32, loads128=1),
    Gate(
        "sum float32, all in chunks",
        partial(_sum, replace(_LONG, ranks=(0, 1), partial=True)),
        registers=32,
        loads128=1,
    ),
    Gate(
        "sum float32, of sums",
        partial(_sum, replace(_LONG, ranks=(0, 1), four=False, states=True)),
        registers=32,
    ),
    Gate("sum float32, columns", partial(_sum, _COLUMNS), registers=40, loads128=1),
    Gate(
        "sum float32, columns of rank 2",
        partial(_sum, replace(_COLUMNS, ranks=(2, 2), four=False)),
        registers=40,
    ),
    Gate(
        "sum bfloat16, long rows",
        partial(fold_kernel, OperatorFold(bfloat16, add, bfloat16), _LONG),
        registers=32,
    ),
    Gate(
        "argmax float32, long rows",
        partial(fold_kernel, ArgFold(float32, gt), _LONG),
        registers=40,
        loads128=1,
    ),
    Gate(
        "variance and mean float32, long rows",
        partial(fold_kernel, MomentsFold(float32), _LONG),
        registers=48,
        loads128=1,
    ),
    Gate(
        "variance and mean float32, columns",
        partial(fold_kernel, MomentsFold(float32), _COLUMNS),
        registers=48,
        loads128=1,
    ),
)
