"""gather, scatter and their kin against loops in Python; joins against NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad

Array = NDArray[np.int64]


@st.composite
def indexed(draw: st.DrawFn) -> tuple[Array, int, Array]:
    """An array, a dimension, and an index array that `gather` along it accepts."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    dim = draw(st.integers(0, len(shape) - 1))
    inner = [draw(st.integers(0, 4)) if d == dim else draw(st.integers(0, n)) for d, n in
             enumerate(shape)]  # fmt: skip
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    index = rng.integers(0, shape[dim], inner)
    return np.arange(np.prod(shape)).reshape(shape), dim, index


@given(indexed())
def test_gather_reads_one_element_for_each_index(case: tuple[Array, int, Array]) -> None:
    a, dim, index = case
    expected = np.empty(index.shape, np.int64)
    for at in np.ndindex(index.shape):
        source = list(at)
        source[dim] = int(index[at])
        expected[at] = a[tuple(source)]
    for x in (mt.tensor(a), mt.tensor(a).float().t().t() if a.ndim == 2 else mt.tensor(a)):
        found = x.gather(dim, mt.tensor(index))
        np.testing.assert_array_equal(found.numpy(), expected)
    negative = mt.tensor(a).gather(dim - a.ndim, mt.tensor(index))
    np.testing.assert_array_equal(negative.numpy(), expected)


@given(indexed(), st.booleans())
def test_scatter_writes_or_adds_one_element_for_each_index(
    case: tuple[Array, int, Array], add: bool
) -> None:
    a, dim, index = case
    source = np.arange(index.size).reshape(index.shape) + 100
    expected = a.copy()
    for at in np.ndindex(index.shape):
        target = list(at)
        target[dim] = int(index[at])
        if add:
            expected[tuple(target)] += source[at]
        else:
            expected[tuple(target)] = source[at]  # so the last one stays
    x, i, src = mt.tensor(a), mt.tensor(index), mt.tensor(source)
    found = x.scatter_add(dim, i, src) if add else x.scatter(dim, i, src)
    np.testing.assert_array_equal(found.numpy(), expected)
    np.testing.assert_array_equal(x.numpy(), a)
    assert (x.scatter_add_(dim, i, src) if add else x.scatter_(dim, i, src)) is x
    np.testing.assert_array_equal(x.numpy(), expected)


@given(indexed())
def test_scatter_add_is_the_transpose_of_gather(case: tuple[Array, int, Array]) -> None:
    a, dim, index = case
    i = mt.tensor(index)
    rng = np.random.default_rng(0)
    x = mt.tensor(rng.standard_normal(a.shape))
    y = mt.tensor(rng.standard_normal(index.shape))
    left = (x.gather(dim, i) * y).sum().item()
    right = (x * mt.zeros(a.shape, dtype=mt.float64).scatter_add(dim, i, y)).sum().item()
    assert left == pytest.approx(right)


def test_gradients_of_scatter() -> None:
    x = mt.zeros(3, requires_grad=True)
    src = mt.tensor([1.0, 2.0, 3.0], requires_grad=True)
    index = mt.tensor([0, 0, 2])
    weights = mt.tensor([5.0, 7.0, 11.0])
    gx, gs = grad((x.scatter(0, index, src) * weights).sum(), [x, src])
    assert gx is not None
    assert gs is not None
    assert (gx.tolist(), gs.tolist()) == ([0.0, 7.0, 0.0], [0.0, 5.0, 11.0])
    gx, gs = grad((x.scatter_add(0, index, src) * weights).sum(), [x, src])
    assert gx is not None
    assert gs is not None
    assert (gx.tolist(), gs.tolist()) == ([5.0, 7.0, 11.0], [5.0, 5.0, 11.0])


def test_index_functions() -> None:
    x = mt.arange(6).reshape(2, 3)
    columns = mt.tensor([2, 0])
    assert x.index_select(1, columns).tolist() == [[2, 0], [5, 3]]
    assert x.index_select(-1, columns.int()).tolist() == [[2, 0], [5, 3]]
    assert x.index_add(1, columns, mt.full((2, 2), 10)).tolist() == [[10, 1, 12], [13, 4, 15]]
    assert x.index_add(0, mt.tensor([1, 1]), x, alpha=2).tolist() == [[0, 1, 2], [9, 14, 19]]
    assert x.index_copy(1, columns, mt.full((2, 2), 9)).tolist() == [[9, 1, 9], [9, 4, 9]]
    assert x.index_fill(1, mt.tensor([-1]), 7).tolist() == [[0, 1, 7], [3, 4, 7]]
    y = x.clone()
    y.index_put_((mt.tensor([0, 0]), mt.tensor([1, 1])), mt.tensor([10, 20]), accumulate=True)
    assert y.tolist() == [[0, 31, 2], [3, 4, 5]]
    y.index_put_((None, columns), mt.tensor(0))
    assert y.tolist() == [[0, 31, 0], [0, 4, 0]]
    assert mt.take_along_dim(x, mt.tensor([[-1], [0]]), 1).tolist() == [[2], [3]]
    assert mt.take_along_dim(x, mt.tensor([5, 0])).tolist() == [5, 0]


def test_masks() -> None:
    x = mt.arange(6).reshape(2, 3)
    assert x.masked_select(x > 2).tolist() == [3, 4, 5]
    assert x.masked_select(mt.tensor([True, False, True])).tolist() == [0, 2, 3, 5]
    assert x.masked_fill(x > 2, mt.tensor(9)).tolist() == [[0, 1, 2], [9, 9, 9]]
    assert (x > 3).nonzero().tolist() == [[1, 1], [1, 2]]
    rows, columns = mt.where(x > 3)
    assert (rows.tolist(), columns.tolist()) == ([1, 1], [1, 2])
    assert mt.tensor(3).nonzero().shape == (1, 0)
    assert x.where(x > 2, -1).tolist() == [[-1, -1, -1], [3, 4, 5]]


@pytest.mark.parametrize(
    ("function", "error"), [("gather", RuntimeError), ("index_select", IndexError)]
)
@pytest.mark.parametrize("bad", [3, -1, 2**40])
def test_reading_outside_is_refused_with_pytorchs_error(
    function: str, error: type[Exception], bad: int
) -> None:
    x = mt.arange(3)
    with pytest.raises(error, match=rf"index {bad} .*out of bounds for dimension 0 with size 3"):
        getattr(x, function)(0, mt.tensor([0, bad]))


@pytest.mark.parametrize("bad", [3, -1, 2**40])
def test_writing_outside_is_refused_and_nothing_is_written(bad: int) -> None:
    x = mt.arange(3)
    index, source = mt.tensor([0, bad]), mt.tensor([7, 7])
    writes: list[tuple[Callable[[], Tensor], type[Exception]]] = [
        (lambda: x.scatter_(0, index, source), RuntimeError),
        (lambda: x.scatter_add_(0, index, source), RuntimeError),
        (lambda: x.scatter_reduce_(0, index, source, "prod"), RuntimeError),
        (lambda: x.index_add_(0, index, source), IndexError),
        (lambda: x.index_copy_(0, index, source), IndexError),
        (lambda: x.index_reduce_(0, index, source, "amax"), IndexError),
    ]
    for write, error in writes:
        with pytest.raises(error, match=f"index {bad}"):
            write()
    assert x.tolist() == [0, 1, 2]
    assert x._version == 0


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ("x.gather(0, [0])", TypeError, "gather: argument 'index' must be a Tensor, not list"),
        ("x.gather(0, i.float())", RuntimeError, "expected dtype int64 or int32 for index"),
        ("x.gather(0, i)", RuntimeError, "index must have as many dimensions as the input"),
        ("x.gather(0, mt.zeros(1, 9, dtype=mt.int64))", RuntimeError, "must not be larger than"),
        ("x.gather(0, j.to('numpy'))", RuntimeError, "index is on numpy and the input on cpu"),
        ("x.scatter_add(0, j, x.long())", RuntimeError, "src has dtype minitorch.int64"),
        ("x.scatter_add(0, j, mt.ones(1, 1))", RuntimeError, "must not be larger than src"),
        ("x.scatter(0, j, x.to('numpy'))", RuntimeError, "src is on numpy"),
        ("x.index_select(0, j)", IndexError, "index must be a vector"),
        ("x.index_select(0, i.bool())", RuntimeError, "expected dtype int32 or int64"),
        ("x.index_add(0, i, mt.ones(3, 3))", RuntimeError, r"must have shape \(2, 3\), but it has"),
        ("x.masked_fill(x, 1.0)", RuntimeError, "expected a bool mask"),
        ("x.masked_fill([True], 1.0)", TypeError, "argument 'mask' must be a Tensor, not list"),
        ("x.masked_fill(x > 0, mt.ones(1))", RuntimeError, "only supports a number or a 0-dim"),
        ("x.masked_select(x)", RuntimeError, "expected a bool mask"),
        ("mt.cat([])", ValueError, "expected a non-empty list"),
        ("mt.cat(x)", TypeError, "expected a sequence of Tensors, but got Tensor"),
        ("mt.cat([x, 3])", TypeError, r"'tensors\[1\]' must be a Tensor, not int"),
        ("mt.cat([x, i])", RuntimeError, r"expected shape \(2, 3\), but tensor 1 has shape \(2,\)"),
        ("mt.cat([mt.tensor(1.0)])", RuntimeError, "zero-dimensional tensors cannot be"),
        ("mt.cat([x, x.to('numpy')])", RuntimeError, "expected all tensors on one device"),
        ("mt.stack([x, x[:1]])", RuntimeError, "each tensor must have equal size"),
        ("mt.stack([])", RuntimeError, "expected a non-empty list"),
        ("x.repeat(2)", RuntimeError, "number of dimensions of repeat dims"),
        ("x.flip(0, 0)", RuntimeError, "dim 0 appears multiple times"),
        ("x.roll((1, 2), 0)", RuntimeError, "shifts and dimensions must align"),
        ("mt.ones(2).tril()", RuntimeError, "tril: input tensor must have at least 2 dimensions"),
        ("mt.meshgrid(x)", RuntimeError, "meshgrid: expected vectors"),
        ("mt.meshgrid(i, indexing='no')", RuntimeError, "indexing must be 'ij' or 'xy'"),
    ],
)
def test_what_does_not_fit(wrong: str, error: type[Exception], message: str) -> None:
    scope = {"mt": mt, "x": mt.ones(2, 3), "i": mt.tensor([0, 1]), "j": mt.tensor([[0, 1, 0]])}
    with pytest.raises(error, match=message):
        eval(wrong, scope)


# ---- joins -------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.integers(0, 1))
def test_cat_is_numpys(lengths: list[int], dim: int) -> None:
    arrays = [np.arange(2 * n).reshape((n, 2) if dim == 0 else (2, n)) for n in lengths]
    x = mt.cat([mt.tensor(a) for a in arrays], dim)
    np.testing.assert_array_equal(x.numpy(), np.concatenate(arrays, dim))


def test_cat_promotes_and_lets_an_empty_vector_join_anything() -> None:
    x = mt.cat([mt.ones(1, 2), mt.ones(1, 2, dtype=mt.int64), mt.zeros(0, dtype=mt.float64)])
    assert (x.shape, x.dtype) == ((2, 2), mt.float64)
    empty = mt.zeros(0, requires_grad=True)
    full = mt.ones(1, 2, requires_grad=True)
    mt.cat([empty, full]).sum().backward()
    assert empty.grad is not None
    assert empty.grad.shape == (0,)
    assert full.grad is not None
    assert full.grad.tolist() == [[1.0, 1.0]]


def test_stack_flip_roll_repeat_and_triangles_are_numpys() -> None:
    a = np.arange(6).reshape(2, 3)
    x = mt.tensor(a)

    def same(found: Tensor, expected: NDArray[np.generic]) -> None:
        np.testing.assert_array_equal(found.numpy(), expected)

    for dim in (0, 1, 2, -1):
        same(mt.stack([x, x], dim), np.stack([a, a], dim))
    same(x.flip(0, 1), np.flip(a))
    same(x.roll((1, -2), (0, 1)), np.roll(a, (1, -2), (0, 1)))
    same(x.roll(4), np.roll(a, 4))
    same(x.repeat(2, 1, 3), np.tile(a, (2, 1, 3)))
    for k in range(-3, 4):
        same(x.tril(k), np.tril(a, k))
        same(x.triu(k), np.triu(a, k))
        same(x.diagonal(k), np.diagonal(a, k))
        same(x[0].diag(k), np.diag(a[0], k))
    same(x.trace(), np.trace(a))
    for mine, other in zip(
        mt.meshgrid(x[0], x[1, :2], indexing="xy"), np.meshgrid(a[0], a[1, :2]), strict=True
    ):
        same(mine, other)
    assert mt.broadcast_shapes((3, 1), (2, 1, 4), ()) == (2, 3, 4)
    assert [y.shape for y in mt.broadcast_tensors(x, x[0])] == [(2, 3), (2, 3)]
