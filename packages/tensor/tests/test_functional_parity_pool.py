"""Poolings of volumes, adaptive ones, by powers, and their inverses give PyTorch's numbers."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt

from .functional_oracle import Array, Case, assert_like_torch, normal, parametrize, whole

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

VOLUMES = [
    *(
        Case(f"max_pool3d {x} {o}", lambda F, x, o=o: F.max_pool3d(x, **o), [normal(*x)])
        for x in ((2, 3, 4, 5, 3), (2, 3, 4, 4))
        for o in (
            {"kernel_size": 2},
            {"kernel_size": (2, 3, 1), "stride": (1, 2, 1), "padding": (1, 1, 0)},
            {"kernel_size": 2, "dilation": (1, 2, 1), "ceil_mode": True},
        )
    ),
    *(
        Case(f"avg_pool3d {o}", lambda F, x, o=o: F.avg_pool3d(x, **o), [normal(2, 3, 4, 5, 3)])
        for o in (
            {"kernel_size": 2},
            {"kernel_size": 2, "stride": 1, "padding": 1, "count_include_pad": False},
            {"kernel_size": (2, 3, 2), "ceil_mode": True, "padding": (1, 0, 1)},
            {"kernel_size": 2, "divisor_override": 3},
        )
    ),
    *(
        Case(f"avg_pool{n}d of integers", lambda F, x, n=n: getattr(F, f"avg_pool{n}d")(x, 2), [x])
        for n, x in ((1, whole(9, 3, 5) - 5), (2, whole(9, 1, 3, 5) - 5), (3, whole(9, 1, 2, 3, 5)))
    ),
]


@parametrize(VOLUMES)
def test_a_pooling_of_volumes(case: Case) -> None:
    assert_like_torch(case)


ADAPTIVE = [
    *(
        Case(
            f"adaptive_{kind}_pool{n}d {x} {size}",
            lambda F, x, f=f"adaptive_{kind}_pool{n}d", size=size: getattr(F, f)(x, size),
            [normal(*x)],
        )
        for kind in ("avg", "max")
        for n, x, size in (
            (1, (2, 3, 7), 3),
            (1, (3, 7), (9,)),
            (2, (2, 3, 5, 7), (None, 3)),
            (2, (3, 5, 6), 2),
            (3, (1, 2, 3, 4, 5), (2, None, 3)),
            (3, (2, 3, 4, 3), 2),
        )
    ),
    Case("adaptive_max_pool1d to nothing", lambda F, x: F.adaptive_max_pool1d(x, 0),
         [normal(2, 3, 4)], gradients=False),
    Case("adaptive_max_pool2d of none", lambda F, x: F.adaptive_max_pool2d(x, 2),
         [normal(0, 3, 4, 4)], second=False),
]  # fmt: skip


@parametrize(ADAPTIVE)
def test_an_adaptive_pooling(case: Case) -> None:
    assert_like_torch(case)


@pytest.mark.parametrize(
    "x", [normal(2, 7), np.zeros((2, 7)), np.full((2, 7), -np.inf), whole(2, 2, 7).astype(float)]
)
def test_where_the_adaptive_maxima_are(x: Array) -> None:
    for part in (0, 1):
        for size in (1, 3, 7, 10):
            assert_like_torch(
                Case(
                    "adaptive_max_pool1d",
                    lambda F, x, part=part, size=size: F.adaptive_max_pool1d(x, size, True)[part],
                    [x],
                    gradients=False,
                )
            )


POWERS = [
    *(
        Case(
            f"lp_pool{n}d {p} {o}",
            lambda F, x, n=n, p=p, o=o: getattr(F, f"lp_pool{n}d")(x, p, **o),
            [np.abs(normal(*x)) + 0.1],
        )
        for n, x in ((1, (2, 3, 7)), (2, (3, 5, 6)), (3, (2, 3, 4, 3)))
        for p, o in (
            (2, {"kernel_size": 2}),
            (3.0, {"kernel_size": 3, "stride": 2, "ceil_mode": True}),
            (float("inf"), {"kernel_size": 2}),
            (-float("inf"), {"kernel_size": 2, "stride": 1}),
        )
    ),
    Case("lp_pool1d of zeros", lambda F, x: F.lp_pool1d(x, 2, 2), [np.zeros((1, 2, 4))],
         gradients=False),
    Case("lp_pool1d of negative numbers", lambda F, x: F.lp_pool1d(x, 3, 2), [-normal(1, 2, 4)],
         gradients=False),
    *(
        Case(f"local_response_norm {x}", lambda F, x: F.local_response_norm(x, 3, 0.1, 0.6, 2.0),
             [normal(*x)])
        for x in ((2, 5, 3), (2, 4, 3, 2), (1, 3, 2, 2, 2))
    ),
    Case("local_response_norm, even", lambda F, x: F.local_response_norm(x, 2), [normal(2, 5, 3)]),
]  # fmt: skip


@parametrize(POWERS)
def test_a_pooling_by_powers(case: Case) -> None:
    assert_like_torch(case)


INVERSES = [
    Case("max_unpool1d", lambda F, x, i: F.max_unpool1d(x, i, 2),
         [normal(2, 3, 2), np.array([[[0, 3], [1, 2], [1, 3]]] * 2)]),
    Case("max_unpool1d of one", lambda F, x, i: F.max_unpool1d(x, i, 2, output_size=(5,)),
         [normal(1, 2), np.array([[0, 3]])]),
    Case("max_unpool2d", lambda F, x, i: F.max_unpool2d(x, i, 2, output_size=(1, 1, 5, 4)),
         [normal(2, 1, 2, 2), np.array([[[[0, 19], [6, 8]]]] * 2)]),
    Case("max_unpool2d, padded", lambda F, x, i: F.max_unpool2d(x, i, 3, 2, 1),
         [normal(1, 2, 2), np.array([[[0, 2], [6, 8]]])]),
    Case("max_unpool2d of none", lambda F, x, i: F.max_unpool2d(x, i, 2),
         [normal(0, 1, 2, 2), np.zeros((0, 1, 2, 2), np.int64)], gradients=False),
    Case("max_unpool3d", lambda F, x, i: F.max_unpool3d(x, i, (1, 2, 2)),
         [normal(1, 2, 1, 2), np.array([[[[0, 7]], [[8, 10]]]])]),
]  # fmt: skip


@parametrize(INVERSES)
def test_an_inverse_of_pooling(case: Case) -> None:
    assert_like_torch(case)


def fractional(n: int, x: tuple[int, ...], part: int, **options: object) -> Case:
    """A fractional pooling whose random numbers come from a seed."""

    def call(F: ModuleType, x: Any) -> Any:
        (mt if F.__name__.startswith("minitorch") else torch).manual_seed(3)
        return getattr(F, f"fractional_max_pool{n}d_with_indices")(x, **options)[part]

    return Case(f"fractional_max_pool{n}d {x} {part} {options}", call, [normal(*x)])


NAN = float("nan")


@pytest.mark.parametrize("padding", [0, 1])
def test_of_several_nans_the_last_one_is_found(padding: int) -> None:
    x = np.array([[[1.0, NAN, NAN, 0.0, 2.0, 3.0], [NAN, NAN, 1.0, NAN, 7.0, NAN]]])
    for part in (0, 1):
        for call in (
            lambda F, x, k=part: F.max_pool1d(x, 3, padding=padding, return_indices=True)[k],
            lambda F, x, k=part: F.max_pool2d(x, (1, 3), padding=(0, padding),
                                              return_indices=True)[k],
            lambda F, x, k=part: F.adaptive_max_pool1d(x, 4, return_indices=True)[k],
        ):  # fmt: skip
            assert_like_torch(Case(f"nans {part}", call, [x], gradients=False))


FRACTIONAL = [
    case
    for part in (0, 1)
    for case in (
        fractional(2, (2, 3, 7, 8), part, kernel_size=2, output_size=(3, 4)),
        fractional(2, (3, 9, 8), part, kernel_size=(2, 3), output_ratio=(0.5, 0.6)),
        fractional(2, (3, 7, 8), part, kernel_size=2, output_size=1),
        fractional(3, (1, 2, 6, 7, 8), part, kernel_size=2, output_size=(3, 3, 4)),
        fractional(3, (2, 6, 5, 5), part, kernel_size=(1, 2, 1), output_size=3),
    )
]


@parametrize(FRACTIONAL)
def test_a_fractional_pooling(case: Case) -> None:
    assert_like_torch(case)
