"""map, zip and pull: the form of the operands decides which kernel runs.

Three ways, cheapest first, because a small operation costs what its Python costs (the first serves
up to as many elements as one thread computes):

1. arrays that are dense, of one shape and dtype: one look-up by operator, and the call;
2. arrays that fill memory alike, or are one repeated number: a loop over n elements;
3. anything else: a plan for these layouts, and a kernel for the plan's pattern.

The last two are decided once for each combination of layouts and dtypes, and remembered; many
elements are cut into parts for several threads.

An operand may be the output itself, as in `x.add_(y)`: what is read of an element is read before
that element is written, and no other is (see `snippets.APART`). An operand that shares memory with
the output in another layout is copied by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
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
from minitorch_tensor.storage import Array, Buffer

if TYPE_CHECKING:
    from minitorch_tensor.specialise import Pointwise

PARALLEL: Final = 200_000
"""From so many elements on, the work is cut for threads, which costs about 20 microseconds."""

_LIMIT: Final = 4096  # calls to remember
_NUMBERS: Final = 4_000_000  # in all plans that are remembered: 32 MB

_Key = tuple["Pointwise", DType, DType, tuple[DType, ...], str]


@dataclass(frozen=True, slots=True)
class _Call:
    """What is decided for operands of some layouts and dtypes: a kernel, and how to call it."""

    kernel: Kernel
    last: int | Ints  # the last argument: how many elements, or a plan
    parts: tuple[tuple[int, int], ...] | tuple[Ints, ...]  # in place of last, for several threads
    vectors: tuple[bool, ...]  # for each operand, whether it is cut into parts

    def __call__(self, buffer: Buffer, *operands: Buffer) -> None:
        """Compute."""
        if not self.parts:
            self.kernel(buffer, *operands, self.last)
            return
        calls: list[tuple[object, ...]] = []
        for part in self.parts:
            if isinstance(part, tuple):
                first, last = part
                pieces = [
                    host(x)[first:last] if vector else x
                    for x, vector in zip(operands, self.vectors, strict=True)
                ]
                calls.append((host(buffer)[first:last], *pieces, last - first))
            else:
                calls.append((buffer, *operands, part))
        threads.run(self.kernel, calls)


class PointwiseKernels:
    """The pointwise part of a backend."""

    def __init__(self) -> None:
        super().__init__()
        self._unary: dict[DType, dict[Unary, Kernel]] = {dtype: {} for dtype in dtypes.ALL}
        self._binary: dict[DType, dict[Binary, Kernel]] = {dtype: {} for dtype in dtypes.ALL}
        self._rules: dict[DType, dict[Rule, Kernel]] = {dtype: {} for dtype in dtypes.ALL}
        self._calls: dict[tuple[object, ...], _Call] = {}
        self._kernels: dict[_Key, Kernel] = {}
        self._plans: dict[tuple[tuple[Layout, ...], int], Plan] = {}
        self._numbers = 0  # in all plans

    def map(self, operator: Unary, out: Array, x: Array, /) -> None:
        """For each index i: out[i] = operator.fn(x[i])."""
        layout, dtype = out.layout, out.dtype
        if (
            layout is x.layout
            and layout.size < PARALLEL
            and layout.dense
            and dtype is x.dtype
            and (kernel := self._unary[dtype].get(operator)) is not None
        ):
            kernel(out.storage.buffer, x.storage.buffer, layout.size)
            return
        team = 1 if layout.size < PARALLEL else threads.get_num_threads()
        key = (operator, team, dtype, x.dtype, layout, x.layout)
        call = self._calls.get(key)
        if call is None:
            compute = x.dtype if operator.result == "bool" else dtype
            call = self._decide(operator.fn, compute, team, out, x)
            if call is None:
                return
            self._remember(key, call)
            if layout is x.layout and layout.dense and dtype is x.dtype:
                self._unary[dtype][operator] = call.kernel
        if call.parts:
            call(out.storage.buffer, x.storage.buffer)
        else:
            call.kernel(out.storage.buffer, x.storage.buffer, call.last)

    def zip(self, operator: Binary, out: Array, a: Array, b: Array, /) -> None:
        """For each index i: out[i] = operator.fn(a[i], b[i])."""
        layout, dtype = out.layout, out.dtype
        if (
            layout is a.layout
            and layout is b.layout
            and layout.size < PARALLEL
            and layout.dense
            and dtype is a.dtype
            and dtype is b.dtype
            and (kernel := self._binary[dtype].get(operator)) is not None
        ):
            kernel(out.storage.buffer, a.storage.buffer, b.storage.buffer, layout.size)
            return
        team = 1 if layout.size < PARALLEL else threads.get_num_threads()
        key = (operator, team, dtype, a.dtype, b.dtype, layout, a.layout, b.layout)
        call = self._calls.get(key)
        if call is None:
            compute = promote_types(a.dtype, b.dtype) if operator.result == "bool" else dtype
            call = self._decide(operator.fn, compute, team, out, a, b)
            if call is None:
                return
            self._remember(key, call)
            if (
                layout is a.layout
                and layout is b.layout
                and layout.dense
                and dtype is a.dtype
                and dtype is b.dtype
            ):
                self._binary[dtype][operator] = call.kernel
        if call.parts:
            call(out.storage.buffer, a.storage.buffer, b.storage.buffer)
        else:
            call.kernel(out.storage.buffer, a.storage.buffer, b.storage.buffer, call.last)

    def pull(self, rule: Rule, out: Array, g: Array, a: Array, b: Array, /) -> None:
        """For each index i: out[i] = rule(g[i], a[i], b[i]), the rule taken at floats."""
        layout, dtype = out.layout, out.dtype
        if (
            layout.size < PARALLEL
            and layout is g.layout
            and layout is a.layout
            and layout is b.layout
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
        call = self._apply(rule, out, g, a, b)
        if (
            call is not None
            and layout.dense
            and layout is g.layout
            and layout is a.layout
            and layout is b.layout
            and dtype is g.dtype
            and dtype is a.dtype
            and dtype is b.dtype
        ):
            self._rules[dtype][rule] = call.kernel

    def zip3(self, operator: Ternary, out: Array, a: Array, b: Array, c: Array, /) -> None:
        """For each index i: out[i] = operator.fn(a[i], b[i], c[i])."""
        self._apply(operator.fn, out, a, b, c)

    def pull3(
        self, rule: TernaryRule, out: Array, g: Array, a: Array, b: Array, c: Array, /
    ) -> None:
        """For each index i: out[i] = rule(g[i], a[i], b[i], c[i])."""
        self._apply(rule, out, g, a, b, c)

    def _apply(self, fn: Pointwise, out: Array, *operands: Array) -> _Call | None:
        """Any function: computed in the dtype of the output."""
        layout = out.layout
        team = 1 if layout.size < PARALLEL else threads.get_num_threads()
        key: tuple[object, ...] = (fn, team, out.dtype, layout)
        for x in operands:
            key += (x.dtype, x.layout)
        call = self._calls.get(key)
        if call is None:
            call = self._decide(fn, out.dtype, team, out, *operands)
            if call is None:
                return None
            self._remember(key, call)
        call(out.storage.buffer, *[x.storage.buffer for x in operands])
        return call

    def _decide(
        self, fn: Pointwise, compute: DType, team: int, out: Array, *operands: Array
    ) -> _Call | None:
        """The second and the third way; None if there is nothing more to do."""
        layout = out.layout
        if layout.size == 0:
            return None
        if any_half(out, *operands):
            run(fn, compute, out, *operands)
            return None
        types = tuple(x.dtype for x in operands)
        pattern = _flat(layout, operands)
        if pattern is None:
            loops = self._plan((layout, *(x.layout for x in operands)), team)
            kernel = self._find(fn, compute, out.dtype, types, loops.pattern)
            parts = loops.parts if len(loops.parts) > 1 else ()
            return _Call(kernel, loops.parts[0], parts, ())
        kernel = self._find(fn, compute, out.dtype, types, pattern)
        vectors = tuple(letter == "v" for letter in pattern.removeprefix("flat_"))
        ranges = tuple(threads.cut(layout.size, team)) if team > 1 else ()
        return _Call(kernel, layout.size, ranges, vectors)

    def _remember(self, key: tuple[object, ...], call: _Call) -> None:
        if len(self._calls) >= _LIMIT:
            self._calls.clear()
        self._calls[key] = call

    def _find(
        self,
        fn: Pointwise,
        compute: DType,
        out: DType,
        operands: tuple[DType, ...],
        pattern: str,
    ) -> Kernel:
        key = (fn, compute, out, operands, pattern)
        kernel = self._kernels.get(key)
        if kernel is None:
            from minitorch_fast import kernels  # what writes kernels is loaded for the first one

            kernel = kernels.build(fn, compute, out, operands, pattern)
            self._kernels[key] = kernel
        return kernel

    def _plan(self, layouts: tuple[Layout, ...], team: int) -> Plan:
        key = (layouts, team)
        found = self._plans.get(key)
        if found is None:
            found = plans(layouts, team, listed=True)
            self._numbers += sum(part.size for part in found.parts)
            if len(self._plans) >= _LIMIT or self._numbers > _NUMBERS:
                self._plans.clear()
                self._calls.clear()  # they hold plans too
                self._numbers = sum(part.size for part in found.parts)
            self._plans[key] = found
        return found


def _flat(layout: Layout, operands: tuple[Array, ...]) -> str | None:
    """The pattern of operands that all fill memory like the output, or are one number; else None.

    It need not be in row-major order: what counts is that all have the same one.
    """
    if not layout.dense and (layout.span() != (0, layout.size) or layout.repeats()):
        return None
    letters = ""
    for x in operands:
        if x.layout is layout or x.layout == layout or (layout.dense and x.layout.dense):
            letters += "v"
        elif x.layout.offset == 0 and not any(x.layout.strides):
            letters += "s"
        else:
            return None
    return f"flat_{letters}"
