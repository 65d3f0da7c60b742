"""Ranks found by partition are those that a stable sort gives, with ties and nan."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import minitorch_tensor as mt
from minitorch_tensor import ranking

Array = NDArray[np.float64]


@st.composite
def rows(draw: st.DrawFn) -> Array:
    """Rows of few distinct numbers, infinities and nan."""
    count, n = draw(st.integers(0, 3)), draw(st.integers(1, 12))
    element = st.sampled_from([0.0, -0.0, 1.0, 2.0, np.inf, -np.inf, np.nan])
    values = draw(st.lists(element, min_size=count * n, max_size=count * n))
    return np.array(values, np.float64).reshape(count, n)


@settings(max_examples=100)
@given(rows(), st.data())
def test_the_element_at_a_rank_is_that_of_a_stable_sort(a: Array, data: st.DataObject) -> None:
    n = a.shape[1]
    rank = np.array([[data.draw(st.integers(0, n - 1))] for _ in a], np.int64).reshape(-1, 1)
    expected = np.take_along_axis(ranking.order(a, -1, False), rank, -1)
    np.testing.assert_array_equal(ranking.at_rank(a, rank), expected)


@settings(max_examples=100)
@given(rows(), st.booleans(), st.data())
def test_the_leading_elements_are_those_of_a_stable_sort(
    a: Array, largest: bool, data: st.DataObject
) -> None:
    k = data.draw(st.integers(0, a.shape[1]))
    expected = ranking.order(a, -1, largest)[:, :k]
    np.testing.assert_array_equal(ranking.leading(a, k, largest), expected)
    found = mt.tensor(a).topk(k, largest=largest)
    np.testing.assert_array_equal(found.indices.numpy(), expected)


@settings(max_examples=100)
@given(rows(), st.booleans())
def test_both_directions_keep_the_order_of_equals(a: Array, descending: bool) -> None:
    found = ranking.order(a, -1, descending)
    for row, places in zip(a, found, strict=True):
        values = row[places]
        for i in range(len(row) - 1):
            one, other = values[i], values[i + 1]
            if one == other or (np.isnan(one) and np.isnan(other)):
                assert places[i] < places[i + 1]
            elif not np.isnan(one) and not np.isnan(other):
                assert (one > other) == descending
            else:
                assert np.isnan(one) == descending
