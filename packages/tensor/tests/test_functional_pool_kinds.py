"""What adaptive, fractional, inverse and power poolings refuse."""

from collections.abc import Callable

import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Tensor

X = mt.ones(2, 3, 7, 8)
INDEX = mt.zeros(2, 3, 7, 8, dtype=mt.int64)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: F.adaptive_max_pool2d(X.long(), 2), RuntimeError, "expected a floating point"),
        (lambda: F.adaptive_max_pool2d(X, (1, 2, 3)), RuntimeError, "must be one number or 2"),
        (lambda: F.adaptive_max_pool2d(X, -1), RuntimeError, "greater than or equal to 0"),
        (lambda: F.adaptive_max_pool1d(X, 2), RuntimeError, "Expected 2 to 3 dimensions"),
        (lambda: F.adaptive_avg_pool3d(X[:, :0], 2), RuntimeError, "non-zero size"),
        (lambda: F.fractional_max_pool2d(X, 2), ValueError, "either an output_size or an output_r"),
        (lambda: F.fractional_max_pool2d(X, 2, 8), RuntimeError, "pool size 2 too large relative"),
        (lambda: F.fractional_max_pool2d(X, 0, 2), RuntimeError, "kernel_size must be at least 1"),
        (lambda: F.fractional_max_pool2d(X, 2, -1), RuntimeError, "output_size must be at least 0"),
        (lambda: F.fractional_max_pool2d(X, (2, 2, 2), 3), RuntimeError, "or a list of 2 values"),
        (lambda: F.fractional_max_pool3d(X, 1, 7), RuntimeError, "pool size 1 too large relative"),
        (
            lambda: F.fractional_max_pool2d(X, 2, 3, (0.5,) * 3, False, X[0]),
            RuntimeError,
            r"_random_samples of shape \(2, 3, 2\)",
        ),
        (
            lambda: F.fractional_max_pool2d(X, 2, None, (0.5, 0.5, 0.5)),
            ValueError,
            "a single number or 2 of them",
        ),
        (
            lambda: F.fractional_max_pool2d(X, 2, 3, _random_samples=X.double()),
            RuntimeError,
            "same dtype as input",
        ),
        (lambda: F.max_unpool2d(X, INDEX.int(), 2), RuntimeError, "should be type int64"),
        (lambda: F.max_unpool2d(X, INDEX[:1], 2), RuntimeError, "Expected shape of indices to be"),
        (lambda: F.max_unpool2d(X, INDEX + 999, 2), RuntimeError, "invalid max index: 999"),
        (lambda: F.max_unpool2d(X, INDEX - 1, 2), RuntimeError, "of size 14x16"),
        (lambda: F.max_unpool2d(X.long(), INDEX, 2), RuntimeError, "expected a floating point"),
        (lambda: F.max_unpool1d(X, INDEX, 2), RuntimeError, "should be a 2d or 3d Tensor"),
        (
            lambda: F.max_unpool2d(X, INDEX, 2, output_size=(3, 14, 16)),
            ValueError,
            "sequence containing 2 or 4 elements",
        ),
        (
            lambda: F.max_unpool2d(X, INDEX, 2, output_size=(14, 20)),
            ValueError,
            r"dim 1 must be between 14 and 18",
        ),
        (lambda: F.lp_pool2d(X, 0, 2), ZeroDivisionError, "norm_type must not be 0"),
        (lambda: F.lp_pool2d(X.int(), 2, 2), RuntimeError, "expected a floating point"),
        (lambda: F.local_response_norm(X[0, 0], 2), ValueError, r"input \(got 2 dimensions\)"),
        (lambda: F.local_response_norm(X, 0), RuntimeError, "size must be positive, but got 0"),
    ],
)
def test_a_pooling_says_what_does_not_fit(
    call: Callable[[], Tensor], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        call()
