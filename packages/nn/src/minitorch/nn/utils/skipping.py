"""Building a module without its first values: for one whose values come from elsewhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from minitorch.nn.module import Module
from minitorch_tensor.random import remember

__all__ = ["skip_init"]

P = ParamSpec("P")
M = TypeVar("M", bound=Module)


def skip_init(module_cls: Callable[P, M], *args: P.args, **kwargs: P.kwargs) -> M:
    """A module whose parameters and buffers have no defined values yet.

    The random numbers drawn afterwards are those that would have come without it, as in PyTorch.
    Nothing is faster: there is no device "meta" here, on which PyTorch builds the module first.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.skip_init.html

    Args:
        module_cls: a class of modules, whose constructor has an argument `device`.
        args: what to call it with.
        kwargs: what to call it with by name.

    Raises:
        RuntimeError: if it is no class of modules, or has no argument `device`.

    >>> import minitorch as torch
    >>> skip_init(torch.nn.Linear, 5, out_features=1)
    Linear(in_features=5, out_features=1, bias=True)
    """
    kind: object = module_cls
    if not (isinstance(kind, type) and issubclass(kind, Module)):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    restore = remember()
    try:
        module = module_cls(*args, **kwargs)
    finally:
        restore()
    module.to_empty(device=None)
    return module
