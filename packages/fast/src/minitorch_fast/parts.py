"""The functions that a kernel calls, compiled as parts of it and no more.

Numba makes each function a whole of its own: optimised, with machine code and a wrapper for Python,
even one that only a kernel calls. LLVM then takes its code into the kernel and optimises it again,
and all that came before is thrown away: a third of the time that a convolution's kernel takes to
compile. Here such a function is put in LLVM's language, and left at that.

It is a pipeline of passes, as Numba lets one make: https://numba.readthedocs.io/en/stable/developer/
custom_pipeline.html. Numba is not typed, so its names are looked up as strings; the protocols say
what is used of them.
"""

from __future__ import annotations

import functools
import importlib
from types import ModuleType
from typing import Protocol


class _Code(Protocol):
    """A module of LLVM."""

    def link_in(self, other: _Code, preserve: bool) -> None: ...


class _Library(Protocol):
    """The code of a function and of what it calls."""

    def __init__(self, codegen: object, name: str) -> None: ...

    _final_module: _Code
    _linking_libraries: list[_Library]
    _finalized: bool

    def _get_module_for_linking(self) -> _Code: ...
    def enable_object_caching(self) -> None: ...


class _Function(Protocol):
    qualname: str

    def lookup_module(self) -> ModuleType: ...


class _Lowered(Protocol):
    fndesc: _Function
    env: object

    def _replace(self, *, cfunc: object) -> _Lowered: ...


class _Flags(Protocol):
    no_compile: bool


class _Target(Protocol):
    def codegen(self) -> object: ...
    def insert_user_function(self, key: object, f: _Function, code: list[_Library]) -> None: ...


class _Identity(Protocol):
    func_qualname: str


class _State(Protocol):
    """What the passes over one function hand on."""

    cr: _Lowered
    flags: _Flags
    func_id: _Identity
    library: _Library
    targetctx: _Target


def mark(module: ModuleType) -> None:
    """Let every function of a module that Numba is to compile be a part, but for `kernel`."""
    dispatcher = importlib.import_module("numba.core.dispatcher").Dispatcher
    for name, function in vars(module).items():
        if isinstance(function, dispatcher) and name != "kernel":
            function.targetoptions["no_cpython_wrapper"] = True
            function._compiler.pipeline_class = _pipeline()


@functools.cache
def _pipeline() -> type:
    """Numba's own, but for the pass that lowers to LLVM's language."""
    compiler = importlib.import_module("numba.core.compiler")
    machinery = importlib.import_module("numba.core.compiler_machinery")
    usual = importlib.import_module("numba.core.typed_passes").NativeLowering
    make_key = importlib.import_module("numba._dynfunc").make_function
    library = _library()

    def run_pass(self: object, state: _State) -> bool:
        part = state.library = library(state.targetctx.codegen(), state.func_id.func_qualname)
        part.enable_object_caching()
        state.flags.no_compile = True
        usual.run_pass(self, state)
        # Numba knows a function by the one that Python would call. This is never called.
        function = state.cr.fndesc
        key = make_key(function.lookup_module(), function.qualname, "", 0, state.cr.env, ())
        state.targetctx.insert_user_function(key, function, [part])
        state.cr = state.cr._replace(cfunc=key)
        return True

    lowering = machinery.register_pass(mutates_CFG=True, analysis_only=False)(
        type("PartLowering", (usual,), {"_name": "part_lowering", "run_pass": run_pass})
    )

    def define_pipelines(self: _Compilation) -> list[object]:
        passes = compiler.DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [(lowering if p is usual else p, text) for p, text in passes.passes]
        passes.finalize()
        return [passes]

    return type("Parts", (compiler.CompilerBase,), {"define_pipelines": define_pipelines})


class _Compilation(Protocol):
    state: _State


def _library() -> type[_Library]:
    """The code of a part: linked with that of its own parts, and not optimised."""
    usual = importlib.import_module("numba.core.codegen").JITCodeLibrary

    def finalize(self: _Library) -> None:
        for part in dict.fromkeys(self._linking_libraries):
            self._final_module.link_in(part._get_module_for_linking(), preserve=True)
        self._finalized = True

    return type("Part", (usual,), {"finalize": finalize})
