"""Matrix products: cut into parts, the same for any number of threads, and in every layout."""

from collections.abc import Iterator

import numpy as np
import pytest

from minitorch_fast import threads
from minitorch_tensor import Tensor, from_numpy

from .fused_cases import random

SHAPES = [
    ((300, 301), (301, 190)),  # parts of rows
    ((40, 500), (500, 620)),  # of columns
    ((3, 4, 130, 70), (3, 4, 70, 150)),  # of stacks
    ((3, 310, 180), (180, 170)),  # one matrix for a stack
    ((1, 260, 260), (1, 260, 260)),  # a stack shorter than the team
    ((5, 3, 2), (5, 2, 4)),  # not cut
]


@pytest.fixture(autouse=True)
def many_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = threads.get_num_threads()
    monkeypatch.setattr(threads, "cores", lambda: 4)
    yield
    threads.set_num_threads(before)


def operand(shape: tuple[int, ...], transposed: bool, kind: type[np.floating], seed: int) -> Tensor:
    array = random(*shape, seed=seed).astype(kind)
    if not transposed:
        return from_numpy(array)
    return from_numpy(np.ascontiguousarray(array.swapaxes(-1, -2))).transpose(-1, -2)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("transposed", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize("shapes", SHAPES)
def test_any_layout_and_the_same_for_any_number_of_threads(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    transposed: tuple[bool, bool],
    kind: type[np.floating],
) -> None:
    a = operand(shapes[0], transposed[0], kind, 0)
    b = operand(shapes[1], transposed[1], kind, 1)
    expected = np.matmul(a.numpy().astype(np.float64), b.numpy().astype(np.float64))
    found = []
    for n in (1, 2, 4):
        threads.set_num_threads(n)
        found.append((a @ b).numpy())
    np.testing.assert_allclose(
        found[0], expected, rtol=0, atol=1e-4 if kind is np.float32 else 1e-12
    )
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])
