"""Order statistics, scans, counts, histograms and searches beside NumPy, for any layout."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import minitorch_tensor as mt
from minitorch_tensor import Tensor

Array = NDArray[np.float64]


def numbers(x: Tensor) -> Array:
    return np.asarray(x.numpy(), np.float64)


@st.composite
def tables(draw: st.DrawFn, smallest: int = 1) -> tuple[Tensor, Array]:
    """A tensor and an array of the same elements with many ties, permuted or stepped."""
    shape = draw(st.lists(st.integers(smallest, 5), min_size=1, max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    array = rng.integers(-3, 4, shape).astype(np.float64)
    order = draw(st.permutations(range(len(shape))))
    step = draw(st.integers(1, 2))
    return mt.tensor(array).permute(order)[::step], array.transpose(order)[::step]


@settings(max_examples=100)
@given(tables(), st.data())
def test_the_kth_value_is_that_of_the_sorted_row(
    made: tuple[Tensor, Array], data: st.DataObject
) -> None:
    x, a = made
    dim = data.draw(st.integers(-a.ndim, a.ndim - 1))
    k = data.draw(st.integers(1, a.shape[dim]))
    values, indices = x.kthvalue(k, dim, keepdim=True)
    np.testing.assert_array_equal(values.numpy(), np.sort(a, dim).take([k - 1], dim))
    np.testing.assert_array_equal(
        np.take_along_axis(a, np.asarray(indices.numpy(), np.int64), dim), values.numpy()
    )


@settings(max_examples=100)
@given(tables(), st.data())
def test_the_median_is_the_lower_quantile_and_the_kth_value(
    made: tuple[Tensor, Array], data: st.DataObject
) -> None:
    x, a = made
    dim = data.draw(st.integers(-a.ndim, a.ndim - 1))
    middle = x.median(dim).values
    lower = np.quantile(a, 0.5, axis=dim, method="lower")
    np.testing.assert_array_equal(middle.numpy(), lower)
    assert x.median().item() == np.quantile(a, 0.5, method="lower")
    assert x.nanmedian(dim).values.tolist() == middle.tolist()


@settings(max_examples=100)
@given(tables(), st.data())
def test_a_quantile_is_numpys(made: tuple[Tensor, Array], data: st.DataObject) -> None:
    x, a = made
    q = data.draw(st.lists(st.floats(0, 1), min_size=1, max_size=3))
    dim = data.draw(st.sampled_from([None, *range(-a.ndim, a.ndim)]))
    found = mt.quantile(x, mt.tensor(q, dtype=mt.float64), dim)
    np.testing.assert_allclose(numbers(found), np.quantile(a, q, axis=dim), atol=1e-12)


@settings(max_examples=100)
@given(tables())
def test_the_mode_is_the_smallest_of_the_most_frequent(made: tuple[Tensor, Array]) -> None:
    x, a = made
    values, indices = x.mode(-1, keepdim=True)
    picked = np.take_along_axis(a, np.asarray(indices.numpy(), np.int64), -1)
    np.testing.assert_array_equal(picked, values.numpy())
    flat = a.reshape(-1, a.shape[-1])
    for row, value, index in zip(flat, values.flatten(), indices.flatten(), strict=True):
        found, counts = np.unique(row, return_counts=True)
        assert value.item() == found[counts.argmax()]
        assert index.item() == np.flatnonzero(row == value.item())[-1]


@settings(max_examples=100)
@given(tables())
def test_running_extremes_are_numpys(made: tuple[Tensor, Array]) -> None:
    x, a = made
    for dim in range(a.ndim):
        for name, ufunc in (("cummax", np.maximum), ("cummin", np.minimum)):
            values, indices = getattr(x, name)(dim)
            np.testing.assert_array_equal(values.numpy(), ufunc.accumulate(a, dim))
            picked = np.take_along_axis(a, indices.numpy(), dim)
            np.testing.assert_array_equal(picked, values.numpy())
        expected = np.logaddexp.accumulate(a, dim)
        np.testing.assert_allclose(numbers(x.logcumsumexp(dim)), expected, atol=1e-12)


@settings(max_examples=100)
@given(tables())
def test_distinct_elements_put_together_again_are_the_input(made: tuple[Tensor, Array]) -> None:
    x, a = made
    values, inverse, counts = mt.unique(x, return_inverse=True, return_counts=True)
    np.testing.assert_array_equal(values.numpy(), np.unique(a))
    assert values[inverse].tolist() == a.tolist()
    assert counts.sum().item() == a.size
    runs, place, lengths = mt.unique_consecutive(x, True, True)
    assert runs[place].tolist() == a.tolist()
    assert lengths.sum().item() == a.size
    for dim in range(a.ndim):
        rows, where, often = mt.unique(x, return_inverse=True, return_counts=True, dim=dim)
        np.testing.assert_array_equal(rows.numpy(), np.unique(a, axis=dim))
        assert rows.index_select(dim, where).tolist() == a.tolist()
        assert often.sum().item() == a.shape[dim]


@settings(max_examples=100)
@given(tables(), tables())
def test_a_binary_search_is_numpys(one: tuple[Tensor, Array], two: tuple[Tensor, Array]) -> None:
    x, a = one
    boundaries = np.sort(two[1].reshape(-1))
    for right in (False, True):
        expected = np.searchsorted(boundaries, a, "right" if right else "left")
        found = mt.searchsorted(mt.tensor(boundaries), x, right=right)
        np.testing.assert_array_equal(found.numpy(), expected)
        found = mt.bucketize(x, mt.tensor(boundaries), right=right, out_int32=True)
        np.testing.assert_array_equal(found.numpy(), expected)
        assert found.dtype is mt.int32


@settings(max_examples=100)
@given(tables(), st.integers(1, 6))
def test_a_histogram_is_numpys(made: tuple[Tensor, Array], bins: int) -> None:
    x, a = made
    hist, edges = np.histogram(a, bins, (-2.0, 2.0))
    found = mt.histogram(x, bins, range=(-2.0, 2.0))
    np.testing.assert_array_equal(found.hist.numpy(), hist)
    np.testing.assert_allclose(numbers(found.bin_edges), edges, atol=1e-12)
    np.testing.assert_array_equal(mt.histc(x, bins, -2, 2).numpy(), hist)
    given_edges = mt.tensor([-2.0, -0.5, 1.0, 2.0], dtype=mt.float64)
    expected = np.histogram(a, [-2.0, -0.5, 1.0, 2.0], weights=a**2)[0]
    weighted = mt.histogram(x, given_edges, weight=x * x)
    np.testing.assert_allclose(numbers(weighted.hist), expected)


@given(st.lists(st.integers(0, 9), min_size=1), st.integers(0, 12))
def test_counts_of_integers_are_numpys(numbers: list[int], least: int) -> None:
    x = mt.tensor(numbers)
    expected = np.bincount(numbers, minlength=least)
    assert mt.bincount(x, minlength=least).tolist() == expected.tolist()
    weights = mt.arange(len(numbers), dtype=mt.float64)
    weighted = np.bincount(numbers, np.arange(len(numbers)), least)
    assert mt.bincount(x, weights, least).tolist() == weighted.tolist()


@given(tables())
def test_differences_undo_running_sums(made: tuple[Tensor, Array]) -> None:
    x, a = made
    for dim in range(a.ndim):
        zero = mt.zeros(*(1 if d == dim else n for d, n in enumerate(a.shape)), dtype=mt.float64)
        assert mt.diff(x.cumsum(dim), dim=dim, prepend=zero).tolist() == a.tolist()
        np.testing.assert_array_equal(mt.diff(x, 2, dim).numpy(), np.diff(a, 2, dim))


@given(st.lists(st.floats(0.1, 2), min_size=3, max_size=8), st.floats(-2, 2), st.floats(-2, 2))
def test_derivatives_of_parabolas_are_exact(gaps: list[float], b: float, c: float) -> None:
    t = mt.tensor(gaps, dtype=mt.float64).cumsum(0)
    (slope,) = mt.gradient(t * t * c + t * b, spacing=(t,), edge_order=2)
    np.testing.assert_allclose(numbers(slope), numbers(2 * c * t + b), atol=1e-7)
    places = t.numpy()
    area = mt.trapezoid(t * b + c, t).item()
    exact = b / 2 * (places[-1] ** 2 - places[0] ** 2) + c * (places[-1] - places[0])
    assert area == pytest.approx(exact, abs=1e-9)
    assert mt.cumulative_trapezoid(t * b + c, t)[-1].item() == pytest.approx(exact, abs=1e-9)


@settings(max_examples=50)
@given(st.integers(2, 5), st.integers(3, 6), st.integers(0, 99))
def test_covariance_is_numpys(variables: int, observations: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((variables, observations))
    often, weight = rng.integers(1, 4, observations), rng.random(observations) + 0.1
    found = mt.cov(mt.tensor(a), fweights=mt.tensor(often), aweights=mt.tensor(weight))
    np.testing.assert_allclose(
        numbers(found), np.asarray(np.cov(a, fweights=often, aweights=weight), np.float64)
    )
    np.testing.assert_allclose(
        numbers(mt.corrcoef(mt.tensor(a))), np.asarray(np.corrcoef(a), np.float64)
    )


def test_nan_is_largest_for_order_and_equals_nothing() -> None:
    x = mt.tensor([2.0, math.nan, 1.0, math.nan])
    assert x.kthvalue(2).values.item() == 2
    assert math.isnan(x.kthvalue(3).values.item())
    assert math.isnan(x.median().item())
    assert x.median(0).indices.item() == 1
    assert x.nanmedian(0).indices.item() == 2
    assert x.mode().values.item() == 1
    assert mt.unique(x).shape == (4,)
    assert x.cummax(0).indices.tolist() == [0, 1, 1, 3]
    assert mt.searchsorted(mt.tensor([1.0, 2.0]), x).tolist() == [1, 2, 0, 2]
    assert mt.histc(x, 2, 0, 2).tolist() == [0.0, 2.0]


def test_results_have_names() -> None:
    x = mt.tensor([3.0, 1.0])
    assert x.aminmax().min.item() == 1
    assert repr(x.aminmax()).startswith("MinMax(\nmin=Tensor(1.0, requires_grad=False),\nmax=")
    for result in (x.median(0), x.mode(), x.kthvalue(1), x.cummax(0), x.sort(), x.topk(1)):
        assert result.values is result[0]
        assert result.indices is result[1]
    found = x.histogram(2)
    assert found.hist is found[0]
    assert repr(found).startswith("Histogram(\nhist=Tensor([1., 1.]")


def test_weights_of_counts_get_a_gradient() -> None:
    weights = mt.tensor([1.0, 2.0, 3.0], requires_grad=True)
    counts = mt.bincount(mt.tensor([1, 0, 1]), weights)
    (counts * mt.tensor([10.0, 20.0])).sum().backward()
    assert weights.grad is not None
    assert weights.grad.tolist() == [20.0, 10.0, 20.0]
