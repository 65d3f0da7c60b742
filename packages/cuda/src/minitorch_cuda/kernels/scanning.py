"""Running folds along one dimension of dense memory (outer, n, inner).

    columns:  a thread goes along the n elements of one column, or of a chunk of it; neighbouring
              threads have neighbouring columns. Also for short lines.
    lines:    inner is 1: a block takes 4 elements a thread at a time. Each thread folds its four,
              lanes pass on what they have (shuffles), warps do so through shared memory, and the
              block carries the end to its next elements.

Where columns or lines are few, they are cut into chunks: a launch finds what each chunk comes to, a
scan of those where each begins, and a third launch runs through the elements.

Source: Blelloch, Prefix sums and their applications, CMU-CS-90-190; Harris, Sengupta and Owens,
Parallel prefix sum (scan) with CUDA, GPU Gems 3, chapter 39
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from minitorch_cuda import dsl
from minitorch_cuda.gates.gate import Gate
from minitorch_cuda.kernel import Kernel, Parameter, Plan, from_text, plan, span_of
from minitorch_cuda.kernels.folds import WIDE, Lines, OperatorFold
from minitorch_cuda.kernels.scan_folds import ExtremeScan, GradientScan, OperatorScan, Scan
from minitorch_cuda.limits import Limits
from minitorch_operators import add
from minitorch_tensor.dtype import DType, float32
from minitorch_tensor.layout import Layout
from minitorch_tensor.storage import Buffer

WARP = 32
ITEMS = 4  # of a thread at a time, in lines


@dataclass(frozen=True, slots=True)
class Way:
    """How a scan's kernel goes.

    Attributes:
        threads: of a block, for lines; 0 for columns.
        index: `uint32` or `int64`.
        totals: whether it only leaves what each chunk comes to.
        started: whether chunks begin with what those before come to.
        states: whether it runs through states, the totals of chunks.
    """

    threads: int
    index: str
    totals: bool = False
    started: bool = False
    states: bool = False


@lru_cache(maxsize=1024)
def scan_kernel(scan: Scan, way: Way) -> Kernel:
    """The kernel for one scan and one way."""
    state = [Parameter(f"{v}_to", t, pointer=True) for v, t in scan.state.items()]
    targets = state if way.totals or way.states else scan.outputs
    sources = [Parameter(f"{v}_from", t, pointer=True) for v, t in scan.state.items()]
    starts = [Parameter(f"{v}_start", t, pointer=True) for v, t in scan.state.items()]
    parameters = [
        *targets,
        *(sources if way.states else scan.inputs),
        *(starts if way.started else ()),
        *(Parameter(name, way.index) for name in ("count", "n", "inner", "chunk", "chunks")),
        *scan.numbers,
    ]
    body = _lines(scan, way) if way.threads else _columns(scan, way)
    of = "states" if way.states else scan.source.name
    how = "totals of chunks" if way.totals else "lines" if way.threads else "columns"
    text = (
        f'"""{scan.name.removesuffix("_kernel")} of {of}: {how}."""\n\n{scan.functions}\n\n'
        f"def {scan.name}({', '.join(p.name for p in parameters)}):\n"
        + "\n".join(_indented(body, 1))
        + "\n"
    )
    bound = {
        **scan.scope(way.index),
        "ALL": 0xFFFFFFFF,
        "WARPS": max(way.threads // WARP, 1),
        **{name: dsl.TYPES[name] for name in set(scan.state.values())},
    }
    return from_text(scan.name, text, parameters, bound, ieee=scan.ieee, value=scan.value)


def _indented(lines: Sequence[str], levels: int) -> Lines:
    return ["    " * levels + line for line in lines]


def _place(scan: Scan, way: Way, base: str) -> Lines:
    """The element of step k: its number i, its position p."""
    backwards = scan.backwards and not way.states
    return [
        f"i = I({'n - 1 - k' if backwards else 'k'})",
        f"p = I({base} + i * inner)",
    ]


def _absorb(scan: Scan, way: Way, s: str) -> Lines:
    if not way.states:
        return scan.absorb(s)
    return [f"{v}_o = {v}_from[p]" for v in scan.state] + scan.merge(s, "_o")


def _emit(scan: Scan, way: Way, s: str) -> Lines:
    if not way.states:
        return scan.emit(s)
    return [f"{v}_to[p] = {v}{s}" for v in scan.state]


def _start(scan: Scan, way: Way, s: str, chunk_before: str) -> Lines:
    """The state that a chunk begins with."""
    lines = scan.begin(s)
    if way.started:
        lines += ["if q > 0:"]
        lines += [f"    {v}{s} = {v}_start[{chunk_before}]" for v in scan.state]
    return lines


def _columns(scan: Scan, way: Way) -> Lines:
    step = [*_place(scan, way, "base"), *_absorb(scan, way, "0")]
    if not way.totals:
        step += _emit(scan, way, "0")
    return [
        "c = I(cuda.grid(1))",
        "step = I(cuda.gridsize(1))",
        "while c < count:",
        *_indented(
            [
                "j = I(c % inner)",
                "q = I(I(c // inner) % chunks)",
                "base = I(I(I(c // inner) // chunks) * n * inner + j)",
                *_start(scan, way, "0", "I(c - inner)"),
                "k = I(q * chunk)",
                "last = I(min(n, I(k + chunk)))",
                "while k < last:",
                *_indented([*step, "k = I(k + 1)"], 1),
                *([f"{v}_to[c] = {v}0" for v in scan.state] if way.totals else []),
                "c = I(c + step)",
            ],
            1,
        ),
    ]


def _lines(scan: Scan, way: Way) -> Lines:
    names = list(scan.state)
    tile = way.threads * ITEMS
    lines = [
        "t = I(cuda.threadIdx.x)",
        f"lane = I(t % {WARP})",
        f"warp = I(t // {WARP})",
        *(f"{v}_warps = cuda.shared.array(WARPS, {scan.type(v)})" for v in names),
        "c = I(cuda.blockIdx.x)",
        "q = I(c % chunks)",
        "base = I(I(c // chunks) * n)",
        *_start(scan, way, "_carry", "I(c - 1)"),
        "tile = I(q * chunk)",
        "last = I(min(n, I(tile + chunk)))",
    ]
    loop: Lines = []
    for item in range(ITEMS):  # this thread's elements, each with those before it
        loop += (
            scan.begin(str(item)) if item == 0 else [f"{v}{item} = {v}{item - 1}" for v in names]
        )
        loop += [f"k = I(tile + t * {ITEMS} + {item})", "if k < last:"]
        loop += _indented([*_place(scan, way, "base"), *_absorb(scan, way, str(item))], 1)
    loop += [f"{v}_mine = {v}{ITEMS - 1}" for v in names]
    delta = 1
    while delta < WARP:  # the lanes before
        loop += [f"{v}_o = cuda.shfl_up_sync(ALL, {v}_mine, {delta})" for v in names]
        loop += [f"if lane >= {delta}:"]
        loop += _indented(scan.merge("_o", "_mine"), 1)
        loop += [f"    {v}_mine = {v}_o" for v in names]
        delta *= 2
    loop += [f"{v}_o = cuda.shfl_up_sync(ALL, {v}_mine, 1)" for v in names]
    loop += [f"if lane == {WARP - 1}:", *(f"    {v}_warps[warp] = {v}_mine" for v in names)]
    loop += ["cuda.syncthreads()"]
    loop += [f"{v}_before = {v}_carry" for v in names]  # and the warps before
    loop += ["w = 0", "while w < WARPS:"]
    merged = [f"{v}_w = {v}_warps[w]" for v in names]
    loop += _indented([*merged, *scan.merge("_carry", "_w"), "if w < warp:"], 1)
    loop += _indented(scan.merge("_before", "_w"), 2)
    loop += ["    w += 1"]
    if not way.totals:
        loop += ["if lane > 0:", *_indented(scan.merge("_before", "_o"), 1)]
        for item in range(ITEMS):
            loop += [f"k = I(tile + t * {ITEMS} + {item})", "if k < last:"]
            copies = [f"{v}_r = {v}_before" for v in names]
            written = [*copies, *scan.merge("_r", str(item)), *_emit(scan, way, "_r")]
            loop += _indented([*_place(scan, way, "base"), *written], 1)
    loop += ["cuda.syncthreads()  # the next elements come to the same places"]
    loop += [f"tile = I(tile + {tile})"]
    lines += ["while tile < last:", *_indented(loop, 1)]
    if way.totals:
        lines += ["if t == 0:", *(f"    {v}_to[c] = {v}_carry" for v in names)]
    return lines


# --- launches ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sizes:
    """Memory as (outer, n, inner)."""

    outer: int
    n: int
    inner: int


@dataclass(frozen=True, slots=True)
class Chunked:
    """The launches of a scan: one; or totals, a scan of those, and the one that begins there."""

    scan: Plan
    totals: Plan | None = None
    states: int = 0
    dtypes: tuple[DType, ...] = ()
    between: Chunked | None = None


def run_scan(
    chunked: Chunked,
    empty: Callable[[int, DType], Buffer],
    launch: Callable[[Plan, list[Buffer]], None],
    outputs: list[Buffer],
    inputs: list[Buffer],
) -> None:
    """Launch all, with memory for the states in between."""
    starts: list[Buffer] = []
    if chunked.totals is not None and chunked.between is not None:
        totals = [empty(chunked.states, dtype) for dtype in chunked.dtypes]
        launch(chunked.totals, [*totals, *inputs])
        starts = [empty(chunked.states, dtype) for dtype in chunked.dtypes]
        run_scan(chunked.between, empty, launch, starts, totals)
    launch(chunked.scan, [*outputs, *inputs, *starts])


@lru_cache(maxsize=1024)
def plan_scan(
    scan: Scan,
    sizes: Sizes,
    layouts: tuple[Layout, ...],
    numbers: tuple[float, ...],
    limits: Limits,
    *,
    states: bool = False,
) -> Chunked:
    """The launches of a scan; all memory is dense.

    Args:
        scan: what is carried along.
        sizes: of the memory, not empty.
        layouts: of the outputs, then of the inputs.
        numbers: the scan's own.
        limits: how many threads there may be.
        states: whether it runs through the states of chunks.
    """
    outer, n, inner = sizes.outer, sizes.n, sizes.inner
    index = "uint32" if outer * n * inner < 1 << 31 else "int64"
    threads = 0
    if inner == 1 and n > limits.serial:
        threads = min(WARP, limits.threads)
        while threads < limits.threads and threads * ITEMS < n:
            threads *= 2
    chunk = _chunk(sizes, threads, limits)
    chunks = -(-n // chunk)
    way = Way(threads, index, started=chunks > 1, states=states)
    spans = [span_of(layout) for layout in layouts]
    count = outer * chunks * inner
    arguments = [count, n, inner, chunk, chunks, *numbers]
    grid, block = ((count, 1, 1), (threads, 1, 1)) if threads else limits.cover(count)
    if chunks == 1:
        return Chunked(plan(scan_kernel(scan, way), grid, block, spans, arguments))
    between = Layout.contiguous((outer, chunks, inner))
    state = [span_of(between)] * len(scan.state)
    outputs = len(scan.state if states else scan.outputs)
    totals = scan_kernel(scan, Way(threads, index, totals=True, states=states))
    return Chunked(
        plan(scan_kernel(scan, way), grid, block, [*spans, *state], arguments),
        plan(totals, grid, block, [*state, *spans[outputs:]], arguments),
        between.size,
        tuple(WIDE[name] for name in scan.state.values()),
        plan_scan(
            scan,
            Sizes(outer, chunks, inner),
            (between,) * (2 * len(scan.state)),
            numbers,
            limits,
            states=True,
        ),
    )


def _chunk(sizes: Sizes, threads: int, limits: Limits) -> int:
    """How many elements of a line or column go together: all, unless these are too few."""
    n = sizes.n
    if threads:
        wanted = max(limits.blocks // 4, 2) // sizes.outer
        tile = threads * ITEMS
        least = tile * max(limits.each // 16, 1)
    else:
        wanted = limits.threads * limits.blocks // 16 // (sizes.outer * sizes.inner)
        tile, least = 1, limits.each
    if wanted < 2 or n <= least:
        return n
    chunk = max(-(-n // wanted), least)
    return -(-chunk // tile) * tile


_SUM = OperatorScan(float32, OperatorFold(float32, add, float32))
_LINES = Way(256, "uint32", started=True)
_COLUMNS = Way(0, "uint32", started=True)


def _gate(name: str, scan: Scan, way: Way, registers: int) -> Gate:
    return Gate(name, partial(scan_kernel, scan, way), registers=registers)


GATES: Final = (
    _gate("cumsum float32, lines", _SUM, _LINES, 40),
    _gate("cumsum float32, columns", _SUM, _COLUMNS, 40),
    _gate("cumsum float32, totals of lines", _SUM, Way(256, "uint32", totals=True), 40),
    _gate("cummax float32, lines", ExtremeScan(float32, True), _LINES, 64),
    _gate("gradient of cumprod float32, lines", GradientScan(float32, True), _LINES, 64),
    _gate("gradient of logcumsumexp float32, columns", GradientScan(float32, False), _COLUMNS, 40),
)
