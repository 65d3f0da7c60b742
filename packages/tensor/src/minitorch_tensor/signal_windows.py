"""Window functions of signal processing: weights that fall to the ends of a block of samples.

A periodic window of length n is the symmetric one of length n + 1 without its last value, so that
copies of it can follow one another. The values are computed in float64 and rounded once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from minitorch_tensor.core import Tensor
from minitorch_tensor.creation import Place, finish, floating, tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout
from minitorch_tensor.options import LayoutKind, require_plain

_Floats = npt.NDArray[np.float64]


def _window(
    name: str,
    length: int,
    periodic: bool,
    shape: Callable[[_Floats], _Floats],
    dtype: DType | None,
    device: Place,
    requires_grad: bool,
) -> Tensor:
    """`shape` of 0, ..., 1 in equal steps.

    Raises:
        RuntimeError: if the length is negative, or the dtype not floating.
        TypeError: if the length is no int.
    """
    if not isinstance(length, int):
        raise TypeError(f"{name}: window_length must be int, not {type(length).__name__}")
    kind = floating(dtype)
    if not kind.is_floating_point:
        raise RuntimeError(f"{name}: expects a floating point dtype, but got {kind}")
    if length < 0:
        raise RuntimeError(f"{name}: requires a non-negative window_length, but got {length}")
    steps = length if periodic else length - 1
    x = np.arange(length) / steps if length > 1 else np.full(length, 0.5)
    values = shape(x) if length > 1 else np.ones(length)
    return finish(tensor(values, dtype=kind, device=device), requires_grad)


def hann_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """0.5 - 0.5 cos(2 pi k / (n - 1)): a raised cosine that is 0 at the ends.

    With `periodic`, n is window_length + 1, and the last value is left out.
    https://docs.pytorch.org/docs/stable/generated/torch.hann_window.html

    Raises:
        RuntimeError: if the length is negative, or the dtype not floating.
        TypeError: if the length is no int.

    >>> hann_window(4)
    Tensor([0.0000, 0.5000, 1.0000, 0.5000], requires_grad=False)
    """
    require_plain("hann_window", layout, pin_memory)
    return _window(
        "hann_window", window_length, periodic,
        lambda x: 0.5 - 0.5 * np.cos(2 * np.pi * x),
        dtype, device, requires_grad,
    )  # fmt: skip


def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """alpha - beta cos(2 pi k / (n - 1)): a raised cosine that is not quite 0 at the ends.

    With `periodic`, n is window_length + 1, and the last value is left out.
    https://docs.pytorch.org/docs/stable/generated/torch.hamming_window.html

    Raises:
        RuntimeError: if the length is negative, or the dtype not floating.
        TypeError: if the length is no int.

    >>> hamming_window(4)
    Tensor([0.0800, 0.5400, 1.0000, 0.5400], requires_grad=False)
    """
    require_plain("hamming_window", layout, pin_memory)
    return _window(
        "hamming_window", window_length, periodic,
        lambda x: alpha - beta * np.cos(2 * np.pi * x),
        dtype, device, requires_grad,
    )  # fmt: skip


def blackman_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """0.42 - 0.5 cos(2 pi k / (n - 1)) + 0.08 cos(4 pi k / (n - 1)).

    With `periodic`, n is window_length + 1, and the last value is left out.
    https://docs.pytorch.org/docs/stable/generated/torch.blackman_window.html

    Raises:
        RuntimeError: if the length is negative, or the dtype not floating.
        TypeError: if the length is no int.

    >>> blackman_window(3, periodic=False).tolist()[1]
    1.0
    """
    require_plain("blackman_window", layout, pin_memory)
    return _window(
        "blackman_window", window_length, periodic,
        lambda x: 0.42 - 0.5 * np.cos(2 * np.pi * x) + 0.08 * np.cos(4 * np.pi * x),
        dtype, device, requires_grad,
    )  # fmt: skip


def bartlett_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """1 - |2 k / (n - 1) - 1|: a triangle.

    With `periodic`, n is window_length + 1, and the last value is left out.
    https://docs.pytorch.org/docs/stable/generated/torch.bartlett_window.html

    Raises:
        RuntimeError: if the length is negative, or the dtype not floating.
        TypeError: if the length is no int.

    >>> bartlett_window(4)
    Tensor([0.0000, 0.5000, 1.0000, 0.5000], requires_grad=False)
    """
    require_plain("bartlett_window", layout, pin_memory)
    return _window(
        "bartlett_window", window_length, periodic,
        lambda x: 1 - np.abs(2 * x - 1),
        dtype, device, requires_grad,
    )  # fmt: skip


def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """i0(beta sqrt(1 - (2 k / (n - 1) - 1)^2)) / i0(beta), i0 the modified Bessel function.

    With `periodic`, n is window_length + 1, and the last value is left out.
    https://docs.pytorch.org/docs/stable/generated/torch.kaiser_window.html

    Raises:
        RuntimeError: if the length is negative, or the dtype not floating.
        TypeError: if the length is no int.

    >>> kaiser_window(3, periodic=False).tolist()[1]
    1.0
    """
    require_plain("kaiser_window", layout, pin_memory)
    return _window(
        "kaiser_window", window_length, periodic,
        lambda x: np.i0(beta * np.sqrt(np.maximum(1 - (2 * x - 1) ** 2, 0))) / np.i0(beta),
        dtype, device, requires_grad,
    )  # fmt: skip
