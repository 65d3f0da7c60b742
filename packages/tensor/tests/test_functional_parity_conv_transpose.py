"""Transposed and volumetric convolutions, and the folding of windows, give PyTorch's numbers."""

import numpy as np
import pytest

from .functional_oracle import Case, assert_like_torch, normal, parametrize

pytestmark = pytest.mark.parity


def transposed(n: int, x: tuple[int, ...], w: tuple[int, ...], **options: object) -> Case:
    """A transposed convolution with a bias."""
    groups = options.get("groups", 1)
    assert isinstance(groups, int)
    return Case(
        f"conv_transpose{n}d {x} {w} {options}",
        lambda F, x, w, b: getattr(F, f"conv_transpose{n}d")(x, w, b, **options),
        [normal(*x), normal(*w), normal(w[1] * groups, 1)[:, 0]],
        second=0 not in x,
    )


TRANSPOSED = [
    transposed(1, (2, 3, 4), (3, 5, 2)),
    transposed(1, (2, 3, 4), (3, 5, 3), stride=2, padding=1, output_padding=1),
    transposed(1, (2, 4, 4), (4, 2, 2), groups=2, dilation=3, output_padding=2),
    transposed(1, (3, 4), (3, 1, 2), groups=3, padding=2),
    transposed(1, (0, 3, 4), (3, 5, 2)),
    transposed(2, (2, 3, 4, 3), (3, 2, 3, 2), stride=(2, 3), padding=(1, 0), output_padding=(0, 2)),
    transposed(2, (3, 4, 3), (3, 2, 1, 1), stride=3),
    transposed(2, (1, 2, 3, 3), (2, 1, 3, 3), stride=2, padding=2, dilation=2, groups=2),
    transposed(3, (2, 2, 2, 3, 2), (2, 3, 2, 2, 2), stride=(1, 2, 1), padding=(0, 1, 0)),
    transposed(3, (2, 1, 2, 2), (2, 1, 1, 2, 2), groups=2),
    Case(
        "conv_transpose2d without bias, of transposed images",
        lambda F, x, w: F.conv_transpose2d(x.transpose(2, 3), w, stride=2),
        [normal(2, 3, 4, 3), normal(3, 2, 2, 2)],
    ),
    Case(
        "conv_transpose1d in float32",
        lambda F, x, w: F.conv_transpose1d(x, w, stride=2),
        [normal(2, 3, 4).astype(np.float32), normal(3, 2, 3).astype(np.float32)],
        second=False,
        tolerance=1e-5,
    ),
]


@parametrize(TRANSPOSED)
def test_a_transposed_convolution(case: Case) -> None:
    assert_like_torch(case)


def volume(x: tuple[int, ...], w: tuple[int, ...], **options: object) -> Case:
    """A convolution of volumes with a bias."""
    return Case(
        f"conv3d {x} {w} {options}",
        lambda F, x, w, b: F.conv3d(x, w, b, **options),
        [normal(*x), normal(*w), normal(w[0], 1)[:, 0]],
    )


VOLUMES = [
    volume((2, 3, 4, 3, 4), (4, 3, 2, 3, 1)),
    volume((2, 4, 3, 3, 3), (4, 2, 2, 2, 2), stride=(1, 2, 1), padding=1, groups=2),
    volume((4, 3, 3, 4), (2, 4, 3, 1, 3), padding="same"),
    volume((4, 4, 3, 4), (2, 2, 2, 1, 2), dilation=(1, 1, 2), padding="valid", groups=2),
    Case(
        "conv_tbc",
        lambda F, x, w, b: F.conv_tbc(x, w, b, 1),
        [normal(5, 2, 3), normal(2, 3, 4), normal(4)],
        second=False,  # PyTorch has none
    ),
]


@parametrize(VOLUMES)
def test_a_convolution_of_volumes_or_of_time_first(case: Case) -> None:
    assert_like_torch(case)


FOLDS = [
    *(
        Case(f"unfold {o}", lambda F, x, o=o: F.unfold(x, **o), [normal(2, 3, 5, 6)])
        for o in (
            {"kernel_size": 2},
            {"kernel_size": (2, 3), "dilation": 2, "padding": (1, 0), "stride": (1, 2)},
            {"kernel_size": 3, "padding": 4, "stride": 3},
        )
    ),
    Case("unfold one image", lambda F, x: F.unfold(x, 2), [normal(3, 5, 6)]),
    Case("unfold bools", lambda F, x: F.unfold(x, 2, padding=1), [normal(3, 5, 6) > 0]),
    Case("unfold no images", lambda F, x: F.unfold(x, 2), [normal(0, 3, 5, 6)], second=False),
    *(
        Case(f"fold {o}", lambda F, x, o=o: F.fold(x, (5, 6), **o), [normal(2, 12, n)])
        for n, o in (
            (20, {"kernel_size": 2}),
            (9, {"kernel_size": 2, "stride": 2, "padding": (1, 0)}),
            (12, {"kernel_size": (4, 3), "stride": (1, 2), "dilation": (1, 2), "padding": (1, 2)}),
        )
    ),
    Case("fold one image", lambda F, x: F.fold(x, 3, 2), [normal(8, 4)]),
]


@parametrize(FOLDS)
def test_windows_as_columns(case: Case) -> None:
    assert_like_torch(case)
