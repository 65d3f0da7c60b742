"""Compiled kernels on disk: what a file is named by, and what is in it.

The name is the hash of all that decides the machine code: the bytecode of the kernel and of all
functions it calls, the constants and types bound to its names, its parameters, the model of GPU,
the versions of the compilers. So a file that exists is the right one. `kernel_folder` says where
the files are, and why they can be trusted.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import platform
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple

import numpy as np

from minitorch_cuda import compiler, intrinsics
from minitorch_cuda.kernel import Kernel
from minitorch_tensor import kernel_folder

Capability = tuple[int, int]


class Code(NamedTuple):
    """The machine code of a kernel, and its name therein."""

    entry: str
    cubin: bytes


@cache
def versions() -> str:
    """What machine code depends on besides its source."""
    found = [platform.python_version()]  # bytecode is Python's
    for module in (compiler, intrinsics):  # how a kernel's names become instructions
        assert module.__file__ is not None
        found.append(hashlib.sha256(Path(module.__file__).read_bytes()).hexdigest())
    for name in ("numba-cuda", "numba", "llvmlite", "nvidia-nvvm", "nvidia-nvjitlink", "cuda-core"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{name} {importlib.metadata.version(name)}")
    return ", ".join(found)


def place_of(kernel: Kernel, capability: Capability) -> Path:
    """The file for a kernel on a model of GPU, whether it exists or not."""
    major, minor = capability
    said = [kernel.name, kernel.value, *map(str, kernel.parameters), f"sm_{major}{minor}"]
    text = "\n".join([*said, versions(), *_told(kernel.function, {})])
    digest = hashlib.sha256(text.encode()).hexdigest()[:24]
    return kernel_folder.folder() / f"{kernel.name}_sm{major}{minor}_{digest}.cubin"


def _told(function: FunctionType, seen: dict[FunctionType, int]) -> Iterator[str]:
    """All that a function does, as text: its bytecode, and what its names mean."""
    seen[function] = len(seen)
    yield from _code(function.__code__)
    for name in sorted(set(_names(function.__code__))):
        if name not in function.__globals__:
            continue  # a builtin, or an attribute
        value = function.__globals__[name]
        if not isinstance(value, FunctionType):
            yield f"{name}: {_value(value)}"
        elif value in seen:
            yield f"{name}: function {seen[value]}"
        else:
            yield f"{name}:"
            yield from _told(value, seen)


def _code(code: CodeType) -> Iterator[str]:
    yield f"{code.co_name} {code.co_code.hex()}"
    yield f"{code.co_names} {code.co_varnames} {code.co_freevars}"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant)
        elif not isinstance(constant, str):  # a docstring decides nothing
            yield f"{type(constant).__name__} {constant!r}"


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _value(value: object) -> str:
    """What a name means, in words that are the same in every process."""
    if isinstance(value, (int, float, str, np.generic)):
        return f"{type(value).__name__} {value!r}"
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    return f"{type(value).__name__} {getattr(value, '__module__', '')}.{name}"


def read(place: Path) -> Code | None:
    """The machine code that is kept, if there is some, and it is sound."""
    found = kernel_folder.sealed(place.name, place.stem)
    if found is None:
        return None
    entry, _, cubin = found.partition(b"\n")
    return Code(entry.decode(), cubin)


def write(place: Path, code: Code, ptx: str) -> None:
    """Keep machine code, and beside it the PTX for readers."""
    with contextlib.suppress(OSError):  # a full disk: then it is compiled next time too
        sealed = kernel_folder.seal(place.stem, code.entry.encode() + b"\n" + code.cubin)
        kernel_folder.put(place, sealed)
        kernel_folder.put(place.with_suffix(".ptx"), ptx.encode())


@contextlib.contextmanager
def alone(place: Path) -> Iterator[None]:
    """Wait until no other process compiles this kernel."""
    lock = place.with_suffix(".lock")
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # a read-only folder: then each process compiles
            lock.touch()
            stack.enter_context(kernel_folder.alone(lock))
        yield
