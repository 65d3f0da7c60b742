"""A recorded kernel gives the same numbers, and its drawing shows what happened."""

import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import red_add
from minitorch_cuda.kernels.practice import BLOCK, mm_practice, sum_by_shuffle, sum_practice
from minitorch_cuda.simulator import (
    DataRaceError,
    DivergenceError,
    OutOfBoundsError,
    Pointer,
    Trace,
    UninitialisedReadError,
    record,
    simulate,
)
from minitorch_cuda.simulator.machine import machine

SVG = "{http://www.w3.org/2000/svg}"
HTML = "{http://www.w3.org/1999/xhtml}"


def reverse(out: Pointer[float], x: Pointer[float]) -> None:
    tile = cuda.shared.array(4, cuda.float32)
    me = cuda.threadIdx.x
    tile[me] = x[me]
    cuda.syncthreads()
    out[me] = tile[3 - me]


def reverse_without_barrier(out: Pointer[float], x: Pointer[float]) -> None:
    tile = cuda.shared.array(4, cuda.float32)
    me = cuda.threadIdx.x
    tile[me] = x[me]
    out[me] = tile[3 - me]


def numbers(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(0).random(shape, np.float32)


def page(trace: Trace, folder: Path) -> ElementTree.Element:
    """The drawing, which must be well-formed."""
    return ElementTree.fromstring(trace.to_html(folder / "trace.html").read_text("utf-8"))


def marks(drawing: ElementTree.Element, tag: str = "rect") -> Counter[str]:
    return Counter(mark.get("class", "") for mark in drawing.iter(SVG + tag))


def words(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def test_a_recorded_kernel_gives_the_same_bits() -> None:
    x, out, expected = numbers(64), np.empty(2, np.float32), np.empty(2, np.float32)
    simulate(sum_practice, 2, BLOCK, expected, x, 64)
    trace = record(sum_practice, 2, BLOCK, out, x, 64)
    assert out.tobytes() == expected.tobytes()
    assert trace.error is None
    a, b = numbers(2, 3, 3)
    product, recorded = np.empty((2, 3, 3), np.float32)
    simulate(mm_practice, 1, (3, 3), product, a, b, 3)
    record(mm_practice, 1, (3, 3), recorded, a, b, 3)
    assert recorded.tobytes() == product.tobytes()
    assert machine.recorder is None


def test_each_use_is_an_event_and_threads_that_do_the_same_do_it_at_one_step() -> None:
    trace = record(reverse, 2, 4, np.empty(4, np.float32), numbers(4))
    assert isinstance(trace.error, DataRaceError)  # the blocks write the same words
    trace = record(reverse, 1, 4, np.empty(4, np.float32), np.arange(4, dtype=np.float32))
    kinds = ["global read", "shared write", "barrier", "shared read", "global write"]
    assert [{event.kind for event in step.events} for step in trace.steps()] == [
        {kind} for kind in kinds
    ]
    assert all(len(step.events) == 4 for step in trace.steps())
    assert [trace.count(kind) for kind in (*kinds, "shared", "global")] == [4] * 5 + [8, 8]
    (_, second, _, fourth, _) = trace.steps()
    assert (second.events[1].what, second.events[1].value) == ("tile[1]", "1")
    assert fourth.events[1].what == "tile[2]"
    assert trace.source[fourth.events[1].line - 1].strip() == "out[me] = tile[3 - me]"


def test_shared_memory_is_known_at_each_step() -> None:
    x = np.arange(4, dtype=np.float32)
    steps = record(reverse, 1, 4, np.empty(4, np.float32), x).steps()
    assert [step.shared[0].values for step in steps[:2]] == [(None,) * 4, ("0", "1", "2", "3")]
    assert (steps[0].shared[0].name, steps[0].shared[0].shape) == ("tile", (4,))


def test_who_comes_late_meets_the_others_at_the_barrier() -> None:
    def kernel(out: Pointer[float]) -> None:
        if cuda.threadIdx.x == 0:
            for i in range(5):
                out[i] = 1
        cuda.syncthreads()
        out[8 + cuda.threadIdx.x] = 1

    trace = record(kernel, 1, 3, np.empty(12))
    assert {event.step for event in trace.events if event.kind == "barrier"} == {5}
    assert [event.thread for event in trace.steps()[6].events] == [0, 1, 2]


def test_operations_of_a_warp_atomics_and_local_arrays_are_events_too() -> None:
    def kernel(out: Pointer[float]) -> None:
        count = cuda.shared.array(1, cuda.int32)
        mine = cuda.local.array(1, cuda.float32)
        if cuda.threadIdx.x == 0:
            count[0] = 0
        cuda.syncthreads()
        count.atomic(0, np.add, 2)
        mine[0] = 3
        red_add(out, 0, mine[0])

    trace = record(kernel, 1, 3, np.zeros(1))
    found = [trace.count(kind) for kind in ("shared atomic", "global atomic", "local")]
    assert found == [3, 3, 6]
    assert trace.steps()[-1].shared[0].values == ("6",)
    trace = record(sum_by_shuffle, 1, 32, np.empty(1, np.float32), numbers(32), 32)
    assert trace.count("warp") == 5 * 32


def test_a_function_of_another_file_has_no_line_here() -> None:
    def kernel(out: Pointer[float]) -> None:
        record_line(out)

    (event,) = record(kernel, 1, 1, np.empty(1)).events
    assert event.line == 0


def record_line(out: Pointer[float]) -> None:
    out[0] = 1


record_line.__code__ = record_line.__code__.replace(co_filename="elsewhere.py")


def test_the_drawing_has_a_mark_for_each_event(tmp_path: Path) -> None:
    trace = record(sum_practice, 2, BLOCK, np.empty(2, np.float32), numbers(64), 64)
    drawing = page(trace, tmp_path)
    found = marks(drawing)
    assert found["warp"] == 2
    for kind in ("global read", "global write", "shared read", "shared write"):
        assert found[kind] == trace.count(kind) > 0
    assert marks(drawing, "line")["barrier"] == 2 * 6  # a line for all threads of a block
    names = [words(text) for text in drawing.iter(SVG + "text")]
    assert [name for name in names if "block" in name] == ["block (0, 0, 0)", "block (1, 0, 0)"]
    titles = [words(title) for title in drawing.iter(SVG + "title")]
    assert "thread 1: shared write cache[1] = " in " ".join(titles)
    assert "syncthreads: 32 threads" in titles


def test_the_page_holds_the_source_the_counts_and_all_that_it_needs(tmp_path: Path) -> None:
    trace = record(reverse, 1, 4, np.empty(4, np.float32), numbers(4))
    path = trace.to_html(tmp_path / "reverse.html")
    drawing = page(trace, tmp_path)
    assert words(next(drawing.iter(HTML + "h1"))) == "reverse"
    assert "1 block of 4 threads, 5 steps" in words(drawing)
    rows = [row for row in drawing.iter(HTML + "tr") if row.get("data-line")]
    assert [words(row).lstrip("0123456789") for row in rows] == list(trace.source)
    assert "def reverse(" in words(rows[0])
    buttons = [words(button) for button in drawing.iter(HTML + "button")]
    assert buttons == ["first", "back", "forward", "last"]
    data, program = (words(script) for script in drawing.iter(HTML + "script"))
    assert len(json.loads(data)["events"]) == len(trace.events) == 20
    assert "JSON.parse" in program
    links = re.findall(r"https?://[^\"]*", path.read_text("utf-8"))
    assert {link.split("/")[2] for link in links} == {"www.w3.org"}  # names, nothing is fetched
    assert "src=" not in path.read_text("utf-8")


def test_a_name_with_signs_of_xml_does_no_harm(tmp_path: Path) -> None:
    def kernel(out: Pointer[float]) -> None:
        if cuda.threadIdx.x < 1 and "</script>&amp;":
            out[0] = 1

    drawing = page(record(kernel, 1, 2, np.empty(1)), tmp_path)
    assert 'if cuda.threadIdx.x < 1 and "</script>&amp;":' in words(drawing)


def test_a_fault_is_drawn_where_it_happened(tmp_path: Path) -> None:
    x = np.arange(4, dtype=np.float32)
    trace = record(reverse_without_barrier, 1, 4, np.empty(4, np.float32), x)
    assert isinstance(trace.error, UninitialisedReadError)
    (event,) = [event for event in trace.events if event.kind == "error"]
    assert (event.step, event.thread) == (2, 0)
    assert trace.source[event.line - 1].strip() == "out[me] = tile[3 - me]"
    drawing = page(trace, tmp_path)
    assert marks(drawing, "path") == {"error": 1}
    assert "reads tile[3], which no thread has written yet" in words(drawing)
    assert machine.recorder is None


def test_faults_of_every_kind_are_drawn(tmp_path: Path) -> None:
    def too_far(out: Pointer[float]) -> None:
        out[cuda.threadIdx.x] = 1

    def some_wait(out: Pointer[float]) -> None:
        if cuda.threadIdx.x < 2:
            cuda.syncthreads()

    for kernel, error in ((too_far, OutOfBoundsError), (some_wait, DivergenceError)):
        trace = record(kernel, 1, 4, np.empty(3))
        assert isinstance(trace.error, error)
        last = next(event for event in trace.events if event.kind == "error")
        assert trace.source[last.line - 1].strip() in ("out[cuda.threadIdx.x] = 1", BARRIER)
        assert marks(page(trace, tmp_path), "path") == {"error": 1}


BARRIER = "cuda.syncthreads()"


def test_more_than_can_be_drawn_is_refused() -> None:
    def kernel(out: Pointer[float]) -> None:
        for _ in range(20_001):
            out[0] = 1

    with pytest.raises(ValueError, match=r"record: kernel does more than 20000 things; record few"):
        record(kernel, 1, 1, np.empty(1))
    assert machine.recorder is None
