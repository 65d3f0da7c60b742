"""Activations: in place, at the edges, softmax's dimension, and what is refused."""

import math
from collections.abc import Callable

import numpy as np
import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Tensor

IN_PLACE: list[Callable[..., Tensor]] = [
    F.celu,
    F.elu,
    F.hardsigmoid,
    F.hardswish,
    F.hardtanh,
    F.leaky_relu,
    F.mish,
    F.relu,
    F.relu6,
    F.selu,
    F.silu,
]


@pytest.mark.parametrize("function", IN_PLACE, ids=lambda f: f.__name__)
def test_in_place_writes_the_same_numbers(function: Callable[..., Tensor]) -> None:
    x = mt.linspace(-4, 4, 9)
    expected = function(x)
    assert not mt.allclose(x, expected)
    assert function(x, inplace=True) is x
    assert x.tolist() == expected.tolist()


def test_in_place_is_recorded() -> None:
    x = mt.tensor([-1.0, 2.0], requires_grad=True)
    y = x * 3.0
    F.leaky_relu(y, 0.5, inplace=True)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1.5, 3.0]


def test_in_place_on_a_leaf_is_refused() -> None:
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        F.relu(mt.ones(2, requires_grad=True), inplace=True)


def test_a_threshold_replaces_what_is_not_above() -> None:
    assert F.threshold(mt.tensor([1.0, 2.0, 3.0]), 2.0, -1.0).tolist() == [-1.0, -1.0, 3.0]
    x = mt.tensor([1, 2, 3])
    assert F.threshold(x, 2, 7, inplace=True) is x
    assert x.tolist() == [7, 7, 3]


def test_softplus_is_x_above_its_threshold() -> None:
    x = mt.tensor([-1000.0, 0.0, 3.0, 1000.0])
    assert F.softplus(x)[[0, 3]].tolist() == [0.0, 1000.0]
    assert F.softplus(x, beta=2.0, threshold=1.0)[2].item() == 3.0
    assert F.softplus(x, beta=2.0)[1].item() == pytest.approx(math.log(2) / 2)


def test_glu_gates_one_half_by_the_other() -> None:
    x = mt.tensor([[1.0, 2.0, 0.0, 1000.0]])
    assert F.glu(x).tolist() == [[0.5, 2.0]]
    with pytest.raises(RuntimeError, match=r"dimension 0 is size 1 in shape \(1, 4\)"):
        F.glu(x, 0)


def test_prelu_has_a_slope_for_each_channel() -> None:
    x = mt.tensor([[-1.0, -1.0], [1.0, -2.0]])
    assert F.prelu(x, mt.tensor([0.5, 0.25])).tolist() == [[-0.5, -0.25], [1.0, -0.5]]
    with pytest.raises(RuntimeError, match="parameter numbers = 3 and channel size = 2"):
        F.prelu(x, mt.ones(3))
    with pytest.raises(RuntimeError, match=r"scalar or 1D tensor, but got shape \(1, 2\)"):
        F.prelu(x, mt.ones(1, 2))


def test_softmax_neither_overflows_nor_underflows() -> None:
    x = mt.tensor([[1000.0, 999.0], [-1000.0, -1001.0]])
    p = 1.0 / (1.0 + math.exp(-1.0))
    assert F.softmax(x, dim=1).flatten().tolist() == pytest.approx([p, 1.0 - p] * 2)
    assert F.log_softmax(mt.tensor([0.0, 1000.0]), dim=0).tolist() == [-1000.0, 0.0]
    assert F.softmin(mt.tensor([0.0, 1000.0]), dim=0).tolist() == [1.0, 0.0]


def test_a_softmax_adds_up_to_one_in_float32() -> None:
    y = F.softmax(mt.randn(50, 1000) * 10, dim=1)
    np.testing.assert_allclose(y.sum(1).tolist(), np.ones(50), rtol=1e-6)


@pytest.mark.parametrize(("ndim", "dim"), [(0, 0), (1, 0), (2, 1), (3, 0), (4, 1)])
def test_without_dim_softmax_warns_and_chooses_as_torch_does(ndim: int, dim: int) -> None:
    x = mt.randn((2,) * ndim)
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax") as caught:
        y = F.softmax(x)
    assert caught[0].filename == __file__  # the caller's line, not ours
    assert y.tolist() == F.softmax(x, dim=dim).tolist()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: F.softmax(x, dim=2), IndexError, r"range of \[-2, 1\], but got 2"),
        (lambda x: F.softmax(x.long(), dim=1), RuntimeError, "softmax: expected a floating point"),
        (lambda x: F.log_softmax(x.long(), dim=1), RuntimeError, "log_softmax: expected a float"),
        (lambda x: F.gelu(x, approximate="erf"), RuntimeError, "'none' or 'tanh', but got 'erf'"),
        (lambda x: F.gelu(x.long()), RuntimeError, "gelu: expected a floating point tensor"),
        (lambda x: F.elu(x.long()), RuntimeError, "elu: expected a floating point tensor"),
        (lambda x: F.relu(x != 0), RuntimeError, "Boolean inputs not supported for relu"),
        (lambda x: F.hardtanh(x, 1.0, -1.0), ValueError, "min_val cannot be greater than max_val"),
        (lambda x: F.celu(x, 0.0), RuntimeError, "alpha cannot be 0 for CELU"),
        (lambda x: F.softshrink(x, -1.0), RuntimeError, "equal to 0, but found -1.0"),
        (lambda x: F.glu(x[0, 0]), RuntimeError, "glu does not support 0-dimensional tensors"),
    ],
)
def test_bad_arguments_are_refused(
    call: Callable[[Tensor], Tensor], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call(mt.zeros(2, 2))
