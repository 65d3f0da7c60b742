"""A weight as its length times its direction, w = g v / |v|: the old form, with hooks.

`weight_g` and `weight_v` are learnt; `weight` is computed from them before each `forward`.
Source: Salimans and Kingma 2016, https://arxiv.org/abs/1602.07868
"""

from __future__ import annotations

import warnings
from typing import TypeVar

from minitorch.nn.hooks import find
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.nn.uninitialized import is_lazy
from minitorch_tensor import Tensor

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


def norm_except_dim(v: Tensor, dim: int) -> Tensor:
    """The length of v along all dimensions but one, which stays; along all for -1.

    >>> import minitorch as torch
    >>> norm_except_dim(torch.tensor([[3.0, 4.0], [0.0, 2.0]]), 0).tolist()
    [[5.0], [2.0]]
    """
    if dim == -1:
        return v.norm()
    moved = v.transpose(0, dim)
    lengths = moved.reshape(moved.shape[0], -1).norm(2, 1)
    return lengths.reshape(-1, *[1] * (v.ndim - 1)).transpose(0, dim)


def with_length(v: Tensor, g: Tensor, dim: int) -> Tensor:
    """The direction of v with the length g.

    >>> import minitorch as torch
    >>> v, g = torch.tensor([[3.0, 4.0], [0.0, 2.0]]), torch.tensor([[10.0], [1.0]])
    >>> with_length(v, g, 0).tolist()
    [[6.0, 8.0], [0.0, 1.0]]
    """
    return v * (g / norm_except_dim(v, dim))


class WeightNorm:
    """The hook that computes a weight from its length and its direction before each `forward`.

    Args:
        name: of the weight.
        dim: that along which each slice has a length of its own; -1 for one length in all.
    """

    def __init__(self, name: str, dim: int) -> None:
        self.name = name
        self.dim = dim

    def compute_weight(self, module: Module) -> Tensor:
        """The weight, from what the module has as `weight_g` and `weight_v`."""
        attributes = module.__dict__
        return with_length(attributes[f"{self.name}_v"], attributes[f"{self.name}_g"], self.dim)

    def remove(self, module: Module) -> None:
        """Make the present weight a parameter, in the place of length and direction."""
        weight = self.compute_weight(module)
        for name in (self.name, f"{self.name}_g", f"{self.name}_v"):
            delattr(module, name)
        module.register_parameter(self.name, Parameter(weight))

    def __call__(self, module: Module, inputs: object) -> None:
        """Compute the weight anew."""
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Learn the length and the direction of a weight apart: deprecated, as in PyTorch.

    Use `parametrizations.weight_norm`, which can load the states of this one.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html

    Args:
        module: what has the weight.
        name: of the weight.
        dim: that along which each slice has a length of its own; None for one length in all.

    Returns:
        The module.

    Raises:
        RuntimeError: if this weight is normalised already.
        ValueError: if it has no shape yet.
    """
    warnings.warn(
        "`minitorch.nn.utils.weight_norm` is deprecated in favor of "
        "`minitorch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    if find(module._forward_pre_hooks, WeightNorm, lambda norm: norm.name == name) is not None:
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    weight: Tensor = getattr(module, name)
    if is_lazy(weight):
        raise ValueError(
            "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure to "
            "run the dummy forward before applying weight normalization"
        )
    norm = WeightNorm(name, -1 if dim is None else dim)
    length = norm_except_dim(weight.detach(), norm.dim)
    delattr(module, name)
    module.register_parameter(f"{name}_g", Parameter(length))
    module.register_parameter(f"{name}_v", Parameter(weight))
    norm(module, ())
    module.register_forward_pre_hook(norm)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Undo `weight_norm`: the present weight becomes a parameter.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.remove_weight_norm.html

    Raises:
        ValueError: if this weight is not normalised.
    """
    found = find(module._forward_pre_hooks, WeightNorm, lambda norm: norm.name == name)
    if found is None:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    key, norm = found
    norm.remove(module)
    del module._forward_pre_hooks[key]
    return module
