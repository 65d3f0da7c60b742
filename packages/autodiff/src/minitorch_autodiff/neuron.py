"""Neural networks of Scalars: each weight is a node that you can look at.

After Karpathy's micrograd (https://github.com/karpathy/micrograd). Training one takes no more than
`parameters`, `backward` and a loop; see the example of `MLP`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random, uniform

from minitorch_autodiff.scalar import Scalar
from minitorch_operators import Unary, tanh


class Neuron:
    """y = activation(w . x + b), with weights and bias drawn from [-1, 1).

    Args:
        inputs: how many numbers x has.
        activation: an operator, tanh by default.
        random: where the weights are drawn from; by default what `random.seed` seeds.

    >>> neuron = Neuron(2, random=Random(0))
    >>> [w.name for w in neuron.parameters()]
    ['w0', 'w1', 'b']
    >>> -1.0 < neuron([1.0, 2.0]).data < 1.0
    True
    """

    def __init__(
        self, inputs: int, activation: Unary = tanh, *, random: Random | None = None
    ) -> None:
        draw = uniform if random is None else random.uniform
        self.weights = [
            Scalar(draw(-1.0, 1.0), name=f"w{i}", requires_grad=True) for i in range(inputs)
        ]
        self.bias = Scalar(draw(-1.0, 1.0), name="b", requires_grad=True)
        self.activation = activation

    def __call__(self, xs: Sequence[Scalar | float]) -> Scalar:
        """The output for inputs xs; ValueError if there are too few or too many."""
        if len(xs) != len(self.weights):
            raise ValueError(
                f"Neuron: it has {len(self.weights)} weights, but was given {len(xs)} inputs"
            )
        y = self.bias
        for w, x in zip(self.weights, xs, strict=True):
            y = y + w * x
        return self.activation(y)

    def parameters(self) -> list[Scalar]:
        """The weights, and then the bias."""
        return [*self.weights, self.bias]


class Layer:
    """Neurons side by side, each of which sees all inputs.

    Args:
        inputs: how many numbers come in.
        outputs: how many neurons there are.
        activation: an operator, tanh by default.
        random: where the weights are drawn from.
    """

    def __init__(
        self, inputs: int, outputs: int, activation: Unary = tanh, *, random: Random | None = None
    ) -> None:
        self.neurons = [Neuron(inputs, activation, random=random) for _ in range(outputs)]

    def __call__(self, xs: Sequence[Scalar | float]) -> list[Scalar]:
        """The output of each neuron."""
        return [neuron(xs) for neuron in self.neurons]

    def parameters(self) -> list[Scalar]:
        """Those of each neuron in turn."""
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP:
    """A multi-layer perceptron: layers, each of which sees the one before.

    Args:
        inputs: how many numbers come in.
        outputs: the size of each layer; the last is that of the result.
        activation: an operator, tanh by default, after every layer.
        random: where the weights are drawn from.

    >>> mlp = MLP(3, [4, 4, 1], random=Random(0))
    >>> len(mlp.parameters())
    41
    >>> for step in range(20):
    ...     (y,) = mlp.forward([2.0, 3.0, -1.0])
    ...     loss = (y - 1.0) ** 2
    ...     mlp.zero_grad()
    ...     loss.backward()
    ...     for p in mlp.parameters():
    ...         p.data -= 0.1 * (p.derivative or 0.0)
    >>> loss.data < 0.05
    True
    """

    def __init__(
        self,
        inputs: int,
        outputs: Sequence[int],
        activation: Unary = tanh,
        *,
        random: Random | None = None,
    ) -> None:
        sizes = [inputs, *outputs]
        self.layers = [Layer(m, n, activation, random=random) for m, n in pairwise(sizes)]

    def forward(self, xs: Sequence[Scalar | float]) -> list[Scalar]:
        """The outputs of the last layer."""
        values: Sequence[Scalar | float] = xs
        outputs: list[Scalar] = []
        for layer in self.layers:
            values = outputs = layer(values)
        return outputs

    def __call__(self, xs: Sequence[Scalar | float]) -> Scalar | list[Scalar]:
        """As `forward`; but a single output without its list, as in micrograd."""
        outputs = self.forward(xs)
        return outputs[0] if len(outputs) == 1 else outputs

    def parameters(self) -> list[Scalar]:
        """Those of each layer in turn."""
        return [p for layer in self.layers for p in layer.parameters()]

    def zero_grad(self) -> None:
        """Forget the gradients, before the next backward adds to them."""
        for p in self.parameters():
            p.grad = None
