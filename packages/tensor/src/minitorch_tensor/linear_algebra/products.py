"""Products of two tensors over chosen dimensions, each one matrix product of reshaped operands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_autodiff import Variable
from minitorch_tensor import joining, linalg, reductions, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.layout import broadcast_for, wrap_dim
from minitorch_tensor.linear_algebra import checks

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sums of products over the last dimensions: (*a, k), (*b, k) -> (*a, *b).

    With a 0-d tensor it is the product of all elements with that number.
    https://docs.pytorch.org/docs/stable/generated/torch.inner.html

    Raises:
        RuntimeError: if the last sizes or the dtypes differ.

    >>> from minitorch_tensor import tensor
    >>> inner(tensor([1.0, 2.0]), tensor([3.0, 4.0])).item()
    11.0
    """
    require_tensor("inner", "other", other)
    if input.ndim == 0 or other.ndim == 0:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            "inner: the last dimension must match on both input tensors, but got shapes "
            f"{input.shape} and {other.shape}"
        )
    return _contracted("inner", input, other, [input.ndim - 1], [other.ndim - 1])


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The sum of products of two vectors; for real numbers the same as `dot`.

    https://docs.pytorch.org/docs/stable/generated/torch.vdot.html

    Raises:
        RuntimeError: if an operand is no vector, or sizes or dtypes differ.

    >>> from minitorch_tensor import tensor
    >>> vdot(tensor([2, 3]), tensor([2, 1])).item()
    7
    """
    checks.ranks("vdot", input=(input, 1), other=(other, 1))
    return linalg.dot(input, other)


def ger(input: Tensor, vec2: Tensor) -> Tensor:
    """The products of every pair, (n,), (m,) -> (n, m): an older name of `outer`.

    https://docs.pytorch.org/docs/stable/generated/torch.ger.html

    Raises:
        RuntimeError: if an operand is no vector.
    """
    checks.ranks("ger", input=(input, 1), vec2=(vec2, 1))
    return linalg.outer(input, vec2)


def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: input with each element replaced by its product with all of `other`.

    The sizes multiply; the operand of lower rank gets leading ones.
    https://docs.pytorch.org/docs/stable/generated/torch.kron.html

    >>> from minitorch_tensor import eye, ones
    >>> kron(eye(2), ones(1, 2))
    Tensor([[1., 1., 0., 0.],
            [0., 0., 1., 1.]], requires_grad=False)
    """
    require_tensor("kron", "other", other)
    rank = max(input.ndim, other.ndim)
    rows = (1,) * (rank - input.ndim) + input.shape
    columns = (1,) * (rank - other.ndim) + other.shape
    a = views.reshape(input, [n for size in rows for n in (size, 1)])
    b = views.reshape(other, [n for size in columns for n in (1, size)])
    return views.reshape(a * b, [n * m for n, m in zip(rows, columns, strict=True)])


Pairs = int | Sequence[Sequence[int]]


def tensordot(a: Tensor, b: Tensor, dims: Pairs | Tensor = 2) -> Tensor:
    """Sums of products over pairs of dimensions; those left over stay, a's before b's.

    https://docs.pytorch.org/docs/stable/generated/torch.tensordot.html

    Args:
        a: the left operand.
        b: the right operand.
        dims: how many of the last dimensions of a to pair with the first of b; or two lists, the
            dimensions of a and those of b. A dimension of size 1 pairs with any size.

    Raises:
        RuntimeError: if there are not so many dimensions, paired sizes differ, or dtypes do.

    >>> from minitorch_tensor import ones
    >>> tensordot(ones(2, 3, 4), ones(4, 3, 5), dims=([1, 2], [1, 0])).shape
    torch.Size([2, 5])
    """
    require_tensor("tensordot", "b", b)
    left, right = _pairs(a, b, dims)
    if len(left) != len(right):
        raise RuntimeError(
            f"tensordot: both dimension lists should have the same length, but got {left} and "
            f"{right}"
        )
    left = [wrap_dim(d, a.ndim) for d in left]
    right = [wrap_dim(d, b.ndim) for d in right]
    views.require_distinct("tensordot", left)
    views.require_distinct("tensordot", right)
    for i, j in zip(left, right, strict=True):
        n, m = a.shape[i], b.shape[j]
        if n == m:
            continue
        if n != 1 and m != 1:
            raise RuntimeError(
                f"tensordot: contracted dimensions need to match, but the first has size {n} in "
                f"dim {i} and the second has size {m} in dim {j}"
            )
        # One number times each of m, summed, is that number times their sum.
        if n == 1:
            b = reductions.sum(b, j, keepdim=True, dtype=b.dtype)
        else:
            a = reductions.sum(a, i, keepdim=True, dtype=a.dtype)
    return _contracted("tensordot", a, b, left, right)


def _pairs(a: Tensor, b: Tensor, dims: Pairs | Tensor) -> tuple[list[int], list[int]]:
    """The dimensions of a and those of b that `dims` names."""
    if isinstance(dims, Variable):
        if dims.layout.size > 1:
            first, second = views.unbind(dims)
            return ([int(i) for i in first], [int(j) for j in second])
        dims = int(dims.item())
    if not isinstance(dims, int):
        if len(dims) != 2 or any(isinstance(part, int) for part in dims):
            raise TypeError(
                f"tensordot: dims must be a number, or two lists of dimensions, but got {dims!r}"
            )
        return list(dims[0]), list(dims[1])
    if dims < 0:
        raise RuntimeError(f"tensordot: expected dims >= 0, but got dims={dims}")
    if dims > min(a.ndim, b.ndim):
        raise RuntimeError(
            f"tensordot: dims={dims} is more than the dimensions of an operand: the shapes are "
            f"{a.shape} and {b.shape}"
        )
    return list(range(a.ndim - dims, a.ndim)), list(range(dims))


def _contracted(name: str, a: Tensor, b: Tensor, left: list[int], right: list[int]) -> Tensor:
    """The dimensions `left` of a paired with `right` of b, by one product of two matrices."""
    checks.one_dtype(name, a=a, b=b)
    kept_a = [d for d in range(a.ndim) if d not in left]
    kept_b = [d for d in range(b.ndim) if d not in right]
    rows = [a.shape[d] for d in kept_a]
    columns = [b.shape[d] for d in kept_b]
    size = math.prod(a.shape[d] for d in left)
    first = views.reshape(views.permute(a, [*kept_a, *left]), (math.prod(rows), size))
    second = views.reshape(views.permute(b, [*right, *kept_b]), (size, math.prod(columns)))
    return views.reshape(linalg.mm(first, second), (*rows, *columns))


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector product along a dimension of size 3: the first such one if `dim` is None.

    https://docs.pytorch.org/docs/stable/generated/torch.cross.html

    Raises:
        RuntimeError: if there is no such dimension, or the numbers of dimensions or dtypes differ.

    >>> from minitorch_tensor import tensor
    >>> cross(tensor([1.0, 0.0, 0.0]), tensor([0.0, 1.0, 0.0]))
    Tensor([0., 0., 1.], requires_grad=False)
    """
    require_tensor("cross", "input", input)
    if dim is None:
        if 3 not in input.shape:
            raise RuntimeError(f"cross: no dimension of size 3 in the input shape {input.shape}")
        dim = input.shape.index(3)
    return _cross("cross", input, other, dim)


def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector product along `dim`, which has size 3; the other dimensions are broadcast.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.cross.html

    Raises:
        RuntimeError: if the size is not 3, or the numbers of dimensions or dtypes differ.
    """
    return _cross("linalg.cross", input, other, dim)


def _cross(name: str, a: Tensor, b: Tensor, dim: int) -> Tensor:
    """(a1 b2 - a2 b1, a2 b0 - a0 b2, a0 b1 - a1 b0)."""
    require_tensor(name, "other", b)
    if a.ndim != b.ndim:
        raise RuntimeError(
            f"{name}: inputs must have the same number of dimensions, but got shapes {a.shape} "
            f"and {b.shape}"
        )
    i = wrap_dim(dim, a.ndim)
    if a.ndim == 0 or (a.shape[i], b.shape[i]) != (3, 3):
        raise RuntimeError(
            f"{name}: inputs' dimension {dim} must have size 3, but got shapes {a.shape} and "
            f"{b.shape}"
        )
    if checks.one_dtype(name, input=a, other=b).kind == "bool":
        raise RuntimeError(f"{name}: not defined for bool tensors; convert them with .int() first")
    a0, a1, a2 = views.unbind(a, i)
    b0, b1, b2 = views.unbind(b, i)
    return joining.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], i)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The sums of products along `dim`, all other dimensions broadcast.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.vecdot.html

    Raises:
        RuntimeError: if dtypes differ or are not floating, or shapes do not broadcast.

    >>> from minitorch_tensor import ones
    >>> vecdot(ones(2, 3), ones(3))
    Tensor([3., 3.], requires_grad=False)
    """
    checks.one_dtype("linalg.vecdot", x=x, y=require_tensor("linalg.vecdot", "y", y))
    checks.floating("linalg.vecdot", x)
    broadcast_for("linalg.vecdot", x.shape, y.shape)
    return reductions.sum(x * y, dim)
