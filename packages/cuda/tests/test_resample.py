"""interpolate and pad in the simulator, against the composite of one dimension resampled."""

import numpy as np
import pytest

from minitorch_cuda.functional.resample import resample_fused
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import DType, bfloat16, float16, float32, float64
from minitorch_tensor.functional import interpolate
from minitorch_tensor.functional.resample import Taps, resample, taps_of

from .fused_cases import close, compare, on, random, values

pytestmark = pytest.mark.usefixtures("simulator")


def moved(*picks: int) -> Taps:
    return Taps(np.array([picks], np.int64), None)


PADDED = [moved(2, 1, 0, 1, 2, 3, 4, 3), moved(0, 0, 0, 1, 2, 3, 4, 4), moved(4), moved(3, 1)]


def check(taps: Taps, dim: int, dtype: DType = float32, second: bool = False) -> None:
    def fused(x: Tensor) -> Tensor:
        return resample_fused(x, dim, taps)

    def composite(x: Tensor) -> Tensor:
        return resample.composite(x, dim, taps)

    shape = [2, 2, 3]
    shape[dim] = 5
    compare(fused, composite, [random(*shape)], dtype, second)


@pytest.mark.parametrize("dim", [0, 1, 2])
@pytest.mark.parametrize("m", [3, 7])
@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_weighted_sums(mode: str, m: int, dim: int) -> None:
    check(taps_of(mode, 5, m, False, None, False, "float32"), dim, second=mode == "linear")


@pytest.mark.parametrize("taps", PADDED)
def test_elements_that_are_moved(taps: Taps) -> None:
    check(taps, 1)


def test_a_filter_whose_taps_do_not_all_count() -> None:
    taps = taps_of("linear", 5, 3, False, None, True, "float32")
    assert taps.inside is not None
    check(taps, 2)


@pytest.mark.parametrize("dtype", [float64, float16, bfloat16], ids=str)
def test_other_floats(dtype: DType) -> None:
    kind = "float64" if dtype is float64 else "float32"
    check(taps_of("linear", 5, 7, False, None, False, kind), 1, dtype)


def test_a_view_infinities_and_zeros_with_a_sign() -> None:
    array = random(5, 3, 2)
    array[0, 0, 0], array[1, 1, 1], array[2, 2, 0] = np.nan, np.inf, -0.0
    x = on("cuda", array).detach().permute(2, 1, 0)
    taps = moved(4, 2, 2, 0)
    found = resample_fused(x, 2, taps)
    expected = resample.composite(x.to("numpy"), 2, taps)
    assert np.array_equal(values(found), values(expected), equal_nan=True)
    assert np.array_equal(np.signbit(values(found)), np.signbit(values(expected)))


def test_integers_and_empty_ones_take_the_way_of_the_composite() -> None:
    x = on("cuda", np.arange(5))
    assert resample_fused(x, 0, PADDED[0]).tolist() == [2, 1, 0, 1, 2, 3, 4, 3]
    empty = on("cuda", np.zeros((0, 5))).detach()
    assert resample_fused(empty, 1, PADDED[0]).shape == (0, 8)


def test_the_kernel_is_in_place() -> None:
    assert "cuda" in resample.overridden()
    y = interpolate(on("cuda", random(1, 1, 3, 2)).detach(), scale_factor=2, mode="bilinear")
    x = on("numpy", random(1, 1, 3, 2)).detach()
    close(y, interpolate(x, scale_factor=2, mode="bilinear"), 1e-6)
