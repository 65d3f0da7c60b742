"""copy: assignment between arrays of any layout and dtype.

NumPy's own assignment serves where it is as good, so that no kernel need be compiled: memory to
memory, few elements, and floats to integers, which it casts as C does.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from minitorch_fast.half import reference
from minitorch_fast.pointwise import PointwiseKernels
from minitorch_operators import id
from minitorch_tensor.numpy_backend import host, view
from minitorch_tensor.storage import Array

SMALL: Final = 2048
"""Up to so many elements NumPy's assignment is as good."""


class CopyKernels(PointwiseKernels):
    """The assignment of a backend."""

    def copy(self, out: Array, x: Array, /) -> None:
        """For each index i: out[i] = x[i], cast to out.dtype.

        Floats are truncated to integers; to bool, all but 0 is true.
        """
        size = out.layout.size
        if out.layout.dense and x.layout.dense and out.dtype is x.dtype:
            np.copyto(host(out.storage.buffer)[:size], host(x.storage.buffer)[:size])
        elif out.dtype.half or x.dtype.half:
            reference.copy(out, x)
        elif size <= SMALL or (x.dtype.is_floating_point and not out.dtype.is_floating_point):
            with np.errstate(all="ignore"):
                view(out)[...] = view(x)
        else:
            self._apply(id.fn, out, x)
