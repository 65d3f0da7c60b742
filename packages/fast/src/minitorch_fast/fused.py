"""Fused kernels: a plain Python function (see `loops`), compiled at one dtype."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from minitorch_fast.threads import Kernel

if TYPE_CHECKING:
    from minitorch_fast.target import Kind


@cache
def compiled(function: Callable[..., object], kind: Kind, **constants: int) -> Kernel:
    """The function as a kernel; `constants` are put in place of their names (see `lanes`)."""
    from minitorch_fast import cache as kernel_cache  # both are loaded for the first kernel
    from minitorch_fast import printer

    return kernel_cache.load(*printer.source(function, kind, constants))
