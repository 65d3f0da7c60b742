"""Pooling in the simulator against the composites on the CPU; whole numbers, so there are ties."""

from collections.abc import Callable

import numpy as np
import pytest

from minitorch_cuda import count_synchronizations
from minitorch_cuda.functional import pool as kernels
from minitorch_tensor import Tensor, no_grad
from minitorch_tensor.dtype import DType, bfloat16, float16, float32, float64
from minitorch_tensor.functional.adaptive_pool import adaptive_maxima, adaptive_means
from minitorch_tensor.functional.avg_pool import mean_of_windows
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.fractional_pool import fractional_max_pool2d_with_indices
from minitorch_tensor.functional.pool import max_of_windows, max_pool2d_values, pooling
from minitorch_tensor.layout import Shape

from .fused_cases import Values, close, compare, on, random, values

pytestmark = pytest.mark.usefixtures("simulator")

# shape, kernel, stride, padding, dilation, ceil_mode
CASES: list[tuple[Shape, Ints, Ints | None, Ints, Ints, bool]] = [
    ((2, 1, 4, 4), 2, None, 0, 1, False),
    ((1, 2, 5, 3), 2, None, 0, 1, False),  # a row and a column are left over
    ((2, 6, 4), 3, 2, 1, 1, False),
    ((1, 1, 5, 7), (3, 2), (1, 2), (1, 1), 1, True),
    ((1, 1, 5, 6), 2, 1, 0, 2, False),
    ((1, 1, 2, 2), 2, None, 1, 1, False),
    ((1, 2, 9), 3, 2, 1, 1, True),
    ((1, 1, 3, 4, 5), (3, 2, 3), (1, 2, 2), 1, 1, True),
]


def rank(shape: Shape) -> int:
    return 1 if shape[-1] == 9 else 3 if len(shape) == 5 else 2


def whole(shape: Shape) -> Values:
    return np.round(random(*shape) * 2)


@pytest.mark.parametrize(("shape", "kernel", "stride", "padding", "dilation", "ceil"), CASES)
def test_maxima(
    shape: Shape, kernel: Ints, stride: Ints | None, padding: Ints, dilation: Ints, ceil: bool
) -> None:
    array = whole(shape)
    n, name = rank(shape), "max_pool"
    window = pooling(name, n, on("numpy", array), kernel, stride, padding, dilation, ceil)
    places: list[Tensor] = []

    def run(function: Callable[..., tuple[Tensor, Tensor]]) -> Callable[[Tensor], Tensor]:
        def found(x: Tensor) -> Tensor:
            y, where = function(x, window, name)
            places.append(where)
            return y

        return found

    fused, composite = run(kernels.max_of_windows_fused), run(max_of_windows.composite)
    compare(fused, composite, [array], second=shape == (1, 2, 5, 3))
    assert places[0].dtype is places[1].dtype
    assert places[0].tolist() == places[1].tolist()
    if n == 2:
        with no_grad():
            numbers = (kernel, stride, padding, dilation, ceil)
            found = kernels.max_pool2d_fused(on("cuda", array), *numbers)
            expected = max_pool2d_values.composite(on("numpy", array), *numbers)
        assert np.array_equal(values(found), values(expected))


@pytest.mark.parametrize("include", [False, True])
@pytest.mark.parametrize(
    ("shape", "kernel", "stride", "padding", "dilation", "ceil"),
    [case for case in CASES if case[4] == 1],
)
def test_means(
    shape: Shape, kernel: Ints, stride: Ints | None, padding: Ints, dilation: Ints, ceil: bool,
    include: bool,
) -> None:  # fmt: skip
    n = rank(shape)
    array = random(*shape)
    window = pooling("avg_pool", n, on("numpy", array), kernel, stride, padding, dilation, ceil)
    divisor = 3 if include and n == 3 else None

    def run(function: Callable[..., Tensor]) -> Callable[[Tensor], Tensor]:
        return lambda x: function(x, window, include, divisor)

    fused, composite = run(kernels.mean_of_windows_fused), run(mean_of_windows.composite)
    compare(fused, composite, [array], second=shape == (1, 2, 5, 3))


@pytest.mark.parametrize(
    ("shape", "output"),
    [((1, 2, 9), (4,)), ((1, 2, 5, 7), (4, 3)), ((2, 3, 4), (1, 1)), ((1, 1, 5, 4, 3), (2, 3, 2)),
     ((2, 4), (6,)), ((1, 1, 4, 4), (0, 2))],
)  # fmt: skip
def test_adaptive(shape: Shape, output: Shape) -> None:
    array = whole(shape)
    compare(
        lambda x: kernels.adaptive_means_fused(x, output),
        lambda x: adaptive_means.composite(x, output),
        [array],
    )
    compare(
        lambda x: kernels.adaptive_maxima_fused(x, output)[0],
        lambda x: adaptive_maxima.composite(x, output)[0],
        [array],
    )
    found = kernels.adaptive_maxima_fused(on("cuda", array), output)[1]
    assert found.tolist() == adaptive_maxima.composite(on("numpy", array), output)[1].tolist()


@pytest.mark.parametrize(("kernel", "padding"), [(2, 0), (3, 1)])
def test_nan_and_infinities(kernel: int, padding: int) -> None:
    array = random(2, 2, 4, 4)
    array[0, 0, 1, 1] = array[0, 0, 2, 2] = array[0, 0, 2, 3] = np.nan
    array[0, 1] = -np.inf
    array[1, 0, 1:3, 1:3] = np.inf
    window = pooling("max_pool2d", 2, on("numpy", array), kernel, None, padding, 1, False)
    results = []
    for function, device in (
        (kernels.max_of_windows_fused, "cuda"),
        (max_of_windows.composite, "numpy"),
    ):
        x = on(device, array)
        y, where = function(x, window, "max_pool2d")
        y.sum().backward()
        assert x.grad is not None
        results.append((values(y), values(x.grad), values(where)))
    for found, expected in zip(*results, strict=True):
        assert np.array_equal(found, expected, equal_nan=True)


@pytest.mark.parametrize("dtype", [float64, float16, bfloat16], ids=str)
def test_other_floats_and_views(dtype: DType) -> None:
    window = pooling("pool", 2, on("numpy", random(1, 4, 5)), 2, 1, 0, 1, False)
    array = random(4, 5, 1)

    def turned(function: Callable[..., Tensor]) -> Callable[[Tensor], Tensor]:
        return lambda x: function(x.permute(2, 0, 1))

    compare(
        turned(lambda x: kernels.mean_of_windows_fused(x, window, False, None)),
        turned(lambda x: mean_of_windows.composite(x, window, False, None)),
        [array],
        dtype,
    )
    compare(
        turned(lambda x: kernels.max_of_windows_fused(x, window, "pool")[0]),
        turned(lambda x: max_of_windows.composite(x, window, "pool")[0]),
        [array],
        dtype,
    )


def test_integers_and_windows_in_the_padding_take_the_way_of_the_composite() -> None:
    x = on("cuda", np.arange(16).reshape(1, 4, 4))
    assert kernels.max_pool2d_fused(x, 2).tolist() == [[[5, 7], [13, 15]]]
    with pytest.raises(RuntimeError, match="holds no element"):
        kernels.max_pool2d_fused(on("cuda", random(1, 1, 1)), 2, 1, 1, 2)


@pytest.mark.parametrize("dtype", [float32, bfloat16], ids=str)
def test_windows_at_random_places_are_made_on_the_device(dtype: DType) -> None:
    found = []
    with count_synchronizations() as waited:
        for device in ("cuda", "numpy"):
            samples = on(device, np.linspace(0, 0.99, 6).reshape(1, 3, 2), dtype).detach()
            x = on(device, random(1, 3, 7, 9), dtype)
            y, places = fractional_max_pool2d_with_indices(x, (2, 3), (4, 1), None, True, samples)
            y.sum().backward()
            assert x.grad is not None
            found.append((y, places, x.grad))
    assert waited.total == 0, waited
    for mine, expected in zip(*found, strict=True):
        close(mine, expected, 0.0)
