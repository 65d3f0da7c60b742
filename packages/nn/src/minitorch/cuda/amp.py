"""`torch.cuda.amp`: the older names of `torch.amp` for "cuda"; PyTorch warns of them, we too.

https://docs.pytorch.org/docs/stable/amp.html
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar, overload

from minitorch import amp
from minitorch_tensor import DType, float16
from minitorch_tensor.amp.custom import Forward

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _warn(name: str, newer: str) -> None:
    warnings.warn(
        f"`torch.cuda.amp.{name}(args...)` is deprecated. Please use `torch.amp.{newer}` instead.",
        FutureWarning,
        stacklevel=3,
    )


class autocast(amp.autocast):
    """`minitorch.amp.autocast("cuda", ...)`, which is to be preferred.

    Args:
        enabled: whether the region casts.
        dtype: the lower dtype.
        cache_enabled: whether weights that were cast are kept in the region.
    """

    def __init__(
        self, enabled: bool = True, dtype: DType = float16, cache_enabled: bool = True
    ) -> None:
        _warn("autocast", "autocast('cuda', args...)")
        super().__init__("cuda", enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)


class GradScaler(amp.GradScaler):
    """`minitorch.amp.GradScaler("cuda", ...)`, which is to be preferred.

    Args:
        init_scale: the first scale.
        growth_factor: what the scale is multiplied with after `growth_interval` steps.
        backoff_factor: what it is multiplied with after an overflow.
        growth_interval: how many steps without an overflow let it grow.
        enabled: if False, losses and gradients stay as they are.
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        _warn("GradScaler", "GradScaler('cuda', args...)")
        super().__init__(
            "cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled
        )


@overload
def custom_fwd(
    fwd: None = None, *, cast_inputs: DType | None = None
) -> Callable[[Forward[_P, _R]], Forward[_P, _R]]: ...
@overload
def custom_fwd(fwd: Forward[_P, _R], *, cast_inputs: DType | None = None) -> Forward[_P, _R]: ...
def custom_fwd(
    fwd: Forward[_P, _R] | None = None, *, cast_inputs: DType | None = None
) -> Forward[_P, _R] | Callable[[Forward[_P, _R]], Forward[_P, _R]]:
    """`minitorch.amp.custom_fwd(..., device_type="cuda")`, which is to be preferred."""
    _warn("custom_fwd", "custom_fwd(args..., device_type='cuda')")
    if fwd is None:
        return amp.custom_fwd(device_type="cuda", cast_inputs=cast_inputs)
    return amp.custom_fwd(fwd, device_type="cuda", cast_inputs=cast_inputs)


def custom_bwd(bwd: Forward[_P, _R]) -> Forward[_P, _R]:
    """`minitorch.amp.custom_bwd(..., device_type="cuda")`, which is to be preferred."""
    _warn("custom_bwd", "custom_bwd(args..., device_type='cuda')")
    return amp.custom_bwd(bwd, device_type="cuda")
