"""`alpha` of add, sub and rsub: the product is made in the dtype of the result."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import DType, Tensor

FLOATS = [mt.float64, mt.float32, mt.float16, mt.bfloat16]
INTEGERS = [mt.int64, mt.int32, mt.int8, mt.uint8]


def x(values: list[float], dtype: DType) -> Tensor:
    return mt.tensor(values, dtype=dtype, device="numpy")


def test_a_product_of_16_bits_is_not_rounded_to_them_in_a_sum_of_32() -> None:
    total = x([1.0, 2.0], mt.float32).add_(x([3.0, 7.0], mt.bfloat16), alpha=0.1)
    assert total.tolist() == pytest.approx([1.3, 2.7], rel=1e-7)
    total = mt.sub(x([1.0, 2.0], mt.float32), x([3.0, 7.0], mt.float16), alpha=0.1)
    assert total.tolist() == pytest.approx([0.7, 1.3], rel=1e-7)
    total = mt.add(x([1.0, 2.0], mt.float64), x([3.0, 7.0], mt.float32), alpha=0.1)
    assert total.tolist() == pytest.approx([1.3, 2.7], rel=1e-15)


def test_a_product_of_small_integers_does_not_overflow_in_a_sum_of_large_ones() -> None:
    assert mt.add(x([1], mt.int64), x([100], mt.int8), alpha=3).tolist() == [301]
    assert mt.add(x([1], mt.float32), x([100], mt.int8), alpha=3).tolist() == [301.0]
    assert x([1], mt.int64).sub_(x([100], mt.uint8), alpha=3).tolist() == [-299]
    assert mt.add(x([1], mt.int8), x([100], mt.int8), alpha=3).tolist() == [45]


def test_integers_are_scaled_by_a_float_where_the_sum_is_floating() -> None:
    assert mt.add(x([1.0], mt.float32), x([3], mt.int64), alpha=0.5).tolist() == [2.5]
    assert x([1.0], mt.float32).sub_(x([3], mt.int64), alpha=0.5).tolist() == [-0.5]
    assert mt.rsub(x([3], mt.int64), 2.5, alpha=0.5).tolist() == [1.0]
    with pytest.raises(RuntimeError, match="alpha must not be a floating point number"):
        mt.add(x([1], mt.int64), x([3], mt.int8), alpha=0.5)


def test_bools_are_not_subtracted_times_alpha_either() -> None:
    one, yes = x([1.0], mt.float32), mt.tensor([True], device="numpy")
    calls: list[Callable[[], Tensor]] = [
        lambda: mt.sub(one, yes, alpha=2),
        lambda: one.sub_(yes, alpha=2),
        lambda: mt.sub(one, True, alpha=2),
        lambda: mt.rsub(yes, one, alpha=2),
        lambda: mt.rsub(yes, 2.5, alpha=2),
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match=r"not defined for minitorch\.bool tensors"):
            call()


def test_a_product_is_differentiated_in_the_dtype_of_its_factor() -> None:
    a, b = x([1.0], mt.float32).requires_grad_(), x([3.0], mt.bfloat16).requires_grad_()
    mt.add(a, b, alpha=0.1).sum().backward()
    assert a.grad is not None
    assert b.grad is not None
    assert (a.grad.dtype, b.grad.dtype) == (mt.float32, mt.bfloat16)
    assert b.grad.tolist() == pytest.approx([0.1], rel=1e-2)


@pytest.mark.parity
@pytest.mark.parametrize("second", [*FLOATS, *INTEGERS])
@pytest.mark.parametrize("first", [*FLOATS, *INTEGERS])
def test_all_pairs_of_dtypes_agree_with_torch(first: DType, second: DType) -> None:
    torch = pytest.importorskip("torch")
    # As many as torch's vectors have room for: it rounds what is left over otherwise.
    values = np.random.default_rng(0).integers(1, 100, size=(2, 64)).tolist()

    def run(t: Any, name: str, alpha: float, a: Any, b: Any) -> Any:
        try:
            call = getattr(a.clone(), name) if name.endswith("_") else getattr(t, name)
            return call(b, alpha=alpha) if name.endswith("_") else call(a, b, alpha=alpha)
        except RuntimeError:
            return None

    for alpha in (3, 0.3):
        for name in ("add", "sub", "add_", "sub_", "rsub"):
            mine = (x(v, d) for v, d in zip(values, (first, second), strict=True))
            ours = run(mt, name, alpha, *mine)
            dtypes = (getattr(torch, str(d).partition(".")[2]) for d in (first, second))
            pair = (torch.tensor(v, dtype=d) for v, d in zip(values, dtypes, strict=True))
            theirs = run(torch, name, alpha, *pair)
            assert (ours is None) == (theirs is None), (name, alpha)
            if theirs is not None:
                assert str(ours.dtype).partition(".")[2] == str(theirs.dtype).partition(".")[2]
                # One unit in the last place of the terms: torch fuses multiplying and adding.
                exact = ours.dtype.half or not ours.dtype.is_floating_point
                unit = 0.0 if exact else 100 * mt.finfo(ours.dtype).eps
                got, want = ours.double().numpy(), theirs.double().numpy()
                np.testing.assert_allclose(got, want, 0, unit, err_msg=f"{name} {alpha}")
