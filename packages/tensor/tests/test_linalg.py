"""Matrix products of every rank and layout beside NumPy, their gradients, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import minitorch_tensor as mt
from minitorch_tensor.autograd import grad
from minitorch_tensor.layout import Shape

Array = NDArray[np.float64]

sizes = st.integers(0, 3)


@st.composite
def factors(draw: st.DrawFn) -> tuple[Shape, Shape]:
    """Shapes whose product is defined: vectors, matrices, stacks with leading ones left out."""
    n, k, m = draw(sizes), draw(sizes), draw(sizes)
    lead = draw(st.lists(st.integers(1, 3), max_size=2))
    a = [draw(st.sampled_from([size, 1])) for size in lead]
    b = [draw(st.sampled_from([size, 1])) for size in lead]
    cut = draw(st.integers(0, len(lead)))
    first: Shape = (k,) if draw(st.integers(0, 3)) == 0 else (*a[cut:], n, k)
    second: Shape = (k,) if draw(st.integers(0, 3)) == 0 else (*b, k, m)
    return first, second


def random(shape: Shape, seed: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


@given(factors(), st.booleans())
def test_matmul_is_numpys(shapes: tuple[Shape, Shape], strided: bool) -> None:
    a, b = random(shapes[0], 0), random(shapes[1], 1)
    x, y = mt.tensor(a), mt.tensor(b)
    if strided:  # the same numbers in memory of another order, with gaps
        x = mt.stack([x, x], -1)[..., 0]
        y = y.mT.contiguous().mT if y.ndim > 1 else y
    z = x @ y
    expected = np.matmul(a, b)
    assert z.shape == expected.shape
    np.testing.assert_allclose(np.asarray(z, np.float64), expected, atol=1e-12)


@given(factors())
def test_the_gradient_of_a_product_is_its_transpose(shapes: tuple[Shape, Shape]) -> None:
    # <dx @ y, g> + <x @ dy, g> == <dx, gx> + <dy, gy>
    x = mt.tensor(random(shapes[0], 0), requires_grad=True)
    y = mt.tensor(random(shapes[1], 1), requires_grad=True)
    z = x @ y
    g = mt.tensor(random(z.shape, 2))
    gx, gy = grad(z, [x, y], g)
    assert gx is not None
    assert gy is not None
    assert (gx.shape, gy.shape) == (x.shape, y.shape)
    dx, dy = mt.tensor(random(x.shape, 3)), mt.tensor(random(y.shape, 4))
    left = ((dx @ y) * g).sum() + ((x @ dy) * g).sum()
    right = (dx * gx).sum() + (dy * gy).sum()
    assert left.item() == pytest.approx(right.item(), abs=1e-9)


def test_second_derivatives_of_a_product() -> None:
    x = mt.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    (g,) = grad((x @ x).sum(), x, create_graph=True)
    assert g is not None
    (h,) = grad((g * g).sum(), x)
    # g[i, j] = (row sum of j) + (column sum of i), so that each x[a, b] stands in four of them
    assert h is not None
    assert g.tolist() == [[7.0, 11.0], [9.0, 13.0]]
    assert h.tolist() == [[68.0, 76.0], [84.0, 92.0]]


@pytest.mark.parametrize("dtype", [mt.int64, mt.int32, mt.int8, mt.uint8])
def test_products_of_integers_are_exact_and_wrap(dtype: mt.DType) -> None:
    x = mt.tensor([[100, 27]], dtype=dtype)
    expected = np.array([[100, 27]]) @ np.array([[100], [27]])
    assert (x @ x.t()).tolist() == expected.astype(dtype.name).tolist()


def test_the_named_products() -> None:
    a, b = mt.arange(6.0).reshape(2, 3), mt.arange(3.0)
    assert mt.mv(a, b).tolist() == [5.0, 14.0]
    assert mt.dot(b, b).item() == 5.0
    assert mt.outer(b, b).shape == (3, 3)
    assert mt.mm(a, a.t()).shape == (2, 2)
    assert mt.bmm(a[None], a.t()[None]).shape == (1, 2, 2)
    assert mt.addmm(mt.ones(2), a, a.t(), beta=2, alpha=0.5).tolist() == [[4.5, 9.0], [9.0, 27.0]]
    nothing = mt.full((2, 2), float("nan"))
    assert mt.addmm(nothing, a, a.t(), beta=0).tolist() == [[5.0, 14.0], [14.0, 50.0]]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ("x @ x", RuntimeError, r"inner sizes differ in \(2, 3\) @ \(2, 3\): 3 columns against 2"),
        ("x @ mt.tensor(1.0)", RuntimeError, r"need at least 1 dimension.*use \* for products"),
        (
            "x @ x.t().double()",
            RuntimeError,
            r"one dtype, but got minitorch\.float32 and",
        ),
        ("x @ x.t().to('numpy')", RuntimeError, "on one device, but they are on cpu and numpy"),
        ("x.bool() @ x.t().bool()", RuntimeError, "not defined for bool"),
        ("mt.ones(5, 2, 3) @ mt.ones(6, 3, 4)", RuntimeError, "cannot broadcast shapes"),
        ("x @ 'a'", TypeError, "unsupported operand"),
        ("mt.matmul(x, 3)", TypeError, "matmul: argument 'other' must be a Tensor, not int"),
        ("mt.mm(x, x[0])", RuntimeError, "mm: expected tensors with 2 and 2 dimensions"),
        ("mt.dot(x, x)", RuntimeError, "dot: expected tensors with 1 and 1 dimensions"),
        ("mt.mv(x, x)", RuntimeError, "mv: expected tensors with 2 and 1 dimensions"),
        ("mt.outer(x, x)", RuntimeError, "outer: expected two vectors"),
        ("mt.bmm(mt.ones(2, 2, 2), mt.ones(3, 2, 2))", RuntimeError, "number of matrices differs"),
    ],
)
def test_what_has_no_product(wrong: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        eval(wrong, {"x": mt.ones(2, 3), "mt": mt})


def test_a_constant_factor_gets_no_gradient_and_saves_nothing() -> None:
    x, w = mt.ones(2, 3), mt.ones(3, 2, requires_grad=True)
    y = x @ w
    w.data.mul_(2)
    with mt.no_grad():
        w.add_(1)  # w itself is not read, for x needs no gradient
    y.sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [[2.0, 2.0]] * 3
