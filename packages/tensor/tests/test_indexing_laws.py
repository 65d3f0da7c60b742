"""Laws of `x[...]` for random shapes, strides and indices: NumPy's elements, read and written.

PyTorch differs from NumPy in one thing: an int beside index arrays is a view, not an array. So the
model here takes ints, slices and None first, and the arrays in a second step, both by NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad
from minitorch_tensor.layout import Shape

Array = NDArray[np.int64]
Item = int | bool | slice | EllipsisType | NDArray[np.generic] | None
Ours = int | np.integer | slice | EllipsisType | Tensor | NDArray[np.generic] | list[int] | None

laws = settings(max_examples=100, deadline=None)


@dataclass(frozen=True)
class Case:
    """A tensor with any strides, the same as an array, and an index."""

    x: Tensor
    a: Array
    items: tuple[Item, ...]
    form: int  # how arrays are written: as tensors, arrays, or lists

    @property
    def index(self) -> tuple[Ours, ...]:
        """The index for the tensor."""
        return tuple(self._ours(i, item) for i, item in enumerate(self.items))

    def _ours(self, i: int, item: Item) -> Ours:
        if isinstance(item, np.ndarray):
            form = (self.form >> 2 * i) % 4
            if form == 0 or item.ndim == 0:
                return mt.tensor(item)
            if form == 1 and item.dtype == np.int64:
                return mt.tensor(item.astype(np.int32))
            return item if form == 2 or item.ndim != 1 or item.size == 0 else item.tolist()
        if isinstance(item, int) and not isinstance(item, bool) and self.form % 3 == 0:
            return np.int64(item) if self.form % 2 else mt.tensor(item)
        return item


def views_of(shape: Shape, way: int) -> tuple[Tensor, Array]:
    """Different numbers in this shape, with one of four kinds of strides."""
    n = int(np.prod(shape))
    if way == 1 and shape:  # every second element of a larger one
        wide = (*shape[:-1], 2 * shape[-1])
        a = np.arange(2 * n).reshape(wide)
        return mt.tensor(a)[..., ::2], a[..., ::2]
    if way == 2:  # columns first
        a = np.arange(n).reshape(shape[::-1])
        return mt.tensor(a).permute(*range(a.ndim - 1, -1, -1)), a.T
    if way == 3 and shape:  # from an offset
        long = (shape[0] + 1, *shape[1:])
        a = np.arange(int(np.prod(long))).reshape(long)
        return mt.tensor(a)[1:], a[1:]
    a = np.arange(n).reshape(shape)
    return mt.tensor(a), a


@st.composite
def slices(draw: st.DrawFn, size: int) -> slice:
    bound = st.none() | st.integers(-size - 2, size + 2)
    return slice(draw(bound), draw(bound), draw(st.none() | st.integers(1, 3)))


@st.composite
def cases(draw: st.DrawFn, arrays: bool = True) -> Case:
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=4)))
    x, a = views_of(shape, draw(st.integers(0, 3)))
    kinds = ["int", "slice", "slice"] + ["array", "array", "mask", "number"] * arrays
    broadcast = draw(st.sampled_from([(), (1,), (2,), (3, 1), (2, 3), (0,)]))
    items: list[Item] = []
    used, wanted = 0, draw(st.integers(0, len(shape)))
    while used < wanted:
        size, kind = shape[used], draw(st.sampled_from(kinds))
        if kind == "mask":
            depth = draw(st.integers(1, min(2, wanted - used)))
            flags = draw(st.lists(st.booleans(), min_size=16, max_size=16))
            part = shape[used : used + depth]
            items.append(np.array(flags)[: int(np.prod(part))].reshape(part))
            used += depth
            continue
        if kind == "slice" or size == 0:
            items.append(draw(slices(size)))
        elif kind == "int":
            items.append(draw(st.integers(-size, size - 1)))
        elif kind == "number":
            items.append(np.array(draw(st.integers(-size, size - 1))))
        else:
            of = draw(st.sampled_from([broadcast, (1,), broadcast[-1:]]))
            count = int(np.prod(of))
            numbers = draw(st.lists(st.integers(-size, size - 1), min_size=count, max_size=count))
            items.append(np.array(numbers, np.int64).reshape(of))
        used += 1
    for extra in draw(st.lists(st.sampled_from([None, None, True, False]), max_size=2)):
        if extra is None or arrays:
            items.insert(draw(st.integers(0, len(items))), extra)
    if draw(st.booleans()):
        items = with_ellipsis(items, draw(st.integers(0, len(items))), used == len(shape))
    return Case(x, a, tuple(items), draw(st.integers(0, 2**12)))


def with_ellipsis(items: list[Item], at: int, all_used: bool) -> list[Item]:
    """An Ellipsis at the end, or anywhere if it stands for no dimension."""
    return [*items[:at], Ellipsis, *items[at:]] if all_used else [*items, Ellipsis]


def picked(a: Array, items: tuple[Item, ...]) -> Array:
    """What PyTorch picks, by NumPy in two steps; a view if there is only the first.

    Raises:
        IndexError: if the arrays do not broadcast.
    """
    basic: list[int | slice | EllipsisType | None] = []
    advanced: list[slice | EllipsisType | NDArray[np.generic]] = []
    for item in items:
        if isinstance(item, bool):
            basic.append(None)
            advanced.append(np.arange(int(item)))
        elif isinstance(item, np.ndarray) and item.ndim == 0:
            basic.append(int(item))
        elif isinstance(item, np.ndarray):
            columns = item.nonzero() if item.dtype == np.bool_ else (item,)
            basic += [slice(None)] * len(columns)
            advanced += columns
        else:
            basic.append(item)
            if not isinstance(item, int):
                advanced.append(Ellipsis if item is Ellipsis else slice(None))
    view = a[tuple(basic)]
    if len(advanced) - 1 == view.ndim:
        # An Ellipsis for no dimension parts two arrays in NumPy's eyes, and not in PyTorch's.
        advanced = [item for item in advanced if item is not Ellipsis]
    if any(isinstance(item, np.ndarray) for item in advanced):
        return np.asarray(view[tuple(advanced)])
    return np.asarray(view)


def positions(case: Case) -> Array:
    """Which elements of the flattened array the index picks, in the shape of the result."""
    return picked(np.arange(case.a.size).reshape(case.a.shape), case.items)


def copies(case: Case) -> bool:
    """Whether reading makes a copy."""
    return any(
        isinstance(item, bool) or (isinstance(item, np.ndarray) and item.ndim > 0)
        for item in case.items
    )


@laws
@given(cases())
def test_reading_picks_what_numpy_picks(case: Case) -> None:
    try:
        expected = picked(case.a, case.items)
    except IndexError:
        with pytest.raises(IndexError):
            case.x[case.index]
        return
    found = case.x[case.index]
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found.numpy(), expected)


@laws
@given(cases(arrays=False))
def test_without_arrays_what_is_read_is_a_view_with_numpys_strides(case: Case) -> None:
    expected = picked(case.a, case.items)
    found = case.x[case.index]
    if expected.size:
        strides = tuple(n // case.a.itemsize for n in expected.strides)
        kept = [i for i, n in enumerate(expected.shape) if n > 1]
        assert [found.stride()[i] for i in kept] == [strides[i] for i in kept]
    found.fill_(-1)
    expected_after = case.a.copy().reshape(-1)
    expected_after[positions(case).reshape(-1)] = -1
    np.testing.assert_array_equal(case.x.numpy().reshape(-1), expected_after)


@laws
@given(cases())
def test_arrays_and_masks_read_a_copy(case: Case) -> None:
    before = case.a.copy()
    try:
        case.x[case.index].fill_(-1)
    except IndexError:
        return
    if copies(case):
        np.testing.assert_array_equal(case.x.numpy(), before)


@laws
@given(cases(), st.integers(0, 3), st.integers(0, 15), st.booleans())
def test_writing_reaches_those_elements_and_the_last_write_stays(
    case: Case, dropped: int, ones: int, number: bool
) -> None:
    try:
        where = positions(case)
    except IndexError:
        with pytest.raises(IndexError):
            case.x[case.index] = 7
        return
    shape = tuple(1 if ones >> i & 1 else n for i, n in enumerate(where.shape))[dropped:]
    value = 100 + np.arange(int(np.prod(shape))).reshape(shape)
    expected = case.a.copy().reshape(-1)
    if number:
        case.x[case.index] = 7
        expected[where.reshape(-1)] = 7
    else:
        case.x[case.index] = mt.tensor(value)
        for at, new in zip(
            where.reshape(-1), np.broadcast_to(value, where.shape).reshape(-1), strict=True
        ):
            expected[at] = new
    np.testing.assert_array_equal(case.x.numpy().reshape(-1), expected)


@laws
@given(cases())
def test_a_value_of_another_shape_is_refused_and_nothing_is_written(case: Case) -> None:
    try:
        shape = positions(case).shape
    except IndexError:
        return
    before = case.a.copy()
    with pytest.raises(RuntimeError):
        case.x[case.index] = mt.zeros((2, *(n + 2 for n in shape)), dtype=mt.int64)
    np.testing.assert_array_equal(case.x.numpy(), before)


@laws
@given(cases())
def test_the_gradient_adds_up_where_an_element_was_read_more_than_once(case: Case) -> None:
    try:
        where = positions(case)
    except IndexError:
        return
    x = case.x.double().requires_grad_()
    weights = np.arange(where.size, dtype=np.float64).reshape(where.shape) + 1
    (g,) = grad((x[case.index] * mt.tensor(weights)).sum(), x)
    assert g is not None
    expected = np.zeros(case.a.size)
    np.add.at(expected, where.reshape(-1), weights.reshape(-1))
    np.testing.assert_array_equal(g.numpy().reshape(-1), expected)


@laws
@given(cases())
def test_the_gradients_of_writing_split_between_what_stayed_and_what_came(case: Case) -> None:
    try:
        where = positions(case)
    except IndexError:
        return
    x = case.x.double().requires_grad_()
    value = mt.zeros(where.shape, dtype=mt.float64, requires_grad=True)
    weights = np.arange(case.a.size, dtype=np.float64) + 1
    y = x * 1
    y[case.index] = value
    gx, gv = grad((y.reshape(-1) * mt.tensor(weights)).sum(), [x, value], materialize_grads=True)
    assert gx is not None
    assert gv is not None
    last = {int(at): k for k, at in enumerate(where.reshape(-1))}
    kept = np.array([0.0 if at in last else weights[at] for at in range(case.a.size)])
    came = np.zeros(where.size)
    for at, k in last.items():
        came[k] = weights[at]
    np.testing.assert_array_equal(gx.numpy().reshape(-1), kept)
    np.testing.assert_array_equal(gv.numpy().reshape(-1), came)


@laws
@given(cases(), st.integers(0, 3), st.booleans())
def test_an_index_that_is_out_of_range_is_an_index_error(
    case: Case, which: int, negative: bool
) -> None:
    if case.a.ndim == 0:
        return
    dim = which % case.a.ndim
    bad = -case.a.shape[dim] - 1 if negative else case.a.shape[dim]
    lead = (slice(None),) * dim
    before = case.a.copy()
    for item in (bad, mt.tensor([bad]), [bad], np.array([[bad]])):
        with pytest.raises(IndexError, match=f"index {bad} is out of bounds for dimension {dim}"):
            case.x[(*lead, item)]
        with pytest.raises(IndexError, match="out of bounds"):
            case.x[(*lead, item)] = 1
    np.testing.assert_array_equal(case.x.numpy(), before)
