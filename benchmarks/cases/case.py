"""What a case is: one piece of PyTorch code, run on torch and on minitorch, and the bars.

A case makes, for a given library, a function that does the work once and returns tensors. The
results of both libraries are compared before anything is timed. Only what both share is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

Tensor = Any  # of either library
Step = Callable[[], object]
Make = Callable[[ModuleType], Step]


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    make: Make
    tolerance: float = 1e-4
    bar: tuple[float, float] | None = None  # of this row alone, at 1 and at 2 threads


@dataclass(frozen=True)
class Group:
    """Rows that are judged together, and the bars at 1 and at 2 threads."""

    title: str
    cases: Sequence[Case]
    mean: tuple[float, float] | None = None  # of the geometric mean of the ratios
    worst: tuple[float, float] | None = None  # of each


def array(*shape: int, seed: int = 0) -> np.ndarray:
    """Standard normal numbers, the same for both libraries."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def backward(
    torch: ModuleType, function: Callable[..., Tensor], *inputs: Tensor, both: bool = True
) -> Step:
    """Forward and backward of a function of these inputs; or the backward alone."""
    xs = [x.requires_grad_(True) for x in inputs]
    y = function(*xs)
    g = torch.tensor(array(*y.shape, seed=9))
    if not both:
        return lambda: torch.autograd.grad(y, xs, g, retain_graph=True)
    return lambda: torch.autograd.grad(function(*xs), xs, g)
