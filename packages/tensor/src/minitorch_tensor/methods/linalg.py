"""Products of matrices as methods."""

from __future__ import annotations

from minitorch_tensor import (
    linalg,
)


class LinalgMethods:
    """Products of matrices as methods."""

    __slots__ = ()

    matmul = linalg.matmul
    mm = linalg.mm
    bmm = linalg.bmm
    mv = linalg.mv
    dot = linalg.dot
    outer = linalg.outer
