"""A picture of the graph behind a value: as SVG, or as DOT for Graphviz; in Python alone.

Boxes are operations, ellipses are leaves, dashed ellipses constants; arrows follow the data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from minitorch_autodiff.graph import D, Node, Output
from minitorch_autodiff.layered import Size, lay_out
from minitorch_autodiff.scalar import Scalar
from minitorch_autodiff.variable import AccumulateGrad

Kind = Literal["operation", "leaf", "constant"]

_CHARACTER = 7.3  # the width of a character of the 12 px monospace font, a little generous
_LINE = 16.0
_MARGIN = 12.0
_NOT_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_FILL: dict[Kind, str] = {"operation": "#e7efff", "leaf": "#e9f7e4", "constant": "#ffffff"}


class Vertex(NamedTuple):
    """An operation, a leaf or a constant, and the lines of text in it."""

    kind: Kind
    text: str

    @property
    def lines(self) -> list[str]:
        """The text, without characters that XML forbids."""
        return re.sub(_NOT_XML, "\ufffd", self.text).split("\n")


class Drawing:
    """A graph to draw: vertices, and pairs of them; data flows from the first to the second."""

    def __init__(self) -> None:
        self.vertices: list[Vertex] = []
        self.edges: list[tuple[int, int]] = []

    def add(self, kind: Kind, text: str) -> int:
        """A new vertex; returns its number."""
        self.vertices.append(Vertex(kind, text))
        return len(self.vertices) - 1

    def dot(self) -> str:
        """The source text for Graphviz."""
        shapes = {
            "operation": "shape=box",
            "leaf": "shape=ellipse",
            "constant": "shape=ellipse, style=dashed",
        }
        lines = ["digraph {", "  rankdir=LR;"]
        for i, vertex in enumerate(self.vertices):
            label = "\\n".join(
                line.replace("\\", "\\\\").replace('"', '\\"') for line in vertex.lines
            )
            lines.append(f'  n{i} [label="{label}", {shapes[vertex.kind]}];')
        lines += [f"  n{i} -> n{j};" for i, j in self.edges]
        return "\n".join([*lines, "}", ""])

    def svg(self) -> str:
        """A self-contained SVG document."""
        sizes = [_size(vertex) for vertex in self.vertices]
        layout = lay_out(sizes, self.edges)
        width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="{-_MARGIN:.0f} {-_MARGIN:.0f} {width:.1f} {height:.1f}">',
            "<title>Computation graph</title>",
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
            'markerHeight="8" orient="auto"><path d="M0 0.5 L8 4 L0 7.5 Z" fill="#555"/>'
            "</marker></defs>",
            f'<rect x="{-_MARGIN:.0f}" y="{-_MARGIN:.0f}" width="100%" height="100%" fill="#fff"/>',
            '<g fill="none" stroke="#555" marker-end="url(#arrow)">',
            *(f'<path d="{_curve(route)}"/>' for route in layout.routes),
            "</g>",
            '<g stroke="#333" text-anchor="middle" font-family="monospace" font-size="12">',
        ]
        for vertex, size, (x, y) in zip(self.vertices, sizes, layout.centres, strict=True):
            parts.append(_shape(vertex, size, x, y))
        return "\n".join([*parts, "</g>", "</svg>", ""])


def _size(vertex: Vertex) -> Size:
    lines = vertex.lines
    width, height = max(map(len, lines)) * _CHARACTER, len(lines) * _LINE
    if vertex.kind == "operation":
        return Size(width + 16.0, height + 10.0)
    return Size(1.2 * width + 20.0, 1.2 * height + 10.0)  # text in an ellipse has less room


def _shape(vertex: Vertex, size: Size, x: float, y: float) -> str:
    from html import escape  # its table of names takes longer to load than this package

    w, h = size.width, size.height
    fill = _FILL[vertex.kind]
    if vertex.kind == "operation":
        shape = (
            f'<rect x="{x - w / 2:.1f}" y="{y - h / 2:.1f}" width="{w:.1f}" height="{h:.1f}" '
            f'rx="3" fill="{fill}"/>'
        )
    else:
        dash = ' stroke-dasharray="4 3"' if vertex.kind == "constant" else ""
        shape = (
            f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{w / 2:.1f}" ry="{h / 2:.1f}" '
            f'fill="{fill}"{dash}/>'
        )
    lines = vertex.lines
    first = y + 4.0 - (len(lines) - 1) * _LINE / 2
    texts = [
        f'<text x="{x:.1f}" y="{first + k * _LINE:.1f}" stroke="none" fill="#111">'
        f"{escape(line)}</text>"
        for k, line in enumerate(lines)
    ]
    return "".join([f'<g class="{vertex.kind}">', shape, *texts, "</g>"])


def _curve(route: Sequence[tuple[float, float]]) -> str:
    """A smooth line through these points, level at each."""
    (x, y), *rest = route
    parts = [f"M{x:.1f} {y:.1f}"]
    for nx, ny in rest:
        middle = (x + nx) / 2
        parts.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {ny:.1f} {nx:.1f} {ny:.1f}")
        x, y = nx, ny
    return " ".join(parts)


def drawing_of(
    y: D,
    describe: Callable[[D], str],
    operands: Callable[[D], Sequence[D]] = lambda value: (),
    *,
    limit: int = 500,
) -> Drawing:
    """The graph behind a value of any kind.

    Args:
        y: the value.
        describe: the text for a value: its name, number or shape.
        operands: what a value was computed from, if it remembers. Then constants and the values
            between are shown too: the graph itself knows only operations and leaves.
        limit: how many vertices to draw at most; nobody can read more.

    Raises:
        ValueError: if there are more.
    """
    drawing = Drawing()
    root = y.gradient_node()
    if root is None:
        drawing.add("constant", describe(y))
        return drawing
    numbers: dict[Node[D], int] = {}

    def number(node: Node[D], value: D | None) -> int:
        node = node.producer if isinstance(node, Output) else node
        if node not in numbers:
            if len(drawing.vertices) >= limit:
                raise ValueError(
                    f"draw: the graph has more than {limit} vertices; draw a smaller part of the "
                    "computation, or pass a larger limit"
                )
            numbers[node] = drawing.add(*_vertex(node, value, describe))
            pending.append((node, value))
        return numbers[node]

    pending: list[tuple[Node[D], D | None]] = []
    number(root, y)
    while pending:
        node, value = pending.pop()
        known = () if value is None else operands(value)
        for position, edge in enumerate(node.edges):
            operand = known[position] if position < len(known) else None
            if edge is not None:
                drawing.edges.append((number(edge, operand), numbers[node]))
            elif operand is not None:
                drawing.edges.append((drawing.add("constant", describe(operand)), numbers[node]))
    return drawing


def _vertex(node: Node[D], value: D | None, describe: Callable[[D], str]) -> tuple[Kind, str]:
    if isinstance(node, AccumulateGrad):
        leaf = node.variable
        return "leaf", "(gone)" if leaf is None else describe(leaf)
    operation = re.sub(r"Backward\d*$", "", node.name())
    return "operation", operation if value is None else f"{operation}\n{describe(value)}"


def label(x: Scalar) -> str:
    """`x = 2`, with its gradient below, if it has one.

    >>> label(Scalar(2.0, name="x"))
    'x = 2'
    """
    text = f"{x.data:.6g}" if x.name is None else f"{x.name} = {x.data:.6g}"
    return text if x.derivative is None else f"{text}\ngrad {x.derivative:.6g}"


def dot(y: Scalar, *, limit: int = 500) -> str:
    r"""The graph behind y, in the DOT language of Graphviz.

    Args:
        y: the value to explain.
        limit: how many vertices to draw at most.

    Raises:
        ValueError: if there are more.

    >>> print(dot(Scalar(2.0, requires_grad=True, name="x") * 3.0))
    digraph {
      rankdir=LR;
      n0 [label="Mul\n6", shape=box];
      n1 [label="x = 2", shape=ellipse];
      n2 [label="3", shape=ellipse, style=dashed];
      n1 -> n0;
      n2 -> n0;
    }
    <BLANKLINE>
    """
    return drawing_of(y, label, lambda x: x.inputs, limit=limit).dot()


def draw(y: Scalar, *, limit: int = 500) -> str:
    """The graph behind y as an SVG document: boxes for operations, ellipses for leaves.

    Write it to a file and open that in a browser. After `y.backward()` it shows the gradients too.

    Args:
        y: the value to explain.
        limit: how many vertices to draw at most.

    Raises:
        ValueError: if there are more.

    >>> x, y = (Scalar(2.0, requires_grad=True, name=name) for name in "xy")
    >>> draw((x * x) * y + 10.0 * x)[:40]
    '<svg xmlns="http://www.w3.org/2000/svg" '
    """
    return drawing_of(y, label, lambda x: x.inputs, limit=limit).svg()
