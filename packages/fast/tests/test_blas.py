"""Products by the function of BLAS are NumPy's, in all layouts that BLAS reads; no others."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from minitorch_fast import blas, native
from minitorch_fast.workers import Workers

Matrix = npt.NDArray[np.floating]


@pytest.fixture(autouse=True, scope="module")
def _there() -> None:
    """Asked by the first test, not while tests are collected: it compiles a kernel."""
    if blas.product_of("f") is None:
        pytest.skip("this NumPy's BLAS has another name for it")


def of(letter: str) -> Callable[..., object]:
    found = blas.product_of(letter)
    assert found is not None
    return found


SIZES = [(1, 1, 1), (1, 5, 3), (5, 1, 3), (5, 4, 1), (3, 4, 5), (17, 33, 65), (1, 1, 7), (1, 7, 1)]


def operand(n: int, m: int, letter: str, turned: bool, inside: bool) -> Matrix:
    """A matrix of n by m numbers, in rows or in columns, by itself or inside a larger one."""
    rng = np.random.default_rng(n + 10 * m)
    whole = rng.standard_normal((m, n) if turned else (n, m)).astype(letter)
    if inside:
        whole = np.pad(whole, ((1, 2), (3, 1)))[1:-2, 3:-1]
    return whole.T if turned else whole


@pytest.mark.parametrize("letter", ["f", "d"])
@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("a_turned", [False, True])
@pytest.mark.parametrize("b_turned", [False, True])
def test_layouts(letter: str, inside: bool, a_turned: bool, b_turned: bool) -> None:
    for n, m, k in SIZES:
        a = operand(n, k, letter, a_turned, inside)
        b = operand(k, m, letter, b_turned, inside)
        memory = np.full((n, m + 2), 7, letter)
        out = memory[:, :m] if inside else np.full((n, m), 7, letter)
        of(letter)(a, b, out)
        np.testing.assert_allclose(out, a @ b, rtol=1e-4, atol=1e-5)
        bias = np.arange(2 * m).astype(letter)[::2]
        of(letter)(a, b, out, bias)
        np.testing.assert_allclose(out, a @ b + bias, rtol=1e-4, atol=1e-5)
        assert (memory[:, m:] == 7).all()


def test_stacks() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape).astype("f") for shape in ((6, 5, 4), (6, 3, 4)))
    turned, out = b.transpose(0, 2, 1), np.empty((6, 5, 3), "f")
    calls = [(a[i : i + 2], turned[i : i + 2], out[i : i + 2], None) for i in (0, 2, 4)]
    Workers().run(of("f"), calls, 3)
    np.testing.assert_allclose(out, a @ turned, rtol=1e-5, atol=1e-5)
    of("f")(a, np.broadcast_to(turned[0], (6, 4, 3)), out)
    np.testing.assert_allclose(out, a @ turned[0], rtol=1e-5, atol=1e-5)


def test_a_sum_of_products() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((6, 5, 4)), rng.standard_normal((6, 4, 3))
    total = np.full((5, 3), np.nan)
    of("d")(a, b, np.broadcast_to(total, (6, 5, 3)))
    np.testing.assert_allclose(total, (a @ b).sum(0), rtol=1e-12)


def test_threads_make_parts_without_python() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((40, 30)), rng.standard_normal((30, 20))
    out = np.empty((40, 20))
    assert of("d") in native.entries
    Workers().run(of("d"), [(a[i : i + 10], b, out[i : i + 10], None) for i in (0, 10, 20, 30)], 2)
    np.testing.assert_allclose(out, a @ b, rtol=1e-12)


def unreadable() -> Sequence[Matrix]:
    x = np.zeros((20, 20), "f")
    overlapping = np.lib.stride_tricks.as_strided(x, (4, 5), (4, 4))
    return x[::2, ::2], x[::-1], np.broadcast_to(x[0], (20, 20)), overlapping


@pytest.mark.parametrize("which", range(4))
def test_what_blas_cannot_read_is_refused(which: int) -> None:
    bad = unreadable()[which]
    n, m = bad.shape
    with pytest.raises(ValueError, match="strides BLAS cannot read"):
        of("f")(bad, np.ones((m, 3), "f"), np.ones((n, 3), "f"))
    with pytest.raises(ValueError, match="strides BLAS cannot read"):
        of("f")(np.ones((3, n), "f"), bad, np.ones((3, m), "f"))
    good = np.ones((2, n), "f"), np.ones((n, 3), "f")
    with pytest.raises(ValueError, match="rows are not in order"):
        of("f")(*good, np.ones((3, 2), "f").T)
    calls = [(*good, np.ones((2, 3), "f"), None), (bad, bad, bad, None)]
    with pytest.raises(ValueError, match="strides BLAS cannot read"):
        Workers().run(of("f"), calls, 2)


def test_only_floats_of_32_and_64_bits() -> None:
    assert blas.product_of("l") is None
    assert blas.product_of("e") is None
