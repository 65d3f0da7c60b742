"""Normalisations: their definitions in NumPy, the running statistics, and what they refuse."""

import math
from collections.abc import Callable
from typing import Any

import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F
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


def test_a_layer_is_normalised_to_mean_0_and_variance_1() -> None:
    x = mt.randn(5, 4, 8, dtype=mt.float64) * 3 + 2
    for y, dims in [
        (F.layer_norm(x, (8,), eps=0.0), (2,)),
        (F.layer_norm(x, (4, 8), eps=0.0), (1, 2)),
        (F.group_norm(x, 4, eps=0.0), (2,)),
        (F.group_norm(x, 1, eps=0.0), (1, 2)),
        (F.batch_norm(x, None, None, training=True, eps=0.0), (0, 2)),
    ]:
        assert mt.allclose(y.mean(dims), mt.zeros(1, dtype=mt.float64), atol=1e-12)
        assert mt.allclose(y.var(dims, correction=0), mt.ones(1, dtype=mt.float64))


def test_scale_and_shift_belong_to_the_channels() -> None:
    x = mt.tensor([[[1.0, 3.0], [10.0, 30.0]]])
    scale, shift = mt.tensor([1.0, 2.0]), mt.tensor([0.0, 5.0])
    expected = [[[-1.0, 1.0], [3.0, 7.0]]]
    assert F.batch_norm(x, None, None, scale, shift, True, eps=0.0).tolist() == expected
    assert F.group_norm(x, 2, scale, shift, eps=0.0).tolist() == expected
    assert F.layer_norm(x, (2,), scale, shift, eps=0.0).tolist() == [[[-1.0, 7.0]] * 2]


def test_the_variance_that_is_kept_is_unbiased() -> None:
    mean, var = mt.tensor([10.0]), mt.tensor([10.0])
    F.batch_norm(mt.tensor([[1.0], [3.0]]), mean, var, training=True, momentum=0.5)
    assert mean.tolist() == [6.0]  # half of 10, half of 2
    assert var.tolist() == [6.0]  # half of 10, half of 2: ((1 - 2)^2 + (3 - 2)^2) / 1


def test_evaluating_uses_the_running_statistics_and_leaves_them() -> None:
    mean, var = mt.tensor([2.0]), mt.tensor([4.0])
    y = F.batch_norm(mt.tensor([[4.0]]), mean, var, eps=0.0)
    assert y.tolist() == [[1.0]]
    assert (mean.tolist(), var.tolist()) == ([2.0], [4.0])
    assert (mean.version, var.version) == (0, 0)


def test_training_twice_before_backward_is_no_stale_value() -> None:
    # The running statistics are written in place, but nothing that is saved is.
    mean, var = mt.zeros(3), mt.ones(3)
    x = mt.randn(4, 3, requires_grad=True)
    y = F.batch_norm(x, mean, var, training=True) + F.batch_norm(x, mean, var, training=True)
    (y + F.batch_norm(x, mean, var)).sum().backward()
    assert x.grad is not None
    assert not mean.requires_grad


def test_rms_norm_divides_by_the_root_of_the_mean_square() -> None:
    x = mt.tensor([[3.0, 4.0]])
    y = F.rms_norm(x, (2,), mt.tensor([1.0, 10.0]), eps=0.0)
    assert y[0].tolist() == pytest.approx([3 / 12.5**0.5, 40 / 12.5**0.5])


def test_a_zero_vector_normalised_stays_zero_and_has_a_finite_gradient() -> None:
    x = mt.zeros(1, 3, requires_grad=True)
    y = F.normalize(x)
    assert y.tolist() == [[0.0, 0.0, 0.0]]
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


X = mt.zeros(2, 3)
ONES = mt.ones(3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.batch_norm(X[:1], ONES, ONES, training=True), ValueError,
         r"Expected more than 1 value per channel when training, got input size \(1, 3\)"),
        (lambda: F.batch_norm(X, None, None), RuntimeError,
         "running_mean must be defined in evaluation mode"),
        (lambda: F.batch_norm(X, ONES, None, training=True), ValueError,
         "running_mean and running_var must either both be None or neither be None"),
        (lambda: F.batch_norm(X, mt.ones(4), mt.ones(4)), RuntimeError,
         r"running_mean should contain 3 elements not 4: its shape is \(4,\)"),
        (lambda: F.batch_norm(X, ONES, ONES, mt.ones(1, 3)), RuntimeError, "weight should con"),
        (lambda: F.batch_norm(X, ONES, ONES.double()), RuntimeError, "input and running_var"),
        (lambda: F.batch_norm(ONES, ONES, ONES), RuntimeError, r"but got \(3,\)"),
        (lambda: F.batch_norm(X.long(), ONES, ONES), RuntimeError, "batch_norm: expected a f"),
        (lambda: F.layer_norm(X, (4,)), RuntimeError, r"Given normalized_shape=\(4,\), expected "
         r"input with shape \(\*, 4\), but got input of size \(2, 3\)"),
        (lambda: F.layer_norm(X, ()), RuntimeError, "normalized_shape to be at least 1-dim"),
        (lambda: F.layer_norm(X, (3,), mt.ones(2)), RuntimeError,
         r"but got weight of shape \(2,\) and normalized_shape = \(3,\)"),
        (lambda: F.rms_norm(X, (3,), mt.ones(2)), RuntimeError, "rms_norm: Expected weight to be"),
        (lambda: F.layer_norm(X.long(), (3,)), RuntimeError, "layer_norm: expected a floating"),
        (lambda: F.group_norm(X, 2), RuntimeError, r"shape \(2, 3\) and num_groups=2"),
        (lambda: F.group_norm(X, 0), RuntimeError, "num_groups=0"),
        (lambda: F.group_norm(X, 3, mt.ones(4)), RuntimeError,
         r"number of channels in input, but got weight of shape \(4,\)"),
        (lambda: F.group_norm(X[:1], 3), ValueError, "Expected more than 1 value per channel"),
        (lambda: F.group_norm(ONES, 3), RuntimeError, "at least 2 dimensions for input tensor"),
        (lambda: F.normalize(X.long()), RuntimeError, "normalize: expected a floating point"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(
    call: Callable[[], Tensor], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_number_as_normalized_shape_is_no_sequence() -> None:
    options: dict[str, Any] = {"normalized_shape": 3}
    with pytest.raises(TypeError, match=r"must be a sequence of ints, as in \(3,\)"):
        F.layer_norm(X, **options)
