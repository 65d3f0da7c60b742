"""A row of the table for GPUs: one piece of PyTorch code, run by both libraries, and its bar.

A row makes, for a library, a device and one of its sizes, a function that does the work once and
returns tensors. It is called several times, for rotating buffers. The small size is for tests of
the rows themselves, which need no GPU.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

Tensor = Any  # of either library
Step = Callable[[], object]
Make = Callable[[ModuleType, str], Step]
"""From a library and the name of a device."""


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        name: of the work.
        make: at full size.
        small: the same at a size for tests.
        bar: our time is at most so many times torch's; None if there is only `of_copy`.
        nbytes: what is read and written, for the bandwidth; 0 if that says nothing.
        flops: multiplications and additions, likewise.
        of_copy: at least this part of the bandwidth of a copy.
        host: the host's time of a call is measured, not the GPU's.
        most: microseconds that a call may take the host, if that is the bar.
        memory: whether the peak of memory is measured too; the bar is 1.15 times torch's.
        tolerance: by which results may differ, relative to the largest number.
    """

    name: str
    make: Make
    small: Make
    bar: float | None = None
    nbytes: int = 0
    flops: float = 0.0
    of_copy: float | None = None
    host: bool = False
    most: float | None = None
    memory: bool = False
    tolerance: float = 1e-4


@dataclass(frozen=True)
class Group:
    """Rows under one title."""

    title: str
    rows: Sequence[Row]


def array(*shape: int, seed: int = 0) -> np.ndarray:
    """Standard normal numbers, the same for both libraries."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape, np.float32)


def on(torch: ModuleType, device: str, *shape: int, seed: int = 0) -> Tensor:
    """Such numbers as a tensor."""
    return torch.tensor(array(*shape, seed=seed)).to(device)


def gradients(torch: ModuleType, function: Callable[..., Tensor], *inputs: Tensor) -> Step:
    """The gradients alone: forward runs once."""
    xs = [x.requires_grad_(True) for x in inputs]
    y = function(*xs)
    g = torch.tensor(array(*y.shape, seed=9)).to(y.device)
    return lambda: torch.autograd.grad(y, xs, g, retain_graph=True)


def both_ways(torch: ModuleType, function: Callable[..., Tensor], *inputs: Tensor) -> Step:
    """Forward and backward."""
    xs = [x.requires_grad_(True) for x in inputs]
    y = function(*xs)
    g = torch.tensor(array(*y.shape, seed=9)).to(y.device)
    return lambda: torch.autograd.grad(function(*xs), xs, g)
