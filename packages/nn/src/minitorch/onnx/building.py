"""From merged traces to the protocol buffers of ONNX, with the library `onnx`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from minitorch.onnx.errors import OnnxExporterError
from minitorch.onnx.graph import Node, Operand, Value
from minitorch.onnx.merging import Merged
from minitorch.onnx.sizes import Expression
from minitorch_tensor import DType, HostArray, int64

if TYPE_CHECKING:
    import onnx

_TYPES = {
    "float32": 1, "uint8": 2, "int8": 3, "int16": 5, "int32": 6, "int64": 7, "bool": 9,
    "float16": 10, "float64": 11,
}  # fmt: skip
"""ONNX's numbers of the element types, TensorProto.DataType."""


def element_type(dtype: str) -> int:
    """ONNX's number of a dtype, given by its name.

    Raises:
        OnnxExporterError: for bfloat16.
    """
    if dtype not in _TYPES:
        raise OnnxExporterError(
            f"onnx.export: {dtype} cannot be exported; convert the model with .float() first"
        )
    return _TYPES[dtype]


class Builder:
    """Writes the nodes that the outputs need, their constants, and what computes their sizes."""

    def __init__(self, merged: Merged, export_params: bool) -> None:
        import onnx

        self.onnx = onnx
        self.merged = merged
        self.export_params = export_params
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self.parameters: dict[str, Value] = {}
        self._arrays: dict[str, HostArray] = {}
        self._names: dict[int, str] = {}  # of each value
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._expressions: dict[Expression, str] = {}
        self._taken: set[str] = set()

    # ---- the whole -----------------------------------------------------------------------------

    def model(
        self,
        parameters: dict[str, HostArray],
        output_names: Sequence[str],
        opset: int,
        labels: dict[str, dict[int, str]],
    ) -> onnx.ModelProto:
        """The file, of which the inputs have their names already.

        Args:
            parameters: the numbers of the parameters and buffers.
            output_names: of the outputs.
            opset: the version of the operators.
            labels: names of axes of outputs, where they should have other ones than found.
        """
        base = self.merged.base
        self._arrays = parameters
        names = [x.name for x in base.inputs]
        self._taken = {*names, *output_names, *parameters}
        for x in base.inputs:
            self._names[x.number] = x.name
        needed = self._needed()
        chosen = self._chosen(output_names)
        self._names |= chosen
        for node in base.nodes:
            if any(x.number in needed for x in node.outputs):
                self._write(node)
        for x, name in zip(base.outputs, output_names, strict=True):
            if chosen.get(x.number) != name:
                self._emit("Identity", [self._operand(x)], name)
        helper = self.onnx.helper
        inputs = [self._info(x, x.name, {}) for x in base.inputs]
        if not self.export_params:
            inputs += [self._info(x, name, {}) for name, x in self.parameters.items()]
        outputs = [
            self._info(x, name, labels.get(name, {}))
            for x, name in zip(base.outputs, output_names, strict=True)
        ]
        graph = helper.make_graph(
            self.nodes, "model", inputs, outputs, list(self.initializers.values())
        )
        model: onnx.ModelProto = helper.make_model(
            graph, producer_name="minitorch", opset_imports=[helper.make_opsetid("", opset)]
        )
        model.ir_version = min(model.ir_version, 10)  # what released runtimes read
        return model

    def _needed(self) -> set[int]:
        """The values that the outputs are computed from."""
        needed = {x.number for x in self.merged.base.outputs}
        for node in reversed(self.merged.base.nodes):
            if any(x.number in needed and self.merged.known(x) is None for x in node.outputs):
                needed |= {x.number for x in node.inputs if isinstance(x, Value)}
        return needed

    def _chosen(self, output_names: Sequence[str]) -> dict[int, str]:
        """The outputs that nodes can write under their own names; others get an Identity."""
        chosen: dict[int, str] = {}
        for x, name in zip(self.merged.base.outputs, output_names, strict=True):
            if x.source == "node" and x.number not in chosen and self.merged.known(x) is None:
                chosen[x.number] = name
        return chosen

    def _info(self, x: Value, name: str, labels: dict[int, str]) -> onnx.ValueInfoProto:
        shape: list[int | str | None] = []
        for i, size in enumerate(self.merged.shape(x)):
            constant = None if size is None else size.constant
            text = None if size is None else size.text(self.merged.runs.names)
            shape.append(labels.get(i, text) if constant is None else constant)
        return self.onnx.helper.make_tensor_value_info(name, element_type(x.dtype.name), shape)

    # ---- nodes ---------------------------------------------------------------------------------

    def _write(self, node: Node) -> None:
        if all(self.merged.known(x) is not None for x in node.outputs):
            return
        inputs = [self._input(node, slot, x) for slot, x in enumerate(node.inputs)]
        while inputs and not inputs[-1]:
            inputs.pop()
        for x in node.outputs:
            self._names.setdefault(x.number, self._new(node.operator.lower()))
        self._node(node.operator, inputs, [self._names[x.number] for x in node.outputs])
        for key, value in node.attributes.items():
            made = element_type(str(value)) if key == "to" else value
            self.nodes[-1].attribute.append(self.onnx.helper.make_attribute(key, made))

    def _node(self, operator: str, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        name = self._new(operator)
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, outputs, name))

    def _emit(self, operator: str, inputs: Sequence[str], name: str = "", **numbers: int) -> str:
        """A node beside the recorded ones."""
        name = name or self._new(operator.lower())
        self._node(operator, inputs, [name])
        for key, number in numbers.items():
            self.nodes[-1].attribute.append(self.onnx.helper.make_attribute(key, number))
        return name

    def _new(self, start: str) -> str:
        """A name that is not taken."""
        k = 0
        while f"{start}_{k}" in self._taken:
            k += 1
        self._taken.add(f"{start}_{k}")
        return f"{start}_{k}"

    def _input(self, node: Node, slot: int, x: Operand) -> str:
        if x is None:
            return ""
        if isinstance(x, Value):
            return self._operand(x, node)
        found = self.merged.sizes(node, slot)
        constants = [None if size is None else size.constant for size in found]
        if x.infer:
            unknown = [i for i, size in enumerate(found) if size is None]
            changing = unknown or [i for i, size in enumerate(constants) if size is None]
            if changing:
                found[changing[0]] = self.merged.runs.constant(-1)
        return self._vector(found, node)

    def _operand(self, x: Value, node: Node | None = None) -> str:
        """The name of a value, which is written now if it is a constant or a parameter."""
        name = self._names.get(x.number)
        if name is not None:
            return name
        known = self.merged.known(x)
        if known is not None:
            name = self._constant(known, x.dtype)
        elif x.source == "parameter":
            name = self._parameter(x)
        else:
            name = self._changing(x, node)
        self._names[x.number] = name
        return name

    # ---- constants -----------------------------------------------------------------------------

    def _constant(self, array: HostArray, dtype: DType) -> str:
        key = (dtype.name, array.shape, array.tobytes())
        name = self._constants.get(key)
        if name is None:
            name = self._constants[key] = self._new("constant")
            element_type(dtype.name)
            self.initializers[name] = self.onnx.numpy_helper.from_array(array, name)
        return name

    def _numbers(self, *numbers: int) -> str:
        return self._constant(np.array(numbers, np.int64), int64)

    def _parameter(self, x: Value) -> str:
        self.parameters[x.name] = x
        if self.export_params:
            element_type(x.dtype.name)
            array = np.ascontiguousarray(self._arrays[x.name]).reshape(x.shape)
            self.initializers[x.name] = self.onnx.numpy_helper.from_array(array, x.name)
        return x.name

    def _changing(self, x: Value, node: Node | None) -> str:
        """A constant that follows the sizes: a number, numbers in a row, or one number repeated."""
        arrays = self.merged.arrays(x)
        where = "an output" if node is None else f"{node.operator} of {node.origin}"
        if x.source == "constant" and all(array.size for array in arrays):
            for attempt in (self._number, self._range, self._filled):
                name = attempt(x, arrays)
                if name is not None:
                    return name
        raise OnnxExporterError(
            f"onnx.export: {where} reads numbers that change with the size of a dynamic axis "
            f"({', '.join(self.merged.runs.names)}), in a way that cannot be said in ONNX: they "
            f"have shape {x.shape} for the first size tried. Leave that axis out of the dynamic "
            "ones, or compute the numbers from the inputs by operations of tensors"
        )

    def _number(self, x: Value, arrays: list[HostArray]) -> str | None:
        if any(array.size != 1 for array in arrays):
            return None
        numbers = [float(array.reshape(-1)[0]) for array in arrays]
        if not all(n.is_integer() for n in numbers):
            return None
        size = self.merged.runs.fit([int(n) for n in numbers])
        return None if size is None else self._shaped(self._expression(size), x)

    def _range(self, x: Value, arrays: list[HostArray]) -> str | None:
        rows = [array.reshape(-1).astype(np.float64) for array in arrays]
        if any(max(a.shape, default=1) != a.size or a.size < 2 for a in arrays):
            return None
        start, step = rows[0][0], rows[0][1] - rows[0][0]
        if not (float(start).is_integer() and float(step).is_integer() and step):
            return None
        if any(not np.array_equal(row, start + step * np.arange(len(row))) for row in rows):
            return None
        size = self.merged.runs.fit([int(start + step * len(row)) for row in rows])
        if size is None:
            return None
        ends = [self._numbers(int(start)), self._expression(size), self._numbers(int(step))]
        scalars = [self._emit("Squeeze", [name]) for name in ends]
        return self._shaped(self._emit("Range", scalars), x)

    def _filled(self, x: Value, arrays: list[HostArray]) -> str | None:
        first = arrays[0].reshape(-1)[:1]
        shape = self.merged.shape(x)
        if None in shape or any(not np.all(array == first) for array in arrays):
            return None
        return self._emit("Expand", [self._constant(first, x.dtype), self._vector(shape, None)])

    def _shaped(self, name: str, x: Value) -> str:
        """A row of int64 in the dtype of a value, and in its shape: there is one size above 1."""
        if x.dtype is not int64:
            name = self._emit("Cast", [name], to=element_type(x.dtype.name))
        shape = [-1 if n != 1 else 1 for n in x.shape]
        return name if len(shape) == 1 else self._emit("Reshape", [name, self._numbers(*shape)])

    # ---- sizes ---------------------------------------------------------------------------------

    def _vector(self, found: Sequence[Expression | None], node: Node | None) -> str:
        """Sizes as one tensor."""
        parts: list[str] = []
        run: list[int] = []
        for size in found:
            if size is None:
                raise self._unknown(node)
            if size.constant is not None:
                run.append(size.constant)
                continue
            if run:
                parts.append(self._numbers(*run))
                run = []
            parts.append(self._expression(size))
        if run or not parts:
            parts.append(self._numbers(*run))
        return parts[0] if len(parts) == 1 else self._emit("Concat", parts, axis=0)

    def _unknown(self, node: Node | None) -> OnnxExporterError:
        where = "a constant" if node is None else f"{node.operator} of {node.origin}"
        return OnnxExporterError(
            f"onnx.export: a size that {where} needs follows the dynamic axes "
            f"({', '.join(self.merged.runs.names)}) in a way that is neither a*n + b nor a "
            "product of sizes. Leave that axis out of the dynamic ones"
        )

    def _expression(self, size: Expression) -> str:
        """A size as a tensor of one element, computed from the shapes of the inputs."""
        name = self._expressions.get(size)
        if name is None:
            terms = [self._term(factor, powers) for factor, powers in size.terms]
            name = terms[0]
            for term in terms[1:]:
                name = self._emit("Add", [name, term])
            self._expressions[size] = name
        return name

    def _term(self, factor: int, powers: tuple[int, ...]) -> str:
        factors = [self._symbol(i) for i, power in enumerate(powers) for _ in range(power)]
        if factor != 1 or not factors:
            factors.append(self._numbers(factor))
        name = factors[0]
        for other in factors[1:]:
            name = self._emit("Mul", [name, other])
        return name

    def _symbol(self, i: int) -> str:
        """The size of a dynamic axis, read off the first input that has it."""
        alone = Expression(((1, tuple(int(i == j) for j in range(len(self.merged.runs.names)))),))
        name = self._expressions.get(alone)
        if name is None:
            source, axis = next(
                (x, axis)
                for x in self.merged.base.inputs
                for axis, size in enumerate(self.merged.shape(x))
                if size == alone
            )
            name = self._emit("Shape", [source.name], start=axis, end=axis + 1)
            self._expressions[alone] = name
        return name
