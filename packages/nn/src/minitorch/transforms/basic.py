"""One after another, a function of one's own, and conversions: transforms without chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from minitorch.nn.module import Module
from minitorch.transforms import functional as F
from minitorch_tensor import DType, Tensor

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "Compose",
    "ConvertImageDtype",
    "Lambda",
    "Normalize",
    "PILToTensor",
    "ToPILImage",
    "ToTensor",
]


class Compose:
    """One transform after another.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Compose.html

    Args:
        transforms: the first takes the image, each other what the one before it gives.

    >>> Compose([str.strip, str.upper])(" a ")
    'A'
    """

    def __init__(self, transforms: Sequence[Callable[..., object]]) -> None:
        self.transforms = transforms

    def __call__(self, img: object) -> object:
        """What the last transform gives."""
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        lines = "".join(f"\n    {transform}" for transform in self.transforms)
        return f"{type(self).__name__}({lines}\n)"


class Lambda:
    """A function of one's own.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Lambda.html

    Args:
        lambd: takes what the transform before it gives.

    Raises:
        TypeError: if it cannot be called.

    >>> Lambda(lambda x: x * 2)(3)
    6
    """

    def __init__(self, lambd: Callable[..., object]) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, img: object) -> object:
        """What the function gives."""
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToTensor:
    """`functional.to_tensor`: bytes (height, width, channels) to numbers from 0 to 1, (c, h, w).

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.ToTensor.html

    >>> ToTensor()(np.array([[0, 255]], dtype=np.uint8))
    Tensor([[[0., 1.]]], requires_grad=False)
    """

    def __call__(self, pic: Image.Image | NDArray[np.generic]) -> Tensor:
        """The tensor."""
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """`functional.pil_to_tensor`: the same numbers, (channels, height, width).

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.PILToTensor.html
    """

    def __call__(self, pic: Image.Image) -> Tensor:
        """The tensor."""
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToPILImage:
    """`functional.to_pil_image`: a tensor or an array as an image of Pillow's.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.ToPILImage.html

    Args:
        mode: Pillow's name for its channels; None: the usual one for its dtype and channels.
    """

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Tensor | NDArray[np.generic]) -> Image.Image:
        """The image."""
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class ConvertImageDtype(Module):
    """`functional.convert_image_dtype`: another dtype, on its scale.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.ConvertImageDtype.html

    Args:
        dtype: the new one.

    Raises:
        TypeError: if it is none.
    """

    def __init__(self, dtype: DType) -> None:
        super().__init__()
        if not isinstance(dtype, DType):
            raise TypeError("Argument dtype should be of type torch.dtype")
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        """The image in the new dtype."""
        return F.convert_image_dtype(image, self.dtype)


class Normalize(Module):
    """`functional.normalize`: each channel minus its mean, over its standard deviation.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html

    Args:
        mean: one number for each channel.
        std: one number for each channel.
        inplace: whether to change the image itself.

    >>> import minitorch as torch
    >>> Normalize((0.5,), (0.5,))(torch.tensor([[[0.0, 1.0]]]))
    Tensor([[[-1.,  1.]]], requires_grad=False)
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Tensor) -> Tensor:
        """The normalised image."""
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def extra_repr(self) -> str:
        """The numbers."""
        return f"mean={self.mean}, std={self.std}"
