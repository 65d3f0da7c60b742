"""Full-batch gradient descent, the same loop for every layer of the stack."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from minitorch.datasets import Graph, datasets
from minitorch_basics.errors import UserError
from minitorch_basics.networks import Network, ScalarNetwork, TensorNetwork
from minitorch_basics.weights import draw

LAYERS = ("scalar", "tensor", "fast")


@dataclass(frozen=True)
class Task:
    """What to learn, and how.

    Attributes:
        dataset: Simple, Diag, Split, Xor, Circle or Spiral; small letters will do.
        points: how many.
        hidden: units in each of the two hidden layers.
        rate: the step along the gradient.
        epochs: steps.
        layer: "scalar", "tensor" (NumPy) or "fast" (Numba).
        seed: of the points and of the initial weights.

    Raises:
        UserError: if a value is impossible; the message names its option.
    """

    dataset: str = "Xor"
    points: int = 50
    hidden: int = 10
    rate: float = 0.5
    epochs: int = 500
    layer: str = "fast"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.dataset.lower() not in {name.lower() for name in datasets}:
            raise UserError(f"no dataset '{self.dataset}'; there are: {', '.join(datasets)}")
        if self.layer not in LAYERS:
            raise UserError(f"no layer '{self.layer}'; there are: {', '.join(LAYERS)}")
        for name, value in (
            ("points", self.points),
            ("hidden", self.hidden),
            ("epochs", self.epochs),
        ):
            if value < 1:
                raise UserError(f"{name} must be at least 1, got {value}")
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise UserError(f"rate must be a positive number, got {self.rate}")

    def data(self) -> Graph:
        """The points and their classes.

        Raises:
            UserError: if the data set cannot have so many points.
        """
        make = {name.lower(): make for name, make in datasets.items()}[self.dataset.lower()]
        try:
            return make(self.points, seed=self.seed)
        except ValueError as error:
            raise UserError(str(error)) from error

    def network(self) -> Network:
        """The untrained network, with the same weights on every layer."""
        layers = draw(self.hidden, self.seed)
        if self.layer == "scalar":
            return ScalarNetwork(layers, self.rate)
        return TensorNetwork(layers, self.rate, {"tensor": "numpy", "fast": "cpu"}[self.layer])


@dataclass(frozen=True)
class Epoch:
    """How one epoch began: the loss summed over the points, and how many of them were right."""

    number: int
    loss: float
    correct: int


def train(network: Network, data: Graph, task: Task) -> Iterator[Epoch]:
    """Take `task.epochs` steps; yields what each of them saw.

    Raises:
        UserError: if the loss is no longer a finite number.

    >>> task = Task("Simple", points=20, hidden=2, epochs=3, layer="scalar")
    >>> [epoch.number for epoch in train(task.network(), task.data(), task)]
    [1, 2, 3]
    """
    for number in range(1, task.epochs + 1):
        loss, correct = network.step(data.X, data.y)
        if not math.isfinite(loss):
            raise UserError(
                f"the loss became {loss} in epoch {number}: "
                f"a rate of {task.rate:g} is too high, try a smaller --rate"
            )
        yield Epoch(number, loss, correct)
