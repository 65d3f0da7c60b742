"""Reductions, running sums and sorting beside NumPy, for any layout, any dims, nothing and nan."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import minitorch_tensor as mt
from minitorch_tensor import Tensor

Array = NDArray[np.float64]

ours: dict[str, Callable[..., Tensor]] = {
    "sum": mt.sum, "mean": mt.mean, "prod": mt.prod, "amax": mt.amax, "amin": mt.amin,
    "var": lambda x, dims, keep: mt.var(x, dims, correction=0, keepdim=keep),
    "std": lambda x, dims, keep: mt.std(x, dims, correction=0, keepdim=keep),
    "all": mt.all, "any": mt.any,
}  # fmt: skip
theirs: dict[str, Callable[..., Array]] = {
    "sum": np.sum, "mean": np.mean, "prod": np.prod, "amax": np.amax, "amin": np.amin,
    "var": np.var, "std": np.std, "all": np.all, "any": np.any,
}  # fmt: skip


def numbers(x: Tensor) -> Array:
    return np.asarray(x.numpy(), np.float64)


@st.composite
def strided(draw: st.DrawFn, smallest: int = 1) -> tuple[Tensor, Array]:
    """A tensor and an array of the same elements, permuted, stepped or expanded."""
    shape = draw(st.lists(st.integers(smallest, 4), min_size=1, max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    array = np.round(rng.standard_normal(shape), 2)
    order = draw(st.permutations(range(len(shape))))
    step = draw(st.integers(1, 2))
    x = mt.tensor(array).permute(order)[::step]
    a = array.transpose(order)[::step]
    if draw(st.booleans()):
        x, a = x.expand(2, *x.shape), np.broadcast_to(a, (2, *a.shape))
    return x, a


@pytest.mark.parametrize("name", ours)
@settings(max_examples=25)
@given(given_=strided(), data=st.data())
def test_a_reduction_is_numpys(
    name: str, given_: tuple[Tensor, Array], data: st.DataObject
) -> None:
    x, a = given_
    dims = tuple(data.draw(st.permutations(range(a.ndim)))[: data.draw(st.integers(1, a.ndim))])
    keep = data.draw(st.booleans())
    found = ours[name](x, dims, keep)
    expected = theirs[name](a, axis=dims, keepdims=keep)
    assert found.shape == expected.shape
    np.testing.assert_allclose(numbers(found), expected.astype(float), atol=1e-12)


@given(strided())
def test_arg_reductions_find_the_first_extreme(given_: tuple[Tensor, Array]) -> None:
    x, a = given_
    for dim in range(a.ndim):
        np.testing.assert_array_equal(x.argmax(dim).numpy(), a.argmax(dim))
        np.testing.assert_array_equal(x.argmin(dim, keepdim=True).numpy(), a.argmin(dim)[
            tuple(slice(None) if d != dim else None for d in range(a.ndim))
        ])  # fmt: skip
        values, indices = x.max(dim)
        np.testing.assert_array_equal(values.numpy(), a.max(dim))
        np.testing.assert_array_equal(indices.numpy(), a.argmax(dim))
    assert x.argmax().item() == a.argmax()


@given(strided(), st.booleans())
def test_sorting_and_topk(given_: tuple[Tensor, Array], descending: bool) -> None:
    x, a = given_
    for dim in range(a.ndim):
        order = np.argsort(-a if descending else a, dim, kind="stable")
        values, indices = x.sort(dim, descending)
        np.testing.assert_array_equal(indices.numpy(), order)
        np.testing.assert_array_equal(values.numpy(), np.take_along_axis(a, order, dim))
        k = (a.shape[dim] + 1) // 2
        top = x.topk(k, dim, largest=descending)
        np.testing.assert_array_equal(top.values.numpy(), values.narrow(dim, 0, k).numpy())


@given(strided())
def test_running_sums_and_products(given_: tuple[Tensor, Array]) -> None:
    x, a = given_
    for dim in range(a.ndim):
        np.testing.assert_allclose(numbers(x.cumsum(dim)), a.cumsum(dim), atol=1e-12)
        np.testing.assert_allclose(numbers(x.cumprod(dim)), a.cumprod(dim), atol=1e-12)


@given(strided())
def test_logsumexp_and_norms(given_: tuple[Tensor, Array]) -> None:
    x, a = given_
    np.testing.assert_allclose(numbers(x.logsumexp(0)), np.log(np.exp(a).sum(0)))
    for p in (1, 2, 3, math.inf, -math.inf):
        np.testing.assert_allclose(
            numbers(x.norm(p, -1)), np.linalg.norm(a, p, axis=-1), rtol=1e-9, atol=1e-9
        )


def test_nothing_has_a_sum_a_product_and_truth_but_no_largest() -> None:
    x = mt.zeros(0, 3)
    assert x.sum().item() == 0.0
    assert x.prod(0).tolist() == [1.0, 1.0, 1.0]
    assert math.isnan(x.mean().item())
    assert x.all().item() is True
    assert x.any().item() is False
    assert x.logsumexp(0).tolist() == [-math.inf] * 3
    assert x.sum(1).shape == (0,)
    assert x.amax(1).shape == (0,)
    with pytest.raises(IndexError, match="reduced dimension 0 to have non-zero size"):
        x.amax(0)
    with pytest.raises(RuntimeError, match=r"no elements to choose from: the shape is \(0, 3\)"):
        x.max()
    with pytest.raises(IndexError, match="dimension 0 to have non-zero size"):
        x.argmax(0)
    with pytest.raises(IndexError, match="expected the input to have elements"):
        x.argmax()


def test_nan_wins() -> None:
    x = mt.tensor([1.0, math.nan, 3.0])
    assert math.isnan(x.max().item())
    assert math.isnan(x.amin().item())
    assert x.argmax().item() == 1
    assert x.sort().indices.tolist() == [0, 2, 1]
    assert x.sort(descending=True).indices.tolist() == [1, 2, 0]


def test_integers_add_up_in_int64_and_floats_accurately() -> None:
    assert mt.full((10,), 200, dtype=mt.uint8).sum().item() == 2000
    assert mt.ones(3, dtype=mt.bool_).sum().dtype is mt.int64
    assert mt.ones(3, dtype=mt.int8).cumsum(0).dtype is mt.int64
    assert mt.full((100_000,), 0.1).sum().item() == pytest.approx(10_000, rel=1e-6)
    assert mt.ones(3, dtype=mt.int64).sum(dtype=mt.float64).dtype is mt.float64


def test_variance_has_a_correction() -> None:
    x = mt.tensor([1.0, 2.0, 4.0])
    assert x.var().item() == pytest.approx(7 / 3)
    assert x.var(correction=0).item() == pytest.approx(14 / 9)
    assert x.var(unbiased=False).item() == pytest.approx(14 / 9)
    assert x.var(False).item() == pytest.approx(14 / 9)
    assert x.var(0, False, True).shape == (1,)
    assert x.var(correction=None).item() == pytest.approx(7 / 3)
    with pytest.raises(TypeError, match="both unbiased=True and correction=0"):
        x.var(unbiased=True, correction=0)


def test_a_variance_without_a_degree_of_freedom_warns() -> None:
    x = mt.tensor([1.0, 2.0, 4.0])
    with pytest.warns(UserWarning, match=r"std\(\): degrees of freedom is <= 0"):
        assert x.std(correction=3).item() == math.inf
    with pytest.warns(UserWarning, match=r"number of elements reduced, 1"):
        assert math.isnan(x[:1].var().item())


def test_a_0d_tensor_has_dimensions_0_and_minus_1() -> None:
    x = mt.tensor(3.0)
    for y in (x.sum(0), x.mean([0]), x.amax((-1,)), x.max(0).values, x.cumsum(0), x.sort(0).values):
        assert (y.shape, y.item()) == ((), 3.0)
    assert x.argmax(0).item() == 0
    with pytest.raises(IndexError, match="Dimension out of range"):
        x.sum(1)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ("x.sum(2)", IndexError, "Dimension out of range"),
        ("x.sum((0, 0))", RuntimeError, "names a dimension of the 2 more than once"),
        ("x.long().mean()", RuntimeError, "mean: the input dtype must be floating point"),
        ("x.long().var()", RuntimeError, "var: the input dtype must be floating point"),
        ("x.long().norm()", RuntimeError, "norm: expected a floating point tensor"),
        ("x.bool().argmax()", RuntimeError, "argmax: not defined for bool"),
        ("x.norm('foo')", RuntimeError, "'foo'"),
        ("x.topk(4)", RuntimeError, "selected index k out of range: k = 4 of 3"),
        ("x.cumsum(5)", IndexError, "Dimension out of range"),
        ("mt.zeros(3).trace()", RuntimeError, "trace: expected a matrix"),
        ("x.diagonal(0, 1, 1)", RuntimeError, "dimensions cannot be identical"),
        ("mt.zeros(1, 1, 1).diag()", RuntimeError, "expected a vector or a matrix"),
    ],
)
def test_what_cannot_be_reduced(wrong: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        eval(wrong, {"x": mt.ones(2, 3), "mt": mt})
