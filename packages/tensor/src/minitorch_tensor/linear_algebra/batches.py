"""LAPACK on the host: NumPy's functions, and which matrix of a stack they could not do."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor.linear_algebra.checks import LinAlgError
from minitorch_tensor.linear_algebra.recorded import Real

Info = NDArray[np.int32]
"""0 where it worked; else the number, from 1 on, of the pivot or minor at which it did not."""


class Factors(NamedTuple):
    """L and U of P L U in one matrix, LAPACK's row swaps counted from 1, and the zero pivots."""

    lu: Real
    pivots: NDArray[np.int32]
    info: Info


def factorise(a: Real) -> Factors:
    """LU with partial pivoting, for a stack of matrices at once; NumPy does not show LAPACK's.

    For each column: the largest element below the diagonal is swapped into it, the elements below
    are divided by it, and the product of column and row is taken off the rest.
    """
    a = np.array(a)
    *batch, m, n = a.shape
    stack = a.reshape(int(np.prod(batch)), m, n)
    every = np.arange(len(stack))
    pivots = np.empty((len(stack), min(m, n)), np.int32)
    with np.errstate(all="ignore"):
        for k in range(min(m, n)):
            size = np.abs(stack[:, k:, k])
            row = k + np.argmax(np.where(np.isnan(size), -1, size), axis=1)
            pivots[:, k] = row + 1
            stack[every, k], stack[every, row] = stack[every, row], stack[every, k]
            pivot = stack[:, k, k, None]
            below = stack[:, k + 1 :, k]
            below[...] = np.where(pivot == 0, below, below / pivot)
            stack[:, k + 1 :, k + 1 :] -= below[:, :, None] * stack[:, k, None, k + 1 :]
    diagonal = np.diagonal(stack, axis1=1, axis2=2)
    info = _first(diagonal == 0)
    return Factors(a, pivots.reshape(*batch, min(m, n)), info.reshape(batch))


def _first(found: NDArray[np.bool_]) -> Info:
    """The number, from 1 on, of the first True in each row; 0 if there is none."""
    if found.shape[-1] == 0:
        return np.zeros(found.shape[:-1], np.int32)
    return np.where(found.any(-1), found.argmax(-1) + 1, 0).astype(np.int32)


def permutation(pivots: NDArray[np.int32], m: int) -> NDArray[np.int64]:
    """The order of the m rows after LAPACK's swaps, for a stack of lists of swaps."""
    *batch, k = pivots.shape
    flat = pivots.reshape(int(np.prod(batch)), k)
    order = np.tile(np.arange(m), (len(flat), 1))
    every = np.arange(len(flat))
    for i in range(k):
        j = flat[:, i] - 1
        order[every, i], order[every, j] = order[every, j], order[every, i]
    return order.reshape(*batch, m)


def each(
    a: Real, shape: tuple[int, ...], attempt: Callable[[Real], Real]
) -> tuple[Real, NDArray[np.bool_]]:
    """`attempt` on the whole stack; if that fails, one by one: nan, and True, where it fails."""
    batch = a.shape[:-2]
    try:
        with np.errstate(all="ignore"):
            return attempt(a), np.zeros(batch, np.bool_)
    except np.linalg.LinAlgError:
        pass
    results = np.full((*batch, *shape), np.nan, a.dtype)
    failed = np.zeros(batch, np.bool_)
    for index in np.ndindex(*batch):
        try:
            results[index] = attempt(a[index])
        except np.linalg.LinAlgError:
            failed[index] = True
    return results, failed


def singular(a: Real, failed: NDArray[np.bool_]) -> Info:
    """At which pivot each failed matrix is singular."""
    if not failed.any():
        return np.zeros(failed.shape, np.int32)
    found = factorise(a)
    smallest = np.abs(np.diagonal(found.lu, axis1=-2, axis2=-1)).argmin(-1) + 1
    # Rounded in another order than LAPACK's, a pivot may be tiny here that is 0 there.
    number = np.where(found.info == 0, smallest, found.info)
    return np.where(failed, number, 0).astype(np.int32)


def refuse(name: str, info: Info, text: str) -> None:
    """Raise if an info is not 0, with the text, where {} stands for its number.

    Raises:
        LinAlgError: naming the matrix, if it is one of a stack.
    """
    bad = np.flatnonzero(info)
    if bad.size:
        place = f"(Batch element {bad[0]}): " if info.ndim else ""
        raise LinAlgError(f"{name}: {place}{text.format(info.flat[bad[0]])}")


def triangular(a: Real, b: Real, upper: bool, unit: bool) -> Real:
    """Solve a x = b by substitution, one row after the other, from the short end of the triangle.

    Leading dimensions are equal. With `unit` the diagonal is taken to be 1; else a zero on it gives
    infinities and nans, as in BLAS.
    """
    n = a.shape[-1]
    x = np.array(b)
    with np.errstate(all="ignore"):
        for i in range(n - 1, -1, -1) if upper else range(n):
            known = slice(i + 1, n) if upper else slice(0, i)
            x[..., i, :] -= (a[..., i, None, known] @ x[..., known, :])[..., 0, :]
            if not unit:
                x[..., i, :] /= a[..., i, i, None]
    return x
