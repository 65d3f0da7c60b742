"""Linear maps, convolutions, poolings, paddings and embeddings give PyTorch's numbers."""

import numpy as np
import pytest
from numpy.typing import NDArray

from .functional_oracle import Case, assert_like_torch, normal, parametrize, whole

pytestmark = pytest.mark.parity

Options = dict[str, object]


def conv(n: int, x: tuple[int, ...], w: tuple[int, ...], **options: object) -> Case:
    """A convolution with a bias, of an input and weights of these shapes."""
    return Case(
        f"conv{n}d {x} {w} {options}",
        lambda F, x, w, b: getattr(F, f"conv{n}d")(x, w, b, **options),
        [normal(*x), normal(*w), normal(w[0], 1)[:, 0]],
        second=0 not in x,
    )


CONVOLUTIONS = [
    conv(2, (2, 3, 7, 6), (4, 3, 3, 3)),
    conv(2, (2, 3, 7, 6), (4, 3, 3, 2), stride=2, padding=1),
    conv(2, (2, 4, 7, 6), (6, 2, 3, 3), groups=2, dilation=2, padding=(2, 1)),
    conv(2, (2, 4, 7, 6), (4, 1, 3, 3), groups=4, stride=(1, 3)),
    conv(2, (0, 3, 5, 5), (4, 3, 3, 3)),
    conv(2, (3, 5, 5), (4, 3, 5, 5)),
    conv(2, (2, 3, 7, 6), (4, 3, 2, 2), stride=3),
    conv(2, (2, 3, 7, 6), (4, 3, 3, 3), padding="same", dilation=2),
    conv(2, (2, 3, 7, 6), (4, 3, 4, 2), padding="valid"),
    conv(2, (1, 1, 1, 1), (1, 1, 1, 1)),
    conv(2, (2, 2, 8, 8), (1, 2, 2, 2), stride=4, padding=1),
    conv(1, (2, 3, 7), (4, 3, 3)),
    conv(1, (2, 4, 7), (4, 2, 3), stride=2, padding=2, dilation=2, groups=2),
    conv(1, (3, 7), (4, 3, 7)),
    Case(
        "conv2d without bias",
        lambda F, x, w: F.conv2d(x, w, padding=1),
        [normal(2, 3, 5, 4), normal(4, 3, 3, 3)],
    ),
    Case(
        "conv2d of transposed images",
        lambda F, x, w: F.conv2d(x.transpose(2, 3), w.transpose(0, 1)),
        [normal(2, 3, 5, 4), normal(3, 4, 3, 3)],
    ),
    Case(
        "conv2d in float32",
        lambda F, x, w: F.conv2d(x, w, padding=1),
        [normal(2, 3, 5, 4).astype(np.float32), normal(4, 3, 3, 3).astype(np.float32)],
        second=False,
        tolerance=1e-5,
    ),
    Case(
        "conv2d of integers",
        lambda F, x, w: F.conv2d(x, w, padding=1),
        [whole(9, 2, 3, 5, 4), whole(9, 4, 3, 3, 3)],
    ),
]


@parametrize(CONVOLUTIONS)
def test_a_convolution(case: Case) -> None:
    assert_like_torch(case)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_a_convolution_with_an_even_kernel_and_same_padding() -> None:
    assert_like_torch(conv(2, (2, 3, 7, 6), (4, 3, 4, 2), padding="same"))


WINDOWS: list[Options] = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 2, "ceil_mode": True},
    {"kernel_size": (2, 1), "stride": (3, 1)},
    {"kernel_size": 3, "stride": 3, "padding": 1, "ceil_mode": True},
    {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True},
    {"kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": True},
]
IMAGES = [(2, 3, 7, 6), (3, 5, 5), (0, 2, 4, 4)]
POOLINGS = [
    *(
        Case(f"max_pool2d {x} {o}", lambda F, x, o=o: F.max_pool2d(x, **o), [normal(*x)])
        for x in IMAGES
        for o in [*WINDOWS, {"kernel_size": 2, "dilation": 2, "stride": 1, "padding": 1}]
        if 0 not in x
    ),
    *(
        Case(
            f"avg_pool2d {x} {o}",
            lambda F, x, o=o: F.avg_pool2d(x, **o),
            [normal(*x)],
            second=0 not in x,
        )
        for x in IMAGES
        for window in WINDOWS
        for more in ({}, {"count_include_pad": False}, {"divisor_override": 3})
        for o in [window | more]
    ),
    *(
        Case(f"{name} {x} {o}", lambda F, x, f=name, o=o: getattr(F, f)(x, **o), [normal(*x)])
        for name in ("max_pool1d", "avg_pool1d")
        for x in ((2, 3, 7), (3, 5))
        for o in WINDOWS[:3]
    ),
    *(
        Case(
            f"adaptive_avg_pool2d {x} {o}",
            lambda F, x, o=o: F.adaptive_avg_pool2d(x, o),
            [normal(*x)],
            second=0 not in x,
        )
        for x in IMAGES
        for o in (1, 2, 3, (None, 2), (7, 7), (8, 9))
    ),
    Case(
        "adaptive_avg_pool2d to nothing",
        lambda F, x: F.adaptive_avg_pool2d(x, (5, 0)),
        [normal(2, 3, 4, 4)],
        gradients=False,
    ),
    Case(
        "adaptive_avg_pool1d",
        lambda F, x: F.adaptive_avg_pool1d(x, 3),
        [normal(2, 3, 7)],
    ),
]


@parametrize(POOLINGS)
def test_a_pooling(case: Case) -> None:
    assert_like_torch(case)


@pytest.mark.parametrize("options", WINDOWS, ids=str)
@pytest.mark.parametrize(
    "x",
    [
        normal(2, 3, 7, 6),
        np.zeros((2, 3, 7, 6)),
        np.full((2, 3, 7, 6), -np.inf),
        np.full((2, 3, 7, 6), np.iinfo(np.int64).min),
        normal(2, 3, 6, 7).swapaxes(2, 3),
        np.zeros((0, 3, 7, 6)),
    ],
    ids=["normal", "equal", "-inf", "smallest int", "transposed", "empty"],
)
def test_where_the_maxima_are(x: NDArray[np.generic], options: Options) -> None:
    for part in (0, 1):
        assert_like_torch(
            Case(
                f"max_pool2d {part}",
                lambda F, x, part=part: F.max_pool2d(x, return_indices=True, **options)[part],
                [x],
                gradients=False,
            )
        )


PADDINGS = [
    *(
        Case(
            f"pad {pad} {mode}",
            lambda F, x, p=pad, m=mode: F.pad(x, p, mode=m),
            [normal(2, 3, 5) if len(pad) == 2 else normal(2, 3, 4, 5)],
        )
        for pad in ((1, 2), (1, 2, 0, 1), (-1, 2), (-2, -1, 3, 0))
        for mode in ("constant", "reflect", "replicate", "circular")
        if mode == "constant" or len(pad) == 2 or min(pad) >= 0
    ),
    Case("pad by a value", lambda F, x: F.pad(x, (1, 1, 2, 0), value=3.5), [normal(3, 4)]),
    Case("pad integers", lambda F, x: F.pad(x, (1, 1)), [whole(9, 2, 3)]),
]


@parametrize(PADDINGS)
def test_a_padding(case: Case) -> None:
    assert_like_torch(case)


LINEAR = [
    *(
        Case(
            f"linear {shapes}",
            lambda F, x, w, b: F.linear(x, w, b),
            [normal(*shape) for shape in shapes],
            second=0 not in shapes[0],
        )
        for shapes in [
            ((2, 3), (5, 3), (5,)),
            ((3,), (5, 3), (5,)),
            ((2, 4, 3), (5, 3), (5,)),
            ((0, 3), (5, 3), (5,)),
            ((2, 3), (5, 3), (1,)),
        ]
    ),
    *(
        Case(
            f"bilinear {shapes}",
            lambda F, x, y, w, b: F.bilinear(x, y, w, b),
            [normal(*shape) for shape in shapes],
        )
        for shapes in [
            ((2, 3), (2, 4), (5, 3, 4), (5,)),
            ((3,), (4,), (5, 3, 4), (5,)),
            ((2, 1, 3), (2, 1, 4), (5, 3, 4), (5,)),
        ]
    ),
]


@parametrize(LINEAR)
def test_a_linear_map(case: Case) -> None:
    assert_like_torch(case)


EMBEDDINGS = [
    *(
        Case(
            f"embedding {index} {options}",
            lambda F, i, w, o=options: F.embedding(i, w, **o),
            [np.array(index), normal(5, 3)],
            second="scale_grad_by_freq" not in options,
        )
        for index in ([0, 2, 2], [[1, 4], [0, 0]], 3)
        for options in (
            {},
            {"padding_idx": 2},
            {"padding_idx": -5},
            {"scale_grad_by_freq": True},
            {"scale_grad_by_freq": True, "padding_idx": 0},
        )
    ),
    Case(
        "embedding of no index",
        lambda F, i, w: F.embedding(i, w),
        [np.zeros((0, 2), np.int64), normal(5, 3)],
        second=False,  # PyTorch cannot
    ),
    *(
        Case(
            f"embedding, rows shrunk by norm {p}",
            lambda F, i, w, p=p: F.embedding(i, w, max_norm=1.0, norm_type=p),
            [np.array([0, 2, 2]), normal(5, 3) * 3],
            gradients=False,
        )
        for p in (2.0, 1.0)
    ),
    Case("one_hot", lambda F, x: F.one_hot(x), [np.array([[0, 2], [1, 1]])]),
    Case("one_hot of one", lambda F, x: F.one_hot(x, 4), [np.array(2)]),
    Case("one_hot of none", lambda F, x: F.one_hot(x, 4), [np.zeros(0, np.int64)]),
]


@parametrize(EMBEDDINGS)
def test_an_embedding(case: Case) -> None:
    assert_like_torch(case)


def attention(
    query: tuple[int, ...],
    key: tuple[int, ...],
    value: tuple[int, ...],
    *masks: NDArray[np.generic],
    **options: object,
) -> Case:
    """Attention with or without a mask."""
    return Case(
        f"attention {query} {key} {value} {[m.dtype for m in masks]} {options}",
        lambda F, q, k, v, *m: F.scaled_dot_product_attention(q, k, v, *m, **options),
        [normal(*query), normal(*key), normal(*value), *masks],
        second=False,  # PyTorch's own kernel has none
        constant=(3,),
    )


FIRST_SEES_NOTHING = np.arange(3)[:, None] > np.arange(5)
ATTENTION = [
    attention((2, 3, 4), (2, 5, 4), (2, 5, 6)),
    attention((2, 3, 4), (2, 5, 4), (2, 5, 6), is_causal=True, scale=0.3),
    attention((2, 3, 4), (2, 5, 4), (2, 5, 6), normal(3, 5)),
    attention((2, 3, 4), (2, 5, 4), (2, 5, 6), FIRST_SEES_NOTHING),
    attention((2, 3, 4), (2, 5, 4), (2, 5, 6), np.where(FIRST_SEES_NOTHING, 1.0, -np.inf)),
    attention((2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4), is_causal=True),
    attention((2, 6, 3, 4), (2, 2, 5, 4), (2, 3, 5, 6), enable_gqa=True),
]


@parametrize(ATTENTION)
def test_attention(case: Case) -> None:
    assert_like_torch(case)
