"""Where to draw the vertices of a directed graph without cycles: in layers, from left to right.

Sugiyama, Tagawa, Toda: Methods for visual understanding of hierarchical system structures (1981).
Each vertex is right of all that point to it. An edge that spans several layers goes through a joint
in each, so that it finds its way between the others; edges from the same vertex share their joints.
The order within a layer is that of the mean positions of the neighbours: few edges cross then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_SWEEPS = 8  # over all layers, forth and back; more hardly move anything


class Size(NamedTuple):
    """Width and height of what is drawn at a vertex."""

    width: float
    height: float


class Layout(NamedTuple):
    """The centres of the vertices, and the points that each edge goes through."""

    width: float
    height: float
    centres: list[tuple[float, float]]
    routes: list[list[tuple[float, float]]]


def lay_out(
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    *,
    gap: float = 16.0,
    layer_gap: float = 36.0,
) -> Layout:
    """Place vertices of these sizes, so that each edge (i, j) leads from left to right.

    Args:
        sizes: of the vertices 0, 1, ...
        edges: pairs of vertices; without cycles, but the same pair may occur again.
        gap: between neighbours in a layer.
        layer_gap: between layers.

    Raises:
        ValueError: if the edges form a cycle.

    >>> lay_out([Size(10, 10), Size(20, 10)], [(0, 1)], gap=4, layer_gap=30).centres
    [(5.0, 5.0), (50.0, 5.0)]
    """
    ranks = _ranks(len(sizes), edges)
    heights = [size.height for size in sizes]
    links: list[tuple[int, int]] = []  # between neighbouring layers
    trunks = [[v] for v in range(len(sizes))]  # each vertex, and its joints
    for i, j in edges:
        trunk = trunks[i]
        while len(trunk) < ranks[j] - ranks[i]:
            links.append((trunk[-1], len(heights)))
            ranks.append(ranks[i] + len(trunk))
            trunk.append(len(heights))
            heights.append(0.0)
        links.append((trunk[ranks[j] - ranks[i] - 1], j))
    layers = _ordered(ranks, links)
    ys = _heights(layers, links, heights, gap)
    columns, width = _columns(ranks, sizes, layer_gap)
    centres = [(columns[ranks[v]].centre, ys[v]) for v in range(len(sizes))]
    routes = []
    for i, j in edges:
        route = [(centres[i][0] + sizes[i].width / 2, centres[i][1])]
        for v in trunks[i][1 : ranks[j] - ranks[i]]:
            # Straight through the layer, so that it cuts no corner there.
            column = columns[ranks[v]]
            route += [(column.left, ys[v]), (column.right, ys[v])]
        routes.append([*route, (centres[j][0] - sizes[j].width / 2, centres[j][1])])
    bottom = max((y + heights[v] / 2 for v, y in enumerate(ys)), default=0.0)
    return Layout(width, bottom, centres, routes)


def _ranks(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The layer of each vertex: the longest path to it; sources move up to what they feed."""
    after: list[list[int]] = [[] for _ in range(count)]
    missing = [0] * count
    for i, j in edges:
        after[i].append(j)
        missing[j] += 1
    sources = [v for v in range(count) if missing[v] == 0]
    ranks = [0] * count
    ready = list(sources)
    done = 0
    while ready:
        i = ready.pop()
        done += 1
        for j in after[i]:
            ranks[j] = max(ranks[j], ranks[i] + 1)
            missing[j] -= 1
            if missing[j] == 0:
                ready.append(j)
    if done < count:
        raise ValueError("lay_out: the edges form a cycle, so there is no order from left to right")
    for v in sources:
        ranks[v] = min((ranks[j] for j in after[v]), default=1) - 1
    return ranks


def _neighbours(
    count: int, links: Sequence[tuple[int, int]]
) -> tuple[list[list[int]], list[list[int]]]:
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for i, j in links:
        before[j].append(i)
        after[i].append(j)
    return before, after


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _ordered(ranks: Sequence[int], links: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The vertices of each layer, from top to bottom, by barycentres."""
    layers: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for v, rank in enumerate(ranks):
        layers[rank].append(v)
    before, after = _neighbours(len(ranks), links)
    place = [0.0] * len(ranks)
    for layer in layers:
        for position, v in enumerate(layer):
            place[v] = float(position)
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        for layer in layers if forth else reversed(layers):
            neighbours = before if forth else after
            pull = {v: _mean([place[u] for u in neighbours[v]], place[v]) for v in layer}
            layer.sort(key=pull.__getitem__)  # stable: equal ones stay as they are
            for position, v in enumerate(layer):
                place[v] = float(position)
    return layers


def _heights(
    layers: Sequence[Sequence[int]],
    links: Sequence[tuple[int, int]],
    heights: Sequence[float],
    gap: float,
) -> list[float]:
    """The vertical centres: near those of the neighbours, in the order of each layer."""
    before, after = _neighbours(len(heights), links)
    ys = [0.0] * len(heights)
    for layer in layers:
        _spread(layer, [0.0] * len(layer), heights, gap, ys)
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        for layer in layers if forth else reversed(layers):
            neighbours = before if forth else after
            _spread(
                layer,
                [_mean([ys[u] for u in neighbours[v]], ys[v]) for v in layer],
                heights,
                gap,
                ys,
            )
    top = min((y - heights[v] / 2 for v, y in enumerate(ys)), default=0.0)
    return [y - top for y in ys]


def _spread(
    layer: Sequence[int],
    wishes: Sequence[float],
    heights: Sequence[float],
    gap: float,
    ys: list[float],
) -> None:
    """Put a layer where it wishes to be, as far as the gaps allow: blocks move to their mean.

    This is isotonic regression by pooling adjacent violators, so it is linear and optimal.
    """
    offsets: list[float] = []  # of each vertex, if the layer were packed
    blocks: list[tuple[float, int]] = []  # the sum of the wishes less the offsets, and how many
    for k, v in enumerate(layer):
        above = layer[k - 1]
        step = (heights[above] + heights[v]) / 2 + gap
        offsets.append(offsets[-1] + step if offsets else 0.0)
        total, count = wishes[k] - offsets[k], 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / count:
            last_total, last_count = blocks.pop()
            total, count = total + last_total, count + last_count
        blocks.append((total, count))
    k = 0
    for total, count in blocks:
        for _ in range(count):
            ys[layer[k]] = total / count + offsets[k]
            k += 1


class _Column(NamedTuple):
    """The horizontal extent of a layer."""

    left: float
    right: float

    @property
    def centre(self) -> float:
        return (self.left + self.right) / 2


def _columns(
    ranks: Sequence[int], sizes: Sequence[Size], layer_gap: float
) -> tuple[list[_Column], float]:
    """The extent of each layer, and the width of all."""
    widths = [0.0] * (max(ranks, default=-1) + 1)
    for v, size in enumerate(sizes):
        widths[ranks[v]] = max(widths[ranks[v]], size.width)
    columns = []
    left = 0.0
    for width in widths:
        columns.append(_Column(left, left + width))
        left += width + layer_gap
    return columns, max(left - layer_gap, 0.0)
