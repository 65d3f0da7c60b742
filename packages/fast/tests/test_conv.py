"""conv2d by shifted planes against its composite."""

import numpy as np
import pytest

from minitorch_fast.functional.conv import conv2d_planes
from minitorch_tensor import Tensor, from_numpy, no_grad
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.conv import Padding, conv2d

from .fused_cases import compare, random, values

CASES: list[tuple[tuple[int, ...], tuple[int, ...], Ints, Padding, Ints, int]] = [
    ((2, 3, 8, 8), (5, 3, 3, 3), 1, 0, 1, 1),
    ((2, 3, 8, 9), (4, 3, 3, 2), 1, (2, 1), 1, 1),
    ((3, 4, 9, 11), (6, 4, 3, 2), 2, 1, 1, 1),
    ((3, 4, 9, 11), (6, 4, 3, 2), (2, 3), (1, 0), 1, 1),
    ((3, 4, 12, 11), (6, 4, 3, 3), 1, 1, 2, 1),
    ((2, 4, 12, 15), (6, 4, 3, 3), (3, 2), (0, 2), (2, 3), 1),
    ((3, 4, 9, 11), (6, 2, 3, 3), 1, 0, 1, 2),
    ((2, 4, 9, 11), (8, 1, 3, 3), 2, 1, 1, 4),
    ((2, 3, 9, 11), (3, 1, 3, 3), 1, "same", 2, 3),
    ((3, 4, 9, 11), (3, 4, 1, 1), 3, 0, 1, 1),  # windows that leave gaps
    ((1, 1, 5, 5), (1, 1, 5, 5), 1, 0, 1, 1),
    ((2, 2, 5, 5), (3, 2, 2, 2), 1, 3, 1, 1),  # more padding than kernel
    ((4, 8, 9), (6, 4, 3, 3), 1, "same", 1, 1),  # without a batch
    ((1, 2, 20, 300), (3, 2, 3, 3), 1, 1, 1, 1),  # rows in several pieces
    ((9, 1, 4, 4), (2, 1, 2, 2), 1, 0, 1, 1),  # several images a block
]


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize(("x", "w", "stride", "padding", "dilation", "groups"), CASES)
def test_same_as_the_composite(
    x: tuple[int, ...],
    w: tuple[int, ...],
    stride: Ints,
    padding: Padding,
    dilation: Ints,
    groups: int,
    with_bias: bool,
) -> None:
    if len(x) == 3:
        w = (w[0], x[0], *w[2:])
    arrays = [random(*x).astype(np.float32), random(*w).astype(np.float32)]
    if with_bias:
        arrays.append(random(w[0]).astype(np.float32))

    def fused(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
        return conv2d_planes(x, w, b, stride, padding, dilation, groups)

    def composite(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
        return conv2d.composite(x, w, b, stride, padding, dilation, groups)

    compare(fused, composite, arrays, second=x[-1] < 12)


@pytest.mark.parametrize("images", [1, 3, 41])
def test_many_images_on_several_threads(images: int) -> None:
    arrays = [random(images, 3, 14, 14), random(6, 3, 5, 5), random(6)]
    compare(conv2d_planes, conv2d.composite, arrays, tolerance=1e-10, second=False)


def test_any_layout_of_the_operands() -> None:
    x = from_numpy(random(6, 7, 3, 2).astype(np.float32)).permute(3, 2, 0, 1)
    w = from_numpy(random(8, 3, 3, 3).astype(np.float32))[1:6]
    found, expected = conv2d_planes(x, w), conv2d.composite(x, w)
    np.testing.assert_allclose(values(found), values(expected), rtol=1e-5, atol=1e-5)


def test_only_gradients_that_are_wanted() -> None:
    x, w = (from_numpy(random(*shape)) for shape in ((2, 1, 5, 5), (2, 1, 3, 3)))
    w.requires_grad = True
    conv2d_planes(x, w).sum().backward()
    assert x.grad is None
    assert w.grad is not None


def test_infinities_stay_where_they_are() -> None:
    image = np.zeros((1, 1, 6, 6), np.float32)
    image[0, 0, 5, 5] = np.inf
    y = conv2d_planes(from_numpy(image), from_numpy(np.ones((1, 1, 3, 3), np.float32)))
    assert np.isinf(values(y)[0, 0, 3, 3])
    assert np.isfinite(values(y)).sum() == 15


@pytest.mark.parametrize("dtype", [np.int64, np.int32])
def test_integers_take_the_way_of_the_composite(dtype: type[np.generic]) -> None:
    x, w = (from_numpy(np.arange(16).reshape(1, 1, 4, 4).astype(dtype)) for _ in range(2))
    assert conv2d_planes(x, w).tolist() == conv2d.composite(x, w).tolist()


def test_an_empty_batch() -> None:
    y = conv2d_planes(from_numpy(np.zeros((0, 1, 4, 4))), from_numpy(np.zeros((2, 1, 3, 3))))
    assert y.shape == (0, 2, 2, 2)


def test_bad_arguments_have_the_message_of_the_composite() -> None:
    x, w = from_numpy(np.zeros((1, 3, 8, 8))), from_numpy(np.zeros((2, 4, 3, 3)))
    with pytest.raises(RuntimeError, match=r"conv2d: .*to have 4 channels, but got 3 channels"):
        conv2d_planes(x, w)


def test_conv2d_runs_this_kernel() -> None:
    assert "cpu" in conv2d.overridden()
    with no_grad():
        y = conv2d(from_numpy(np.ones((1, 1, 3, 3))), from_numpy(np.ones((1, 1, 3, 3))))
    assert y.tolist() == [[[[9.0]]]]
