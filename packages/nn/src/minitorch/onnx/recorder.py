"""`Recorder`: which value of the graph each piece of memory holds while a model runs.

It is keyed by memory, not by tensor: a view reads what was written last, through whichever other
view, and so the graph has the semantics of in-place writes without knowing them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

import numpy as np

from minitorch.onnx import layouts
from minitorch.onnx.errors import OnnxExporterError
from minitorch.onnx.graph import Attribute, Operand, Value
from minitorch.onnx.writing import Writer, place
from minitorch_tensor import DType, HostArray, Layout, Tensor
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.storage import Array, Buffer

DEVICE_TYPE: Final = "onnx"
"""The type of device whose kernels of an `Op` write a node."""


@dataclass(slots=True, eq=False)
class _Memory:
    """What a buffer holds. Before it is all written there are only pieces.

    It keeps the buffer alive, so that no other one gets its id.
    """

    buffer: Buffer
    value: Value | None
    layout: Layout
    pieces: list[tuple[Layout, Value]] = field(default_factory=list)
    refusal: str = ""  # why it cannot be read, if it cannot
    mark: int = 0  # of the numbers that were there when this was noted

    def seal(self) -> None:
        """Note the numbers that are there now."""
        self.mark = self._mark()

    def require_sealed(self) -> None:
        """Refuse numbers that came there past the backend: no node computes them.

        Raises:
            OnnxExporterError: if there are other numbers than were noted.
        """
        if self.mark != self._mark():
            raise OnnxExporterError(
                "onnx.export: the memory of a tensor was written to past its backend before "
                f"{place()}, through NumPy for example, which cannot be in the file; use "
                "operations of tensors"
            )

    def _mark(self) -> int:
        memory = self.buffer
        return crc32(memory.tobytes()) if isinstance(memory, np.ndarray) else 0


class Recorder(Writer):
    """Follows the values of a run through memory."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[int, _Memory] = {}

    # ---- what is known from the start ----------------------------------------------------------

    def hold(self, x: Tensor, value: Value) -> bool:
        """Remember that the memory of x, all of which it shows, holds this value."""
        buffer = x.storage.buffer
        if not layouts.whole(x.layout, len(buffer)):
            return False
        self._known[id(buffer)] = _Memory(buffer, value, x.layout)
        self._known[id(buffer)].seal()
        return True

    def refuse(self, x: Tensor, reason: str) -> None:
        """Raise with this reason if the memory of x is ever read."""
        buffer = x.storage.buffer
        self._known[id(buffer)] = _Memory(buffer, None, x.layout, refusal=reason)

    def new(self, buffer: Buffer) -> None:
        """Remember memory that nothing was written to."""
        self._known[id(buffer)] = _Memory(buffer, None, Layout.contiguous((len(buffer),)))

    def depends(self, buffer: Buffer) -> bool:
        """Whether memory holds something that follows from an input."""
        memory = self._known.get(id(buffer))
        if memory is None:
            return False
        values = [memory.value, *(value for _, value in memory.pieces)]
        return bool(memory.refusal) or any(x is not None and x.traced for x in values)

    # ---- reading -------------------------------------------------------------------------------

    def read(self, x: Array, *, repeated: bool = True) -> Value:
        """The value of the elements of x; without `repeated`, size 1 where x repeats elements."""
        view = layouts.without_repeats(x.layout)
        memory = self._memory(x)
        if memory is None:
            value = self.constant(layouts.elements(self._downloaded(x), view), x.dtype)
        elif view.size == 0:
            value = self.constant(np.empty(view.shape, x.dtype.numpy), x.dtype)
        else:
            held = self._settled(memory)
            if held.fill is not None and not repeated:
                value = self.with_ones(held.fill, (1,) * view.ndim)
            else:
                value = layouts.read(self, held, memory.layout, view)
        return self.expand(value, x.layout.shape) if repeated else value

    def _memory(self, x: Array) -> _Memory | None:
        buffer = x.storage.buffer
        memory = self._known.get(id(buffer))
        if memory is not None:
            if memory.refusal:
                raise OnnxExporterError(f"onnx.export: {memory.refusal} ({place()})")
            return memory
        owner = getattr(buffer, "base", None)
        while owner is not None:
            if id(owner) in self._known:
                raise OnnxExporterError(
                    "onnx.export: memory of a tensor is read as another dtype or through NumPy "
                    f"({place()}), which ONNX cannot say; use .to(dtype), or operations of tensors"
                )
            owner = getattr(owner, "base", None)
        return None

    def _settled(self, memory: _Memory) -> Value:
        """The value of memory, put together from its pieces if that was not done yet."""
        if memory.value is not None or memory.pieces:
            memory.require_sealed()
        if memory.value is None:
            memory.value, memory.layout = self._assembled(memory)
            memory.pieces = []
        return memory.value

    def _assembled(self, memory: _Memory) -> tuple[Value, Layout]:
        size = len(memory.buffer)
        if not memory.pieces:  # nobody knows what is there, so any number will do
            dtype = dtypes.of_numpy(getattr(memory.buffer, "dtype", np.dtype(np.float32)))
            return self.expand(self.number(0, dtype), (size,)), Layout.contiguous((size,))
        found = layouts.tiled(memory.pieces, size)
        if found is not None:
            dim, layout = found
            return self.concat([value for _, value in memory.pieces], dim), layout
        layout = Layout.contiguous((size,))
        value = self.expand(self.number(0, memory.pieces[0][1].dtype), (size,))
        for view, piece in memory.pieces:
            value, layout = layouts.write(self, value, layout, view, piece)
        return value, layout

    # ---- writing -------------------------------------------------------------------------------

    def prepare(self, out: Array) -> None:
        """Look at memory before a part of it is written."""
        buffer = out.storage.buffer
        memory = self._memory(out)
        if layouts.whole(layouts.without_repeats(out.layout), len(buffer)):
            return
        if memory is None:
            flat = Layout.contiguous((len(buffer),))
            value = self.constant(layouts.elements(self._downloaded(out), flat), out.dtype)
            self._known[id(buffer)] = _Memory(buffer, value, flat)
        elif memory.value is not None or memory.pieces:
            memory.require_sealed()

    def write(self, out: Array, value: Value, *, known: bool = False) -> None:
        """Remember that `value` was written to the elements of out, whose numbers may be known."""
        buffer = out.storage.buffer
        view = layouts.without_repeats(out.layout)
        value = self.expand(self.cast(value, out.dtype), view.shape)
        if known and value.array is None:
            flat = self._downloaded(out)
            value.array = np.array(layouts.elements(flat, view))
        memory = self._known.get(id(buffer))
        if memory is None or layouts.whole(view, len(buffer)):
            self._known[id(buffer)] = _Memory(buffer, value, view)
        elif memory.value is None:
            memory.pieces.append((view, value))
        else:
            memory.value, memory.layout = layouts.write(
                self, memory.value, memory.layout, view, value
            )
        self._known[id(buffer)].seal()

    # ---- fused kernels -------------------------------------------------------------------------

    def record(
        self,
        operator: str,
        inputs: Sequence[Operand],
        y: Tensor,
        attributes: dict[str, Attribute] | None = None,
    ) -> Tensor:
        """y, computed in a pause, as the result of one node."""
        return self.result(y, self.node(operator, inputs, y.layout.shape, y.dtype, attributes))

    def result(self, y: Tensor, value: Value) -> Tensor:
        """y, computed in a pause, as a tensor whose memory holds this value."""
        value = self.cast(value, y.dtype)
        if id(y.storage.buffer) in self._known or not self.hold(y, value):
            with paused():
                y = y.clone()  # what shares its memory holds something else
            self.hold(y, value)
        return y

    def _downloaded(self, x: Array) -> HostArray:
        """All of the memory of x now."""
        with paused():
            return x.storage.device.backend.download(x.storage.buffer)

    def like(self, number: float, dtype: DType, shape: tuple[int, ...]) -> Value:
        """A constant of one number, repeated."""
        return self.constant(np.full(shape, number, dtype.numpy), dtype)


_current: ContextVar[Recorder | None] = ContextVar("onnx_recorder", default=None)


def recording() -> Recorder | None:
    """What this thread's operations are recorded by; None outside of a trace, or in a pause."""
    return _current.get()


@contextmanager
def recorded_by(recorder: Recorder | None) -> Iterator[None]:
    """Let this recorder see the operations of this thread."""
    token = _current.set(recorder)
    try:
        yield
    finally:
        _current.reset(token)


def paused() -> AbstractContextManager[None]:
    """Compute without recording."""
    return recorded_by(None)
