"""Which elements go together: pairs of all, combinations of a vector, powers of a vector."""

from __future__ import annotations

from itertools import combinations as _subsets
from itertools import combinations_with_replacement as _multisets
from typing import TYPE_CHECKING

import numpy as np

from minitorch_tensor import conversion, gathering, joining, ordering, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.arguments import require_tensors

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def _require_vector(name: str, x: Tensor) -> None:
    if x.ndim != 1:
        raise RuntimeError(f"{name}: expected a 1D vector, but got shape {x.shape}; use ravel()")


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every choice of one element from each vector, as the rows of a matrix; the last runs fastest.

    https://docs.pytorch.org/docs/stable/generated/torch.cartesian_prod.html

    Raises:
        RuntimeError: if there are no vectors, one has another rank, or dtypes differ.
        TypeError: if one is no tensor.

    >>> from minitorch_tensor import tensor
    >>> cartesian_prod(tensor([1, 2]), tensor([3, 4])).tolist()
    [[1, 3], [1, 4], [2, 3], [2, 4]]
    """
    vectors = require_tensors("cartesian_prod", tensors)
    for x in vectors:
        _require_vector("cartesian_prod", x)
    if len(vectors) == 1:
        return vectors[0]
    grid = joining.meshgrid(*vectors, indexing="ij")
    return joining.stack([views.reshape(x, x.layout.size) for x in grid], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All ways to choose r elements of a vector, in its order, as the rows of a matrix.

    https://docs.pytorch.org/docs/stable/generated/torch.combinations.html

    Raises:
        RuntimeError: if input is no vector, or r is negative.

    >>> from minitorch_tensor import tensor
    >>> combinations(tensor([1, 2, 3])).tolist()
    [[1, 2], [1, 3], [2, 3]]
    """
    _require_vector("combinations", input)
    if r < 0:
        raise RuntimeError(f"combinations: expected a non-negative number, but got {r}")
    if r == 0:
        return input._fresh((0,), input.dtype)
    choose = _multisets if with_replacement else _subsets
    rows = list(choose(range(input.layout.shape[0]), r))
    index = conversion.from_host(input, np.array(rows, np.int64).reshape(-1))
    return views.reshape(gathering.index_select(input, 0, index), (len(rows), r))


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers x^(N-1), ..., x, 1 of a vector (n,) as the columns of a matrix (n, N).

    https://docs.pytorch.org/docs/stable/generated/torch.vander.html

    Args:
        x: (n,).
        N: how many powers; n if omitted.
        increasing: 1, x, x^2, ... instead.

    Raises:
        RuntimeError: if x is no vector, or N is negative.

    >>> from minitorch_tensor import tensor
    >>> vander(tensor([2, 3]), 3).tolist()
    [[4, 2, 1], [9, 3, 1]]
    """
    if x.ndim != 1:
        raise RuntimeError(f"vander: x must be a one-dimensional tensor, but got shape {x.shape}")
    n = x.layout.shape[0]
    columns = n if N is None else N
    if columns < 0:
        raise RuntimeError(f"vander: N must be non-negative, but got {columns}")
    kind = x.dtype if x.dtype.is_floating_point else dtypes.int64
    powers = x._full((n, min(columns, 1)), 1, kind)
    if columns > 1:
        wide = views.expand(views.unsqueeze(x.to(kind), 1), (n, columns - 1))
        powers = joining.cat([powers, ordering.cumprod(wide, 1)], 1)
    return powers if increasing else joining.flip(powers, 1)
