"""Resampling and the shuffling of pixels give PyTorch's numbers."""

from typing import Any

import numpy as np
import pytest

from .functional_oracle import Case, assert_like_torch, normal, parametrize, whole

pytestmark = pytest.mark.parity

SHAPES = {3: (2, 3, 7), 4: (2, 3, 5, 7), 5: (1, 2, 3, 4, 5)}
SIZES: list[dict[str, Any]] = [
    {"size": 11},
    {"size": 3},
    {"size": 1},
    {"scale_factor": 2},
    {"scale_factor": 1.7},
    {"scale_factor": 0.6},
    {"scale_factor": 1.7, "recompute_scale_factor": True},
    {"scale_factor": 1.0},
]

SMALLER: list[dict[str, Any]] = [*SIZES, {"size": (2, 12)}]


def case(ndim: int, mode: str, dtype: str = "float64", **options: Any) -> Case:
    """One call of interpolate."""
    return Case(
        f"interpolate {ndim}d {mode} {dtype} {options}",
        lambda F, x: F.interpolate(x, mode=mode, **options),
        [normal(*SHAPES[ndim]).astype(dtype)],
        second=dtype == "float64" and not options.get("antialias"),
        tolerance=1e-9 if dtype == "float64" else 1e-5,
    )


RESAMPLED = [
    *(
        case(ndim, mode, **o)
        for ndim in SHAPES
        for mode in ("nearest", "nearest-exact", "area")
        for o in SIZES
    ),
    *(
        case(ndim, mode, align_corners=align, **o)
        for ndim, mode in ((3, "linear"), (4, "bilinear"), (5, "trilinear"), (4, "bicubic"))
        for align in (None, True)
        for o in SIZES
    ),
    *(
        case(4, mode, antialias=True, align_corners=align, **o)
        for mode in ("bilinear", "bicubic", "lanczos")
        for align in (None, True)
        if not (mode == "lanczos" and align)
        for o in SMALLER
    ),
    *(
        case(4, mode, "float32", **o)
        for mode in ("nearest", "nearest-exact", "bilinear", "bicubic")
        for o in SIZES
    ),
    case(4, "bilinear", size=(4, 9)),
    case(4, "bicubic", scale_factor=(1.2, 0.7)),
    Case("nearest of uint8", lambda F, x: F.interpolate(x, 5), [whole(9, 1, 2, 3).astype("u1")]),
    Case("bilinear of none", lambda F, x: F.interpolate(x, 5, mode="bilinear"),
         [np.zeros((0, 2, 3, 4))], gradients=False),
    Case("linear to the same size", lambda F, x: F.interpolate(x, 7, mode="linear"),
         [normal(2, 3, 7)]),
]  # fmt: skip


@parametrize(RESAMPLED)
def test_a_resampling(case: Case) -> None:
    assert_like_torch(case)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 17, 33, 100])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_nearest_elements_for_many_sizes(n: int, dtype: str) -> None:
    x = np.arange(n).astype(dtype).reshape(1, 1, n)
    for mode in ("nearest", "nearest-exact"):
        for m in (1, 2, 3, 7, 49, 99, 101):
            assert_like_torch(
                Case(mode, lambda F, x, m=m, o=mode: F.interpolate(x, m, mode=o), [x],
                     gradients=False)
            )  # fmt: skip
        for factor in (0.3, 1.1, 2.3):
            if int(n * factor):
                assert_like_torch(
                    Case(mode, lambda F, x, f=factor, o=mode: F.interpolate(x, None, f, o), [x],
                         gradients=False)
                )  # fmt: skip


SHUFFLES = [
    Case("pixel_shuffle", lambda F, x: F.pixel_shuffle(x, 2), [normal(2, 8, 3, 4)]),
    Case("pixel_shuffle, more", lambda F, x: F.pixel_shuffle(x, 3), [normal(2, 1, 9, 1, 2)]),
    Case("pixel_shuffle of none", lambda F, x: F.pixel_shuffle(x, 2), [normal(0, 4, 3, 4)],
         gradients=False),
    Case("pixel_unshuffle", lambda F, x: F.pixel_unshuffle(x, 2), [normal(2, 2, 6, 4)]),
    Case("pixel_unshuffle, less", lambda F, x: F.pixel_unshuffle(x, 1), [normal(2, 6, 4)]),
    Case("pixel_shuffle of integers", lambda F, x: F.pixel_shuffle(x, 2), [whole(9, 4, 2, 2)]),
    Case("channel_shuffle", lambda F, x: F.channel_shuffle(x, 2), [normal(2, 6, 3)]),
    Case("native_channel_shuffle", lambda F, x: F.native_channel_shuffle(x, 3),
         [normal(2, 6, 3, 1)], gradients=False),
]  # fmt: skip


@parametrize(SHUFFLES)
def test_a_shuffle(case: Case) -> None:
    assert_like_torch(case)
