"""A gate: a kernel, and what its compiled code promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from minitorch_cuda.kernel import Kernel

if TYPE_CHECKING:
    from minitorch_cuda.gates.report import Report

Capability = tuple[int, int]

CAPABILITIES: Final[tuple[Capability, ...]] = ((8, 0), (9, 0))
"""A100 and H100: what the table has rows for."""


def architecture(capability: Capability) -> str:
    """The assembler's name of a compute capability.

    >>> architecture((9, 0))
    'sm_90'
    """
    return f"sm_{capability[0]}{capability[1]}"


@dataclass(frozen=True, slots=True)
class Gate:
    """A kernel and its promises; none of it is compiled before it is asked for.

    Args:
        name: the row in the table: the kernel, its types, its sizes.
        make: gives the kernel, usually `partial(its_maker, arguments)`.
        registers: a thread uses so many at most. 65,536 of them are shared by the threads that run
            at once: with 32, all 2,048 threads that an SM can hold fit; with 64, half of them.
        loads128: at least so many loads of 128 bits from global memory, copies to shared memory
            included. They count instructions, not how often those run.
        stores128: at least so many stores of 128 bits to global memory.
        spills: bytes that the compiler may move to and fro between registers and memory.
        stack: bytes of memory of its own that each thread may have: a `local.array` that is no
            array of registers.
        float64: whether instructions in float64 are allowed; None: in a kernel that computes in
            float64 or int64 they are.
    """

    name: str
    make: Callable[[], Kernel]
    registers: int
    loads128: int = 0
    stores128: int = 0
    spills: int = 0
    stack: int = 0
    float64: bool | None = None

    def promises(self, kernel: Kernel) -> str:
        """The promises in words, without those that every kernel makes."""
        words = [f"registers <= {self.registers}"]
        if self.loads128:
            words.append(f"loads128 >= {self.loads128}")
        if self.stores128:
            words.append(f"stores128 >= {self.stores128}")
        if self.spills:
            words.append(f"spills <= {self.spills}")
        if self.stack:
            words.append(f"stack <= {self.stack}")
        if not self.doubles(kernel):
            words.append("no float64")
        return ", ".join(words)

    def doubles(self, kernel: Kernel) -> bool:
        """Whether the kernel may compute in float64."""
        return kernel.value != "float32" if self.float64 is None else self.float64

    def broken(self, kernel: Kernel, report: Report, where: str = "") -> list[str]:
        """The promises that do not hold, a sentence each: which, what was found, what helps.

        Args:
            kernel: what `make` gave.
            report: what was measured.
            where: the architecture, for the messages.
        """
        of = f"{self.name}{where and f' ({where})'}: "
        found = []
        if report.registers > self.registers:
            found.append(
                f"{of}{report.registers} registers a thread, promised are {self.registers} at "
                "most; fewer numbers must be alive at once, or the promise is too narrow"
            )
        if report.spills > self.spills:
            found.append(
                f"{of}{report.spills} bytes are spilled from registers to memory, promised are "
                f"{self.spills}; a register array is too large, or a loop is unrolled too far"
            )
        if report.stack > self.stack:
            found.append(
                f"{of}{report.stack} bytes of stack a thread, promised are {self.stack}; a "
                "local.array is kept in registers only if each index is known when compiling"
            )
        if report.loads128 < self.loads128:
            found.append(
                f"{of}{report.loads128} loads of 128 bits, promised are {self.loads128}; load4 "
                "reads four neighbours at once"
            )
        if report.stores128 < self.stores128:
            found.append(
                f"{of}{report.stores128} stores of 128 bits, promised are {self.stores128}; "
                "store4 writes four neighbours at once"
            )
        if report.float64 and not self.doubles(kernel):
            found.append(
                f"{of}{report.float64} instructions in float64 ({', '.join(report.doubles)}); a "
                "bare 1.0 in a float32 kernel is a float64: write T(1.0)"
            )
        return found
