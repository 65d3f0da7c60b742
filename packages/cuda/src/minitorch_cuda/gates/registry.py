"""Which kernels have a gate, and which have none.

Gates are found by looking through the modules of both rooms for a `GATES`. What lacks one is found
from the other side, in `kernels/`: a function that returns a `Kernel` and is called by no gate; a
function over pointers that is part of no gate's kernel.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Protocol, runtime_checkable

from minitorch_cuda import gates as gates_room
from minitorch_cuda import kernels
from minitorch_cuda.gates.gate import Gate
from minitorch_cuda.kernel import Kernel


@runtime_checkable
class _Cached(Protocol):
    """A function that remembers its results."""

    def cache_clear(self) -> None:
        """Forget them."""
        ...


@dataclass(frozen=True, slots=True)
class Made:
    """The kernels of gates, and the code of all functions that ran to make them."""

    kernels: tuple[Kernel, ...]
    called: frozenset[CodeType]


@lru_cache(maxsize=1)
def modules() -> tuple[ModuleType, ...]:
    """The modules that may have gates, imported: those of `kernels/` and of `gates/`."""
    names = [
        found.name
        for room in (kernels, gates_room)
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
    ]
    return tuple(importlib.import_module(name) for name in sorted(names))


@lru_cache(maxsize=1)
def gates() -> tuple[Gate, ...]:
    """All gates, in the order of their modules.

    Raises:
        ValueError: if two have one name.
        TypeError: if a module's GATES holds something else.
    """
    found: dict[str, Gate] = {}
    for module in modules():
        for gate in getattr(module, "GATES", ()):
            if not isinstance(gate, Gate):
                raise TypeError(f"{module.__name__}.GATES: expected a Gate, got {gate!r}")
            if gate.name in found:
                raise ValueError(f"{module.__name__}.GATES: there is another gate {gate.name!r}")
            found[gate.name] = gate
    return tuple(found.values())


def chosen(part: str) -> list[Gate]:
    """The gates whose names have a part in common."""
    return [gate for gate in gates() if part in gate.name]


def make(chosen: Iterable[Gate]) -> Made:
    """Make the kernels of gates, and look on which functions do it."""
    called: set[CodeType] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            called.add(frame.f_code)

    forget(function for module in modules() for _, function in makers(module))
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        kernels = tuple(gate.make() for gate in chosen)
    finally:
        sys.setprofile(before)
    return Made(kernels, frozenset(called))


def forget(makers: Iterable[object]) -> None:
    """Empty the caches of functions, so that they run when they are called."""
    for maker in makers:
        if isinstance(maker, _Cached):
            maker.cache_clear()


def makers(module: ModuleType) -> Iterator[tuple[str, object]]:
    """The functions of a module that say they return a `Kernel`, by name."""
    for name, value in vars(module).items():
        function = _plain(value)
        if function is None or function.__module__ != module.__name__:
            continue
        if function.__annotations__.get("return") in (Kernel, "Kernel"):
            yield name, value


def kernel_functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """The public functions of a module that take a pointer first and return nothing."""
    for name, value in vars(module).items():
        if not isinstance(value, FunctionType) or value.__module__ != module.__name__:
            continue
        annotations = dict(value.__annotations__)
        returned = annotations.pop("return", "")
        first = str(next(iter(annotations.values()), ""))
        if "Pointer[" in first and returned in (None, "None") and name[0] != "_":
            yield name, value


def without_gate(searched: Sequence[ModuleType], made: Made) -> list[str]:
    """What makes kernels, or is one, and belongs to no gate; a sentence each.

    Args:
        searched: the modules, usually all.
        made: what the gates made.
    """
    parts = {code for kernel in made.kernels for code in reachable(kernel.function)}
    found = []
    for module in searched:
        if ".kernels." not in f"{module.__name__}.":
            continue
        for name, value in makers(module):
            function = _plain(value)
            if function is not None and function.__code__ not in made.called:
                found.append(f"{module.__name__}.{name} makes kernels, and no gate calls it")
        for name, function in kernel_functions(module):
            if function.__code__ not in parts:
                found.append(f"{module.__name__}.{name} is a kernel, and no gate has it")
    return found


def reachable(function: FunctionType) -> set[CodeType]:
    """The code of a kernel, and of all functions that it calls."""
    found: set[CodeType] = set()
    waiting = [function]
    while waiting:
        one = waiting.pop()
        if one.__code__ in found:
            continue
        found.add(one.__code__)
        values = [one.__globals__.get(name) for name in one.__code__.co_names]
        waiting += [value for value in values if isinstance(value, FunctionType)]
    return found


def _plain(value: object) -> FunctionType | None:
    """A function, or the one in the wrapper of `lru_cache`."""
    found = _unwrapped(value) if callable(value) else None
    return found if isinstance(found, FunctionType) else None


def _unwrapped(value: Callable[..., object]) -> object:
    return value if inspect.isclass(value) else inspect.unwrap(value)
