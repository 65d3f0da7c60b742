"""Differences of neighbours, and the derivative they estimate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import joining, pointwise, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.layout import wrap_dim

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None,
    append: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The n-th differences y[i] = x[i+1] - x[i] along `dim`; of bools, whether they differ.

    https://docs.pytorch.org/docs/stable/generated/torch.diff.html

    Args:
        input: of at least one dimension.
        n: how often to take differences; 0 gives a copy.
        dim: along which dimension.
        prepend: elements put before input first; of its shape but in `dim`.
        append: elements put behind input first; of its shape but in `dim`.

    Raises:
        RuntimeError: if input has no dimensions, n is negative, or a shape does not fit.

    >>> from minitorch_tensor import tensor
    >>> diff(tensor([1, 3, 2]))
    Tensor([ 2, -1], requires_grad=False)
    """
    if input.ndim == 0:
        raise RuntimeError("diff: expected an input of at least one dimension, but got a 0-d one")
    if n < 0:
        raise RuntimeError(f"diff: order n must be non-negative, but got {n}")
    i = wrap_dim(dim, input.ndim)
    parts = [_fitting("prepend", prepend, input, i), [input], _fitting("append", append, input, i)]
    y = joining.cat([x for part in parts for x in part], i) if n else views.clone(input)
    for _ in range(min(n, y.shape[i])):
        size = y.shape[i] - 1
        later, earlier = views.slice_(y, i, 1, size), views.slice_(y, i, 0, size)
        y = pointwise.ne(later, earlier) if y.dtype is dtypes.bool_ else later - earlier
    return y


def _fitting(name: str, extra: Tensor | None, x: Tensor, dim: int) -> list[Tensor]:
    if extra is None:
        return []
    shape = require_tensor("diff", name, extra).shape
    if len(shape) != x.ndim or any(n != x.shape[d] for d, n in enumerate(shape) if d != dim):
        raise RuntimeError(
            f"diff: {name} must have the shape of the input {x.shape} but in dimension {dim}, but "
            f"got {shape}"
        )
    return [extra]


def gradient(
    input: Tensor, *, spacing: float | Tensor | Sequence[float] | Sequence[Tensor] = 1,
    dim: int | Sequence[int] | None = None, edge_order: int = 1,
) -> tuple[Tensor, ...]:  # fmt: skip
    """The derivative of sampled values along each dimension, by central differences.

    Inside, it is exact for polynomials of degree 2, also for uneven samples; at the two edges it is
    the one-sided difference of first or second order.
    https://docs.pytorch.org/docs/stable/generated/torch.gradient.html

    Args:
        input: the values, of any shape.
        spacing: the distance of samples, a number for all dimensions or for each; or, for each, the
            coordinates of the samples, a vector.
        dim: along which dimensions; all if omitted.
        edge_order: 1 or 2.

    Returns:
        A tensor of the shape of input for each of the dimensions.

    Raises:
        IndexError: if there is no such dimension.
        RuntimeError: if a dimension has fewer than edge_order + 1 samples, a dimension is named
            twice, the spacings do not pair with the dimensions, coordinates are no vector of
            one number for each sample, edge_order is neither 1 nor 2, or input is uint8 or bool.

    >>> from minitorch_tensor import tensor
    >>> gradient(tensor([1.0, 4.0, 9.0, 16.0]))
    (Tensor([3., 4., 6., 7.], requires_grad=False),)
    """
    if input.dtype in (dtypes.uint8, dtypes.bool_):
        raise RuntimeError(
            f"gradient: not defined for {input.dtype}, which has no differences; use .float()"
        )
    if edge_order not in (1, 2):
        raise RuntimeError(f"gradient: edge_order must be 1 or 2, but got {edge_order}")
    if dim is None:
        dims = list(range(input.ndim))
    else:
        dims = [wrap_dim(d, input.ndim) for d in ([dim] if isinstance(dim, int) else dim)]
        views.require_distinct("gradient", dims)
    if input.ndim == 0:
        if dims:
            raise IndexError(f"gradient: dim {dim} was given, but the tensor has no dimensions")
        return ()
    for i in dims:
        if input.shape[i] < edge_order + 1:
            raise RuntimeError(
                f"gradient: each dimension must have at least edge_order + 1 = {edge_order + 1} "
                f"samples, but dimension {i} of shape {input.shape} has fewer"
            )
    steps = _spacings(spacing, len(dims))
    return tuple(_along(input, i, step, edge_order) for i, step in zip(dims, steps, strict=True))


def _spacings(
    spacing: float | Tensor | Sequence[float] | Sequence[Tensor], count: int
) -> list[float | Tensor]:
    """A number or the coordinates for each dimension."""
    if isinstance(spacing, (int, float)):
        return [spacing] * count
    if not isinstance(spacing, Sequence):
        if spacing.ndim:
            raise TypeError(
                "gradient: spacing must be a number or a sequence, but got a Tensor of shape "
                f"{spacing.shape}; put the coordinates of each dimension into a tuple"
            )
        return [float(spacing.item())] * count
    if len(spacing) != count:
        raise RuntimeError(
            f"gradient: expected a spacing for each of {count} dimensions, but got {len(spacing)}"
        )
    return [each for each in spacing]


def _along(x: Tensor, dim: int, spacing: float | Tensor, edge_order: int) -> Tensor:
    size = x.shape[dim]

    def part(start: int, length: int = 1) -> Tensor:
        return views.slice_(x, dim, start, length)

    if isinstance(spacing, (int, float)):
        first, last = (part(1) - part(0)) / spacing, (part(size - 1) - part(size - 2)) / spacing
        if edge_order == 2:
            first = (part(0) * -1.5 + part(1) * 2.0 - part(2) * 0.5) / spacing
            last = (part(size - 1) * 1.5 - part(size - 2) * 2.0 + part(size - 3) * 0.5) / spacing
        middle = (part(2, size - 2) - part(0, size - 2)) / (2 * spacing)
        return joining.cat([first, middle, last], dim)
    if spacing.shape != (size,):
        raise RuntimeError(
            f"gradient: the coordinates of dimension {dim} must be a vector of {size} numbers, one "
            f"for each sample, but got shape {spacing.shape}"
        )
    gaps = views.reshape(diff(spacing), (-1,) + (1,) * (x.ndim - dim - 1))

    def gap(start: int, length: int = 1) -> Tensor:
        return views.slice_(gaps, 0, start, length)

    first = (part(1) - part(0)) / gap(0)
    last = (part(size - 1) - part(size - 2)) / gap(size - 2)
    if edge_order == 2:
        first = _one_sided(part(0), part(1), part(2), gap(0), gap(1))
        last = -_one_sided(
            part(size - 1), part(size - 2), part(size - 3), gap(size - 2), gap(size - 3)
        )
    before, after = gap(0, size - 2), gap(1, size - 2)
    middle = (
        part(0, size - 2) * (-after / (before * (before + after)))
        + part(1, size - 2) * ((after - before) / (before * after))
        + part(2, size - 2) * (before / (after * (before + after)))
    )
    return joining.cat([first, middle, last], dim)


def _one_sided(a: Tensor, b: Tensor, c: Tensor, near: Tensor, far: Tensor) -> Tensor:
    """The slope at a of the parabola through a, b, c, which lie `near` and then `far` apart."""
    both = near + far
    return (
        a * (-(2.0 * near + far) / (near * both))
        + b * (both / (near * far))
        - c * (near / (far * both))
    )
