"""scatter_reduce, index_reduce, take, put, masked_scatter, positions: laws, edges, errors."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad
from minitorch_tensor.combining import Reduce

FOLDS: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "prod": math.prod,
    "amax": max,
    "amin": min,
    "mean": lambda numbers: sum(numbers) / len(numbers),
}


def one_by_one(
    reduce: Reduce, start: list[float], index: list[int], src: list[float], include_self: bool
) -> list[float]:
    """scatter_reduce as its definition says it."""
    result = list(start)
    for at in set(index):
        parts = [value for i, value in zip(index, src, strict=True) if i == at]
        result[at] = FOLDS[reduce]([start[at], *parts] if include_self else parts)
    return result


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["sum", "prod", "mean", "amax", "amin"]),
    st.lists(st.tuples(st.integers(0, 4), st.floats(-3, 3)), max_size=40),
    st.booleans(),
)
def test_scatter_reduce_combines_all_that_goes_to_one_place(
    reduce: Reduce, pairs: list[tuple[int, float]], include_self: bool
) -> None:
    start = [0.5, -1.0, 2.0, 3.0, -0.25]
    index, src = [i for i, _ in pairs], [value for _, value in pairs]
    found = mt.scatter_reduce(
        mt.tensor(start, dtype=mt.float64), 0, mt.tensor(index, dtype=mt.int64),
        mt.tensor(src, dtype=mt.float64), reduce, include_self=include_self,
    )  # fmt: skip
    expected = one_by_one(reduce, start, index, src, include_self)
    assert found.tolist() == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_the_gradient_of_a_product_is_right_where_factors_are_zero() -> None:
    x = mt.tensor([2.0, 5.0], requires_grad=True)
    src = mt.tensor([0.0, 3.0, 0.0, 0.0], requires_grad=True)
    y = x.scatter_reduce(0, mt.tensor([0, 0, 1, 1]), src, "prod")
    gx, gs = grad(y.sum(), [x, src], create_graph=True)
    assert gx is not None
    assert gs is not None
    assert (gx.tolist(), gs.tolist()) == ([0.0, 0.0], [6.0, 0.0, 0.0, 0.0])
    (second,) = grad(gs.sum(), src)
    assert second is not None
    assert second.tolist() == [2.0, 2.0, 5.0, 5.0]


def test_a_product_takes_no_harm_from_an_infinity_beside_it() -> None:
    src = mt.tensor([math.inf, 2.0, 3.0], requires_grad=True)
    y = mt.ones(2).scatter_reduce(0, mt.tensor([0, 1, 1]), src, "prod")
    assert y.tolist() == [math.inf, 6.0]
    (g,) = grad(y[1], src)
    assert g is not None
    assert g.tolist() == [0.0, 3.0, 2.0]


def test_equal_extremes_share_the_gradient() -> None:
    x = mt.tensor([3.0, 0.0], requires_grad=True)
    src = mt.tensor([3.0, 3.0, 1.0, 0.0], requires_grad=True)
    index = mt.tensor([0, 0, 0, 1])
    gx, gs = grad(x.scatter_reduce(0, index, src, "amax").sum(), [x, src])
    assert gx is not None
    assert gs is not None
    assert gx.tolist() == pytest.approx([1 / 3, 0.5])
    assert gs.tolist() == pytest.approx([1 / 3, 1 / 3, 0.0, 0.5])


def test_a_nan_is_the_largest_and_the_smallest() -> None:
    x = mt.zeros(2)
    src = mt.tensor([1.0, math.nan, 2.0])
    for reduce in ("amax", "amin"):
        found = x.scatter_reduce(0, mt.tensor([0, 0, 1]), src, reduce)
        assert math.isnan(found[0].item())


def test_means_of_integers_are_rounded_down() -> None:
    x = mt.tensor([1, 2, 3])
    found = x.scatter_reduce(0, mt.tensor([0, 0, 1]), mt.tensor([-5, -6, 7]), "mean")
    assert found.tolist() == [-4, 4, 3]
    found = x.index_reduce(0, mt.tensor([0]), mt.tensor([-4]), "mean")
    assert found.tolist() == [-2, 2, 3]


def test_forms_of_scatter() -> None:
    x = mt.ones(3)
    index = mt.tensor([0, 0, 1], dtype=mt.int32)
    assert x.scatter(0, index, 5.0).tolist() == [5.0, 5.0, 1.0]
    assert x.scatter(0, index, value=5.0).tolist() == [5.0, 5.0, 1.0]
    assert x.scatter(0, index, 2.0, reduce="add").tolist() == [5.0, 3.0, 1.0]
    src = mt.tensor([2.0, 3.0, 4.0])
    assert x.scatter(0, index, src, reduce="multiply").tolist() == [6.0, 4.0, 1.0]
    y = x.clone()
    assert y.scatter_(0, index, src, reduce="add") is y
    assert y.tolist() == [6.0, 5.0, 1.0]
    nothing = mt.zeros(0)
    for found in (x.scatter(0, nothing, 5.0), x.scatter_add(0, nothing, src)):
        assert found.tolist() == [1.0, 1.0, 1.0]
    assert x.gather(0, nothing).shape == (0,)


def test_take_and_put_count_positions_in_the_flattened_tensor() -> None:
    x = mt.arange(6).reshape(2, 3)
    assert x.take(mt.tensor([[0, 5], [-1, -6]])).tolist() == [[0, 5], [5, 0]]
    assert x.t().take(mt.tensor([1])).tolist() == [3]
    assert mt.tensor(7).take(mt.tensor(0)).shape == ()
    y = x.clone().t()
    assert y.put_(mt.tensor([[1], [-1]]), mt.tensor([10, 20])) is y
    assert y.t().tolist() == [[0, 1, 2], [10, 4, 20]]
    assert x.put(mt.tensor([0, 0]), mt.tensor([1, 2]), accumulate=True)[0, 0].item() == 3


def test_masked_scatter_takes_the_source_in_order() -> None:
    mask = mt.tensor([[True], [False]])
    found = mt.masked_scatter(mt.zeros(3), mask, mt.arange(4.0))
    assert found.tolist() == [[0.0, 1.0, 2.0], [0.0, 0.0, 0.0]]
    x, source = mt.zeros(3, requires_grad=True), mt.ones(2, 2, requires_grad=True)
    y = x.masked_scatter(mt.tensor([True, False, True]), source)
    gx, gs = grad((y * mt.tensor([5.0, 7.0, 9.0])).sum(), [x, source])
    assert gx is not None
    assert gs is not None
    assert (gx.tolist(), gs.tolist()) == ([0.0, 7.0, 0.0], [[5.0, 9.0], [0.0, 0.0]])
    nothing = mt.zeros(2).masked_scatter(mt.tensor([False, False]), mt.zeros(0))
    assert nothing.tolist() == [0.0, 0.0]


def test_index_put() -> None:
    x = mt.zeros(2, 3)
    rows, columns = mt.tensor([0, 0]), mt.tensor([1, 1])
    assert x.index_put((rows, columns), mt.tensor(2.0), accumulate=True)[0, 1].item() == 4.0
    assert mt.index_put(x, [mt.tensor([True, False])], mt.tensor([1.0, 2.0, 3.0]))[0].tolist() == [
        1.0, 2.0, 3.0,
    ]  # fmt: skip
    assert x.tolist() == [[0.0] * 3] * 2


def test_positions() -> None:
    x = mt.tensor([[0, 3], [5, 0]])
    assert mt.argwhere(x).tolist() == [[0, 1], [1, 0]]
    assert mt.argwhere(mt.tensor(1)).shape == (1, 0)
    assert x.nonzero_static(size=3).tolist() == [[0, 1], [1, 0], [-1, -1]]
    assert mt.nonzero_static(x, size=1, fill_value=9).tolist() == [[0, 1]]
    assert mt.nonzero_static(x, size=0).shape == (0, 2)
    rows, columns = mt.unravel_index(mt.tensor([5, -1, 0], dtype=mt.int32), (2, 3))
    assert (rows.tolist(), columns.tolist(), rows.dtype) == ([1, 1, 0], [2, 2, 0], mt.int64)
    assert mt.unravel_index(mt.tensor([5]), 7)[0].tolist() == [5]
    assert mt.unravel_index(mt.tensor([0]), ()) == ()
    assert [i.shape for i in mt.unravel_index(mt.zeros(0, dtype=mt.int64), (2, 0))] == [(0,), (0,)]


def test_isin() -> None:
    x = mt.tensor([1.0, math.nan, 2.0])
    assert mt.isin(x, mt.tensor([math.nan, 2.0])).tolist() == [False, False, True]
    assert mt.isin(x, 2).tolist() == [False, False, True]
    assert mt.isin(2, x).item() is True
    assert mt.isin(x, 2.0, invert=True, assume_unique=True).tolist() == [True, True, False]
    assert mt.isin(mt.zeros(0, 2), x).shape == (0, 2)
    # The common dtype decides: float32 cannot tell these two apart, int64 can.
    near = mt.tensor([2**24 + 1])
    assert mt.isin(near, mt.tensor([2.0**24])).item() is True
    assert mt.isin(near, mt.tensor([2**24])).item() is False


ONES = mt.ones(3)
I = mt.tensor([0, 0, 1])  # noqa: E741


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: ONES.scatter_reduce(0, I, ONES.double(), "sum"), RuntimeError, "src has dtype"),
        (lambda: ONES.scatter_reduce(0, I, mt.ones(2), "sum"), RuntimeError,
         r"index \(3,\) must not be larger than src \(2,\)"),
        (lambda: ONES.scatter_reduce(0, I + 2, ONES, "prod"), RuntimeError,
         "index 3 is out of bounds for dimension 0 with size 3"),
        (lambda: ONES.bool().scatter_reduce(0, I, ONES.bool(), "mean"), RuntimeError,
         "the mean of bools is not defined; convert to float"),
        (lambda: ONES.index_reduce(0, I, ONES.double(), "prod"), RuntimeError, "have one dtype"),
        (lambda: ONES.index_reduce(0, I, mt.ones(2), "prod"), RuntimeError,
         r"must have shape \(3,\), but it has \(2,\)"),
        (lambda: ONES.index_reduce(0, I - 1, ONES, "prod"), IndexError, "index -1 is out of boun"),
        (lambda: ONES.scatter(0, I), TypeError, "expected src or value"),
        (lambda: ONES.scatter(0, I, ONES, value=1.0), TypeError, "and only one"),
        (lambda: ONES.take(I.int()), RuntimeError, r"take: expected dtype int64.*use \.long\(\)"),
        (lambda: ONES.take(I + 3), IndexError, "index 3 is out of range for a tensor of 3"),
        (lambda: ONES.take(I - 4), IndexError, "index -4 is out of range"),
        (lambda: mt.zeros(0).take(I), IndexError, "out of range for a tensor of 0 elements"),
        (lambda: ONES.put(I, mt.ones(2)), IndexError, "number of elements, but they have 2 and 3"),
        (lambda: ONES.put(I, ONES.double()), RuntimeError, "source has dtype minitorch.float64"),
        (lambda: ONES.put(I + 9, ONES), IndexError, "index 9 is out of range"),
        (lambda: ONES.masked_scatter(I, ONES), RuntimeError, "expected a bool mask, but got"),
        (lambda: ONES.masked_scatter(ONES > 0, I), RuntimeError, "must have one dtype"),
        (lambda: ONES.masked_scatter(ONES > 0, mt.ones(2)), RuntimeError,
         "source has 2 elements, fewer than the 3 places"),
        (lambda: mt.ones(3).masked_scatter_(mt.ones(2, 1) > 0, mt.ones(6)), RuntimeError,
         "cannot grow its tensor"),
        (lambda: ONES.index_put((I,), ONES.double()), RuntimeError, "needs one dtype"),
        (lambda: ONES.index_put((I,), mt.ones(2)), RuntimeError, "shape mismatch"),
        (lambda: ONES.index_put((I,), mt.ones(2), accumulate=True), RuntimeError, "shape mismatch"),
        (lambda: ONES.index_put((I + 2,), ONES), IndexError, "index 3 is out of bounds"),
        (lambda: ONES.index_put((I, I), ONES), IndexError, "too many indices"),
        (lambda: mt.nonzero_static(ONES, size=-1), RuntimeError, "must be a non-negative integer"),
        (lambda: mt.unravel_index(ONES, (3,)), TypeError, "expected indices of an integer dtype"),
        (lambda: mt.unravel_index(I, (2, -3)), ValueError, "cannot have negative values"),
        (lambda: mt.unravel_index(I, (2, 0)), RuntimeError, r"shape \(2, 0\) has no positions"),
        (lambda: mt.isin(ONES > 0, I), RuntimeError, "elements must be numbers, but they are bool"),
        (lambda: mt.isin(1, 2), TypeError, "expected a Tensor for elements or test_elements"),
        (lambda: mt.take_along_dim(mt.ones(2, 3), I, 1), RuntimeError, "same number of dimensions"),
        (lambda: mt.take_along_dim(ONES, I.int(), 0), RuntimeError, "must have dtype int64"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    wrong: Callable[[], Tensor | tuple[Tensor, ...]], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        wrong()
    assert ONES.tolist() == [1.0, 1.0, 1.0]


def test_arguments_that_are_no_tensors_are_named() -> None:
    scope = {"mt": mt, "x": ONES, "i": I}
    for wrong, argument in {
        "x.take([0])": "index", "x.put(i, [1.0])": "source", "x.masked_scatter([True], x)": "mask",
        "x.index_put((i,), 1.0)": "values", "x.scatter_reduce(0, i, 1.0, 'sum')": "src",
        "x.index_put([[0]], x)": r"indices\[0\]", "mt.unravel_index([0], (2,))": "indices",
        "mt.isin(x, [1.0])": "test_elements",
    }.items():  # fmt: skip
        with pytest.raises(TypeError, match=f"argument '{argument}' must be a Tensor"):
            eval(wrong, scope)
    with pytest.raises(TypeError, match=r"indices must be a tuple of Tensors.*write \(index,\)"):
        eval("x.index_put(i, x)", scope)


def test_an_unknown_reduction_is_refused_with_the_known_ones() -> None:
    scope = {"x": ONES, "i": I}
    for wrong, message in {
        "x.scatter_reduce(0, i, x, 'max')": "one of sum, prod, mean, amax or amin, but got 'max'",
        "x.index_reduce(0, i, x, 'sum')": "one of prod, mean, amax or amin, but got 'sum'",
        "x.scatter(0, i, 1.0, reduce='mean')": "either 'add' or 'multiply', got 'mean'",
    }.items():
        with pytest.raises(RuntimeError, match=message):
            eval(wrong, scope)
