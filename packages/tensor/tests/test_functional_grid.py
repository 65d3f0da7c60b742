"""What grids refuse, and positions that are no numbers."""

import math
from collections.abc import Callable

import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Tensor

X, G = mt.ones(2, 3, 4, 5), mt.zeros(2, 6, 7, 2)
THETA = mt.ones(2, 2, 3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: F.grid_sample(X, G, "cubic"), ValueError, "expected mode to be 'bilinear', 'near"),
        (lambda: F.grid_sample(X, G, "nearest", "zero"), ValueError, "expected padding_mode to be"),
        (lambda: F.grid_sample(X, G[:1], align_corners=False), RuntimeError, "same batch size"),
        (lambda: F.grid_sample(X, G[..., :1], align_corners=False), RuntimeError, "have size 2 in"),
        (lambda: F.grid_sample(X[0], G, align_corners=False), RuntimeError, "same number of dimen"),
        (lambda: F.grid_sample(X[:, :, :0], G, align_corners=False), RuntimeError, "non-empty spa"),
        (lambda: F.grid_sample(X, G.double(), align_corners=False), RuntimeError, "the same dtype"),
        (
            lambda: F.grid_sample(X[..., None], mt.zeros(2, 1, 1, 1, 3), "bicubic", "zeros", True),
            RuntimeError,
            "bicubic interpolation only supports 4D input",
        ),
        (lambda: F.affine_grid(THETA.long(), (2, 3, 4, 5), False), ValueError, "floating point ty"),
        (lambda: F.affine_grid(THETA, (2, 3, 4), False), RuntimeError, "only supports 4D and 5D"),
        (lambda: F.affine_grid(THETA, (2, 3, 4, 5, 6), False), ValueError, "shape Nx3x4 for size"),
        (lambda: F.affine_grid(THETA, (2, 3, 0, 5), False), ValueError, "positive output size"),
        (lambda: F.affine_grid(THETA, (3, 3, 4, 5), False), RuntimeError, "for each of the 3 imag"),
    ],
)
def test_a_bad_argument_is_refused(
    call: Callable[[], Tensor], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_the_default_of_align_corners_warns() -> None:
    with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior"):
        F.grid_sample(X, G)
    with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior"):
        F.affine_grid(THETA, (2, 3, 4, 5))
    with pytest.warns(UserWarning, match="for unit-size grids"):
        F.affine_grid(THETA, (2, 3, 1, 5), True)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_a_position_that_is_no_number_reads_nothing_else(mode: str, padding: str) -> None:
    g = mt.tensor([[[[math.nan, 0.0], [math.inf, 0.0], [0.0, -math.inf], [0.0, 0.0]]]])
    y = F.grid_sample(mt.ones(1, 1, 3, 3), g, mode, padding, align_corners=False)
    assert y.shape == (1, 1, 1, 4)
    assert y[0, 0, 0, 3] == 1.0
