"""Networks of Scalars learn."""

from random import Random, seed

import pytest

from minitorch_autodiff import MLP, Layer, Neuron, Scalar, derivative_check
from minitorch_operators import relu

POINTS = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
LABELS = [1.0, -1.0, -1.0, 1.0]


@pytest.mark.parametrize("seed", range(3))
def test_a_small_perceptron_learns_four_points(seed: int) -> None:
    mlp = MLP(3, [4, 4, 1], random=Random(seed))
    losses = []
    for _ in range(100):
        outputs = [mlp(x) for x in POINTS]
        errors = [
            (y - t) ** 2 for y, t in zip(outputs, LABELS, strict=True) if isinstance(y, Scalar)
        ]
        loss = sum(errors, Scalar(0.0))
        mlp.zero_grad()
        loss.backward()
        for p in mlp.parameters():
            assert p.derivative is not None
            p.data -= 0.05 * p.derivative
        losses.append(loss.data)
    assert losses[-1] < 0.05 < losses[0]


def test_a_network_has_all_its_parameters() -> None:
    mlp = MLP(3, [4, 4, 1])
    assert len(mlp.parameters()) == 4 * 4 + 4 * 5 + 5
    assert len(set(mlp.parameters())) == 41
    assert all(p.is_leaf and p.requires_grad for p in mlp.parameters())
    assert [p.name for p in mlp.parameters()[:4]] == ["w0", "w1", "w2", "b"]


def test_the_same_seed_gives_the_same_network() -> None:
    first, second = (MLP(2, [3, 1], random=Random(7)) for _ in range(2))
    other = MLP(2, [3, 1], random=Random(8))
    weights = [p.data for p in first.parameters()]
    assert weights == [p.data for p in second.parameters()]
    assert weights != [p.data for p in other.parameters()]


def test_the_global_seed_is_the_default() -> None:
    weights = []
    for _ in range(2):
        seed(1337)
        weights.append([p.data for p in MLP(2, [3, 1]).parameters()])
    assert weights[0] == weights[1]


def test_one_output_comes_alone_several_in_a_list() -> None:
    assert isinstance(MLP(2, [3, 1])([1.0, 2.0]), Scalar)
    several = MLP(2, [3, 2])([1.0, 2.0])
    assert isinstance(several, list)
    assert len(several) == 2
    assert len(MLP(2, [3, 1]).forward([1.0, 2.0])) == 1
    assert len(Layer(2, 5)([1.0, 2.0])) == 5


def test_a_neuron_is_a_dot_product_and_an_activation() -> None:
    neuron = Neuron(2, relu, random=Random(0))
    neuron.weights[0].data, neuron.weights[1].data, neuron.bias.data = 2.0, -3.0, 0.5
    assert neuron([1.0, 0.5]).data == 1.0
    assert neuron([0.0, 1.0]).data == 0.0


def test_a_network_is_differentiable_by_its_inputs() -> None:
    mlp = MLP(2, [3, 1], random=Random(0))
    derivative_check(lambda a, b: mlp.forward([a, b])[0], Scalar(0.3), Scalar(-0.8))


def test_gradients_are_forgotten() -> None:
    mlp = MLP(2, [1])
    mlp.forward([1.0, 2.0])[0].backward()
    mlp.zero_grad()
    assert all(p.grad is None for p in mlp.parameters())


def test_the_wrong_number_of_inputs_is_an_error() -> None:
    with pytest.raises(ValueError, match="Neuron: it has 3 weights, but was given 2 inputs"):
        MLP(3, [4, 1])([1.0, 2.0])
