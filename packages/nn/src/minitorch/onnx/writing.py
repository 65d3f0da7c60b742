"""`Writer`: the ONNX operators that every translation needs, one method for each."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from minitorch.onnx.graph import Attribute, Node, Operand, Sizes, Source, Trace, Value
from minitorch_tensor import DType, HostArray, bool_
from minitorch_tensor import dtype as dtypes

Shape = tuple[int, ...]
_LIBRARY = ("minitorch", "minitorch_tensor", "minitorch_autodiff", "minitorch_fast")


class Writer:
    """Appends nodes to a trace. Sizes are those of this run; `merging` finds out what they follow.

    What does nothing, such as a reshape to the same shape, is left out.
    """

    def __init__(self) -> None:
        self.trace = Trace()
        self.origin: dict[Value, Node] = {}  # the node that computes a value

    def value(self, shape: Shape, dtype: DType, source: Source, name: str = "") -> Value:
        """A new value."""
        made = Value(len(self.trace.values), tuple(shape), dtype, source, name)
        made.traced = source == "input"
        self.trace.values.append(made)
        return made

    def constant(self, array: HostArray, dtype: DType | None = None) -> Value:
        """An array that is known now; it is copied, since its memory may be written to later."""
        made = self.value(array.shape, dtype or dtypes.of_numpy(array.dtype), "constant")
        made.array = np.array(array)
        return made

    def number(self, number: float, dtype: DType) -> Value:
        """A constant without dimensions."""
        return self.constant(np.asarray(number, dtype.numpy), dtype)

    def several(
        self,
        operator: str,
        inputs: Sequence[Operand],
        results: Sequence[tuple[Shape, DType]],
        attributes: dict[str, Attribute] | None = None,
    ) -> tuple[Value, ...]:
        """A node with several results, of these shapes and dtypes."""
        outputs = tuple(self.value(shape, dtype, "node") for shape, dtype in results)
        for output in outputs:
            output.traced = any(isinstance(x, Value) and x.traced for x in inputs)
        node = Node(operator, tuple(inputs), outputs, attributes or {}, place())
        self.trace.nodes.append(node)
        self.origin |= dict.fromkeys(outputs, node)
        return outputs

    def node(
        self,
        operator: str,
        inputs: Sequence[Operand],
        shape: Shape,
        dtype: DType,
        attributes: dict[str, Attribute] | None = None,
    ) -> Value:
        """A node with one result."""
        return self.several(operator, inputs, [(shape, dtype)], attributes)[0]

    def elementwise(self, operator: str, *operands: Value, dtype: DType | None = None) -> Value:
        """A node that works element by element, on operands of one dtype which it broadcasts."""
        shape = np.broadcast_shapes(*(x.shape for x in operands))
        return self.node(operator, operands, shape, dtype or operands[-1].dtype)

    def cast(self, x: Value, dtype: DType) -> Value:
        """x in another dtype."""
        if x.dtype is dtype:
            return x
        if x.array is not None and x.array.size == 1:
            return self.constant(x.array.astype(dtype.numpy), dtype)
        made = self.node("Cast", [x], x.shape, dtype, {"to": dtype.name})
        made.array = None if x.array is None else x.array.astype(dtype.numpy)
        if x.fill is not None:
            made.fill = self.cast(x.fill, dtype)
        return made

    def reshape(self, x: Value, shape: Shape) -> Value:
        """The same elements in another shape."""
        if x.shape == shape:
            return x
        return self._reshaped(
            self.node("Reshape", [x, Sizes(shape, infer=True)], shape, x.dtype), x
        )

    def _reshaped(self, made: Value, x: Value) -> Value:
        """A value with the elements of x in their order, which are known if those of x are."""
        made.array = None if x.array is None else x.array.reshape(made.shape)
        return made

    def with_ones(self, x: Value, shape: Shape) -> Value:
        """x with dimensions of size 1 dropped and inserted, so that it has this shape."""
        if x.shape == shape:
            return x
        ones = tuple(i for i, n in enumerate(x.shape) if n == 1)
        kept = tuple(n for n in x.shape if n != 1)
        if ones:
            x = self._reshaped(self.node("Squeeze", [x, Sizes(ones)], kept, x.dtype), x)
        new = tuple(i for i, n in enumerate(shape) if n == 1)
        if not new:
            return x
        return self._reshaped(self.node("Unsqueeze", [x, Sizes(new)], shape, x.dtype), x)

    def unsqueeze(self, x: Value, *dims: int) -> Value:
        """x with dimensions of size 1, which the result has at these places."""
        shape = list(x.shape)
        for dim in sorted(dims):
            shape.insert(dim, 1)
        return self.node("Unsqueeze", [x, Sizes(dims)], tuple(shape), x.dtype)

    def squeeze(self, x: Value, *dims: int) -> Value:
        """x without these dimensions of size 1."""
        shape = tuple(n for i, n in enumerate(x.shape) if i not in dims)
        return self.node("Squeeze", [x, Sizes(dims)], shape, x.dtype)

    def transpose(self, x: Value, order: Sequence[int]) -> Value:
        """Dimension i of the result is dimension order[i] of x."""
        if tuple(order) == tuple(range(len(x.shape))):
            return x
        shape = tuple(x.shape[i] for i in order)
        made = self.node("Transpose", [x], shape, x.dtype, {"perm": tuple(order)})
        made.array = None if x.array is None else x.array.transpose(order)
        return made

    def expand(self, x: Value, shape: Shape) -> Value:
        """x repeated to this shape."""
        if x.shape == shape:
            return x
        made = self.node("Expand", [x, Sizes(shape)], shape, x.dtype)
        if x.array is not None:
            made.array = np.broadcast_to(x.array, shape)
            made.fill = x if x.array.size == 1 else None
        return made

    def slice(self, x: Value, ranges: dict[int, tuple[int, int, int]]) -> Value:
        """x[start:end:step] of each of these dimensions."""
        dims = [
            dim
            for dim, (start, end, step) in ranges.items()
            if (start, end, step) != (0, x.shape[dim], 1)
        ]
        if not dims:
            return x
        shape = list(x.shape)
        for dim in dims:
            shape[dim] = len(range(*ranges[dim]))
        starts, ends, steps = (tuple(ranges[dim][k] for dim in dims) for k in range(3))
        last = tuple(
            end + step > x.shape[d] for d, end, step in zip(dims, ends, steps, strict=True)
        )
        inputs: list[Operand] = [
            x,
            Sizes(starts),
            Sizes(ends, last=last),
            Sizes(tuple(dims)),
            Sizes(steps),
        ]
        made = self.node("Slice", inputs, tuple(shape), x.dtype)
        if x.array is not None:
            cut = (slice(*ranges.get(dim, (None,))) for dim in range(len(shape)))
            made.array = x.array[tuple(cut)]
        return made

    def concat(self, parts: Sequence[Value], dim: int) -> Value:
        """The parts one after the other."""
        parts = [x for x in parts if x.shape[dim]] or parts[:1]
        if len(parts) == 1:
            return parts[0]
        shape = list(parts[0].shape)
        shape[dim] = sum(x.shape[dim] for x in parts)
        made = self.node("Concat", parts, tuple(shape), parts[0].dtype, {"axis": dim})
        arrays = [x.array for x in parts if x.array is not None]
        made.array = np.concatenate(arrays, dim) if len(arrays) == len(parts) else None
        return made

    def reduce(self, operator: str, x: Value, dims: Sequence[int]) -> Value:
        """x reduced over some dimensions, which stay as size 1."""
        if not dims:
            return x
        shape = tuple(1 if i in dims else n for i, n in enumerate(x.shape))
        return self.node(operator, [x, Sizes(tuple(dims))], shape, x.dtype, {"keepdims": 1})

    def gather(self, x: Value, positions: npt.NDArray[np.int64] | Value, dim: int) -> Value:
        """x at these places of one dimension."""
        index = positions if isinstance(positions, Value) else self.constant(positions)
        shape = (*x.shape[:dim], *index.shape, *x.shape[dim + 1 :])
        made = self.node("Gather", [x, index], shape, x.dtype, {"axis": dim})
        if x.array is not None and index.array is not None:
            made.array = x.array.take(index.array.astype(np.int64), dim)
        return made

    def where(self, condition: Value, a: Value, b: Value) -> Value:
        """a where the condition holds, else b."""
        return self.elementwise("Where", self.cast(condition, bool_), a, b)


def place() -> str:
    """The function of the library that runs, and the line of the user that called it."""
    frame = sys._getframe(1)
    name = ""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", "")).partition(".")
        inside = module[0] in _LIBRARY
        if inside and not str(frame.f_globals["__name__"]).startswith("minitorch.onnx"):
            name = frame.f_code.co_name
            if name in ("__call__", "call"):  # of an Op, or of a module
                name = str(getattr(frame.f_locals.get("self"), "__name__", "a module"))
        if not inside and name:
            return f"{name} at {frame.f_code.co_filename}:{frame.f_lineno}"
        if frame.f_back is None:
            break
        frame = frame.f_back
    return name
