"""The course's helpers: every index has its own position, and broadcasting follows the rules."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_tensor.tensor_data import (
    MAX_DIMS,
    IndexingError,
    TensorData,
    broadcast_index,
    index_to_position,
    shape_broadcast,
    strides_from_shape,
    to_index,
)

SHAPES = st.lists(st.integers(1, 4), min_size=0, max_size=4).map(tuple)


@st.composite
def tensors(draw: st.DrawFn) -> TensorData:
    """Elements 0, 1, 2, ... under a random shape, then permuted."""
    shape = draw(SHAPES)
    data = TensorData([float(i) for i in range(math.prod(shape))], shape)
    return data.permute(*draw(st.permutations(range(len(shape)))))


def test_the_layout_of_a_matrix_and_of_its_transpose() -> None:
    data = [0.0] * 15
    rows = TensorData(data, (3, 5), (5, 1))
    assert rows.is_contiguous()
    assert rows.shape == (3, 5)
    assert (rows.index((1, 0)), rows.index((1, 2))) == (5, 7)
    columns = TensorData(data, (5, 3), (1, 5))
    assert columns.shape == (5, 3)
    assert not columns.is_contiguous()
    assert TensorData([0.0] * 16, (4, 2, 2)).strides == (4, 2, 1)
    assert strides_from_shape([4, 2, 2]) == (4, 2, 1)


@pytest.mark.parametrize(
    ("shape", "strides", "message"),
    [
        ((3, 5), (6,), r"len of strides \(6,\) must match shape \(3, 5\)"),
        ((3, 5), (6, 1), r"need a flat storage of at least 17 elements, but its shape is \(15,\)"),
        ((3, -5), (5, 1), r"must not be negative, but got \(3, -5\) and \(5, 1\)"),
        ((1,) * 33, None, rf"at most {MAX_DIMS} dimensions are supported"),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(
    shape: tuple[int, ...], strides: tuple[int, ...] | None, message: str
) -> None:
    with pytest.raises(IndexingError, match=message):
        TensorData([0.0] * 15, shape, strides)


@given(tensors())
def test_every_index_is_enumerated_once_and_lies_inside(data: TensorData) -> None:
    indices = list(data.indices())
    assert len(indices) == len(set(indices)) == data.size
    assert sorted(data.index(i) for i in indices) == list(range(data.size))
    assert sorted(data.get(i) for i in indices) == list(range(data.size))
    assert data.sample() in indices
    assert all(0 <= p < n for index in indices for p, n in zip(index, data.shape, strict=True))


@given(tensors())
def test_bad_indices_are_refused(data: TensorData) -> None:
    good = [0] * data.dims
    with pytest.raises(IndexingError, match="must have"):
        data.index([*good, 0])
    for i, n in enumerate(data.shape):
        for bad, message in ((-1, "negative index"), (n, "is out of range for shape")):
            with pytest.raises(IndexingError, match=message):
                data.index([*good[:i], bad, *good[i + 1 :]])


@given(tensors(), st.data())
def test_permuting_and_back_finds_the_same_element(data: TensorData, draw: st.DataObject) -> None:
    index = draw.draw(st.sampled_from(list(data.indices())))
    reverse = range(data.dims - 1, -1, -1)
    turned = data.permute(*reverse)
    assert turned.index(tuple(reversed(index))) == data.index(index)
    assert turned.permute(*reverse).index(index) == data.index(index)


def test_permute_needs_each_dimension_once() -> None:
    with pytest.raises(IndexingError, match=r"order \(0, 0\) must give a position to each dim"):
        TensorData([0.0] * 6, (2, 3)).permute(0, 0)


@given(SHAPES, st.data())
def test_a_position_and_its_index_are_inverse(shape: tuple[int, ...], draw: st.DataObject) -> None:
    ordinal = draw.draw(st.integers(0, math.prod(shape) - 1))
    index = np.zeros(len(shape), np.int32)
    to_index(ordinal, np.array(shape, np.int32), index)
    assert index_to_position(index, np.array(strides_from_shape(shape), np.int32)) == ordinal


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        ((1,), (5, 5), (5, 5)),
        ((5, 5), (1,), (5, 5)),
        ((1, 5, 5), (5, 5), (1, 5, 5)),
        ((5, 1, 5, 1), (1, 5, 1, 5), (5, 5, 5, 5)),
        ((2, 5), (5,), (2, 5)),
        ((), (2,), (2,)),
    ],
)
def test_shapes_that_broadcast(
    a: tuple[int, ...], b: tuple[int, ...], result: tuple[int, ...]
) -> None:
    assert shape_broadcast(a, b) == TensorData.shape_broadcast(a, b) == result


@pytest.mark.parametrize(
    ("a", "b"), [((5, 7, 5, 1), (1, 5, 1, 5)), ((5, 2), (5,)), ((2, 3), (3, 2))]
)
def test_shapes_that_do_not_broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    with pytest.raises(IndexingError, match="cannot broadcast shapes"):
        shape_broadcast(a, b)


@given(SHAPES, SHAPES, st.data())
def test_a_broadcast_index_finds_what_numpy_finds(
    a: tuple[int, ...], b: tuple[int, ...], draw: st.DataObject
) -> None:
    try:
        big = np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(IndexingError, match="cannot broadcast"):
            shape_broadcast(a, b)
        return
    values = np.arange(math.prod(a)).reshape(a)
    index = np.zeros(len(big), np.int32)
    to_index(draw.draw(st.integers(0, math.prod(big) - 1)), big, index)
    small = np.zeros(len(a), np.int32)
    broadcast_index(index, big, a, small)
    assert values[tuple(small)] == np.broadcast_to(values, big)[tuple(index)]


def test_writing_through_one_layout_is_seen_through_another() -> None:
    data = TensorData([0.0] * 6, (2, 3))
    data.permute(1, 0).set((2, 1), 7.0)
    assert data.get((1, 2)) == 7.0
    assert TensorData(np.zeros(3), (3,)).index(2) == 2
    storage, shape, strides = data.tuple()
    assert (storage.tolist(), shape, strides) == ([0.0] * 5 + [7.0], (2, 3), (3, 1))


def test_the_text_has_a_line_for_each_row() -> None:
    data = TensorData([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], (2, 2, 2))
    lines = data.to_string().strip("\n").expandtabs(2).splitlines()
    assert lines == [
        "[",
        "  [",
        "    [1.00 2.00]",
        "    [3.00 4.00]]",
        "  [",
        "    [5.00 6.00]",
        "    [7.00 8.00]]]",
    ]
    assert TensorData([2.5], ()).to_string().strip() == "2.50"


def test_an_empty_tensor_has_no_index() -> None:
    data = TensorData([], (2, 0))
    assert list(data.indices()) == []
    with pytest.raises(IndexingError, match=r"shape \(2, 0\) has no elements"):
        data.sample()
