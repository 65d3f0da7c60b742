"""gradcheck and gradgradcheck on tensors: what they find, and PyTorch's arguments."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import minitorch_tensor as mt
from minitorch_autodiff import GradcheckError
from minitorch_tensor import Tensor
from minitorch_tensor.autograd_check import gradcheck, gradgradcheck
from minitorch_tensor.autograd_function import Function
from minitorch_tensor.autograd_function_node import FunctionCtx


def leaf(*shape: int) -> Tensor:
    mt.manual_seed(0)
    return mt.randn(*shape, dtype=mt.float64).requires_grad_()


class Wrong(Function):
    """x squared, with the derivative of x cubed where x > 0."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: FunctionCtx, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return g * mt.where(x > 0, 3 * x * x, 2 * x)


class WrongTwice(Function):
    """Whose backward is right, but not the backward of this."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: FunctionCtx, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return g * 2 * x.detach()


FUNCTIONS: list[Callable[..., Tensor | list[Tensor]]] = [
    lambda x, y: x @ y,
    lambda x, y: [x.exp().sum(0), (x * y.t()).tanh()],
    lambda x, y: (x / x.norm()) @ y.sigmoid(),
    lambda x, y: x.std(0) + y.norm(),
    lambda x, y: [x[0] * 2, y.long(), y.t()[:, 1:]],
]


@pytest.mark.parametrize("f", FUNCTIONS)
@pytest.mark.parametrize("fast_mode", [False, True])
def test_right_derivatives_pass(f: Callable[..., Tensor | list[Tensor]], fast_mode: bool) -> None:
    xs = (leaf(2, 3), leaf(3, 2))
    assert gradcheck(f, xs, fast_mode=fast_mode, check_batched_grad=True)
    assert gradgradcheck(f, xs, gen_non_contig_grad_outputs=fast_mode, check_batched_grad=True)


def test_wrong_derivatives_are_found() -> None:
    x = mt.tensor([[-1.0, 2.0]], dtype=mt.float64, requires_grad=True)
    message = r"derivative of component 1 of output 0 by component 1 of input 0 is 12 by backward"
    with pytest.raises(GradcheckError, match=message):
        gradcheck(Wrong.apply, x)
    assert not gradcheck(Wrong.apply, x, raise_exception=False)
    assert gradcheck(WrongTwice.apply, x)
    with pytest.raises(GradcheckError, match="gradgradcheck: "):
        gradgradcheck(WrongTwice.apply, x)
    assert not gradgradcheck(WrongTwice.apply, x, raise_exception=False)


def test_tolerances_are_used() -> None:
    x = mt.tensor([1.1], dtype=mt.float64, requires_grad=True)
    assert gradcheck(Wrong.apply, x, atol=2.0)
    assert gradcheck(Wrong.apply, x, rtol=1.0)
    assert not gradcheck(Wrong.apply, x, rtol=1e-2, raise_exception=False)
    assert gradcheck(lambda x: x**3, x, eps=1e-4)


def test_grad_outputs_can_be_given() -> None:
    x = leaf(3)
    assert gradgradcheck(lambda x: x**3, x, mt.ones(3, dtype=mt.float64))
    with pytest.raises(ValueError, match="gives 1 outputs, but there are 2 grad_outputs"):
        gradgradcheck(lambda x: x**3, x, [mt.ones(3), mt.ones(3)])


def test_single_precision_is_warned_of() -> None:
    x = mt.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match=r"Input #0 requires gradient and is not a double"):
        gradcheck(lambda x: x * 2, x, eps=1e-2, atol=1e-2)


def test_something_must_require_grad_and_there_is_no_forward_mode() -> None:
    with pytest.raises(ValueError, match="at least one input that requires grad"):
        gradcheck(lambda x: x, mt.ones(2))
    with pytest.raises(ValueError, match="check_forward_ad=True checks derivatives in forward"):
        gradcheck(lambda x: x, leaf(2), check_forward_ad=True)
    with pytest.raises(ValueError, match="check_fwd_over_rev=True"):
        gradgradcheck(lambda x: x, leaf(2), check_fwd_over_rev=True)
    assert gradcheck(Wrong.apply, leaf(2), check_backward_ad=False)


def test_no_grad_is_touched_and_random_functions_are_refused() -> None:
    x = leaf(2)
    assert gradcheck(lambda x: x * 2, x)
    assert x.grad is None
    with pytest.raises(GradcheckError, match="gave different outputs for the same inputs"):
        gradcheck(lambda x: x * mt.rand(2, dtype=mt.float64), x)
