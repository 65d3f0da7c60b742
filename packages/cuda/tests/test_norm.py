"""The normalisations in the simulator against their composites."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from minitorch_cuda.functional import norm as kernels
from minitorch_cuda.functional.batch_norm import fused_batch_norm
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import DType, bfloat16, float16, float64
from minitorch_tensor.functional.norm import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    rms_norm,
)

from .fused_cases import Values, close, compare, on, random, values
from .helpers import plans_of_launches

pytestmark = pytest.mark.usefixtures("simulator")
Function = Callable[..., Tensor]


def arrays(shape: Sequence[int], parameters: Sequence[int], affine: bool) -> list[Values]:
    """The input, shifted, so that its mean counts; a weight and a bias if wanted."""
    made = [random(*shape) * 2 + 3]
    return made + [random(*parameters, seed=i) for i in (1, 2)] if affine else made


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize(
    ("shape", "normalized"),
    [((5, 7), (7,)), ((2, 3, 4), (3, 4)), ((1, 150), (150,)), ((6,), (6,)), ((40, 2), (2,))],
)
def test_layer_norm(shape: tuple[int, ...], normalized: tuple[int, ...], affine: bool) -> None:
    given = arrays(shape, normalized, affine)

    def run(function: Function) -> Function:
        return lambda x, *affine: function(x, normalized, *affine, eps=1e-3)

    second = shape == (5, 7)
    compare(run(kernels.fused_layer_norm), run(layer_norm.composite), given, second=second)

    def root(function: Function) -> Function:
        return lambda x, *affine: function(x, normalized, *affine[:1])

    compare(root(kernels.fused_rms_norm), root(rms_norm.composite), given[:2], second=second)


def batches(
    function: Function, shape: Sequence[int], training: bool
) -> tuple[Function, list[Tensor]]:
    """batch_norm of an input, with running statistics on its device, which are returned too."""
    kept: list[Tensor] = []

    def of(x: Tensor, *affine: Tensor) -> Tensor:
        if not kept:
            for i in (3, 4):
                kept.append(on(x.device.type, np.abs(random(shape[1], seed=i)), x.dtype).detach())
        w, b = affine or (None, None)
        return function(x, kept[0], kept[1], w, b, training=training, momentum=0.3)

    return of, kept


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", [(6, 3), (5, 4, 3), (3, 2, 3, 4), (1, 1, 150)])
def test_batch_norm(shape: tuple[int, ...], training: bool, affine: bool) -> None:
    given = arrays(shape, shape[1:2], affine)
    fused, mine = batches(fused_batch_norm, shape, training)
    composite, expected = batches(batch_norm.composite, shape, training)
    compare(fused, composite, given, second=shape == (6, 3))
    for found, other in zip(mine, expected, strict=True):
        close(found, other, 1e-4)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("shape", [(2, 6, 5), (3, 4, 2, 2)])
def test_group_norm_and_instance_norm(shape: tuple[int, ...], affine: bool) -> None:
    given = arrays(shape, shape[1:2], affine)

    def groups(function: Function) -> Function:
        return lambda x, *affine: function(x, 2, *affine)

    def instances(function: Function) -> Function:
        return lambda x, *affine: function(x, None, None, *affine)

    second = shape == (2, 6, 5)
    compare(groups(kernels.fused_group_norm), groups(group_norm.composite), given, second=second)
    fused, composite = kernels.fused_instance_norm, instance_norm.composite
    compare(instances(fused), instances(composite), given, second=second)


@pytest.mark.parametrize("dtype", [float64, float16, bfloat16], ids=str)
def test_other_floats(dtype: DType) -> None:
    given = [random(4, 3, 8), random(3, seed=1), random(3, seed=2)]
    for training in (False, True):
        fused, _ = batches(fused_batch_norm, (4, 3, 8), training)
        composite, _ = batches(batch_norm.composite, (4, 3, 8), training)
        compare(fused, composite, given, dtype)

    def rows(function: Function) -> Function:
        return lambda x, w, b: function(x, (4,), w, b)

    given = [random(3, 4), random(4, seed=1), random(4, seed=2)]
    compare(rows(kernels.fused_layer_norm), rows(layer_norm.composite), given, dtype)


def test_strided_inputs_and_empty_ones() -> None:
    results = []
    for device, functions in (
        ("cuda", (kernels.fused_layer_norm, kernels.fused_group_norm, fused_batch_norm)),
        ("numpy", (layer_norm.composite, group_norm.composite, batch_norm.composite)),
    ):
        x = on(device, random(5, 3, 4)).permute(2, 1, 0)
        layers, groups, batch = functions
        results.append([layers(x, (3, 5)), groups(x, 3), batch(x, None, None, training=True)])
    for mine, expected in zip(*results, strict=True):
        close(mine, expected, 1e-4)
    assert kernels.fused_layer_norm(on("cuda", random(0, 3)), (3,)).shape == (0, 3)


def test_a_large_mean_costs_no_precision() -> None:
    x = on("cuda", random(8, 2, 8) + 1000)
    y = values(fused_batch_norm(x, None, None, training=True, eps=0.0))
    np.testing.assert_allclose(y.std((0, 2)), 1.0, atol=1e-3)


def test_nan_stays_in_its_row() -> None:
    array = random(3, 10)
    array[1, 7] = np.nan
    y = values(kernels.fused_layer_norm(on("cuda", array), (10,)))
    assert np.isnan(y[1]).all()
    assert not np.isnan(y[[0, 2]]).any()


def test_running_statistics_written_before_backward_are_refused() -> None:
    x, mean, var = (on("cuda", a) for a in (random(3, 2), np.zeros(2), np.ones(2)))
    y = fused_batch_norm(x, mean.detach(), var.detach())
    mean.detach().add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_running_statistics_that_follow_count_as_written() -> None:
    x, mean, var = (on("cuda", a).detach() for a in (random(3, 2), np.zeros(2), np.ones(2)))
    before = mean.storage.version
    fused_batch_norm(x, mean, var, training=True)
    assert mean.storage.version == before + 1
    assert "cuda" in batch_norm.overridden()


def test_a_new_momentum_needs_no_new_plan() -> None:
    with plans_of_launches() as plans:
        x, mean, var = (on("cuda", random(*shape)).detach() for shape in ((4, 3), (3,), (3,)))
        for momentum in (0.5, 0.25):
            fused_batch_norm(x, mean, var, training=True, momentum=momentum)
    first, second = (plan for plan in plans if plan.given)
    assert first.kernel.name == "channel_moments_kernel"
    assert first is second
