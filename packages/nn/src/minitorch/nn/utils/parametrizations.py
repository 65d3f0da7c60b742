"""Ready parametrizations of a weight: its length apart, its largest singular value 1."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TypeVar

from minitorch.nn.module import Module
from minitorch.nn.utils.orthogonal_maps import orthogonal
from minitorch.nn.utils.parametrize import register_parametrization
from minitorch.nn.utils.spectral_norms import as_matrix, direction, of_outputs, turn
from minitorch.nn.utils.weight_norms import norm_except_dim, with_length
from minitorch_autodiff import no_grad
from minitorch_tensor import Tensor, dot, mv
from minitorch_tensor import functional as F

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

_M = TypeVar("_M", bound=Module)


class _WeightNorm(Module):
    """A weight from its length g and its direction v."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        """g v / |v|."""
        return with_length(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """The length and the weight itself."""
        return norm_except_dim(weight, self.dim), weight


class _LoadHooked:
    """The hook that reads states of the old `weight_norm`: `weight_g`, `weight_v`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(
        self, module: Module, state: MutableMapping[str, Tensor], prefix: str, *others: object
    ) -> None:
        old = [f"{prefix}{self.name}_{part}" for part in "gv"]
        if all(key in state for key in old):
            for i, key in enumerate(old):
                state[f"{prefix}parametrizations.{self.name}.original{i}"] = state.pop(key)


def weight_norm(module: _M, name: str = "weight", dim: int | None = 0) -> _M:
    """Learn the length and the direction of a weight apart, w = g v / |v|.

    The length is `module.parametrizations.weight.original0`, the direction `original1`. States of
    the old `nn.utils.weight_norm` can be loaded.
    Source: Salimans and Kingma 2016, https://arxiv.org/abs/1602.07868
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.weight_norm.html

    Args:
        module: what has the weight.
        name: of the weight.
        dim: that along which each slice has a length of its own; None for one length in all.

    Returns:
        The module.

    Raises:
        ValueError: if there is no such weight.

    >>> import minitorch as torch
    >>> weight_norm(torch.nn.Linear(20, 40))
    ParametrizedLinear(
      in_features=20, out_features=40, bias=True
      (parametrizations): ModuleDict(
        (weight): ParametrizationList(
          (0): _WeightNorm()
        )
      )
    )
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module.register_load_state_dict_pre_hook(_LoadHooked(name))
    return module


class _SpectralNorm(Module):
    """A weight divided by its largest singular value, which the power method follows."""

    _u: Tensor
    _v: Tensor

    def __init__(
        self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ) -> None:
        super().__init__()
        n = weight.ndim
        if not -n <= dim < n:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{n}, {n - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % n
        self.eps = eps
        if n > 1:  # a vector has its length for a singular value
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight.detach(), self.dim)
            rows, columns = matrix.shape
            u, v = direction(weight, rows, eps), direction(weight, columns, eps)
            self.register_buffer("_u", u)
            self.register_buffer("_v", v)
            self._power_method(matrix, 15)

    @no_grad()
    def _power_method(self, matrix: Tensor, n_power_iterations: int) -> None:
        for _ in range(n_power_iterations):
            turn(self._u, matrix, self._v, self.eps)
            turn(self._v, matrix.t(), self._u, self.eps)

    def forward(self, weight: Tensor) -> Tensor:
        """The weight divided by u^T W v."""
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        # The next step writes into u and v, which the backward of this one reads.
        u, v = self._u.clone(), self._v.clone()
        return weight / dot(u, mv(matrix, v))

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value itself."""
        return value


def spectral_norm(
    module: _M,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> _M:
    """Divide a weight by its largest singular value; a vector by its length.

    Source: Miyato et al. 2018, https://arxiv.org/abs/1802.05957
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.spectral_norm.html

    Args:
        module: what has the weight.
        name: of the weight.
        n_power_iterations: steps of the power method each time that the weight is read in training.
        eps: a vector is divided by its length, or by this if that is less.
        dim: that of the outputs: 0, or 1 of a transposed convolution, if omitted.

    Returns:
        The module.

    Raises:
        ValueError: if there is no such weight, or no step of the power method.
        IndexError: if the weight has no such dimension.

    >>> import minitorch as torch
    >>> layer = spectral_norm(torch.nn.Linear(20, 40))
    >>> [name for name, _ in layer.named_buffers()]
    ['parametrizations.weight.0._u', 'parametrizations.weight.0._v']
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    norm = _SpectralNorm(weight, n_power_iterations, of_outputs(module, dim), eps)
    return register_parametrization(module, name, norm)
