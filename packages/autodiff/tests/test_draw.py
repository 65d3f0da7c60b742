"""Pictures of graphs: what they show, that they are well formed, and that boxes do not overlap."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest

from minitorch_autodiff import Drawing, Many, Output, Scalar, dot, draw, drawing_of
from minitorch_autodiff.layered import Size, lay_out

SVG = "{http://www.w3.org/2000/svg}"


def leaf(value: float, name: str | None = None) -> Scalar:
    return Scalar(value, requires_grad=True, name=name)


def expression() -> Scalar:
    x, y = leaf(2.0, "x"), leaf(3.0, "y")
    return (x * x) * y + 10.0 * x


def texts(svg: str) -> list[str]:
    return sorted(element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text"))


def groups(svg: str) -> list[str]:
    return sorted(
        name for e in ET.fromstring(svg).iter(f"{SVG}g") if (name := e.get("class")) is not None
    )


def test_an_expression_draws_its_operations_leaves_and_constants() -> None:
    svg = draw(expression())
    assert texts(svg) == sorted(
        ["Mul", "4", "Mul", "12", "Mul", "20", "Add", "32", "x = 2", "y = 3", "10"]
    )
    assert groups(svg) == ["constant", "leaf", "leaf"] + ["operation"] * 4
    root = ET.fromstring(svg)
    paths = [p for p in root.iter(f"{SVG}path") if (p.get("d") or "").startswith("M")]
    assert len([p for p in paths if "C" in (p.get("d") or "")]) == 8
    boxes = [e for e in root.iter(f"{SVG}rect") if e.get("rx")]
    assert len(boxes) == 4
    assert len(list(root.iter(f"{SVG}ellipse"))) == 3


def test_a_drawing_needs_nothing_from_outside() -> None:
    svg = draw(expression())
    assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]


def test_gradients_are_shown_after_backward() -> None:
    y = expression()
    y.backward(retain_graph=True)
    assert {"grad 22", "grad 4"} <= set(texts(draw(y)))


def test_a_freed_graph_can_still_be_drawn() -> None:
    y = expression()
    before = dot(y)
    y.backward()
    y.parents[0].parents[1].grad = None
    y.parents[1].parents[1].grad = None
    assert dot(y) == before


def test_a_named_result_shows_its_name() -> None:
    y = expression()
    y.name = "loss"
    assert "loss = 32" in texts(draw(y))


def test_a_leaf_or_a_constant_alone_can_be_drawn() -> None:
    assert texts(draw(leaf(2.0, "x"))) == ["x = 2"]
    assert texts(draw(Scalar(2.0))) == ["2"]
    assert groups(draw(Scalar(2.0))) == ["constant"]


@pytest.mark.parametrize(
    "name", ['<&>"', "a\nb", "back\\slash", "\x00\x1b", "\ud800", "ünïcödé 🙂", "]]>", "&lt;", ""]
)
def test_any_name_gives_well_formed_text(name: str) -> None:
    y = leaf(2.0, name) * 3.0
    root = ET.fromstring(draw(y).encode())
    shown = "".join(e.text or "" for e in root.iter(f"{SVG}text"))
    for character in name:
        assert character in shown or character in "\n\x00\x1b\ud800"
    for line in dot(y).splitlines():
        quotes = re.sub(r"\\.", "", line).count('"')
        assert quotes in (0, 2)


def test_dot_lists_vertices_and_arrows_along_the_data() -> None:
    x = leaf(2.0, 'a "name"')
    assert dot(x.tanh() * 3.0) == (
        "digraph {\n"
        "  rankdir=LR;\n"
        '  n0 [label="Mul\\n2.89208", shape=box];\n'
        '  n1 [label="Tanh\\n0.964028", shape=box];\n'
        '  n2 [label="3", shape=ellipse, style=dashed];\n'
        '  n3 [label="a \\"name\\" = 2", shape=ellipse];\n'
        "  n1 -> n0;\n"
        "  n2 -> n0;\n"
        "  n3 -> n1;\n"
        "}\n"
    )


def test_any_value_can_be_drawn_by_its_graph_alone() -> None:
    drawing = drawing_of(expression(), lambda x: f"({x.data:g})")
    kinds = sorted((vertex.kind, vertex.text) for vertex in drawing.vertices)
    assert kinds == [
        ("leaf", "(2)"),
        ("leaf", "(3)"),
        ("operation", "Add\n(32)"),
        *[("operation", "Mul")] * 3,
    ]
    ET.fromstring(drawing.svg())


def test_the_outputs_of_one_operation_share_a_box() -> None:
    class Two(Many[Scalar]):
        def backward_many(self, grads: Sequence[Scalar | None], /) -> Sequence[Scalar | None]:
            return (grads[0],)

    x = leaf(1.0, "x")
    node = Two((x.gradient_node(),))
    q, r = Scalar(1.0), Scalar(2.0)
    for slot, value in enumerate((q, r)):
        value.node, value.requires_grad = Output(node, slot), True
    drawing = drawing_of(q * r, lambda v: "")
    assert [vertex.text for vertex in drawing.vertices] == ["Mul\n", "Two", ""]
    assert sorted(drawing.edges) == [(1, 0), (1, 0), (2, 1)]


def test_a_leaf_that_is_gone_is_shown_as_such() -> None:
    y = leaf(2.0) * 3.0
    y.inputs = ()
    assert "(gone)" in texts(draw(y))


def test_a_graph_too_large_to_read_is_an_error() -> None:
    x = y = leaf(1.0)
    for _ in range(300):
        y = y * x
    assert len(texts(draw(y))) == 2 * 300 + 1
    with pytest.raises(
        ValueError, match="draw: the graph has more than 100 vertices; draw a small"
    ):
        draw(y, limit=100)


def test_a_drawing_can_be_made_by_hand() -> None:
    drawing = Drawing()
    a, b = drawing.add("leaf", "a"), drawing.add("operation", "b")
    drawing.edges.append((a, b))
    assert texts(drawing.svg()) == ["a", "b"]
    assert texts(Drawing().svg()) == []


# --- layers -------------------------------------------------------------------------------------


def test_edges_lead_from_left_to_right() -> None:
    edges = [(0, 1), (1, 2), (0, 2), (3, 2), (2, 4)]
    layout = lay_out([Size(10, 10)] * 5, edges)
    for (i, j), route in zip(edges, layout.routes, strict=True):
        assert layout.centres[i][0] < layout.centres[j][0]
        xs = [x for x, _ in route]
        assert xs == sorted(xs)
        assert route[0] == (layout.centres[i][0] + 5, layout.centres[i][1])
        assert route[-1] == (layout.centres[j][0] - 5, layout.centres[j][1])
    assert layout.centres[3][0] == layout.centres[1][0]  # next to what it feeds


def test_nothing_overlaps_and_nothing_sticks_out() -> None:
    sizes = [Size(10 + 7 * (i % 5), 8 + 5 * (i % 3)) for i in range(60)]
    edges = [(i, j) for j in range(60) for i in (j // 2, j // 3) if i < j]
    layout = lay_out(sizes, edges, gap=6)
    for v, (x, y) in enumerate(layout.centres):
        w, h = sizes[v].width / 2, sizes[v].height / 2
        assert -1e-6 <= x - w <= x + w <= layout.width + 1e-6
        assert -1e-6 <= y - h <= y + h <= layout.height + 1e-6
        for u, (x2, y2) in enumerate(layout.centres[:v]):
            apart = abs(x - x2) - w - sizes[u].width / 2, abs(y - y2) - h - sizes[u].height / 2
            assert max(apart) >= 6 - 1e-6


def test_crossings_that_can_be_avoided_are() -> None:
    layout = lay_out([Size(1, 1)] * 6, [(0, 5), (1, 4), (2, 3)])
    ys = [y for _, y in layout.centres]
    assert (ys[0] < ys[1] < ys[2]) == (ys[5] < ys[4] < ys[3])


def test_a_long_edge_goes_around_what_is_between() -> None:
    layout = lay_out([Size(10, 10)] * 3, [(0, 1), (1, 2), (0, 2)], gap=4)
    (x, y), route = layout.centres[1], layout.routes[2]
    beside = [py for px, py in route if abs(px - x) <= 5]
    assert beside
    assert all(abs(py - y) >= 5 + 4 for py in beside)


def test_a_cycle_is_an_error() -> None:
    with pytest.raises(ValueError, match="lay_out: the edges form a cycle"):
        lay_out([Size(1, 1)] * 2, [(0, 1), (1, 0)])
