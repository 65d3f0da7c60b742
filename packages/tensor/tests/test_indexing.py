"""`x[...]`: NumPy's elements, read and written; views for basic indices, copies for tensors."""

from __future__ import annotations

from types import EllipsisType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad
from minitorch_tensor.layout import Shape

Array = NDArray[np.int64]
Item = int | slice | EllipsisType | NDArray[np.generic] | None

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)


@st.composite
def slices(draw: st.DrawFn, size: int) -> slice:
    bound = st.none() | st.integers(-size - 1, size + 1)
    return slice(draw(bound), draw(bound), draw(st.none() | st.integers(1, 3)))


@st.composite
def basic_indices(draw: st.DrawFn, shape: Shape) -> tuple[Item, ...]:
    """Ints, slices, None, and at most one Ellipsis."""
    items: list[Item] = []
    for size in shape[: draw(st.integers(0, len(shape)))]:
        if draw(st.booleans()):
            items.append(draw(st.integers(-size, size - 1)))
        else:
            items.append(draw(slices(size)))
    if draw(st.booleans()):
        items.insert(len(items), Ellipsis)
    for _ in range(draw(st.integers(0, 2))):
        items.insert(draw(st.integers(0, len(items))), None)
    return tuple(items)


@st.composite
def mixed_indices(draw: st.DrawFn, shape: Shape) -> tuple[Item, ...]:
    """Index arrays and masks among slices and None.

    No ints beside arrays: NumPy takes those for arrays too, PyTorch for the views they are.
    """
    items: list[Item] = []
    count = draw(st.integers(1, 3))
    for size in shape[: draw(st.integers(1, len(shape)))]:
        kind = draw(st.sampled_from(["array", "array", "mask", "slice"]))
        if kind == "array":
            of = draw(st.sampled_from([(count,), (1,), (2, count), (2, 1)]))
            numbers = draw(
                st.lists(
                    st.integers(-size, size - 1),
                    min_size=int(np.prod(of)),
                    max_size=int(np.prod(of)),
                )
            )
            items.append(np.array(numbers, np.int64).reshape(of))
        elif kind == "mask":
            chosen = draw(st.permutations(range(size)))[:count]
            mask = np.zeros(size, np.bool_)
            mask[chosen] = True
            items.append(mask)
        else:
            items.append(draw(slices(size)))
    if draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), None)
    return tuple(items)


def ours(index: tuple[Item, ...]) -> tuple[int | slice | EllipsisType | Tensor | None, ...]:
    return tuple(mt.tensor(item) if isinstance(item, np.ndarray) else item for item in index)


@st.composite
def cases(draw: st.DrawFn, basic: bool) -> tuple[Shape, tuple[Item, ...]]:
    shape = draw(shapes)
    return shape, draw(basic_indices(shape) if basic else mixed_indices(shape))


def arange(shape: Shape) -> tuple[Tensor, Array]:
    array = np.arange(np.prod(shape, dtype=np.int64)).reshape(shape)
    return mt.tensor(array), array


@given(cases(basic=True))
def test_a_basic_index_is_numpys_view(case: tuple[Shape, tuple[Item, ...]]) -> None:
    shape, index = case
    x, a = arange(shape)
    found = x[ours(index)]
    np.testing.assert_array_equal(found.numpy(), a[index])
    found.fill_(-1)
    a[index] = -1
    np.testing.assert_array_equal(x.numpy(), a)  # it was a view


@given(cases(basic=False))
def test_index_tensors_pick_what_numpy_picks(case: tuple[Shape, tuple[Item, ...]]) -> None:
    shape, index = case
    x, a = arange(shape)
    try:
        expected = a[index]
    except IndexError:
        with pytest.raises(IndexError):
            x[ours(index)]
        return
    found = x[ours(index)]
    np.testing.assert_array_equal(found.numpy(), expected)
    if any(isinstance(item, np.ndarray) for item in index):
        found.fill_(-1)
        np.testing.assert_array_equal(x.numpy(), a)  # it was a copy


@given(cases(basic=True), st.booleans())
def test_writing_to_a_basic_index_is_numpys(
    case: tuple[Shape, tuple[Item, ...]], number: bool
) -> None:
    shape, index = case
    x, a = arange(shape)
    value = np.arange(a[index].size).reshape(np.shape(a[index])) + 100
    if number:
        x[ours(index)] = 7
        a[index] = 7
    else:
        x[ours(index)] = mt.tensor(value)
        a[index] = value
    np.testing.assert_array_equal(x.numpy(), a)


def how_often(shape: Shape, index: tuple[Item, ...]) -> Array:
    """How often an index names each element."""
    positions = np.arange(np.prod(shape, dtype=np.int64)).reshape(shape)[index]
    return np.bincount(np.ravel(positions), minlength=int(np.prod(shape))).reshape(shape)


@given(cases(basic=False), st.booleans())
def test_writing_to_index_tensors_is_numpys_and_the_last_write_stays(
    case: tuple[Shape, tuple[Item, ...]], number: bool
) -> None:
    shape, index = case
    x, a = arange(shape)
    try:
        picked = a[index]
    except IndexError:
        with pytest.raises(IndexError):
            x[ours(index)] = 0
        return
    if number:
        x[ours(index)] = 7
        a[index] = 7
        np.testing.assert_array_equal(x.numpy(), a)
        return
    value = np.arange(picked.size).reshape(picked.shape) + 100
    x[ours(index)] = mt.tensor(value)
    # NumPy does not promise an order, so only what was written once can be compared.
    times = how_often(shape, index)
    a[index] = value
    once = times <= 1
    np.testing.assert_array_equal(x.numpy()[once], a[once])
    assert np.isin(x.numpy()[~once], value).all()


@given(cases(basic=False))
def test_the_gradient_of_reading_counts_how_often_each_element_was_read(
    case: tuple[Shape, tuple[Item, ...]],
) -> None:
    shape, index = case
    try:
        times = how_often(shape, index)
    except IndexError:
        return
    x = mt.zeros(shape, dtype=mt.float64, requires_grad=True)
    (g,) = grad(x[ours(index)].sum(), x)
    assert g is not None
    np.testing.assert_array_equal(g.numpy(), times)


def test_repeated_positions_keep_the_last_value_and_its_gradient() -> None:
    values = mt.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x = mt.zeros(2)
    x[[0, 0, 1]] = values
    assert x.tolist() == [2.0, 3.0]
    (x * mt.tensor([5.0, 7.0])).sum().backward()
    assert values.grad is not None
    assert values.grad.tolist() == [0.0, 5.0, 7.0]


def test_index_tensors_come_first_when_a_slice_is_between_them() -> None:
    x = mt.zeros(2, 3, 4, 5)
    index = mt.tensor([0, 1, 1])
    assert x[:, index, index].shape == (2, 3, 5)
    assert x[index, :, index].shape == (3, 3, 5)
    assert x[index[:2], None, index[:2]].shape == (2, 1, 4, 5)


def test_a_mask_of_no_dimensions_takes_all_or_nothing() -> None:
    x = mt.arange(3)
    assert x[mt.tensor(True)].tolist() == [[0, 1, 2]]
    assert x[mt.tensor(False)].shape == (0, 3)
    assert x[True].tolist() == [[0, 1, 2]]
    assert x[False].shape == (0, 3)
    x[mt.tensor(False)] = 9
    assert x.tolist() == [0, 1, 2]
    x[mt.tensor(True)] = 9
    assert x.tolist() == [9, 9, 9]


def test_an_integer_tensor_of_no_dimensions_is_an_int() -> None:
    x = mt.arange(6).reshape(2, 3)
    row = x[mt.tensor(-1)]
    row.fill_(0)
    assert x.tolist() == [[0, 1, 2], [0, 0, 0]]


def test_numpys_integers_and_arrays_index_too() -> None:
    x = mt.arange(6).reshape(2, 3)
    assert x[np.int64(1)].tolist() == [3, 4, 5]
    assert x[:, np.array([2, 0])].tolist() == [[2, 0], [5, 3]]
    assert x[np.array([False, True])].tolist() == [[3, 4, 5]]
    assert x[range(1)].tolist() == [[0, 1, 2]]


def test_a_write_overlapping_its_own_source_reads_first() -> None:
    x = mt.arange(5)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3]
    y = mt.arange(4).reshape(2, 2)
    y[...] = y.t()
    assert y.tolist() == [[0, 2], [1, 3]]


def test_leading_ones_of_a_value_are_dropped() -> None:
    x = mt.zeros(2, 2)
    x[0] = mt.ones(1, 1, 2)
    x[[1]] = mt.full((1, 1, 2), 2.0)
    assert x.tolist() == [[1.0, 1.0], [2.0, 2.0]]


def test_a_list_of_more_than_numbers_is_refused() -> None:
    x = mt.arange(6).reshape(2, 3)
    with pytest.raises(IndexError, match=r"write x\[tuple\(index\)\] for one index a dimension"):
        eval("x[[[0, 1], [1, 2]]]", {"x": x})
    with pytest.raises(IndexError, match="PyTorch is changing"):
        eval("x[[slice(0, 1), 0]]", {"x": x})
    # In a tuple it can only be an index tensor.
    assert eval("x[[[0], [1]], [[0, 2]]]", {"x": x}).tolist() == [[0, 2], [3, 5]]


@pytest.mark.parametrize("dtype", [mt.uint8, mt.int8, mt.int16, mt.float32])
def test_index_tensors_of_other_dtypes_are_refused(dtype: mt.DType) -> None:
    with pytest.raises(IndexError, match=r"use \.long\(\) for positions, \.bool\(\) for a mask"):
        mt.arange(3)[mt.tensor([0, 1], dtype=dtype)]


def test_steps_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"step must be positive.*flip"):
        mt.arange(3)[::-1]
    with pytest.raises(ValueError, match="step must be positive"):
        mt.arange(3)[::0]


def test_iteration_unpacking_and_membership() -> None:
    x = mt.arange(6).reshape(2, 3)
    first, second = x
    assert first.tolist() == [0, 1, 2]
    assert [row.tolist() for row in x] == [[0, 1, 2], [3, 4, 5]]
    assert len(x) == 2
    assert second.tolist() == [3, 4, 5]
    assert 4 in x
    assert 9 not in x
    assert mt.tensor(4) in x
    assert int(np.int64(4)) in x
    assert list(mt.zeros(0, 3)) == []


@pytest.mark.parametrize("index", [slice(None), slice(0, 0), slice(None, 5)])
@pytest.mark.parametrize("recorded", [False, True])
def test_of_repeated_places_the_last_value_stays(index: slice, recorded: bool) -> None:
    rows = np.array([4, 1, 4, 0, -1, 1, 4])[index]
    for shape, where in (((5, 3), (rows,)), ((3, 5), (slice(None), rows)), ((5, 2), (rows, 1))):
        memory = np.arange(float(np.prod(shape))).reshape(shape)
        x = mt.tensor(memory.tolist(), requires_grad=recorded).clone()
        values = -np.arange(1.0, 1 + memory[where].size).reshape(memory[where].shape)
        for i, row in enumerate(rows):
            if where[0] is not rows:
                memory[:, row] = values[:, i]
            elif len(where) == 2:
                memory[row, 1] = values[i]
            else:
                memory[row] = values[i]
        x[tuple(mt.tensor(w.tolist(), dtype=mt.int64) if w is rows else w for w in where)] = (
            mt.from_numpy(values.astype(np.float32))
        )
        assert x.tolist() == memory.tolist()
        assert x.requires_grad is recorded


def test_values_may_lie_in_the_memory_that_is_written() -> None:
    x = mt.tensor([0.0, 1.0, 2.0, 3.0])
    version = x._version
    x[mt.tensor([0, 1, 2])] = x[1:]
    assert x.tolist() == [1.0, 2.0, 3.0, 3.0]
    x[mt.tensor([[3], [2]])] = x[:2, None]
    assert x.tolist() == [1.0, 2.0, 2.0, 1.0]
    assert x._version > version
