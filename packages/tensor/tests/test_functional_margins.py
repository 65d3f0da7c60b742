"""What distances, and losses with margins and of likelihoods, refuse."""

import math
from collections.abc import Callable

import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Tensor

X, Y = mt.ones(3, 4), mt.zeros(3, 4)
CLASSES = mt.zeros(3, dtype=mt.int64)
LISTS = mt.zeros(3, 4, dtype=mt.int64)
LOSSES: list[Callable[[str], Tensor]] = [
    lambda r: F.hinge_embedding_loss(X, Y, reduction=r),
    lambda r: F.margin_ranking_loss(X, Y, Y, reduction=r),
    lambda r: F.soft_margin_loss(X, Y, reduction=r),
    lambda r: F.multilabel_soft_margin_loss(X, Y, reduction=r),
    lambda r: F.multi_margin_loss(X, CLASSES, reduction=r),
    lambda r: F.multilabel_margin_loss(X, LISTS, reduction=r),
    lambda r: F.cosine_embedding_loss(X, Y, CLASSES, reduction=r),
    lambda r: F.triplet_margin_loss(X, Y, Y, reduction=r),
    lambda r: F.triplet_margin_with_distance_loss(X, Y, Y, reduction=r),
    lambda r: F.poisson_nll_loss(X, Y, reduction=r),
    lambda r: F.gaussian_nll_loss(X, Y, 1.0, reduction=r),
]


@pytest.mark.parametrize("loss", LOSSES)
def test_an_unknown_reduction_is_refused(loss: Callable[[str], Tensor]) -> None:
    with pytest.raises(ValueError, match="average is not a valid value for reduction"):
        loss("average")


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: F.margin_ranking_loss(X, Y, X[0]), RuntimeError, r"target: \(4,\)"),
        (lambda: F.soft_margin_loss(X.long(), Y), RuntimeError, "expected a floating point tensor"),
        (lambda: F.multi_margin_loss(X, CLASSES, 3), ValueError, "only p == 1 and p == 2"),
        (lambda: F.multi_margin_loss(X, CLASSES.int()), RuntimeError, "dtype int64 but found"),
        (lambda: F.multi_margin_loss(X, CLASSES + 9), RuntimeError, r"9 is not in \[0, 3\]"),
        (lambda: F.multi_margin_loss(X, CLASSES[:2]), RuntimeError, r"target size \(3,\), but"),
        (lambda: F.multi_margin_loss(X[None], CLASSES), RuntimeError, "Expected non-empty vector"),
        (
            lambda: F.multi_margin_loss(X, CLASSES, weight=X[0, :3]),
            RuntimeError,
            r"expected 4 but got \(3,\)",
        ),
        (lambda: F.multilabel_margin_loss(X, LISTS - 2), RuntimeError, r"-2 is not in \[-1, 3\]"),
        (lambda: F.multilabel_margin_loss(X, CLASSES), RuntimeError, "inconsistent target size"),
        (lambda: F.multilabel_soft_margin_loss(X[0, 0], Y), IndexError, r"shape \(\.\.\., classes"),
        (lambda: F.cosine_embedding_loss(X, Y, Y), RuntimeError, "multi-target not supported"),
        (lambda: F.cosine_embedding_loss(X, Y[0], CLASSES), RuntimeError, "1D target tensor expec"),
        (lambda: F.triplet_margin_loss(X, Y, Y, 0), ValueError, "greater than 0, got 0"),
        (lambda: F.triplet_margin_loss(X, Y, Y[0]), RuntimeError, "negative 1D inputs"),
        (lambda: F.gaussian_nll_loss(X, Y, -1.0), ValueError, r"negative entry/entries: -1\.0"),
        (lambda: F.gaussian_nll_loss(X, Y, -X), ValueError, r"the least is -1\.0"),
        (lambda: F.gaussian_nll_loss(X, Y, X[0]), ValueError, r"incorrect size: \(4,\) for input"),
        (lambda: F.gaussian_nll_loss(X, Y, 1), TypeError, "must be a Tensor or a float, not int"),
        (lambda: F.pdist(X[0]), RuntimeError, "only supports 2D tensors, got: 1D"),
        (lambda: F.pdist(X, -1.0), RuntimeError, "non-negative p values, but got -1"),
        (lambda: F.pdist(X.long()), RuntimeError, "expected a floating point tensor"),
        (lambda: F.cosine_similarity(LISTS, LISTS), RuntimeError, "common dtype to be floating"),
        (lambda: F.pairwise_distance(X, mt.ones(3, 5)), RuntimeError, "5"),
    ],
)
def test_a_bad_argument_is_refused(
    call: Callable[[], Tensor], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_no_samples_have_no_mean() -> None:
    assert math.isnan(float(F.multi_margin_loss(X[:0], CLASSES[:0])))
    assert float(F.multilabel_margin_loss(X[:0], LISTS[:0], reduction="sum")) == 0.0


def test_infinite_vectors_keep_their_norm() -> None:
    x = mt.tensor([[math.inf, 1.0]])
    assert F.cosine_similarity(x, mt.ones(1, 2)).isnan().all()
    assert F.gaussian_nll_loss(X[0, :1], Y[0, :1], mt.tensor([math.inf])).item() == math.inf
