"""What statistics refuse, and what they say."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

import minitorch_tensor as mt

X = mt.tensor([[3.0, 1.0, 2.0], [0.0, 4.0, 5.0]])
I = mt.tensor([2, 0, 1])  # noqa: E741 (integers)
B = mt.tensor([True, False])
NONE = mt.zeros(0, 3)

CASES: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: mt.aminmax(NONE), RuntimeError, r"aminmax: no elements .* shape is \(0, 3\)"),
    (lambda: mt.aminmax(NONE, dim=0), IndexError, "reduced dimension 0 to have non-zero size"),
    (lambda: X.kthvalue(4), RuntimeError, "k = 4 is out of range for dimension 1 with size 3"),
    (lambda: NONE.kthvalue(1, 0), IndexError, "expected dimension 0 to have non-zero size"),
    (lambda: B.kthvalue(1), RuntimeError, "kthvalue: not defined for bool"),
    (lambda: B.median(), RuntimeError, "median: not defined for bool"),
    (lambda: NONE.median(0), IndexError, r"median: .*\(0, 3\)"),
    (lambda: mt.median(I[:0]), RuntimeError, "no median of no integers"),
    (lambda: NONE.mode(0), IndexError, "mode: expected dimension 0"),
    (lambda: X.median(2), IndexError, "Dimension out of range"),
    (lambda: X.topk(5), RuntimeError, "k = 5 of 3 elements"),
    (lambda: B.topk(1), RuntimeError, "topk: not defined for bool"),
    (lambda: X.quantile(1.5), RuntimeError, r"q must be in the range \[0, 1\], but got 1.5"),
    (lambda: X.quantile(mt.tensor([0.5, 2.0])), RuntimeError, r"but got \[0.5, 2.0\]"),
    (lambda: X.quantile(mt.tensor([math.nan])), RuntimeError, "all q must be in the range"),
    (lambda: X.quantile(mt.zeros(1, 1)), RuntimeError, r"a vector, but its shape is \(1, 1\)"),
    (lambda: X.quantile(mt.zeros(1, dtype=mt.float64)), RuntimeError, "dtype of the input"),
    (lambda: I.quantile(0.5), RuntimeError, "dtype float32 or float64, but got minitorch.int64"),
    (lambda: NONE.nanquantile(0.5), RuntimeError, r"nanquantile: .* not be empty"),
    (lambda: X.quantile(0.5, interpolation="up"), RuntimeError, "nearest, but got 'up'"),
    (lambda: I.nanmean(), RuntimeError, "nanmean: the input dtype must be floating point"),
    (lambda: mt.var_mean(I), RuntimeError, "var_mean: the input dtype must be floating point"),
    (lambda: mt.dist(I, I), RuntimeError, "dist: expected a floating point tensor"),
    (lambda: X.norm("foo"), RuntimeError, "'foo'"),
    (lambda: NONE.norm(math.inf, 0), RuntimeError, "inf norm over no elements"),
    (lambda: X.norm(dtype=mt.int64), RuntimeError, "norm: dtype must be floating point"),
    (lambda: X.renorm(0, 0, 1.0), RuntimeError, "renorm: the norm must be a positive one"),
    (lambda: X.renorm(2, 0, -1.0), RuntimeError, "maxnorm to be >= 0, but got -1.0"),
    (lambda: X[0].renorm(2, 0, 1.0), RuntimeError, r"at least 2 dimensions, .* \(3,\)"),
    (lambda: X.clone().renorm_(-1, 0, 1.0), RuntimeError, "renorm_: the norm must be"),
    (lambda: I.logcumsumexp(0), RuntimeError, "logcumsumexp: expected a floating point"),
    (lambda: I.clone().cumsum_(0, dtype=mt.float32), RuntimeError, r"use cumsum\(\) instead"),
    (lambda: X.diff(-1), RuntimeError, "order n must be non-negative, but got -1"),
    (lambda: mt.tensor(1.0).diff(), RuntimeError, "at least one dimension"),
    (lambda: X.diff(prepend=X[:1]), RuntimeError, r"prepend must have the shape .* \(2, 3\)"),
    (lambda: mt.gradient(X, dim=(0, 0)), RuntimeError, "dim 0 appears multiple times"),
    (lambda: mt.gradient(X, edge_order=2), RuntimeError, "at least edge_order \\+ 1 = 3"),
    (lambda: mt.gradient(X, edge_order=3), RuntimeError, "must be 1 or 2, but got 3"),
    (lambda: mt.gradient(X, spacing=(1.0,)), RuntimeError, "each of 2 dimensions, but got 1"),
    (lambda: mt.gradient(X[0], spacing=(X[0, :2],)), RuntimeError, "a vector of 3 numbers"),
    (lambda: mt.gradient(X, spacing=X[0]), TypeError, "into a tuple"),
    (lambda: mt.gradient(B), RuntimeError, "which has no differences"),
    (lambda: mt.trapezoid(X, X[0, :2]), RuntimeError, r"one x for each sample, .* \(2, 3\)"),
    (lambda: mt.trapezoid(X, X, dx=1.0), TypeError, "got both x and dx=1.0"),
    (lambda: mt.trapezoid(mt.tensor(1.0)), IndexError, "y has no dimensions"),
    (lambda: mt.cumulative_trapezoid(B), RuntimeError, "not defined for bool"),
    (lambda: mt.bincount(X[0]), RuntimeError, "a vector of non-negative integers"),
    (lambda: mt.bincount(I - 1), RuntimeError, "must not be negative, but one is -1"),
    (lambda: mt.bincount(I, X[0, :2]), RuntimeError, r"got \(2,\) for \(3,\)"),
    (lambda: mt.bincount(I, minlength=-1), RuntimeError, "minlength should be >= 0"),
    (lambda: mt.histc(I), RuntimeError, "histc: expected a floating point tensor"),
    (lambda: mt.histc(X, 0), RuntimeError, "bins must be > 0, but got 0"),
    (lambda: mt.histc(X, 2, 3, 1), RuntimeError, r"max must not be below min, but got \[3, 1\]"),
    (lambda: mt.histc(X / 0), RuntimeError, "is not finite"),
    (lambda: mt.histogram(X, X[0]), RuntimeError, "ascending order, but got"),
    (lambda: mt.histogram(X, I), RuntimeError, "of minitorch.float32, as the input is"),
    (lambda: mt.histogram(X, 2, weight=X[0]), RuntimeError, r"weight must have shape \(2, 3\)"),
    (lambda: mt.histogram(X, 2, range=(1.0,)), RuntimeError, "range must have 2 numbers"),
    (lambda: mt.histogram(X, 2, range=(2.0, 1.0)), RuntimeError, "min should not exceed max"),
    (lambda: mt.histogram(X, X[0, 1:], range=(1.0, 2.0)), TypeError, "edges are given"),
    (lambda: mt.histogramdd(X, [2, 2]), RuntimeError, "bins must have 3 items"),
    (lambda: mt.histogramdd(X[0], 2), RuntimeError, r"points of shape \(..., n\)"),
    (lambda: mt.searchsorted(X, X[0]), RuntimeError, r"boundaries \(2, 3\) and values \(3,\)"),
    (lambda: mt.searchsorted(X, 1.0), RuntimeError, r"values \(\)"),
    (lambda: mt.searchsorted(X[0], X, side="up"), RuntimeError, "'left' or 'right'"),
    (lambda: mt.searchsorted(I, I, side="left", right=True), RuntimeError, "opposites"),
    (lambda: mt.searchsorted(I, I, sorter=I + 1), RuntimeError, "sorter index out of range"),
    (lambda: mt.searchsorted(I, I, sorter=I[:2]), RuntimeError, "must have the same size"),
    (lambda: mt.searchsorted(I, I, sorter=I.float()), RuntimeError, "must be of dtype int64"),
    (lambda: mt.searchsorted(B, B), RuntimeError, "not defined for bool"),
    (lambda: mt.bucketize(X, X), RuntimeError, r"must be a vector, but got \(2, 3\)"),
    (lambda: mt.unique(mt.tensor(1.0), dim=0), IndexError, "the tensor has no dimensions"),
    (lambda: mt.unique(NONE, dim=1), RuntimeError, "have no elements, so they cannot"),
    (lambda: mt.cov(mt.zeros(1, 1, 1)), RuntimeError, "at most 2 dimensions"),
    (lambda: mt.cov(B), RuntimeError, "cov: not defined for bool"),
    (lambda: mt.cov(X, fweights=X[0]), RuntimeError, "fweights of an integer dtype"),
    (lambda: mt.cov(X, aweights=I), RuntimeError, "aweights of a floating point dtype"),
    (lambda: mt.cov(X, fweights=I[:2]), RuntimeError, "a vector of 3 weights"),
    (lambda: mt.cov(X, fweights=I - 1), RuntimeError, "fweights cannot be negative"),
    (lambda: mt.cov(X, fweights=I * 0), RuntimeError, "the weights sum to zero"),
    (lambda: mt.corrcoef(mt.zeros(1, 1, 1)), RuntimeError, "corrcoef: expected at most 2"),
    (lambda: X.amax(()) if X.numel() == 0 else NONE.amax(()), RuntimeError, "no elements"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), CASES)
def test_what_is_refused_is_said(
    call: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_covariance_without_a_degree_of_freedom_warns() -> None:
    with pytest.warns(UserWarning, match=r"cov\(\): degrees of freedom is <= 0"):
        assert math.isnan(mt.cov(mt.tensor(2.0)).item())


def test_max_takes_another_tensor_by_two_names_or_a_dimension() -> None:
    x, y = mt.tensor([1.0, 4.0]), mt.tensor([2.0, 3.0])
    assert mt.max(x, y).tolist() == x.max(other=y).tolist() == [2.0, 4.0]
    assert mt.min(x, other=y).tolist() == [1.0, 3.0]
    both: dict[str, object] = {"dim": 0, "other": y}
    with pytest.raises(TypeError, match="got both dim=0 and other"):
        getattr(mt, "max")(x, **both)  # noqa: B009 (a call no type checker lets pass)
    with pytest.raises(TypeError, match=r"amax\(\) takes several dimensions"):
        getattr(mt, "max")(X, (0, 1))  # noqa: B009
    with pytest.raises(TypeError, match="argument 'input' must be a Tensor, not list"):
        getattr(mt, "sum")([1.0])  # noqa: B009
