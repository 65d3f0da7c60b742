"""From images of Pillow's and arrays to tensors, back, and onto other scales."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from minitorch.extras import needed_for
from minitorch.transforms.images import is_pillow
from minitorch_tensor import (
    Device,
    DType,
    Tensor,
    as_tensor,
    float32,
    float64,
    from_numpy,
    get_default_dtype,
    iinfo,
    int32,
    int64,
)

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["convert_image_dtype", "normalize", "pil_to_tensor", "to_pil_image", "to_tensor"]

_WIDE_MODES: dict[str, type[np.generic]] = {"I": np.int32, "I;16": np.int16, "F": np.float32}


def to_tensor(pic: Image.Image | NDArray[np.generic]) -> Tensor:
    """An image of Pillow's or an array (height, width, channels) as a tensor (channels, h, w).

    Bytes become numbers of the default dtype from 0 to 1, divided by 255; other numbers stay.
    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.to_tensor.html

    Raises:
        TypeError: if it is neither.
        ValueError: if an array has not 2 or 3 dimensions.

    >>> to_tensor(np.array([[0, 51], [102, 255]], dtype=np.uint8))
    Tensor([[[0.0000, 0.2000],
             [0.4000, 1.0000]]], requires_grad=False)
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        pixels = pic
    elif is_pillow(pic):
        image = pic.convert("L") if pic.mode == "1" else pic  # black and white: 0 and 255
        pixels = np.asarray(image, dtype=_WIDE_MODES.get(pic.mode, np.uint8))
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    if planes.dtype != np.uint8:
        return from_numpy(np.array(planes, order="C"))
    # Divided by NumPy, before it is a tensor: one pass, for each image of an epoch.
    dtype = get_default_dtype()
    wide = np.float64 if dtype is float64 else np.float32
    return from_numpy(np.divide(planes, 255, dtype=wide, order="C")).to(dtype)


def pil_to_tensor(pic: Image.Image) -> Tensor:
    """An image of Pillow's as a tensor (channels, height, width) with the same numbers.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.pil_to_tensor.html

    Raises:
        TypeError: if it is none.
    """
    if not is_pillow(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    pixels = np.array(pic)
    if pixels.dtype == np.uint16:  # for which there is no dtype
        pixels = pixels.astype(np.int32)
    return from_numpy(np.array(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)))


_MODES = {
    2: ("LA",),
    3: ("RGB", "YCbCr", "HSV"),
    4: ("RGBA", "CMYK", "RGBX"),
}
_GREY_MODES = {"uint8": "L", "int16": "I;16", "int32": "I", "float32": "F"}


def to_pil_image(pic: Tensor | NDArray[np.generic], mode: str | None = None) -> Image.Image:
    """A tensor (channels, height, width) or an array (height, width, channels) as Pillow's image.

    Floating tensors are from 0 to 1; they are multiplied by 255 and cut to bytes, unless the mode
    is "F". Two dimensions are one channel.
    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.to_pil_image.html

    Raises:
        TypeError: if it is neither, or there is no mode for its dtype.
        ValueError: if it has not 2 or 3 dimensions, more than 4 channels, or another mode's.
        ImportError: if Pillow is missing; it names the command that installs it.
    """
    if not isinstance(pic, Tensor | np.ndarray):
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if pic.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
    if isinstance(pic, Tensor):
        host = pic.detach().cpu()
        if host.dtype.is_floating_point and mode != "F":
            host = from_numpy((host.float() * 255).numpy().astype(np.uint8))
        planes = host.numpy() if pic.ndim == 3 else host.numpy()[None]
        pixels = planes.transpose(1, 2, 0)
    else:
        pixels = pic if pic.ndim == 3 else pic[:, :, None]
    height, width, channels = pixels.shape
    if channels > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {channels} channels.")
    if channels == 1:
        expected = _GREY_MODES.get(pixels.dtype.name)
        if mode is not None and mode != expected:
            raise ValueError(
                f"Incorrect mode ({mode}) supplied for input type {pixels.dtype}. "
                f"Should be {expected}"
            )
        mode = expected
    else:
        permitted = _MODES.get(channels, ())
        if mode is not None and mode not in permitted:
            raise ValueError(f"Only modes {list(permitted)} are supported for {channels}D inputs")
        if mode is None and pixels.dtype == np.uint8 and permitted:
            mode = permitted[0]
    if mode is None:
        raise TypeError(f"Input type {pixels.dtype} is not supported")
    with needed_for("to_pil_image", "datasets"):
        from PIL import Image
    return Image.frombytes(mode, (width, height), np.ascontiguousarray(pixels).tobytes())


def convert_image_dtype(image: Tensor, dtype: DType = float32) -> Tensor:
    """The image in another dtype, on that dtype's scale: 0 to 1, or 0 to the greatest integer.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.convert_image_dtype.html

    Raises:
        RuntimeError: if a float cannot hold the integers of the new dtype.

    >>> import minitorch as torch
    >>> convert_image_dtype(torch.tensor([[0, 255]], dtype=torch.uint8))
    Tensor([[0., 1.]], requires_grad=False)
    """
    if image.dtype is dtype:
        return image
    if image.dtype.is_floating_point:
        if dtype.is_floating_point:
            return image.to(dtype)
        if (image.dtype, dtype) in ((float32, int32), (float32, int64), (float64, int64)):
            raise RuntimeError(
                f"The cast from {image.dtype} to {dtype} cannot be performed safely."
            )
        return image.mul(iinfo(dtype).max + 1.0 - 1e-3).to(dtype)  # so that 255 is as wide as 254
    old = iinfo(image.dtype).max
    if dtype.is_floating_point:
        return image.to(dtype) / float(old)
    new = iinfo(dtype).max
    if old > new:
        return (image // ((old + 1) // (new + 1))).to(dtype)
    return image.to(dtype) * ((new + 1) // (old + 1))


def normalize(
    tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False
) -> Tensor:
    """Each channel minus its mean, over its standard deviation: (x[c] - mean[c]) / std[c].

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.normalize.html

    Args:
        tensor: (..., channels, height, width), floating.
        mean: one number for each channel.
        std: one number for each channel.
        inplace: whether to change the tensor itself.

    Raises:
        TypeError: if it is no tensor, or not floating.
        ValueError: if it has fewer than 3 dimensions, or a deviation is 0.

    >>> import minitorch as torch
    >>> normalize(torch.ones(1, 1, 2), [0.5], [0.25])
    Tensor([[[2., 2.]]], requires_grad=False)
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.dtype.is_floating_point:
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). "
            f"Got tensor.size() = {tensor.size()}"
        )
    numbers = tuple(float(one) for one in mean), tuple(float(one) for one in std)
    means, stds = _scale(*numbers, tensor.dtype, tensor.device)
    return tensor.sub_(means).div_(stds) if inplace else (tensor - means) / stds


@lru_cache(maxsize=64)  # the same for every image of an epoch
def _scale(
    mean: tuple[float, ...], std: tuple[float, ...], dtype: DType, device: Device
) -> tuple[Tensor, Tensor]:
    """(channels, 1, 1) of both."""
    means, stds = (as_tensor(n, dtype=dtype, device=device).reshape(-1, 1, 1) for n in (mean, std))
    if not all(one.item() for one in stds.reshape(-1)):
        raise ValueError(
            f"std evaluated to zero after conversion to {dtype}, leading to division by zero."
        )
    return means, stds
