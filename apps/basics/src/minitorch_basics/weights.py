"""Where every layer of the stack starts: the same numbers, as plain Python floats."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Linear:
    """y = weight @ x + bias.

    Attributes:
        weight: one row for each output.
        bias: one number for each output.
    """

    weight: list[list[float]]
    bias: list[float]


def draw(hidden: int, seed: int) -> tuple[Linear, Linear, Linear]:
    """Draw the three layers 2 -> hidden -> hidden -> 1, uniform from -1 to 1 as in the course.

    >>> first, second, last = draw(3, seed=0)
    >>> len(first.weight), len(first.weight[0]), len(second.bias), len(last.bias)
    (3, 2, 3, 1)
    """
    # Not Random(seed): the points are drawn from that, and the weights would repeat them.
    source = random.Random(f"weights {seed}")

    def row(size: int) -> list[float]:
        return [2 * (source.random() - 0.5) for _ in range(size)]

    def linear(inputs: int, outputs: int) -> Linear:
        return Linear([row(inputs) for _ in range(outputs)], row(outputs))

    return linear(2, hidden), linear(hidden, hidden), linear(hidden, 1)
