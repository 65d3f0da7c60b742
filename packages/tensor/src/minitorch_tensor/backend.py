"""The Backend contract: all that a device must implement; the rest composes, or is an `Op`.

The contract's rules, for all methods:

* shapes, devices and dtypes were checked by the caller; a backend checks nothing again, except
indices;
* operands come already expanded: `out`, `x`, `a`, ... of an elementwise method have one shape,
with stride 0
  where a size was repeated. `out` never has a stride 0 except in `reduce`, nor does it partly
  overlap an
  operand (it may be exactly the same memory and layout as one);
* any strides, any offset, 0-d and empty shapes are allowed;
* operands are cast to the dtype of the computation as they are read: that is `out.dtype`, except
for operators
  whose `result` is "bool", which compute in the promoted dtype of their operands.
"""

from __future__ import annotations

from typing import Protocol

from minitorch_operators import Binary, Rule, Ternary, TernaryRule, Unary
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.storage import Array, Buffer


class Sample(Protocol):
    """Draws n numbers of one distribution from a generator, in PyTorch's order."""

    def __call__(self, generator: Generator, n: int, /) -> HostArray:
        """A flat array of n numbers."""
        ...


class Backend(Protocol):
    """What computes on one type of device."""

    @property
    def name(self) -> str:
        """`numpy`, `fast` or `cuda`."""
        ...

    def empty(self, size: int, dtype: DType, /) -> Buffer:
        """Memory for `size` elements, with any contents."""
        ...

    def upload(self, values: HostArray, /) -> Buffer:
        """A flat, contiguous array of the host as device memory; the caller gives it away."""
        ...

    def download(self, buffer: Buffer, /) -> HostArray:
        """Device memory as a flat array of the host; on the CPU it is the memory itself."""
        ...

    def address(self, buffer: Buffer, /) -> int:
        """Where device memory starts."""
        ...

    def reinterpret(self, buffer: Buffer, dtype: DType, /) -> Buffer:
        """The same memory as elements of another dtype, as many whole ones as it has.

        The caller has seen that the address is a multiple of the new element's size.
        """
        ...

    def map(self, operator: Unary, out: Array, x: Array, /) -> None:
        """For each index i: out[i] = operator.fn(x[i])."""
        ...

    def zip(self, operator: Binary, out: Array, a: Array, b: Array, /) -> None:
        """For each index i: out[i] = operator.fn(a[i], b[i])."""
        ...

    def zip3(self, operator: Ternary, out: Array, a: Array, b: Array, c: Array, /) -> None:
        """For each index i: out[i] = operator.fn(a[i], b[i], c[i])."""
        ...

    def pull(self, rule: Rule, out: Array, g: Array, a: Array, b: Array, /) -> None:
        """For each index i: out[i] = rule(g[i], a[i], b[i]), the rule taken at floats."""
        ...

    def pull3(
        self, rule: TernaryRule, out: Array, g: Array, a: Array, b: Array, c: Array, /
    ) -> None:
        """For each index i: out[i] = rule(g[i], a[i], b[i], c[i])."""
        ...

    def reduce(self, operator: Binary, start: float, out: Array, x: Array, /) -> None:
        """out[i] = start, then for each index i: out[i] = operator.fn(out[i], x[i]).

        `out.layout` has the shape of x with stride 0 along the reduced dimensions. `operator` is
        one of add,
        mul, maximum, minimum, logical_and, logical_or: associative, so any order will do, and sums
        of
        float32 should be accurate (pairwise, or in float64). x is cast to out.dtype before it is
        reduced.
        """
        ...

    def arg_reduce(self, operator: Binary, out: Array, x: Array, dim: int, /) -> None:
        """out[i] = the smallest k whose x[i, k] beats all others, by gt (argmax) or lt.

        `out` (int64) has the shape of x without dimension `dim`, which is not empty. A nan
        beats all.
        """
        ...

    def matmul(self, out: Array, a: Array, b: Array, /) -> None:
        """Matrix product (..., n, k) @ (..., k, m) -> (..., n, m); leading dimensions are equal.

        One dtype; `out` is dense. k may be 0: then out is 0.
        """
        ...

    def copy(self, out: Array, x: Array, /) -> None:
        """For each index i: out[i] = x[i], cast to out.dtype (to int truncates; to bool: != 0)."""
        ...

    def gather(self, out: Array, x: Array, index: Array, dim: int, /) -> None:
        """out[i, j, ...] = x[index[i, j, ...], j, ...], for dim = 0; likewise for others.

        `index` is int64, of the shape of out; it may be smaller than x in the other dimensions.

        Raises:
            IndexError: if an index is not in [0, x.shape[dim]); nothing may be read outside x.
        """
        ...

    def scatter_add(self, out: Array, index: Array, x: Array, dim: int, /) -> None:
        """out[index[i, j, ...], j, ...] += x[i, j, ...], for dim = 0; likewise for others.

        The transpose of `gather`; repeated indices add up, in a fixed order on the CPU.

        Raises:
            IndexError: if an index is not in [0, out.shape[dim]); then out is left as it was.
        """
        ...

    def random(self, out: Array, sample: Sample, generator: Generator, /) -> None:
        """Fill `out`, in row-major order of its indices, with numbers drawn from `generator`."""
        ...
