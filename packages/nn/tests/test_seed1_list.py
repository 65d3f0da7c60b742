"""The 59 names of torch.nn that one of the projects before this one planned, each with a number.

Its list of planned modules stood in its README under "Future plan"; here all of them compute.
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import pytest

import minitorch as torch
from minitorch import Tensor, nn

M = TypeVar("M", bound=nn.Module)
Numbers = float | Sequence[float] | Sequence[Sequence[float]] | Sequence[Sequence[Sequence[float]]]

A, B = math.tanh(3.0), 1 / (1 + math.exp(-3.0))  # of 3 = 1 * 1 + 1 * 0 + 1 + 1


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.slope, self.start = nn.Parameter(x(0.0)), nn.Parameter(x(0.0))

    def forward(self, input: Tensor) -> Tensor:
        return self.slope * input + self.start


def x(values: Numbers) -> Tensor:
    """A tensor on the device that compiles nothing."""
    return torch.tensor(values, device="numpy")


def ones(*shape: int) -> Tensor:
    return torch.ones(*shape, device="numpy")


def upto(n: int, *shape: int) -> Tensor:
    return torch.arange(float(n), device="numpy").reshape(*shape)


def with_ones(module: M) -> M:
    """A module whose parameters are all 1."""
    module.to("numpy")
    for parameter in module.parameters():
        nn.init.ones_(parameter)
    return module


def only_norms(module: M) -> M:
    """A transformer whose layers give 0, so that only the normalisation of its input is left."""
    module.to("numpy")
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    for each in module.modules():
        if isinstance(each, nn.LayerNorm) and each.weight is not None:
            nn.init.ones_(each.weight)
    return module


def flat(values: object) -> list[float]:
    if isinstance(values, list):
        return [number for each in values for number in flat(each)]
    assert isinstance(values, float)
    return [values]


def levels(y: Tensor) -> list[float]:
    """The different values of a tensor."""
    return sorted({*flat(y.tolist())})


def whole(y: Tensor) -> list[float]:
    """The different values, in a tensor (1, channels, ...) of which each channel has one value."""
    channels = y[0].flatten(1)
    assert (channels == channels[:, :1]).all().item()
    return levels(y)


PAIR, ROW = x([[[1.0, 3.0]]]), x([[1.0, 2.0]])
NORMAL = [[[-1.0, 1.0]]]
CASES: dict[str, tuple[Callable[[], Tensor | list[float]], float | Sequence[object]]] = {
    "Parameter": (lambda: nn.Parameter(ROW) * 2, [[2.0, 4.0]]),
    "Module": (lambda: with_ones(Line())(ROW), [[2.0, 3.0]]),
    "Sequential": (lambda: with_ones(nn.Sequential(nn.Linear(2, 1), nn.ReLU()))(ROW), [[4.0]]),
    "ModuleList": (lambda: with_ones(nn.ModuleList([nn.Linear(2, 1)]))[0](ROW), [[4.0]]),
    "ModuleDict": (lambda: with_ones(nn.ModuleDict({"a": nn.Linear(2, 1)}))["a"](ROW), [[4.0]]),
    "ParameterList": (lambda: nn.ParameterList([ROW])[0] + 1, [[2.0, 3.0]]),
    "ParameterDict": (lambda: nn.ParameterDict({"a": ROW})["a"] + 1, [[2.0, 3.0]]),
    "Conv1d": (lambda: with_ones(nn.Conv1d(1, 1, 2))(x([[[1.0, 2.0, 3.0]]])), [[[4.0, 6.0]]]),
    "Conv2d": (lambda: with_ones(nn.Conv2d(1, 1, 2))(ones(1, 1, 2, 2)), [[[[5.0]]]]),
    "Conv3d": (lambda: with_ones(nn.Conv3d(1, 1, 2))(ones(1, 1, 2, 2, 2)), [[[[[9.0]]]]]),
    "ConvTranspose1d": (
        lambda: with_ones(nn.ConvTranspose1d(1, 1, 2))(x([[[1.0, 2.0]]])),
        [[[2.0, 4.0, 3.0]]],
    ),
    "ConvTranspose2d": (
        lambda: with_ones(nn.ConvTranspose2d(1, 1, 2))(ones(1, 1, 1, 1)),
        [[[[2.0, 2.0], [2.0, 2.0]]]],
    ),
    "ConvTranspose3d": (
        lambda: with_ones(nn.ConvTranspose3d(1, 1, (2, 1, 1)))(ones(1, 1, 1, 1, 1)),
        [[[[[2.0]], [[2.0]]]]],
    ),
    "MaxPool1d": (lambda: nn.MaxPool1d(2)(x([[[1.0, 3.0, 2.0, 0.0]]])), [[[3.0, 2.0]]]),
    "MaxPool2d": (lambda: nn.MaxPool2d(2)(upto(4, 1, 1, 2, 2)), [[[[3.0]]]]),
    "MaxPool3d": (lambda: nn.MaxPool3d(2)(upto(8, 1, 1, 2, 2, 2)), [[[[[7.0]]]]]),
    "AvgPool1d": (lambda: nn.AvgPool1d(2)(x([[[1.0, 3.0, 2.0, 0.0]]])), [[[2.0, 1.0]]]),
    "AvgPool2d": (lambda: nn.AvgPool2d(2)(upto(4, 1, 1, 2, 2)), [[[[1.5]]]]),
    "AvgPool3d": (lambda: nn.AvgPool3d(2)(upto(8, 1, 1, 2, 2, 2)), [[[[[3.5]]]]]),
    "ZeroPad1d": (lambda: nn.ZeroPad1d(1)(ones(1, 1, 1)), [[[0.0, 1.0, 0.0]]]),
    "ZeroPad2d": (lambda: nn.ZeroPad2d((1, 0, 0, 1))(ones(1, 1, 1)), [[[0.0, 1.0], [0.0, 0.0]]]),
    "ZeroPad3d": (
        lambda: nn.ZeroPad3d((1, 0, 0, 0, 0, 1))(ones(1, 1, 1, 1)),
        [[[[0.0, 1.0]], [[0.0, 0.0]]]],
    ),
    "Tanh": (lambda: nn.Tanh()(x([3.0])), [A]),
    "ReLU": (lambda: nn.ReLU()(x([-1.0, 2.0])), [0.0, 2.0]),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.5)(x([-1.0, 2.0])), [-0.5, 2.0]),
    "Sigmoid": (lambda: nn.Sigmoid()(x([3.0])), [B]),
    "Softmax": (lambda: nn.Softmax(dim=0)(x([0.0, math.log(3.0)])), [0.25, 0.75]),
    "SiLU": (lambda: nn.SiLU()(x([3.0])), [3 * B]),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(1).to("numpy")(PAIR), NORMAL),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(1).to("numpy")(PAIR[None])[0], NORMAL),
    "BatchNorm3d": (lambda: nn.BatchNorm3d(1).to("numpy")(PAIR[None, None])[0, 0], NORMAL),
    "LayerNorm": (lambda: nn.LayerNorm(2).to("numpy")(PAIR), NORMAL),
    "GroupNorm": (lambda: nn.GroupNorm(1, 1).to("numpy")(PAIR), NORMAL),
    "RNN": (lambda: with_ones(nn.RNN(1, 1))(ones(1, 1))[0], [[A]]),
    "LSTM": (lambda: with_ones(nn.LSTM(1, 1))(ones(1, 1))[0], [[B * math.tanh(B * A)]]),
    "GRU": (lambda: with_ones(nn.GRU(1, 1))(ones(1, 1))[0], [[(1 - B) * math.tanh(2 + B)]]),
    "RNNCell": (lambda: with_ones(nn.RNNCell(1, 1))(ones(1)), [A]),
    "LSTMCell": (lambda: with_ones(nn.LSTMCell(1, 1))(ones(1))[0], [B * math.tanh(B * A)]),
    "GRUCell": (lambda: with_ones(nn.GRUCell(1, 1))(ones(1)), [(1 - B) * math.tanh(2 + B)]),
    "Transformer": (lambda: only_norms(nn.Transformer(2, 1, 1, 1, 4))(PAIR, PAIR), NORMAL),
    "TransformerEncoder": (
        lambda: only_norms(nn.TransformerEncoder(nn.TransformerEncoderLayer(2, 1, 4), 2))(PAIR),
        NORMAL,
    ),
    "TransformerDecoder": (
        lambda: only_norms(nn.TransformerDecoder(nn.TransformerDecoderLayer(2, 1, 4), 2))(
            PAIR, PAIR
        ),
        NORMAL,
    ),
    "TransformerEncoderLayer": (
        lambda: only_norms(nn.TransformerEncoderLayer(2, 1, 4))(PAIR),
        NORMAL,
    ),
    "TransformerDecoderLayer": (
        lambda: only_norms(nn.TransformerDecoderLayer(2, 1, 4))(PAIR, PAIR),
        NORMAL,
    ),
    "Linear": (lambda: with_ones(nn.Linear(2, 1))(ROW), [[4.0]]),
    "Dropout": (lambda: levels(nn.Dropout(0.5)(ones(1, 64, 3))), [0.0, 2.0]),
    "Dropout1d": (lambda: whole(nn.Dropout1d(0.5)(ones(1, 64, 3))), [0.0, 2.0]),
    "Dropout2d": (lambda: whole(nn.Dropout2d(0.5)(ones(1, 64, 3, 2))), [0.0, 2.0]),
    "Dropout3d": (lambda: whole(nn.Dropout3d(0.5)(ones(1, 64, 3, 2, 1))), [0.0, 2.0]),
    "CosineSimilarity": (lambda: nn.CosineSimilarity()(ROW, x([[4.0, 3.0]])), [10 / 125**0.5]),
    "PairwiseDistance": (lambda: nn.PairwiseDistance(eps=0)(ROW, x([[4.0, 6.0]])), [5.0]),
    "MSELoss": (lambda: nn.MSELoss()(ROW, x([[2.0, 5.0]])), 5.0),
    "CrossEntropyLoss": (lambda: nn.CrossEntropyLoss()(ones(1, 4), x([2])), math.log(4.0)),
    "BCELoss": (lambda: nn.BCELoss()(x([0.25]), x([1.0])), math.log(4.0)),
    "KLDivLoss": (lambda: nn.KLDivLoss(reduction="sum")(x([-2.0]), x([1.0])), 2.0),
    "TripletMarginLoss": (lambda: nn.TripletMarginLoss()(x([[0.0]]), x([[3.0]]), x([[1.0]])), 3.0),
    "PixelShuffle": (lambda: nn.PixelShuffle(2)(upto(4, 4, 1, 1)), [[[0.0, 1.0], [2.0, 3.0]]]),
    "PixelUnshuffle": (
        lambda: nn.PixelUnshuffle(2)(upto(4, 1, 2, 2)),
        [[[0.0]], [[1.0]], [[2.0]], [[3.0]]],
    ),
    "Upsample": (lambda: nn.Upsample(scale_factor=2)(PAIR), [[[1.0, 1.0, 3.0, 3.0]]]),
}


def test_there_are_59_names() -> None:
    assert len(CASES) == 59
    assert set(CASES) <= set(nn.__all__)


@pytest.mark.parametrize("name", CASES)
def test_a_planned_module_computes(name: str) -> None:
    torch.manual_seed(0)
    compute, expected = CASES[name]
    y = compute()
    if isinstance(y, Tensor):
        assert y.shape == np.array(expected).shape
        y = flat(y.tolist())
    assert y == pytest.approx(flat(expected), rel=1e-4)
