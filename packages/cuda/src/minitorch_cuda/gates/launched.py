"""The kernels that an operation launches on a GPU, at real sizes: planned, and not run.

For gates of kernels whose plans are made by what calls them: which threads share a row, whether
four elements are read at once, how the work is cut. The operation runs on a device that plans as
for a GPU, notes each launch and does nothing: what comes out is whatever memory held.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minitorch_cuda.choice import choice
from minitorch_cuda.kernel import Kernel, Plan
from minitorch_cuda.limits import DEVICE, Limits
from minitorch_cuda.simulated import SimBuffer, SimulatorLauncher, simulated
from minitorch_tensor import Tensor, empty
from minitorch_tensor.dtype import DType, float32
from minitorch_tensor.storage import Buffer


class DryLauncher(SimulatorLauncher):
    """Plans for a GPU, and keeps the kernels it would launch."""

    def __init__(self) -> None:
        super().__init__(memory=1 << 40)
        self.kernels: list[Kernel] = []

    @property
    def limits(self) -> Limits:
        """Those of a GPU."""
        return DEVICE

    def empty(self, size: int, dtype: DType, /) -> Buffer:
        """Memory that nobody writes to, so it costs nothing."""
        made = simulated(super().empty(0, dtype))
        array = np.empty(size, made.array.dtype)
        return SimBuffer(array, dtype, made.block, self.allocator)

    def launch(
        self, plan: Plan, buffers: Sequence[Buffer], numbers: Sequence[float] = (), /
    ) -> None:
        """Note the kernel."""
        self.kernels.append(plan.kernel)


def kernels_of(action: Callable[[], object]) -> list[Kernel]:
    """All kernels that an action launches on "cuda", in order.

    >>> from minitorch_tensor.exponentials import softmax
    >>> [kernel.name for kernel in kernels_of(lambda: softmax(on_gpu(8192, 768), 1))]
    ['softmax_rows_kernel']
    """
    launcher = DryLauncher()
    before = choice.put([launcher])
    try:
        action()
    finally:
        choice.put(before)
    return launcher.kernels


def launched(action: Callable[[], object], name: str) -> Kernel:
    """The first kernel of a name that an action launches on "cuda".

    Raises:
        ValueError: if it launches none; the message has those that it does.
    """
    found = kernels_of(action)
    for kernel in found:
        if kernel.name == name:
            return kernel
    names = ", ".join(dict.fromkeys(kernel.name for kernel in found))
    raise ValueError(f"no kernel {name} is launched, but: {names or 'none'}")


def on_gpu(*shape: int, dtype: DType = float32, requires_grad: bool = False) -> Tensor:
    """A tensor on "cuda" with any contents."""
    return empty(shape, dtype=dtype, device="cuda", requires_grad=requires_grad)
