"""interpolate and pad against the composite of one dimension resampled."""

import numpy as np
import pytest

from minitorch_fast import get_num_threads, set_num_threads
from minitorch_fast.functional.resample import resample_in_one_pass
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.functional import interpolate, pad
from minitorch_tensor.functional.resample import Taps, resample, taps_of

from .fused_cases import Values, compare, random, values

MODES = ["nearest", "linear", "cubic"]


def moved(*picks: int) -> Taps:
    return Taps(np.array([picks], np.int64), None)


PADDED = [moved(2, 1, 0, 1, 2, 3, 4, 3), moved(0, 0, 0, 1, 2, 3, 4, 4), moved(4), moved(3, 1)]


def check(taps: Taps, dim: int, dtype: type[np.floating], second: bool) -> None:
    def fused(x: Tensor) -> Tensor:
        return resample_in_one_pass(x, dim, taps)

    def composite(x: Tensor) -> Tensor:
        return resample.composite(x, dim, taps)

    shape = [3, 4, 6]
    shape[dim] = 5
    tolerance = 2e-6 if dtype is np.float32 else 1e-13
    compare(fused, composite, [random(*shape).astype(dtype)], tolerance, second)


@pytest.mark.parametrize("dim", [0, 1, 2])
@pytest.mark.parametrize("m", [3, 11])
@pytest.mark.parametrize("mode", MODES)
def test_weighted_sums(mode: str, m: int, dim: int) -> None:
    dtype = np.float64 if mode == "cubic" and dim == 1 else np.float32
    name = np.dtype(dtype).name
    taps = taps_of(mode, 5, m, False, None, False, name)
    check(taps, dim, dtype, second=m == 3 and mode == "linear")


@pytest.mark.parametrize("dim", [0, 1, 2])
@pytest.mark.parametrize("taps", PADDED)
def test_elements_that_are_moved(taps: Taps, dim: int) -> None:
    check(taps, dim, np.float32, second=False)


def test_strided_input_nan_and_what_has_no_kernel() -> None:
    array = random(6, 5, 4).astype(np.float32)
    array[0, 0, 0] = np.nan
    x = from_numpy(array).permute(2, 0, 1)
    taps = taps_of("linear", 5, 7, False, None, False, "float32")
    found, expected = resample_in_one_pass(x, 2, taps), resample.composite(x, 2, taps)
    np.testing.assert_allclose(values(found), values(expected), rtol=1e-6)
    whole = from_numpy(np.arange(5))
    assert resample_in_one_pass(whole, 0, PADDED[0]).tolist() == [2, 1, 0, 1, 2, 3, 4, 3]
    assert resample_in_one_pass(x[:0], 2, taps).shape == (0, 6, 7)
    filtered = taps_of("linear", 5, 2, False, None, True, "float32")
    assert resample_in_one_pass(x, 2, filtered).shape == (4, 6, 2)


def test_any_number_of_threads() -> None:
    x, before = from_numpy(random(8, 4, 60, 50).astype(np.float32)), get_num_threads()
    x.requires_grad = True
    found: list[tuple[Values, Values]] = []
    try:
        for team in (1, 2, 4):
            set_num_threads(team)
            x.grad = None
            y = pad(interpolate(x, scale_factor=1.5, mode="bilinear"), (3, 2, 1, 2), "reflect")
            (y * y).sum().backward()
            assert x.grad is not None
            found.append((values(y), values(x.grad)))
    finally:
        set_num_threads(before)
    for other in found[1:]:
        assert all((a == b).all() for a, b in zip(found[0], other, strict=True))


def test_the_kernel_is_in_place() -> None:
    assert "cpu" in resample.overridden()
