"""Every layer and loss: output, gradients and buffers are those of torch, in both modes."""

from collections.abc import Callable
from operator import attrgetter
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

Make = Callable[[ModuleType], object]
Values = NDArray[np.float32] | NDArray[np.int64]


def floats(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def positive(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(0.05, 0.95, size=shape).astype(np.float32)


def classes(n: int, *shape: int) -> Values:
    return np.random.default_rng(1).integers(0, n, size=shape)


LAYERS: list[tuple[Make, Values]] = [
    (lambda t: t.nn.Identity(), floats(2, 3)),
    (lambda t: t.nn.Linear(3, 5), floats(3)),
    (lambda t: t.nn.Linear(3, 5), floats(2, 4, 3)),
    (lambda t: t.nn.Linear(3, 5, bias=False), floats(2, 3)),
    (lambda t: t.nn.Flatten(), floats(2, 3, 4)),
    (lambda t: t.nn.Unflatten(1, (2, -1)), floats(2, 6)),
    (lambda t: t.nn.Conv1d(3, 4, 3), floats(2, 3, 8)),
    (lambda t: t.nn.Conv1d(4, 4, 3, padding="same", groups=2), floats(2, 4, 8)),
    (lambda t: t.nn.Conv2d(3, 4, 3), floats(2, 3, 7, 6)),
    (lambda t: t.nn.Conv2d(3, 4, (3, 2), stride=2, padding=(1, 2), dilation=2), floats(2, 3, 9, 8)),
    (lambda t: t.nn.Conv2d(4, 6, 3, groups=2, bias=False, padding="valid"), floats(4, 7, 7)),
    (lambda t: t.nn.MaxPool1d(2), floats(2, 3, 9)),
    (lambda t: t.nn.MaxPool2d(2), floats(2, 3, 6, 7)),
    (lambda t: t.nn.MaxPool2d(3, 2, padding=1, ceil_mode=True), floats(2, 3, 6, 7)),
    (lambda t: t.nn.MaxPool2d(2, 1, dilation=2), floats(3, 6, 7)),
    (lambda t: t.nn.AvgPool1d(3, 1, 1), floats(2, 3, 9)),
    (lambda t: t.nn.AvgPool2d(2), floats(2, 3, 6, 7)),
    (lambda t: t.nn.AvgPool2d(3, 2, 1, count_include_pad=False), floats(2, 3, 6, 7)),
    (lambda t: t.nn.AvgPool2d(2, divisor_override=3), floats(2, 3, 6, 7)),
    (lambda t: t.nn.AdaptiveAvgPool2d(1), floats(2, 3, 6, 7)),
    (lambda t: t.nn.AdaptiveAvgPool2d((3, None)), floats(2, 3, 7, 5)),
    (lambda t: t.nn.ReLU(), floats(2, 3)),
    (lambda t: t.nn.LeakyReLU(0.2), floats(2, 3)),
    (lambda t: t.nn.ELU(1.5), floats(2, 3)),
    (lambda t: t.nn.GELU(), floats(2, 3)),
    (lambda t: t.nn.GELU("tanh"), floats(2, 3)),
    (lambda t: t.nn.SiLU(), floats(2, 3)),
    (lambda t: t.nn.Sigmoid(), floats(2, 3)),
    (lambda t: t.nn.Tanh(), floats(2, 3)),
    (lambda t: t.nn.Softplus(2.0, 1.0), floats(2, 3)),
    (lambda t: t.nn.Softmax(dim=1), floats(2, 3)),
    (lambda t: t.nn.LogSoftmax(dim=0), floats(2, 3)),
    (lambda t: t.nn.BatchNorm1d(3), floats(4, 3)),
    (lambda t: t.nn.BatchNorm1d(3, momentum=None), floats(4, 3, 5)),
    (lambda t: t.nn.BatchNorm2d(3, eps=0.1, momentum=0.3), floats(4, 3, 2, 2)),
    (lambda t: t.nn.BatchNorm2d(3, affine=False), floats(4, 3, 2, 2)),
    (lambda t: t.nn.BatchNorm2d(3, track_running_stats=False), floats(4, 3, 2, 2)),
    (lambda t: t.nn.BatchNorm2d(3, bias=False), floats(4, 3, 2, 2)),
    (lambda t: t.nn.LayerNorm(5), floats(4, 3, 5)),
    (lambda t: t.nn.LayerNorm((3, 5), bias=False), floats(4, 3, 5)),
    (lambda t: t.nn.LayerNorm([5], elementwise_affine=False), floats(4, 5)),
    (lambda t: t.nn.Dropout(0.3), floats(40, 5)),
    (lambda t: t.nn.Dropout(0.0), floats(4, 5)),
    (lambda t: t.nn.Dropout(1.0), floats(4, 5)),
    (lambda t: t.nn.GroupNorm(2, 4), floats(3, 4, 5)),
    (lambda t: t.nn.GroupNorm(4, 4, affine=False), floats(3, 4, 5)),
    (lambda t: t.nn.GroupNorm(1, 4, bias=False), floats(3, 4, 2, 2)),
    (lambda t: t.nn.RMSNorm(5), floats(4, 3, 5)),
    (lambda t: t.nn.RMSNorm((3, 5), eps=0.1, elementwise_affine=False), floats(4, 3, 5)),
    (lambda t: t.nn.Embedding(7, 3), classes(7, 4, 5)),
    (lambda t: t.nn.Embedding(7, 3, padding_idx=2), classes(7, 4, 5)),
    (lambda t: t.nn.Sequential(t.nn.Linear(3, 4), t.nn.Dropout(), t.nn.ReLU()), floats(6, 3)),
]
LOSSES: list[tuple[Make, Values, Values]] = [
    (lambda t: t.nn.MSELoss(), floats(4, 3), positive(4, 3)),
    (lambda t: t.nn.L1Loss(), floats(4, 3), positive(4, 3)),
    (lambda t: t.nn.SmoothL1Loss(beta=0.5), floats(4, 3), positive(4, 3)),
    (lambda t: t.nn.HuberLoss(delta=0.5), floats(4, 3), positive(4, 3)),
    (lambda t: t.nn.BCELoss(), positive(4, 3), positive(4, 3)),
    (lambda t: t.nn.BCELoss(t.tensor([1.0, 2.0, 3.0])), positive(4, 3), positive(4, 3)),
    (lambda t: t.nn.BCEWithLogitsLoss(), floats(4, 3), positive(4, 3)),
    (
        lambda t: t.nn.BCEWithLogitsLoss(pos_weight=t.tensor([1.0, 2.0, 3.0])),
        floats(4, 3),
        positive(4, 3),
    ),
    (lambda t: t.nn.KLDivLoss(reduction="batchmean"), -positive(4, 3), positive(4, 3)),
    (lambda t: t.nn.KLDivLoss(reduction="sum", log_target=True), -positive(4, 3), -positive(4, 3)),
    (lambda t: t.nn.NLLLoss(), floats(4, 3), classes(3, 4)),
    (
        lambda t: t.nn.NLLLoss(t.tensor([1.0, 2.0, 3.0]), ignore_index=1),
        floats(9, 3),
        classes(3, 9),
    ),
    (lambda t: t.nn.CrossEntropyLoss(), floats(4, 10), classes(10, 4)),
    (lambda t: t.nn.CrossEntropyLoss(), floats(4, 10), positive(4, 10)),
    (lambda t: t.nn.CrossEntropyLoss(), floats(4, 10, 2, 3), classes(10, 4, 2, 3)),
    (lambda t: t.nn.CrossEntropyLoss(label_smoothing=0.1), floats(4, 10), classes(10, 4)),
    (lambda t: t.nn.CrossEntropyLoss(t.arange(1.0, 4.0)), floats(9, 3), classes(3, 9)),
    (lambda t: t.nn.CrossEntropyLoss(ignore_index=1), floats(9, 3), classes(3, 9)),
    (lambda t: t.nn.CrossEntropyLoss(reduction="none"), floats(9, 3), classes(3, 9)),
    (lambda t: t.nn.CrossEntropyLoss(reduction="sum"), floats(9, 3), classes(3, 9)),
]


def results(
    t: ModuleType, make: Make, device: str, train: bool, *inputs: Values
) -> dict[str, Values]:
    """Output, gradients and buffers of one call."""
    t.manual_seed(6)
    module = attrgetter("train")(make(t))(train).to(device)
    tensors = [t.tensor(values, device=device) for values in inputs]
    if tensors[0].is_floating_point():
        tensors[0].requires_grad_()
    y = module(*tensors)
    found = {"output": y.detach().cpu().numpy()}
    if y.requires_grad:
        weights = t.arange(y.numel(), dtype=y.dtype, device=device).reshape(y.shape)
        (y * (weights + 1).cos()).sum().backward()
        for name, p in [("input", tensors[0]), *module.named_parameters()]:
            if p.grad is not None:
                found["gradient of " + name] = p.grad.numpy()
    for name, buffer in module.named_buffers():
        found[name] = buffer.numpy()
    return found


def compare(make: Make, device: str, train: bool, *inputs: Values) -> None:
    ours = results(minitorch, make, device, train, *inputs)
    theirs = results(torch, make, "cpu", train, *inputs)
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        assert ours[name].dtype == expected.dtype
        np.testing.assert_allclose(ours[name], expected, rtol=1e-5, atol=1e-5, err_msg=name)
    assert (minitorch.get_rng_state().numpy() == torch.get_rng_state().numpy()).all()


@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("device", ["cpu", "numpy"])
@pytest.mark.parametrize(("make", "x"), LAYERS)
def test_a_layer_computes_what_torch_does(make: Make, x: Values, device: str, train: bool) -> None:
    compare(make, device, train, x)


@pytest.mark.parametrize("device", ["cpu", "numpy"])
@pytest.mark.parametrize(("make", "x", "target"), LOSSES)
def test_a_loss_computes_what_torch_does(
    make: Make, x: Values, target: Values, device: str
) -> None:
    compare(make, device, True, x, target)
