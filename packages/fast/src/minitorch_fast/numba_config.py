"""What Numba does not type: the processor it compiles for, and the machine code it makes.

Everything else in this package is checked; here names are looked up as strings. Importing this
module imports nothing: the functions import Numba when they are called.
"""

from __future__ import annotations

import importlib
import pickle
from types import ModuleType
from typing import Protocol

from minitorch_fast import parts


def processor() -> str:
    """The name and features of the processor that Numba compiles for."""
    config = importlib.import_module("numba.core.config")
    binding = importlib.import_module("llvmlite.binding")
    name = config.CPU_NAME or binding.get_host_cpu_name()
    features = config.CPU_FEATURES or binding.get_host_cpu_features().flatten()
    return f"{name} {features}"


def target() -> str:
    """The name of that processor."""
    return processor().partition(" ")[0]


def assembly(text: str, signature: str) -> str:
    """The machine code of the function `kernel` in a kernel's text, as an assembler writes it."""
    module = ModuleType("examined")
    exec(text, vars(module))
    parts.mark(module)
    module.kernel.compile(signature)
    listings: dict[object, str] = module.kernel.inspect_asm()
    return "".join(listings.values())


class _Target(Protocol):
    def refresh(self) -> None: ...


class _Library(Protocol):
    has_dynamic_globals: bool


class _Result(Protocol):
    library: _Library

    def _reduce(self) -> tuple[object, ...]: ...


class Kept:
    """The machine code of one function, for Numba in place of its own cache of files.

    Numba keeps an index and a file for each signature, and looks for both in a folder that an
    environment variable may name. Here is one function with one signature, whose code is bytes:
    `cache` reads them from a file that it trusts, and writes them.
    """

    def __init__(self, code: bytes | None) -> None:
        self.code = code
        self.made: bytes | None = None
        """What Numba has compiled, if there was no code."""

    def load_overload(self, signature: object, target_context: _Target) -> object:
        """What Numba asks for before it compiles."""
        if self.code is None:
            return None
        compiler = importlib.import_module("numba.core.compiler")
        target_context.refresh()  # it is to know what was imported since
        return compiler.CompileResult._rebuild(target_context, *pickle.loads(self.code))

    def save_overload(self, signature: object, result: _Result) -> None:
        """What Numba calls when it has compiled."""
        if not result.library.has_dynamic_globals:  # else it holds addresses of this process
            serialize = importlib.import_module("numba.core.serialize")
            self.made = serialize.dumps(result._reduce())
