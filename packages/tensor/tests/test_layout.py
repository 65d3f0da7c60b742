"""Layout algebra is NumPy's: the same strides where NumPy makes a view, a copy where it copies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from minitorch_tensor.layout import Layout, Shape, broadcast, make, strides_from_shape, wrap_dim

Array = NDArray[np.int64]

shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """A dense layout after a few views: permuted, narrowed, stepped, selected, expanded."""
    layout = Layout.contiguous(draw(shapes))
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["permute", "narrow", "select", "unsqueeze", "expand"]))
        if kind == "permute":
            layout = layout.permute(draw(st.permutations(range(layout.ndim))))
        elif kind == "unsqueeze":
            layout = layout.unsqueeze(draw(st.integers(0, layout.ndim)))
        elif kind == "expand":
            layout = layout.expand(
                tuple(draw(st.integers(0, 3)) if n == 1 else n for n in layout.shape)
            )
        elif layout.ndim and kind == "narrow":
            dim = draw(st.integers(0, layout.ndim - 1))
            start = draw(st.integers(0, layout.shape[dim]))
            step = draw(st.integers(1, 3))
            most = -(-(layout.shape[dim] - start) // step)
            layout = layout.narrow(dim, start, draw(st.integers(0, most)), step)
        elif layout.ndim and kind == "select":
            dim = draw(st.integers(0, layout.ndim - 1))
            assume(layout.shape[dim])
            layout = layout.select(dim, draw(st.integers(0, layout.shape[dim] - 1)))
    return layout


def elements(layout: Layout) -> Array:
    """Where each element lies: what a tensor with memory 0, 1, 2, ... would hold."""
    if layout.size == 0:
        return np.empty(layout.shape, np.int64)
    memory = np.arange(layout.span()[1])
    itemsize = memory.itemsize
    return as_strided(
        memory[layout.offset :], layout.shape, tuple(s * itemsize for s in layout.strides)
    )


def element_strides(array: Array) -> tuple[int, ...]:
    return tuple(stride // array.itemsize for stride in array.strides)


@given(shapes)
def test_a_dense_layout_has_numpys_strides(shape: Shape) -> None:
    layout = Layout.contiguous(shape)
    assert layout.dense
    assert layout.size == math.prod(shape)
    assert layout.strides == strides_from_shape(shape)
    if layout.size:
        assert layout.strides == element_strides(np.empty(shape, np.int64))
        assert layout.span() == (0, layout.size)
    assert Layout.contiguous(shape) is layout  # so that "same shape, dense" is one `is`


@given(layouts(), st.data())
def test_permute_is_numpys_transpose(layout: Layout, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(layout.ndim)))
    np.testing.assert_array_equal(
        elements(layout.permute(order)), elements(layout).transpose(order)
    )


@given(layouts(), st.data())
def test_permute_back_is_the_same_layout(layout: Layout, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(layout.ndim)))
    inverse = sorted(range(layout.ndim), key=order.__getitem__)
    # A dense layout is one object for each shape, whatever stride a dimension of size 1 had.
    np.testing.assert_array_equal(
        elements(layout.permute(order).permute(inverse)), elements(layout)
    )


@given(layouts(), st.data())
def test_narrow_is_numpys_slice(layout: Layout, data: st.DataObject) -> None:
    assume(layout.ndim)
    dim = data.draw(st.integers(0, layout.ndim - 1))
    start = data.draw(st.integers(0, layout.shape[dim]))
    step = data.draw(st.integers(1, 3))
    length = data.draw(st.integers(0, -(-(layout.shape[dim] - start) // step)))
    index = [slice(None)] * layout.ndim
    index[dim] = slice(start, start + length * step, step)
    expected = elements(layout)[tuple(index)]
    np.testing.assert_array_equal(elements(layout.narrow(dim, start, length, step)), expected)


@given(layouts(), st.data())
def test_select_is_an_index_in_numpy(layout: Layout, data: st.DataObject) -> None:
    assume(layout.ndim)
    dim = data.draw(st.integers(0, layout.ndim - 1))
    assume(layout.shape[dim])
    index = data.draw(st.integers(0, layout.shape[dim] - 1))
    np.testing.assert_array_equal(
        elements(layout.select(dim, index)), elements(layout).take(index, axis=dim)
    )


@given(layouts(), st.data())
def test_unsqueeze_then_squeeze_is_nothing(layout: Layout, data: st.DataObject) -> None:
    dim = data.draw(st.integers(0, layout.ndim))
    wide = layout.unsqueeze(dim)
    np.testing.assert_array_equal(elements(wide), np.expand_dims(elements(layout), dim))
    np.testing.assert_array_equal(elements(wide.squeeze([dim])), elements(layout))


@given(layouts())
def test_squeeze_drops_the_ones(layout: Layout) -> None:
    squeezed = layout.squeeze(range(layout.ndim))
    np.testing.assert_array_equal(elements(squeezed), elements(layout).squeeze())


@given(layouts(), st.data())
def test_expand_is_numpys_broadcast_to(layout: Layout, data: st.DataObject) -> None:
    lead = tuple(data.draw(st.lists(st.integers(0, 3), max_size=2)))
    inner = tuple(data.draw(st.integers(0, 3)) if n == 1 else n for n in layout.shape)
    expanded = layout.expand(lead + inner)
    np.testing.assert_array_equal(
        elements(expanded), np.broadcast_to(elements(layout), lead + inner)
    )


@st.composite
def factorisations(draw: st.DrawFn, size: int) -> Shape:
    """A shape of that many elements, with ones and, for 0, zeros in it."""
    if size == 0:
        sizes = [0, *draw(st.lists(st.integers(0, 3), max_size=3))]
        return tuple(draw(st.permutations(sizes)))
    found = []
    while size > 1:
        factor = draw(st.sampled_from([d for d in range(2, size + 1) if size % d == 0]))
        found.append(factor)
        size //= factor
    ones = draw(st.lists(st.just(1), max_size=2))
    return tuple(draw(st.permutations(found + ones)))


@given(layouts(), st.data())
def test_reshape_shares_memory_exactly_where_numpy_does(
    layout: Layout, data: st.DataObject
) -> None:
    shape = data.draw(factorisations(layout.size))
    array = elements(layout)
    reshaped = layout.reshape(shape)
    expected = array.reshape(shape)
    if reshaped is None:
        # NumPy must have copied too.
        assert not np.shares_memory(expected, array)
        return
    assert reshaped.shape == shape
    np.testing.assert_array_equal(elements(reshaped), expected)
    if layout.size and 0 not in layout.strides:
        assert np.shares_memory(expected, array)


@given(layouts())
def test_span_covers_exactly_the_positions_used(layout: Layout) -> None:
    array = elements(layout)
    if layout.size == 0:
        assert layout.span() == (layout.offset, layout.offset)
    else:
        first, after = layout.span()
        # `elements` counts from 0, and so from the offset on
        assert first == layout.offset
        assert after - first == int(array.max()) - int(array.min()) + 1


@given(layouts())
def test_repeats_says_whether_two_indices_share_a_position(layout: Layout) -> None:
    array = elements(layout)
    if layout.size:
        assert layout.repeats() == (len(np.unique(array)) < array.size)


def test_repeats_is_true_in_doubt() -> None:
    # 0, 2, 4 and 3, 5, 7: each once, but the rows interleave
    assert make((2, 3), (3, 2), 0).repeats()


@given(layouts())
def test_contiguous_means_row_major_without_gaps(layout: Layout) -> None:
    if layout.size:
        array = elements(layout).reshape(-1)
        assert layout.is_contiguous() == bool((array == array[0] + np.arange(array.size)).all())
        assert layout.dense == (layout.is_contiguous() and layout.offset == 0)
    else:
        assert layout.is_contiguous()


@given(shapes, shapes)
def test_broadcast_is_numpys(a: Shape, b: Shape) -> None:
    try:
        expected = np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(RuntimeError, match="cannot broadcast shapes"):
            broadcast(a, b)
        return
    assert broadcast(a, b) == expected == broadcast(b, a)


def test_broadcast_names_both_sizes_and_the_dimension() -> None:
    message = (
        r"cannot broadcast shapes \(2, 3\) and \(2, 4\): the size of the first \(3\) must "
        r"match the size of the second \(4\) at dimension -1"
    )
    with pytest.raises(RuntimeError, match=message):
        broadcast((2, 3), (2, 4))


def test_expand_names_the_dimension_that_cannot_be_repeated() -> None:
    with pytest.raises(RuntimeError, match=r"dimension 0 has size 3; only dimensions of size 1"):
        Layout.contiguous((3,)).expand((2,))
    with pytest.raises(RuntimeError, match="expand"):
        Layout.contiguous((2, 3)).expand((3,))


@pytest.mark.parametrize(
    ("dim", "ndim", "expected"), [(0, 3, 0), (-1, 3, 2), (-3, 3, 0), (0, 0, 0), (-1, 0, 0)]
)
def test_wrap_dim(dim: int, ndim: int, expected: int) -> None:
    assert wrap_dim(dim, ndim) == expected


@pytest.mark.parametrize(("dim", "ndim"), [(3, 3), (-4, 3), (1, 0), (-2, 0)])
def test_a_dimension_that_is_not_there(dim: int, ndim: int) -> None:
    limit = max(ndim, 1)
    message = rf"Dimension out of range \(expected to be in range of \[-{limit}, {limit - 1}\]"
    with pytest.raises(IndexError, match=message):
        wrap_dim(dim, ndim)


def test_layouts_are_compared_by_value_and_print_what_they_are() -> None:
    layout = make((2, 3), (1, 2), 5)
    assert layout == make((2, 3), (1, 2), 5)
    assert hash(layout) == hash(make((2, 3), (1, 2), 5))
    assert layout != make((2, 3), (1, 2), 4)
    assert layout != (2, 3)
    assert repr(layout) == "Layout(shape=(2, 3), strides=(1, 2), offset=5)"
