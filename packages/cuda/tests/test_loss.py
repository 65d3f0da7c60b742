"""cross_entropy and nll_loss in the simulator against their composites."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from minitorch_cuda.functional.loss import fused_cross_entropy, fused_picked
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.dtype import DType, bfloat16, float16, float64
from minitorch_tensor.functional.loss import cross_entropy, nll_loss, picked

from .fused_cases import close, compare, on, random, values

pytestmark = pytest.mark.usefixtures("simulator")
Function = Callable[..., Tensor]


def classes_of(n: int, classes: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    target = np.random.default_rng(n).integers(0, classes, n)
    target[n // 2] = -100 if n > 1 else 0  # one that does not count
    return target


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("n", "classes"), [(5, 3), (1, 1), (40, 2), (2, 8), (2, 150)])
def test_same_as_the_composite(n: int, classes: int, reduction: str) -> None:
    def run(function: Function) -> Function:
        return lambda x, t: function(x, t, reduction=reduction)

    arrays = [random(n, classes) * 5, classes_of(n, classes)]
    compare(run(fused_cross_entropy), run(cross_entropy.composite), arrays, second=n == 5)


@pytest.mark.parametrize("dtype", [float64, float16, bfloat16], ids=str)
def test_other_floats(dtype: DType) -> None:
    arrays = [random(4, 5), classes_of(4, 5)]
    compare(fused_cross_entropy, cross_entropy.composite, arrays, dtype)
    compare(
        lambda x, t: fused_picked(x, t, None, -100, "none", "nll_loss"),
        lambda x, t: picked.composite(x, t, None, -100, "none", "nll_loss"),
        arrays,
        dtype,
    )


@pytest.mark.parametrize("scores", [[1e3, -1e3], [-1e30, 1e30], [-math.inf, 1.0], [math.nan, 1.0]])
@pytest.mark.parametrize("target", [0, 1])
def test_extreme_scores(scores: list[float], target: int) -> None:
    found = [
        function(on(device, np.array([scores])), on(device, np.array([target])))
        for function, device in ((fused_cross_entropy, "cuda"), (cross_entropy.composite, "numpy"))
    ]
    np.testing.assert_allclose(values(found[0]), values(found[1]), rtol=1e-6)


def test_nothing_that_counts_gives_nan() -> None:
    x, t = on("cuda", random(3, 4)), on("cuda", np.full(3, -100))
    y = fused_cross_entropy(x, t)
    assert math.isnan(y.item())
    total = fused_cross_entropy(x, t, reduction="sum")
    assert total.item() == 0.0
    total.backward()
    assert x.grad is not None
    assert values(x.grad).tolist() == [[0.0] * 4] * 3


@pytest.mark.parametrize("bad", [4, -1, 2**40])
def test_a_target_that_is_no_class(bad: int) -> None:
    x, t = on("cuda", random(3, 4)), on("cuda", np.array([0, bad, 1]))
    with pytest.raises(IndexError, match=f"Target {bad} is out of bounds"):
        fused_cross_entropy(x, t)
    with pytest.raises(IndexError, match=f"Target {bad} is out of bounds. nll_loss"):
        nll_loss(x, t)


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("soft", [False, True])
def test_weights_smoothing_and_probabilities(
    soft: bool, weighted: bool, smoothing: float, reduction: str
) -> None:
    n, classes = 5, 18
    probabilities = np.abs(random(n, classes, seed=2)).astype(np.float32)
    target = from_numpy(probabilities if soft else classes_of(n, classes))
    weight = from_numpy(np.abs(random(classes, seed=1)).astype(np.float32))

    def run(function: Function) -> Function:
        def of(x: Tensor) -> Tensor:
            return function(
                x,
                target.to(x.device),
                weight.to(x.device) if weighted else None,
                reduction=reduction,
                label_smoothing=smoothing,
            )

        return of

    second = weighted and reduction == "mean"
    arrays = [random(n, classes) * 5]
    compare(run(fused_cross_entropy), run(cross_entropy.composite), arrays, second=second)


@pytest.mark.parametrize("shape", [(5, 7), (3, 7, 2, 4), (7,)])
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_negative_log_likelihood(shape: tuple[int, ...], reduction: str, weighted: bool) -> None:
    target = np.random.default_rng(3).integers(0, 7, (*shape[:1], *shape[2:])[: len(shape) - 1])
    if target.ndim:
        target.flat[1] = -100
    weight = from_numpy(np.abs(random(7, seed=1)).astype(np.float32))

    def run(function: Function) -> Function:
        def of(x: Tensor, t: Tensor) -> Tensor:
            weights = weight.to(x.device) if weighted else None
            return function(x, t, weights, -100, reduction, "nll_loss")

        return of

    compare(run(fused_picked), run(picked.composite), [random(*shape), np.asarray(target)])


def test_a_target_written_before_backward_is_refused() -> None:
    x, t = on("cuda", random(3, 4)), on("cuda", np.array([0, 1, 2]))
    y = fused_cross_entropy(x, t)
    t[0] = 3
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_what_has_no_kernel_takes_the_way_of_the_composite() -> None:
    results = []
    for device in ("cuda", "numpy"):
        weight = on(device, np.abs(random(4)))
        pixels, t = on(device, random(2, 4, 3)), on(device, np.array([[0, 1, 2], [3, 2, 1]]))
        y = cross_entropy(pixels, t, weight)
        y.backward()
        results.append([y, pixels.grad, weight.grad])
    for mine, expected in zip(*results, strict=True):
        close(mine, expected, 1e-5)


def test_strided_scores_and_targets() -> None:
    found = []
    for device, function in (("cuda", fused_cross_entropy), ("numpy", cross_entropy.composite)):
        x, t = on(device, random(4, 6)).permute(1, 0), on(device, np.arange(12) % 4)[::2]
        found.append(function(x, t, ignore_index=2))
    close(found[0], found[1], 1e-6)
    assert "cuda" in cross_entropy.overridden()
    assert "cuda" in picked.overridden()
