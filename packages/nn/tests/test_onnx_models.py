"""Whole models in onnxruntime, with one dynamic axis, with several, and with images of any size."""

from collections.abc import Callable

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

ALONE = runtime.SessionOptions()
ALONE.intra_op_num_threads = ALONE.inter_op_num_threads = 1
pytestmark = pytest.mark.usefixtures("reference_device")


class Residual(nn.Module):
    """Two convolutions of a ResNet for small images, and a way around them."""

    def __init__(self, planes: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(planes, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.stride, self.more = stride, (out - planes) // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        short = x[:, :, :: self.stride, :: self.stride]
        return F.relu(y + F.pad(short, (0, 0, 0, 0, self.more, self.more)))


class GPT(nn.Module):
    """Attention as nanoGPT writes it, with tied weights."""

    def __init__(self, words: int = 11, width: int = 8, heads: int = 2, length: int = 9) -> None:
        super().__init__()
        self.heads = heads
        self.wte, self.wpe = nn.Embedding(words, width), nn.Embedding(length, width)
        self.ln_1, self.ln_f = nn.LayerNorm(width), nn.LayerNorm(width)
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.head = nn.Linear(width, words, bias=False)
        self.head.weight = self.wte.weight

    def forward(self, idx: torch.Tensor) -> torch.Tensor:
        b, t = idx.size()
        assert t <= self.wpe.num_embeddings
        x = self.wte(idx) + self.wpe(torch.arange(0, t, device=idx.device))
        c = x.size(-1)
        parts = self.c_attn(self.ln_1(x)).split(c, dim=2)
        q, k, v = (y.view(b, t, self.heads, c // self.heads).transpose(1, 2) for y in parts)
        scores = (q @ k.transpose(-2, -1)) / k.size(-1) ** 0.5
        later = torch.tril(torch.ones(t, t)).view(1, 1, t, t) == 0
        y = F.softmax(scores.masked_fill(later, float("-inf")), dim=-1) @ v
        x = x + self.c_proj(y.transpose(1, 2).contiguous().view(b, t, c))
        return self.head(self.ln_f(x))


def lenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 10),
    )  # fmt: skip


def resnet() -> nn.Module:
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), Residual(4, 4, 1),
        Residual(4, 8, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10),
    )  # fmt: skip
    model(torch.randn(4, 1, 8, 8))
    return model


def autoencoder() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.GELU(), nn.GroupNorm(2, 4),
        nn.ConvTranspose2d(4, 1, 3, stride=2, padding=1, output_padding=1), nn.Sigmoid(),
    )  # fmt: skip


class Translator(nn.Module):
    """A seq2seq Transformer with a causal mask and masks of the padding."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(9, 8)
        self.transformer = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
        self.out = nn.Linear(8, 9)

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        size = target.size(1)
        causal = torch.triu(torch.ones(size, size), diagonal=1).bool()
        y = self.transformer(
            self.words(source), self.words(target), tgt_mask=causal,
            src_key_padding_mask=source == 0, tgt_key_padding_mask=target == 0,
        )  # fmt: skip
        return self.out(y)


def recurrent() -> nn.Module:
    return nn.Sequential(nn.Embedding(9, 3), nn.GRU(3, 4))


def pixels(*shape: int) -> torch.Tensor:
    return torch.randn(*shape)


def words(*shape: int) -> torch.Tensor:
    return torch.randint(0, 9, shape)


def compare(
    build: Callable[[], nn.Module],
    make: Callable[..., torch.Tensor],
    axes: list[dict[int, str]],
    *shapes: list[tuple[int, ...]],
) -> None:
    """Export at the first shapes, and compare at all of them."""
    model = build()
    calls = [[make(*shape) for shape in call] for call in shapes]
    names = [f"x{i}" for i in range(len(axes))]
    proto = torch.onnx.export(
        model, calls[0], input_names=names, dynamic_axes=dict(zip(names, axes, strict=True))
    )
    file = proto.SerializeToString()
    session = runtime.InferenceSession(file, ALONE, ["CPUExecutionProvider"])
    assert model.training
    model.eval()
    for call in calls:
        with torch.no_grad():
            wanted = model(*call)
        first = wanted if isinstance(wanted, torch.Tensor) else wanted[0]
        feed = {name: np.array(x.numpy()) for name, x in zip(names, call, strict=True)}
        found = session.run(None, feed)[0]
        assert found.shape == tuple(first.shape)
        assert np.allclose(found, first.numpy(), rtol=2e-5, atol=2e-5)


BATCH = {0: "batch"}


@pytest.mark.parametrize(
    ("build", "shape"),
    [(lenet, (2, 1, 16, 16)), (resnet, (2, 1, 8, 8)), (autoencoder, (2, 1, 8, 8))],
)
def test_models_of_images(build: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    compare(build, pixels, [BATCH], [shape], [(1, *shape[1:])], [(5, *shape[1:])])


@pytest.mark.parametrize("build", [GPT, recurrent])
def test_models_of_texts_of_any_length(build: Callable[[], nn.Module]) -> None:
    compare(build, words, [{0: "n", 1: "time"}], [(2, 5)], [(1, 1)], [(3, 9)])


def test_a_translator_of_texts_of_any_two_lengths() -> None:
    axes = [{0: "n", 1: "source"}, {0: "n", 1: "target"}]
    compare(Translator, words, axes, [(2, 5), (2, 4)], [(1, 3), (1, 7)], [(3, 2), (3, 2)])


def test_images_may_be_of_any_size() -> None:
    axes = [{0: "n", 2: "height", 3: "width"}]
    compare(resnet, pixels, axes, [(2, 1, 8, 6)], [(1, 1, 16, 12)], [(3, 1, 9, 20)])


def test_the_size_of_an_output_is_told() -> None:
    proto = torch.onnx.export(
        autoencoder(), pixels(2, 1, 8, 8), dynamic_axes={"input": {0: "n", 2: "h"}},
        output_names=["y"],
    )  # fmt: skip
    shape = [d.dim_param or d.dim_value for d in proto.graph.output[0].type.tensor_type.shape.dim]
    assert shape[:2] == ["n", 1]
    assert shape[3] == 8
