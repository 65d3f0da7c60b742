"""Grids and samples at them give PyTorch's numbers."""

import numpy as np
import pytest

from .functional_oracle import Case, assert_like_torch, normal, parametrize

pytestmark = pytest.mark.parity

GRIDS = [
    Case(f"affine_grid {size} {align}",
         lambda F, theta, size=size, align=align: F.affine_grid(theta, size, align),
         [normal(2, len(size) - 2, len(size) - 1)])
    for size in ((2, 3, 4, 5), (2, 1, 1, 3), (2, 3, 2, 3, 4))
    for align in (False, True)
    if not (align and 1 in size[2:])
]  # fmt: skip


@parametrize(GRIDS)
def test_an_affine_grid(case: Case) -> None:
    assert_like_torch(case)


def sample(mode: str, padding: str, align: bool, *shapes: tuple[int, ...]) -> Case:
    """Positions of which a third lie outside."""
    return Case(
        f"grid_sample {mode} {padding} {align} {shapes}",
        lambda F, x, g: F.grid_sample(x, g, mode, padding, align),
        [normal(*shapes[0]), normal(*shapes[1]) * 0.9],
        second=False,
    )


IMAGE = ((2, 3, 4, 5), (2, 6, 3, 2))
VOLUME = ((2, 2, 3, 4, 2), (2, 3, 2, 4, 3))
SAMPLES = [
    *(
        sample(mode, padding, align, *shapes)
        for mode in ("bilinear", "nearest", "bicubic")
        for padding in ("zeros", "border", "reflection")
        for align in (False, True)
        for shapes in (IMAGE, VOLUME, ((1, 2, 1, 1), (1, 3, 4, 2)))
        if not (mode == "bicubic" and shapes is VOLUME)
    ),
    Case("grid_sample of none", lambda F, x, g: F.grid_sample(x, g, align_corners=False),
         [np.zeros((0, 2, 3, 4)), np.zeros((0, 2, 2, 2))], gradients=False),
    Case("grid_sample at nothing", lambda F, x, g: F.grid_sample(x, g, align_corners=False),
         [np.zeros((1, 2, 3, 4)), np.zeros((1, 0, 2, 2))], gradients=False),
    Case("grid_sample far away", lambda F, x, g: F.grid_sample(x, g, align_corners=False),
         [normal(1, 2, 3, 4), np.array([[[[1e10, 0.0], [3.0, 2.0], [-1e300, 0.5]]]])],
         gradients=False),
    Case("grid_sample, on pixels", lambda F, x, g: F.grid_sample(x, g, align_corners=True),
         [normal(1, 1, 3, 3), np.stack(np.meshgrid([-1.0, 0, 1], [-1.0, 0, 1]), -1)[None]],
         second=False),
]  # fmt: skip


@parametrize(SAMPLES)
def test_a_sample_at_a_grid(case: Case) -> None:
    assert_like_torch(case)
