"""The fused normalisations against their composites."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from minitorch_fast import get_num_threads, set_num_threads
from minitorch_fast.functional import norm as kernels
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.functional.norm import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    rms_norm,
)

from .fused_cases import compare, random, values

Arrays = list[npt.NDArray[np.generic]]
Function = Callable[..., Tensor]


def arrays(shape: Sequence[int], parameters: Sequence[int], affine: bool) -> Arrays:
    """The input, shifted, so that its mean counts; a weight and a bias if wanted."""
    made: Arrays = [(random(*shape) * 2 + 3).astype(np.float32)]
    if affine:
        made += [random(*parameters, seed=i).astype(np.float32) for i in (1, 2)]
    return made


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize(
    ("shape", "normalized"),
    [((5, 7), (7,)), ((2, 3, 40), (3, 40)), ((70, 1000), (1000,)), ((6,), (6,)), ((3, 2), (2,))],
)
def test_layer_norm(shape: tuple[int, ...], normalized: tuple[int, ...], affine: bool) -> None:
    given = arrays(shape, normalized, affine)

    def run(function: Function) -> Function:
        return lambda x, *affine: function(x, normalized, *affine, eps=1e-3)

    second = given[0].size < 500
    compare(run(kernels.fused_layer_norm), run(layer_norm.composite), given, 5e-5, second)

    def root(function: Function) -> Function:
        return lambda x, *affine: function(x, normalized, *affine[:1])

    compare(root(kernels.fused_rms_norm), root(rms_norm.composite), given[:2], 5e-5, second)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", [(6, 3), (5, 4, 3), (4, 3, 5, 7), (70, 16, 8, 9), (2, 3, 1, 2)])
def test_batch_norm(shape: tuple[int, ...], training: bool, affine: bool) -> None:
    given = arrays(shape, shape[1:2], affine)
    followed = []

    def run(function: Function) -> Function:
        running = [from_numpy(np.abs(random(shape[1], seed=i)).astype(np.float32)) for i in (3, 4)]
        followed.append(running)
        return lambda x, *affine: function(
            x, *running, *(affine or (None, None)), training=training, momentum=0.3
        )

    fused, composite = run(kernels.fused_batch_norm), run(batch_norm.composite)
    compare(fused, composite, given, 5e-5, given[0].size < 500)
    for found, expected in zip(*followed, strict=True):
        np.testing.assert_allclose(values(found), values(expected), rtol=1e-4)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("shape", [(2, 6, 5), (3, 4, 5, 7), (70, 8, 11, 11)])
def test_group_norm_and_instance_norm(shape: tuple[int, ...], affine: bool) -> None:
    given = arrays(shape, shape[1:2], affine)

    def groups(function: Function) -> Function:
        return lambda x, *affine: function(x, 2, *affine)

    def instances(function: Function) -> Function:
        return lambda x, *affine: function(x, None, None, *affine)

    second = given[0].size < 500
    compare(groups(kernels.fused_group_norm), groups(group_norm.composite), given, 5e-5, second)
    compare(
        instances(kernels.fused_instance_norm), instances(instance_norm.composite), given, 5e-5,
        second,
    )  # fmt: skip


def test_float64() -> None:
    given: Arrays = [random(4, 3, 5), random(3, seed=1), random(3, seed=2)]
    for training in (False, True):

        def run(function: Function, training: bool = training) -> Function:
            running = from_numpy(np.zeros(3)), from_numpy(np.ones(3))
            return lambda x, *affine: function(x, *running, *affine, training=training)

        fused, composite = run(kernels.fused_batch_norm), run(batch_norm.composite)
        compare(fused, composite, given, 1e-12)


def test_strided_inputs_and_empty_ones() -> None:
    x = from_numpy(random(5, 3, 4).astype(np.float32)).permute(2, 1, 0)
    pairs: list[tuple[Tensor, Tensor]] = [
        (kernels.fused_layer_norm(x, (3, 5)), layer_norm.composite(x, (3, 5))),
        (kernels.fused_group_norm(x, 3), group_norm.composite(x, 3)),
        (
            kernels.fused_batch_norm(x, None, None, training=True),
            batch_norm.composite(x, None, None, training=True),
        ),
    ]
    for found, expected in pairs:
        np.testing.assert_allclose(values(found), values(expected), rtol=1e-4, atol=1e-5)
    assert kernels.fused_layer_norm(from_numpy(random(0, 3)), (3,)).shape == (0, 3)


def test_a_large_mean_costs_no_precision() -> None:
    x = from_numpy((random(64, 3, 16) + 1000).astype(np.float32))
    y = values(kernels.fused_batch_norm(x, None, None, training=True))
    np.testing.assert_allclose(y.std((0, 2)), 1.0, atol=1e-3)


def test_nan_stays_in_its_row() -> None:
    array = random(3, 40).astype(np.float32)
    array[1, 7] = np.nan
    y = values(kernels.fused_layer_norm(from_numpy(array), (40,)))
    assert np.isnan(y[1]).all()
    assert not np.isnan(y[[0, 2]]).any()


def test_running_statistics_written_before_backward_are_refused() -> None:
    x, mean, var = (from_numpy(a) for a in (random(3, 2), np.zeros(2), np.ones(2)))
    x.requires_grad = True
    y = kernels.fused_batch_norm(x, mean, var)
    mean.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_threads_change_no_bit() -> None:
    array, weight = random(301, 4, 60).astype(np.float32), random(60, seed=1).astype(np.float32)
    before, results = get_num_threads(), []
    for threads in (1, 2, 4):
        set_num_threads(threads)
        x, w = from_numpy(array), from_numpy(weight)
        x.requires_grad = w.requires_grad = True
        y = kernels.fused_layer_norm(x, (60,), w)
        z = kernels.fused_batch_norm(y, None, None, training=True)
        (z * from_numpy(array[::-1].copy())).backward(from_numpy(array))
        assert x.grad is not None
        assert w.grad is not None
        results.append(np.concatenate([values(a).ravel() for a in (y, z, x.grad, w.grad)]))
    set_num_threads(before)
    assert all(np.array_equal(other, results[0]) for other in results[1:])
