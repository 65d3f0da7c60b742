"""cross_entropy and nll_loss against their composites."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from minitorch_fast.functional.loss import fused_cross_entropy, fused_picked
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.functional.loss import cross_entropy, nll_loss, picked

from .fused_cases import compare, random


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("n", "classes"), [(5, 3), (64, 10), (7, 200), (60, 1000), (1, 1)])
def test_same_as_the_composite(n: int, classes: int, reduction: str) -> None:
    target = np.random.default_rng(n).integers(0, classes, n)
    target[n // 2] = -100 if n > 1 else 0  # one that does not count

    def fused(x: Tensor, t: Tensor) -> Tensor:
        return fused_cross_entropy(x, t, reduction=reduction)

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
    found, expected = fused_cross_entropy(x, t), cross_entropy.composite(x, t)
    assert found.item() == pytest.approx(expected.item(), nan_ok=True)


def test_nan_is_passed_on() -> None:
    x = from_numpy(np.array([[math.nan, 1.0], [0.0, 0.0]]))
    x.requires_grad = True
    y = fused_cross_entropy(x, from_numpy(np.array([1, 0])), reduction="none")
    assert math.isnan(y[0].item())
    assert y[1].item() == pytest.approx(math.log(2))


def test_nothing_that_counts_gives_nan() -> None:
    x, t = from_numpy(random(3, 4)), from_numpy(np.full(3, -100))
    assert math.isnan(fused_cross_entropy(x, t).item())
    assert fused_cross_entropy(x, t, reduction="sum").item() == 0.0


@pytest.mark.parametrize("bad", [4, -1, 2**40])
def test_a_target_that_is_no_class(bad: int) -> None:
    x, t = from_numpy(random(3, 4)), from_numpy(np.array([0, bad, 1]))
    with pytest.raises(IndexError, match=f"Target {bad} is out of bounds"):
        fused_cross_entropy(x, t)


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("soft", [False, True])
def test_weights_smoothing_and_probabilities(
    soft: bool, weighted: bool, smoothing: float, reduction: str
) -> None:
    n, classes = 9, 21
    target = np.random.default_rng(3).integers(0, classes, n)
    target[4] = -100
    probabilities = np.abs(random(n, classes, seed=2)).astype(np.float32)
    weight = np.abs(random(classes, seed=1)).astype(np.float32) if weighted else None

    def run(function: Callable[..., Tensor]) -> Callable[[Tensor], Tensor]:
        def of(x: Tensor) -> Tensor:
            return function(
                x,
                from_numpy(probabilities if soft else target),
                None if weight is None else from_numpy(weight),
                reduction=reduction,
                label_smoothing=smoothing,
            )

        return of

    compare(
        run(fused_cross_entropy),
        run(cross_entropy.composite),
        [(random(n, classes) * 5).astype(np.float32)],
        second=weighted and reduction == "mean",
    )


@pytest.mark.parametrize("shape", [(5, 7), (3, 7, 2, 4), (7,)])
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_negative_log_likelihood(shape: tuple[int, ...], reduction: str, weighted: bool) -> None:
    target = np.random.default_rng(3).integers(0, 7, (*shape[:1], *shape[2:])[: len(shape) - 1])
    if target.ndim:
        target.flat[1] = -100
    weight = from_numpy(np.abs(random(7, seed=1)).astype(np.float32)) if weighted else None

    def run(function: Callable[..., Tensor]) -> Callable[[Tensor], Tensor]:
        return lambda x: function(x, from_numpy(target), weight, -100, reduction, "nll_loss")

    array = random(*shape).astype(np.float32)
    compare(run(fused_picked), run(picked.composite), [array])


def test_a_label_that_is_no_class() -> None:
    with pytest.raises(IndexError, match="Target 4 is out of bounds"):
        nll_loss(from_numpy(random(2, 4)), from_numpy(np.array([0, 4])))


def test_a_target_written_before_backward_is_refused() -> None:
    x, t = from_numpy(random(3, 4).astype(np.float32)), from_numpy(np.array([0, 1, 2]))
    x.requires_grad = True
    y = fused_cross_entropy(x, t)
    t[0] = 3
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


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
    found = fused_cross_entropy(x, t, ignore_index=ignored, label_smoothing=smoothing)
    expected = cross_entropy.composite(x, t, ignore_index=ignored, label_smoothing=smoothing)
    assert found.item() == pytest.approx(expected.item())


def test_weights_probabilities_and_other_ranks() -> None:
    x, weight = from_numpy(random(6, 4)), from_numpy(np.abs(random(4)))
    t = from_numpy(np.array([0, 1, 2, 3, 2, 1]))
    soft = from_numpy(np.abs(random(6, 4, seed=1)))
    pixels, classes = from_numpy(random(2, 4, 3)), from_numpy(np.array([[0, 1, 2], [3, 2, 1]]))
    for arguments in ((x, t, weight), (x, soft), (pixels, classes), (x[0], t[0])):
        found, expected = fused_cross_entropy(*arguments), cross_entropy.composite(*arguments)
        assert found.item() == pytest.approx(expected.item())


def test_strided_scores_and_targets() -> None:
    x, t = from_numpy(random(4, 6)).permute(1, 0), from_numpy(np.arange(12) % 4)[::2]
    found, expected = fused_cross_entropy(x, t), cross_entropy.composite(x, t)
    assert found.item() == pytest.approx(expected.item())
    assert "cpu" in cross_entropy.overridden()
