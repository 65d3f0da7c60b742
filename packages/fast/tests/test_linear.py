"""linear in one operation against its composite."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from minitorch_fast.functional.linear import linear_fused
from minitorch_tensor import Tensor, from_numpy, no_grad
from minitorch_tensor.autograd import grad
from minitorch_tensor.functional.linear import linear

from .fused_cases import close, leaves, random

SHAPES = [(5,), (7, 5), (2, 3, 5), (0, 5), (1, 1, 1, 5), (400, 5)]


def results(
    function: Callable[..., Tensor], arrays: Sequence[npt.NDArray[np.generic]], transposed: bool
) -> list[Tensor | None]:
    inputs = leaves(arrays)
    x, w, *rest = inputs
    if transposed:
        x, w = x.transpose(0, -1).contiguous().transpose(0, -1), w.t().contiguous().t()
    y = function(x, w, *rest)
    gradients = grad(y, inputs, from_numpy(random(*y.shape, seed=9).astype(arrays[0].dtype)))
    return [y, *gradients]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_as_the_composite(
    shape: tuple[int, ...], biased: bool, transposed: bool, kind: type[np.floating]
) -> None:
    arrays = [random(*shape), random(4, 5, seed=1), *([random(4, seed=2)] if biased else [])]
    arrays = [a.astype(kind) for a in arrays]
    found = results(linear_fused, arrays, transposed)
    expected = results(linear.composite, arrays, transposed)
    for a, b in zip(found, expected, strict=True):
        close(a, b, 1e-5 if kind is np.float32 else 1e-12)


def test_products_that_are_cut() -> None:
    for shape, width in (((700, 200), 90), ((30, 400), 610)):
        arrays = [random(*shape), random(width, shape[1], seed=1), random(width, seed=2)]
        arrays = [a.astype(np.float32) for a in arrays]
        found = results(linear_fused, arrays, False)
        for a, b in zip(found, results(linear.composite, arrays, False), strict=True):
            close(a, b, 1e-4)


def second_gradients(function: Callable[[Tensor, Tensor, Tensor], Tensor]) -> list[Tensor | None]:
    x, w, b = leaves([random(3, 5), random(4, 5, seed=1), random(4, seed=2)])
    y = function(x, w, b)
    dx, dw = grad((y * y).sum(), [x, w], create_graph=True)
    assert dx is not None
    assert dw is not None
    return list(grad((dx * dx).sum() + dw.sum(), [x, w, b]))


def test_gradients_of_gradients() -> None:
    for found, expected in zip(
        second_gradients(linear_fused), second_gradients(linear.composite), strict=True
    ):
        close(found, expected, 1e-12)


def test_only_what_a_gradient_needs_is_kept() -> None:
    x, w, b = leaves([random(3, 5), random(4, 5, seed=1), random(4, seed=2)])
    x.requires_grad = False
    y = linear_fused(x, w, b)
    with no_grad():
        w.mul_(2.0)  # only the gradient of x would need it
        b.mul_(2.0)
    y.sum().backward()
    assert w.grad is not None
    y = linear_fused(x, w, b)
    with no_grad():
        x.mul_(2.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
