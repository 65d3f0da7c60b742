"""Products of many matrices, in the order that multiplies the fewest numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from minitorch_tensor import linalg, views
from minitorch_tensor.arguments import require_tensors

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


@lru_cache(maxsize=1024)
def best_split(sizes: tuple[int, ...]) -> int:
    """Where to cut a chain of matrices (s0, s1), (s1, s2), ...: the number of those on the left.

    The chain i..j costs the cheapest sum of its two parts and of s_i s_cut s_j.
    Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", section 14.2.

    >>> best_split((10, 100, 5, 50))
    2
    """
    n = len(sizes) - 1
    cost = [[0] * (n + 1) for _ in range(n + 1)]
    cut = [[0] * (n + 1) for _ in range(n + 1)]
    for length in range(2, n + 1):
        for i in range(n - length + 1):
            j = i + length
            cost[i][j], cut[i][j] = min(
                (cost[i][k] + cost[k][j] + sizes[i] * sizes[k] * sizes[j], k)
                for k in range(i + 1, j)
            )
    return cut[0][n]


def _chain(factors: Sequence[Tensor]) -> Tensor:
    """The product of matrices, the best cut first."""
    if len(factors) == 1:
        return factors[0]
    k = best_split((factors[0].shape[0], *(x.shape[1] for x in factors)))
    return linalg.mm(_chain(factors[:k]), _chain(factors[k:]))


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of at least two matrices, in the cheapest order.

    The first may be a vector, which is a row, and the last one, which is a column.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.multi_dot.html

    Raises:
        RuntimeError: if there are fewer than two, one is no matrix, or sizes or dtypes differ.

    >>> from minitorch_tensor import ones
    >>> multi_dot([ones(2), ones(2, 3), ones(3)]).item()
    6.0
    """
    factors = require_tensors("linalg.multi_dot", tensors)
    if len(factors) < 2:
        raise RuntimeError(f"linalg.multi_dot: expected at least 2 tensors, but got {len(factors)}")
    for i, x in enumerate(factors):
        allowed = (1, 2) if i in (0, len(factors) - 1) else (2,)
        if x.ndim not in allowed:
            raise RuntimeError(
                f"linalg.multi_dot: tensor {i} must be a matrix"
                f"{' or a vector' if 1 in allowed else ''}, but its shape is {x.shape}"
            )
        if x.dtype is not factors[0].dtype:
            raise RuntimeError(
                "linalg.multi_dot: all tensors must have the same dtype, but tensor 0 is "
                f"{factors[0].dtype} and tensor {i} {x.dtype}"
            )
    row, column = factors[0].ndim == 1, factors[-1].ndim == 1
    if row:
        factors[0] = views.unsqueeze(factors[0], 0)
    if column:
        factors[-1] = views.unsqueeze(factors[-1], 1)
    _require_chain("linalg.multi_dot", factors)
    y = _chain(factors)
    y = views.squeeze(y, 1) if column else y
    return views.squeeze(y, 0) if row else y


def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of one or more matrices, in the cheapest order; `linalg.multi_dot` replaces it.

    https://docs.pytorch.org/docs/stable/generated/torch.chain_matmul.html

    Raises:
        RuntimeError: if there is none, one is no matrix, or sizes differ.
    """
    factors = require_tensors("chain_matmul", matrices)
    if not factors:
        raise RuntimeError("chain_matmul: expected one or more matrices")
    for i, x in enumerate(factors):
        if x.ndim != 2:
            raise RuntimeError(f"chain_matmul: matrix {i} has shape {x.shape}")
    _require_chain("chain_matmul", factors)
    return _chain(factors)


def _require_chain(name: str, factors: Sequence[Tensor]) -> None:
    for i in range(len(factors) - 1):
        if factors[i].shape[1] != factors[i + 1].shape[0]:
            raise RuntimeError(
                f"{name}: tensors {i} and {i + 1} with shapes {factors[i].shape} and "
                f"{factors[i + 1].shape} cannot be multiplied"
            )
