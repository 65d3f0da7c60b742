"""What of PyTorch is here: each public name, beside the rows of the table that call it.

    uv run python -m tests.conformance.coverage > docs/coverage.md

A name is covered if minitorch has it and a row calls it (PyTorch itself tells which functions a row
called), or if minitorch's function is the same object as one that a row calls: `arccos` is `acos`.
"""

from __future__ import annotations

import importlib
import inspect
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import numpy as np

from .rows import ROWS
from .scope import reason

State = Literal["covered", "no row", "missing", "out of scope"]

# PyTorch's namespaces of functions, and the kinds of objects in them that count.
NAMESPACES = ("torch", "torch.Tensor", "torch.nn.functional", "torch.linalg", "torch.special")


@dataclass(frozen=True)
class Name:
    """One public name of PyTorch."""

    name: str
    state: State
    why: str = ""


def walk(torch: ModuleType, minitorch: ModuleType) -> list[Name]:
    """Every name of the namespaces, sorted within each."""
    called = called_by_rows(torch)
    found = dict(names(torch))
    ours = {name: _look_up(minitorch, name) for name in found}
    tested = {id(ours[name]) for name in found if _called(found[name], called)}
    return [_judge(name, found[name], ours[name], called, tested) for name in found]


def names(torch: ModuleType) -> Iterator[tuple[str, object]]:
    """Each name that could be a function on tensors."""
    for space in NAMESPACES:
        holder = _look_up(torch, space)
        for name in sorted(dir(holder)):
            if name.startswith("_") or name.endswith("__"):
                continue
            value = inspect.getattr_static(holder, name)
            if isinstance(value, (type, ModuleType)) or not (
                callable(value) or inspect.isgetsetdescriptor(value) or isinstance(value, property)
            ):
                continue
            module = getattr(value, "__module__", None) or ""
            if module.startswith("typing") or (
                inspect.isfunction(value) and not module.startswith("torch")
            ):
                continue
            yield f"{space}.{name}", getattr(holder, name) if callable(value) else value


class Watched:
    """A library that notes the functions that a row takes from it.

    PyTorch reports only calls that have to do with tensors, and not all of those: `from_numpy`.
    """

    def __init__(self, library: ModuleType, seen: set[Any]) -> None:
        self._library = library
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._library, name)
        if isinstance(value, ModuleType):
            return Watched(value, self._seen)
        if callable(value) and not isinstance(value, type):
            self._seen.add(value)
        return value


def called_by_rows(torch: ModuleType) -> set[Any]:
    """PyTorch's functions that the rows call, as PyTorch reports them."""
    overrides = torch.overrides

    class Recorder(overrides.TorchFunctionMode):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.seen: set[Any] = set()

        def __torch_function__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            self.seen.add(function)
            return function(*args, **(kwargs or {}))

    recorder = Recorder()
    for row in ROWS:
        inputs = [torch.tensor(given.array(i, "float64")) for i, given in enumerate(row.inputs)]
        with recorder, np.errstate(all="ignore"):
            row.call(Watched(torch, recorder.seen), *inputs)
    return recorder.seen


def _called(theirs: Any, called: set[Any]) -> bool:
    if inspect.isgetsetdescriptor(theirs) or isinstance(theirs, property):
        return theirs.__get__ in called
    return theirs in called


def _look_up(root: Any, name: str) -> Any:
    """`torch.linalg.det` in a library; None if it has no such name."""
    for part in name.split(".")[1:]:
        root = getattr(root, part, None)
    return root


def _judge(name: str, theirs: Any, ours: Any, called: set[Any], tested: set[int]) -> Name:
    why = reason(name)
    if why is not None:
        return Name(name, "out of scope", why)
    if ours is None:
        return Name(name, "missing")
    if _called(theirs, called):
        return Name(name, "covered")
    if id(ours) in tested:
        return Name(name, "covered", "the same function under another name")
    return Name(name, "no row")


def share(table: list[Name]) -> float:
    """The part of the names in scope that is covered."""
    counts = Counter(name.state for name in table)
    return counts["covered"] / (counts.total() - counts["out of scope"])


def page(table: list[Name], version: str) -> str:
    """docs/coverage.md."""
    counts = Counter(name.state for name in table)
    lines = [
        "# Coverage",
        "",
        f"PyTorch {version}'s public functions on tensors, and where minitorch stands. Made by",
        "`uv run python -m tests.conformance.coverage`; `tests/test_coverage.py` keeps it true.",
        "",
        f"- covered, each by a row of the conformance table beside PyTorch: {counts['covered']}",
        f"- here, without a row: {counts['no row']}",
        f"- missing: {counts['missing']}",
        f"- out of scope: {counts['out of scope']}",
        f"- covered of those in scope: {100 * share(table):.1f}%",
        "",
    ]
    by_space: dict[str, list[Name]] = defaultdict(list)
    for name in table:
        by_space[name.name.rpartition(".")[0]].append(name)
    for state, title in (("missing", "Missing"), ("no row", "Here, without a row")):
        lines += [f"## {title}", ""]
        for space, members in by_space.items():
            listed = [f"`{n.name.rpartition('.')[2]}`" for n in members if n.state == state]
            if listed:
                lines += [f"**{space}**: {', '.join(listed)}", ""]
    lines += ["## Out of scope", ""]
    by_reason: dict[str, list[str]] = defaultdict(list)
    for name in table:
        if name.state == "out of scope":
            by_reason[name.why].append(f"`{name.name.removeprefix('torch.')}`")
    for why, listed in by_reason.items():
        lines += [f"**{why}**: {', '.join(listed)}", ""]
    lines += ["## Covered", ""]
    for space, members in by_space.items():
        listed = [f"`{n.name.rpartition('.')[2]}`" for n in members if n.state == "covered"]
        lines += [f"**{space}** ({len(listed)}): {', '.join(listed)}", ""]
    return "\n".join(lines)


def main() -> None:
    """Print the page."""
    torch, minitorch = (importlib.import_module(name) for name in ("torch", "minitorch"))
    print(page(walk(torch, minitorch), torch.__version__.partition("+")[0]), end="")


if __name__ == "__main__":
    main()
