"""What runs kernels: a GPU, or the simulator. Both keep to one small protocol.

The backend plans launches and allocates through it, and knows no more: a `Launcher` that records or
times launches can wrap another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from minitorch_cuda.kernel import Plan
from minitorch_cuda.limits import Limits
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.storage import Buffer


class Launcher(Protocol):
    """Memory, and kernels run on it, in the order of the calls."""

    @property
    def name(self) -> str:
        """Of the device: what `get_device_name` returns."""
        ...

    @property
    def limits(self) -> Limits:
        """The sizes that launches should be planned with."""
        ...

    def empty(self, size: int, dtype: DType, /) -> Buffer:
        """Memory for `size` elements, with any contents."""
        ...

    def upload(self, values: HostArray, /) -> Buffer:
        """A flat array of the host as device memory."""
        ...

    def download(self, buffer: Buffer, /) -> HostArray:
        """Device memory as a new flat array of the host, after all that was launched before."""
        ...

    def launch(self, plan: Plan, buffers: Sequence[Buffer], /) -> None:
        """Run a kernel: one buffer for each of the plan's spans."""
        ...

    def synchronize(self) -> None:
        """Wait until all that was launched has ended."""
        ...
