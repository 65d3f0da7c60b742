"""How a matrix product is cut: into which tiles, and whether k is shared out to several blocks.

A large tile uses each number that it loads more often; a small one fills more of the GPU when the
matrix is small, and wastes less where the matrix ends. So the table below has a speed for each, and
the choice is the least time for the tiles that there are. Where even that leaves most of the GPU
idle, because k is long and the result small, k is cut into ranges, each with blocks of its own; a
second launch adds their results, always in one order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from minitorch_cuda.kernel import Dim
from minitorch_cuda.limits import Limits


@dataclass(frozen=True, slots=True)
class Tile:
    """What a block computes, and how its threads share that.

    Attributes:
        rows: of the result.
        columns: of the result.
        depth: how much of k is in shared memory at a time.
        down: rows of a thread, 4 or 8.
        across: columns of a thread, 4 or 8.
        speed: multiplications of a busy GPU, the largest tile's being 1.
        resident: how many of these blocks a multiprocessor runs at once.
    """

    rows: int
    columns: int
    depth: int
    down: int
    across: int
    speed: float
    resident: int

    @property
    def threads(self) -> int:
        """Of a block."""
        return self.rows // self.down * (self.columns // self.across)

    @property
    def block(self) -> Dim:
        """As a launch wants it."""
        return self.threads, 1, 1

    @property
    def name(self) -> str:
        """For titles."""
        return f"{self.rows} x {self.columns} x {self.depth}"


LARGE: Final = Tile(128, 128, 16, 8, 8, 1.0, 2)
MEDIUM: Final = Tile(64, 64, 16, 4, 4, 0.7, 3)
TALL: Final = Tile(128, 32, 16, 8, 4, 0.65, 4)
WIDE: Final = Tile(32, 128, 16, 4, 8, 0.65, 4)
SMALL: Final = Tile(32, 32, 16, 4, 4, 0.5, 8)

TILES: Final = (LARGE, MEDIUM, TALL, WIDE, SMALL)
"""For a GPU. The speeds are estimates: shared memory is read once for so many multiplications."""

SMALLER: Final = (MEDIUM, SMALL)
"""For float64, of which two larger pieces do not fit into the shared memory of a block; and where
the sides need registers of their own."""

TINY: Final = (Tile(16, 16, 4, 4, 4, 1.0, 1),)
"""For the simulator: blocks of 16 threads."""

PROCESSORS: Final = 132
"""Multiprocessors of the GPU that choices are made for, an H100; others have 40 to 160."""

LEAST_DEPTH: Final = 256
"""A block has so much of k at least: its start and its end cost as much as some 64 of it."""

MOST_SPLITS: Final = 64

LAUNCH: Final = 500_000
"""What a second launch costs, in multiplications of one multiprocessor: some 2 microseconds."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Tiles, and into how many ranges k is cut."""

    tile: Tile
    splits: int
    chunk: int  # the length of a range, a multiple of the tile's depth


@lru_cache(maxsize=4096)
def choose(m: int, n: int, k: int, batches: int, limits: Limits, large: bool = True) -> Choice:
    """The fastest way to compute `batches` products (m, k) @ (k, n), as far as the table knows.

    Args:
        m: rows of the result.
        n: columns of it.
        k: products of each number.
        batches: how many matrices there are.
        limits: of the device.
        large: whether the larger tiles may be taken.

    >>> from minitorch_cuda.limits import DEVICE
    >>> for size in ((4096, 4096, 4096), (512, 512, 512), (8192, 32, 4096), (64, 576, 200_000)):
    ...     choice = choose(*size, 1, DEVICE)
    ...     print(choice.tile.name, choice.splits)
    128 x 128 x 16 1
    32 x 32 x 16 1
    128 x 32 x 16 8
    64 x 64 x 16 44
    """
    small = limits.threads <= 32
    tiles = TINY if small else TILES if large else SMALLER
    choices = [choice for tile in tiles for choice in _cuts(tile, m, n, k, batches, small)]
    return min(choices, key=lambda choice: _time(choice, m, n, k, batches, small))


def _blocks(tile: Tile, m: int, n: int, batches: int) -> int:
    return -(-m // tile.rows) * -(-n // tile.columns) * batches


def _cuts(tile: Tile, m: int, n: int, k: int, batches: int, small: bool) -> Iterator[Choice]:
    """k whole, and in as many ranges as fill the GPU once, but none too short."""
    blocks = _blocks(tile, m, n, batches)
    room = 4 if small else PROCESSORS * tile.resident
    least = 2 * tile.depth if small else LEAST_DEPTH
    steps = max(-(-k // tile.depth), 1)
    yield Choice(tile, 1, steps * tile.depth)
    splits = min(room // max(blocks, 1), k // least, MOST_SPLITS)
    if splits > 1:
        chunk = -(-steps // splits) * tile.depth
        yield Choice(tile, -(-k // chunk), chunk)


def _time(choice: Choice, m: int, n: int, k: int, batches: int, small: bool) -> float:
    """In multiplications of one multiprocessor at full speed."""
    tile = choice.tile
    processors = 4 if small else PROCESSORS
    blocks = _blocks(tile, m, n, batches) * choice.splits
    each = -(-blocks // processors)  # of the busiest multiprocessor
    # One block alone does not hide how long its loads take.
    busy = min(1.0, (each + 1) / (min(tile.resident, 2) + 1))
    work = (
        each
        * (min(choice.chunk, k) + 4 * tile.depth)
        * tile.rows
        * tile.columns
        / (tile.speed * busy)
    )
    if choice.splits == 1 or small:
        return work
    return work + LAUNCH + choice.splits * m * n * batches / processors * 8
