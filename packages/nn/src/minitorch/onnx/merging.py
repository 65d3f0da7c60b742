"""Several traces of one model at different sizes, as one graph whose sizes follow the inputs'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from minitorch.onnx.errors import OnnxExporterError
from minitorch.onnx.graph import Node, Operand, Sizes, Trace, Value
from minitorch.onnx.sizes import Expression, Runs
from minitorch_tensor import HostArray

_BEHIND_ALL: Final = 2**63 - 1
"""An end that ONNX's Slice takes for that of any dimension."""


class Merged:
    """What traces have in common. With a single one, that is all of it.

    Args:
        traces: of the same model, one for each run.
        runs: the sizes of the symbols in each.

    Raises:
        OnnxExporterError: if the model did other things at other sizes.
    """

    def __init__(self, traces: Sequence[Trace], runs: Runs) -> None:
        self.runs = runs
        self.traces = traces
        self.base = traces[0]
        self._at = {node: i for i, node in enumerate(self.base.nodes)}
        self._known: dict[int, HostArray | None] = {}
        for other in traces[1:]:
            self._require_alike(other)

    def _require_alike(self, other: Trace) -> None:
        for node, same in zip(self.base.nodes, other.nodes, strict=False):
            if _form(node) != _form(same):
                raise self._unlike(f"{_shown(node)} became {_shown(same)}")
        if len(self.base.nodes) != len(other.nodes):
            longer = max(self.base.nodes, other.nodes, key=len)
            first = longer[min(len(self.base.nodes), len(other.nodes))]
            raise self._unlike(f"{_shown(first)} was there for some sizes only")
        values = (self.base.values, other.values), (self.base.outputs, other.outputs)
        if any(len(mine) != len(theirs) for mine, theirs in values):
            raise self._unlike("there were more values for some sizes")

    def _unlike(self, how: str) -> OnnxExporterError:
        return OnnxExporterError(
            "onnx.export: forward computes something else when the size of a dynamic axis "
            f"({', '.join(self.runs.names)}) changes: {how}. Leave that axis out of the dynamic "
            "ones, or let the model do the same for all sizes"
        )

    def versions(self, value: Value) -> list[Value]:
        """A value in all traces."""
        return [trace.values[value.number] for trace in self.traces]

    def known(self, value: Value) -> HostArray | None:
        """The array that a value is in all runs; None if it follows inputs, sizes or parameters."""
        if value.number not in self._known:
            self._known[value.number] = self._same(value)
        return self._known[value.number]

    def _same(self, value: Value) -> HostArray | None:
        first, *rest = [version.array for version in self.versions(value)]
        if first is None:
            return None
        same = all(x is not None and x.shape == first.shape and _equal(first, x) for x in rest)
        return first if same else None

    def arrays(self, value: Value) -> list[HostArray]:
        """A constant in each run."""
        return [version.array for version in self.versions(value) if version.array is not None]

    def shape(self, value: Value) -> list[Expression | None]:
        """The sizes of a value; None for one that follows the inputs in no simple way."""
        shapes = [version.shape for version in self.versions(value)]
        return [self.runs.fit(numbers) for numbers in zip(*shapes, strict=True)]

    def sizes(self, node: Node, slot: int) -> list[Expression | None]:
        """The numbers of an operand that is made of sizes."""
        found = [trace.nodes[self._at[node]].inputs[slot] for trace in self.traces]
        sizes = [x for x in found if isinstance(x, Sizes)]
        fitted = [self.runs.fit(column) for column in zip(*(x.numbers for x in sizes), strict=True)]
        for i, size in enumerate(fitted):
            if size is None and all(x.last and x.last[i] for x in sizes):
                fitted[i] = self.runs.constant(_BEHIND_ALL)
        return fitted


def _equal(a: HostArray, b: HostArray) -> bool:
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def _operand(x: Operand) -> object:
    if isinstance(x, Sizes):
        return "sizes", len(x.numbers)
    return None if x is None else (x.number, x.source, x.dtype, len(x.shape))


def _form(node: Node) -> object:
    """What must not change from run to run."""
    inputs = tuple(_operand(x) for x in node.inputs)
    outputs = tuple(_operand(x) for x in node.outputs)
    return node.operator, inputs, outputs, node.attributes


def _shown(node: Node) -> str:
    given = f" {node.attributes}" if node.attributes else ""
    return f"{node.operator}{given} of {node.origin}"
