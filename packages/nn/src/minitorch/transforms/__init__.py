"""Images on their way into a network, as in `torchvision.transforms`: cropped, mirrored, scaled.

They take images of Pillow's (`pip install "minitorch[datasets]"`) and tensors (channels, height,
width), and draw from the default generator in torchvision's order.

>>> import minitorch as torch
>>> from minitorch import transforms
>>> prepare = transforms.Compose([transforms.CenterCrop(2), transforms.Normalize((0.5,), (0.5,))])
>>> prepare(torch.zeros(1, 4, 4)).tolist()
[[[-1.0, -1.0], [-1.0, -1.0]]]
"""

from minitorch.transforms import functional
from minitorch.transforms.basic import (
    Compose,
    ConvertImageDtype,
    Lambda,
    Normalize,
    PILToTensor,
    ToPILImage,
    ToTensor,
)
from minitorch.transforms.chance import (
    RandomApply,
    RandomErasing,
    RandomHorizontalFlip,
    RandomRotation,
    RandomVerticalFlip,
)
from minitorch.transforms.colours import ColorJitter, Grayscale, RandomGrayscale
from minitorch.transforms.cropping import (
    CenterCrop,
    Pad,
    RandomCrop,
    RandomResizedCrop,
    Resize,
)
from minitorch.transforms.interpolation import InterpolationMode

__all__ = [
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "Grayscale",
    "InterpolationMode",
    "Lambda",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandomApply",
    "RandomCrop",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
    "Resize",
    "ToPILImage",
    "ToTensor",
    "functional",
]
