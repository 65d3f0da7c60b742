"""The rungs of the ladder: what each is launched with, in the simulator and on a GPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from minitorch_cuda.gates import Gate
from minitorch_cuda.kernel import Kernel, Parameter, Plan, Span, hand_written, plan
from minitorch_cuda.kernels.ladder.matmul import column, naive, shared_tile, square
from minitorch_cuda.kernels.ladder.vectors import by_fours, two_tiles

_PARAMETERS: Final = (
    *(Parameter(name, "float32", pointer=True) for name in ("out", "a", "b")),
    *(Parameter(name, "int64") for name in ("n", "k", "m")),
)


@dataclass(frozen=True)
class Sizes:
    """How large the tiles are: of a block rows x columns, by `depth`; of a thread up x across.

    >>> Sizes(128, 128, 8, 8, 8).threads
    256
    """

    rows: int
    columns: int
    depth: int = 1
    up: int = 1
    across: int = 1

    @property
    def width(self) -> int:
        """Threads across."""
        return self.columns // self.across

    @property
    def height(self) -> int:
        """Threads down."""
        return self.rows // self.up

    @property
    def threads(self) -> int:
        """Of a block."""
        return self.width * self.height

    def bind(self) -> Mapping[str, int]:
        """The template parameters."""
        a, b = self.rows * self.depth, self.depth * self.columns
        return {
            "TILE": self.rows,
            "ROWS": self.rows,
            "COLUMNS": self.columns,
            "DEPTH": self.depth,
            "UP": self.up,
            "ACROSS": self.across,
            "WIDTH": self.width,
            "HEIGHT": self.height,
            "THREADS": self.threads,
            "A_WORDS": a,
            "B_WORDS": b,
            "A_WORDS_TWICE": 2 * a,
            "B_WORDS_TWICE": 2 * b,
        }


@dataclass(frozen=True)
class Rung:
    """A step: the kernel, what it changes, its sizes for the simulator and for a GPU.

    Attributes:
        function: the kernel.
        idea: what it does that the one before did not.
        small: sizes for the simulator.
        large: for a GPU.
        fours: whether k and m must be multiples of 4.
    """

    function: Callable[..., None]
    idea: str
    small: Sizes
    large: Sizes
    fours: bool = False

    @property
    def name(self) -> str:
        """The kernel's."""
        return self.function.__name__

    def plan(self, n: int, k: int, m: int, *, large: bool = False) -> Plan:
        """The launch for a (n, k) @ b (k, m).

        Raises:
            ValueError: if k or m is no multiple of 4, and the rung reads four numbers at once.
        """
        if self.fours and (k % 4 or m % 4):
            raise ValueError(
                f"{self.name}: reads four neighbours at once, so k and m must be multiples of 4; "
                f"got k = {k}, m = {m}; {square.__name__} takes any"
            )
        sizes = self.large if large else self.small
        grid = (-(-m // sizes.columns), -(-n // sizes.rows), 1)
        spans = [Span(0, 0, size) for size in (n * m, n * k, k * m)]
        block = (sizes.width, sizes.height, 1)
        return plan(rung_kernel(self, sizes), grid, block, spans, [n, k, m])


@lru_cache(maxsize=64)
def rung_kernel(rung: Rung, sizes: Sizes) -> Kernel:
    """The kernel of a rung for sizes of tiles."""
    if rung.fours:  # each thread fetches four numbers of each tile
        assert 4 * sizes.threads == sizes.rows * sizes.depth == sizes.depth * sizes.columns
        assert sizes.up % 4 == sizes.across % 4 == 0
    return hand_written(
        rung.function, _PARAMETERS, "float32", f"ladder_{rung.name}", **sizes.bind()
    )


RUNGS: Final = (
    Rung(naive, "a thread an element", Sizes(4, 4), Sizes(16, 16)),
    Rung(shared_tile, "a block shares what it reads", Sizes(4, 4, 4), Sizes(16, 16, 16)),
    Rung(column, "8 results a thread, in a column", Sizes(8, 4, 4, 2), Sizes(64, 64, 8, 8)),
    Rung(
        square, "64 results a thread, in a square", Sizes(8, 8, 4, 2, 2), Sizes(128, 128, 8, 8, 8)
    ),
    Rung(
        by_fours,
        "four numbers an instruction",
        Sizes(16, 16, 4, 4, 4),
        Sizes(128, 128, 8, 8, 8),
        fours=True,
    ),
    Rung(
        two_tiles,
        "the next tile comes while this one is used",
        Sizes(16, 16, 4, 4, 4),
        Sizes(128, 128, 8, 8, 8),
        fours=True,
    ),
)

_REGISTERS: Final = {
    "naive": 40,
    "shared_tile": 40,
    "column": 104,
    "square": 176,  # one block of 256 threads runs at a time where two would fit with 128
    "by_fours": 112,
    "two_tiles": 128,
}

GATES = tuple(
    Gate(
        f"ladder {rung.name}",
        partial(rung_kernel, rung, rung.large),
        registers=_REGISTERS[rung.name],
        loads128=2 if rung.fours else 0,
        stores128=16 if rung.fours else 0,
    )
    for rung in RUNGS
)
