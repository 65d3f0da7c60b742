"""NVIDIA's library of network layers, which minitorch does without: its switches do nothing.

Convolutions are chosen by rules from their shapes, not by trial, and sum in a fixed order; float32
stays float32. So `benchmark`, `deterministic` and `allow_tf32` may be set to anything.

https://docs.pytorch.org/docs/stable/backends.html#module-torch.backends.cudnn
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

enabled = True
"""Whether PyTorch may use it."""

benchmark = False
"""Whether PyTorch tries several ways and keeps the fastest."""

benchmark_limit = 10
"""How many ways."""

deterministic = False
"""Whether PyTorch takes only ways that give the same bits each time. Ours do."""

allow_tf32 = True
"""Whether PyTorch may round factors to 10 bits. Ours are not rounded."""


def is_available() -> bool:
    """Whether it is there: never.

    >>> is_available()
    False
    """
    return False


def version() -> int | None:
    """Its version: None."""
    return None


@contextmanager
def flags(
    enabled: bool = False,
    benchmark: bool = False,
    benchmark_limit: int = 10,
    deterministic: bool = False,
    allow_tf32: bool = True,
) -> Iterator[None]:
    """Set the switches inside a `with`.

    >>> from minitorch.backends import cudnn
    >>> with cudnn.flags(benchmark=True):
    ...     cudnn.benchmark
    True
    >>> cudnn.benchmark
    False
    """
    given = {
        "enabled": enabled, "benchmark": benchmark, "benchmark_limit": benchmark_limit,
        "deterministic": deterministic, "allow_tf32": allow_tf32,
    }  # fmt: skip
    switches = globals()
    before = {name: switches[name] for name in given}
    switches.update(given)
    try:
        yield
    finally:
        switches.update(before)
