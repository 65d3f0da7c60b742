"""The two networks: a multilayer perceptron and LeNet."""

from __future__ import annotations

from minitorch import nn
from minitorch_classifier.errors import UserError

MODELS = ("lenet", "mlp")


def build(name: str, height: int, width: int, classes: int = 10) -> nn.Sequential:
    """Build a network that turns images (n, 1, height, width) into logits (n, classes).

    Raises:
        UserError: if there is no such model or the images are too small for it.

    >>> import minitorch as torch
    >>> build("lenet", 8, 8)(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
    True
    """
    if name == "lenet":
        return lenet(height, width, classes)
    if name == "mlp":
        return mlp(height, width, classes)
    raise UserError(f"no model '{name}'; there are: {', '.join(MODELS)}")


def lenet(height: int, width: int, classes: int) -> nn.Sequential:
    """Two rounds of convolution, ReLU and pooling, then fully connected layers.

    From 16 pixels on it is LeNet-5 (LeCun et al., 1998, doi 10.1109/5.726791) with ReLU and max
    pooling: 5x5 kernels that shrink the image. A smaller image has no pixels to lose: 3x3 kernels
    with a border of zeros, and more of them, since each sees less.
    """
    shortest = min(height, width)
    if shortest < 4:
        raise UserError(f"lenet: images of {height}x{width} are too small, 4x4 is the least")
    if shortest < 16:
        return nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),  # (n, 16, h, w)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (n, 16, h/2, w/2)
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (n, 32, h/4, w/4)
            nn.Flatten(),
            nn.Linear(32 * (height // 2 // 2) * (width // 2 // 2), 64),
            nn.ReLU(),
            nn.Linear(64, classes),
        )
    rows, columns = (((side - 4) // 2 - 4) // 2 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),  # (n, 6, h-4, w-4)
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (n, 16, rows, columns)
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, classes),
    )


def mlp(height: int, width: int, classes: int) -> nn.Sequential:
    """Three fully connected layers: pixels, 128, 64, classes."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(height * width, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Linear(64, classes),
    )
