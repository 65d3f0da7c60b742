"""Convolutions: the definition in six loops, windows and their transpose, and what is refused."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Tensor
from minitorch_tensor.functional.windows import Window, add_windows, reach, take_windows

Floats = NDArray[np.float64]


def by_definition(
    x: Floats, weight: Floats, stride: int, padding: int, dilation: int, groups: int
) -> Floats:
    """y[n, o, p, q] = sum_c,i,j w[o, c, i, j] * x[n, c, p * stride + i * dilation, ...]."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out, channels, kh, kw = weight.shape
    n, _, height, width = x.shape
    rows = (height - dilation * (kh - 1) - 1) // stride + 1
    columns = (width - dilation * (kw - 1) - 1) // stride + 1
    y = np.zeros((n, out, rows, columns))
    for s, o, p, q in np.ndindex(*y.shape):
        first = o // (out // groups) * channels
        for c, i, j in np.ndindex(channels, kh, kw):
            pixel = x[s, first + c, p * stride + i * dilation, q * stride + j * dilation]
            y[s, o, p, q] += weight[o, c, i, j] * pixel
    return y


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_conv2d_is_its_definition(stride: int, padding: int, dilation: int, groups: int) -> None:
    generator = np.random.default_rng(0)
    x = generator.standard_normal((2, 4, 6, 5))
    weight = generator.standard_normal((6, 4 // groups, 3, 2))
    y = F.conv2d(
        mt.tensor(x), mt.tensor(weight),
        stride=stride, padding=padding, dilation=dilation, groups=groups,
    )  # fmt: skip
    expected = by_definition(x, weight, stride, padding, dilation, groups)
    np.testing.assert_allclose(np.asarray(y.numpy(), np.float64), expected, atol=1e-12)
    assert y.is_contiguous()  # so that view() works on it


def test_conv1d_slides_a_difference_along_a_sequence() -> None:
    x = mt.tensor([[1.0, 2.0, 4.0, 8.0]])
    kernel = mt.tensor([[[-1.0, 1.0]]])
    assert F.conv1d(x, kernel).tolist() == [[1.0, 2.0, 4.0]]
    assert F.conv1d(x, kernel, mt.tensor([10.0]), stride=2).tolist() == [[11.0, 14.0]]
    assert F.conv1d(x, kernel, padding="same").tolist() == [[1.0, 2.0, 4.0, -8.0]]


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Any window over two dimensions that fits at least once."""
    kernel, stride, dilation, size, output = [], [], [], [], []
    for _ in range(2):
        k, s, d = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
        n = d * (k - 1) + 1 + draw(st.integers(0, 5))
        kernel.append(k)
        stride.append(s)
        dilation.append(d)
        size.append(n)
        output.append((n - d * (k - 1) - 1) // s + 1)
    return Window(
        tuple(kernel), tuple(stride), tuple(dilation), (0, 0), (0, 0), tuple(size), tuple(output)
    )


@given(windows(), st.integers(0, 2))
def test_adding_windows_is_the_transpose_of_taking_them(window: Window, batch: int) -> None:
    x = mt.randn(batch, *window.size, dtype=mt.float64)
    g = mt.randn(batch, *window.kernel, *window.output, dtype=mt.float64)
    left = (take_windows(x, window) * g).sum().item()
    right = (x * add_windows(g, x.shape, window)).sum().item()
    assert left == pytest.approx(right, abs=1e-10)


def test_taking_windows_copies_nothing() -> None:
    x = mt.arange(12.0).reshape(3, 4)
    window = Window((2, 2), (1, 2), (1, 1), (0, 0), (0, 0), (3, 4), (2, 2))
    seen = take_windows(x, window)
    assert seen.storage is x.storage
    assert seen[:, :, 1, 1].tolist() == [[6.0, 7.0], [10.0, 11.0]]


@pytest.mark.parametrize(
    ("size", "before", "kernel", "stride", "dilation"),
    list(itertools.product((3, 7), (0, 1), (1, 3), (1, 2), (1,))),
)
def test_reach_is_where_the_last_window_ends(
    size: int, before: int, kernel: int, stride: int, dilation: int
) -> None:
    for output in (1, 2, 3):
        end = (output - 1) * stride + dilation * (kernel - 1) + 1
        after = reach(size, before, kernel, stride, dilation, output)
        assert before + size + after >= end
        assert after == 0 or before + size + after == end


def test_the_gradient_of_a_weight_used_twice_adds_up() -> None:
    weight = mt.ones(1, 1, 1, 1, requires_grad=True)
    x = mt.tensor([[[[2.0]]]])
    F.conv2d(F.conv2d(x, weight), weight).sum().backward()
    assert weight.grad is not None
    assert weight.grad.item() == 4.0


def test_no_channels_give_the_bias() -> None:
    y = F.conv2d(mt.zeros(1, 0, 3, 3), mt.zeros(2, 0, 2, 2), mt.tensor([1.0, 2.0]))
    assert y.tolist() == [[[[1.0] * 2] * 2, [[2.0] * 2] * 2]]


X, W = (8, 4, 32, 32), (16, 4, 3, 3)


@pytest.mark.parametrize(
    ("x", "w", "options", "message"),
    [
        (
            (8, 3, 32, 32), W, {},
            r"conv2d: Given groups=1, weight of size \(16, 4, 3, 3\), expected input "
            r"\(8, 3, 32, 32\) to have 4 channels, but got 3 channels instead",
        ),
        (
            X, W, {"groups": 3},
            r"Given groups=3, expected weight to be divisible by 3 and not 0 at dimension 0, but "
            r"got weight of size \(16, 4, 3, 3\)",
        ),
        (X, (0, 4, 3, 3), {}, "divisible by 1 and not 0 at dimension 0"),
        (X, W, {"groups": 0}, r"non-positive groups is not supported, got \(0,\)"),
        (X, W, {"stride": 0}, r"non-positive stride is not supported, got \(0, 0\)"),
        (X, W, {"dilation": (1, -1)}, r"non-positive dilation is not supported, got \(1, -1\)"),
        (X, W, {"padding": -1}, r"negative padding is not supported, got \(-1, -1\)"),
        (X, W, {"padding": "full"}, "Invalid padding string: 'full'; expected 'valid' or 'same'"),
        (
            X, W, {"padding": "same", "stride": 2},
            r"padding='same' is not supported for strided convolutions, but got stride=\(2, 2\)",
        ),
        (X, W, {"stride": (1, 1, 1)}, r"a list of 2 values to match the dimensions, but got "
                                      r"stride=\(1, 1, 1\)"),
        (
            (8, 4, 2, 2), W, {},
            r"Calculated padded input size per channel: \(2, 2\). Kernel size: \(3, 3\) \(with "
            r"dilation\). Kernel size can't be greater than actual input size",
        ),
        ((8, 4, 0, 4), (2, 4, 1, 1), {}, r"padded input size per channel: \(0, 4\)"),
        ((8, 4), W, {}, r"Expected 3D \(unbatched\) or 4D \(batched\) input to conv2d, but got "
                        r"input of size: \(8, 4\)"),
        (X, (16, 4, 3), {}, r"expected a weight of 4 dimensions .*, but got \(16, 4, 3\)"),
        (X, (16, 4, 0, 3), {}, r"expected kernel sizes of at least 1, but got weight "
                               r"\(16, 4, 0, 3\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    x: tuple[int, ...], w: tuple[int, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(RuntimeError, match=message):
        F.conv2d(mt.zeros(x), mt.zeros(w), None, **options)


@pytest.mark.parametrize(
    ("w", "b", "message"),
    [
        (
            mt.zeros(2, 3, 1, 1), mt.zeros(3),
            r"conv2d: Given weight of size \(2, 3, 1, 1\), expected bias to be 1-dimensional with "
            r"2 elements, but got bias of size \(3,\) instead",
        ),
        (
            mt.zeros(2, 3, 1, 1, dtype=mt.float64), None,
            "conv2d: expected input and weight to have the same dtype, but got minitorch.float32 "
            "and minitorch.float64; convert one",
        ),
        (
            mt.zeros(2, 3, 1, 1), mt.zeros(2, dtype=mt.float64),
            "conv2d: expected input and bias to have the same dtype",
        ),
        (
            mt.zeros(2, 3, 1, 1, device="numpy"), None,
            "conv2d: expected input and weight on one device, but they are on cpu and numpy",
        ),
    ],
)  # fmt: skip
def test_a_weight_or_bias_of_another_kind_is_refused(
    w: Tensor, b: Tensor | None, message: str
) -> None:
    with pytest.raises(RuntimeError, match=message):
        F.conv2d(mt.zeros(1, 3, 4, 4), w, b)
