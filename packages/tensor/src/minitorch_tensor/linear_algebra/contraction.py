"""In which order to contract many tensors: it changes the cost by orders of magnitude, not the sum.

A tensor is seen here as the set of its labels. Contracting two costs the product of the sizes of
all their labels; a label that neither the output nor another operand has is summed away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

Labels = frozenset[int]
Tree: TypeAlias = "int | tuple[Tree, Tree]"
"""The number of an operand, or two trees to contract with each other."""

EXACT = 8  # up to so many operands every order is compared: 3^8 / 2 pairs, some 10 ms


def contraction_order(operands: Sequence[Labels], output: Labels, sizes: Mapping[int, int]) -> Tree:
    """The cheapest order for a few operands, a good one for many; kept for the next call.

    >>> i, j, k, l = range(4)
    >>> chain = [frozenset({i, j}), frozenset({j, k}), frozenset({k, l})]
    >>> contraction_order(chain, frozenset({i, l}), {i: 10, j: 100, k: 5, l: 50})
    (2, (1, 0))
    """
    return _order(tuple(operands), output, tuple(sorted(sizes.items())))


@lru_cache(maxsize=1024)
def _order(
    operands: tuple[Labels, ...], output: Labels, sizes: tuple[tuple[int, int], ...]
) -> Tree:
    if len(operands) <= EXACT:
        return _best(operands, output, dict(sizes))
    return _greedy(operands, output, dict(sizes))


def _volume(labels: Labels, sizes: Mapping[int, int]) -> int:
    return math.prod(sizes[label] for label in labels)


def _best(operands: Sequence[Labels], output: Labels, sizes: Mapping[int, int]) -> Tree:
    """Dynamic programming over sets of operands, written as the bits of a number.

    Pfeifer, Haegeman, Verstraete, "Faster identification of optimal contraction sequences", 2014.
    """
    everything = (1 << len(operands)) - 1
    all_labels: list[Labels] = [frozenset()] * (everything + 1)
    for chosen in range(1, everything + 1):
        lowest = chosen & -chosen
        all_labels[chosen] = all_labels[chosen ^ lowest] | operands[lowest.bit_length() - 1]
    # What is left of a set once it is contracted: what the output or another operand has.
    kept = [
        all_labels[chosen] & (output | all_labels[everything ^ chosen])
        for chosen in range(everything + 1)
    ]
    found: dict[int, tuple[int, Tree]] = {1 << i: (0, i) for i in range(len(operands))}
    for chosen in range(1, everything + 1):
        if chosen in found:
            continue
        best: tuple[int, Tree] | None = None
        part = (chosen - 1) & chosen
        while part:
            rest = chosen ^ part
            if part > rest:  # each pair of parts once
                cost = found[part][0] + found[rest][0] + _volume(kept[part] | kept[rest], sizes)
                if best is None or cost < best[0]:
                    best = (cost, (found[part][1], found[rest][1]))
            part = (part - 1) & chosen
        assert best is not None
        found[chosen] = best
    return found[everything][1]


def _greedy(operands: Sequence[Labels], output: Labels, sizes: Mapping[int, int]) -> Tree:
    """Always the pair whose product is smallest beside the two it replaces.

    Smith, Gray, "opt_einsum", Journal of Open Source Software, 2018.
    """
    left: list[tuple[Labels, Tree]] = [(labels, i) for i, labels in enumerate(operands)]

    def merged(i: int, j: int) -> Labels:
        others = frozenset[int]().union(*(x[0] for k, x in enumerate(left) if k not in (i, j)))
        return (left[i][0] | left[j][0]) & (output | others)

    def growth(pair: tuple[int, int]) -> tuple[int, int]:
        i, j = pair
        before = _volume(left[i][0], sizes) + _volume(left[j][0], sizes)
        return _volume(merged(i, j), sizes) - before, _volume(left[i][0] | left[j][0], sizes)

    while len(left) > 1:
        pairs = [(i, j) for i in range(len(left)) for j in range(i + 1, len(left))]
        sharing = [(i, j) for i, j in pairs if left[i][0] & left[j][0]]
        i, j = min(sharing or pairs, key=growth)
        product = (merged(i, j), (left[i][1], left[j][1]))
        left = [x for k, x in enumerate(left) if k not in (i, j)] + [product]
    return left[0][1]
