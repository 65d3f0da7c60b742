"""cross_entropy with class indices against its composite."""

import math

import numpy as np
import pytest

from minitorch_fast.functional.loss import cross_entropy_of_indices
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.functional.loss import cross_entropy

from .fused_cases import compare, random


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("n", "classes"), [(5, 3), (64, 10), (7, 200), (60, 1000), (1, 1)])
def test_same_as_the_composite(n: int, classes: int, reduction: str) -> None:
    target = np.random.default_rng(n).integers(0, classes, n)
    target[n // 2] = -100 if n > 1 else 0  # one that does not count

    def fused(x: Tensor, t: Tensor) -> Tensor:
        return cross_entropy_of_indices(x, t, reduction=reduction)

    def composite(x: Tensor, t: Tensor) -> Tensor:
        return cross_entropy.composite(x, t, reduction=reduction)

    compare(
        fused,
        composite,
        [(random(n, classes) * 5).astype(np.float32), target],
        second=classes < 100,
    )


@pytest.mark.parametrize("scores", [[1000.0, -1000.0], [-1e30, 1e30], [0.0, 0.0], [-math.inf, 1.0]])
@pytest.mark.parametrize("target", [0, 1])
def test_extreme_scores(scores: list[float], target: int) -> None:
    x, t = from_numpy(np.array([scores])), from_numpy(np.array([target]))
    found, expected = cross_entropy_of_indices(x, t), cross_entropy.composite(x, t)
    assert found.item() == pytest.approx(expected.item(), nan_ok=True)


def test_nan_is_passed_on() -> None:
    x = from_numpy(np.array([[math.nan, 1.0], [0.0, 0.0]]))
    x.requires_grad = True
    y = cross_entropy_of_indices(x, from_numpy(np.array([1, 0])), reduction="none")
    assert math.isnan(y[0].item())
    assert y[1].item() == pytest.approx(math.log(2))


def test_nothing_that_counts_gives_nan() -> None:
    x, t = from_numpy(random(3, 4)), from_numpy(np.full(3, -100))
    assert math.isnan(cross_entropy_of_indices(x, t).item())
    assert cross_entropy_of_indices(x, t, reduction="sum").item() == 0.0


@pytest.mark.parametrize("bad", [4, -1, 2**40])
def test_a_target_that_is_no_class(bad: int) -> None:
    x, t = from_numpy(random(3, 4)), from_numpy(np.array([0, bad, 1]))
    with pytest.raises(IndexError, match=f"Target {bad} is out of bounds"):
        cross_entropy_of_indices(x, t)


OTHERS: dict[str, dict[str, float]] = {
    "smoothing": {"label_smoothing": 0.1},
    "ignored": {"ignore_index": 2},
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_arguments(name: str) -> None:
    x, t = from_numpy(random(6, 4)), from_numpy(np.array([0, 1, 2, 3, 2, 1]))
    smoothing, ignored = (
        OTHERS[name].get("label_smoothing", 0.0),
        int(OTHERS[name].get("ignore_index", -100)),
    )
    found = cross_entropy_of_indices(x, t, ignore_index=ignored, label_smoothing=smoothing)
    expected = cross_entropy.composite(x, t, ignore_index=ignored, label_smoothing=smoothing)
    assert found.item() == pytest.approx(expected.item())


def test_weights_probabilities_and_other_ranks() -> None:
    x, weight = from_numpy(random(6, 4)), from_numpy(np.abs(random(4)))
    t = from_numpy(np.array([0, 1, 2, 3, 2, 1]))
    soft = from_numpy(np.abs(random(6, 4, seed=1)))
    pixels, classes = from_numpy(random(2, 4, 3)), from_numpy(np.array([[0, 1, 2], [3, 2, 1]]))
    for arguments in ((x, t, weight), (x, soft), (pixels, classes), (x[0], t[0])):
        found, expected = cross_entropy_of_indices(*arguments), cross_entropy.composite(*arguments)
        assert found.item() == pytest.approx(expected.item())


def test_strided_scores_and_targets() -> None:
    x, t = from_numpy(random(4, 6)).permute(1, 0), from_numpy(np.arange(12) % 4)[::2]
    found, expected = cross_entropy_of_indices(x, t), cross_entropy.composite(x, t)
    assert found.item() == pytest.approx(expected.item())
    assert "cpu" in cross_entropy.overridden()
