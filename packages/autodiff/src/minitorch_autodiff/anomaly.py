"""Anomaly mode: nodes remember where they were recorded, and backward stops at the first nan.

While the mode is off all of this costs one look at `enabled` for each recorded operation.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from traceback import StackSummary

    from minitorch_autodiff.graph import D, Node

enabled = False
_check_nan = True

_LIBRARY = ("operators", "autodiff", "tensor", "fast", "cuda")
_INNERMOST = 12  # frames of a traceback that are kept: what a test runner does is of no interest


class Record(NamedTuple):
    """Where a node was recorded; and, if that was in a backward, where what ran then was."""

    stack: StackSummary
    parent: Record | None


_records: WeakKeyDictionary[object, Record] = WeakKeyDictionary()
_running: ContextVar[Record | None] = ContextVar("running", default=None)


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on.

    https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection

    >>> is_anomaly_enabled()
    False
    """
    return enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly mode, once on, looks for nan.

    https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection
    """
    return _check_nan


def _switch(mode: bool, check_nan: bool) -> tuple[bool, bool]:
    """Turn the mode on or off, and give what it was."""
    global enabled, _check_nan
    before = (enabled, _check_nan)
    enabled, _check_nan = mode, check_nan
    return before


class set_detect_anomaly:
    """Turn anomaly mode on or off: from now on, or to the end of the `with` block.

    While it is on, each recorded operation remembers the line that it was called from. What goes
    wrong in backward then names that line; and, with `check_nan`, a backward that makes a nan is
    an error itself. It holds in all threads, costs time, and is for finding errors only.

    https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.set_detect_anomaly

    >>> with set_detect_anomaly(True):
    ...     is_anomaly_enabled()
    True
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = _switch(bool(mode), check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _switch(*self._before)


class detect_anomaly:
    """Anomaly mode inside the `with` block; see `set_detect_anomaly`.

    PyTorch warns when it is entered; we do not, since it was asked for by name.

    https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.detect_anomaly

    >>> with detect_anomaly(check_nan=False):
    ...     is_anomaly_enabled(), is_anomaly_check_nan_enabled()
    (True, False)
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._check_nan = check_nan
        self._before: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        self._before.append(_switch(True, self._check_nan))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _switch(*self._before.pop())


def remember(node: Node[D]) -> None:
    """Keep where `node` is being recorded, for as long as it lives."""
    from traceback import StackSummary, walk_stack  # takes a millisecond to load

    here: FrameType | None = sys._getframe(1)
    frame = here
    while frame is not None and _is_ours(frame):
        frame = frame.f_back  # the lines of the library itself explain nothing
    stack = StackSummary.extract(
        walk_stack(here if frame is None else frame), limit=_INNERMOST, lookup_lines=False
    )
    stack.reverse()
    _records[node] = Record(stack, _running.get())


def _is_ours(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__")
    package, _, _ = str(name).partition(".")
    return package == "minitorch" or package in {f"minitorch_{layer}" for layer in _LIBRARY}


def origin(node: Node[D]) -> str:
    """The traceback of the forward that recorded `node`, as text."""
    record = _records.get(node)
    if record is None:
        return (
            f"{node.name()} was recorded while anomaly mode was off, so where is not known; turn "
            "the mode on before the forward too"
        )
    text = f"Traceback of forward call that recorded {node.name()} (most recent call last):\n"
    text += "".join(record.stack.format())
    while record.parent is not None:
        record = record.parent
        text += "It was recorded in the backward of what was called here:\n"
        text += "".join(record.stack.format())
    return text.rstrip()


def watched(node: Node[D], compute: Callable[[], Sequence[D | None]]) -> Sequence[D | None]:
    """The gradients that `compute` gives, as a part of the backward of `node`.

    Raises:
        RuntimeError: if one of them has a nan, and that is looked for; what `compute` raises goes
            on with a note that says where the node was recorded.
    """
    token = _running.set(_records.get(node))
    try:
        grads = compute()
    except Exception as error:
        error.add_note(origin(node))
        raise
    finally:
        _running.reset(token)
    if _check_nan:
        for i, (edge, g) in enumerate(zip(node.edges, grads, strict=False)):
            where = None if edge is None or g is None else g.first_nan()
            if where is not None:
                at = f", first at index {where}" if where else ""
                raise RuntimeError(
                    f"Function '{node.name()}' returned nan values in its {i}th output{at}.\n"
                    f"{origin(node)}"
                )
    return grads
