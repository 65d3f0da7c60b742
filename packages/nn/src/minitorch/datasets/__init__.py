"""Data sets: six toys in the plane, digits that come along, and sets of images to download.

The toys are a dictionary, as in the course; the sets of images are classes, as in torchvision.

>>> from minitorch.datasets import Digits, datasets
>>> datasets["Xor"](50).N
50
>>> len(Digits(train=True)), len(datasets.Digits(train=False))
(1433, 364)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from minitorch.datasets.errors import DatasetError
from minitorch.datasets.toy import (
    TOYS,
    Dataset,
    Graph,
    circle,
    diag,
    simple,
    spiral,
    split,
    xor,
)
from minitorch_autodiff import later as _later

if TYPE_CHECKING:
    from minitorch.datasets.cifar import CIFAR10
    from minitorch.datasets.digits import Digits
    from minitorch.datasets.mnist import KMNIST, MNIST, FashionMNIST
    from minitorch.datasets.vision import VisionDataset
else:  # a type checker is to find a wrong name itself
    _MODULES = {
        "cifar": "CIFAR10",
        "digits": "Digits",
        "mnist": "FashionMNIST KMNIST MNIST",
        "vision": "VisionDataset",
    }
    __getattr__, __dir__ = _later.attributes(__name__, _later.homes(__name__, _MODULES))

__all__ = [
    "CIFAR10",
    "KMNIST",
    "MNIST",
    "Dataset",
    "DatasetError",
    "Digits",
    "FashionMNIST",
    "Graph",
    "VisionDataset",
    "circle",
    "datasets",
    "diag",
    "simple",
    "spiral",
    "split",
    "xor",
]


class Datasets(Mapping[str, Dataset]):
    """What `minitorch.datasets` is: the toys by their names, and this module's names as attributes.

    >>> list(datasets)
    ['Simple', 'Diag', 'Split', 'Xor', 'Circle', 'Spiral']
    """

    __slots__ = ()

    def __getitem__(self, name: str, /) -> Dataset:
        """What makes the toy set of this name."""
        return TOYS[name]

    def __iter__(self) -> Iterator[str]:
        """The names of the toy sets."""
        return iter(TOYS)

    def __len__(self) -> int:
        """How many toy sets there are."""
        return len(TOYS)

    def __dir__(self) -> list[str]:
        """The mapping's names and the module's."""
        return sorted({*super().__dir__(), *__all__})

    if TYPE_CHECKING:
        CIFAR10 = CIFAR10
        Digits = Digits
        FashionMNIST = FashionMNIST
        KMNIST = KMNIST
        MNIST = MNIST
        DatasetError = DatasetError
        VisionDataset = VisionDataset
    else:

        def __getattr__(self, name: str) -> object:
            return getattr(sys.modules[__name__], name)


datasets = Datasets()
