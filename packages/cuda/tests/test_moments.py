"""Variance and mean in one pass: every way to fold, and numbers far from 0."""

import math
import warnings

import numpy as np
import pytest

import minitorch_tensor as t
from minitorch_tensor.autograd import grad
from minitorch_tensor.dtype import DType
from minitorch_tensor.moments import variance_and_mean

from .fused_cases import values

pytestmark = pytest.mark.usefixtures("simulator")

CASES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((1,), (0,)),
    ((3,), ()),
    ((3, 40), (1,)),
    ((40, 3), (0,)),
    ((40, 36), (0,)),
    ((700,), (0,)),
    ((70, 2), (0,)),
    ((2, 3, 12), (0, 2)),
    ((2, 5, 3), (1,)),
]


@pytest.mark.parametrize(
    ("shape", "dims", "dtype"),
    [(*case, t.float32) for case in CASES] + [(*case, t.float64) for case in CASES[2:4]],
    ids=str,
)
def test_same_as_the_composite(shape: tuple[int, ...], dims: tuple[int, ...], dtype: DType) -> None:
    _ = t.manual_seed(0)
    x = t.randn(*shape, dtype=dtype) * 3 + 5
    there = x.to("cuda")
    degrees = max(x.numel() / 4, 1.0)
    for given in (there, there.T.contiguous().T):
        found = variance_and_mean(given, dims, degrees)
        expected = variance_and_mean.composite(x, dims, degrees)
        for a, b in zip(found, expected, strict=True):
            assert a.shape == b.shape
            assert a.dtype is dtype
            tolerance = 1e-5 if dtype is t.float32 else 1e-12
            np.testing.assert_allclose(values(a), values(b), rtol=tolerance)


def test_gradients_and_their_gradients() -> None:
    def gradients(device: str) -> list[t.Tensor]:
        x = (t.arange(12.0).reshape(3, 4) ** 1.5).to(device).requires_grad_()
        variance, mean = x.var(1), x.mean(1)
        (first,) = grad([(variance * variance + mean).sum()], [x], create_graph=True)
        assert first is not None
        (second,) = grad([(first * first).sum()], [x])
        assert second is not None
        return [first, second]

    for a, b in zip(gradients("cuda"), gradients("numpy"), strict=True):
        np.testing.assert_allclose(values(a), values(b), rtol=1e-4)


def test_numbers_far_from_0_keep_their_digits() -> None:
    x = (np.arange(600) % 7).astype(np.float32)
    there = t.tensor(x + np.float32(10000)).to("cuda")
    assert there.var(correction=0).item() == pytest.approx(float(x.var()), rel=1e-5)
    large = t.full((80,), 1e30).to("cuda")
    assert large.var().item() == 0.0


def test_infinities_and_nan() -> None:
    x = t.tensor([[1.0, math.inf], [math.nan, 2.0], [3.0, 3.0]]).to("cuda")
    variance, mean = t.var_mean(x, 1)
    assert str(variance.to("cpu").tolist()) == "[nan, nan, 0.0]"
    assert str(mean.to("cpu").tolist()) == "[inf, nan, 3.0]"


def test_no_degree_of_freedom() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert math.isnan(t.ones(1).to("cuda").var().item())


@pytest.mark.parametrize("dtype", [t.float16, t.bfloat16], ids=["float16", "bfloat16"])
def test_16_bits(dtype: DType) -> None:
    x = t.arange(40.0).to(dtype).reshape(2, 20).to("cuda")
    variance, mean = variance_and_mean(x, (1,), 20.0)
    assert variance.dtype is dtype
    assert mean.to("cpu").float().reshape(-1).tolist() == [9.5, 29.5]
    assert variance.to("cpu").float().reshape(-1).tolist() == pytest.approx([33.25] * 2, rel=0.01)
