"""What the random activations refuse, and what they keep."""

import math

import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    mt.manual_seed(0)
    y = F.alpha_dropout(mt.randn(100_000), 0.3, training=True)
    assert abs(float(y.mean())) < 0.02
    assert abs(float(y.var()) - 1) < 0.03


def test_without_training_alpha_dropout_returns_its_input() -> None:
    x = mt.ones(3)
    assert F.alpha_dropout(x) is x
    assert F.feature_alpha_dropout(x, 0.5) is x


@pytest.mark.parametrize("p", [-0.5, 1.5])
def test_a_probability_is_asked_for(p: float) -> None:
    with pytest.raises(ValueError, match=f"probability has to be between 0 and 1, but got {p}"):
        F.alpha_dropout(mt.ones(3), p, True)


def test_channels_are_asked_for() -> None:
    with pytest.raises(
        RuntimeError, match=r"at least 2 dimensions in the input, but got shape \(3,"
    ):
        F.feature_alpha_dropout(mt.ones(3), 0.5, True)


def test_rrelu_asks_for_an_interval_and_for_floats() -> None:
    with pytest.raises(RuntimeError, match=r"Lower bound should be .* but got 0.5 and 0.1"):
        F.rrelu(mt.ones(3), 0.5, 0.1)
    with pytest.raises(RuntimeError, match="expected a floating point tensor"):
        F.rrelu(mt.ones(3).long())


def test_a_hard_sample_has_exact_ones_and_the_soft_gradient() -> None:
    mt.manual_seed(0)
    x = mt.zeros(4, 3, requires_grad=True)
    y = F.gumbel_softmax(x, hard=True)
    assert y.sum(1).tolist() == pytest.approx([1.0] * 4)
    (y * mt.tensor([1.0, 2.0, 4.0])).sum().backward()
    assert x.grad is not None
    assert not math.isclose(float(x.grad.abs().sum()), 0.0)


def test_the_old_eps_warns() -> None:
    with pytest.warns(UserWarning, match="`eps` parameter is deprecated"):
        F.gumbel_softmax(mt.zeros(2), eps=1e-3)
