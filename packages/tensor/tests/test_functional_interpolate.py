"""What resampling and shuffling refuse, and laws they keep."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Tensor

X = mt.ones(2, 8, 3, 4)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({}, ValueError, "either size or scale_factor should be defined"),
        ({"size": 2, "scale_factor": 2}, ValueError, "only one of size or scale_factor"),
        ({"size": 2, "align_corners": False}, ValueError, "can only be set with the interpolating"),
        ({"size": (2, 3, 4)}, ValueError, r"spatial dimensions of \(3, 4\) and output size of \(2"),
        ({"scale_factor": (2.0,)}, ValueError, r"scale_factor \(2.0,\)"),
        ({"size": 2, "recompute_scale_factor": True}, ValueError, "not meaningful with an explici"),
        ({"size": (2.5, 1)}, TypeError, "expected size to be ints"),
        ({"size": 2, "antialias": True}, ValueError, "restricted to bilinear, bicubic, and lanczo"),
        ({"size": 2, "mode": "lanczos"}, ValueError, "Lanczos mode requires antialias=True"),
        ({"size": 2, "mode": "linear"}, RuntimeError, "Got 4D input, but linear mode needs 3D"),
        ({"size": 2, "mode": "cubic"}, RuntimeError, r"nearest-exact \(got cubic\)"),
        ({"size": 0}, RuntimeError, "should be greater than 0, but got input"),
        ({"scale_factor": 0.1}, RuntimeError, r"output size \(0, 0\)"),
    ],
)
def test_interpolate_says_what_does_not_fit(
    options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=f"interpolate: .*{message}"):
        F.interpolate(X, **options)


def test_interpolate_refuses_ranks_and_integers() -> None:
    with pytest.raises(RuntimeError, match=r"supported \(got 2D\)"):
        F.interpolate(X[0, 0], 2)
    with pytest.raises(RuntimeError, match="expected a floating point tensor"):
        F.interpolate(X.long(), 2)


def test_old_names_warn() -> None:
    for call in (F.upsample, F.upsample_nearest, F.upsample_bilinear):
        with pytest.warns(UserWarning, match="Use `nn.functional.interpolate` instead"):
            assert call(X, 6).shape == (2, 8, 6, 6)


def test_an_infinity_reaches_only_its_neighbours() -> None:
    x = mt.tensor([[[math.inf, 1.0, 2.0, 3.0, 4.0, 5.0]]])
    assert F.interpolate(x, 3, mode="linear").isfinite().tolist() == [[[False, True, True]]]
    y = F.interpolate(x.unsqueeze(2), (1, 2), mode="bilinear", antialias=True)
    assert y.isfinite().tolist() == [[[[False, True]]]]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from(["bilinear", "bicubic", "lanczos"]))
def test_a_constant_image_stays_constant(n: int, m: int, mode: str) -> None:
    x = mt.full((1, 1, n, n), 3.0, dtype=mt.float64)
    y = F.interpolate(x, m, mode=mode, antialias=True)
    assert y.sub(3.0).abs().max().item() < 1e-11


def test_a_copy_is_returned_even_for_the_same_size() -> None:
    y = F.interpolate(X, (3, 4))
    assert y.data_ptr() != X.data_ptr()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: F.pixel_shuffle(X, 3), r"input.size\(-3\)=8 is not divisible by 9"),
        (lambda: F.pixel_shuffle(X, 0), "a positive upscale_factor, but got 0"),
        (lambda: F.pixel_shuffle(X[0, 0], 1), "at least 3 dimensions, but got input with 2"),
        (lambda: F.pixel_unshuffle(X, 2), r"height to be divisible .* input.size\(-2\)=3"),
        (lambda: F.channel_shuffle(X, 3), "Got 8 channels and 3 groups"),
        (lambda: F.channel_shuffle(X, 0), "a positive number of groups, but got 0"),
        (lambda: F.channel_shuffle(X[0, 0], 2), "at least 3 dimensions"),
    ],
)
def test_a_shuffle_says_what_does_not_fit(call: Callable[[], Tensor], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        call()


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_unshuffling_undoes_shuffling(r: int, c: int, h: int, w: int) -> None:
    x = mt.arange(c * r * r * h * w).reshape(c * r * r, h, w)
    assert mt.equal(F.pixel_unshuffle(F.pixel_shuffle(x, r), r), x)
