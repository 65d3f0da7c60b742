"""From a kernel to PTX: the same function, its names bound to Numba's, compiled without a GPU.

The only module that knows Numba. It is loaded when the first kernel is compiled, never before; and
what it needs of `numba.cuda` is written down in the protocols below, because Numba's CUDA part has
no types of its own.

Each name that the kernel's code uses is looked up in its globals and translated: the module `dsl`
becomes `numba.cuda`, a type becomes Numba's, a helper function becomes a device function that is
inlined, a `ieee_...` function becomes CUDA's own (`expf` or `exp`). The code itself is not touched.
"""

from __future__ import annotations

import dis
import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import FunctionType
from typing import NamedTuple, Protocol

import numpy as np

from minitorch_cuda import dsl, instructions, numba_cuda
from minitorch_cuda.integers import INTEGER_FUNCTIONS
from minitorch_cuda.intrinsics import named
from minitorch_cuda.kernel import INDEX_TYPES, Kernel

Capability = tuple[int, int]


class CompileFunction(Protocol):
    """`numba.cuda.compile`: https://nvidia.github.io/numba-cuda/reference/host.html."""

    def __call__(
        self,
        function: FunctionType,
        signature: object,
        /,
        *,
        device: bool,
        abi: str,
        cc: Capability,
        output: str,
    ) -> tuple[str, object]:
        """PTX, and the type of the result."""
        ...


class Target(Protocol):
    """What knows how each function is called."""

    def insert_user_function(
        self, entry: object, description: object, libraries: list[object], /
    ) -> None:
        """Make known a function that was compiled."""
        ...


class Compiled(Protocol):
    """A device function in LLVM's language."""

    entry_point: object
    fndesc: object
    library: object
    target_context: Target


class Dispatcher(Protocol):
    """A function whose types are not known before it is called: one version for each."""

    overloads: dict[object, Compiled]
    compile_device: Callable[..., Compiled]


class Library(Protocol):
    """Compiled code that is not yet for one GPU."""

    def get_asm_strs(self, *, cc: Capability) -> list[str]:
        """Its PTX for GPUs of a capability."""
        ...


class CompileLibrary(Protocol):
    """The first half of `numba.cuda.compile`, which is most of the work."""

    def __call__(
        self,
        function: FunctionType,
        signature: object,
        /,
        *,
        device: bool,
        abi: str,
        cc: Capability,
    ) -> tuple[Library, object]:
        """The code, and the type of the result."""
        ...


class Decorator(Protocol):
    """What `numba.cuda.jit(...)` returns."""

    def __call__(self, function: FunctionType, /) -> Dispatcher:
        """The function, for Numba."""
        ...


class Jit(Protocol):
    """`numba.cuda.jit`."""

    def __call__(self, *, device: bool, forceinline: bool) -> Decorator:
        """A decorator."""
        ...


class CompileVersion(Protocol):
    """`numba.cuda.compiler.compile_cuda`."""

    def __call__(
        self,
        function: FunctionType,
        return_type: object,
        arguments: object,
        /,
        *,
        forceinline: bool,
        nvvm_options: dict[str, object],
        cc: Capability,
    ) -> Compiled:
        """One version of a device function."""
        ...


class Ptx(NamedTuple):
    """Compiled code, and the name of the kernel in it."""

    entry: str
    text: str


def compile_ptx(kernel: Kernel, capability: Capability) -> Ptx:
    """Compile a kernel for GPUs of a compute capability, for example (9, 0).

    Raises:
        ImportError: if numba-cuda is not installed.
        TypeError: if the kernel uses a name that has no meaning on a GPU.
    """
    # Without `launch_bounds`: told that no block has more than 256 threads, the assembler aims at
    # other numbers of registers, and misses. Of the kernels of gates.md it then spills in two, and
    # gives layer_norm 99 registers where it now takes 72.
    numba = loaded()
    function = numba.rebound(kernel.function, kernel, capability)
    text, _ = numba.compile(
        function,
        numba.signature(kernel),
        device=False,
        abi="numba",
        cc=capability,
        output="ptx",
    )
    return _named(text)


def compile_for(kernel: Kernel, capabilities: Sequence[Capability]) -> list[Ptx]:
    """The same for several capabilities, in the time of one and a little: types are found once.

    Raises:
        ImportError: if numba-cuda is not installed.
        TypeError: if the kernel uses a name that has no meaning on a GPU.
    """
    numba = loaded()
    function = numba.rebound(kernel.function, kernel, capabilities[0])
    library, _ = numba.compile_library(
        function, numba.signature(kernel), device=False, abi="numba", cc=capabilities[0]
    )
    return [_named(library.get_asm_strs(cc=capability)[0]) for capability in capabilities]


def _named(text: str) -> Ptx:
    entry = re.search(r"\.entry\s+(\w+)", text)
    assert entry is not None, text
    return Ptx(entry.group(1), text)


class Numba:
    """`numba.cuda`, as far as kernels need it."""

    def __init__(self) -> None:
        module = numba_cuda.part()
        self.cuda: object = module
        self.compile: CompileFunction = module.compile
        self.jit: Jit = module.jit
        compiler = numba_cuda.part("compiler")
        self.compile_version: CompileVersion = compiler.compile_cuda
        self.compile_library: CompileLibrary = compiler._compile_pyfunc_with_fixup
        self.libdevice: object = numba_cuda.part("libdevice")
        self.types: object = numba_cuda.part("types")
        self.names: dict[int, object] = {
            id(dsl): self.cuda,
            **{id(vars(instructions)[name]): made for name, made in named().items()},
            **{id(twin): self.type(name) for name, twin in dsl.TYPES.items()},
            **{id(twin): self.type(name) for name, twin in INDEX_TYPES.items()},
        }

    def type(self, name: str) -> object:
        """Numba's type of a name: `float32`, `uint8`, ..."""
        found: object = getattr(self.types, name)
        return found

    def signature(self, kernel: Kernel) -> object:
        """The kernel's parameters as Numba writes them; it returns nothing."""
        pointer: Callable[[object], object] = getattr(self.types, "CPointer")  # noqa: B009
        void: Callable[..., object] = getattr(self.types, "void")  # noqa: B009
        types = [self.type(parameter.type) for parameter in kernel.parameters]
        return void(
            *(
                pointer(type_) if parameter.pointer else type_
                for type_, parameter in zip(types, kernel.parameters, strict=True)
            )
        )

    def rebound(
        self, function: FunctionType, kernel: Kernel, capability: Capability
    ) -> FunctionType:
        """The same code with its global names translated."""
        scope: dict[str, object] = {"__name__": function.__globals__.get("__name__", "kernel")}
        for name in _global_names(function):
            if name.startswith("ieee_"):
                scope[name] = self.ieee(name.removeprefix("ieee_"), kernel, capability)
            elif name in function.__globals__:
                value = function.__globals__[name]
                scope[name] = self.translated(name, value, kernel, capability)
        return FunctionType(function.__code__, scope, function.__name__)

    def translated(
        self, name: str, value: object, kernel: Kernel, capability: Capability
    ) -> object:
        """What one global means on a GPU."""
        known = self.names.get(id(value))
        if known is not None:
            return known
        if isinstance(value, FunctionType):
            return self.device_function(self.rebound(value, kernel, capability), capability)
        if isinstance(value, (int, float, np.generic)):
            return value
        raise TypeError(f"{kernel.name}: the name {name} is {value!r}, which no GPU knows")

    def device_function(self, function: FunctionType, capability: Capability) -> Dispatcher:
        """A function that kernels call: typed once for each types of arguments, then inlined.

        Numba's own `compile_device` asks this machine's GPU for its capability, and there may be
        none: the one set here in its place knows it. (`inline="always"` needs no GPU either, but
        copies the function into its callers before it is typed. Where functions call each other,
        as those of `igamma` do, that took four times as long.)
        """
        dispatcher = self.jit(device=True, forceinline=True)(function)

        def compile_device(arguments: object, return_type: object = None) -> Compiled:
            found = dispatcher.overloads.get(arguments)
            if found is None:
                found = self.compile_version(
                    function,
                    return_type,
                    arguments,
                    forceinline=True,
                    nvvm_options={"opt": 3, "fastmath": False},
                    cc=capability,
                )
                dispatcher.overloads[arguments] = found
                found.target_context.insert_user_function(
                    found.entry_point, found.fndesc, [found.library]
                )
            return found

        dispatcher.compile_device = compile_device
        return dispatcher

    def ieee(self, name: str, kernel: Kernel, capability: Capability) -> object:
        """CUDA's function for `ieee.name` in the kernel's type.

        Source: https://docs.nvidia.com/cuda/libdevice-users-guide/
        """
        if kernel.value == "int64":
            return self.translated(name, INTEGER_FUNCTIONS[name], kernel, capability)
        if name == "div":
            return self.translated(name, _div, kernel, capability)
        if name == "ldexp":
            return self.translated(name, _ldexp, kernel, capability)
        suffix = "f" if kernel.value == "float32" else ""
        found: object = getattr(self.libdevice, name + suffix)
        return found


def _global_names(function: FunctionType) -> list[str]:
    """The names that a function looks up, without those behind a point: `cuda.float32` is `cuda`.

    >>> _global_names(_ldexp)
    ['dsl', 'ieee_scalbn']
    """
    code = dis.get_instructions(function.__code__)
    return sorted({str(each.argval) for each in code if each.opname == "LOAD_GLOBAL"})


def _div(a: float, b: float) -> float:
    return a / b  # a GPU does not raise: 1/0 is inf


ieee_scalbn = math.ldexp  # on a GPU, CUDA's function of that name: it wants an int


def _ldexp(x: float, n: float) -> float:
    return ieee_scalbn(x, dsl.int32(n))


@lru_cache(maxsize=1)
def loaded() -> Numba:
    """Numba, loaded once."""
    return Numba()
