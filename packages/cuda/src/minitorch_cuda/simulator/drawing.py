"""A trace as one HTML page: threads against steps, the source, shared memory, and what happens.

The page is complete in itself, and well-formed XML. The drawing is made here; a few lines of
JavaScript (`PAGE`) move the cursor, mark the lines of the step and fill in shared memory.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from html import escape

from minitorch_cuda.simulator.page import PAGE
from minitorch_cuda.simulator.recording import Event, Trace
from minitorch_cuda.simulator.stamp import WARP

COLOURS = {
    "global read": "#4c78a8",
    "global write": "#e45756",
    "global atomic": "#b279a2",
    "shared read": "#72b7b2",
    "shared write": "#f58518",
    "shared atomic": "#9d755d",
    "local read": "#c7d0d9",
    "local write": "#9aa5b1",
    "barrier": "#222222",
    "warp": "#54a24b",
    "error": "#d00000",
}
"""What each kind of event is drawn in."""

CELL = 12  # pixels a step, and a thread
LEFT = 120  # for the names of the threads
TOP = 16
GAP = 8  # between warps
BLOCK_GAP = 22  # between blocks: room for a name


def drawn(trace: Trace) -> str:
    """The page."""
    return PAGE.substitute(
        title=escape(trace.kernel),
        summary=escape(_summary(trace)),
        error=_error(trace),
        legend="".join(_legend(trace)),
        drawing=_drawing(trace),
        source="".join(_source(trace)),
        last=max(trace.length - 1, 0),
        data=_json(_data(trace)),
    )


def _summary(trace: Trace) -> str:
    blocks = trace.grid[0] * trace.grid[1] * trace.grid[2]
    return (
        f"{blocks} block{'s' * (blocks > 1)} of {trace.threads} "
        f"thread{'s' * (trace.threads > 1)}, {trace.length} steps"
    )


def _error(trace: Trace) -> str:
    return "" if trace.error is None else f'<pre class="error">{escape(str(trace.error))}</pre>'


def _legend(trace: Trace) -> Iterator[str]:
    counts = Counter(event.kind for event in trace.events)
    for kind, colour in COLOURS.items():
        if counts[kind]:
            box = f'<i style="background:{colour}"></i>'
            yield f"<span>{box}{escape(kind)} <b>{counts[kind]}</b></span> "


def _source(trace: Trace) -> Iterator[str]:
    for i, line in enumerate(trace.source, 1):
        number = f'<td class="number">{trace.first_line + i - 1}</td>'
        yield f'<tr data-line="{i}">{number}<td>{escape(line) or "&#160;"}</td></tr>'


# --- threads against steps -----------------------------------------------------------------------


def _row(trace: Trace, block: int, thread: int) -> int:
    """The height at which a thread is drawn."""
    warps = -(-trace.threads // WARP)
    one_block = trace.threads * CELL + (warps - 1) * GAP + BLOCK_GAP
    return TOP + BLOCK_GAP + block * one_block + thread * CELL + thread // WARP * GAP


def _drawing(trace: Trace) -> str:
    blocks = trace.grid[0] * trace.grid[1] * trace.grid[2]
    width = LEFT + trace.length * CELL + CELL
    height = _row(trace, blocks - 1, trace.threads - 1) + 2 * CELL
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'data-left="{LEFT}" data-cell="{CELL}">',
        f'<rect id="cursor" x="{LEFT}" y="0" width="{CELL}" height="{height}"></rect>',
    ]
    for block in range(blocks):
        parts += _warps(trace, block)
    parts += _barriers(trace)
    parts += [_mark(trace, event) for event in trace.events if event.kind != "barrier"]
    parts.append("</svg>")
    return "\n".join(parts)


def _warps(trace: Trace, block: int) -> Iterator[str]:
    """A frame around each warp, with its name, and the numbers of its first and last lane."""
    y = _row(trace, block, 0) - 8
    x = trace.grid[0]
    place = (block % x, block // x % trace.grid[1], block // x // trace.grid[1])
    yield f'<text class="block" x="4" y="{y}">block {place}</text>'
    for first in range(0, trace.threads, WARP):
        last = min(first + WARP, trace.threads) - 1
        top, bottom = _row(trace, block, first), _row(trace, block, last) + CELL
        width = trace.length * CELL
        yield (
            f'<rect class="warp" x="{LEFT}" y="{top}" width="{width}" height="{bottom - top}">'
            f"<title>warp {first // WARP}</title></rect>"
        )
        yield f'<text x="4" y="{top + 10}">warp {first // WARP}</text>'
        yield f'<text x="60" y="{top + 10}">thread {first}</text>'
        if last > first:
            yield f'<text x="60" y="{bottom - 2}">thread {last}</text>'


def _barriers(trace: Trace) -> Iterator[str]:
    """One line for all threads of a block that met at a barrier."""
    met: dict[tuple[int, int], list[int]] = {}
    for event in trace.events:
        if event.kind == "barrier":
            met.setdefault((event.block, event.step), []).append(event.thread)
    for (block, step), threads in met.items():
        x = LEFT + step * CELL + CELL / 2
        top = _row(trace, block, min(threads))
        bottom = _row(trace, block, max(threads)) + CELL
        yield (
            f'<line class="barrier" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}">'
            f"<title>syncthreads: {len(threads)} threads</title></line>"
        )


def _mark(trace: Trace, event: Event) -> str:
    x, y = LEFT + event.step * CELL, _row(trace, event.block, event.thread)
    words = f"thread {event.thread}: {event.kind} {event.what}"
    title = f"<title>{escape(words + (f' = {event.value}' if event.value else ''))}</title>"
    if event.kind == "error":
        a, b, c, d = x + 1, y + 1, x + CELL - 1, y + CELL - 1
        path = f"M{a} {b}L{c} {d}M{c} {b}L{a} {d}"
        return f'<path class="error" d="{path}">{title}</path>'
    return (
        f'<rect class="{event.kind}" x="{x + 1}" y="{y + 1}" width="{CELL - 2}" '
        f'height="{CELL - 2}" fill="{COLOURS[event.kind]}">{title}</rect>'
    )


# --- what the program of the page needs ----------------------------------------------------------


def _data(trace: Trace) -> dict[str, object]:
    return {
        "arrays": [
            {"block": block, "name": name, "shape": shape} for block, name, shape in trace.arrays
        ],
        "writes": sorted(trace.writes),
        "events": [
            [e.step, e.block, e.thread, e.kind, e.what, e.value, e.line] for e in trace.events
        ],
    }


def _json(data: object) -> str:
    """JSON that may stand in XML."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
