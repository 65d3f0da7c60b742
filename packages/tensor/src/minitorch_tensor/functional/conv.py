"""Convolutions: one matrix product of the weights with all windows of the input.

An override begins with `convolution(...)` too: it checks the arguments and returns the geometry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from minitorch_tensor import linalg, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import Ints, each, require_alike
from minitorch_tensor.functional.pad import pad_constant
from minitorch_tensor.functional.windows import Window, reach, take_windows
from minitorch_tensor.layout import Shape
from minitorch_tensor.op import Op

Padding = Ints | str
"""Zeros before and after: one number for all dimensions, one for each, or "valid" or "same"."""


@dataclass(frozen=True, slots=True)
class Convolution:
    """The geometry of a convolution whose arguments fit."""

    window: Window
    groups: int
    batched: bool  # whether the input has a dimension in front of the channels


def convolution(
    name: str,
    n: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: Padding,
    dilation: Ints,
    groups: int,
) -> Convolution:
    """The geometry of a convolution over the last n dimensions.

    Raises:
        RuntimeError: if shapes, dtypes, devices or numbers do not fit.
    """
    if weight.dtype is not input.dtype or weight.storage.device is not input.storage.device:
        require_alike(name, input, "weight", weight)
    require_alike(name, input, "bias", bias)
    return _geometry(
        name,
        n,
        input.shape,
        weight.shape,
        None if bias is None else bias.shape,
        each(name, "stride", stride, n),
        padding if isinstance(padding, str) else each(name, "padding", padding, n),
        each(name, "dilation", dilation, n),
        groups,
    )


@lru_cache(maxsize=4096)
def _geometry(
    name: str,
    n: int,
    input: Shape,
    weight: Shape,
    bias: Shape | None,
    stride: Shape,
    padding: Shape | str,
    dilation: Shape,
    groups: int,
) -> Convolution:
    _check_numbers(name, stride, padding, dilation, groups)
    _check_shapes(name, n, input, weight, bias, groups)
    size, kernel = input[-n:], weight[2:]
    before, after = _paddings(padding, dilation, kernel)
    padded = tuple(b + s + a for b, s, a in zip(before, size, after, strict=True))
    extent = tuple(d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True))
    if any(e > p or s == 0 for e, p, s in zip(extent, padded, size, strict=True)):
        raise RuntimeError(
            f"{name}: Calculated padded input size per channel: {padded}. Kernel size: {extent} "
            "(with dilation). Kernel size can't be greater than actual input size, nor that be 0"
        )
    output = tuple((p - e) // s + 1 for p, e, s in zip(padded, extent, stride, strict=True))
    needed = tuple(
        reach(*numbers)
        for numbers in zip(size, before, kernel, stride, dilation, output, strict=True)
    )
    window = Window(kernel, stride, dilation, before, needed, size, output)
    return Convolution(window, groups, len(input) == n + 2)


def _check_numbers(
    name: str, stride: Shape, padding: Shape | str, dilation: Shape, groups: int
) -> None:
    for what, values in (("stride", stride), ("dilation", dilation), ("groups", (groups,))):
        if min(values) <= 0:
            raise RuntimeError(f"{name}: non-positive {what} is not supported, got {values}")
    if isinstance(padding, str):
        if padding not in ("valid", "same"):
            raise RuntimeError(
                f"{name}: Invalid padding string: {padding!r}; expected 'valid' or 'same'"
            )
        if padding == "same" and max(stride) > 1:
            raise RuntimeError(
                f"{name}: padding='same' is not supported for strided convolutions, but got "
                f"stride={stride}"
            )
    elif min(padding) < 0:
        raise RuntimeError(f"{name}: negative padding is not supported, got {padding}")


def _check_shapes(
    name: str, n: int, input: Shape, weight: Shape, bias: Shape | None, groups: int
) -> None:
    if len(weight) != n + 2:
        raise RuntimeError(
            f"{name}: expected a weight of {n + 2} dimensions (out channels, in channels / groups, "
            f"{'kernel sizes' if n > 1 else 'kernel size'}), but got {weight}"
        )
    if len(input) not in (n + 1, n + 2):
        raise RuntimeError(
            f"{name}: Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {name}, but got "
            f"input of size: {input}"
        )
    if weight[0] % groups or weight[0] == 0:
        raise RuntimeError(
            f"{name}: Given groups={groups}, expected weight to be divisible by {groups} and not 0 "
            f"at dimension 0, but got weight of size {weight} instead"
        )
    channels = input[-n - 1]
    if channels != weight[1] * groups:
        raise RuntimeError(
            f"{name}: Given groups={groups}, weight of size {weight}, expected input {input} to "
            f"have {weight[1] * groups} channels, but got {channels} channels instead"
        )
    if bias is not None and bias != (weight[0],):
        raise RuntimeError(
            f"{name}: Given weight of size {weight}, expected bias to be 1-dimensional with "
            f"{weight[0]} elements, but got bias of size {bias} instead"
        )
    if 0 in weight[2:]:
        raise RuntimeError(f"{name}: expected kernel sizes of at least 1, but got weight {weight}")


def _paddings(padding: Shape | str, dilation: Shape, kernel: Shape) -> tuple[Shape, Shape]:
    """The zeros before and after; for "same" the odd one comes after, as in PyTorch."""
    if padding == "valid":
        return (0,) * len(kernel), (0,) * len(kernel)
    if isinstance(padding, str):
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)
    return padding, padding


def _convolve(input: Tensor, weight: Tensor, bias: Tensor | None, geometry: Convolution) -> Tensor:
    """Weights (groups, out / groups, k) times windows (groups, k, n * positions)."""
    window, groups = geometry.window, geometry.groups
    x = input if geometry.batched else views.unsqueeze(input, 0)
    if window.padded:
        x = pad_constant(x, window.before, window.after, 0.0)
    n = x.shape[0]
    rank = len(window.kernel)
    out = weight.shape[0]
    k = weight.shape[1] * math.prod(window.kernel)
    positions = n * math.prod(window.output)
    windows = take_windows(x, window)  # (n, channels, *kernel, *output)
    order = (*range(1, 2 + rank), 0, *range(2 + rank, 2 + 2 * rank))
    columns = views.reshape(views.permute(windows, order), (groups, k, positions))
    rows = views.reshape(weight, (groups, out // groups, k))
    if groups == 1:
        y = linalg.matmul(views.squeeze(rows, 0), views.squeeze(columns, 0))
    else:
        y = linalg.matmul(rows, columns)
    y = views.transpose(views.reshape(y, (out, n, *window.output)), 0, 1)
    if not geometry.batched:
        y = views.squeeze(y, 0)
    if bias is None:
        return views.contiguous(y)
    return y + views.reshape(bias, (out,) + (1,) * rank)


@Op
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Padding = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """Slide kernels along sequences: y[o, p] = sum_c,i weight[o, c, i] * window[c, i, p] + bias[o].

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html

    Args:
        input: (n, channels, length), or (channels, length).
        weight: (out, channels / groups, kernel).
        bias: (out,).
        stride: the step of the window.
        padding: zeros at both ends; "valid" for none, "same" for as many outputs as inputs.
        dilation: the step inside a window.
        groups: the channels are cut into so many groups, each with its own kernels.

    Returns:
        (n, out, (length + 2 padding - dilation (kernel - 1) - 1) // stride + 1).

    Raises:
        RuntimeError: if shapes, dtypes, devices or numbers do not fit.

    >>> x = Tensor([[1.0, 2.0, 4.0, 8.0]])
    >>> conv1d(x, Tensor([[[-1.0, 1.0]]]))
    Tensor([[1., 2., 4.]], requires_grad=False)
    """
    geometry = convolution("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)
    return _convolve(input, weight, bias, geometry)


@Op
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Padding = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """Slide kernels over images: y[o, p] = sum_c,i weight[o, c, i] * window[c, i, p] + bias[o].

    i and p are pairs: the row and the column in the kernel, and of the window.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html

    Args:
        input: (n, channels, height, width), or (channels, height, width).
        weight: (out, channels / groups, kernel height, kernel width).
        bias: (out,).
        stride: the steps of the window.
        padding: zeros on all sides; "valid" for none, "same" for as many outputs as inputs.
        dilation: the steps inside a window.
        groups: the channels are cut into so many groups, each with its own kernels.

    Returns:
        (n, out, out_h, out_w); out_h = (height + 2 padding - dilation (kernel - 1) - 1) // stride
        + 1, and out_w likewise.

    Raises:
        RuntimeError: if shapes, dtypes, devices or numbers do not fit.

    >>> x = Tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> conv2d(x, Tensor([[[[1.0, 1.0]]]]), padding=(0, 1))
    Tensor([[[1., 3., 2.],
             [3., 7., 4.]]], requires_grad=False)
    """
    geometry = convolution("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)
    return _convolve(input, weight, bias, geometry)


@Op
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Padding = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """Slide kernels through volumes: y[o, p] = sum_c,i weight[o, c, i] * window[c, i, p] + bias[o].

    i and p are triples: the place in the kernel, and that of the window.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv3d.html

    Args:
        input: (n, channels, depth, height, width), or (channels, depth, height, width).
        weight: (out, channels / groups, *kernel).
        bias: (out,).
        stride: the steps of the window.
        padding: zeros on all sides; "valid" for none, "same" for as many outputs as inputs.
        dilation: the steps inside a window.
        groups: the channels are cut into so many groups, each with its own kernels.

    Returns:
        (n, out, out_d, out_h, out_w); out_d = (depth + 2 padding - dilation (kernel - 1) - 1) //
        stride + 1, and so on.

    Raises:
        RuntimeError: if shapes, dtypes, devices or numbers do not fit.

    >>> conv3d(Tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), Tensor([[[[[1.0, 1.0]]]]]))
    Tensor([[[[3.],
              [7.]]]], requires_grad=False)
    """
    geometry = convolution("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)
    return _convolve(input, weight, bias, geometry)


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """`conv1d` with the dimensions in the order time, batch, channels.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_tbc.html

    Args:
        input: (length, n, channels).
        weight: (kernel, channels, out).
        bias: (out,).
        pad: zeros at both ends.

    Returns:
        (length + 2 pad - kernel + 1, n, out).

    Raises:
        RuntimeError: if shapes, dtypes, devices or numbers do not fit.
    """
    for what, x, n in (("input", input, 3), ("weight", weight, 3), ("bias", bias, 1)):
        if x.ndim != n:
            raise RuntimeError(f"conv_tbc: {what} must have {n} dims, but got shape {x.shape}")
    kernels = views.permute(weight, 2, 1, 0)
    y = conv1d(views.permute(input, 1, 2, 0), kernels, bias, padding=pad)
    return views.permute(y, 2, 0, 1)
