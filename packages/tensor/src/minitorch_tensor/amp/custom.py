"""`custom_fwd` and `custom_bwd`: an `autograd.Function` of one's own under autocast."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, overload

from minitorch_tensor.amp.mode import autocast
from minitorch_tensor.amp.policies import eligible
from minitorch_tensor.amp.state import get_autocast_dtype, is_autocast_enabled
from minitorch_tensor.autograd_function_node import FunctionCtx
from minitorch_tensor.core import Tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.trees import mapped

P = ParamSpec("P")
R = TypeVar("R")
Forward = Callable[Concatenate[FunctionCtx, P], R]


def _require_name(device_type: str) -> None:
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")


@overload
def custom_fwd(
    fwd: None = None, *, device_type: str, cast_inputs: DType | None = None
) -> Callable[[Forward[P, R]], Forward[P, R]]: ...
@overload
def custom_fwd(
    fwd: Forward[P, R], *, device_type: str, cast_inputs: DType | None = None
) -> Forward[P, R]: ...
def custom_fwd(
    fwd: Callable[..., R] | None = None, *, device_type: str, cast_inputs: DType | None = None
) -> Callable[..., object]:
    """Decorate the `forward` of an `autograd.Function` that is used under autocast.

    Outside of autocast it changes nothing.
    https://docs.pytorch.org/docs/stable/amp.html#torch.amp.custom_fwd

    Args:
        fwd: the forward; if omitted, a decorator is returned.
        device_type: "cpu", "cuda" or "numpy".
        cast_inputs: where autocast is on, floating tensors are cast to this dtype, but float64 is
            not, and forward runs with autocast off; if omitted, it runs as autocast is.

    Raises:
        RuntimeError: when it is called, if there is no autocast for such devices.
        ValueError: if `device_type` is no string.

    >>> from minitorch_tensor import dtype
    >>> from minitorch_tensor.autograd_function import Function
    >>> class Double(Function):
    ...     @staticmethod
    ...     @custom_fwd(device_type="cpu", cast_inputs=dtype.float32)
    ...     def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
    ...         return x + x
    >>> with autocast("cpu"):
    ...     Double.apply(Tensor([1.0]).bfloat16())
    Tensor([2.], requires_grad=False)
    """
    _require_name(device_type)
    if fwd is None:
        return lambda forward: custom_fwd(forward, device_type=device_type, cast_inputs=cast_inputs)
    function = fwd

    def cast(value: object) -> object:
        if cast_inputs is not None and isinstance(value, Tensor) and eligible(value, device_type):
            return value.to(cast_inputs)
        return value

    @wraps(function)
    def decorated(ctx: FunctionCtx, /, *args: object, **kwargs: object) -> R:
        ctx._dtype = get_autocast_dtype(device_type)
        is_on = is_autocast_enabled(device_type)
        ctx._fwd_used_autocast = is_on and cast_inputs is None
        if cast_inputs is None or not is_on:
            return function(ctx, *args, **kwargs)
        with autocast(device_type, enabled=False):
            return function(
                ctx,
                *[mapped(cast, x) for x in args],
                **{name: mapped(cast, x) for name, x in kwargs.items()},
            )

    return decorated


@overload
def custom_bwd(
    bwd: None = None, *, device_type: str
) -> Callable[[Forward[P, R]], Forward[P, R]]: ...
@overload
def custom_bwd(bwd: Forward[P, R], *, device_type: str) -> Forward[P, R]: ...
def custom_bwd(bwd: Callable[..., R] | None = None, *, device_type: str) -> Callable[..., object]:
    """Decorate the `backward` beside a `custom_fwd`: it runs with autocast as forward did.

    https://docs.pytorch.org/docs/stable/amp.html#torch.amp.custom_bwd

    Args:
        bwd: the backward; if omitted, a decorator is returned.
        device_type: "cpu", "cuda" or "numpy", as for its forward.

    Raises:
        AttributeError: when it is called, if its forward is not decorated.
        ValueError: if `device_type` is no string.

    >>> from minitorch_tensor.autograd_function import Function
    >>> class Power(Function):
    ...     @staticmethod
    ...     @custom_fwd(device_type="cpu")
    ...     def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
    ...         ctx.save_for_backward(x)
    ...         return x @ x
    ...
    ...     @staticmethod
    ...     @custom_bwd(device_type="cpu")
    ...     def backward(ctx: FunctionCtx, g: Tensor) -> Tensor:
    ...         (x,) = ctx.saved_tensors
    ...         return g @ x.t() + x.t() @ g
    >>> x = Tensor([[3.0]], requires_grad=True)
    >>> with autocast("cpu"):
    ...     y = Power.apply(x)
    >>> y.backward()
    >>> x.grad
    Tensor([[6.]], requires_grad=False)
    """
    _require_name(device_type)
    if bwd is None:
        return lambda backward: custom_bwd(backward, device_type=device_type)
    function = bwd

    @wraps(function)
    def decorated(ctx: FunctionCtx, /, *args: object, **kwargs: object) -> R:
        used, dtype = getattr(ctx, "_fwd_used_autocast", None), getattr(ctx, "_dtype", None)
        if not isinstance(used, bool) or not isinstance(dtype, DType):
            raise AttributeError(
                "custom_bwd: this forward has not noted whether autocast was on; decorate it with "
                f"@custom_fwd(device_type='{device_type}')"
            )
        with autocast(device_type, dtype=dtype, enabled=used):
            return function(ctx, *args, **kwargs)

    return decorated
