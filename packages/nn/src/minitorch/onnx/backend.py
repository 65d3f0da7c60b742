"""A backend that computes as the reference does, and records each computation as ONNX nodes.

Every number of a model comes from a method of a backend or from an `Op`. While a model is traced,
this one takes the place of the backend of the model's device, so nothing is computed past it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import numpy as np

from minitorch.onnx import pointwise
from minitorch.onnx.errors import OnnxExporterError, TracerWarning
from minitorch.onnx.graph import Attribute, Value
from minitorch.onnx.layouts import without_repeats
from minitorch.onnx.recorder import Recorder, recording
from minitorch.onnx.writing import place
from minitorch_operators import Binary, Rule, Ternary, TernaryRule, Unary
from minitorch_tensor import (
    Backend,
    Device,
    DType,
    HostArray,
    NumpyBackend,
    Sample,
    bool_,
    int32,
    int64,
    promote_types,
)
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.storage import Array, Buffer

Attributes = dict[str, Attribute]

_REDUCTIONS: Final = {
    "add": ("ReduceSum", 0.0), "mul": ("ReduceProd", 1.0), "maximum": ("ReduceMax", -math.inf),
    "minimum": ("ReduceMin", math.inf), "logical_and": ("ReduceMin", 1.0),
    "logical_or": ("ReduceMax", 0.0),
}  # fmt: skip
"""For each operator the ONNX reduction, and where one starts that starts from nothing."""


class RecordingBackend:
    """Another backend, and the notes of a `Recorder` beside it.

    Args:
        inner: the backend of the device. Where it keeps memory as the reference does, the
            reference computes in its stead: a trace is to compile nothing.
    """

    def __init__(self, inner: Backend) -> None:
        reference = isinstance(inner.empty(1, int64), np.ndarray)
        self.inner: Backend = NumpyBackend() if reference else inner

    @property
    def name(self) -> str:
        """That of the backend which computes."""
        return self.inner.name

    def empty(self, size: int, dtype: DType, /) -> Buffer:
        """New memory, which is known to hold nothing."""
        buffer = self.inner.empty(size, dtype)
        recorder = recording()
        if recorder is not None:
            recorder.new(buffer)
        return buffer

    def upload(self, values: HostArray, /) -> Buffer:
        """Memory of the host is a constant."""
        return self.inner.upload(values)

    def download(self, buffer: Buffer, /) -> HostArray:
        """The program looks at numbers: those that follow from inputs cannot be in the file.

        Raises:
            OnnxExporterError: for several numbers; for a single one there is a warning.
        """
        recorder = recording()
        if recorder is not None and recorder.depends(buffer):
            _looked_at(len(buffer))
        return self.inner.download(buffer)

    def address(self, buffer: Buffer, /) -> int:
        """Where memory starts."""
        return self.inner.address(buffer)

    def reinterpret(self, buffer: Buffer, dtype: DType, /) -> Buffer:
        """The same memory as elements of another dtype; the recorder sees who reads it."""
        return self.inner.reinterpret(buffer, dtype)

    def map(self, operator: Unary, out: Array, x: Array, /) -> None:
        """One operand."""
        compute = x.dtype if operator.result == "bool" else out.dtype
        with self._noted(out, x) as note:
            self.inner.map(operator, out, x)
        note.pointwise(operator, compute)

    def zip(self, operator: Binary, out: Array, a: Array, b: Array, /) -> None:
        """Two operands."""
        compute = promote_types(a.dtype, b.dtype) if operator.result == "bool" else out.dtype
        with self._noted(out, a, b) as note:
            self.inner.zip(operator, out, a, b)
        note.pointwise(operator, compute)

    def zip3(self, operator: Ternary, out: Array, a: Array, b: Array, c: Array, /) -> None:
        """Three operands."""
        with self._noted(out, a, b, c) as note:
            self.inner.zip3(operator, out, a, b, c)
        note.pointwise(operator, out.dtype)

    def pull(self, rule: Rule, out: Array, g: Array, a: Array, b: Array, /) -> None:
        """A rule of a derivative is one more pointwise function."""
        with self._noted(out, g, a, b) as note:
            self.inner.pull(rule, out, g, a, b)
        note.rule(rule)

    def pull3(
        self, rule: TernaryRule, out: Array, g: Array, a: Array, b: Array, c: Array, /
    ) -> None:
        """So is one of a ternary operator."""
        with self._noted(out, g, a, b, c) as note:
            self.inner.pull3(rule, out, g, a, b, c)
        note.rule(rule)

    def reduce(self, operator: Binary, start: float, out: Array, x: Array, /) -> None:
        """One of ONNX's reductions."""
        with self._noted(out, x, repeated=True) as note:
            self.inner.reduce(operator, start, out, x)
        note.reduction(operator, start)

    def arg_reduce(self, operator: Binary, out: Array, x: Array, dim: int, /) -> None:
        """ArgMax or ArgMin: the first of equals."""
        with self._noted(out, x, repeated=True) as note:
            self.inner.arg_reduce(operator, out, x, dim)
        note.extreme("ArgMax" if operator.name == "gt" else "ArgMin", dim)

    def matmul(self, out: Array, a: Array, b: Array, /) -> None:
        """MatMul, which broadcasts the leading dimensions itself."""
        with self._noted(out, a, b) as note:
            self.inner.matmul(out, a, b)
        note.product()

    def copy(self, out: Array, x: Array, /) -> None:
        """No node, or a Cast: the memory of out holds what that of x did."""
        with self._noted(out, x) as note:
            self.inner.copy(out, x)
        note.copied()

    def gather(self, out: Array, x: Array, index: Array, dim: int, /) -> None:
        """GatherElements; or Gather, where an index picks whole slices."""
        with self._noted(out, x, index) as note:
            self.inner.gather(out, x, index, dim)
        note.picked(dim)

    def scatter_add(self, out: Array, index: Array, x: Array, dim: int, /) -> None:
        """ScatterElements that adds."""
        with self._noted(out, out, index, x, repeated=True) as note:
            self.inner.scatter_add(out, index, x, dim)
        note.scattered(dim)

    def random(self, out: Array, sample: Sample, generator: Generator, /) -> None:
        """Random numbers would be the same ones in each run of the file.

        Raises:
            OnnxExporterError: while recording.
        """
        if recording() is not None:
            raise OnnxExporterError(
                f"onnx.export: random numbers are drawn by {place()}; a file would repeat those of "
                "this run. Call model.eval() for dropout, or make the noise an input of the model"
            )
        self.inner.random(out, sample, generator)

    @contextmanager
    def _noted(self, out: Array, *operands: Array, repeated: bool = False) -> Iterator[Note]:
        """Read the operands before the computation; what the note then says is written to out."""
        recorder = recording()
        if recorder is not None:
            recorder.prepare(out)
        yield Note(recorder, out, operands, repeated)


class Note:
    """What one computation is in ONNX; says nothing without a recorder."""

    def __init__(
        self, recorder: Recorder | None, out: Array, operands: tuple[Array, ...], repeated: bool
    ) -> None:
        self.recorder = recorder if out.layout.size else None
        self.out = out
        self.operands = operands
        self.values: list[Value] = []
        if self.recorder is not None:
            self.values = [self.recorder.read(x, repeated=repeated) for x in operands]

    def _write(self, recorder: Recorder, value: Value) -> None:
        recorder.write(self.out, value, known=all(x.array is not None for x in self.values))

    def pointwise(self, operator: Unary | Binary | Ternary, dtype: DType) -> None:
        """A function of each element."""
        if self.recorder is not None:
            compute = pointwise.compute_dtype(dtype)
            value = pointwise.applied(self.recorder, operator, compute, self.values)
            self._write(self.recorder, value)

    def rule(self, rule: Rule | TernaryRule) -> None:
        """A rule of a derivative."""
        if self.recorder is not None:
            compute = pointwise.compute_dtype(self.out.dtype)
            values = [self.recorder.cast(x, compute) for x in self.values]
            self._write(self.recorder, pointwise.evaluated(self.recorder, rule, compute, values))

    def reduction(self, operator: Binary, start: float) -> None:
        """A reduction over the dimensions that out repeats."""
        if self.recorder is None:
            return
        name, nothing = _REDUCTIONS[operator.name]
        kept = without_repeats(self.out.layout).shape
        compute = pointwise.compute_dtype(self.out.dtype)
        compute = int32 if compute is bool_ else compute
        x = self.recorder.cast(self.recorder.cast(self.values[0], self.out.dtype), compute)
        dims = [i for i, n in enumerate(kept) if n != x.shape[i]]
        value = self.recorder.reduce(name, x, dims)
        if start != nothing:
            first = self.recorder.number(start, compute)
            value = pointwise.applied(self.recorder, operator, compute, [first, value])
        self._write(self.recorder, value)

    def extreme(self, name: str, dim: int) -> None:
        """Where the extreme of a dimension is."""
        if self.recorder is not None:
            x = self.recorder.cast(self.values[0], pointwise.compute_dtype(self.values[0].dtype))
            shape = self.out.layout.shape
            attributes: Attributes = {"axis": dim, "keepdims": 0}
            self._write(self.recorder, self.recorder.node(name, [x], shape, int64, attributes))

    def product(self) -> None:
        """A matrix product."""
        if self.recorder is None:
            return
        compute = pointwise.compute_dtype(self.out.dtype)
        factors = []
        for x, operand in zip(self.values, self.operands, strict=True):
            matrix = self.recorder.expand(x, (*x.shape[:-2], *operand.layout.shape[-2:]))
            factors.append(self.recorder.cast(matrix, compute))
        lead = np.broadcast_shapes(*(x.shape[:-2] for x in factors))
        shape = (*lead, *self.out.layout.shape[-2:])
        self._write(self.recorder, self.recorder.node("MatMul", factors, shape, compute))

    def copied(self) -> None:
        """The value itself."""
        if self.recorder is not None:
            self._write(self.recorder, self.values[0])

    def picked(self, dim: int) -> None:
        """Elements at an index along one dimension."""
        if self.recorder is None:
            return
        (x, index), (source, places) = self.values, self.operands
        x = self.recorder.expand(x, source.layout.shape)
        shape = places.layout.shape
        others = [i for i in range(len(shape)) if i != dim]
        slices = all(index.shape[i] == 1 and shape[i] == x.shape[i] for i in others)
        if slices and any(shape[i] != 1 for i in others):
            narrow = self.recorder.with_ones(index, (index.shape[dim],))
            value = self.recorder.gather(x, narrow, dim)
        else:
            inputs = [x, self.recorder.expand(index, shape)]
            attributes: Attributes = {"axis": dim}
            value = self.recorder.node("GatherElements", inputs, shape, x.dtype, attributes)
        self._write(self.recorder, value)

    def scattered(self, dim: int) -> None:
        """Elements added at an index along one dimension."""
        if self.recorder is not None:
            before, index, x = self.values
            inputs = [before, index, self.recorder.cast(x, before.dtype)]
            attributes: Attributes = {"axis": dim, "reduction": "add"}
            value = self.recorder.node(
                "ScatterElements", inputs, before.shape, before.dtype, attributes
            )
            self._write(self.recorder, value)


def _looked_at(count: int) -> None:
    where = place()
    if count == 1:
        warnings.warn(
            f"onnx.export: a number that follows from the inputs is read by {where}. What is done "
            "with it, such as the branch of an if, stays in the file as it is for these inputs",
            TracerWarning,
            stacklevel=4,
        )
        return
    raise OnnxExporterError(
        f"onnx.export: {where} reads numbers that follow from the inputs back from the device, so "
        "what it makes of them would be a constant in the file. Use operations of tensors instead, "
        "or do this before or after the model"
    )


@contextmanager
def recording_backends(devices: set[Device]) -> Iterator[None]:
    """Let these devices compute with a backend that records, for a while."""
    with ExitStack() as stack:
        for device in devices:
            stack.callback(setattr, device, "backend", device.backend)
            device.backend = RecordingBackend(device.backend)
        yield
