"""An array that only the backend sees: what `Array` asks of a tensor, and no more."""

from __future__ import annotations

from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout
from minitorch_tensor.storage import Buffer, Storage


class Temporary:
    """An `Array` that only the backend sees."""

    __slots__ = ("dtype", "layout", "storage")

    def __init__(self, buffer: Buffer, device: Device, layout: Layout, dtype: DType) -> None:
        self.storage = Storage(buffer, device)
        self.layout = layout
        self.dtype = dtype
