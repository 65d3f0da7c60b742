"""The kernels of an `Op` for the device type "onnx": one ONNX operator for a whole composite.

Each computes its numbers by the composite, in a pause of the recording, and records one node. What
has no kernel here, or asks for what the operator cannot do, runs as its composite, whose parts are
recorded one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ParamSpec

import numpy as np

from minitorch.onnx.graph import Attribute, Operand, Value
from minitorch.onnx.recorder import DEVICE_TYPE, Recorder, paused, recording
from minitorch_tensor import DType, Tensor, int64
from minitorch_tensor.exponentials import log_softmax, softmax
from minitorch_tensor.functional import (
    batch_norm,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    embedding,
    layer_norm,
    linear,
)
from minitorch_tensor.functional.checks import Ints, each
from minitorch_tensor.functional.conv import Padding
from minitorch_tensor.layout import Shape, wrap_dim
from minitorch_tensor.op import Op
from minitorch_tensor.ordering import in_order, leading, running_sum
from minitorch_tensor.reductions import ValuesIndices

P = ParamSpec("P")
Attributes = dict[str, Attribute]


def computed(op: Op[P, Tensor], /, *args: P.args, **kwargs: P.kwargs) -> Tensor:
    """The numbers, without a record of how they came about."""
    with paused():
        return op.composite(*args, **kwargs)


def optional(recorder: Recorder, x: Tensor | None) -> Value | None:
    """The value of an argument that may be missing."""
    return None if x is None else recorder.read(x)


# ---- convolutions ------------------------------------------------------------------------------


def _pads(padding: Padding, kernel: Shape, dilation: Shape) -> tuple[int, ...]:
    """What is before each dimension, then what is behind it; of "same" the odd one is behind."""
    n = len(kernel)
    if padding == "valid":
        return (0,) * (2 * n)
    if isinstance(padding, str):
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return (*(t // 2 for t in total), *(t - t // 2 for t in total))
    return each("conv", "padding", padding, n) * 2


def _convolved(
    recorder: Recorder,
    operator: str,
    y: Tensor,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    attributes: Attributes,
) -> Tensor:
    """A convolution of images, or of one image without a dimension for the batch."""
    x, others = recorder.read(input), [recorder.read(weight), optional(recorder, bias)]
    shape, batched = y.layout.shape, input.ndim == weight.ndim
    if not batched:
        x, shape = recorder.unsqueeze(x, 0), (1, *shape)
    value = recorder.node(operator, [x, *others], shape, y.dtype, attributes)
    return recorder.result(y, value if batched else recorder.squeeze(value, 0))


def _conv(op: Op[..., Tensor], n: int) -> None:
    @op.override(DEVICE_TYPE)
    def kernel(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: Padding = 0,
        dilation: Ints = 1,
        groups: int = 1,
    ) -> Tensor:
        recorder = recording()
        y = computed(op, input, weight, bias, stride, padding, dilation, groups)
        if recorder is None:
            return y
        window, spread = tuple(weight.shape[2:]), each("conv", "dilation", dilation, n)
        return _convolved(recorder, "Conv", y, input, weight, bias, {
            "kernel_shape": window, "strides": each("conv", "stride", stride, n),
            "pads": _pads(padding, window, spread), "dilations": spread, "group": groups,
        })  # fmt: skip


def _conv_transpose(op: Op[..., Tensor], n: int) -> None:
    @op.override(DEVICE_TYPE)
    def kernel(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: int = 1,
        dilation: Ints = 1,
    ) -> Tensor:
        recorder = recording()
        y = computed(op, input, weight, bias, stride, padding, output_padding, groups, dilation)
        if recorder is None:
            return y
        return _convolved(recorder, "ConvTranspose", y, input, weight, bias, {
            "kernel_shape": tuple(weight.shape[2:]), "strides": each("conv", "stride", stride, n),
            "pads": each("conv", "padding", padding, n) * 2,
            "output_padding": each("conv", "output_padding", output_padding, n),
            "dilations": each("conv", "dilation", dilation, n), "group": groups,
        })  # fmt: skip


for _n, _op in enumerate((conv1d, conv2d, conv3d), start=1):
    _conv(_op, _n)
for _n, _transposed in enumerate((conv_transpose1d, conv_transpose2d, conv_transpose3d), start=1):
    _conv_transpose(_transposed, _n)


# ---- layers of matrices ------------------------------------------------------------------------


@linear.override(DEVICE_TYPE)
def _linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    recorder = recording()
    if recorder is None or input.ndim != 2 or weight.ndim != 2 or input.dtype.half:
        return linear.composite(input, weight, bias)
    y = computed(linear, input, weight, bias)
    operands = [recorder.read(input), recorder.read(weight), optional(recorder, bias)]
    return recorder.record("Gemm", operands, y, {"transB": 1})


@embedding.override(DEVICE_TYPE)
def _embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    recorder = recording()
    options = (padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
    if recorder is None or max_norm is not None:
        return embedding.composite(input, weight, *options)
    y = computed(embedding, input, weight, *options)
    return recorder.record("Gather", [recorder.read(weight), recorder.read(input)], y, {"axis": 0})


# ---- normalisation -----------------------------------------------------------------------------


@batch_norm.override(DEVICE_TYPE)
def _batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    recorder = recording()
    given = (input, running_mean, running_var, weight, bias, training, momentum, eps)
    if recorder is None or training or running_mean is None or running_var is None:
        return batch_norm.composite(*given)
    y = computed(batch_norm, *given)
    channels = (input.shape[1],)
    operands: list[Operand] = [
        recorder.read(input),
        optional(recorder, weight) or recorder.like(1, input.dtype, channels),
        optional(recorder, bias) or recorder.like(0, input.dtype, channels),
        recorder.read(running_mean),
        recorder.read(running_var),
    ]
    return recorder.record("BatchNormalization", operands, y, {"epsilon": eps})


@layer_norm.override(DEVICE_TYPE)
def _layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    recorder = recording()
    if recorder is None:
        return layer_norm.composite(input, normalized_shape, weight, bias, eps)
    y = computed(layer_norm, input, normalized_shape, weight, bias, eps)
    shape = tuple(normalized_shape)
    scale = optional(recorder, weight) or recorder.like(1, input.dtype, shape)
    operands = [recorder.read(input), scale, optional(recorder, bias)]
    return recorder.record("LayerNormalization", operands, y, {"axis": -len(shape), "epsilon": eps})


def _softmax(op: Op[..., Tensor], operator: str) -> None:
    @op.override(DEVICE_TYPE)
    def kernel(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
        recorder = recording()
        wanted = input.dtype if dtype is None else dtype
        if recorder is None or dim is None or input.ndim == 0 or not wanted.is_floating_point:
            return op.composite(input, dim, dtype=dtype)
        y = computed(op, input, dim, dtype=dtype)
        x = recorder.cast(recorder.read(input), wanted)
        return recorder.record(operator, [x], y, {"axis": wrap_dim(dim, input.ndim)})


_softmax(softmax, "Softmax")
_softmax(log_softmax, "LogSoftmax")


# ---- order -------------------------------------------------------------------------------------


def _top(
    op: Op[..., ValuesIndices], x: Tensor, k: int, dim: int, largest: bool, *given: object
) -> ValuesIndices:
    recorder = recording()
    if recorder is None or x.ndim == 0:
        return op.composite(x, *given)
    with paused():
        y = op.composite(x, *given)
    shape = y.values.layout.shape
    values, indices = recorder.several(
        "TopK",
        [recorder.read(x), recorder.constant(np.array([k], np.int64))],
        [(shape, x.dtype), (shape, int64)],
        {"axis": dim, "largest": int(largest), "sorted": 1},
    )
    return ValuesIndices(recorder.result(y.values, values), recorder.result(y.indices, indices))


@leading.override(DEVICE_TYPE)
def _leading(x: Tensor, k: int, dim: int, largest: bool) -> ValuesIndices:
    return _top(leading, x, k, dim, largest, k, dim, largest)


@in_order.override(DEVICE_TYPE)
def _in_order(x: Tensor, dim: int, descending: bool) -> ValuesIndices:
    k = x.shape[dim] if x.ndim else 1
    return _top(in_order, x, k, dim, descending, dim, descending)


@running_sum.override(DEVICE_TYPE)
def _running_sum(x: Tensor, dim: int) -> Tensor:
    recorder = recording()
    y = computed(running_sum, x, dim)
    if recorder is None:
        return y
    axis = recorder.constant(np.array(dim, np.int64))
    return recorder.record("CumSum", [recorder.read(x), axis], y)
