"""What a type checker makes of autograd: `assert_type` is checked by mypy, and runs as well."""

from typing import assert_type

import minitorch as torch
from minitorch import Tensor, func
from minitorch.autograd import Function, functional, gradcheck
from minitorch.autograd.function import FunctionCtx, once_differentiable
from minitorch.utils.checkpoint import checkpoint


class Scale(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, k: float = 2.0) -> Tensor:
        ctx.k = k
        ctx.save_for_backward(x)
        return x * k

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, g: Tensor) -> tuple[Tensor, None]:
        assert_type(ctx.saved_tensors, tuple[Tensor, ...])
        assert isinstance(ctx.k, float)
        return g * ctx.k, None


class Apart(Function):
    @staticmethod
    def forward(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
        return x * k, x + k

    @staticmethod
    def setup_context(ctx: FunctionCtx, inputs: tuple[Tensor, int], output: Tensor) -> None:
        ctx.k = inputs[1]

    @staticmethod
    def backward(ctx: FunctionCtx, g: Tensor, h: Tensor) -> tuple[Tensor, None]:
        assert isinstance(ctx.k, int)
        return g * ctx.k + h, None


def test_apply_has_the_signature_of_forward() -> None:
    x = torch.ones(2, requires_grad=True)
    assert_type(Scale.apply(x), Tensor)
    assert_type(Scale.apply(x, k=3.0), Tensor)
    assert_type(Apart.apply(x, 3), tuple[Tensor, Tensor])
    assert Scale.apply(x, 3.0).tolist() == [3.0, 3.0]


def test_a_wrong_argument_is_rejected_statically() -> None:
    x = torch.ones(2, requires_grad=True)
    if x.ndim == 7:  # only the checker sees these: each comment must be needed
        Scale.apply("x")  # type: ignore[arg-type]
        Scale.apply(x, 3.0, 4.0)  # type: ignore[call-arg]
        Apart.apply(x)  # type: ignore[call-arg]
        gradcheck(Scale.apply, x, epsilon=1.0)  # type: ignore[call-arg]
        func.grad(3)(x)  # type: ignore[call-overload]
        torch.autograd.grad(x.sum(), "x")  # type: ignore[arg-type]
    assert x.requires_grad


def loss(weights: dict[str, Tensor], x: Tensor) -> Tensor:
    return (weights["w"] * x).sum()


def pair(x: Tensor) -> tuple[Tensor, str]:
    return x.sum(), "aux"


def square(x: Tensor) -> Tensor:
    return x * x


def test_transforms_keep_types() -> None:
    x = torch.ones(2)
    weights = {"w": x}
    assert_type(func.grad(loss)(weights, x), dict[str, Tensor])
    assert_type(func.grad_and_value(loss)(weights, x), tuple[dict[str, Tensor], Tensor])
    assert_type(func.grad(loss, argnums=(0, 1))(weights, x), tuple[dict[str, Tensor], Tensor])
    assert_type(func.grad(pair, has_aux=True)(x), tuple[Tensor, str])
    assert_type(func.jacrev(square)(x), Tensor)
    assert_type(func.hessian(square)(x), Tensor)
    assert_type(func.vmap(square)(x), Tensor)
    assert_type(func.jvp(square, (x,), (x,)), tuple[Tensor, Tensor])
    assert_type(func.functional_call(torch.nn.ReLU(), {}, x), Tensor)


def two(x: Tensor) -> tuple[Tensor, Tensor]:
    return x, x


def test_functional_gives_a_tensor_for_a_tensor_and_a_tuple_for_a_tuple() -> None:
    x = torch.ones(2)
    assert_type(functional.jacobian(square, x), Tensor)
    assert_type(functional.jacobian(square, (x,)), tuple[Tensor, ...])
    assert_type(functional.jacobian(two, x), tuple[Tensor, ...])
    assert_type(functional.jacobian(two, (x,)), tuple[tuple[Tensor, ...], ...])
    assert_type(functional.vjp(square, x, x), tuple[Tensor, Tensor])
    assert_type(functional.jvp(two, x, x), tuple[tuple[Tensor, ...], tuple[Tensor, ...]])


def test_a_checkpoint_gives_what_the_function_gives() -> None:
    x = torch.ones(2, requires_grad=True)
    assert_type(checkpoint(two, x, use_reentrant=False), tuple[Tensor, Tensor])
