"""The same little network twice: number by number with Scalars, all points at once with tensors.

Both are 2 -> hidden -> hidden -> 1 with ReLU between and a sigmoid at the end, and both go down the
gradient of the course's loss, -log(probability of the right class), summed over the points for the
eye and averaged for the step. Both compute in float64, as a Scalar does, so their curves agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import minitorch as torch
from minitorch import Scalar, nn, optim
from minitorch_basics.weights import Linear

Points = Sequence[tuple[float, float]]


class Network(Protocol):
    """What the training loop and the picture need of a network."""

    def step(self, points: Points, labels: Sequence[int]) -> tuple[float, int]:
        """One step down the gradient; the loss before it, and how many points were right."""

    def probabilities(self, points: Points) -> list[float]:
        """How likely each point is of class 1."""


class ScalarNetwork:
    """Every weight and every intermediate result is a Scalar with a history of its own."""

    def __init__(self, layers: Sequence[Linear], rate: float) -> None:
        self.rate = rate
        self.layers = [
            (
                [[Scalar(w, requires_grad=True) for w in row] for row in layer.weight],
                [Scalar(b, requires_grad=True) for b in layer.bias],
            )
            for layer in layers
        ]
        self.parameters = [
            scalar for weight, bias in self.layers for row in [*weight, bias] for scalar in row
        ]

    def logit(self, point: tuple[float, float]) -> Scalar:
        """How strongly the point looks of class 1: the sigmoid's argument."""
        values = [Scalar(coordinate) for coordinate in point]
        for weight, bias in self.layers[:-1]:
            values = [affine(row, values, b).relu() for row, b in zip(weight, bias, strict=True)]
        weight, bias = self.layers[-1]
        return affine(weight[0], values, bias[0])

    def step(self, points: Points, labels: Sequence[int]) -> tuple[float, int]:
        """One step down the gradient; the loss before it, and how many points were right."""
        for parameter in self.parameters:
            parameter.grad = None
        total, correct = 0.0, 0
        for point, label in zip(points, labels, strict=True):
            logit = self.logit(point)
            # 1 - sigmoid(z) = sigmoid(-z), and the right-hand side does not cancel.
            right = (logit if label == 1 else -logit).sigmoid()
            loss = -right.log()
            (loss / len(points)).backward()
            total += loss.data
            correct += right.data > 0.5
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.data -= self.rate * parameter.grad.data
        return total, correct

    def probabilities(self, points: Points) -> list[float]:
        """How likely each point is of class 1."""
        with torch.no_grad():
            return [self.logit(point).sigmoid().data for point in points]


def affine(weights: Sequence[Scalar], values: Sequence[Scalar], bias: Scalar) -> Scalar:
    """Add up bias + w0 * x0 + w1 * x1 + ..., from left to right."""
    total = bias
    for weight, value in zip(weights, values, strict=True):
        total = total + weight * value
    return total


class TensorNetwork:
    """The same in PyTorch's words, on the NumPy backend ("numpy") or the Numba one ("cpu")."""

    def __init__(self, layers: Sequence[Linear], rate: float, device: str) -> None:
        self.device = device
        first, second, last = (nn.Linear(len(layer.weight[0]), len(layer.bias)) for layer in layers)
        self.model = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last, nn.Flatten(0))
        self.model.to(device=device, dtype=torch.float64)
        state = {}
        for index, layer in zip((0, 2, 4), layers, strict=True):
            state[f"{index}.weight"] = torch.tensor(layer.weight, dtype=torch.float64)
            state[f"{index}.bias"] = torch.tensor(layer.bias, dtype=torch.float64)
        self.model.load_state_dict(state)
        self.optimizer = optim.SGD(self.model.parameters(), lr=rate)

    def logits(self, points: Points) -> torch.Tensor:
        """(n,) float64: how strongly each point looks of class 1."""
        x = torch.tensor([list(point) for point in points], dtype=torch.float64, device=self.device)
        logits: torch.Tensor = self.model(x)  # (n, 2) -> (n,)
        return logits

    def step(self, points: Points, labels: Sequence[int]) -> tuple[float, int]:
        """One step down the gradient; the loss before it, and how many points were right."""
        signs = torch.tensor(
            [2.0 * label - 1.0 for label in labels], dtype=torch.float64, device=self.device
        )
        self.optimizer.zero_grad()
        right = (self.logits(points) * signs).sigmoid()  # 1 - sigmoid(z) = sigmoid(-z)
        loss = -right.log()
        loss.mean().backward()
        self.optimizer.step()
        return float(loss.sum().item()), int((right > 0.5).sum().item())

    def probabilities(self, points: Points) -> list[float]:
        """How likely each point is of class 1."""
        with torch.no_grad():
            return [float(p) for p in self.logits(points).sigmoid().cpu().numpy()]
