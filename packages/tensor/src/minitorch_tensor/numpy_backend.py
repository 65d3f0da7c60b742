"""The reference backend: the contract in NumPy, and the definition of what is right.

An operator runs here from its own source too: `specialise` turns its scalar function into an
expression on
whole arrays (`a if c else b` becomes `np.where(c, a, b)`), so that no operator is written a second
time.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_operators import (
    Binary,
    Rule,
    Ternary,
    TernaryRule,
    Unary,
    add,
    gt,
    ieee,
    logical_and,
    logical_or,
    maximum,
    minimum,
    mul,
)
from minitorch_tensor.backend import Sample
from minitorch_tensor.dtype import DType, HostArray, Kind, float32, float64, promote_types
from minitorch_tensor.half import narrowed, widened
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.specialise import Pointwise, Target, specialise
from minitorch_tensor.storage import Array, Buffer

Expression = Callable[..., HostArray]

_REDUCTIONS: Final[dict[Binary, np.ufunc]] = {
    add: np.add,
    mul: np.multiply,
    maximum: np.maximum,
    minimum: np.minimum,
    logical_and: np.logical_and,
    logical_or: np.logical_or,
}


class NumpyBackend:
    """Computes on flat NumPy arrays."""

    @property
    def name(self) -> str:
        """`numpy`."""
        return "numpy"

    def empty(self, size: int, dtype: DType, /) -> Buffer:
        """An uninitialised array."""
        return np.empty(size, dtype.numpy)

    def upload(self, values: HostArray, /) -> Buffer:
        """The array itself."""
        return values

    def download(self, buffer: Buffer, /) -> HostArray:
        """The array itself."""
        return host(buffer)

    def address(self, buffer: Buffer, /) -> int:
        """Where the array's first element is."""
        return int(host(buffer).ctypes.data)

    def reinterpret(self, buffer: Buffer, dtype: DType, /) -> Buffer:
        """A view of the array."""
        memory = host(buffer).view(np.uint8)
        return memory[: len(memory) // dtype.itemsize * dtype.itemsize].view(dtype.numpy)

    def map(self, operator: Unary, out: Array, x: Array, /) -> None:
        """out = fn(x), as one array expression."""
        compute = x.dtype if operator.result == "bool" else out.dtype
        run(operator.fn, compute, out, x)

    def zip(self, operator: Binary, out: Array, a: Array, b: Array, /) -> None:
        """out = fn(a, b), as one array expression."""
        compute = promote_types(a.dtype, b.dtype) if operator.result == "bool" else out.dtype
        run(operator.fn, compute, out, a, b)

    def zip3(self, operator: Ternary, out: Array, a: Array, b: Array, c: Array, /) -> None:
        """out = fn(a, b, c), as one array expression."""
        run(operator.fn, out.dtype, out, a, b, c)

    def pull(self, rule: Rule, out: Array, g: Array, a: Array, b: Array, /) -> None:
        """out = rule(g, a, b), as one array expression."""
        run(rule, out.dtype, out, g, a, b)

    def pull3(
        self, rule: TernaryRule, out: Array, g: Array, a: Array, b: Array, c: Array, /
    ) -> None:
        """out = rule(g, a, b, c), as one array expression."""
        run(rule, out.dtype, out, g, a, b, c)

    def reduce(self, operator: Binary, start: float, out: Array, x: Array, /) -> None:
        """NumPy's own reduction; sums of float32 are added up in float64."""
        axes = tuple(i for i, stride in enumerate(out.layout.strides) if stride == 0)
        kept = tuple(0 if i in axes else slice(None) for i in range(x.layout.ndim))
        ufunc = _REDUCTIONS[operator]
        dtype = float64 if out.dtype is float32 and operator is add else out.dtype
        dtype = float32 if dtype.half else dtype
        values = numbers(x).astype(dtype.numpy, copy=False)
        with np.errstate(all="ignore"):
            result = ufunc.reduce(values, axis=axes, initial=start_of(start, dtype))
            _write(out, result, kept)

    def arg_reduce(self, operator: Binary, out: Array, x: Array, dim: int, /) -> None:
        """np.argmax or np.argmin: the first of equals, and the first nan, as PyTorch."""
        find = np.argmax if operator is gt else np.argmin
        view(out)[...] = find(numbers(x), axis=dim)

    def matmul(self, out: Array, a: Array, b: Array, /) -> None:
        """np.matmul, which calls BLAS for floats."""
        with np.errstate(all="ignore"):
            _write(out, np.matmul(numbers(a), numbers(b)))

    def copy(self, out: Array, x: Array, /) -> None:
        """Assignment between two strided arrays; NumPy casts as C does."""
        with np.errstate(all="ignore"):
            if out.dtype is x.dtype or not (out.dtype.half or x.dtype.half):
                view(out)[...] = view(x)
            else:
                view(out)[...] = narrowed(numbers(x), out.dtype)

    def gather(self, out: Array, x: Array, index: Array, dim: int, /) -> None:
        """np.take_along_axis."""
        positions = _index(index)
        check_index("gather", positions, x.layout.shape[dim], dim)
        source = view(x)[_corner(positions.shape, x.layout.shape, dim)]
        view(out)[...] = np.take_along_axis(source, positions, axis=dim)

    def scatter_add(self, out: Array, index: Array, x: Array, dim: int, /) -> None:
        """np.add.at, which adds repeated indices one after the other."""
        positions = _index(index)
        check_index("scatter_add", positions, out.layout.shape[dim], dim)
        grid = list(np.ogrid[tuple(slice(n) for n in positions.shape)])
        grid[dim] = positions
        values = view(x)[tuple(slice(n) for n in positions.shape)]
        if out.dtype.half:
            sums = numbers(out)
            np.add.at(sums, tuple(grid), widened(values, x.dtype).astype(np.float32, copy=False))
            view(out)[...] = narrowed(sums, out.dtype)
        else:
            np.add.at(view(out), tuple(grid), values.astype(out.dtype.numpy, copy=False))

    def random(self, out: Array, sample: Sample, generator: Generator, /) -> None:
        """The generator's numbers, in row-major order."""
        drawn = sample(generator, out.layout.size).reshape(out.layout.shape)
        _write(out, drawn)


def host(buffer: Buffer) -> HostArray:
    """A buffer of the CPU as the array it is."""
    if not isinstance(buffer, np.ndarray):
        raise TypeError(f"expected memory of the CPU, got {type(buffer).__name__}")
    return buffer


def view(x: Array) -> HostArray:
    """The elements of x as an array of its shape and strides, sharing memory.

    For a tensor of 0 dimensions too: the result is always an array, which can be assigned to.
    """
    buffer = host(x.storage.buffer)
    layout = x.layout
    if layout.dense and buffer.size == layout.size:
        return buffer.reshape(layout.shape)
    if layout.size == 0:
        return np.empty(layout.shape, buffer.dtype)
    itemsize = buffer.itemsize
    return np.ndarray(
        layout.shape,
        buffer.dtype,
        buffer,
        layout.offset * itemsize,
        tuple(stride * itemsize for stride in layout.strides),
    )


def numbers(x: Array) -> HostArray:
    """The elements of x to compute with: `view`, but a copy in float32 for 16-bit floats."""
    return widened(view(x), x.dtype)


def _write(out: Array, values: HostArray, where: tuple[slice | int, ...] = ()) -> None:
    """Write computed numbers to out, or to a part of it; the opposite of `numbers`."""
    view(out)[where] = narrowed(values, out.dtype) if out.dtype.half else values


def start_of(start: float, dtype: DType) -> float:
    """The start of a reduction as a number of `dtype`: an infinity becomes an integer's extreme."""
    if dtype.kind == "float":
        return start
    if dtype.kind == "bool":
        return start > 0
    if math.isinf(start):
        limits = np.iinfo(dtype.name)
        return int(limits.max) if start > 0 else int(limits.min)
    return int(start)


def check_index(name: str, index: npt.NDArray[np.int64], size: int, dim: int) -> None:
    """Raise IndexError, naming the first bad one, unless all indices are in [0, size)."""
    bad = (index < 0) | (index >= size)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise IndexError(
            f"{name}: index {int(index[where])} at position {where} is out of bounds for "
            f"dimension {dim} "
            f"with size {size}"
        )


def _index(index: Array) -> npt.NDArray[np.int64]:
    return view(index).astype(np.int64, copy=False)


def _corner(inner: tuple[int, ...], outer: tuple[int, ...], dim: int) -> tuple[slice, ...]:
    """The part of an array of shape `outer` that an index of shape `inner` can reach."""
    return tuple(
        slice(None) if i == dim else slice(n)
        for i, (n, _) in enumerate(zip(inner, outer, strict=True))
    )


def run(fn: Pointwise, compute: DType, out: Array, *operands: Array) -> None:
    """Evaluate `fn` on whole arrays at the dtype `compute`, and write the result to `out`."""
    # Integers and bools compute in int64; what does not fit wraps, and 1 + 1 is True.
    compute = float32 if compute.half else compute
    dtype = compute.numpy if compute.kind == "float" else np.dtype(np.int64)
    arrays = [
        numbers(operand).astype(compute.numpy, copy=False).astype(dtype, copy=False)
        for operand in operands
    ]
    with np.errstate(all="ignore"):
        _write(out, np.asarray(expression(fn, compute.kind)(*arrays)))


_expressions: dict[tuple[Pointwise, Kind], Expression] = {}


def expression(fn: Pointwise, kind: Kind) -> Expression:
    """`fn` compiled to an expression on arrays of floats, integers (as int64), or bools."""
    found = _expressions.get((fn, kind))
    if found is None:
        found = _expressions[fn, kind] = _compile(fn, kind)
    return found


def _compile(fn: Pointwise, kind: Kind) -> Expression:
    program = specialise(fn, _ArrayTarget(integers=kind != "float"))
    scope: dict[str, Expression] = {"np_where": np.where}
    for name in program.ieee:
        scope[f"ieee_{name}"] = _ieee(name, kind)
    exec(compile(program.text, f"<{program.entry} on arrays>", "exec"), scope)
    return scope[program.entry]


class _ArrayTarget(Target):
    """Python on arrays: choices and logic become functions of whole arrays."""

    def __init__(self, *, integers: bool) -> None:
        self.integers = integers

    def constant(self, value: float) -> ast.expr:
        whole = self.integers and math.isfinite(value) and value == int(value)
        return ast.Constant(int(value) if whole else value)

    def choice(self, node: ast.IfExp) -> ast.expr:
        return ast.Call(ast.Name("np_where", ast.Load()), [node.test, node.body, node.orelse], [])

    def logic(self, node: ast.BoolOp) -> ast.expr:
        operator = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        result = node.values[0]
        for value in node.values[1:]:
            result = ast.BinOp(result, operator, value)
        return result

    def negation(self, node: ast.UnaryOp) -> ast.expr:
        return ast.UnaryOp(ast.Invert(), node.operand)


_NUMPY_NAMES: Final = {
    "div": "divide", "fabs": "absolute", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
    "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "atan2": "arctan2", "pow": "power",
}  # fmt: skip
_UNCHANGED_ON_INTEGERS: Final = frozenset({"floor", "ceil", "trunc", "rint", "round", "integer"})


def _same(x: HostArray) -> HostArray:
    return x


def _integer_power(base: HostArray, exponent: HostArray) -> HostArray:
    """base ** exponent, as in PyTorch: 0 for negative exponents, but for the bases 1 and -1."""
    power = np.power(base, np.maximum(exponent, 0))
    odd = np.where(np.mod(exponent, 2) == 1, -1, 1)
    inverse = np.where(np.equal(base, 1), 1, np.where(np.equal(base, -1), odd, 0))
    return np.where(np.less(exponent, 0), inverse, power)


def _integer_quotient(a: HostArray, b: HostArray) -> HostArray:
    """a / b rounded towards zero; 0 for b = 0."""
    quotient = np.floor_divide(a, b)
    short = np.logical_and(np.less(quotient, 0), np.not_equal(np.multiply(quotient, b), a))
    return np.add(quotient, short)


def _integer_copysign(a: HostArray, b: HostArray) -> HostArray:
    """The magnitude of a with the sign of b."""
    return np.where(np.less(a, 0) != np.less(b, 0), np.negative(a), a)


_ON_INTEGERS: Final[dict[str, Expression]] = {
    **dict.fromkeys(_UNCHANGED_ON_INTEGERS, _same),
    "copysign": _integer_copysign,
    "div": _integer_quotient,
    "pow": _integer_power,
}


def _logb(x: HostArray) -> HostArray:
    """The exponent of each number, of which NumPy tells only where it is finite and not 0."""
    exponent = np.subtract(np.frexp(x)[1], 1)
    ends = np.where(np.equal(x, 0), -np.inf, np.multiply(x, x))
    return np.where(np.equal(x, 0) | ~np.isfinite(x), ends, exponent).astype(x.dtype)


def _ldexp(x: HostArray, n: HostArray) -> HostArray:
    """x * 2**n, for which NumPy asks that n be integers."""
    return np.ldexp(x, np.nan_to_num(n).astype(np.int32))


def _ieee(name: str, kind: Kind) -> Expression:
    """`ieee.name` on arrays: NumPy's function, else the scalar one at each element."""
    if kind != "float" and name in _ON_INTEGERS:
        return _ON_INTEGERS[name]
    if name in ("logb", "ldexp"):
        return _logb if name == "logb" else _ldexp
    function = getattr(np, _NUMPY_NAMES.get(name, name), None)
    if isinstance(function, np.ufunc):
        return function
    scalar = getattr(ieee, name)
    return _elementwise(np.frompyfunc(scalar, scalar.__code__.co_argcount, 1))


def _elementwise(function: np.ufunc) -> Expression:
    def on_arrays(*arrays: HostArray) -> HostArray:
        return np.asarray(function(*arrays)).astype(np.result_type(*arrays))

    return on_arrays
