"""map, zip and pull: the form of the operands decides which kernel runs.

Three ways, cheapest first, because a small operation costs what its Python costs:

1. few elements, all arrays dense, of one shape and dtype: one look-up by operator, and the call;
2. arrays that are dense or one repeated number: a loop over n elements;
3. anything else: a plan for these layouts, and a kernel for the plan's pattern.

The last two are decided once for each combination of layouts and dtypes; many elements are cut into
parts for several threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from minitorch_fast import threads
from minitorch_fast.half import any_half
from minitorch_fast.plan import Ints, Plan, plans
from minitorch_fast.threads import Kernel
from minitorch_operators import Binary, Rule, Ternary, TernaryRule, Unary
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.dtype import DType, promote_types
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import host, run
from minitorch_tensor.storage import Array

if TYPE_CHECKING:
    from minitorch_tensor.specialise import Pointwise

SMALL: Final = 2048
"""Up to so many elements the first way is taken. It does not look whether an operand is the
output's own memory; such a loop is right, but is not vectorised."""

PARALLEL: Final = 200_000
"""From so many elements on, the work is cut for threads, which costs about 20 microseconds."""

_LIMIT: Final = 4096  # plans to remember

_Key = tuple["Pointwise", DType, DType, tuple[DType, ...], str, tuple[bool, ...]]


_Call = tuple[Kernel, "int | Ints"]  # and its last argument: how many elements, or a plan


class PointwiseKernels:
    """The pointwise part of a backend."""

    def __init__(self) -> None:
        super().__init__()
        self._unary: dict[DType, dict[Unary, Kernel]] = {dtype: {} for dtype in dtypes.ALL}
        self._binary: dict[DType, dict[Binary, Kernel]] = {dtype: {} for dtype in dtypes.ALL}
        self._rules: dict[DType, dict[Rule, Kernel]] = {dtype: {} for dtype in dtypes.ALL}
        self._unary_calls: dict[tuple[object, ...], _Call] = {}
        self._binary_calls: dict[tuple[object, ...], _Call] = {}
        self._kernels: dict[_Key, Kernel] = {}
        self._plans: dict[tuple[tuple[Layout, ...], int], Plan] = {}

    def map(self, operator: Unary, out: Array, x: Array, /) -> None:
        """For each index i: out[i] = operator.fn(x[i])."""
        layout, dtype = out.layout, out.dtype
        if (
            layout is x.layout
            and layout.size <= SMALL
            and layout.dense
            and dtype is x.dtype
            and (kernel := self._unary[dtype].get(operator)) is not None
        ):
            kernel(out.storage.buffer, x.storage.buffer, layout.size)
            return
        source = x.layout
        key = (operator, dtype, x.dtype, layout.shape, source.strides, source.offset)
        if layout.dense and x.storage is not out.storage:
            call = self._unary_calls.get(key)
            if call is not None:
                call[0](out.storage.buffer, x.storage.buffer, call[1])
                return
        compute = x.dtype if operator.result == "bool" else dtype
        made = self._run(operator.fn, compute, out, x)
        if made is not None:
            if layout is source and dtype is x.dtype:
                self._unary[dtype][operator] = made[0]
            _remember(self._unary_calls, key, made)

    def zip(self, operator: Binary, out: Array, a: Array, b: Array, /) -> None:
        """For each index i: out[i] = operator.fn(a[i], b[i])."""
        layout, dtype = out.layout, out.dtype
        if (
            layout is a.layout
            and layout is b.layout
            and layout.size <= SMALL
            and layout.dense
            and dtype is a.dtype
            and dtype is b.dtype
            and (kernel := self._binary[dtype].get(operator)) is not None
        ):
            kernel(out.storage.buffer, a.storage.buffer, b.storage.buffer, layout.size)
            return
        left, right = a.layout, b.layout
        key = (
            operator, dtype, a.dtype, b.dtype, layout.shape, left.strides, left.offset,
            right.strides, right.offset,
        )  # fmt: skip
        if layout.dense and a.storage is not out.storage and b.storage is not out.storage:
            call = self._binary_calls.get(key)
            if call is not None:
                call[0](out.storage.buffer, a.storage.buffer, b.storage.buffer, call[1])
                return
        compute = promote_types(a.dtype, b.dtype) if operator.result == "bool" else dtype
        made = self._run(operator.fn, compute, out, a, b)
        if made is not None:
            if layout is left and layout is right and dtype is a.dtype and dtype is b.dtype:
                self._binary[dtype][operator] = made[0]
            _remember(self._binary_calls, key, made)

    def zip3(self, operator: Ternary, out: Array, a: Array, b: Array, c: Array, /) -> None:
        """For each index i: out[i] = operator.fn(a[i], b[i], c[i])."""
        self._run(operator.fn, out.dtype, out, a, b, c)

    def pull(self, rule: Rule, out: Array, g: Array, a: Array, b: Array, /) -> None:
        """For each index i: out[i] = rule(g[i], a[i], b[i]), the rule taken at floats."""
        layout, dtype = out.layout, out.dtype
        if (
            layout is g.layout
            and layout is a.layout
            and layout is b.layout
            and layout.size <= SMALL
            and layout.dense
            and dtype is g.dtype
            and dtype is a.dtype
            and dtype is b.dtype
            and (kernel := self._rules[dtype].get(rule)) is not None
        ):
            kernel(
                out.storage.buffer,
                g.storage.buffer,
                a.storage.buffer,
                b.storage.buffer,
                layout.size,
            )
            return
        made = self._run(rule, dtype, out, g, a, b)
        if (
            made is not None
            and layout is g.layout
            and layout is a.layout
            and layout is b.layout
            and dtype is g.dtype
            and dtype is a.dtype
            and dtype is b.dtype
        ):
            self._rules[dtype][rule] = made[0]

    def pull3(
        self, rule: TernaryRule, out: Array, g: Array, a: Array, b: Array, c: Array, /
    ) -> None:
        """For each index i: out[i] = rule(g[i], a[i], b[i], c[i])."""
        self._run(rule, out.dtype, out, g, a, b, c)

    def _run(self, fn: Pointwise, compute: DType, out: Array, *operands: Array) -> _Call | None:
        """The second and the third way.

        Returns the kernel and its last argument, if the same call is right for other arrays of
        these layouts: on one thread, and none of them the output's own memory.
        """
        layout = out.layout
        if layout.size == 0:
            return None
        if any_half(out, *operands):
            run(fn, compute, out, *operands)
            return None
        team = threads.get_num_threads() if layout.size >= PARALLEL else 1
        buffer = out.storage.buffer
        pattern = _flat(layout, operands)
        shared = tuple(
            x.storage.buffer is buffer and (x.layout is layout or x.layout == layout)
            for x in operands
        )
        types = tuple(x.dtype for x in operands)
        if pattern is None:
            loops = self._plan((layout, *(x.layout for x in operands)), team)
            kernel = self._find(fn, compute, out.dtype, types, loops.pattern, shared)
            own = [x.storage.buffer for x, same in zip(operands, shared, strict=True) if not same]
            threads.run(kernel, [(buffer, *own, numbers) for numbers in loops.parts])
            alone = layout.dense and layout.size < PARALLEL and not any(shared)
            return (kernel, loops.parts[0]) if alone else None
        kernel = self._find(fn, compute, out.dtype, types, pattern, shared)
        letters = pattern.removeprefix("flat_")
        own = [x.storage.buffer for x, same in zip(operands, shared, strict=True) if not same]
        if team > 1:
            cuttable = [c == "v" for c, same in zip(letters, shared, strict=True) if not same]
            calls = [
                (
                    host(buffer)[first:last],
                    *(host(x)[first:last] if c else x for x, c in zip(own, cuttable, strict=True)),
                    last - first,
                )
                for first, last in threads.cut(layout.size, team)
            ]
            threads.run(kernel, calls)
            return None
        kernel(buffer, *own, layout.size)
        alone = layout.size < PARALLEL and not any(shared)
        return (kernel, layout.size) if alone else None

    def _find(
        self,
        fn: Pointwise,
        compute: DType,
        out: DType,
        operands: tuple[DType, ...],
        pattern: str,
        shared: tuple[bool, ...],
    ) -> Kernel:
        key = (fn, compute, out, operands, pattern, shared)
        kernel = self._kernels.get(key)
        if kernel is None:
            from minitorch_fast import kernels  # what writes kernels is loaded for the first one

            kernel = kernels.build(fn, compute, out, operands, pattern, shared)
            self._kernels[key] = kernel
        return kernel

    def _plan(self, layouts: tuple[Layout, ...], team: int) -> Plan:
        key = (layouts, team)
        found = self._plans.get(key)
        if found is None:
            if len(self._plans) >= _LIMIT:
                self._plans.clear()
            found = self._plans[key] = plans(layouts, team, listed=True)
        return found


def _remember(calls: dict[tuple[object, ...], _Call], key: tuple[object, ...], call: _Call) -> None:
    if len(calls) >= _LIMIT:
        calls.clear()
    calls[key] = call


def _flat(layout: Layout, operands: tuple[Array, ...]) -> str | None:
    """The pattern of operands that are all dense or one number; None if there are others."""
    if not layout.dense:
        return None
    letters = ""
    for x in operands:
        if x.layout is layout or x.layout.dense:
            letters += "v"
        elif x.layout.offset == 0 and not any(x.layout.strides):
            letters += "s"
        else:
            return None
    return f"flat_{letters}"
