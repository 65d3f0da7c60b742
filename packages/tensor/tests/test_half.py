"""float16 and bfloat16: 16 bits in memory, float32 in computations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_tensor import DType
from minitorch_tensor.half import narrowed, widened
from minitorch_tensor.linear_algebra.powers import linalg_matrix_power

HALVES = [mt.float16, mt.bfloat16]


@given(st.floats(width=32))
def test_bfloat16_is_the_nearest_with_eight_bits_of_fraction(x: float) -> None:
    found = float(widened(narrowed(np.array([x]), mt.bfloat16), mt.bfloat16)[0])
    if np.isnan(x):
        assert np.isnan(found)
        return
    bits = np.array([x], np.float32).view(np.uint32)[0]
    below, above = (
        float((np.uint32(b) << np.uint32(16)).view(np.float32))
        for b in (bits >> 16, (bits >> 16) + 1)
    )
    assert found in (below, above)
    if np.isfinite(above) and np.isfinite(x):
        assert abs(found - x) <= min(abs(below - x), abs(above - x))


@given(st.integers(0, 2**16 - 1))
def test_every_bfloat16_survives_a_round_trip(bits: int) -> None:
    memory = np.array([bits], np.uint16)
    number = widened(memory, mt.bfloat16)
    back = narrowed(number, mt.bfloat16)
    assert np.isnan(number[0]) or back[0] == bits


@pytest.mark.parametrize("dtype", HALVES)
def test_a_number_beside_a_tensor_is_not_rounded(dtype: DType) -> None:
    x = mt.tensor([3.0], dtype=dtype)
    exact = mt.tensor([3.0 * 0.1]).to(dtype)
    assert (x * 0.1).item() == exact.item()


@pytest.mark.parametrize("dtype", HALVES)
def test_a_mean_does_not_overflow_on_the_way(dtype: DType) -> None:
    x = mt.full((100,), 60000.0 if dtype is mt.float16 else 1e36, dtype=dtype)
    assert x.mean().item() == x[0].item()
    assert x.mean().dtype is dtype


def test_promotion_of_the_two_is_float32() -> None:
    assert (mt.ones(2).half() + mt.ones(2).bfloat16()).dtype is mt.float32
    assert (mt.ones(2).half() + mt.ones(2)).dtype is mt.float32
    assert (mt.ones(2).half() + mt.ones((), dtype=mt.float64)).dtype is mt.float16


@pytest.mark.parametrize("dtype", HALVES)
def test_gradients_have_the_dtype_of_the_leaf(dtype: DType) -> None:
    x = mt.tensor([1.0, 2.0], dtype=dtype, requires_grad=True)
    (x * x * 0.5).sum().backward()
    assert x.grad is not None
    assert x.grad.dtype is dtype
    assert x.grad.tolist() == [1.0, 2.0]


def test_numpy_has_no_bfloat16() -> None:
    with pytest.raises(TypeError, match=r"NumPy has no bfloat16; convert it first with x\.float"):
        mt.ones(2).bfloat16().numpy()
    assert mt.ones(2).half().numpy().dtype == np.float16
    assert mt.ones(2).bfloat16().tolist() == [1.0, 1.0]


@pytest.mark.parametrize("dtype", HALVES)
def test_they_print_with_their_name(dtype: DType) -> None:
    assert repr(mt.tensor([1.5, 2.0], dtype=dtype)) == (
        f"Tensor([1.5000, 2.0000], dtype={dtype.name}, requires_grad=False)"
    )


@pytest.mark.parity
@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_limits_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = mt.finfo(getattr(mt, name)), torch.finfo(getattr(torch, name))
    for field in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype"):
        assert getattr(ours, field) == getattr(theirs, field), field


FUNCTIONS = {
    "add": lambda lib, x: x + x * 2,
    "exp": lambda lib, x: x.exp(),
    "sum": lambda lib, x: x.sum(),
    "mean": lambda lib, x: x.mean(0),
    "var": lambda lib, x: x.var(1),
    "matmul": lambda lib, x: x @ x.T,
    "logsumexp": lambda lib, x: x.logsumexp(1),
    "argmax": lambda lib, x: x.argmax(1),
    "compare": lambda lib, x: x > 0.1,
    "index": lambda lib, x: x[:, [0, 2]],
    "sort": lambda lib, x: x.sort(1).values,
    "where": lambda lib, x: lib.where(x > 0, x, 0.0),
    "to int": lambda lib, x: (x * 100).long(),
    "to double": lambda lib, x: x.double(),
    "cat": lambda lib, x: lib.cat([x, x.float()]),
    "in place": lambda lib, x: x.clone().add_(1.5).mul_(x),
    "rand": lambda lib, x: (lib.manual_seed(1), lib.rand(20, dtype=x.dtype))[1],
    "randperm": lambda lib, x: (lib.manual_seed(1), lib.randperm(20, dtype=x.dtype))[1],
    "poisson": lambda lib, x: (lib.manual_seed(1), lib.poisson(x.abs() * 9))[1],
    "randn": lambda lib, x: (lib.manual_seed(1), lib.randn(21, dtype=x.dtype))[1],
}


@pytest.mark.parity
@pytest.mark.parametrize("name", ["float16", "bfloat16"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_results_are_torchs(function: str, name: str) -> None:
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(0).normal(size=(3, 4))
    ours = FUNCTIONS[function](mt, mt.tensor(values, dtype=getattr(mt, name)))
    theirs = FUNCTIONS[function](torch, torch.tensor(values, dtype=getattr(torch, name)))
    assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
    unit = float(torch.finfo(getattr(torch, name)).eps)
    np.testing.assert_allclose(
        np.array(ours.tolist()), np.array(theirs.tolist()), rtol=unit, atol=unit / 8
    )


def test_nextafter_steps_to_the_neighbour_of_16_bits() -> None:
    numbers = [0.0, -0.0, 1.0, -1.0, 2.0**-14, 6e-8, 65504.0, np.inf, -np.inf, np.nan]
    x = mt.tensor(numbers, dtype=mt.float16)
    for y in numbers:
        ours = mt.nextafter(x, mt.tensor([y], dtype=mt.float16)).numpy()
        with np.errstate(over="ignore", under="ignore"):
            theirs = np.nextafter(np.array(numbers, np.float16), np.float16(y))
        np.testing.assert_array_equal(ours, theirs)
    one = mt.tensor(1.0, dtype=mt.bfloat16)
    assert mt.nextafter(one, one + 1).item() == 1 + 2**-7
    assert mt.nextafter(one, -one).item() == 1 - 2**-8


def test_second_gradients_keep_16_bits_though_a_number_is_kept_in_32() -> None:
    x = mt.tensor([1.0, 2.0], dtype=mt.bfloat16, requires_grad=True)
    y = (x.sum() * 0.3) ** 2
    (first,) = mt.autograd.grad(y, x, create_graph=True)
    assert first is not None
    (second,) = mt.autograd.grad(first.sum(), x)
    assert second is not None
    assert first.dtype is second.dtype is mt.bfloat16


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_the_zeroth_power_of_a_matrix_of_16_bits_is_the_unit_matrix(dtype: DType) -> None:
    y = linalg_matrix_power(mt.ones(2, 3, 3, dtype=dtype), 0)
    assert y.dtype is dtype
    assert y.tolist() == [np.eye(3).tolist()] * 2
