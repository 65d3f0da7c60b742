"""The Backend contract on CUDA: each method plans launches, and a `Launcher` runs them.

A method is one launch or two: the shapes and strides go to the kernel as numbers, so nothing is
copied before. Plans are kept by what they depend on (function, layouts, dtypes), so the second call
of a kind only looks up.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Final

from minitorch_cuda.device_memory import DeviceMemory
from minitorch_cuda.faults import Check
from minitorch_cuda.generators import PhiloxGenerator, defaults
from minitorch_cuda.kernel import Plan
from minitorch_cuda.kernels.arg_reduce import plan_arg_reduce
from minitorch_cuda.kernels.embedding import plan_index_add, plan_index_select
from minitorch_cuda.kernels.folding_plan import Stages, run_stages
from minitorch_cuda.kernels.indexing import (
    ATOMIC_TYPES,
    plan_check,
    plan_from_front,
    plan_gather,
    plan_scatter_add,
)
from minitorch_cuda.kernels.matmul import with_one_batch
from minitorch_cuda.kernels.matmul_plan import plan_product
from minitorch_cuda.kernels.pointwise import plan_pointwise
from minitorch_cuda.kernels.putting import run_put
from minitorch_cuda.kernels.random_plan import drawn_by
from minitorch_cuda.kernels.reduce import plan_reduce
from minitorch_cuda.launcher import Launcher
from minitorch_cuda.temporary import Temporary as Temporary
from minitorch_operators import Binary, Rule, Ternary, TernaryRule, Unary, id
from minitorch_tensor.backend import Sample
from minitorch_tensor.dtype import DType, of_numpy, promote_types
from minitorch_tensor.layout import Layout
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.numpy_backend import start_of
from minitorch_tensor.random import default_generator
from minitorch_tensor.settings import are_deterministic_algorithms_enabled
from minitorch_tensor.specialise import Pointwise
from minitorch_tensor.storage import Array, Buffer

Key = tuple[object, ...]
"""What tells one kind of call from others."""

_MOST_PLANS: Final = 8192


class CudaBackend(DeviceMemory):
    """Computes with CUDA kernels.

    Args:
        find: gives the launcher; it is asked at each call, so the choice can be made late.
        index: which of the devices it is.
        deterministic: whether sums of repeated indices come in a fixed order. If not, `scatter_add`
            is faster for long columns, and its float sums may differ in the last bits from run to
            run.
    """

    def __init__(
        self, find: Callable[[], Launcher], index: int = 0, *, deterministic: bool = True
    ) -> None:
        super().__init__(find, index)
        self.deterministic = deterministic
        self._plans: dict[Key, Plan] = {}
        self._stages: dict[Key, Stages] = {}

    @property
    def in_order(self) -> bool:
        """Whether sums of repeated indices come in a fixed order: as made, or by the program."""
        return self.deterministic or are_deterministic_algorithms_enabled()

    @property
    def name(self) -> str:
        """`cuda`."""
        return "cuda"

    # --- elementwise -----------------------------------------------------------------------------

    # These are called for nearly every operation of a program, so they find the plan of a call like
    # one before by a single look, with the shortest key that tells calls apart.

    def map(self, operator: Unary, out: Array, x: Array, /) -> None:
        """out[i] = fn(x[i]), one launch."""
        layout, dtype = out.layout, out.dtype
        if not layout.size:
            return
        launcher = self._find()
        key: Key = (operator.fn, launcher.limits, layout, dtype)
        if x.layout is not layout or x.dtype is not dtype:
            key = (*key, x.layout, x.dtype)
        plan = self._plans.get(key)
        if plan is None:
            compute = x.dtype if operator.result == "bool" else dtype
            plan = self._planned(key, operator.fn, compute, out, x)
        launcher.launch(plan, [out.storage.buffer, x.storage.buffer])

    def zip(self, operator: Binary, out: Array, a: Array, b: Array, /) -> None:
        """out[i] = fn(a[i], b[i]), one launch."""
        layout, dtype = out.layout, out.dtype
        if not layout.size:
            return
        launcher = self._find()
        key: Key = (operator.fn, launcher.limits, layout, dtype)
        if (
            a.layout is not layout
            or b.layout is not layout
            or a.dtype is not dtype
            or b.dtype is not dtype
        ):
            key = (*key, a.layout, b.layout, a.dtype, b.dtype)
        plan = self._plans.get(key)
        if plan is None:
            compute = promote_types(a.dtype, b.dtype) if operator.result == "bool" else dtype
            plan = self._planned(key, operator.fn, compute, out, a, b)
        launcher.launch(plan, [out.storage.buffer, a.storage.buffer, b.storage.buffer])

    def zip3(self, operator: Ternary, out: Array, a: Array, b: Array, c: Array, /) -> None:
        """out[i] = fn(a[i], b[i], c[i]), one launch."""
        self._pointwise(operator.fn, out, a, b, c)

    def pull(self, rule: Rule, out: Array, g: Array, a: Array, b: Array, /) -> None:
        """out[i] = rule(g[i], a[i], b[i]), one launch."""
        self._pointwise(rule, out, g, a, b)

    def pull3(
        self, rule: TernaryRule, out: Array, g: Array, a: Array, b: Array, c: Array, /
    ) -> None:
        """out[i] = rule(g[i], a[i], b[i], c[i]), one launch."""
        self._pointwise(rule, out, g, a, b, c)

    def copy(self, out: Array, x: Array, /) -> None:
        """out[i] = x[i], cast; one launch."""
        self.map(id, out, x)

    def _pointwise(self, fn: Pointwise, out: Array, *operands: Array) -> None:
        layout, dtype = out.layout, out.dtype
        if not layout.size:
            return
        launcher = self._find()
        key: Key = (fn, launcher.limits, layout, dtype)
        if any([x.layout is not layout or x.dtype is not dtype for x in operands]):
            key = (*key, *[x.layout for x in operands], *[x.dtype for x in operands])
        plan = self._plans.get(key)
        if plan is None:
            plan = self._planned(key, fn, dtype, out, *operands)
        launcher.launch(plan, [out.storage.buffer, *[x.storage.buffer for x in operands]])

    def _planned(self, key: Key, fn: Pointwise, compute: DType, *arrays: Array) -> Plan:
        """A new plan, kept for the next call of its kind."""
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()  # a program of ever new shapes must not fill the memory
        plan = self._plans[key] = plan_pointwise(
            plain(fn),
            compute,
            tuple([array.layout for array in arrays]),
            tuple([array.dtype for array in arrays]),
            self._find().limits,
        )
        return plan

    # --- reductions ------------------------------------------------------------------------------

    def reduce(self, operator: Binary, start: float, out: Array, x: Array, /) -> None:
        """Fold along the dimensions where `out` has stride 0; two launches for long reductions."""
        launcher = self._find()
        key: Key = (
            operator.fn, start, launcher.limits, out.layout, x.layout, out.dtype, x.dtype,
        )  # fmt: skip
        stages = self._stages.get(key)
        if stages is None:
            if len(self._stages) >= _MOST_PLANS:
                self._stages.clear()
            first = start_of(start, out.dtype)
            dtypes = out.dtype, x.dtype
            stages = self._stages[key] = plan_reduce(
                operator, first, out.layout, x.layout, dtypes, launcher.limits
            )
        run_stages(stages, launcher.empty, launcher.launch, [out.storage.buffer], x.storage.buffer)

    def arg_reduce(self, operator: Binary, out: Array, x: Array, dim: int, /) -> None:
        """The place of the largest or smallest along one dimension; as `reduce`."""
        launcher = self._find()
        stages = plan_arg_reduce(operator, out.layout, x.layout, dim, x.dtype, launcher.limits)
        run_stages(stages, launcher.empty, launcher.launch, [out.storage.buffer], x.storage.buffer)

    # --- linear algebra --------------------------------------------------------------------------

    def matmul(self, out: Array, a: Array, b: Array, /) -> None:
        """out = a @ b, one launch for all batches; two where k is long and `out` small.

        Leading dimensions that no single stride can walk (an expanded one between two others) are
        copied together first.
        """
        if out.layout.size == 0:
            return
        buffer_a, layout_a = self._one_batch(a)
        buffer_b, layout_b = self._one_batch(b)
        layout = with_one_batch(out.layout)
        assert layout is not None  # it is dense
        launcher = self.launcher
        product = plan_product(layout, layout_a, layout_b, out.dtype, launcher.limits)
        product.run(launcher, out.storage.buffer, buffer_a, buffer_b)

    def _one_batch(self, x: Array) -> tuple[Buffer, Layout]:
        """An operand of `matmul` with one leading dimension."""
        layout = with_one_batch(x.layout)
        if layout is not None:
            return x.storage.buffer, layout
        dense = Layout.contiguous(x.layout.shape)
        copy = Temporary(self.empty(dense.size, x.dtype), x.storage.device, dense, x.dtype)
        self.copy(copy, x)
        merged = with_one_batch(dense)
        assert merged is not None
        return copy.storage.buffer, merged

    # --- indexing --------------------------------------------------------------------------------

    def gather(self, out: Array, x: Array, index: Array, dim: int, /) -> None:
        """out[i, j] = x[index[i, j], j]; one launch, which leaves out what is outside.

        Raises:
            IndexError: if an index was bad; on a GPU when the host next waits for it.
        """
        if out.layout.size == 0:
            return
        launcher = self.launcher
        check = Check("gather", index.layout, x.layout.shape[dim], dim)
        bad = launcher.expect(check, index.storage.buffer)
        dtypes = (out.dtype, x.dtype)
        plan = plan_index_select(
            out.layout, x.layout, index.layout, dim, dtypes, launcher.limits
        ) or plan_gather(out.layout, x.layout, index.layout, dim, dtypes, launcher.limits)
        buffers = [out.storage.buffer, x.storage.buffer, index.storage.buffer, bad]
        launcher.launch(plan, buffers)
        if launcher.immediate:
            launcher.look()

    def scatter_add(self, out: Array, index: Array, x: Array, dim: int, /) -> None:
        """out[index[i, j], j] += x[i, j]; one launch, which leaves out what is outside.

        Raises:
            IndexError: if an index was bad; on a GPU when the host next waits for it, otherwise at
                once, and then `out` is as it was.
        """
        if index.layout.size == 0:
            return
        launcher = self.launcher
        check = Check("scatter_add", index.layout, out.layout.shape[dim], dim)
        if launcher.immediate:
            bad = launcher.expect(check, index.storage.buffer)
            looking = plan_check(index.layout, check.size, launcher.limits)
            launcher.launch(looking, [index.storage.buffer, bad])
            launcher.look()
        bad = launcher.expect(check, index.storage.buffer)
        dtypes = (out.dtype, x.dtype)
        atomic = not self.in_order and out.dtype.name in ATOMIC_TYPES
        if not atomic:
            plan = plan_index_add(out.layout, index.layout, x.layout, dim, dtypes, launcher.limits)
            if plan is not None:
                buffers = [out.storage.buffer, x.storage.buffer, index.storage.buffer, bad]
                launcher.launch(plan, buffers)
                return
        plan = plan_scatter_add(
            out.layout, index.layout, x.layout, dim, dtypes, launcher.limits, atomic=atomic
        )
        buffers = [out.storage.buffer, index.storage.buffer, x.storage.buffer, bad]
        launcher.launch(plan, buffers)

    def put(self, out: Array, index: Array, x: Array, dim: int, /) -> None:
        """out[index[i, j], j] = x[i, j], of repeated indices the last; three launches.

        The indices were checked; what is outside is left out. x has the dtype of out.
        """
        if index.layout.size:
            launcher = self.launcher
            run_put(launcher.empty, launcher.launch, launcher.limits, (out, index, x), dim)

    def require_zeros(self, found: Array, message: str, error: type[Exception], /) -> None:
        """Raise unless all elements of an int64 array are 0; on a GPU when the host next waits.

        Raises:
            Exception: `error`, if one is not.
        """
        self._look_for(Check("", found.layout, 1, 0, message, error), found)

    def require_range(
        self, index: Array, low: int, size: int, name: str, dim: int, error: type[Exception], /
    ) -> None:
        """Raise unless all indices are in [low, size); on a GPU when the host next waits for it.

        Raises:
            Exception: `error`, if one is not.
        """
        self._look_for(Check(name, index.layout, size, dim, "", error, low), index)

    def from_front(
        self,
        out: Array,
        index: Array,
        name: str,
        size: int,
        dim: int,
        far: int,
        error: type[Exception],
        /,
    ) -> None:
        """out[i] = index[i] counted from the front, or -far; its range is looked at, in one launch.

        Raises:
            Exception: `error`, if one is not in [-size, size); on a GPU when the host next waits.
        """
        launcher = self.launcher
        check = Check(name, index.layout, size, dim, "", error, -size)
        bad = launcher.expect(check, index.storage.buffer)
        plan = plan_from_front(out.layout, index.layout, size, far, launcher.limits)
        launcher.launch(plan, [out.storage.buffer, index.storage.buffer, bad])
        if launcher.immediate:
            launcher.look()

    def _look_for(self, check: Check, index: Array) -> None:
        launcher = self.launcher
        bad = launcher.expect(check, index.storage.buffer)
        looking = plan_check(index.layout, check.size, launcher.limits, check.low)
        launcher.launch(looking, [index.storage.buffer, bad])
        if launcher.immediate:
            launcher.look()

    # --- random numbers --------------------------------------------------------------------------

    def random(self, out: Array, sample: Sample, generator: Generator, /) -> None:
        """Numbers of the device's generator, by a kernel; those of a CPU's generator, uploaded.

        Integers of more than 62 bits are made on the CPU of the same device's words.
        """
        launcher = self._find()
        size, dtype = out.layout.size, out.dtype
        if generator is default_generator and not defaults.of_cpu:
            generator = defaults[launcher.index]
        found = drawn_by(sample, dtype) if isinstance(generator, PhiloxGenerator) else None
        dense = Layout.contiguous(out.layout.shape)
        if found is None or not isinstance(generator, PhiloxGenerator):
            values = sample(generator, size)
            drawn = Temporary(
                self.upload(values), out.storage.device, dense, of_numpy(values.dtype)
            )
            self.copy(out, drawn)
            return
        sample(generator, 0)  # which draws nothing, but refuses bad arguments
        if not size:
            return
        target: Array = out
        if not out.layout.dense or found.made is not dtype:
            memory = launcher.empty(size, found.made)
            target = Temporary(memory, out.storage.device, dense, found.made)
        plan = found.plan(dense, launcher.limits)
        launcher.launch(plan, [target.storage.buffer], found.numbers(generator.next()))
        if target is not out:
            self.copy(out, target)


def plain(fn: Pointwise) -> FunctionType:
    """The function of an operator, or a rule, as the plain function that it is.

    Raises:
        TypeError: if it is something else that can be called, whose source nobody can read.
    """
    if not isinstance(fn, FunctionType):
        raise TypeError(f"cuda: an operator must be made of plain functions, got {fn!r}")
    return fn
