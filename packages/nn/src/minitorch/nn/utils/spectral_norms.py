"""A weight divided by its largest singular value: the old form, with hooks, and what both share.

`weight_orig` is learnt; `weight` is computed from it before each `forward`. The largest singular
value is u^T W v, where u and v come closer to its singular vectors with each step of the power
method.
Source: Miyato et al. 2018, https://arxiv.org/abs/1802.05957
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TypeVar

from minitorch.nn.conv_transpose import TransposedConvolution
from minitorch.nn.hooks import find
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.nn.uninitialized import is_lazy
from minitorch_autodiff import no_grad
from minitorch_tensor import Tensor, dot, mv
from minitorch_tensor import functional as F
from minitorch_tensor.linear_algebra import multi_dot, pinv

__all__ = ["SpectralNorm", "remove_spectral_norm", "spectral_norm"]

M = TypeVar("M", bound=Module)


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """A weight with one dimension first, and all others together.

    >>> import minitorch as torch
    >>> as_matrix(torch.ones(2, 3, 5), 1).shape
    torch.Size([3, 10])
    """
    if dim != 0:
        weight = weight.permute(dim, *(d for d in range(weight.ndim) if d != dim))
    return weight.reshape(weight.shape[0], -1)


def of_outputs(module: Module, dim: int | None) -> int:
    """The dimension of a weight that belongs to the outputs, if none is given."""
    if dim is not None:
        return dim
    return 1 if isinstance(module, TransposedConvolution) else 0


def direction(like: Tensor, n: int, eps: float) -> Tensor:
    """A vector of length 1 that points anywhere."""
    return F.normalize(like.detach().new_empty(n).normal_(0, 1), dim=0, eps=eps)


def turn(u: Tensor, matrix: Tensor, v: Tensor, eps: float) -> None:
    """Let u be matrix @ v, of length 1: in place, as copies of a module share it."""
    u.copy_(F.normalize(mv(matrix, v), dim=0, eps=eps))


class SpectralNorm:
    """The hook that computes a weight from `weight_orig` before each `forward`.

    Args:
        name: of the weight.
        n_power_iterations: steps of the power method before each `forward` in training.
        dim: that of the outputs.
        eps: a vector is divided by its length, or by this if that is less.

    Raises:
        ValueError: if there are no steps.
    """

    def __init__(
        self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.n_power_iterations = n_power_iterations
        self.dim = dim
        self.eps = eps

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight; with `do_power_iteration`, after some steps of the power method."""
        attributes = module.__dict__
        weight: Tensor = attributes[f"{self.name}_orig"]
        u: Tensor = attributes[f"{self.name}_u"]
        v: Tensor = attributes[f"{self.name}_v"]
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    turn(v, matrix.t(), u, self.eps)
                    turn(u, matrix, v, self.eps)
                # The next step writes into u and v, which the backward of this one reads.
                u, v = u.clone(), v.clone()
        return weight / dot(u, mv(matrix, v))

    def remove(self, module: Module) -> None:
        """Make the present weight a parameter, in the place of all that it comes from."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for part in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + part)
        module.register_parameter(self.name, Parameter(weight))

    def __call__(self, module: Module, inputs: object) -> None:
        """Compute the weight anew."""
        setattr(module, self.name, self.compute_weight(module, module.training))


class LoadOldState:
    """The hook that finds the v that states of PyTorch before 1.0 lack: they have `weight` instead.

    Args:
        norm: the hook of the weight.
    """

    def __init__(self, norm: SpectralNorm) -> None:
        self.norm = norm

    def __call__(
        self, module: Module, state: MutableMapping[str, Tensor], prefix: str, *others: object
    ) -> None:
        key = prefix + self.norm.name
        if not all(key + part in state for part in ("", "_orig", "_u")):
            return
        with no_grad():
            weight, original, u = state.pop(key), state[f"{key}_orig"], state[f"{key}_u"]
            matrix = as_matrix(original, self.norm.dim)
            v = multi_dot([pinv(matrix.t() @ matrix), matrix.t(), u.unsqueeze(1)]).squeeze(1)
            target = (original / weight).mean()
            state[f"{key}_v"] = v * (target / dot(u, mv(matrix, v)))


def spectral_norm(
    module: M,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> M:
    """Divide a weight by its largest singular value before each `forward`.

    `parametrizations.spectral_norm` is the newer form.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.spectral_norm.html

    Args:
        module: what has the weight.
        name: of the weight.
        n_power_iterations: steps of the power method before each `forward` in training.
        eps: a vector is divided by its length, or by this if that is less.
        dim: that of the outputs: 0, or 1 of a transposed convolution, if omitted.

    Returns:
        The module.

    Raises:
        RuntimeError: if this weight is normalised already.
        ValueError: if it is None, or has no shape yet.

    >>> import minitorch as torch
    >>> layer = spectral_norm(torch.nn.Linear(4, 3))
    >>> list(layer.state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    if find(module._forward_pre_hooks, SpectralNorm, lambda norm: norm.name == name) is not None:
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    norm = SpectralNorm(name, n_power_iterations, of_outputs(module, dim), eps)
    weight = module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    if is_lazy(weight):
        raise ValueError(
            "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure "
            "to run the dummy forward before applying spectral normalization"
        )
    rows, columns = as_matrix(weight.detach(), norm.dim).shape
    u, v = direction(weight, rows, eps), direction(weight, columns, eps)
    delattr(module, name)
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.data)  # until the first forward; no parameter
    module.register_buffer(f"{name}_u", u)
    module.register_buffer(f"{name}_v", v)
    module.register_forward_pre_hook(norm)
    module.register_load_state_dict_pre_hook(LoadOldState(norm))
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Undo `spectral_norm`: the present weight becomes a parameter.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.remove_spectral_norm.html

    Raises:
        ValueError: if this weight is not normalised.
    """
    found = find(module._forward_pre_hooks, SpectralNorm, lambda norm: norm.name == name)
    if found is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    key, norm = found
    norm.remove(module)
    del module._forward_pre_hooks[key]
    loader = find(
        module._load_state_dict_pre_hooks, LoadOldState, lambda old: old.norm.name == name
    )
    if loader is not None:
        del module._load_state_dict_pre_hooks[loader[0]]
    return module
