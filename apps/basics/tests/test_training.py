"""One network, three layers: the same weights, the same losses, and Xor is learned."""

import math
from dataclasses import replace

import pytest

from minitorch_basics.errors import UserError
from minitorch_basics.networks import Network, ScalarNetwork, TensorNetwork
from minitorch_basics.training import LAYERS, Task, train
from minitorch_basics.weights import Linear, draw


def losses(task: Task) -> list[float]:
    return [epoch.loss for epoch in train(task.network(), task.data(), task)]


@pytest.mark.parametrize("dataset", ["Simple", "Diag", "Split", "Xor", "Circle", "Spiral"])
def test_all_layers_follow_the_same_curve(dataset: str) -> None:
    task = Task(dataset, points=12, hidden=4, epochs=8)
    scalar, tensor, fast = (losses(replace(task, layer=layer)) for layer in LAYERS)
    assert tensor == pytest.approx(scalar, rel=1e-9)
    assert fast == pytest.approx(scalar, rel=1e-9)


@pytest.mark.parametrize("layer", ["tensor", "fast"])
def test_xor_is_learned_in_500_epochs(layer: str) -> None:
    task = Task("Xor", points=50, hidden=10, rate=0.5, epochs=500, layer=layer)
    *_, last = train(task.network(), task.data(), task)
    assert last.correct >= 45


@pytest.mark.slow
def test_xor_is_learned_by_scalars_within_500_epochs_too() -> None:
    # The seed that gets there first; until then it follows the curve of the tensors.
    task = Task("Xor", points=50, hidden=10, rate=0.5, epochs=500, seed=2)
    pairs = zip(
        train(replace(task, layer="scalar").network(), task.data(), task),
        train(replace(task, layer="tensor").network(), task.data(), task),
        strict=True,
    )
    for scalar, tensor in pairs:
        assert scalar.loss == pytest.approx(tensor.loss, rel=1e-9)
        if scalar.correct >= 45:
            break
    assert scalar.correct >= 45


@pytest.mark.parametrize("layer", LAYERS)
def test_loss_and_correct_are_those_before_the_step(layer: str) -> None:
    task = Task("Simple", points=10, hidden=3, epochs=1, layer=layer)
    network, data = task.network(), task.data()
    before = network.probabilities(data.X)
    right = [p if label else 1 - p for p, label in zip(before, data.y, strict=True)]
    loss, correct = network.step(data.X, data.y)
    assert loss == pytest.approx(-sum(math.log(p) for p in right))
    assert correct == sum(p > 0.5 for p in right)


@pytest.mark.parametrize("device", [None, "numpy", "cpu"])
def test_a_sure_and_wrong_network_has_a_large_loss_and_no_infinity(device: str | None) -> None:
    # Its logit is 100 and the class 0: 1 - sigmoid(100) would be 0, and the loss infinite.
    layers = [Linear([[100.0, 0.0]], [0.0]), Linear([[1.0]], [0.0]), Linear([[1.0]], [0.0])]
    network: Network = (
        ScalarNetwork(layers, rate=1.0) if device is None else TensorNetwork(layers, 1.0, device)
    )
    loss, correct = network.step([(1.0, 0.0)], [0])
    assert loss == pytest.approx(100.0)
    assert correct == 0
    loss, _ = network.step([(1.0, 0.0)], [0])
    assert math.isfinite(loss)
    assert loss < 100


def test_points_and_weights_come_from_different_numbers() -> None:
    task = Task("Simple", points=5, hidden=2, seed=3)
    points = [v for point in task.data().X for v in point]
    first, _, _ = draw(2, seed=3)
    assert not {2 * (v - 0.5) for v in points} & {w for row in first.weight for w in row}


def test_a_seed_decides_everything() -> None:
    task = Task("Xor", points=10, hidden=3, epochs=2, layer="scalar")
    assert losses(task) == losses(task)
    assert losses(task) != losses(replace(task, seed=1))


def test_the_names_of_data_sets_may_be_written_small() -> None:
    assert Task("xor").data() == Task("Xor").data()


@pytest.mark.parametrize("layer", LAYERS)
def test_a_rate_that_is_too_high_is_named(layer: str) -> None:
    task = Task("Xor", points=10, hidden=4, rate=1e200, epochs=20, layer=layer)
    with pytest.raises(
        UserError, match=r"the loss became (nan|inf) in epoch \d+: a rate of 1e\+200"
    ):
        losses(task)
