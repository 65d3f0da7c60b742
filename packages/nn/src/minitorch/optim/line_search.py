"""How far to go along a direction: a step that fulfils the strong Wolfe conditions.

Source: Nocedal and Wright, Numerical Optimization, 2006, algorithms 3.5 and 3.6, in the form of
minFunc, https://www.cs.ubc.ca/~schmidtm/Software/minFunc.html, which PyTorch follows too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from minitorch_tensor import Tensor


class Point(NamedTuple):
    """Where a step of length t leads: the value, the gradient, and the slope along the line."""

    t: float
    value: float
    gradient: Tensor
    slope: float


def strong_wolfe(
    objective: Callable[[float], tuple[float, Tensor]],
    d: Tensor,
    start: Point,
    t: float,
    tolerance_change: float,
    max_steps: int,
    c1: float = 1e-4,
    c2: float = 0.9,
) -> tuple[Point, int]:
    """A step along d that lowers the value enough, and ends where the slope is small.

        f(t) <= f(0) + c1 * t * f'(0) and |f'(t)| <= c2 * |f'(0)|

    First t grows until a minimum lies between the last two steps, then that interval shrinks.

    Args:
        objective: the value and the gradient at a step of length t.
        d: the direction.
        start: the step of length 0.
        t: the first step to try.
        tolerance_change: the smallest interval.
        max_steps: how many steps are tried, besides the first.
        c1: how much of the slope's promise the value must keep.
        c2: how much of the slope may be left.

    Returns:
        The step, and how often the objective was evaluated.
    """

    def at(t: float) -> Point:
        value, gradient = objective(t)
        return Point(t, value, gradient, gradient.dot(d).item())

    def too_high(point: Point) -> bool:
        return point.value > start.value + c1 * point.t * start.slope

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -c2 * start.slope

    previous, point = start, at(t)
    steps = 0
    bracket = [start, point]
    while steps < max_steps:
        bracket = [previous, point]
        if too_high(point) or (steps > 1 and point.value >= previous.value):
            break
        if flat(point):
            return point, steps + 1
        if point.slope >= 0:
            break
        bounds = point.t + 0.01 * (point.t - previous.t), point.t * 10
        previous, point = point, at(_cubic_minimum(previous, point, bounds))
        steps += 1
    else:
        bracket = [start, point]

    low, high = (0, 1) if bracket[0].value <= bracket[1].value else (1, 0)
    width = d.abs().max().item()
    stuck = False
    while steps < max_steps:
        left, right = min(bracket[0].t, bracket[1].t), max(bracket[0].t, bracket[1].t)
        if (right - left) * width < tolerance_change:
            break
        t = _cubic_minimum(bracket[0], bracket[1], (left, right))
        # Near an end twice, or at it: a tenth of the interval away from it, or it never shrinks.
        margin = 0.1 * (right - left)
        if min(right - t, t - left) < margin:
            if stuck or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        point = at(t)
        steps += 1
        if too_high(point) or point.value >= bracket[low].value:
            bracket[high] = point
            low, high = (0, 1) if bracket[0].value <= bracket[1].value else (1, 0)
            continue
        done = flat(point)
        if not done and point.slope * (bracket[high].t - bracket[low].t) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = point
        if done:
            break
    return bracket[low], steps + 1


def _cubic_minimum(a: Point, b: Point, bounds: tuple[float, float]) -> float:
    """Where the cubic with the values and slopes of two points has its minimum, within bounds."""
    smallest, largest = bounds
    s = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t)
    square = s**2 - a.slope * b.slope
    if not square >= 0:
        return (smallest + largest) / 2.0
    root = math.sqrt(square)
    if a.t <= b.t:
        t = b.t - (b.t - a.t) * _quotient(b.slope + root - s, b.slope - a.slope + 2 * root)
    else:
        t = a.t - (a.t - b.t) * _quotient(a.slope + root - s, a.slope - b.slope + 2 * root)
    return min(max(t, smallest), largest)


def _quotient(x: float, y: float) -> float:
    """As tensors divide: nan or infinite where y is 0."""
    if y == 0.0:
        return math.nan if x == 0.0 or math.isnan(x) else math.copysign(math.inf, x)
    return x / y
