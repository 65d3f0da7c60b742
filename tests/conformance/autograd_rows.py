"""Rows of autograd itself: functions with a backward of their own, and derivatives as values."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from .table import POSITIVE, Call, Given, Row, Tensor, X, row


def rows() -> list[Row]:
    """All of them."""
    return [*_functions(), *_derivatives(), *_batches(), *_modes()]


def _function(lib: ModuleType, forward: Callable[..., Any], backward: Callable[..., Any]) -> Any:
    members = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Made", (lib.autograd.Function,), members)


def _functions() -> list[Row]:
    def cube(lib: ModuleType, x: Tensor) -> Tensor:
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x * x * x

        def backward(ctx: Any, g: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            return g * 3 * x * x

        return _function(lib, forward, backward).apply(x)

    def pair(lib: ModuleType, x: Tensor, y: Tensor) -> Tensor:
        def forward(ctx: Any, x: Tensor, y: Tensor, k: float) -> Any:
            z = x * y
            ctx.save_for_backward(x, y)
            ctx.k = k
            return z, x.sum(0) * k

        def backward(ctx: Any, g: Tensor, h: Tensor) -> Any:
            x, y = ctx.saved_tensors
            return g * y + h.expand(x.shape) * ctx.k, g * x, None

        first, second = _function(lib, forward, backward).apply(x, y, 2.0)
        return first.sum() + (second * second).sum()

    def dirty(lib: ModuleType, x: Tensor) -> Tensor:
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.mark_dirty(x)
            return x.mul_(2)

        y = x.clone()
        _function(lib, forward, lambda ctx, g: g * 2).apply(y[:1])
        return y * y

    def again(lib: ModuleType, x: Tensor) -> Tensor:
        from importlib import import_module

        checkpoint = import_module(f"{lib.__name__}.utils.checkpoint").checkpoint
        return checkpoint(lambda x: x.exp() * x, x, use_reentrant=False)

    return [
        row("autograd.Function", cube, dtypes=False),
        row("autograd.Function of several", pair, X, X, dtypes=False),
        row("autograd.Function in place", dirty, dtypes=False, layouts=False),
        row("utils.checkpoint", again, dtypes=False),
    ]


def _derivatives() -> list[Row]:
    """Each gives a derivative, which is compared; and differentiated, where PyTorch records it."""

    def plain(name: str, call: Call, *inputs: Given) -> Row:
        return row(name, call, *inputs, dtypes=False, layouts=False)

    def functional(name: str, *args: str) -> Call:
        """The derivative of a product, recorded, at x in the direction of y."""

        def call(lib: ModuleType, x: Tensor, *y: Tensor) -> Tensor:
            result = getattr(lib.autograd.functional, name)(
                lambda x: (x.exp() * x).sum(0) if "several" in args else (x.exp() * x).sum(),
                x,
                *y,
                create_graph=True,
            )
            return result[1] if isinstance(result, tuple) else result

        return call

    row_of = Given((4,))
    return [
        plain("autograd.functional.jacobian", functional("jacobian", "several"), Given((2, 2))),
        plain("autograd.functional.hessian", functional("hessian"), Given((3,))),
        plain("autograd.functional.vjp", functional("vjp", "several"), X, row_of),
        plain("autograd.functional.jvp", functional("jvp", "several"), X, X),
        plain("autograd.functional.vhp", functional("vhp"), X, X),
        plain("autograd.functional.hvp", functional("hvp"), X, X),
        plain("func.grad", lambda lib, x: lib.func.grad(lambda x: (x**3).sum())(x)),
        plain("func.jacrev", lambda lib, x: lib.func.jacrev(lambda x: x.sin())(x), Given((3,))),
        plain("func.vjp", lambda lib, x: lib.func.vjp(lambda x: x.exp(), x)[1](x)[0]),
    ]  # fmt: skip


def _batches() -> list[Row]:
    return [
        row("vmap", lambda lib, x, y: lib.vmap(lambda a, b: (a * b).sum())(x, y), X, POSITIVE,
            dtypes=False),
        row("vmap in_dims out_dims", lambda lib, x: lib.vmap(
            lambda a: a.cumsum(0), in_dims=1, out_dims=-1)(x), dtypes=False),
    ]  # fmt: skip


def _modes() -> list[Row]:
    def flags(lib: ModuleType, x: Tensor) -> Tensor:
        found = [
            lib.is_grad_enabled(),
            lib.is_anomaly_enabled(),
            lib.is_anomaly_check_nan_enabled(),
            lib.is_inference_mode_enabled(),
        ]
        return lib.tensor(found).to(x.device)

    return [row("modes", flags, dtypes=False, layouts=False, gradient=False)]
