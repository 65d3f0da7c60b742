"""Each row is exported, checked, and run by onnxruntime, at the example's batch and at others."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F

from .onnx_helpers import Function, Of

if TYPE_CHECKING:
    from onnx import ModelProto

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

ALONE = runtime.SessionOptions()
ALONE.intra_op_num_threads = ALONE.inter_op_num_threads = 1
PROVIDERS = ["CPUExecutionProvider"]

pytestmark = pytest.mark.usefixtures("reference_device")


def tensors(result: object) -> list[torch.Tensor]:
    if result is None or isinstance(result, torch.Tensor):
        return [] if result is None else [result]
    assert isinstance(result, (tuple, list))
    return [x for part in result for x in tensors(part)]


def at_batch(x: torch.Tensor, size: int, axis: int = 0) -> torch.Tensor:
    return x.index_select(axis, torch.arange(size) % x.shape[axis])


def agrees(
    model: nn.Module, *args: torch.Tensor, sizes: tuple[int, ...] = (1, 5), axis: int = 0,
    tolerance: float = 1e-5, opset: int | None = None,
) -> "ModelProto":  # fmt: skip
    """Export with a dynamic batch (none without `sizes`), and compare at the example and others."""
    names = [f"x{i}" for i in range(len(args))]
    axes = {name: {axis: "batch"} for name in names} if sizes else None
    file = io.BytesIO()
    proto = torch.onnx.export(
        model, args, file, input_names=names, dynamic_axes=axes, opset_version=opset
    )
    session = runtime.InferenceSession(file.getvalue(), ALONE, PROVIDERS)
    model.eval()
    for size in (None, *sizes):
        given = args if size is None else tuple(at_batch(x, size, axis) for x in args)
        with torch.no_grad():
            wanted = tensors(model(*given))
        feed = {name: np.array(x.numpy()) for name, x in zip(names, given, strict=True)}
        found = session.run(None, {k: v for k, v in feed.items() if k in used(proto)})
        assert len(found) == len(wanted)
        for x, y in zip(wanted, found, strict=True):
            assert y.shape == tuple(x.shape), size
            assert y.dtype == x.numpy().dtype
            assert np.allclose(y, x.numpy(), rtol=tolerance, atol=tolerance, equal_nan=True)
    return proto


def used(proto: "ModelProto") -> list[str]:
    return [x.name for x in proto.graph.input]


def operators(proto: "ModelProto") -> list[str]:
    return [node.op_type for node in proto.graph.node]


def rn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape)


def ri(high: int, *shape: int) -> torch.Tensor:
    return torch.randint(0, high, shape)


def warmed(norm: nn.Module, x: torch.Tensor) -> nn.Module:
    norm.train()
    norm(x)
    return norm


Build = Callable[[], nn.Module]

LAYERS: dict[str, tuple[Build, Callable[[], object]]] = {
    "linear": (lambda: nn.Linear(4, 3), lambda: rn(2, 4)),
    "linear of sequences": (lambda: nn.Linear(4, 3), lambda: rn(2, 5, 4)),
    "linear without bias": (lambda: nn.Linear(4, 3, bias=False), lambda: rn(2, 4)),
    "bilinear": (lambda: nn.Bilinear(4, 5, 3), lambda: (rn(2, 4), rn(2, 5))),
    "conv1d": (lambda: nn.Conv1d(2, 4, 3, stride=2, padding=1), lambda: rn(2, 2, 9)),
    "conv2d": (lambda: nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=1), lambda: rn(2, 2, 7, 6)),
    "conv2d groups, dilation": (
        lambda: nn.Conv2d(4, 4, 3, dilation=2, groups=2, bias=False), lambda: rn(2, 4, 8, 8)),
    "conv2d same": (lambda: nn.Conv2d(2, 3, 4, padding="same"), lambda: rn(2, 2, 6, 6)),
    "conv2d reflected": (
        lambda: nn.Conv2d(2, 3, 3, padding=1, padding_mode="reflect"), lambda: rn(2, 2, 6, 6)),
    "conv3d": (lambda: nn.Conv3d(2, 3, 2), lambda: rn(2, 2, 4, 4, 4)),
    "conv_transpose1d": (lambda: nn.ConvTranspose1d(2, 3, 3, stride=2), lambda: rn(2, 2, 5)),
    "conv_transpose2d": (
        lambda: nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1, groups=2),
        lambda: rn(2, 4, 5, 5)),
    "conv_transpose3d": (lambda: nn.ConvTranspose3d(2, 3, 2), lambda: rn(2, 2, 3, 3, 3)),
    "batch_norm1d": (lambda: warmed(nn.BatchNorm1d(4), rn(9, 4)), lambda: rn(2, 4)),
    "batch_norm2d": (lambda: warmed(nn.BatchNorm2d(3), rn(4, 3, 2, 2)), lambda: rn(2, 3, 4, 4)),
    "batch_norm plain": (lambda: nn.BatchNorm2d(3, affine=False), lambda: rn(2, 3, 4, 4)),
    "batch_norm of the batch": (
        lambda: nn.BatchNorm1d(3, track_running_stats=False), lambda: rn(4, 3, 5)),
    "layer_norm": (lambda: nn.LayerNorm(6), lambda: rn(2, 5, 6)),
    "layer_norm plain": (
        lambda: nn.LayerNorm((5, 6), elementwise_affine=False), lambda: rn(2, 5, 6)),
    "group_norm": (lambda: nn.GroupNorm(2, 4), lambda: rn(2, 4, 3, 3)),
    "instance_norm": (lambda: nn.InstanceNorm2d(3, affine=True), lambda: rn(2, 3, 4, 4)),
    "rms_norm": (lambda: nn.RMSNorm(6), lambda: rn(2, 5, 6)),
    "local_response": (lambda: nn.LocalResponseNorm(2), lambda: rn(2, 4, 3, 3)),
    "max_pool1d": (lambda: nn.MaxPool1d(2), lambda: rn(2, 2, 7)),
    "max_pool2d": (lambda: nn.MaxPool2d(3, 2, padding=1), lambda: rn(2, 2, 7, 7)),
    "max_pool2d ceil": (lambda: nn.MaxPool2d(3, 2, ceil_mode=True), lambda: rn(2, 2, 6, 6)),
    "max_pool3d": (lambda: nn.MaxPool3d(2), lambda: rn(2, 2, 4, 4, 4)),
    "avg_pool1d": (lambda: nn.AvgPool1d(2), lambda: rn(2, 2, 7)),
    "avg_pool2d": (lambda: nn.AvgPool2d(3, 2, padding=1), lambda: rn(2, 2, 7, 7)),
    "avg_pool2d uncounted": (
        lambda: nn.AvgPool2d(3, 2, padding=1, ceil_mode=True, count_include_pad=False),
        lambda: rn(2, 2, 8, 8)),
    "avg_pool2d divisor": (lambda: nn.AvgPool2d(2, divisor_override=3), lambda: rn(2, 2, 4, 4)),
    "avg_pool3d": (lambda: nn.AvgPool3d(2), lambda: rn(2, 2, 4, 4, 4)),
    "adaptive_avg 1": (lambda: nn.AdaptiveAvgPool2d(1), lambda: rn(2, 3, 5, 4)),
    "adaptive_avg even": (lambda: nn.AdaptiveAvgPool2d((3, 2)), lambda: rn(2, 3, 6, 4)),
    "adaptive_avg uneven": (lambda: nn.AdaptiveAvgPool2d((2, 3)), lambda: rn(2, 3, 5, 4)),
    "adaptive_max 1": (lambda: nn.AdaptiveMaxPool1d(1), lambda: rn(2, 3, 5)),
    "adaptive_max even": (lambda: nn.AdaptiveMaxPool2d(2), lambda: rn(2, 3, 4, 4)),
    "adaptive_max uneven": (lambda: nn.AdaptiveMaxPool2d((2, 3)), lambda: rn(2, 3, 5, 4)),
    "embedding": (lambda: nn.Embedding(7, 3, padding_idx=0), lambda: ri(7, 2, 4)),
    "dropout": (lambda: nn.Sequential(nn.Dropout(0.5), nn.Dropout2d()), lambda: rn(2, 3, 4, 4)),
    "flatten": (lambda: nn.Flatten(), lambda: rn(2, 3, 4)),
    "unflatten": (lambda: nn.Unflatten(1, (2, 3)), lambda: rn(2, 6)),
    "pixel_shuffle": (lambda: nn.PixelShuffle(2), lambda: rn(2, 8, 3, 3)),
    "channel_shuffle": (lambda: nn.ChannelShuffle(2), lambda: rn(2, 4, 3, 3)),
    "upsample nearest": (lambda: nn.Upsample(scale_factor=2), lambda: rn(2, 2, 3, 3)),
    "upsample bilinear": (
        lambda: nn.Upsample(scale_factor=2, mode="bilinear"), lambda: rn(2, 2, 3, 4)),
    "upsample corners": (
        lambda: nn.Upsample(size=(5, 7), mode="bilinear", align_corners=True),
        lambda: rn(2, 2, 3, 4)),
    "upsample bicubic": (lambda: nn.Upsample(size=5, mode="bicubic"), lambda: rn(2, 2, 3, 3)),
    "zero_pad": (lambda: nn.ZeroPad2d((1, 2, 0, 1)), lambda: rn(2, 2, 3, 3)),
    "constant_pad": (lambda: nn.ConstantPad1d((1, -1), 3.5), lambda: rn(2, 2, 4)),
    "reflection_pad": (lambda: nn.ReflectionPad2d(1), lambda: rn(2, 2, 3, 3)),
    "replication_pad": (lambda: nn.ReplicationPad1d((2, 1)), lambda: rn(2, 2, 3)),
    "circular_pad": (lambda: nn.CircularPad2d(1), lambda: rn(2, 2, 3, 3)),
    "fold": (lambda: nn.Fold((4, 4), 2, stride=2), lambda: rn(2, 8, 4)),
    "unfold": (lambda: nn.Unfold((3, 2), padding=1), lambda: rn(2, 2, 5, 4)),
    "prelu": (lambda: nn.PReLU(3), lambda: rn(2, 3, 4)),
    "cosine": (lambda: nn.CosineSimilarity(), lambda: (rn(2, 4), rn(2, 4))),
    "lstm": (lambda: nn.LSTM(3, 4, 2, bidirectional=True, batch_first=True), lambda: rn(2, 5, 3)),
    "lstm plain": (lambda: nn.LSTM(3, 4, bias=False, batch_first=True), lambda: rn(2, 5, 3)),
    "lstm projected": (lambda: nn.LSTM(3, 4, proj_size=2, batch_first=True), lambda: rn(2, 5, 3)),
    "gru": (lambda: nn.GRU(3, 4, 2, bidirectional=True, batch_first=True), lambda: rn(2, 5, 3)),
    "rnn": (lambda: nn.RNN(3, 4, bidirectional=True, batch_first=True), lambda: rn(2, 5, 3)),
    "rnn relu": (lambda: nn.RNN(3, 4, nonlinearity="relu", batch_first=True), lambda: rn(2, 5, 3)),
    "lstm cell": (lambda: nn.LSTMCell(3, 4), lambda: rn(2, 3)),
    "transformer encoder": (
        lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), lambda: rn(2, 5, 8)),
    "transformer decoder": (
        lambda: nn.TransformerDecoderLayer(8, 2, 16, batch_first=True, norm_first=True),
        lambda: (rn(2, 4, 8), rn(2, 5, 8))),
    "attention": (
        lambda: Of(lambda x, m: m(x, x, x), nn.MultiheadAttention(8, 2, batch_first=True)),
        lambda: rn(2, 5, 8)),
}  # fmt: skip

ACTIVATIONS = [
    "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU",
    "LogSigmoid", "Mish", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus", "Softshrink",
    "Softsign", "Tanh", "Tanhshrink",
]  # fmt: skip

FUNCTIONS: dict[str, tuple[Function, Callable[[], object]]] = {
    "gelu tanh": (lambda x: F.gelu(x, approximate="tanh"), lambda: rn(2, 3)),
    "softmax": (lambda x: F.softmax(x, 1), lambda: rn(2, 3, 4)),
    "log_softmax": (lambda x: F.log_softmax(x, -1), lambda: rn(2, 3)),
    "threshold": (lambda x: F.threshold(x, 0.1, 2.0), lambda: rn(2, 3)),
    "reshape": (lambda x: x.reshape(x.shape[0], -1).view(-1, 2, 6), lambda: rn(2, 3, 4)),
    "merged batch": (lambda x: x.reshape(-1, 4) @ x.new_ones(4, 2), lambda: rn(2, 3, 4)),
    "permute": (lambda x: x.permute(2, 0, 1), lambda: rn(2, 3, 4)),
    "transpose reshape": (lambda x: x.transpose(1, 2).reshape(x.size(0), 12), lambda: rn(2, 3, 4)),
    "squeeze": (lambda x: x.unsqueeze(1).unsqueeze(-1).squeeze(1), lambda: rn(2, 3)),
    "slices": (lambda x: (x[:, 1], x[:, ::2], x[:, -1:], x[:, None, 1:3, 0]), lambda: rn(2, 4, 3)),
    "of a transpose": (lambda x: x.t()[1:].t() + x.t()[0].unsqueeze(1), lambda: rn(2, 3)),
    "flip": (lambda x: x.flip(1), lambda: rn(2, 3)),
    "roll": (lambda x: x.roll(1, 1), lambda: rn(2, 3)),
    "cat": (lambda x, y: torch.cat([x, y * 2, x], 1), lambda: (rn(2, 3), rn(2, 1))),
    "cat of one": (lambda x: torch.cat([x, x[:, :1]], -1), lambda: rn(2, 1)),
    "stack": (lambda x: torch.stack([x, x + 1], 1), lambda: rn(2, 3)),
    "stack last": (lambda x: torch.stack([x, x + 1, x], -1), lambda: rn(2, 3)),
    "split": (lambda x: x.split([1, 3, 2], 1), lambda: rn(2, 6)),
    "chunk": (lambda x: [y * k for k, y in enumerate(x.chunk(3, -1))], lambda: rn(2, 4, 6)),
    "unbind": (lambda x: x.unbind(1), lambda: rn(2, 3)),
    "broadcast": (lambda x, y: x.unsqueeze(2) * y.unsqueeze(1) - 1.5, lambda: (rn(2, 3), rn(2, 4))),
    "expand": (lambda x: x.unsqueeze(1).expand(-1, 4, -1), lambda: rn(2, 3)),
    "repeat": (lambda x: x.repeat(1, 2), lambda: rn(2, 3)),
    "repeat_interleave": (lambda x: x.repeat_interleave(2, 1), lambda: rn(2, 3)),
    "arithmetic": (lambda x, y: (1 - x) / (y * y + 2) + x**2 - 2**x, lambda: (rn(2, 3), rn(2, 3))),
    "remainders": (lambda x: (x % 0.7, x // 0.7, torch.fmod(x, 0.7)), lambda: rn(2, 5)),
    "integers": (lambda x: (x * 3 - 7, x // 2, x % 3, x - 4 // 3, -x), lambda: ri(9, 2, 5)),
    "matmul": (lambda x, y: x @ y.transpose(1, 2), lambda: (rn(2, 3, 4), rn(2, 5, 4))),
    "matmul shared": (lambda x: x @ torch.arange(8.0).view(4, 2), lambda: rn(2, 3, 4)),
    "einsum": (lambda x, y: torch.einsum("bij,bkj->bik", x, y), lambda: (rn(2, 3, 4), rn(2, 5, 4))),
    "mean": (lambda x: (x.mean(1), x.mean((1, 2), True), x.mean()), lambda: rn(2, 3, 4)),
    "sum": (lambda x: (x.sum(-1), x.sum(0), x.sum()), lambda: rn(2, 3, 4)),
    "max": (lambda x: (x.max(1).values, x.max(1).indices, x.amax((1, 2)), x.max()),
            lambda: rn(2, 3, 4)),
    "min": (lambda x: (x.min(), x.amin(1), x.argmin(1)), lambda: rn(2, 3)),
    "var": (lambda x: (x.var(1), x.std((0, 1)), x.norm(dim=1)), lambda: rn(2, 3)),
    "prod": (lambda x: x.prod(1), lambda: rn(2, 3)),
    "all any": (lambda x: ((x > 0).all(1), (x > 1).any(1)), lambda: rn(2, 3)),
    "argmax": (lambda x: x.argmax(-1), lambda: rn(2, 3)),
    "comparisons": (lambda x, y: (x > y, x <= 0, x.eq(x), (x != y) & (x > 0), ~(x > 0)),
                    lambda: (rn(2, 3), rn(2, 3))),
    "where": (lambda x: torch.where(x > 0, x, x.exp() - 1), lambda: rn(2, 3)),
    "clamp": (lambda x: (x.clamp(-0.5, 0.5), x.clamp(min=0), x.maximum(x * 2)), lambda: rn(2, 3)),
    "masked_fill": (lambda x: x.masked_fill(x > 0, -9.0), lambda: rn(2, 3)),
    "tril": (lambda x: (x.tril(), x.triu(1)), lambda: rn(2, 3, 3)),
    "unary": (
        lambda x: (x.exp(), x.abs().sqrt(), x.abs().log(), x.sin(), x.cos(), x.erf(), x.floor(),
                   x.round(), x.sign(), x.abs().rsqrt(), x.square(), x.abs().log1p(), x.expm1()),
        lambda: rn(2, 5)),
    "casts": (lambda x: (x.int(), x.long() + 1, x.double(), (x > 0).float(), x.bool()),
              lambda: rn(2, 3) * 3),
    "gather": (lambda x, i: x.gather(1, i), lambda: (rn(2, 5), ri(5, 2, 3))),
    "index_select": (lambda x: x.index_select(1, torch.tensor([2, 0])), lambda: rn(2, 3)),
    "scatter_add": (lambda x, i: x.scatter_add(1, i, x * 2), lambda: (rn(2, 3), ri(3, 2, 3))),
    "one_hot": (lambda i: F.one_hot(i, 4), lambda: ri(4, 2, 3)),
    "topk": (lambda x: tuple(x.topk(2)), lambda: rn(2, 5)),
    "sort": (lambda x: tuple(x.sort(1)), lambda: rn(2, 5)),
    "cumsum": (lambda x: x.cumsum(1), lambda: rn(2, 5)),
    "pad": (lambda x: F.pad(x, (1, 2), value=3.0), lambda: rn(2, 3)),
    "in place": (lambda x: written(x), lambda: rn(2, 4)),
    "nearest": (lambda x: F.interpolate(x, size=5), lambda: rn(2, 2, 3)),
    "attention": (lambda x: F.scaled_dot_product_attention(x, x, x), lambda: rn(2, 2, 5, 4)),
    "causal attention": (
        lambda x: F.scaled_dot_product_attention(x, x + 1, x * 2, is_causal=True),
        lambda: rn(2, 2, 5, 4)),
    "normalize": (lambda x: F.normalize(x), lambda: rn(2, 3)),
    "new tensors": (
        lambda x: x + torch.zeros(x.shape[0], 1) + torch.ones_like(x), lambda: rn(2, 3)),
    "batch numbers": (lambda x: x + torch.arange(x.shape[0]).unsqueeze(1), lambda: rn(2, 3)),
    "an input": (lambda x: (x, x), lambda: rn(2, 3)),
    "a constant": (lambda x: (x + 1, torch.arange(3)), lambda: rn(2, 3)),
}  # fmt: skip


def written(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    y[:, 1:3] = 5.0
    y[:, ::3] += x[:, :2]
    y.mul_(2)
    z = torch.zeros(x.shape[0], 6)
    z[:, 1:5] = y
    z[:, 0] = x[:, 0]
    return z


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_computes_the_same_in_onnxruntime(name: str) -> None:
    module, inputs = LAYERS[name]
    agrees(module(), *tensors(inputs()))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_does(name: str) -> None:
    agrees(getattr(nn, name)(), rn(3, 6) * 3)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_does(name: str) -> None:
    function, inputs = FUNCTIONS[name]
    agrees(Of(function), *tensors(inputs()))


def test_writes_at_indices_are_exported_at_one_size() -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        y[:, [0, 2]] = 3.0
        y[[1, 0]] += x[:2]
        return y

    agrees(Of(forward), rn(2, 4), sizes=())
    with pytest.raises(torch.onnx.OnnxExporterError, match="the size of a dynamic axis"):
        agrees(Of(forward), rn(2, 4))


@pytest.mark.parametrize("opset", [18, 20, 21, 23])
def test_versions_of_the_operators(opset: int) -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(), nn.LSTM(8, 2)
    )
    proto = agrees(model, rn(2, 1, 6, 6), sizes=(), opset=opset)
    assert proto.opset_import[0].version == opset


def test_graphs_are_short() -> None:
    """One operator of ONNX for one of PyTorch's, where there is one."""
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2)
    )
    assert operators(agrees(model, rn(2, 1, 6, 6))) == [
        "Conv", "BatchNormalization", "Relu", "Reshape", "Gemm",
    ]  # fmt: skip
    assert operators(agrees(Of(lambda x: x.transpose(1, 2).mean(1)), rn(2, 3, 4))) == [
        "Transpose", "ReduceMean", "Squeeze",
    ]  # fmt: skip
