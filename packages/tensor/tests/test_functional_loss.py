"""Losses: their definitions, which targets count, and what is refused."""

import math
from collections.abc import Callable

import numpy as np
import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Tensor

LN2, LN3 = math.log(2.0), math.log(3.0)


def test_the_cross_entropy_of_equal_scores_is_the_log_of_their_number() -> None:
    scores = mt.zeros(4, 3)
    targets = mt.tensor([0, 1, 2, 0])
    assert F.cross_entropy(scores, targets).item() == pytest.approx(LN3)
    assert F.cross_entropy(scores, targets, reduction="sum").item() == pytest.approx(4 * LN3)
    assert F.cross_entropy(scores, targets, reduction="none").tolist() == pytest.approx([LN3] * 4)
    assert F.cross_entropy(scores[0], targets[0]).item() == pytest.approx(LN3)


def test_the_gradient_of_cross_entropy_is_softmax_minus_target() -> None:
    scores = mt.randn(4, 3, dtype=mt.float64, requires_grad=True)
    targets = mt.tensor([0, 1, 2, 0])
    F.cross_entropy(scores, targets).backward()
    expected = (F.softmax(scores.detach(), dim=1) - F.one_hot(targets, 3)) / 4
    assert scores.grad is not None
    assert mt.allclose(scores.grad, expected)


def test_cross_entropy_is_finite_for_any_scores() -> None:
    scores = mt.tensor([[1e30, 0.0], [0.0, -1e30]], requires_grad=True)
    loss = F.cross_entropy(scores, mt.tensor([0, 0]))
    loss.backward()
    assert loss.item() == 0.0
    assert scores.grad is not None
    assert scores.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_ignored_targets_count_neither_in_the_sum_nor_in_the_mean() -> None:
    scores = mt.randn(3, 4, requires_grad=True)
    kept = F.cross_entropy(scores[:2], mt.tensor([1, 3]))
    loss = F.cross_entropy(scores, mt.tensor([1, 3, -100]))
    assert loss.item() == pytest.approx(kept.item())
    loss.backward()
    assert scores.grad is not None
    assert scores.grad[2].tolist() == [0.0] * 4
    assert math.isnan(F.cross_entropy(scores, mt.tensor([-100] * 3)).item())


def test_a_class_weighs_in_the_mean_too() -> None:
    log_p = mt.tensor([[-1.0, -9.0], [-9.0, -2.0]])
    loss = F.nll_loss(log_p, mt.tensor([0, 1]), mt.tensor([3.0, 1.0]))
    assert loss.item() == pytest.approx((3.0 * 1.0 + 1.0 * 2.0) / 4.0)


def test_a_distribution_as_target_and_its_smoothed_index_agree() -> None:
    scores = mt.randn(2, 4, 5, dtype=mt.float64)
    targets = mt.randint(0, 4, (2, 5))
    one_hot = F.one_hot(targets, 4).permute(0, 2, 1).double()
    for smoothing in (0.0, 0.3):
        by_index = F.cross_entropy(scores, targets, label_smoothing=smoothing)
        soft = F.cross_entropy(scores, one_hot * (1 - smoothing) + smoothing / 4)
        assert by_index.item() == pytest.approx(soft.item())


def test_the_losses_of_a_difference() -> None:
    x, t = mt.tensor([0.0, 0.5, 3.0]), mt.zeros(3)
    assert F.mse_loss(x, t, reduction="none").tolist() == [0.0, 0.25, 9.0]
    assert F.l1_loss(x, t, reduction="none").tolist() == [0.0, 0.5, 3.0]
    assert F.smooth_l1_loss(x, t, reduction="none").tolist() == [0.0, 0.125, 2.5]
    assert F.smooth_l1_loss(x, t, reduction="none", beta=0.0).tolist() == [0.0, 0.5, 3.0]
    assert F.huber_loss(x, t, reduction="none", delta=2.0).tolist() == [0.0, 0.125, 4.0]
    assert F.mse_loss(x, t).item() == pytest.approx(9.25 / 3)
    weight = mt.tensor([1.0, 2.0, 1.0])
    assert F.mse_loss(x, t, weight=weight).item() == pytest.approx(9.5 / 4)


def test_a_target_of_another_size_is_broadcast_with_a_warning() -> None:
    with pytest.warns(UserWarning, match=r"size \(3,\) that is different .* \(2, 3\)") as seen:
        loss = F.mse_loss(mt.ones(2, 3), mt.zeros(3))
    assert seen[0].filename == __file__
    assert loss.item() == 1.0


def test_the_losses_of_two_classes_agree() -> None:
    logits = mt.tensor([-3.0, 0.0, 2.0], dtype=mt.float64)
    target = mt.tensor([0.0, 1.0, 0.5], dtype=mt.float64)
    a = F.binary_cross_entropy(F.sigmoid(logits), target, reduction="none")
    b = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    assert mt.allclose(a, b)
    assert b[1].item() == pytest.approx(LN2)


def test_certainty_in_the_wrong_class_costs_100_at_most() -> None:
    x = mt.tensor([0.0, 1.0], requires_grad=True)
    loss = F.binary_cross_entropy(x, mt.tensor([1.0, 0.0]), reduction="none")
    assert loss.tolist() == [100.0, 100.0]
    loss.sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_logits_of_any_size_have_a_finite_loss() -> None:
    x = mt.tensor([1e4, -1e4])
    loss = F.binary_cross_entropy_with_logits(x, mt.tensor([0.0, 1.0]), reduction="none")
    assert loss.tolist() == [1e4, 1e4]


def test_what_is_no_probability_is_refused() -> None:
    p = mt.tensor([0.5, 1.0])
    for bad in (-0.5, 1.5, math.nan):
        x = mt.tensor([0.5, bad])
        with pytest.raises(
            RuntimeError, match=f"input should be between 0 and 1, but one is {bad}"
        ):
            F.binary_cross_entropy(x, p)
        with pytest.raises(RuntimeError, match="all elements of target should be between 0 and 1"):
            F.binary_cross_entropy(p, x)


def test_the_divergence_of_a_distribution_from_itself_is_zero() -> None:
    p = mt.tensor([[0.5, 0.25, 0.25, 0.0]])
    assert F.kl_div((p + 1e-30).log(), p, reduction="batchmean").item() == pytest.approx(
        0, abs=1e-6
    )
    with pytest.warns(UserWarning, match="'mean' divides the total loss by both"):
        F.kl_div(p, p)


INDICES = mt.tensor([0, 1])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: F.cross_entropy(x, INDICES + 9), IndexError, r"Target 9 is out of bounds. cross_"
         r"entropy: targets are the classes 0 to 2, one for each of the 3 scores"),
        (lambda x: F.nll_loss(x, INDICES - 1), IndexError, "Target -1 is out of bounds. nll_loss"),
        (lambda x: F.cross_entropy(x, mt.tensor([0, 1, 2])), ValueError,
         r"Expected input batch_size \(2\) to match target batch_size \(3\)"),
        (lambda x: F.cross_entropy(x, mt.tensor(0)), ValueError, r"target batch_size \(0\)"),
        (lambda x: F.cross_entropy(x, mt.zeros(2, 4).long()), RuntimeError,
         r"Expected target size \(2,\), got \(2, 4\): one class for each position"),
        (lambda x: F.cross_entropy(x[0], INDICES), ValueError, "must be one class, but got targe"),
        (lambda x: F.cross_entropy(x, INDICES.float()), RuntimeError,
         "expected target dtype to be int64 or uint8, but got minitorch.float32"),
        (lambda x: F.cross_entropy(x, x.long()), RuntimeError,
         "Expected floating point type for target with class probabilities, got minitorch.int64"),
        (lambda x: F.cross_entropy(x, x, ignore_index=1), RuntimeError,
         "ignore_index is not supported for floating point target, but got 1"),
        (lambda x: F.cross_entropy(x, INDICES, mt.ones(4)), RuntimeError,
         r"for all 3 classes or no classes but got weight tensor of shape: \(4,\)"),
        (lambda x: F.cross_entropy(x, INDICES, mt.ones(3).double()), RuntimeError,
         "expected input and weight to have the same dtype"),
        (lambda x: F.cross_entropy(x, INDICES, label_smoothing=1.5), RuntimeError,
         "label_smoothing must be between 0.0 and 1.0. Got: 1.5"),
        (lambda x: F.cross_entropy(x, INDICES, reduction="avg"), ValueError,
         "avg is not a valid value for reduction; expected 'none', 'mean' or 'sum'"),
        (lambda x: F.cross_entropy(x.long(), INDICES), RuntimeError, "expected a floating point"),
        (lambda x: F.cross_entropy(x, INDICES.to("numpy")), RuntimeError,
         "expected input and target on one device, but they are on cpu and numpy"),
        (lambda x: F.nll_loss(x[0, 0], mt.tensor(0)), ValueError, "Expected 1 or more dimensions"),
        (lambda x: F.mse_loss(x, x, reduction="avg"), ValueError, "mse_loss: avg is not a valid"),
        (lambda x: F.mse_loss(x, x, weight=x[0]), ValueError, r"same size, but got \(3,\) and"),
        (lambda x: F.mse_loss(x.long(), x.long()), RuntimeError, "mse_loss: expected a floating"),
        (lambda x: F.smooth_l1_loss(x, x, beta=-1.0), RuntimeError, "negative values for beta"),
        (lambda x: F.huber_loss(x, x, delta=0.0), RuntimeError, "non-positive values for delta"),
        (lambda x: F.binary_cross_entropy(x, x[0]), ValueError, r"target size \(3,\) that is"),
        (lambda x: F.binary_cross_entropy(x, x.double()), RuntimeError, "input and target to have"),
        (lambda x: F.binary_cross_entropy_with_logits(x, x[0]), ValueError,
         r"Target size \(3,\) must be the same as input size \(2, 3\)"),
        (lambda x: F.binary_cross_entropy_with_logits(x, x.long()), RuntimeError, "floating point"),
        (lambda x: F.kl_div(x, x, reduction="avg"), ValueError, "kl_div: avg is not a valid value"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(
    call: Callable[[Tensor], Tensor], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call(mt.zeros(2, 3))


def test_a_loss_has_the_precision_of_its_input() -> None:
    x = np.random.default_rng(0).standard_normal((1000, 10))
    target = np.arange(1000) % 10
    wide = F.cross_entropy(mt.tensor(x), mt.tensor(target))
    narrow = F.cross_entropy(mt.tensor(x).float(), mt.tensor(target))
    assert (wide.dtype, narrow.dtype) == (mt.float64, mt.float32)
    assert narrow.item() == pytest.approx(wide.item(), rel=1e-6)
