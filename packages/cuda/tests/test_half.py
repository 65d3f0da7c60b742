"""16-bit floats: every method of the backend computes with them as float32, and rounds once."""

import math

import numpy as np
import pytest

from minitorch_cuda.backend import Temporary
from minitorch_operators import add, eq, exp, gt, lt, maximum, mul, where
from minitorch_tensor.dtype import (
    DType,
    bfloat16,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int64,
)
from minitorch_tensor.half import narrowed
from minitorch_tensor.layout import Layout

from .helpers import CUDA, Spec, compare, contents, dense, expanded, sparse, transposed

HALVES = pytest.mark.parametrize("half", [float16, bfloat16], ids=str)


@HALVES
def test_operators_round_once(half: DType) -> None:
    shape = (3, 5)
    out, a, b = dense(shape, half), transposed(shape, half, 1), expanded(shape, half, 2)
    rule = maximum.vjps[0]
    assert rule is not None
    compare(lambda e, x: e.zip(mul, x[0], x[1], x[2]), out, a, b)
    compare(lambda e, x: e.map(exp, x[0], x[1]), out, sparse(shape, half))
    compare(lambda e, x: e.zip3(where, x[0], x[3], x[1], x[2]), out, a, b, dense(shape, bool_))
    compare(lambda e, x: e.pull(rule, x[0], x[1], x[2], x[1]), out, a, b)


@HALVES
@pytest.mark.parametrize(
    "other", [float16, bfloat16, float32, float64, int64, int8, bool_], ids=str
)
def test_copies_cast_both_ways(half: DType, other: DType) -> None:
    for source, target in ((half, other), (other, half)):
        out, x = dense((9,), target, 1), dense((9,), source)
        compare(lambda backend, arrays: backend.copy(arrays[0], arrays[1]), out, x)


@HALVES
def test_numbers_at_the_edges(half: DType) -> None:
    values = [0.0, -0.0, math.inf, -math.inf, math.nan, 65504.0, 70000.0, 1e-8, 1 + 2**-11, 1e39]
    x = Spec(np.array(values), Layout.contiguous((len(values),)))
    out = dense((len(values),), half)
    made = [out.on(CUDA), x.on(CUDA)]
    CUDA.copy(made[0], made[1])
    found = Temporary(CUDA.empty(10, float32), made[0].storage.device, x.layout, float32)
    CUDA.copy(found, made[0])
    expected = narrowed(np.array(values), half)
    back = Spec(expected, x.layout).on(CUDA)
    again = Temporary(CUDA.empty(10, float32), made[0].storage.device, x.layout, float32)
    CUDA.copy(again, back)
    np.testing.assert_array_equal(contents(CUDA, found), contents(CUDA, again))


@HALVES
def test_comparisons_of_halves(half: DType) -> None:
    a, b = dense((12,), half, 1), dense((12,), half, 2)
    compare(lambda e, x: e.zip(gt, x[0], x[1], x[2]), dense((12,), bool_), a, b)
    compare(lambda e, x: e.zip(eq, x[0], x[1], x[2]), dense((12,), bool_), a, b)


@HALVES
@pytest.mark.parametrize("size", [3, 50, 300])
def test_sums_are_added_up_in_float32(half: DType, size: int) -> None:
    x = dense((2, size), half)
    out = Spec(narrowed(np.zeros(2), half), Layout((2, size), (1, 0)))
    compare(lambda e, a: e.reduce(add, 0.0, a[0], a[1]), out, x, exact=False)
    compare(lambda e, a: e.reduce(maximum, -math.inf, a[0], a[1]), out, x)
    places = Spec(np.zeros(2, np.int64), Layout.contiguous((2,)))
    compare(lambda e, a: e.arg_reduce(lt, a[0], a[1], 1), places, x)


@HALVES
def test_products_and_indices(half: DType) -> None:
    a, b = dense((5, 9), half, 1), dense((9, 4), half, 2)
    compare(lambda e, x: e.matmul(x[0], x[1], x[2]), dense((5, 4), half), a, b, exact=False)
    index = Spec(np.array([2, 0, 2, 1]), Layout.contiguous((4,)))
    x = dense((3,), half)
    compare(lambda e, y: e.gather(y[0], y[1], y[2], 0), dense((4,), half), x, index)
    compare(
        lambda e, y: e.scatter_add(y[0], y[1], y[2], 0),
        x,
        index,
        dense((4,), half, 4),
        exact=False,
    )
