"""The engine: walk the recorded nodes once, youngest first, and send gradients along their edges.

Nodes are numbered at creation and always younger than their inputs, so "reachable nodes, youngest
first" is a topological order: no recursion (a graph 100,000 deep works) and no counting of
dependencies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextvars import ContextVar
from functools import partial
from operator import attrgetter
from sys import getrefcount

from minitorch_autodiff import anomaly
from minitorch_autodiff.graph import Around, D, Hook, Hooked, Many, Node, Output
from minitorch_autodiff.mode import GradMode

_sequence = attrgetter("sequence")


def youngest_first(
    roots: Iterable[Node[D]], until: AbstractSet[Node[D]] = frozenset()
) -> list[Node[D]]:
    """All nodes that `roots` lead to, each after everything that was computed from it.

    The nodes in `until` are among them, but not what these lead to.
    """
    seen = set(roots)
    stack = list(seen - until)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge not in seen:
                seen.add(edge)
                if edge not in until:
                    stack.append(edge)
    return sorted(seen, key=_sequence, reverse=True)


def backward(
    roots: Sequence[tuple[Node[D], D]],
    wanted: Sequence[Node[D]] | None = None,
    *,
    retain_graph: bool = False,
    create_graph: bool = False,
    outward: bool = False,
) -> dict[Node[D], D]:
    """Send the seed gradients in `roots` through the graph.

    Args:
        roots: pairs of a node and the gradient to start it with.
        wanted: without it, every reachable leaf gets its `.grad` (`Tensor.backward`). With it, no
            leaf is touched, only nodes on the way to these are run, and the gradients that arrive
            at these are returned (`autograd.grad`).
        retain_graph: keep what nodes saved, so that the graph can be walked again. Otherwise a
            node drops it right after use, and memory falls during backward.
        create_graph: record the backward itself, for second derivatives; implies `retain_graph`.
        outward: the wanted nodes are where this part of a graph ends: another walk goes on from
            there. So the gradients at one do not flow on to another, and no hooks are called there.

    Returns:
        The gradient for each wanted node that any gradient reached.
    """
    targets: frozenset[Node[D]] = frozenset(wanted or ())
    ends = targets if outward else frozenset()
    order = youngest_first([node for node, _ in roots], ends)
    needed = None if wanted is None else _leading_to(targets, order) - ends
    if needed is not None:
        order = [node for node in order if node in needed or node in targets]
    keep = retain_graph or create_graph
    inbox: dict[Node[D], D] = {}
    several: dict[Node[D], list[D | None]] = {}  # gradients of the outputs of `Many` nodes
    found: dict[Node[D], D] = {}
    take = inbox.pop
    careful = anomaly.enabled or Hooked.ever
    walk = Walk()
    with GradMode(create_graph), walk:
        for node, seed in roots:
            inbox[node] = inbox[node] + seed if node in inbox else seed
        for node in order:
            g = take(node, None)
            if g is not None:
                if node.hooks is not None and node not in ends:
                    g = _hooked(node.hooks, g)
                if needed is not None:
                    if node in targets:
                        found[node] = g
                    if node not in needed:
                        continue
                if type(node) is Output:  # isinstance would cost a call for each node
                    _file(several, node, g)
                    continue
                grads = _with_care(node, (g,)) if careful else node.backward(g)
            elif node in several:
                each = several.pop(node)
                grads = _with_care(node, each) if careful else _spread(node, each)
            else:
                continue
            if not keep:
                node.release()
            if needed is not None:  # what leads to no target must not pile up
                grads = _towards(node.edges, grads, needed, targets)
            for edge, d in zip(node.edges, grads, strict=True):
                if edge is not None and d is not None:
                    before = inbox.get(edge)
                    inbox[edge] = d if before is None else before + d
            # The inbox alone holds a gradient now: whoever takes it out may keep its memory.
            grads = ()
            d = before = None
        for callback in walk.callbacks:
            callback()
    return found


def references_when_alone(make: Callable[[], D]) -> int:
    """How many references there are to a gradient in a node's `backward`, if nobody else has one.

    It is found by trying, with gradients that `make` makes: it depends on the version of Python.
    The way with hooks and in anomaly mode has more references: gradients are copied there.
    """
    counts: list[int] = []

    class Start(Node[D]):
        def backward(self, g: D, /) -> Sequence[D | None]:
            return (make(),)

    class End(Node[D]):
        def backward(self, g: D, /) -> Sequence[D | None]:
            counts.append(getrefcount(g))
            return ()

    before = anomaly.enabled, Hooked.ever
    anomaly.enabled = Hooked.ever = False
    try:
        backward([(Start((End(()),)), make())])
    finally:
        anomaly.enabled, Hooked.ever = before
    return counts[0]


class Walk:
    """One run of the engine; its `callbacks` are called at the end, unless it fails."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[], None]] = []

    def __enter__(self) -> None:
        self._token = _walking.set(self)

    def __exit__(self, *error: object) -> None:
        _walking.reset(self._token)


_walking: ContextVar[Walk | None] = ContextVar("walking", default=None)


def current_walk() -> Walk:
    """The backward that is running in this thread: another object for each.

    Raises:
        RuntimeError: if there is none.
    """
    walk = _walking.get()
    if walk is None:
        raise RuntimeError("current_walk: no backward is running; call it from a hook")
    return walk


def _with_care(node: Node[D], grads: Sequence[D | None]) -> Sequence[D | None]:
    """What backward of a node gives, with hooks around it and in anomaly mode."""
    around: Around[D] | None = getattr(node, "around", None)
    if around is not None:
        for before in tuple(around.before):
            replacement = before(tuple(grads))
            grads = grads if replacement is None else replacement
    compute = partial(_run, node, grads)
    found = anomaly.watched(node, compute) if anomaly.enabled else compute()
    if around is not None:
        for after in tuple(around.after):
            replacement = after(tuple(found), tuple(grads))
            found = found if replacement is None else replacement
    return found


def _run(node: Node[D], grads: Sequence[D | None]) -> Sequence[D | None]:
    if isinstance(node, Many):
        return node.backward_many(grads)
    (g,) = grads
    return [None] * len(node.edges) if g is None else node.backward(g)


def _hooked(hooks: Sequence[Hook[D]], g: D) -> D:
    """`g` after each hook; a hook may take itself away, so we walk a copy."""
    for hook in tuple(hooks):
        replacement = hook(g)
        if replacement is not None:
            if not isinstance(replacement, type(g)) and not isinstance(g, type(replacement)):
                raise TypeError(
                    f"backward: a hook must return None or a {type(g).__name__} to go on with, "
                    f"but returned a {type(replacement).__name__}"
                )
            g = replacement
    return g


def _leading_to(targets: frozenset[Node[D]], order: Sequence[Node[D]]) -> set[Node[D]]:
    """The nodes from which a gradient can still reach a target; the rest need not run."""
    needed: set[Node[D]] = set()
    for node in reversed(order):
        if any(edge in targets or edge in needed for edge in node.edges if edge is not None):
            needed.add(node)
    return needed


def _towards(
    edges: Sequence[Node[D] | None],
    grads: Sequence[D | None],
    needed: set[Node[D]],
    targets: frozenset[Node[D]],
) -> Sequence[D | None]:
    """`grads`, with None for the edges on which none is needed."""
    return [
        d if edge in needed or edge in targets else None
        for edge, d in zip(edges, grads, strict=True)
    ]


def _file(several: dict[Node[D], list[D | None]], node: Output[D], g: D) -> None:
    """Put the gradient of one output of several where its producer will find it."""
    grads = several.setdefault(node.producer, [])
    while len(grads) <= node.slot:
        grads.append(None)
    before = grads[node.slot]
    grads[node.slot] = g if before is None else before + g


def _spread(node: Node[D], grads: Sequence[D | None]) -> Sequence[D | None]:
    if not isinstance(node, Many):
        raise TypeError(f"{node!r} was sent gradients for several outputs, but has one")
    return node.backward_many(grads)
