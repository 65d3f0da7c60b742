"""How many threads a launch has: a GPU wants many, the simulator few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from minitorch_cuda.kernel import Dim


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, the key of many plans
class Limits:
    """The sizes that launches are planned with.

    Attributes:
        threads: in each block, a power of two.
        blocks: at most so many, where threads can take several elements each.
        serial: up to so many elements one thread reduces alone.
        each: a thread of a tree reduction takes so many elements, then another block is worth it.
        rounds: so many times more blocks where a thread takes several elements at a time.
        sorted: up to so many elements a block sorts in its shared memory, a power of two.
        tile: a block moves squares of so many elements on a side through shared memory.
    """

    threads: int
    blocks: int
    serial: int
    each: int
    rounds: int = 1
    tile: int = 4
    sorted: int = 16

    def cover(self, size: int) -> tuple[Dim, Dim]:
        """The grid and block for `size` elements.

        >>> DEVICE.cover(1000)
        ((4, 1, 1), (256, 1, 1))
        """
        blocks = min(-(-size // self.threads), self.blocks)
        return (max(blocks, 1), 1, 1), (self.threads, 1, 1)

    def cover_vectors(self, size: int) -> tuple[Dim, Dim]:
        """The same where a thread takes several elements at a time: more blocks, fewer rounds.

        >>> DEVICE.cover_vectors(1 << 24)
        ((65536, 1, 1), (256, 1, 1))
        """
        blocks = min(-(-size // self.threads), self.blocks * self.rounds)
        return (max(blocks, 1), 1, 1), (self.threads, 1, 1)


DEVICE: Final = Limits(
    threads=256, blocks=4096, serial=32, each=64, rounds=64, tile=32, sorted=2048
)
"""For a GPU: enough blocks for the largest of today's, eight times over."""

SIMULATOR: Final = Limits(threads=32, blocks=2, serial=4, each=4)
"""For the simulator: small enough that a few hundred elements meet every path of a kernel."""
