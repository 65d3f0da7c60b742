"""The partial inverse of max pooling: every value goes back to where it was the maximum."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.assertions import require_all
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import Ints, each, require_floating
from minitorch_tensor.gathering import gather
from minitorch_tensor.layout import Shape
from minitorch_tensor.placing import scatter


def _size(
    name: str, n: int, input: Shape, kernel: Shape, stride: Shape, padding: Shape,
    output_size: Sequence[int] | None,
) -> Shape:  # fmt: skip
    """The size of the output: the smallest that pooling takes to the input, or one near it."""
    usual = tuple(
        (count - 1) * s + k - 2 * p
        for count, s, k, p in zip(input[-n:], stride, kernel, padding, strict=True)
    )
    size = usual if output_size is None else tuple(output_size)
    if len(size) == n + 2:
        size = size[2:]
    if len(size) != n:
        raise ValueError(
            f"{name}: output_size should be a sequence containing {n} or {n + 2} elements, but it "
            f"has a length of '{len(size)}'"
        )
    if output_size is not None:
        for d, (wanted, near, step) in enumerate(zip(size, usual, stride, strict=True)):
            if not near - step < wanted < near + step:
                raise ValueError(
                    f'{name}: invalid output_size "{size}" (dim {d} must be between {near - step} '
                    f"and {near + step})"
                )
    if min(size) < 0:
        raise ValueError(
            f"{name}: output_size must contain non-negative spatial dimensions, but got {size}"
        )
    return size


def _unpool(
    n: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    output_size: Sequence[int] | None,
) -> Tensor:
    name = f"max_unpool{n}d"
    require_floating(name, input)
    if require_tensor(name, "indices", indices).dtype is not dtypes.int64:
        raise RuntimeError(
            f"{name}: elements in indices should be type int64 but got: {indices.dtype}"
        )
    if indices.shape != input.shape:
        raise RuntimeError(
            f"{name}: Expected shape of indices to be same as that of the input tensor "
            f"({input.shape}) but got indices tensor with shape: {indices.shape}"
        )
    if input.ndim not in (n + 1, n + 2) or 0 in input.shape[-n - 1 :]:
        raise RuntimeError(
            f"{name}: Input should be a {n + 1}d or {n + 2}d Tensor without a size 0 but that of "
            f"the batch, but got shape {input.shape}"
        )
    kernel = each(name, "kernel_size", kernel_size, n)
    steps = kernel if stride is None else each(name, "stride", stride, n)
    around = each(name, "padding", padding, n)
    size = _size(name, n, input.shape, kernel, steps, around, output_size)
    lead, rows, cells = input.shape[:-n], math.prod(input.shape[:-n]), math.prod(size)
    if rows == 0:
        return input._full((*lead, *size), 0.0, input.dtype)
    index = views.reshape(indices, (rows, -1))
    values = views.reshape(input, (rows, -1))
    _check_indices(name, index, size)
    y = scatter(values._full((rows, cells), 0.0, values.dtype), 1, index, values.detach())
    # In PyTorch the gradient of every value is that of its place, even where another one won it.
    y = views.linear(values, y, f"MaxUnpool{n}DBackward0", lambda g: gather(g, 1, index))
    return views.reshape(y, (*lead, *size))


def _check_indices(name: str, index: Tensor, size: Shape) -> None:
    ok = (index >= 0).logical_and(index < math.prod(size))
    rule = f"{name}: Found an invalid max index"
    where = f"(output volumes are of size {'x'.join(str(k) for k in size)})"

    def found() -> str:
        return f"{rule}: {index.masked_select(ok.logical_not())[0].item()} {where}"

    require_all(ok, f"{rule} {where}", found)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """The maxima of `max_pool1d` where they were, zeros elsewhere.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool1d.html

    Args:
        input: (n, channels, length), or (channels, length), floating.
        indices: of the same shape, int64: where each was, as `max_pool1d` tells.
        kernel_size: the size of the window that was pooled.
        stride: its step; the kernel size if omitted.
        padding: the padding that was used.
        output_size: the length of the output, alone or after two other sizes, where several are
            pooled to the same.

    Raises:
        RuntimeError: if shapes, dtypes or indices do not fit.
        ValueError: if the size of the output does not.

    >>> max_unpool1d(Tensor([[3.0, 2.0]]), Tensor([[1, 2]]).long(), 2)
    Tensor([[0., 3., 2., 0.]], requires_grad=False)
    """
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """The maxima of `max_pool2d` where they were, zeros elsewhere.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html

    Args:
        input: (n, channels, height, width), or (channels, height, width), floating.
        indices: of the same shape, int64: where each was in its flattened image.
        kernel_size: the size of the window that was pooled.
        stride: its steps; the kernel size if omitted.
        padding: the padding that was used.
        output_size: the size of the output, alone or after two other sizes.

    Raises:
        RuntimeError: if shapes, dtypes or indices do not fit.
        ValueError: if the size of the output does not.
    """
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """The maxima of `max_pool3d` where they were, zeros elsewhere.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool3d.html

    Args:
        input: (n, channels, depth, height, width), or without n, floating.
        indices: of the same shape, int64: where each was in its flattened volume.
        kernel_size: the size of the window that was pooled.
        stride: its steps; the kernel size if omitted.
        padding: the padding that was used.
        output_size: the size of the output, alone or after two other sizes.

    Raises:
        RuntimeError: if shapes, dtypes or indices do not fit.
        ValueError: if the size of the output does not.
    """
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)
