"""A weight with orthonormal columns, as a function of a matrix that may be anything.

Three maps lead to orthogonal matrices: exp(A) and the Cayley map (I + A/2)(I - A/2)^-1 of a
skew-symmetric A, and products of Householder reflections. The result may be multiplied by a fixed
orthogonal matrix, the base, so that learning begins where the map is at its best, at the identity:
a dynamic trivialisation (Lezcano-Casado 2019, https://arxiv.org/abs/1909.09501).
"""

from __future__ import annotations

from typing import TypeVar

from minitorch.nn.module import Module
from minitorch.nn.utils.parametrize import register_parametrization
from minitorch_autodiff import no_grad
from minitorch_tensor import (
    Tensor,
    allclose,
    cat,
    eye,
    finfo,
    geqrf,
    int32,
    matrix_exp,
    randn,
    where,
    zeros_like,
)
from minitorch_tensor.linear_algebra import householder_product, solve

M = TypeVar("M", bound=Module)

_MAPS = ("matrix_exp", "cayley", "householder")


def _is_orthogonal(q: Tensor) -> bool:
    n, k = q.shape[-2:]
    identity = eye(k, dtype=q.dtype, device=q.device)
    return allclose(q.mT @ q, identity, atol=10.0 * n * finfo(q.dtype).eps)


def _make_orthogonal(a: Tensor) -> Tensor:
    """The Q of a = Q R whose R has no negative number on its diagonal."""
    x, tau = geqrf(a)
    signs = x.diagonal(dim1=-2, dim2=-1).sgn()
    return householder_product(x, tau) * signs.unsqueeze(-2)


class _Orthogonal(Module):
    """The map of a matrix (..., n, k) to one with orthonormal columns, or rows if n < k."""

    base: Tensor | None

    def __init__(
        self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True
    ) -> None:
        super().__init__()
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        self.use_trivialization = use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Tensor) -> Tensor:
        """The orthogonal matrix."""
        transposed = x.shape[-2] < x.shape[-1]
        if transposed:
            x = x.mT
        q = self._reflected(x) if self.orthogonal_map == "householder" else self._rotated(x)
        if self.use_trivialization and self.base is not None:
            q = self.base @ q
        return q.mT if transposed else q

    def _rotated(self, x: Tensor) -> Tensor:
        n, k = x.shape[-2:]
        x = x.tril()
        if n != k:
            x = cat([x, x.new_zeros(n, n - k).expand(*x.shape[:-2], -1, -1)], -1)
        a = x - x.mT
        if self.orthogonal_map == "matrix_exp":
            q = matrix_exp(a)
        else:
            identity = eye(n, dtype=a.dtype, device=a.device)
            q = solve(identity - 0.5 * a, identity + 0.5 * a)
        return q if n == k else q[..., :k]

    def _reflected(self, x: Tensor) -> Tensor:
        a = x.tril(-1)
        q = householder_product(a, 2.0 / (1.0 + (a * a).sum(-2)))
        # The diagonal has signs, which are not learnt: an integer carries no gradient.
        return q * x.diagonal(dim1=-2, dim2=-1).to(int32).unsqueeze(-2)

    @no_grad()
    def right_inverse(self, q: Tensor) -> Tensor:
        """What the map takes to q, or to an orthogonal matrix near it."""
        if q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. "
                f"Got a tensor of shape {q.shape}."
            )
        given = q
        transposed = q.shape[-2] < q.shape[-1]
        if transposed:
            q = q.mT
        if not self.use_trivialization:
            x = self._unreflected(q)
            return x.mT if transposed else x
        n, k = q.shape[-2:]
        if n != k:  # complete it to a square matrix, by columns that point anywhere
            more = randn(*q.shape[:-2], n, n - k, dtype=q.dtype, device=q.device)
            self.base = _make_orthogonal(cat([q, more], -1))
        else:
            self.base = q.clone() if _is_orthogonal(q) else _make_orthogonal(q)
        # What all maps take to the identity.
        x = zeros_like(given)
        x.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return x

    def _unreflected(self, q: Tensor) -> Tensor:
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley "
                "parametrizations when use_trivialization=False."
            )
        x, tau = geqrf(q)
        diagonal = x.diagonal(dim1=-2, dim2=-1)
        # A reflection that LAPACK has not used has a tau of exactly 0.
        signs = diagonal.sign()
        diagonal.copy_(where(tau == 0.0, -signs, signs))
        return x


def orthogonal(
    module: M,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> M:
    """Keep the columns of a weight (..., m, n) orthonormal; its rows, if m < n.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.orthogonal.html

    Args:
        module: what has the weight.
        name: of the weight.
        orthogonal_map: "matrix_exp", "cayley" or "householder"; if omitted, the first for square
            matrices, and the last for others.
        use_trivialization: whether to multiply by a fixed base, which is drawn at random as far as
            the weight does not say it; without one, exp and Cayley start anywhere.

    Returns:
        The module.

    Raises:
        ValueError: if there is no such weight, or it has fewer than 2 dimensions, or the map is not
            known.

    >>> import minitorch as torch
    >>> q = orthogonal(torch.nn.Linear(20, 40)).weight
    >>> torch.allclose(q.T @ q, torch.eye(20), atol=1e-5)
    True
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.ndim < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions."
        )
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". '
            f"Got: {orthogonal_map}"
        )
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)
