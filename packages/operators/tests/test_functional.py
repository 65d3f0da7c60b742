"""map, zipWith, reduce, and the list functions made of them."""

import builtins
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_operators import (
    add,
    addLists,
    inv,
    map,
    maximum,
    mul,
    neg,
    negList,
    prod,
    reduce,
    sub,
    sum,
    zipWith,
)

number = st.floats(-100, 100)
numbers = st.lists(number, max_size=20)
pairs = st.lists(st.tuples(number, number), max_size=20)


@given(numbers)
def test_map_applies_to_each_element(ls: list[float]) -> None:
    assert map(neg)(ls) == [-x for x in ls]


def test_map_takes_any_iterable_and_any_function() -> None:
    assert list(map(lambda x: x + 1.0)(float(i) for i in range(3))) == [1.0, 2.0, 3.0]
    assert map(inv)((0.0, 2.0)) == [float("inf"), 0.5]


@given(pairs)
def test_zip_with_applies_to_each_pair(ls: list[tuple[float, float]]) -> None:
    first, second = [a for a, _ in ls], [b for _, b in ls]
    assert zipWith(mul)(first, second) == [a * b for a, b in ls]
    assert addLists(first, second) == [a + b for a, b in ls]


def test_zip_with_refuses_lists_of_different_lengths() -> None:
    message = "zipWith: the two lists must have the same length, but they have 2 and 3 elements"
    with pytest.raises(ValueError, match=message):
        zipWith(add)([1.0, 2.0], iter([1.0, 2.0, 3.0]))
    with pytest.raises(ValueError, match="have 1 and 0 elements"):
        addLists([1.0], [])


def test_reduce_folds_from_the_left() -> None:
    assert reduce(sub, 10.0)([1.0, 2.0, 3.0]) == ((10.0 - 1.0) - 2.0) - 3.0
    assert reduce(maximum, -1.0)([0.5, 3.0, 2.0]) == 3.0


def test_reduce_of_nothing_is_the_start() -> None:
    assert reduce(mul, 7.0)([]) == 7.0


@given(numbers)
def test_neg_list_negates(ls: list[float]) -> None:
    assert list(negList(ls)) == [-x for x in ls]


@given(numbers)
def test_sum_adds_up(ls: list[float]) -> None:
    assert sum(ls) == pytest.approx(builtins.sum(ls), abs=1e-9)


@given(numbers, numbers)
def test_sum_of_joined_lists_is_the_sum_of_the_sums(
    first: list[float], second: list[float]
) -> None:
    assert sum(first + second) == pytest.approx(sum(first) + sum(second), abs=1e-9)


@given(st.lists(number, min_size=3, max_size=3))
def test_prod_multiplies(ls: list[float]) -> None:
    a, b, c = ls
    assert prod(ls) == pytest.approx(a * b * c)


def test_the_empty_sum_is_zero_and_the_empty_product_one() -> None:
    assert (sum([]), prod([])) == (0.0, 1.0)


def test_the_course_s_examples() -> None:
    assert list(negList([1.0, -2.0])) == [-1.0, 2.0]
    assert partial(addLists, [1.0])([2.0]) == [3.0]
