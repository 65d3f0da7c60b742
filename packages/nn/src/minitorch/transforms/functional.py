"""The functions of the transforms, without chance: each takes an image and says what to do.

https://docs.pytorch.org/vision/stable/transforms.html#functional-transforms
"""

from minitorch.transforms.colour import (
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    rgb_to_grayscale,
    to_grayscale,
)
from minitorch.transforms.conversion import (
    convert_image_dtype,
    normalize,
    pil_to_tensor,
    to_pil_image,
    to_tensor,
)
from minitorch.transforms.geometry import (
    center_crop,
    crop,
    erase,
    get_dimensions,
    get_image_num_channels,
    get_image_size,
    hflip,
    resize,
    resized_crop,
    vflip,
)
from minitorch.transforms.interpolation import InterpolationMode
from minitorch.transforms.padding import pad
from minitorch.transforms.rotation import rotate

__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_hue",
    "adjust_saturation",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "erase",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "hflip",
    "normalize",
    "pad",
    "pil_to_tensor",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "to_grayscale",
    "to_pil_image",
    "to_tensor",
    "vflip",
]
