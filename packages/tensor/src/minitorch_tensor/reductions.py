"""Reductions: sums, products, extremes and what is made of them."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

import minitorch_operators as op
from minitorch_autodiff import Variable, is_grad_enabled
from minitorch_operators import Binary
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import pointwise, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout, Shape, wrap_dim

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Dims = int | Sequence[int] | None


class ValuesIndices(NamedTuple):
    """The extreme values along a dimension, and where each is."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        """On lines of their own, so that the rows of each lie below one another."""
        return f"ValuesIndices(\nvalues={self.values!r},\nindices={self.indices!r})"


def dims_of(name: str, dim: Dims, ndim: int) -> tuple[int, ...]:
    """The dimensions to reduce: all of them for None, and, as in PyTorch, for an empty sequence."""
    if dim is None:
        return tuple(range(ndim))
    dims = tuple(wrap_dim(d, ndim) for d in ([dim] if isinstance(dim, int) else dim))
    if len(set(dims)) < len(dims):
        raise RuntimeError(f"{name}: dim {dim} names a dimension of the {ndim} more than once")
    return dims if dims and ndim else tuple(range(ndim))


class _Shapes(NamedTuple):
    """What a reduction of a shape over some dimensions comes to."""

    kept: Shape  # the reduced dimensions have size 1
    reduced: Shape  # they are left out
    into: Layout  # the result, repeated to the shape that is reduced


@functools.lru_cache(maxsize=4096)
def _shapes(shape: Shape, dims: tuple[int, ...]) -> _Shapes:
    kept = tuple(1 if i in dims else n for i, n in enumerate(shape))
    return _Shapes(kept, _reduced(shape, dims), Layout.contiguous(kept).expand(shape))


def _reduced(shape: Shape, dims: tuple[int, ...]) -> Shape:
    return tuple(n for i, n in enumerate(shape) if i not in dims)


def _reduce(
    x: Tensor, operator: Binary, start: float, dims: tuple[int, ...], dtype: DType, keepdim: bool
) -> Tensor:
    """The reduction, not recorded; with keepdim the reduced dimensions are kept as size 1."""
    layout = x.layout
    shapes = _shapes(layout.shape, dims)
    y = x._fresh(shapes.kept if keepdim else shapes.reduced, dtype)
    if layout.size:
        x.storage.device.backend.reduce(operator, start, y._view(shapes.into), x)
    else:
        y.fill_(start if dtype.is_floating_point or math.isfinite(start) else 0)
    return y


def _finish(y: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    """A reduction without the dimensions of size 1 that it left."""
    if keepdim or not dims:
        return y
    if y.requires_grad:
        return views.squeeze(y, dims)
    return y._on(y.storage, Layout.contiguous(_reduced(y.shape, dims)))  # y is fresh: no view


def sum(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None,
    axis: Dims = None,
) -> Tensor:  # fmt: skip
    """The sum of all elements, or over some dimensions. Integers and bools add up in int64.

    https://docs.pytorch.org/docs/stable/generated/torch.sum.html
    """
    ndim = require_tensor("sum", "input", input).ndim
    dims = dims_of("sum", dim if axis is None else axis, ndim)
    if dtype is not None and dtype is not input.dtype:
        input = input.to(dtype)
    result = input.dtype if input.dtype.is_floating_point or dtype is not None else dtypes.int64
    y = _reduce(input, op.add, 0.0, dims, result, keepdim)
    if not input.requires_grad:
        return y
    before = input.layout.shape
    kept = _shapes(before, dims).kept
    title = "SumBackward0" if dim is None and axis is None else "SumBackward1"
    return views.linear(input, y, title, lambda g: views.expand_to(views.reshape(g, kept), before))


def mean(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None,
    axis: Dims = None,
) -> Tensor:  # fmt: skip
    """The mean of all elements, or over some dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.mean.html

    Raises:
        RuntimeError: for integers and bools without `dtype`, as in PyTorch.
    """
    require_tensor("mean", "input", input)
    if not (dtype or input.dtype).is_floating_point:
        raise RuntimeError(
            f"mean: the input dtype must be floating point, but got {dtype or input.dtype}; call "
            ".float() first"
        )
    if (dtype or input.dtype).half:  # no rounding to 16 bits, and no overflow, on the way
        whole = mean(input.to(dtypes.float32), dim, keepdim, axis=axis)
        return whole.to(dtype or input.dtype)
    dims = dims_of("mean", dim if axis is None else axis, input.ndim)
    count = math.prod(input.shape[i] for i in dims)
    return sum(input, dims, keepdim, dtype=dtype) / (count if count else math.nan)


def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The product of all elements, or over one dimension.

    https://docs.pytorch.org/docs/stable/generated/torch.prod.html
    """
    require_tensor("prod", "input", input)
    dims = dims_of("prod", dim, input.ndim)
    if dtype is not None and dtype is not input.dtype:
        input = input.to(dtype)
    result = input.dtype if input.dtype.is_floating_point or dtype is not None else dtypes.int64
    if result.half:
        return prod(input.to(dtypes.float32), dim, keepdim).to(result)
    if input.requires_grad and result.is_floating_point and is_grad_enabled():
        return _finish(_recorded_prod(input, dims), dims, keepdim)
    return _reduce(input, op.mul, 1.0, dims, result, keepdim)


def _recorded_prod(x: Tensor, dims: tuple[int, ...]) -> Tensor:
    """The product by halves: a zero needs no special case, and every order has a gradient."""
    before = x
    for dim in dims:
        while x.shape[dim] > 1:
            half = x.shape[dim] // 2
            low, high = views.slice_(x, dim, 0, half), views.slice_(x, dim, half, half)
            rest = views.slice_(x, dim, 2 * half, x.shape[dim] - 2 * half)
            product = low * high
            x = product.cat_with(rest, dim) if rest.shape[dim] else product
        if x.shape[dim] == 0:
            x = sum(x, dim, True) + 1.0  # of nothing, but recorded
    return x * 1.0 if x.storage is before.storage else x  # never a view of the input


def _extreme(
    name: str, x: Tensor, operator: Binary, start: float, dim: Dims, keepdim: bool
) -> Tensor:
    """amax or amin: equal extremes share the gradient, as in PyTorch."""
    dims = dims_of(name, dim, require_tensor(name, "input", x).ndim)
    if x.layout.size == 0 and (dim is None or (not isinstance(dim, int) and not dim)):
        raise RuntimeError(f"{name}: no elements to choose from: the shape is {x.shape}")
    _require_elements(name, x, dims)
    y = _reduce(x.detach(), operator, start, dims, x.dtype, True)
    if x.requires_grad and x.dtype.is_floating_point:
        y = share(x, y, dims)
    return _finish(y, dims, keepdim)


def share(x: Tensor, y: Tensor, dims: tuple[int, ...]) -> Tensor:
    """y as the sum of the equal shares of x that attain it: right value, right gradient."""
    found = x.detach()
    same = pointwise.logical_or(
        pointwise.eq(found, y), pointwise.logical_and(pointwise.isnan(found), pointwise.isnan(y))
    )
    part = same.to(x.dtype)
    part = part / sum(part, dims, True)
    picked = pointwise.where(same, x, 0.0)
    linear_part = sum(picked * part, dims, True)
    fixed = pointwise.where(pointwise.isfinite(y), y - linear_part.detach(), 0.0)
    return linear_part + fixed


def _require_elements(name: str, x: Tensor, dims: tuple[int, ...]) -> None:
    for i in dims:
        if x.shape[i] == 0:
            raise IndexError(
                f"{name}: expected the reduced dimension {i} to have non-zero size, but the "
                f"shape is {x.shape}"
            )


def amax(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The largest element over some dimensions; nan if there is one.

    https://docs.pytorch.org/docs/stable/generated/torch.amax.html

    Raises:
        IndexError: if a reduced dimension is empty.
        RuntimeError: if there is no element at all, and no `dim`.
    """
    return _extreme("amax", input, op.maximum, -math.inf, dim, keepdim)


def amin(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The smallest element over some dimensions; nan if there is one.

    https://docs.pytorch.org/docs/stable/generated/torch.amin.html

    Raises:
        IndexError: if a reduced dimension is empty.
        RuntimeError: if there is no element at all, and no `dim`.
    """
    return _extreme("amin", input, op.minimum, math.inf, dim, keepdim)


def _arg(name: str, x: Tensor, operator: Binary, dim: int | None, keepdim: bool) -> Tensor:
    if require_tensor(name, "input", x).dtype is dtypes.bool_ and name.startswith("arg"):
        raise RuntimeError(f"{name}: not defined for bool tensors; convert it with .int() first")
    if dim is None:
        if x.layout.size == 0:
            raise IndexError(
                f"{name}: expected the input to have elements, or a dim that does, but got shape "
                f"{x.shape}"
            )
        y = _arg(name, views.reshape(x.detach(), -1), operator, 0, False)
        return views.reshape(y, (1,) * x.ndim) if keepdim else y
    i = wrap_dim(dim, x.ndim)
    if x.ndim == 0:
        return x._full((), 0, dtypes.int64)
    if x.shape[i] == 0:
        raise IndexError(
            f"{name}: expected dimension {i} to have non-zero size, but the shape is {x.shape}"
        )
    y = x._fresh(_reduced(x.shape, (i,)), dtypes.int64)
    x.storage.device.backend.arg_reduce(operator, y, x, i)
    return views.unsqueeze(y, i) if keepdim else y


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element is: the first of equals, in the flattened tensor if `dim` is None.

    https://docs.pytorch.org/docs/stable/generated/torch.argmax.html

    Raises:
        IndexError: if there is no element.
    """
    return _arg("argmax", input, op.gt, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element is: the first of equals, in the flattened tensor if `dim` is None.

    https://docs.pytorch.org/docs/stable/generated/torch.argmin.html

    Raises:
        IndexError: if there is no element.
    """
    return _arg("argmin", input, op.lt, dim, keepdim)


def _along(name: str, x: Tensor, operator: Binary, dim: int, keepdim: bool) -> ValuesIndices:
    """Values and indices along one dimension; the gradient goes to the element picked."""
    require_tensor(name, "input", x)
    indices = _arg(name, x.detach(), operator, dim, True)
    if x.ndim == 0:
        return ValuesIndices(views.clone(x), indices)
    i = wrap_dim(dim, x.ndim)
    values = x.gather(i, indices)
    if keepdim:
        return ValuesIndices(values, indices)
    return ValuesIndices(views.squeeze(values, i), views.squeeze(indices, i))


def _other(name: str, dim: int | Tensor | None, other: Tensor | None) -> Tensor:
    """The second operand of an elementwise maximum or minimum, which may be called dim.

    Raises:
        TypeError: if both are given, or it is no tensor.
    """
    if dim is not None and other is not None:
        raise TypeError(f"{name}: got both dim={dim!r} and other; give one of them")
    second = other if dim is None else dim
    if isinstance(second, int) or second is None:
        raise TypeError(f"{name}: expected a Tensor as other, but got {second!r}")
    if not isinstance(second, Variable):
        raise TypeError(
            f"{name}: dim must be an integer, or other a Tensor, but got "
            f"{type(second).__name__} {second!r}; a{name}() takes several dimensions"
        )
    return second


@overload
def max(input: Tensor) -> Tensor: ...
@overload
def max(input: Tensor, dim: int, keepdim: bool = False) -> ValuesIndices: ...
@overload
def max(input: Tensor, dim: Tensor) -> Tensor: ...
@overload
def max(input: Tensor, *, other: Tensor) -> Tensor: ...
def max(
    input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *,
    other: Tensor | None = None,
) -> Tensor | ValuesIndices:  # fmt: skip
    """The largest element; or values and indices along `dim`; or elementwise with another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.max.html

    Raises:
        RuntimeError, IndexError: if there is nothing to choose from.
        TypeError: if `dim` is neither an integer nor a tensor, or `other` is given beside it.
    """
    if isinstance(dim, int) and other is None:
        return _along("max", input, op.gt, dim, keepdim)
    if dim is None and other is None:
        return amax(input)
    return require_tensor("max", "input", input).apply_binary(op.maximum, _other("max", dim, other))


@overload
def min(input: Tensor) -> Tensor: ...
@overload
def min(input: Tensor, dim: int, keepdim: bool = False) -> ValuesIndices: ...
@overload
def min(input: Tensor, dim: Tensor) -> Tensor: ...
@overload
def min(input: Tensor, *, other: Tensor) -> Tensor: ...
def min(
    input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *,
    other: Tensor | None = None,
) -> Tensor | ValuesIndices:  # fmt: skip
    """The smallest element; or values and indices along `dim`; or elementwise with another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.min.html

    Raises:
        RuntimeError, IndexError: if there is nothing to choose from.
        TypeError: if `dim` is neither an integer nor a tensor, or `other` is given beside it.
    """
    if isinstance(dim, int) and other is None:
        return _along("min", input, op.lt, dim, keepdim)
    if dim is None and other is None:
        return amin(input)
    return require_tensor("min", "input", input).apply_binary(op.minimum, _other("min", dim, other))


def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether all elements are non-zero.

    https://docs.pytorch.org/docs/stable/generated/torch.all.html
    """
    dims = _truth_dims("all", dim, require_tensor("all", "input", input).ndim)
    return _truth(input, op.logical_and, 1.0, dims, keepdim)


def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether any element is non-zero.

    https://docs.pytorch.org/docs/stable/generated/torch.any.html
    """
    dims = _truth_dims("any", dim, require_tensor("any", "input", input).ndim)
    return _truth(input, op.logical_or, 0.0, dims, keepdim)


def _truth_dims(name: str, dim: Dims, ndim: int) -> tuple[int, ...]:
    """Here an empty sequence reduces nothing, as in PyTorch."""
    return (
        () if not isinstance(dim, int) and dim is not None and not dim else dims_of(name, dim, ndim)
    )


def _truth(
    x: Tensor, operator: Binary, start: float, dims: tuple[int, ...], keepdim: bool
) -> Tensor:
    """all or any; as in PyTorch, of uint8 the result is uint8 too."""
    y = _reduce(x.ne(0), operator, start, dims, dtypes.bool_, keepdim)
    return y.to(x.dtype) if x.dtype is dtypes.uint8 else y


def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))) without overflow: the maximum is taken out first. -inf of no elements.

    https://docs.pytorch.org/docs/stable/generated/torch.logsumexp.html
    """
    dims = dims_of("logsumexp", dim, require_tensor("logsumexp", "input", input).ndim)
    if not input.dtype.is_floating_point:
        input = input.to(dtypes.get_default_dtype())
    if input.dtype.half:
        return logsumexp(input.to(dtypes.float32), dim, keepdim).to(input.dtype)
    if input.layout.size == 0:
        return pointwise.log(sum(pointwise.exp(input), dims, keepdim))
    top = amax(input.detach(), dims, True)
    top = pointwise.where(pointwise.isfinite(top), top, 0.0)
    total = pointwise.log(sum(pointwise.exp(input - top), dims, True)) + top
    return _finish(total, dims, keepdim)
