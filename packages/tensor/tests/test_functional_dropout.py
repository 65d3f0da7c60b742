"""Dropout: PyTorch's zeros for a seed, stored here, and the expectation that stays."""

import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor.functional.dropout import memory_order
from minitorch_tensor.layout import Layout

# What PyTorch 2.13 keeps of 12 elements with p = 0.5 after manual_seed(0).
KEPT_OF_12 = [0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1]


def test_the_zeros_of_seed_0_are_those_of_torch() -> None:
    mt.manual_seed(0)
    assert F.dropout(mt.ones(12), 0.5).tolist() == [2.0 * k for k in KEPT_OF_12]


@pytest.mark.parametrize("device", ["cpu", "numpy"])
def test_the_zeros_are_the_same_on_every_device(device: str) -> None:
    mt.manual_seed(0)
    assert F.dropout(mt.ones(12, device=device)).tolist() == [2.0 * k for k in KEPT_OF_12]


def test_a_transposed_input_is_masked_in_the_order_of_its_memory() -> None:
    mt.manual_seed(0)
    y = F.dropout(mt.ones(3, 4).t())
    assert y.t().flatten().tolist() == [2.0 * k for k in KEPT_OF_12]


def test_the_gradient_is_masked_as_the_values_are() -> None:
    x = mt.ones(100, requires_grad=True)
    y = F.dropout(x, 0.3)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == y.tolist()
    assert 0 < y.sum().item() < 100 / 0.7
    assert (y * y - y / 0.7).abs().max().item() < 1e-6  # each is 0 or 1 / 0.7


def test_the_mean_stays() -> None:
    mt.manual_seed(0)
    assert F.dropout(mt.ones(100_000), 0.2).mean().item() == pytest.approx(1.0, abs=0.01)


def test_what_drops_nothing_returns_its_input_and_draws_nothing() -> None:
    mt.manual_seed(0)
    x = mt.ones(3)
    empty = mt.ones(0)
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.5, training=False) is x
    assert F.dropout(x.long(), 0.5, training=False).dtype is mt.int64
    assert F.dropout(empty, 0.5) is empty
    assert F.dropout1d(mt.ones(1, 1, 1), 1.0).tolist() == [[[0.0]]]
    assert mt.rand(1).item() == 0.49625658988952637


def test_in_place_writes_the_input() -> None:
    mt.manual_seed(0)
    x = mt.ones(12)
    assert F.dropout(x, inplace=True) is x
    assert x.tolist() == [2.0 * k for k in KEPT_OF_12]
    y = mt.ones(2, 3)
    assert F.dropout1d(y, 1.0, inplace=True) is y
    assert y.tolist() == [[0.0] * 3] * 2


def test_channels_are_dropped_whole() -> None:
    mt.manual_seed(0)
    y = F.dropout2d(mt.ones(3, 4, 2, 2))
    kept = y[:, :, 0, 0]
    assert kept.flatten().tolist() == [2.0 * k for k in KEPT_OF_12]
    assert (y == kept.unsqueeze(-1).unsqueeze(-1)).all()
    mt.manual_seed(0)
    assert F.dropout1d(mt.ones(12, 2))[:, 1].tolist() == kept.flatten().tolist()
    mt.manual_seed(0)
    assert F.dropout3d(mt.ones(12, 1, 2, 2))[:, 0, 1, 1].tolist() == kept.flatten().tolist()


@pytest.mark.parametrize(
    ("shape", "strides", "order"),
    [
        ((2, 3), (3, 1), (0, 1)),
        ((2, 3), (1, 2), (1, 0)),
        ((2, 3, 4), (1, 8, 2), (1, 2, 0)),
        ((2, 3), (0, 1), (0, 1)),
        ((2, 3), (1, 0), (0, 1)),
        ((3, 4), (1, 1), (1, 0)),
        ((4, 3), (1, 1), (0, 1)),
        ((), (), ()),
    ],
)
def test_the_order_of_memory(
    shape: tuple[int, ...], strides: tuple[int, ...], order: tuple[int, ...]
) -> None:
    assert memory_order(Layout(shape, strides)) == order


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match=r"has to be between 0 and 1, but got 1\.5"):
        F.dropout(mt.ones(3), 1.5)
    with pytest.raises(RuntimeError, match="dropout: expected a floating point tensor, but got"):
        F.dropout(mt.ones(3).long())
    with pytest.raises(RuntimeError, match=r"2D or 3D input, but received a 1D input of shape"):
        F.dropout1d(mt.ones(3))
    with (
        pytest.warns(UserWarning, match="Received a 1-D input to dropout2d") as caught,
        pytest.raises(RuntimeError, match=r"at least 2 dimensions in the input, but got shape"),
    ):
        F.dropout2d(mt.ones(3))
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="Received a 3D input to dropout2d and assuming") as caught:
        F.dropout2d(mt.ones(3, 1, 1))
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="Received a 2-D input to dropout3d, which is deprecated"):
        F.dropout3d(mt.ones(3, 1))
