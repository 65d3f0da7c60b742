"""The functions of neural networks that are methods."""

from __future__ import annotations

from minitorch_tensor import (
    neural,
)


class NeuralMethods:
    """The functions of neural networks that are methods."""

    __slots__ = ()

    hardshrink = neural.hardshrink
    log_softmax = neural.log_softmax
    prelu = neural.prelu
    softmax = neural.softmax
