"""`functional_call` at its older place: that of `minitorch.func`, deprecated as in PyTorch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from minitorch import func

__all__ = ["functional_call"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _deprecated(function: Callable[_P, _R]) -> Callable[_P, _R]:
    def functional_call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        """`minitorch.func.functional_call`: at its older place, deprecated as in PyTorch."""
        warnings.warn(
            "`minitorch.nn.utils.stateless.functional_call` is deprecated. Please use "
            "`minitorch.func.functional_call` instead which is a drop-in replacement.",
            FutureWarning,
            stacklevel=2,
        )
        return function(*args, **kwargs)

    return functional_call


functional_call = _deprecated(func.functional_call)
