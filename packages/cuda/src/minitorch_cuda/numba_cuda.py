"""The one door to numba-cuda: no other module imports it.

Its parts have no types, so what is used of them is written down where it is used (`compiler`,
`llvm`), as protocols. numba-cuda is in maintenance; its successor has another layout.

Source: https://nvidia.github.io/numba-cuda/
"""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType


def installed() -> bool:
    """Whether numba-cuda is there; `numba.cuda` alone may be Numba's own, which is too old."""
    return importlib.util.find_spec("numba_cuda") is not None


def part(name: str = "") -> ModuleType:
    """The module `numba.cuda`, or one in it, such as `types`.

    Raises:
        ImportError: if numba-cuda is not installed.
    """
    if not installed():
        raise ImportError(
            "kernels are compiled by numba-cuda, which is not installed (the CUDA target "
            'inside numba is too old); run: pip install "minitorch-cuda[cuda]"'
        )
    return importlib.import_module(f"numba.cuda.{name}" if name else "numba.cuda")
