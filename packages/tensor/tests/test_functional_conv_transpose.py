"""What transposed convolutions, folds and unfolds refuse, and the law that binds them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Tensor

X, W = mt.ones(2, 3, 4), mt.ones(3, 5, 2)


@pytest.mark.parametrize(
    ("x", "weight", "options", "message"),
    [
        (X, W, {"output_padding": 1}, "output padding must be smaller than either stride or dil"),
        (X, W, {"stride": 2, "output_padding": -1}, "negative output_padding is not supported"),
        (X, W, {"padding": -1}, "negative padding is not supported"),
        (X, W, {"stride": 0}, "non-positive stride is not supported"),
        (X, W, {"dilation": 0}, "non-positive dilation is not supported"),
        (X, W, {"groups": 0}, "non-positive groups is not supported"),
        (X, W, {"groups": 2}, "expected weight to be divisible by 2"),
        (X, W, {"padding": 3}, r"Calculated output size per channel: \(-1,\)"),
        (X, mt.ones(4, 5, 2), {}, r"to have 4 channels, but got 3 channels instead"),
        (X, mt.ones(3, 5, 0), {}, r"and no size 0, but got \(3, 5, 0\)"),
        (X, W, {"bias": mt.ones(4)}, "expected bias to be 1-dimensional with 5 elements"),
        (X[0, 0], W, {}, r"Expected 2D \(unbatched\) or 3D \(batched\) input"),
        (X[:, :, :0], W, {}, r"Given input size per channel: \(0,\)"),
        (X.double(), W, {}, "expected input and weight to have the same dtype"),
    ],
)
def test_a_transposed_convolution_says_what_does_not_fit(
    x: Tensor, weight: Tensor, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(RuntimeError, match=f"conv_transpose1d: .*{message}"):
        F.conv_transpose1d(x, weight, **options)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 9), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2)
)
def test_it_is_the_transpose_of_a_convolution(
    length: int, kernel: int, stride: int, padding: int, dilation: int
) -> None:
    extent = dilation * (kernel - 1) + 1
    if extent > length + 2 * padding:
        return
    x = mt.randn(1, 4, length, dtype=mt.float64)
    w = mt.randn(2, 2, kernel, dtype=mt.float64)
    y = F.conv1d(x, w, None, stride, padding, dilation, 2)
    g = mt.randn(*y.shape, dtype=mt.float64)
    rest = (length + 2 * padding - extent) % stride
    back = F.conv_transpose1d(g, w, None, stride, padding, rest, 2, dilation)
    assert back.shape == x.shape
    assert float((y * g).sum()) == pytest.approx(float((x * back).sum()))


U = mt.ones(2, 3, 5, 6)
COLUMNS = mt.ones(2, 12, 20)


@pytest.mark.parametrize(
    ("x", "size", "options", "message"),
    [
        (U[0, 0], 2, {}, "Expected 3D or 4D"),
        (U[:, :0], 2, {}, "other non-zero dimensions for input"),
        (U.long(), 2, {}, "expected a floating point tensor, but got"),
        (U, 7, {}, r"shape of the array of sliding blocks as \(-1, 0\)"),
        (U, 0, {}, "kernel size should be greater than zero"),
        (U, (1, 2, 3), {}, "expected kernel_size to be a single integer value or a list of 2"),
        (U, 2, {"padding": -1}, "padding should be non-negative"),
        (U, 2, {"stride": 0}, "stride should be greater than zero"),
        (U, 2, {"dilation": 0}, "dilation should be greater than zero"),
    ],
)
def test_unfold_says_what_does_not_fit(
    x: Tensor, size: int, options: dict[str, int], message: str
) -> None:
    with pytest.raises(RuntimeError, match=f"unfold: .*{message}"):
        F.unfold(x, size, **options)


@pytest.mark.parametrize(
    ("x", "output", "kernel", "message"),
    [
        (COLUMNS[0, 0], (5, 6), 2, "Expected 2D or 3D"),
        (COLUMNS, (5, 5), 2, r"calculated number of sliding blocks 4 \* 4 = 16"),
        (COLUMNS, (1, 1), 2, r"sliding blocks 0 \* 0 = 0"),
        (COLUMNS, (5, 6), 3, "divisible by the product of kernel_size"),
        (COLUMNS, (5, 6, 7), 2, "expected output_size to be a single integer value or a list of 2"),
        (COLUMNS.long(), (5, 6), 2, "expected a floating point tensor"),
    ],
)
def test_fold_says_what_does_not_fit(
    x: Tensor, output: tuple[int, ...], kernel: int, message: str
) -> None:
    with pytest.raises(RuntimeError, match=f"fold: .*{message}"):
        F.fold(x, output, kernel)


def test_conv_tbc_says_what_has_another_rank() -> None:
    with pytest.raises(RuntimeError, match=r"conv_tbc: bias must have 1 dims, but got shape \(1,"):
        F.conv_tbc(mt.ones(5, 2, 3), mt.ones(2, 3, 4), mt.ones(1, 4))
