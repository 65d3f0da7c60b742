"""Reductions, scans and sorting as methods."""

from __future__ import annotations

from minitorch_tensor import (
    ordering,
    reductions,
)


class ReductionMethods:
    """Reductions, scans and sorting as methods."""

    __slots__ = ()

    sum = reductions.sum
    mean = reductions.mean
    prod = reductions.prod
    amax = reductions.amax
    amin = reductions.amin
    argmax = reductions.argmax
    argmin = reductions.argmin
    max = reductions.max
    min = reductions.min
    all = reductions.all
    any = reductions.any
    logsumexp = reductions.logsumexp

    argsort = ordering.argsort
    cumprod = ordering.cumprod
    cumsum = ordering.cumsum
    sort = ordering.sort
    topk = ordering.topk
