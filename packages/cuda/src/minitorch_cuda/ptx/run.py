"""Who runs next: all threads in step, until they part; then those that are behind come first.

Threads that are in the same block of instructions run it together, as one call of its function.
Where their ways part, the block that comes first in the text runs first, so that the threads meet
again where the ways do. A barrier holds the threads of a block until the last of them has come; a
shuffle the lanes that it names. If nobody can go on, the kernel would hang: that is an error.

Source: https://docs.nvidia.com/cuda/parallel-thread-execution/#parallel-synchronization-and-communication-instructions
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_cuda.ptx import arithmetic, convert, floats
from minitorch_cuda.ptx.errors import Fault, PtxError
from minitorch_cuda.ptx.flow import END, Block, blocks_of, uniform
from minitorch_cuda.ptx.machine import Machine, Passed
from minitorch_cuda.ptx.memory import WINDOWS, Lanes, Values
from minitorch_cuda.ptx.text import Instruction, Module, parse
from minitorch_cuda.ptx.translate import source_of
from minitorch_cuda.ptx.writer import Names, stored
from minitorch_cuda.simulator.errors import DivergenceError
from minitorch_cuda.simulator.run import Size, three

Step = Callable[[list[Values], Lanes, Machine], "npt.NDArray[np.bool_] | None"]
TOGETHER: Final = 4096
"""So many threads run in step, if there are so many: whole blocks, at least one."""

_FULL: Final = slice(None)


class Loaded:
    """A kernel that can be run.

    Args:
        text: its PTX.
        module: the part of it that is meant, if that is no kernel, but a function.

    Raises:
        PtxError: if something in it is not known.
    """

    def __init__(self, text: str, module: Module | None = None) -> None:
        self.text = text
        self.module = parse(text) if module is None else module
        called = self.module.functions.items()
        self.functions = {name: Loaded(text, function) for name, function in called}
        self.blocks: list[Block] = blocks_of(self.module)
        same = uniform(self.module, self.blocks)
        kept = sorted({name for block in self.blocks for name in (*block.needs, *block.gives)})
        self.slots = {name: i for i, name in enumerate(kept)}
        self.types = [stored(self.module.type_of(name) or "pred") for name in kept]
        self.same = [name in same for name in kept]
        names = Names(self.module, self.slots, frozenset(same), {})
        sources = [source_of(names, block) for block in self.blocks]
        self.source = "\n\n".join(sources)
        scope: dict[str, object] = {**_KNOWN}
        for name, (bits, type_) in names.constants.items():
            scope[name] = _array(bits, type_)
        file = f"<{self.module.entry} in NumPy>"
        linecache.cache[file] = (len(self.source), None, self.source.splitlines(True), file)
        exec(compile(self.source, file, "exec"), scope)  # the text is our own translator's
        self.steps: list[Step] = [_step(scope[f"block_{block.number}"]) for block in self.blocks]

    @property
    def called(self) -> bool:
        """Whether it is a function that a kernel calls."""
        return bool(self.module.takes or self.module.gives)

    @property
    def parameters(self) -> list[str]:
        """The names of the parameters, in order."""
        return [variable.name for variable in self.module.of_space("param")]

    def line(self, number: int) -> str:
        """A line of the text."""
        return " ".join(self.text.splitlines()[number - 1].split())


def _step(function: object) -> Step:
    assert callable(function)
    found: Step = function
    return found


@lru_cache(maxsize=1024)
def loaded(text: str) -> Loaded:
    """A kernel that can be run, made once for each text."""
    return Loaded(text)


def interpret(
    text: str,
    grid: Size,
    block: Size,
    *arguments: npt.NDArray[np.generic] | np.generic,
    name: str = "",
) -> None:
    """Run a kernel given as PTX.

    Args:
        text: a module with one kernel.
        grid: the number of blocks: n, (x, y) or (x, y, z).
        block: the number of threads in each block.
        arguments: for each parameter an array, whose address the kernel gets, or a NumPy number
            of its type.
        name: of the kernel, for messages; that of its entry by default.

    Raises:
        PtxError: if the text has something that is not known.
        SimulationError: if a thread does what is undefined on a GPU.

    >>> text = '''.visible .entry twice(.param .u64 out) {
    ...   .reg .b32 %r<3>; .reg .b64 %rd<5>;
    ...   ld.param.u64 %rd1, [out];
    ...   mov.u32 %r1, %tid.x;
    ...   mul.wide.u32 %rd2, %r1, 4;
    ...   add.s64 %rd3, %rd1, %rd2;
    ...   shl.b32 %r2, %r1, 1;
    ...   st.global.u32 [%rd3], %r2;
    ...   ret;
    ... }'''
    >>> out = np.zeros(4, np.uint32)
    >>> interpret(text, 1, 4, out)
    >>> out.tolist()
    [0, 2, 4, 6]
    >>> interpret(text, 1, 5, out)
    Traceback (most recent call last):
        ...
    minitorch_cuda.simulator.errors.OutOfBoundsError: twice: thread (4, 0, 0) of block (0, 0, 0)...
    """
    kernel = loaded(text)
    machine = Machine(list(kernel.module.variables.values()), {}, three(grid), three(block))
    known: dict[int, int] = {}
    for parameter, argument in zip(kernel.parameters, arguments, strict=True):
        if isinstance(argument, np.ndarray):
            if id(argument) not in known:
                known[id(argument)] = machine.add(argument, 0, argument.nbytes)
            machine.parameters[parameter] = np.array([known[id(argument)]], np.uint64)
        else:
            machine.parameters[parameter] = np.array([argument])
    run(kernel, machine, name or kernel.module.entry)


def run(kernel: Loaded, machine: Machine, name: str) -> None:
    """Run all blocks of a grid.

    Args:
        kernel: what to run.
        machine: its memory and parameters.
        name: of the kernel, for messages.

    Raises:
        SimulationError: if a thread does what is undefined on a GPU.
    """
    total = machine.grid[0] * machine.grid[1] * machine.grid[2]
    share = max(1, TOGETHER // machine.threads)
    with np.errstate(all="ignore"):
        for first in range(0, total, share):
            machine.begin(first, min(share, total - first))
            machine.call = _Caller(kernel, machine, name)
            threads = _Threads(kernel, machine, name)
            threads.run(np.arange(machine.count))


class _Threads:
    """Threads that run in step, and where each of them is."""

    def __init__(self, kernel: Loaded, machine: Machine, name: str) -> None:
        self._kernel, self._machine, self._name = kernel, machine, name
        self._count = machine.count
        self.registers = [
            _fresh(1 if same else self._count, type_)
            for same, type_ in zip(kernel.same, kernel.types, strict=True)
        ]
        self._ready: dict[int, npt.NDArray[np.intp]] = {}
        self._waiting: dict[int, npt.NDArray[np.intp]] = {}

    def run(self, threads: npt.NDArray[np.intp]) -> None:
        """Until all of these have ended."""
        self._go(0, threads)
        while True:
            while self._ready:
                number = min(self._ready)
                threads = self._ready.pop(number)
                if self._kernel.blocks[number].meets:
                    _join(self._waiting, number, threads)
                else:
                    self._run(number, threads)
            if not self._waiting:
                return
            self._release()

    def _run(self, number: int, threads: npt.NDArray[np.intp]) -> None:
        """Run one block, and send each thread to the next."""
        at: Lanes = _FULL if len(threads) == self._count else threads
        try:
            condition = self._kernel.steps[number](self.registers, at, self._machine)
        except Fault as fault:
            who = self._machine.name(int(threads[fault.first]))
            line = self._kernel.line(fault.number)
            message = f"{self._name}: {who} {fault.what}\n  PTX line {fault.number}: {line}"
            raise fault.kind(message) from None
        block = self._kernel.blocks[number]
        if condition is None:
            self._go(block.after if block.jump is None else block.target, threads)
            return
        if len(condition) == 1:
            self._go(block.target if condition[0] else block.after, threads)
            return
        yes = threads[condition]
        if len(yes):
            self._go(block.target, yes)
        if len(yes) < len(threads):
            self._go(block.after, threads[~condition])

    def _go(self, number: int, threads: npt.NDArray[np.intp]) -> None:
        if number == END:
            if not self._kernel.called:  # from a function they return
                self._machine.ended[threads] = True
        else:
            _join(self._ready, number, threads)

    # --- waiting ---------------------------------------------------------------------------------

    def _release(self) -> None:
        """Nobody can go on alone: let those go on for whom all others have come.

        Raises:
            DivergenceError: if there are none.
        """
        some = False
        for number in sorted(self._waiting):
            threads = self._waiting[number]
            go = self._complete(number, threads)
            if go.any():
                some = True
                left = threads[~go]
                del self._waiting[number]
                if len(left):
                    self._waiting[number] = left
                self._run(number, threads[go])
        if not some:
            raise self._stuck()

    def _complete(self, number: int, threads: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        instruction = self._kernel.blocks[number].instructions[0]
        machine = self._machine
        if not instruction.op.startswith(("shfl", "vote", "bar.warp")):
            blocks = machine.blocks[threads]
            full = np.bincount(blocks, minlength=int(machine.blocks[-1]) + 1) == machine.threads
            complete: npt.NDArray[np.bool_] = full[blocks]
            return complete
        return machine.together(self._mask(instruction, threads), threads)

    def _mask(
        self, instruction: Instruction, threads: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.uint32]:
        """The lanes that an instruction names, for each thread."""
        operand = instruction.operands[-1]
        slot = self._kernel.slots.get(operand)
        if slot is None:
            try:
                return np.array([int(operand, 0) & 0xFFFFFFFF], np.uint32)
            except ValueError:
                raise PtxError(f"which lanes take part is not known: {instruction}") from None
        held = self.registers[slot]
        return (held if self._kernel.same[slot] else held[threads]).astype(np.uint32)

    def _stuck(self) -> DivergenceError:
        number = min(self._waiting)
        first = int(self._waiting[number][0])
        place = self._kernel.blocks[number].instructions[0].number
        said = f"{self._name}: {self._machine.name(first)} waits for ever at PTX line {place}: "
        said += self._kernel.line(place)
        mine = self._machine.blocks == self._machine.blocks[first]
        ended = np.flatnonzero(mine & self._machine.ended)
        if len(ended):
            return DivergenceError(f"{said}\n  {self._machine.name(int(ended[0]))} has ended")
        for other, threads in self._waiting.items():
            near = threads[mine[threads]]
            if other != number and len(near):
                place = self._kernel.blocks[other].instructions[0].number
                who = self._machine.name(int(near[0]))
                return DivergenceError(f"{said}\n  {who} waits at line {place}")
        return DivergenceError(said)


class _Caller:
    """Runs the functions that a kernel calls, with registers of their own."""

    def __init__(self, kernel: Loaded, machine: Machine, name: str) -> None:
        self._kernel, self._machine, self._name = kernel, machine, name

    def __call__(self, name: str, passed: Passed, wanted: list[int], at: Lanes) -> list[Values]:
        function = self._kernel.functions.get(name)
        if function is None:
            raise PtxError(f"{self._name}: the function {name} is called, and not there")
        threads = _Threads(function, self._machine, f"{self._name}, in {name}")
        for (place, offset), value in passed.items():
            slot = function.slots.get(f"%{function.module.takes[place]}__at__{offset}_")
            if slot is not None:  # else nobody looks at it
                threads.registers[slot][at] = value.view(threads.registers[slot].dtype)
        threads.run(self._machine.numbers(at))
        slots = [function.slots[f"%{function.module.gives}__at__{each}_"] for each in wanted]
        return [threads.registers[slot][at] for slot in slots]


def _join(
    where: dict[int, npt.NDArray[np.intp]], number: int, threads: npt.NDArray[np.intp]
) -> None:
    others = where.get(number)
    where[number] = threads if others is None else np.sort(np.concatenate((others, threads)))


# --- what the functions know -------------------------------------------------------------------

_DTYPES: Final[dict[str, np.dtype[np.generic]]] = {
    **{f"u{bits}": np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64)},
    **{f"s{bits}": np.dtype(f"int{bits}") for bits in (8, 16, 32, 64)},
    **{"f32": np.dtype(np.float32), "f64": np.dtype(np.float64), "pred": np.dtype(np.bool_)},
}


def _fresh(count: int, type_: str) -> Values:
    """A register that nobody has written."""
    return np.full(count * _DTYPES[type_].itemsize, 1, np.uint8).view(_DTYPES[type_])


def _array(bits: int, type_: str) -> Values:
    """One number given as its bits."""
    if type_ == "pred":
        return np.array([bool(bits)])
    size = {"f": "u", "b": "u"}.get(type_[0], "u") + type_.lstrip("bfus")
    kind = type_ if type_[0] in "sf" else size
    return np.array([bits], _DTYPES[size]).view(_DTYPES[kind])


def _window(name: str) -> Values:
    return np.array([WINDOWS[name]], np.uint64)


_KNOWN: Final[Mapping[str, object]] = MappingProxyType(
    {
        **{
            name: value
            for module in (arithmetic, convert, floats)
            for name, value in vars(module).items()
            if getattr(value, "__module__", "") == module.__name__
        },
        **{name: getattr(np, name) for name in ("where", "sqrt", "abs", "minimum", "maximum")},
        **{name: getattr(np, name) for name in ("isfinite", "isinf", "isnan")},
        **{name: getattr(np, name) for name in ("add", "bitwise_and", "bitwise_or", "bitwise_xor")},
        **{name.upper(): value for name, value in _DTYPES.items()},
        **{f"{name}_window": _window(name) for name in WINDOWS},
        "F32_1": np.ones(1, np.float32),
    }
)
