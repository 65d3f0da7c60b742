"""From a picture file to what the model was trained on: grey, bright ink, centred, small."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from minitorch_classifier.data import InputSpec
from minitorch_classifier.errors import UserError, explain_os_errors, one_line

POLARITIES = ("auto", "dark", "bright")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
DAMAGED = (SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error)
INK = 0.25  # a pixel counts as ink when it stands out by this share of the greatest contrast
CONTRAST = 0.1  # less than this, of 1, between the palest and the deepest pixel is no drawing


def read_image(path: Path, spec: InputSpec, ink: str = "auto") -> NDArray[np.float32]:
    """Read a picture as an image of the training set: (height, width), ground 0, ink up to 1.

    1. Colours become grey; transparent parts become white.
    2. The ink is made bright, as in the training images. "dark" ink is inverted, "bright" is not;
       "auto" looks at the picture's border: a bright border is paper, and so the ink is dark.
    3. A picture of the model's size is taken as it is. Any other is cropped to its ink, padded to
       the model's proportions with its centre of mass in the middle (for MNIST with a margin of
       1/7, as its makers did), and resized so that its brightest pixel is 1.

    Raises:
        UserError: if the file is no picture, or nothing is drawn on it.
    """
    if ink not in POLARITIES:
        raise UserError(f"no --ink '{ink}'; there are: {', '.join(POLARITIES)}")
    grey = _read_grey(path)
    if float(grey.max() - grey.min()) < CONTRAST:
        raise UserError(
            f"{path}: nothing is drawn on it, all pixels have nearly the same brightness"
        )
    if ink == "dark" or (ink == "auto" and _border_brightness(grey) > 0.5):
        grey = np.float32(1) - grey
    if grey.shape == (spec.height, spec.width):
        return grey
    return _fit(grey, spec, path)


def _read_grey(path: Path) -> NDArray[np.float32]:
    """Brightness from 0 to 1."""
    with explain_os_errors("read", path):
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of odd metadata, for example
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                with Image.open(path, formats=FORMATS) as image:
                    return _brightness(image)
        except UnidentifiedImageError as error:
            raise UserError(f"{path}: no picture ({', '.join(FORMATS)})") from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise UserError(f"{path}: too large ({one_line(error)})") from error
        except DAMAGED as error:
            raise UserError(f"{path}: damaged picture ({one_line(error)})") from error


def _brightness(image: Image.Image) -> NDArray[np.float32]:
    if image.mode.startswith("I"):  # 16 bits a pixel; Pillow would clip them to 8
        return np.asarray(image, dtype=np.float32) / np.float32(65535)
    if image.has_transparency_data:
        layers = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
    return np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255)


def _border_brightness(grey: NDArray[np.float32]) -> float:
    """The median of the outermost pixels: ink may touch the border, but not most of it."""
    edges = (grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1])
    return float(np.median(np.concatenate(edges)))


def _fit(grey: NDArray[np.float32], spec: InputSpec, path: Path) -> NDArray[np.float32]:
    """Crop to the ink, put it into the middle of the model's proportions, resize."""
    ground = min(_border_brightness(grey), float(np.median(grey)))
    above = np.clip(grey - np.float32(ground), 0, None)
    if above.max() < CONTRAST:
        raise UserError(f"{path}: no bright ink stands out from a dark ground; try --ink dark")
    above /= above.max()
    rows, columns = (np.flatnonzero((above > INK).any(axis=axis)) for axis in (1, 0))
    crop = above[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # UCI's digits fill their 8 rows; MNIST's keep a margin of 4 of 28 pixels on each side.
    filled = 1.0 if min(spec.height, spec.width) < 16 else 5 / 7
    scale = max(crop.shape[0] / spec.height, crop.shape[1] / spec.width) / filled
    height, width = (max(1, round(side * scale)) for side in (spec.height, spec.width))
    canvas = np.zeros((max(height, crop.shape[0]), max(width, crop.shape[1])), dtype=np.float32)
    top = _offset(crop.sum(axis=1), canvas.shape[0])
    left = _offset(crop.sum(axis=0), canvas.shape[1])
    canvas[top : top + crop.shape[0], left : left + crop.shape[1]] = crop
    resized = Image.fromarray(canvas).resize((spec.width, spec.height), Image.Resampling.BOX)
    small = np.asarray(resized, dtype=np.float32)
    return small / np.float32(small.max())


def _offset(weights: NDArray[np.float32], outer: int) -> int:
    """Where to begin a strip within `outer` pixels to have its centre of mass in their middle."""
    inner = len(weights)
    centre = float(np.average(np.arange(inner) + 0.5, weights=weights))
    return min(max(round(outer / 2 - centre), 0), outer - inner)
