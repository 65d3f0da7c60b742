"""Products of tensors: what is refused, what is written in place, and the edges."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_tensor import Tensor, linear_algebra
from minitorch_tensor.autograd import grad
from minitorch_tensor.autograd_check import gradcheck, gradgradcheck

ones = mt.ones


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mt.addmm(ones(3), ones(2, 2), ones(2, 2)),
         r"addmm: input of shape \(3,\) cannot be expanded to the shape \(2, 2\) of the product"),
        (lambda: mt.addmm(ones(2), ones(2, 2), ones(2, 2).double()),
         r"addmm: expected all tensors to have the same dtype, but got input minitorch.float32, "
         r"mat1 minitorch.float32, mat2 minitorch.float64"),
        (lambda: mt.addmv(ones(2).long(), ones(2, 2).long(), ones(2).long(), beta=0.5),
         r"addmv: for integral input tensors, argument beta must not be a floating point number"),
        (lambda: mt.addr(ones(2, 2), ones(2, 1), ones(2)),
         r"addr: expected a 1-D tensor for vec1, but got shape \(2, 1\)"),
        (lambda: mt.baddbmm(ones(2), ones(3, 2, 2), ones(2, 2, 2)),
         r"bmm: the number of matrices differs"),
        (lambda: ones(2).addbmm_(ones(3, 2, 2), ones(3, 2, 2)),
         r"addbmm_: bad in-place call: input tensor size \(2,\) and output tensor size \(2, 2\)"),
        (lambda: mt.inner(ones(2, 3), ones(2)),
         r"inner: the last dimension must match .* got shapes \(2, 3\) and \(2,\)"),
        (lambda: mt.vdot(ones(2, 2), ones(2)), r"vdot: expected a 1-D tensor for input"),
        (lambda: mt.tensordot(ones(2, 3), ones(3, 2), -1), r"expected dims >= 0, but got dims=-1"),
        (lambda: mt.tensordot(ones(2, 3), ones(3, 2), 3),
         r"tensordot: dims=3 is more than the dimensions of an operand"),
        (lambda: mt.tensordot(ones(2, 3), ones(3, 2), ([0], [0])),
         r"the first has size 2 in dim 0 and the second has size 3 in dim 0"),
        (lambda: mt.tensordot(ones(2, 3), ones(3, 2), ([0, 1], [0])),
         r"tensordot: both dimension lists should have the same length"),
        (lambda: mt.tensordot(ones(2, 2), ones(2, 2), ([1, 1], [0, 0])),
         r"tensordot: dim 1 appears multiple times"),
        (lambda: mt.cross(ones(2, 2), ones(2, 2)), r"cross: no dimension of size 3"),
        (lambda: linear_algebra.cross(ones(2, 3), ones(3)),
         r"linalg.cross: inputs must have the same number of dimensions"),
        (lambda: linear_algebra.vecdot(ones(2).long(), ones(2).long()),
         r"linalg.vecdot: expected a floating point tensor"),
        (lambda: linear_algebra.multi_dot([ones(2, 2)]), r"expected at least 2 tensors, but got 1"),
        (lambda: linear_algebra.multi_dot([ones(2, 2), ones(2), ones(2, 2)]),
         r"linalg.multi_dot: tensor 1 must be a matrix, but its shape is \(2,\)"),
        (lambda: linear_algebra.multi_dot([ones(2, 2), ones(3, 2)]),
         r"tensors 0 and 1 with shapes \(2, 2\) and \(3, 2\) cannot be multiplied"),
        (lambda: mt.chain_matmul(), r"chain_matmul: expected one or more matrices"),
        (lambda: mt.cdist(ones(2, 3), ones(4, 2)), r"cdist: x1 and x2 must have the same number"),
        (lambda: mt.cdist(ones(3), ones(4, 3)), r"only supports at least 2D tensors, but x1"),
        (lambda: mt.cdist(ones(2, 3), ones(4, 3), -1.0), r"only supports non-negative p values"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Callable[[], Tensor], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        call()


def test_arguments_of_another_type_are_refused() -> None:
    with pytest.raises(TypeError, match="dims must be a number, or two lists"):
        mt.tensordot(ones(2, 2), ones(2, 2), [1, 0])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="'fast' is not a valid value for compute_mode"):
        mt.cdist(ones(2, 3), ones(4, 3), compute_mode="fast")
    with pytest.raises(TypeError, match="inner: argument 'other' must be a Tensor, not list"):
        mt.inner(ones(2), [1.0, 2.0])  # type: ignore[arg-type]


def test_beta_zero_ignores_nan_and_gives_a_zero_gradient() -> None:
    x = mt.full((2, 2), float("nan"), requires_grad=True)
    y = mt.addmm(x, ones(2, 3), ones(3, 2), beta=0)
    assert y.tolist() == [[3.0, 3.0], [3.0, 3.0]]
    (g,) = grad(y.sum(), [x])
    assert g is not None
    assert g.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_in_place_forms_write_and_are_recorded() -> None:
    x, mat, vec = ones(2, requires_grad=True), ones(2, 3), ones(3, requires_grad=True)
    y = x * 1
    version = y.version
    assert y.addmv_(mat, vec, beta=2, alpha=3) is y
    assert y.version > version
    assert y.tolist() == [11.0, 11.0]
    gradients = grad(y.sum(), [x, vec])
    assert [g.tolist() for g in gradients if g is not None] == [[2.0, 2.0], [6.0, 6.0, 6.0]]


def test_sums_of_nothing_are_zero() -> None:
    assert mt.addbmm(ones(2, 2), ones(0, 2, 3), ones(0, 3, 2)).tolist() == ones(2, 2).tolist()
    assert mt.inner(ones(2, 0), ones(3, 0)).tolist() == mt.zeros(2, 3).tolist()
    assert mt.kron(ones(0, 2), ones(2, 2)).shape == (0, 4)
    assert mt.cdist(ones(2, 0), ones(3, 0)).tolist() == mt.zeros(2, 3).tolist()
    assert mt.cdist(ones(0, 3), ones(2, 3)).shape == (0, 2)


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, float("inf")])
@pytest.mark.parametrize("mode", ["use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"])
def test_the_gradient_of_no_distance_is_zero(p: float, mode: str) -> None:
    x = mt.tensor([[1.0, 2.0], [1.0, 2.0]], requires_grad=True)
    y = mt.cdist(x, mt.tensor([[1.0, 2.0]]), p, mode)
    assert y.tolist() == [[0.0], [0.0]]
    (g,) = grad(y.sum(), [x])
    assert g is not None
    assert not mt.isnan(g).any()
    if p != float("inf"):  # there every coordinate is a largest one, with slope sign(0)
        assert g.tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0])
def test_distances_have_second_derivatives(p: float) -> None:
    x = mt.tensor([[0.1, 2.0], [1.3, -0.7]], dtype=mt.float64, requires_grad=True)
    y = mt.tensor([[0.6, 0.2], [-1.0, 1.9], [2.2, 0.8]], dtype=mt.float64, requires_grad=True)
    assert gradcheck(lambda a, b: mt.cdist(a, b, p), (x, y))
    assert gradgradcheck(lambda a, b: mt.cdist(a, b, p), (x, y))


@given(st.lists(st.integers(1, 6), min_size=3, max_size=8), st.integers(0, 9))
def test_the_order_of_a_chain_does_not_change_the_product(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(pair) for pair in pairwise(sizes)]
    expected = arrays[0]
    for array in arrays[1:]:
        expected = expected @ array
    found = linear_algebra.multi_dot([mt.tensor(x) for x in arrays])
    np.testing.assert_allclose(np.asarray(found, np.float64), expected, atol=1e-9)


def test_a_size_of_one_is_paired_with_any_size() -> None:
    a, b = mt.rand(2, 1), mt.rand(3, 2)
    expected = a.expand(2, 3) @ b
    assert mt.allclose(mt.tensordot(a, b, 1), expected)
    assert mt.allclose(mt.einsum("ij,jk", a, b), expected)
