"""Matrix products: cut into parts, the same for any number of threads, and in every layout."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from minitorch_fast import packed, threads
from minitorch_fast.matmul_loops import matrix_products
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.storage import Array

from .fused_cases import random, values

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
    expected = np.matmul(values(a), values(b))
    found = []
    for n in (1, 2, 4):
        threads.set_num_threads(n)
        found.append(values(a @ b))
    np.testing.assert_allclose(
        found[0], expected, rtol=0, atol=1e-4 if kind is np.float32 else 1e-12
    )
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def strides(transposed: bool, rows: int, columns: int) -> list[int]:
    return [1, rows] if transposed else [columns, 1]


@pytest.mark.parametrize("transposed", [(False, False), (False, True), (True, False)])
@pytest.mark.parametrize(("n", "k", "m"), [(5, 11, 19), (4, 8, 8), (1, 1, 1), (2, 17, 9)])
def test_the_loop_as_plain_python(n: int, k: int, m: int, transposed: tuple[bool, bool]) -> None:
    a, b = random(n, k), random(k, m, seed=1)
    left = (a.T if transposed[0] else a).reshape(-1).tolist()
    right = (b.T if transposed[1] else b).reshape(-1).tolist()
    numbers = [0, n, k, m, *strides(transposed[0], n, k), *strides(transposed[1], k, m)]
    numbers += [0, 1, 0, 1, 0, 0, 0, 0, 0, 0]
    out = [math.nan] * (n * m)
    matrix_products(out, left, right, numbers)
    np.testing.assert_allclose(np.reshape(out, (n, m)), a @ b, rtol=1e-12)


def test_the_loop_in_place_of_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "wanted", lambda: True)
    for transposed in ((False, False), (False, True), (True, False), (True, True)):
        for shapes in (
            ((97, 300), (300, 75)), ((2, 3, 20, 30), (2, 3, 30, 20)), ((300, 301), (301, 190)),
            ((3, 0), (0, 5)), ((30, 40), (40, 1)), ((1, 40), (40, 30)),
        ):  # fmt: skip
            a = operand(shapes[0], transposed[0], np.float32, 0)
            b = operand(shapes[1], transposed[1], np.float32, 1)
            found = []
            for count in (1, 3):
                threads.set_num_threads(count)
                found.append(values(a @ b))
            np.testing.assert_array_equal(found[0], found[1])
            np.testing.assert_allclose(found[0], values(a) @ values(b), rtol=0, atol=1e-4)


def test_stacks_of_transposed_matrices_where_vectors_are_wide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bool] = []

    def stack(out: Array, a: Array, b: Array, parts: int) -> bool:
        seen.append(real(out, a, b, parts))
        return seen[-1]

    real = packed.stack
    monkeypatch.setattr(packed, "suits", lambda out, b: b.layout.strides[-2] == 1)
    monkeypatch.setattr(packed, "stack", stack)
    q, k = (
        from_numpy(random(2, 3, 40, 33).astype(np.float32)),
        from_numpy(random(2, 3, 50, 33, seed=1).astype(np.float32)),
    )
    heads = q.transpose(1, 2).contiguous().transpose(1, 2)  # (batch, time, heads, features)
    five = from_numpy(random(2, 2, 3, 50, 33, seed=2).astype(np.float32)).transpose(0, 1)
    for a, b, even in (
        (q, k, True), (q[0], k[1], True), (heads, k, True), (q[:1].expand(2, 3, 40, 33), k, True),
        (five, five, False),
    ):  # fmt: skip
        found = values(a @ b.transpose(-1, -2))
        np.testing.assert_allclose(found, values(a) @ values(b).swapaxes(-1, -2), rtol=0, atol=1e-4)
        assert seen.pop() is even


def test_nan_and_infinity_in_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "wanted", lambda: True)
    a = from_numpy(np.array([[math.inf, 1.0], [math.nan, 1.0], [1.0, -math.inf]], np.float32))
    b = from_numpy(np.array([[0.0, 1.0], [1.0, 1.0]], np.float32))
    expected = [[math.nan, math.inf], [math.nan, math.nan], [-math.inf, -math.inf]]
    np.testing.assert_array_equal(values(a @ b), expected)


def test_the_variable_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, expected in (("numba", True), ("blas", False)):
        monkeypatch.setenv(packed.VARIABLE, value)
        assert packed.wanted.__wrapped__() is expected
    monkeypatch.setenv(packed.VARIABLE, "fast")
    with pytest.raises(ValueError, match="must be 'blas' or 'numba', but is 'fast'"):
        packed.wanted.__wrapped__()
