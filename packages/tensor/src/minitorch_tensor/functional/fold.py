"""Windows as columns of a matrix, and back: the two linear maps inside a convolution."""

from __future__ import annotations

import math

from minitorch_tensor import views
from minitorch_tensor.core import Tensor
from minitorch_tensor.dtype import bool_
from minitorch_tensor.functional.checks import Ints, each, require_floating
from minitorch_tensor.functional.pad import crop, pad_constant
from minitorch_tensor.functional.windows import Window, add_windows, reach, take_windows
from minitorch_tensor.layout import Shape


def _window(
    name: str,
    size: Shape,
    kernel_size: Ints,
    dilation: Ints,
    padding: Ints,
    stride: Ints,
) -> Window:
    """How the kernel slides over images of this size; there may be no position for it.

    Raises:
        RuntimeError: if the numbers are no geometry.
    """
    kernel, spread = each(name, "kernel_size", kernel_size, 2), each(name, "dilation", dilation, 2)
    around, steps = each(name, "padding", padding, 2), each(name, "stride", stride, 2)
    for what, values in (("kernel size", kernel), ("dilation", spread), ("stride", steps)):
        if min(values) <= 0:
            raise RuntimeError(f"{name}: {what} should be greater than zero, but got {values}")
    if min(around) < 0:
        raise RuntimeError(f"{name}: padding should be non-negative, but got {around}")
    output = tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(size, around, spread, kernel, steps, strict=True)
    )
    after = tuple(
        reach(*numbers) for numbers in zip(size, around, kernel, steps, spread, output, strict=True)
    )
    return Window(kernel, steps, spread, around, after, size, output)


def unfold(
    input: Tensor, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1
) -> Tensor:
    """All windows of images as columns: (n, channels, h, w) -> (n, channels * kernel, positions).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html

    Args:
        input: (n, channels, height, width), or (channels, height, width), floating or bool.
        kernel_size: the size of the window, one number or (height, width).
        dilation: the steps inside a window.
        padding: zeros around the image.
        stride: the steps of the window.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for integers.

    >>> unfold(Tensor([[[1.0, 2.0, 3.0]]]), (1, 2)).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    if input.dtype is not bool_:
        require_floating("unfold", input)
    if input.ndim not in (3, 4) or 0 in input.shape[-3:]:
        raise RuntimeError(
            "unfold: Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other "
            f"non-zero dimensions for input, but got: {input.shape}"
        )
    window = _window("unfold", input.shape[-2:], kernel_size, dilation, padding, stride)
    if min(window.output) <= 0:
        raise RuntimeError(
            f"unfold: Given input with spatial size {window.size}, kernel_size={window.kernel}, "
            f"dilation={window.dilation}, padding={window.before}, calculated shape of the array "
            f"of sliding blocks as {window.output}, but its components must be at least one"
        )
    x = pad_constant(input, window.before, window.after, 0.0) if window.padded else input
    rows = input.shape[-3] * math.prod(window.kernel)
    windows = take_windows(x, window)  # (..., channels, *kernel, *output)
    return views.reshape(windows, (*input.shape[:-3], rows, math.prod(window.output)))


def fold(
    input: Tensor,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Tensor:
    """Add the columns to where `unfold` takes them: (n, channels * kernel, positions) -> images.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fold.html

    Args:
        input: (n, channels * kernel, positions), or without n, floating or bool.
        output_size: of the images, one number or (height, width).
        kernel_size: the size of the window, one number or (height, width).
        dilation: the steps inside a window.
        padding: zeros around the image.
        stride: the steps of the window.

    Returns:
        (n, channels, *output_size).

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for integers.

    >>> fold(Tensor([[1.0, 2.0], [2.0, 3.0]]), (1, 3), (1, 2)).tolist()
    [[[1.0, 4.0, 3.0]]]
    """
    if input.dtype is not bool_:
        require_floating("fold", input)
    size = each("fold", "output_size", output_size, 2)
    window = _window("fold", size, kernel_size, dilation, padding, stride)
    if input.ndim not in (2, 3) or 0 in input.shape[-2:]:
        raise RuntimeError(
            "fold: Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
            f"non-zero dimensions for input, but got: {input.shape}"
        )
    area, positions = math.prod(window.kernel), math.prod(window.output)
    if input.shape[-2] % area:
        raise RuntimeError(
            "fold: Expected size of input's dimension 1 to be divisible by the product of "
            f"kernel_size, but got input.size(1)={input.shape[-2]} and kernel_size={window.kernel}"
        )
    if input.shape[-1] != positions or min(window.output) <= 0:
        raise RuntimeError(
            f"fold: Given output_size={size}, kernel_size={window.kernel}, "
            f"dilation={window.dilation}, padding={window.before}, stride={window.stride}, "
            "expected size of input's dimension 2 to match the calculated number of sliding blocks "
            f"{window.output[0]} * {window.output[1]} = {positions}, but got "
            f"input.size(2)={input.shape[-1]}"
        )
    lead = (*input.shape[:-2], input.shape[-2] // area)
    parts = views.reshape(input, (*lead, *window.kernel, *window.output))
    padded = tuple(
        b + s + a for b, s, a in zip(window.before, window.size, window.after, strict=True)
    )
    y = add_windows(parts, (*lead, *padded), window)
    return crop(y, window.before, size) if window.padded else y
