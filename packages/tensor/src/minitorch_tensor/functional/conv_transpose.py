"""Transposed convolutions: the transpose of a convolution's linear map of the input.

A convolution is `y = W windows(x)`; so its transpose is `x = windows^T(W^T y)`: one matrix product,
and the addition of every window to where it would have been taken from.
"""

from __future__ import annotations

import math

from minitorch_tensor import linalg, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import Ints, each, require_alike
from minitorch_tensor.functional.conv import Convolution
from minitorch_tensor.functional.pad import crop
from minitorch_tensor.functional.windows import Window, add_windows, reach
from minitorch_tensor.layout import Shape
from minitorch_tensor.op import Op


def transposed_convolution(
    name: str,
    n: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: Ints,
    output_padding: Ints,
    groups: int,
    dilation: Ints,
) -> Convolution:
    """The geometry of the convolution that is transposed: from the output to the input.

    Raises:
        RuntimeError: if shapes, dtypes, devices or numbers do not fit.
    """
    require_alike(name, input, "weight", weight)
    require_alike(name, input, "bias", bias)
    _check_shapes(name, n, input.shape, weight.shape, None if bias is None else bias.shape, groups)
    steps, spread = each(name, "stride", stride, n), each(name, "dilation", dilation, n)
    around, extra = (
        each(name, "padding", padding, n),
        each(name, "output_padding", output_padding, n),
    )
    for what, values in (("stride", steps), ("dilation", spread)):
        if min(values) <= 0:
            raise RuntimeError(f"{name}: non-positive {what} is not supported, got {values}")
    for what, values in (("padding", around), ("output_padding", extra)):
        if min(values) < 0:
            raise RuntimeError(f"{name}: negative {what} is not supported, got {values}")
    if any(e >= max(s, d) for e, s, d in zip(extra, steps, spread, strict=True)):
        raise RuntimeError(
            f"{name}: output padding must be smaller than either stride or dilation, but got "
            f"output_padding={extra}, stride={steps} and dilation={spread}"
        )
    positions, kernel = input.shape[-n:], weight.shape[2:]
    size = tuple(
        (p - 1) * s - 2 * a + d * (k - 1) + e + 1
        for p, s, a, d, k, e in zip(positions, steps, around, spread, kernel, extra, strict=True)
    )
    if min(positions) == 0 or min(size) <= 0:
        raise RuntimeError(
            f"{name}: Given input size per channel: {positions}. Calculated output size per "
            f"channel: {size}. Output size is too small"
        )
    after = tuple(
        reach(*numbers)
        for numbers in zip(size, around, kernel, steps, spread, positions, strict=True)
    )
    window = Window(kernel, steps, spread, around, after, size, positions)
    return Convolution(window, groups, input.ndim == n + 2)


def _check_shapes(
    name: str, n: int, input: Shape, weight: Shape, bias: Shape | None, groups: int
) -> None:
    if len(weight) != n + 2 or 0 in weight[1:]:
        raise RuntimeError(
            f"{name}: expected a weight of {n + 2} dimensions (in channels, out channels / groups, "
            f"{'kernel sizes' if n > 1 else 'kernel size'}) and no size 0, but got {weight}"
        )
    if len(input) not in (n + 1, n + 2):
        raise RuntimeError(
            f"{name}: Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {name}, but got "
            f"input of size: {input}"
        )
    if groups <= 0:
        raise RuntimeError(f"{name}: non-positive groups is not supported, got {groups}")
    if weight[0] % groups or weight[0] == 0:
        raise RuntimeError(
            f"{name}: Given groups={groups}, expected weight to be divisible by {groups} and not 0 "
            f"at dimension 0, but got weight of size {weight} instead"
        )
    if input[-n - 1] != weight[0]:
        raise RuntimeError(
            f"{name}: Given transposed=1, weight of size {weight}, expected input {input} to have "
            f"{weight[0]} channels, but got {input[-n - 1]} channels instead"
        )
    if bias is not None and bias != (weight[1] * groups,):
        raise RuntimeError(
            f"{name}: Given transposed=1, weight of size {weight}, expected bias to be "
            f"1-dimensional with {weight[1] * groups} elements, but got bias of size {bias} instead"
        )


def _spread(input: Tensor, weight: Tensor, bias: Tensor | None, geometry: Convolution) -> Tensor:
    """Weights^T (groups, k, in / groups) times input (groups, in / groups, positions), added."""
    window, groups = geometry.window, geometry.groups
    x = input if geometry.batched else views.unsqueeze(input, 0)
    n, channels = x.shape[:2]
    rank, out = len(window.kernel), weight.shape[1] * groups
    k = weight.shape[1] * math.prod(window.kernel)
    columns = views.reshape(
        views.transpose(x, 0, 1), (groups, channels // groups, n * math.prod(window.output))
    )
    rows = views.transpose(views.reshape(weight, (groups, channels // groups, k)), 1, 2)
    spread = linalg.matmul(rows, columns)  # (groups, out / groups * kernel, n * positions)
    parts = views.reshape(spread, (out, *window.kernel, n, *window.output))
    order = (rank + 1, *range(rank + 1), *range(rank + 2, 2 * rank + 2))
    padded = tuple(
        b + s + a for b, s, a in zip(window.before, window.size, window.after, strict=True)
    )
    y = add_windows(views.permute(parts, order), (n, out, *padded), window)
    if window.padded:
        y = crop(y, window.before, window.size)
    if not geometry.batched:
        y = views.squeeze(y, 0)
    if bias is None:
        return views.contiguous(y)
    return y + views.reshape(bias, (out,) + (1,) * rank)


@Op
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """The transpose of `conv1d` in its input: each element adds a kernel to a longer sequence.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html

    Args:
        input: (n, channels, length), or (channels, length).
        weight: (channels, out / groups, kernel).
        bias: (out,).
        stride: the step between two kernels in the output.
        padding: what is cut off at both ends of the output.
        output_padding: how much longer the output is at its end; less than stride or dilation.
        groups: the channels are cut into so many groups, each with its own kernels.
        dilation: the step inside a kernel.

    Returns:
        (n, out, (length - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1).

    Raises:
        RuntimeError: if shapes, dtypes, devices or numbers do not fit.

    >>> conv_transpose1d(Tensor([[1.0, 2.0]]), Tensor([[[1.0, 10.0]]]), stride=2)
    Tensor([[ 1., 10.,  2., 20.]], requires_grad=False)
    """
    return _spread(input, weight, bias, transposed_convolution(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups,
        dilation,
    ))  # fmt: skip


@Op
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """The transpose of `conv2d` in its input: each element adds a kernel to a larger image.

    Zeiler et al. 2010, https://doi.org/10.1109/CVPR.2010.5539957;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html

    Args:
        input: (n, channels, height, width), or (channels, height, width).
        weight: (channels, out / groups, kernel height, kernel width).
        bias: (out,).
        stride: the steps between two kernels in the output.
        padding: what is cut off on all sides of the output.
        output_padding: how much larger the output is at its ends; less than stride or dilation.
        groups: the channels are cut into so many groups, each with its own kernels.
        dilation: the steps inside a kernel.

    Returns:
        (n, out, out_h, out_w); out_h = (height - 1) stride - 2 padding + dilation (kernel - 1)
        + output_padding + 1, and out_w likewise.

    Raises:
        RuntimeError: if shapes, dtypes, devices or numbers do not fit.

    >>> conv_transpose2d(Tensor([[[1.0, 2.0]]]), Tensor([[[[1.0], [10.0]]]]))
    Tensor([[[ 1.,  2.],
             [10., 20.]]], requires_grad=False)
    """
    return _spread(input, weight, bias, transposed_convolution(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups,
        dilation,
    ))  # fmt: skip


@Op
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """The transpose of `conv3d` in its input: each element adds a kernel to a larger volume.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose3d.html

    Args:
        input: (n, channels, depth, height, width), or (channels, depth, height, width).
        weight: (channels, out / groups, *kernel).
        bias: (out,).
        stride: the steps between two kernels in the output.
        padding: what is cut off on all sides of the output.
        output_padding: how much larger the output is at its ends; less than stride or dilation.
        groups: the channels are cut into so many groups, each with its own kernels.
        dilation: the steps inside a kernel.

    Returns:
        (n, out, out_d, out_h, out_w), as for `conv_transpose2d`.

    Raises:
        RuntimeError: if shapes, dtypes, devices or numbers do not fit.
    """
    return _spread(input, weight, bias, transposed_convolution(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups,
        dilation,
    ))  # fmt: skip
