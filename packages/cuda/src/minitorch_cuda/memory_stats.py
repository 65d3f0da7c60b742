"""How much memory of a device is used: counters, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from minitorch_tensor.accelerator import OutOfMemoryError


@dataclass(slots=True)
class Stat:
    """A quantity: now, at most since the last reset, and all that was ever added."""

    current: int = 0
    peak: int = 0
    added: int = 0

    def add(self, amount: int) -> None:
        """More of it."""
        self.current += amount
        self.added += amount
        if self.current > self.peak:
            self.peak = self.current


def _three() -> tuple[Stat, Stat, Stat]:
    return Stat(), Stat(), Stat()


@dataclass(slots=True)
class Usage:
    """The counters of one device; bytes of the large pool, of the small pool, of both.

    Attributes:
        bytes: of the blocks in use.
        blocks: in use.
        reserved: bytes of all segments.
        segments: taken from the driver.
        retries: how often the cache was given back because memory ran out.
        failures: how often that did not help.
    """

    bytes: tuple[Stat, Stat, Stat] = field(default_factory=_three)
    blocks: Stat = field(default_factory=Stat)
    reserved: tuple[Stat, Stat, Stat] = field(default_factory=_three)
    segments: Stat = field(default_factory=Stat)
    retries: int = 0
    failures: int = 0

    def allocate(self, nbytes: int, small: bool) -> None:
        """Count a block that is given out: for every tensor, so nothing is called here."""
        for_all, of_pool, blocks = self.bytes[2], self.bytes[small], self.blocks
        for_all.added += nbytes
        of_pool.added += nbytes
        blocks.added += 1
        now = for_all.current = for_all.current + nbytes
        if now > for_all.peak:
            for_all.peak = now
        now = of_pool.current = of_pool.current + nbytes
        if now > of_pool.peak:
            of_pool.peak = now
        now = blocks.current = blocks.current + 1
        if now > blocks.peak:
            blocks.peak = now

    def release(self, nbytes: int, small: bool) -> None:
        """Count a block that comes back."""
        self.bytes[2].current -= nbytes
        self.bytes[small].current -= nbytes
        self.blocks.current -= 1

    def reserve(self, nbytes: int, small: bool) -> None:
        """Count a segment."""
        self.segments.add(1)
        for pool in (2, small):
            self.reserved[pool].add(nbytes)

    def unreserve(self, nbytes: int, small: bool) -> None:
        """Count a segment that is given back."""
        self.segments.current -= 1
        for pool in (2, small):
            self.reserved[pool].current -= nbytes

    def parts(self) -> dict[str, Stat]:
        """The counters under PyTorch's names."""
        found = {"allocation.all": self.blocks, "segment.all": self.segments}
        for name, stats in (("allocated_bytes", self.bytes), ("reserved_bytes", self.reserved)):
            for pool, stat in zip(("large_pool", "small_pool", "all"), stats, strict=True):
                found[f"{name}.{pool}"] = stat
        return found

    def reset_peak(self) -> None:
        """Let all peaks begin anew."""
        for stat in self.parts().values():
            stat.peak = stat.current

    def reset_accumulated(self) -> None:
        """Let all sums begin anew."""
        for stat in self.parts().values():
            stat.added = stat.current
        self.retries = self.failures = 0

    def as_dict(self) -> dict[str, int]:
        """The counters under PyTorch's names, such as `allocated_bytes.all.peak`.

        https://docs.pytorch.org/docs/stable/generated/torch.cuda.memory_stats.html
        """
        found = {"num_alloc_retries": self.retries, "num_ooms": self.failures}
        for name, stat in self.parts().items():
            found[f"{name}.current"] = stat.current
            found[f"{name}.peak"] = stat.peak
            found[f"{name}.allocated"] = stat.added
            found[f"{name}.freed"] = stat.added - stat.current
        return dict(sorted(found.items()))


def size_of(nbytes: int) -> str:
    """A size for readers.

    >>> size_of(512), size_of(3 << 20), size_of(5 << 29)
    ('512 bytes', '3.00 MiB', '2.50 GiB')
    """
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if nbytes >= unit:
            return f"{nbytes / unit:.2f} {name}"
    return f"{nbytes} bytes"


def out_of_memory(device: str, nbytes: int, usage: Usage, room: str) -> OutOfMemoryError:
    """The error of a device that has no room; `room` says how much the driver has."""
    used = usage.bytes[2]
    kept = usage.reserved[2].current - used.current
    return OutOfMemoryError(
        f"CUDA out of memory. Tried to allocate {size_of(nbytes)} on {device}{room and ': '}{room}."
        f" {size_of(used.current)} are allocated by tensors (at most {size_of(used.peak)} so far), "
        f"and {size_of(kept)} are reserved but unallocated, in pieces that are too small. Use "
        "smaller batches, drop tensors that are no longer needed, or record less with no_grad() or "
        "utils.checkpoint"
    )


def summary(device: str, usage: Usage) -> str:
    """The counters as a table.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.memory_summary.html

    >>> print(summary("cuda:0", Usage()).splitlines()[3])
    | what               |          now |      at most | added in all |   taken away |
    """
    rule = "|" + "=" * 80 + "|"
    head = (
        f"| memory of {device}: {usage.failures} times out of memory, "
        f"{usage.retries} times the cache was given back"
    )
    lines = [
        rule,
        head.ljust(81) + "|",
        rule,
        "| what               |          now |      at most | added in all |   taken away |",
        rule,
    ]
    rows: list[tuple[str, Stat, Callable[[int], str]]] = [
        ("allocated", usage.bytes[2], size_of),
        ("  in large blocks", usage.bytes[0], size_of),
        ("  in small blocks", usage.bytes[1], size_of),
        ("reserved", usage.reserved[2], size_of),
        ("  for large blocks", usage.reserved[0], size_of),
        ("  for small blocks", usage.reserved[1], size_of),
        ("blocks", usage.blocks, str),
        ("segments", usage.segments, str),
    ]
    for name, stat, show in rows:
        numbers = (stat.current, stat.peak, stat.added, stat.added - stat.current)
        cells = " | ".join(f"{show(number):>12}" for number in numbers)
        lines.append(f"| {name:<18} | {cells} |")
    return "\n".join([*lines, rule])
