"""Normalisations: their definitions in NumPy, the running statistics, and what they refuse."""

import math

import numpy as np
import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F  # noqa: N812 - PyTorch's name
from minitorch_tensor import Tensor


@pytest.mark.parametrize("p", [2, 1, 3, 1.5, 0.5, math.inf, -math.inf])
def test_the_gradient_of_a_norm_is_zero_where_the_norm_is(p: float) -> None:
    x = mt.zeros(2, 3, requires_grad=True)
    x.norm(p, 1).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[0.0] * 3] * 2


def test_the_gradient_of_what_was_broadcast_over_an_empty_batch_is_zero() -> None:
    scale = mt.ones(3, requires_grad=True)
    (mt.zeros(0, 3) * scale).sum().backward()
    assert scale.grad is not None
    assert scale.grad.tolist() == [0.0, 0.0, 0.0]
