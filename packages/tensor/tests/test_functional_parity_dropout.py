"""From one seed, dropout zeroes what PyTorch zeroes, and takes as many draws."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch_tensor as mt
import minitorch_tensor.functional as F

from .functional_oracle import normal

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore:dropout.d")]


def assert_same(call: Callable[..., Any], x: NDArray[np.floating]) -> None:
    """The same numbers, and the same number after them."""
    mt.manual_seed(3)
    torch.manual_seed(3)
    ours = call(F, mt.tensor(x)).numpy()
    theirs = call(torch.nn.functional, torch.tensor(x)).numpy()
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)
    assert mt.rand(1).item() == torch.rand(1).item()


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("inplace", [False, True])
def test_dropout(p: float, dtype: type[np.floating], inplace: bool) -> None:
    assert_same(lambda F, x: F.dropout(x, p, inplace=inplace), normal(7, 9).astype(dtype))
    assert_same(lambda F, x: F.dropout(x, p, inplace=inplace), normal().astype(dtype))


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.permute(2, 0, 1),
        lambda x: x.transpose(0, 1),
        lambda x: x[:, ::2],
        lambda x: x[:, ::2].permute(2, 1, 0),
        lambda x: x[:, :1].expand(3, 6, 5),
        lambda x: x[:, :1].expand(3, 6, 5).transpose(0, 2),
        lambda x: x[:1].expand(3, 4, 5).permute(1, 2, 0),
        lambda x: x.as_strided((3, 4), (1, 1)),
        lambda x: x.unsqueeze(1).transpose(0, 3),
    ],
)
def test_the_mask_lies_in_memory_as_the_input_does(view: Callable[..., Any]) -> None:
    assert_same(lambda F, x: F.dropout(view(x), 0.4), normal(3, 4, 5).astype(np.float32))


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("dropout1d", (3, 4, 5)),
        ("dropout1d", (4, 5)),
        ("dropout2d", (3, 4, 5, 2)),
        ("dropout2d", (3, 4, 5)),
        ("dropout2d", (3, 4)),
        ("dropout3d", (2, 3, 2, 2, 2)),
        ("dropout3d", (3, 2, 2, 2)),
    ],
)
def test_dropout_of_channels(name: str, shape: tuple[int, ...], inplace: bool) -> None:
    assert_same(
        lambda F, x: getattr(F, name)(x, 0.4, inplace=inplace), normal(*shape).astype(np.float32)
    )
