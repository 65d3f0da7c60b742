"""The six toy sets are the course's: sizes, labels, seeds and where the classes lie."""

import math
import pickle
import random
from collections.abc import Callable

import pytest

from minitorch.datasets import MNIST, Graph, datasets, spiral, xor

UNIFORM = ["Simple", "Diag", "Split", "Xor", "Circle"]


def test_the_dictionary_has_the_names_of_its_module() -> None:
    import minitorch.datasets.mnist as module

    assert datasets.MNIST is module.MNIST is MNIST
    assert {"CIFAR10", "Digits", "FashionMNIST", "KMNIST", "MNIST", "keys"} <= set(dir(datasets))
    assert pickle.loads(pickle.dumps(datasets))["Xor"] is xor
    with pytest.raises(
        AttributeError, match=r"module 'minitorch\.datasets' has no attribute 'SVHN'"
    ):
        getattr(datasets, "SVHN")  # noqa: B009


def test_the_sets_have_the_names_of_the_course() -> None:
    assert list(datasets) == ["Simple", "Diag", "Split", "Xor", "Circle", "Spiral"]


@pytest.mark.parametrize("name", datasets)
def test_a_set_has_n_points_and_labels_of_both_classes(name: str) -> None:
    data = datasets[name](50, seed=0)
    assert (data.N, len(data.X), len(data.y)) == (50, 50, 50)
    assert set(data.y) == {0, 1}
    assert all(isinstance(v, float) for point in data.X for v in point)


@pytest.mark.parametrize("name", datasets)
def test_no_points_are_an_empty_set(name: str) -> None:
    assert datasets[name](0) == Graph(0, [], [])


@pytest.mark.parametrize("name", UNIFORM)
def test_a_seed_gives_the_same_points_and_leaves_the_module_random_alone(name: str) -> None:
    random.seed(5)
    expected = random.random()
    random.seed(5)
    assert datasets[name](20, seed=1) == datasets[name](20, seed=1)
    assert datasets[name](20, seed=1) != datasets[name](20, seed=2)
    assert random.random() == expected


@pytest.mark.parametrize("name", UNIFORM)
def test_without_a_seed_the_points_come_from_the_module_random(name: str) -> None:
    random.seed(7)
    first = datasets[name](20)
    assert datasets[name](20) != first
    random.seed(7)
    assert datasets[name](20) == first
    assert first == datasets[name](20, seed=7)


def test_uniform_sets_share_their_points_and_differ_in_their_labels() -> None:
    sets = [datasets[name](200, seed=3) for name in UNIFORM]
    assert all(data.X == sets[0].X for data in sets)
    assert len({tuple(data.y) for data in sets}) == len(UNIFORM)


def test_the_labels_follow_the_definitions_of_the_course() -> None:
    rules: dict[str, Callable[[float, float], bool]] = {
        "Simple": lambda x, y: x < 0.5,
        "Diag": lambda x, y: x + y < 0.5,
        "Split": lambda x, y: x < 0.2 or x > 0.8,
        "Xor": lambda x, y: (x < 0.5 and y > 0.5) or (x > 0.5 and y < 0.5),
        "Circle": lambda x, y: (x - 0.5) * (x - 0.5) + (y - 0.5) * (y - 0.5) > 0.1,
    }
    for name, rule in rules.items():
        data = datasets[name](300, seed=11)
        assert data.y == [int(rule(x, y)) for x, y in data.X], name


def test_one_arm_of_the_spiral_is_the_other_turned_by_a_quarter() -> None:
    data = spiral(50)
    assert data.y == [0] * 25 + [1] * 25
    t = 10.0 * (5 / 25)
    assert data.X[0] == (t * math.cos(t) / 20 + 0.5, t * math.sin(t) / 20 + 0.5)
    for (x, y), (u, v) in zip(data.X[:25], data.X[25:], strict=True):
        assert (u - 0.5, v - 0.5) == pytest.approx((y - 0.5, 0.5 - x))  # a quarter turn back


def test_a_negative_number_of_points_is_refused() -> None:
    with pytest.raises(ValueError, match="xor: N must be at least 0, got -1"):
        xor(-1)


def test_a_spiral_of_an_odd_number_of_points_is_refused() -> None:
    message = "spiral: N must be even, for two arms of N / 2 points, got 51; try 52"
    with pytest.raises(ValueError, match=message):
        spiral(51)
