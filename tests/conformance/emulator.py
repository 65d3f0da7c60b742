"""A processor in software that runs machine code of this process on this process's own memory.

So kernels compiled for a processor that this machine has not can be run, slowly, and judged. The
processor is BochsCPU (`pip install bochscpu-python`), which knows AVX-512. Its memory is ours: a
page is found at the address it has here. It gets a stack of its own, one function, one argument.

How addresses are translated: four levels of tables, here three, because a page has a gigabyte.
https://www.amd.com/content/dam/amd/en/documents/processor-tech-docs/programmer-references/24593.pdf
"""

from __future__ import annotations

import ctypes
import importlib
import mmap
from collections.abc import Callable, Sequence
from typing import Final, Protocol

GIGABYTE: Final = 1 << 30
PAGE: Final = 4096
STACK: Final = 1 << 20
_TABLES: Final = 900 * GIGABYTE  # where the emulated processor sees its tables, beyond all memory

_PRESENT, _HUGE = 0b111, 0b10000111  # for users too, writable; the latter also "one page"
_PROTECTION, _PAGE_FAULT = 13, 14
_CODE, _DATA = 0x22FB, 0xCF3  # segments of 64-bit code and of data, for users
_VECTORS: Final = 1 << 9 | 1 << 10 | 1 << 16 | 1 << 18  # control register 4: SSE, XSAVE, FS
_AVX512: Final = 0xE7  # the parts of the state that are in use: x87, SSE, AVX, AVX-512
_ARCH_PRCTL, _GET_FS = 158, 0x1003


class Segment(Protocol):
    """A segment register."""

    base: int
    limit: int
    selector: int
    attr: int
    present: bool


class State(Protocol):
    """All registers."""

    cr2: int
    cr3: int
    cr4: int
    xcr0: int
    mxcsr: int
    mxcsr_mask: int
    fpcw: int
    fptw: int
    rflags: int
    rip: int
    rsp: int
    rdi: int
    cs: Segment
    fs: Segment


class Cpu(Protocol):
    """The processor of a session."""

    state: State
    rip: int
    cr2: int


class Hook(Protocol):
    """What is called when something happens."""

    exception: Callable[[Session, int, int, int], None]


class Session(Protocol):
    """An emulated computer."""

    cpu: Cpu
    missing_page_handler: Callable[[int], None]

    def run(self, hooks: Sequence[Hook], /) -> None:
        """Run until it is stopped."""
        ...

    def stop(self) -> None:
        """Stop."""
        ...


class _Bochs(Protocol):
    Session: Callable[[], Session]
    State: Callable[[], State]
    Segment: Callable[[], Segment]
    Hook: Callable[[], Hook]


class _Memory(Protocol):
    allocate_host_page: Callable[[], int]
    page_insert: Callable[[int, int], None]


class _Modes(Protocol):
    set_long_mode: Callable[[State], None]


class EmulationError(RuntimeError):
    """The processor met something that it cannot do."""


class Emulator:
    """Runs functions of this process, one at a time."""

    def __init__(self) -> None:
        self.bochs: _Bochs = importlib.import_module("bochscpu")
        self.memory: _Memory = importlib.import_module("bochscpu.memory")
        self.modes: _Modes = importlib.import_module("bochscpu.cpu")
        self.known: dict[int, int] = {}  # gigabytes of ours to gigabytes of its memory
        self.order: list[int] = []
        self.next_table = _TABLES
        self.root, self.root_here = self._table()
        self.directories: dict[int, int] = {}
        self.stack, self.stack_at = _pages(STACK)
        self.end, self.end_at = _pages(PAGE)
        self.end[0:1] = b"\xf4"  # the instruction that only a system may use: here all ends
        self.fault: tuple[int, int, int] | None = None
        self.session = self.bochs.Session()
        self.session.missing_page_handler = self._missing
        self.hook = self.bochs.Hook()
        self.hook.exception = self._exception
        self.threads_at = _thread_base()
        self.know_all()

    def know_all(self) -> None:
        """Let it see all that this process has in memory now."""
        with open("/proc/self/maps", encoding="ascii") as lines:
            for line in lines:
                first, _, last = line.split()[0].partition("-")
                for gigabyte in range(int(first, 16) >> 30, (int(last, 16) - 1 >> 30) + 1):
                    self.know(gigabyte << 30)

    def know(self, address: int) -> None:
        """Let it see the gigabyte around an address."""
        gigabyte = address >> 30
        if gigabyte in self.known or gigabyte >> 17:
            return
        self.order.append(gigabyte)
        physical = self.known[gigabyte] = len(self.order)
        place = gigabyte >> 9
        here = self.directories.get(place)
        if here is None:
            table, here = self._table()
            self.directories[place] = here
            _put(self.root_here + 8 * place, table | _PRESENT)
        _put(here + 8 * (gigabyte & 511), physical * GIGABYTE | _HUGE)

    def _table(self) -> tuple[int, int]:
        """An empty table: where the processor sees it, and where it is."""
        here = self.memory.allocate_host_page()
        ctypes.memset(here, 0, PAGE)
        there, self.next_table = self.next_table, self.next_table + PAGE
        self.memory.page_insert(there, here)
        return there, here

    def _missing(self, physical: int) -> None:
        """The processor asks for a page of its memory: it is one of ours."""
        here = self.order[(physical >> 30) - 1] * GIGABYTE + physical % GIGABYTE
        self.memory.page_insert(physical & -PAGE, here & -PAGE)

    def _exception(self, session: Session, number: int, vector: int, code: int) -> None:
        self.fault = vector, session.cpu.rip, session.cpu.cr2
        session.stop()

    def run(self, function: int, argument: int) -> None:
        """Call the function at an address with one number.

        Raises:
            EmulationError: if it does what the processor cannot, or reads what is not there.
        """
        self.session.cpu.state = self._state(function, argument)
        self.fault = None
        self.session.run([self.hook])
        assert self.fault is not None
        vector, at, touched = self.fault
        if vector == _PROTECTION and at - self.end_at in (0, 1):
            return
        what = f"page fault at {touched:#x}" if vector == _PAGE_FAULT else f"exception {vector}"
        raise EmulationError(f"{what}, by the instruction at {at:#x}")

    def _state(self, function: int, argument: int) -> State:
        """The registers as a function finds them when it is called."""
        state = self.bochs.State()
        self.modes.set_long_mode(state)
        state.cr4 |= _VECTORS
        state.cr3 = self.root
        state.xcr0, state.mxcsr, state.mxcsr_mask, state.rflags = _AVX512, 0x1F80, 0xFFFF, 2
        state.fpcw, state.fptw = 0x37F, 0xFFFF  # no exceptions of the old unit, all of it empty
        state.cs = self._segment(0x33, _CODE)
        for name in ("ss", "ds", "es", "gs"):
            setattr(state, name, self._segment(0x2B, _DATA))
        state.fs = self._segment(0, _DATA, self.threads_at)
        state.rsp = (self.stack_at + STACK - PAGE & -64) - 8
        _put(state.rsp, self.end_at)
        state.rip, state.rdi = function, argument
        return state

    def _segment(self, selector: int, attributes: int, base: int = 0) -> Segment:
        segment = self.bochs.Segment()
        segment.base, segment.limit, segment.present = base, 0xFFFFFFFF, True
        segment.selector, segment.attr = selector, attributes
        return segment


def _pages(size: int) -> tuple[mmap.mmap, int]:
    """Memory, and its address."""
    memory = mmap.mmap(-1, size)
    return memory, ctypes.addressof(ctypes.c_char.from_buffer(memory))


def _put(address: int, value: int) -> None:
    ctypes.c_uint64.from_address(address).value = value


def _thread_base() -> int:
    """Where the thread's own variables are; libraries look there."""
    found = ctypes.c_uint64()
    system = ctypes.CDLL(None)
    assert system.syscall(_ARCH_PRCTL, _GET_FS, ctypes.byref(found)) == 0
    return found.value
