"""Parting a dataset at random."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

from minitorch.utils.data.dataset import Indexed, Subset
from minitorch_tensor import Generator, randperm

T = TypeVar("T")


def random_split(
    dataset: Indexed[T], lengths: Sequence[float], generator: Generator | None = None
) -> list[Subset[T]]:
    """Part a dataset at random, with PyTorch's choice for a seed.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.random_split

    Args:
        dataset: what to part.
        lengths: how many items each part gets; or fractions that add up to 1: the parts are then
            rounded down, and what is left goes to the first ones, one each.
        generator: where the draws come from; the default generator if omitted.

    Raises:
        ValueError: if the lengths do not add up to that of the dataset, or a fraction is not one.

    >>> import minitorch as torch
    >>> generator = torch.Generator().manual_seed(0)
    >>> [part.indices for part in random_split(range(6), [4, 2], generator)]
    [[2, 5, 3, 0], [1, 4]]
    """
    n = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        sizes = _sizes(n, lengths)
    else:
        sizes = [int(length) for length in lengths]
    if sum(sizes) != n:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset! "
            f"{list(lengths)} and {n}"
        )
    indices = [int(i) for i in randperm(n, generator=generator).numpy()]
    return [
        Subset(dataset, indices[end - size : end])
        for end, size in zip(accumulate(sizes), sizes, strict=True)
    ]


def _sizes(n: int, fractions: Sequence[float]) -> list[int]:
    for i, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1: {fraction}")
    sizes = [math.floor(n * fraction) for fraction in fractions]
    for i in range(n - sum(sizes)):
        sizes[i % len(sizes)] += 1
    for i, size in enumerate(sizes):
        if size == 0:
            warnings.warn(
                f"Length of split at index {i} is 0. This might result in an empty dataset.",
                stacklevel=3,
            )
    return sizes
