"""How modules print: as torch's do, with minitorch's name for its dtypes."""

from collections import OrderedDict
from collections.abc import Callable
from types import ModuleType

import pytest

import minitorch

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

CASES: list[Callable[[ModuleType], object]] = [
    lambda t: t.nn.Linear(3, 3),
    lambda t: t.nn.Linear(3, 3, bias=False),
    lambda t: t.nn.Identity(3, x=4),
    lambda t: t.nn.Flatten(),
    lambda t: t.nn.Unflatten(1, (2, 3)),
    lambda t: t.nn.Conv1d(2, 4, 3, padding="same"),
    lambda t: t.nn.Conv2d(3, 6, 5),
    lambda t: t.nn.Conv2d(4, 8, (3, 5), stride=2, padding=1, dilation=(1, 2), groups=2, bias=False),
    lambda t: t.nn.MaxPool1d(3, 2),
    lambda t: t.nn.MaxPool2d(2),
    lambda t: t.nn.MaxPool2d((2, 3), stride=1, padding=1, ceil_mode=True),
    lambda t: t.nn.AvgPool1d(2),
    lambda t: t.nn.AvgPool2d((2, 2), padding=1),
    lambda t: t.nn.AdaptiveAvgPool2d((1, None)),
    lambda t: t.nn.ReLU(),
    lambda t: t.nn.ReLU(inplace=True),
    lambda t: t.nn.LeakyReLU(0.2),
    lambda t: t.nn.LeakyReLU(0.2, inplace=True),
    lambda t: t.nn.ELU(),
    lambda t: t.nn.GELU(),
    lambda t: t.nn.GELU("tanh"),
    lambda t: t.nn.SiLU(),
    lambda t: t.nn.SiLU(inplace=True),
    lambda t: t.nn.Sigmoid(),
    lambda t: t.nn.Tanh(),
    lambda t: t.nn.Softplus(),
    lambda t: t.nn.Softmax(1),
    lambda t: t.nn.LogSoftmax(dim=-1),
    lambda t: t.nn.BatchNorm1d(4),
    lambda t: t.nn.BatchNorm2d(4, affine=False, momentum=None),
    lambda t: t.nn.BatchNorm2d(4, bias=False, track_running_stats=False),
    lambda t: t.nn.LayerNorm(4),
    lambda t: t.nn.LayerNorm([2, 3], elementwise_affine=False),
    lambda t: t.nn.LayerNorm((2, 3), bias=False),
    lambda t: t.nn.GroupNorm(2, 4),
    lambda t: t.nn.GroupNorm(2, 4, eps=0.1, affine=False),
    lambda t: t.nn.RMSNorm(4),
    lambda t: t.nn.RMSNorm([2, 3], 0.1, False),
    lambda t: t.nn.RNN(2, 3, nonlinearity="relu"),
    lambda t: t.nn.LSTM(2, 3),
    lambda t: t.nn.LSTM(2, 3, 2, False, True, 0.5, True, 2),
    lambda t: t.nn.GRU(2, 3, num_layers=2, bidirectional=True),
    lambda t: t.nn.RNNCell(2, 3),
    lambda t: t.nn.RNNCell(2, 3, bias=False, nonlinearity="relu"),
    lambda t: t.nn.LSTMCell(2, 3),
    lambda t: t.nn.GRUCell(2, 3, False),
    lambda t: t.nn.MultiheadAttention(4, 2),
    lambda t: t.nn.MultiheadAttention(4, 2, bias=False, kdim=3, vdim=5),
    lambda t: t.nn.TransformerEncoderLayer(4, 2, 8),
    lambda t: t.nn.TransformerDecoderLayer(4, 2, 8, activation="gelu", bias=False),
    lambda t: t.nn.Transformer(4, 2, 2, 1, 8, batch_first=True),
    lambda t: t.nn.Dropout(),
    lambda t: t.nn.Dropout(0.1, inplace=True),
    lambda t: t.nn.Embedding(10, 3),
    lambda t: t.nn.Embedding(10, 3, padding_idx=-1),
    lambda t: t.nn.CrossEntropyLoss(),
    lambda t: t.nn.MSELoss(),
    lambda t: t.nn.HuberLoss(),
    lambda t: t.nn.KLDivLoss(),
    lambda t: t.nn.Sequential(),
    lambda t: t.nn.Sequential(t.nn.Linear(2, 3), t.nn.ReLU(), t.nn.Linear(3, 1)),
    lambda t: t.nn.Sequential(OrderedDict(fc=t.nn.Linear(2, 3), act=t.nn.ReLU())),
    lambda t: t.nn.Sequential(t.nn.Sequential(t.nn.Tanh()), t.nn.Sequential()),
    lambda t: t.nn.ModuleList(),
    lambda t: t.nn.ModuleList([t.nn.Linear(2, 2) for _ in range(3)]),
    lambda t: t.nn.ModuleList([t.nn.ReLU(), t.nn.ReLU(), t.nn.Tanh(), t.nn.ReLU()]),
    lambda t: t.nn.ModuleList([t.nn.Sequential(t.nn.ReLU()) for _ in range(2)]),
    lambda t: t.nn.ModuleDict({"a": t.nn.ReLU(), "b": t.nn.Sequential(t.nn.Tanh())}),
    lambda t: t.nn.ParameterList([t.ones(2, 3), t.zeros(())]),
    lambda t: t.nn.ParameterDict({"left": t.ones(2), "right": t.ones(1, 4)}),
    lambda t: t.nn.Sequential(t.nn.ParameterList([t.ones(2)])),
]


@pytest.mark.parametrize("make", CASES)
def test_a_module_prints_as_in_torch(make: Callable[[ModuleType], object]) -> None:
    expected = repr(make(torch)).replace("torch.FloatTensor", "torch.float32")
    expected = expected.replace("torch.", "minitorch.")
    assert repr(make(minitorch)) == expected


def test_a_tree_with_extra_lines_prints_as_in_torch() -> None:
    def build(t: ModuleType) -> object:
        net = type("Net", (t.nn.Module,), {"extra_repr": lambda self: "first=1\nsecond=2"})()
        net.fc = t.nn.Linear(1, 2)
        return net

    assert repr(build(minitorch)) == repr(build(torch))
