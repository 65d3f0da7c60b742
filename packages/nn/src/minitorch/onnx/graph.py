"""What a run of a model leaves behind: values, and the nodes that compute them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from minitorch_tensor import DType, HostArray

Source = Literal["node", "input", "parameter", "constant"]
Attribute = int | float | str | tuple[int, ...] | tuple[str, ...]


@dataclass(slots=True, eq=False)
class Value:
    """A tensor of the graph.

    `array` is known where it depends on no input and no parameter; `traced` says that it depends on
    an input. `fill` is a constant of one element where all elements are that one.
    """

    number: int
    shape: tuple[int, ...]
    dtype: DType
    source: Source
    name: str = ""
    array: HostArray | None = None
    traced: bool = False
    fill: Value | None = None


@dataclass(slots=True)
class Sizes:
    """Whole numbers that a node takes as an input, since they may follow the sizes of inputs.

    `infer` says that one of them may be left to the node, as -1: those of Reshape. `last` says
    which of them, as ends of a Slice, are behind all elements.
    """

    numbers: tuple[int, ...]
    infer: bool = False
    last: tuple[bool, ...] = ()


Operand = Value | Sizes | None


@dataclass(slots=True, eq=False)
class Node:
    """One ONNX operator, its operands and its results; `origin` says where it was called."""

    operator: str
    inputs: tuple[Operand, ...]
    outputs: tuple[Value, ...]
    attributes: dict[str, Attribute] = field(default_factory=dict)
    origin: str = ""


@dataclass(slots=True, eq=False)
class Trace:
    """All values and nodes of one run, in order, its inputs and its outputs."""

    values: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
