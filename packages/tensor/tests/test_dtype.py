"""Element types: promotion, casts, limits; the whole promotion table beside PyTorch."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import DType
from minitorch_tensor import dtype as dtypes

FLOATS = [mt.float32, mt.float64]
INTEGERS = [mt.int64, mt.int32, mt.int16, mt.int8, mt.uint8]
ALL = [*FLOATS, *INTEGERS, mt.bool_]


@pytest.mark.parametrize("dtype", ALL, ids=repr)
def test_a_dtype_says_what_it_is(dtype: DType) -> None:
    assert repr(dtype) == f"minitorch.{dtype.name}"
    assert dtype.itemsize == np.dtype(dtype.name).itemsize
    assert dtype.is_floating_point == (dtype in FLOATS)
    assert dtype.is_signed == (dtype not in (mt.uint8, mt.bool_))
    assert dtypes.of_numpy(dtype.name) is dtype


@pytest.mark.parametrize("dtype", ALL, ids=repr)
def test_a_pickled_dtype_is_the_same_object(dtype: DType) -> None:
    assert pickle.loads(pickle.dumps(dtype)) is dtype


@pytest.mark.parametrize("a", ALL, ids=repr)
@pytest.mark.parametrize("b", ALL, ids=repr)
def test_promotion_is_symmetric_idempotent_and_holds_both(a: DType, b: DType) -> None:
    result = mt.promote_types(a, b)
    assert mt.promote_types(b, a) is result
    assert mt.promote_types(result, a) is result
    if not result.is_floating_point:  # int64 and float32 give float32, which holds not every int64
        assert np.can_cast(a.numpy, result.numpy)
        assert np.can_cast(b.numpy, result.numpy)


def test_a_number_counts_by_its_kind_only() -> None:
    assert (mt.ones(1, dtype=mt.int8) + 300).dtype is mt.int8
    assert (mt.ones(1, dtype=mt.int8) + 0.5).dtype is mt.float32
    assert (mt.ones(1, dtype=mt.bool_) + 1).dtype is mt.int64
    assert (mt.ones(1, dtype=mt.float64) * 2.5).dtype is mt.float64
    assert (mt.ones(1, dtype=mt.int32) * True).dtype is mt.int32


def test_a_0d_tensor_counts_by_its_kind_only() -> None:
    narrow = mt.ones(2, dtype=mt.int8)
    assert (narrow + mt.tensor(1)).dtype is mt.int8
    assert (narrow + mt.tensor(1.0, dtype=mt.float64)).dtype is mt.float64
    assert (mt.ones(2) + mt.tensor(1.0, dtype=mt.float64)).dtype is mt.float32
    assert (mt.tensor(1) + mt.tensor(1, dtype=mt.int8)).dtype is mt.int64
    # and it is cast before it is compared
    assert (mt.tensor([0.1]) == mt.tensor(0.1, dtype=mt.float64)).tolist() == [True]
    assert (mt.tensor([250], dtype=mt.uint8) > mt.tensor(-1)).tolist() == [False]


def test_integers_compute_in_their_own_dtype_and_wrap() -> None:
    small = mt.tensor([100, -128], dtype=mt.int8)
    assert (small + small).tolist() == [-56, 0]
    assert (-small).tolist() == [-100, -128]
    assert (mt.tensor([200], dtype=mt.uint8) // -3).tolist() == [0]
    assert (mt.tensor([200], dtype=mt.uint8) / -3).tolist() == pytest.approx([-200 / 3])
    assert (mt.tensor([2**62]) * 4).tolist() == [0]


def test_integer_powers() -> None:
    base = mt.tensor([2, -1, 1, 0, 3])
    assert (base ** mt.tensor([-1, -3, -2, -1, 4])).tolist() == [0, -1, 1, 0, 81]
    assert (2 ** mt.tensor([-1, 3])).tolist() == [0, 8]
    assert (base**2.0).dtype is mt.float32
    with pytest.raises(RuntimeError, match="integers to negative integer powers"):
        base**-1
    with pytest.raises(RuntimeError, match=r"pow: not defined for minitorch\.bool"):
        mt.ones(2, dtype=mt.bool_) ** mt.ones(2, dtype=mt.bool_)


def test_the_default_dtype() -> None:
    assert mt.get_default_dtype() is mt.float32
    try:
        mt.set_default_dtype(mt.float64)
        assert mt.tensor([1.0]).dtype is mt.float64
        assert mt.zeros(1).dtype is mt.float64
        assert (mt.tensor([1]) / 2).dtype is mt.float64
        assert (mt.tensor([1]) * 0.5).dtype is mt.float64
        assert mt.Tensor([1]).dtype is mt.float64
    finally:
        mt.set_default_dtype(mt.float32)
    with pytest.raises(TypeError, match="only floating-point types are supported"):
        mt.set_default_dtype(mt.int64)


def test_limits() -> None:
    for dtype in FLOATS:
        ours, numpys = mt.finfo(dtype), np.finfo(dtype.name)
        assert ours.bits == numpys.bits
        assert [ours.eps, ours.max, ours.min, ours.tiny] == [
            float(numpys.eps), float(numpys.max), float(numpys.min), float(numpys.tiny),
        ]  # fmt: skip
    for dtype in INTEGERS:
        assert (mt.iinfo(dtype).min, mt.iinfo(dtype).max, mt.iinfo(dtype).bits) == (
            np.iinfo(dtype.name).min, np.iinfo(dtype.name).max, np.iinfo(dtype.name).bits,
        )  # fmt: skip
    with pytest.raises(TypeError, match="use iinfo"):
        mt.finfo(mt.int8)
    with pytest.raises(TypeError, match="use finfo"):
        mt.iinfo(mt.float32)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (300, mt.uint8), (-256, mt.uint8), (128, mt.int8), (2**31, mt.int32), (2**63, mt.int64),
        (float("nan"), mt.int64), (float("inf"), mt.int8), (1e39, mt.float32), (10**400, mt.int64),
    ],
)  # fmt: skip
def test_numbers_that_do_not_fit(value: float, dtype: DType) -> None:
    with pytest.raises(
        RuntimeError, match=rf"f: value .* cannot be converted to type {dtype.name}"
    ):
        dtypes.check_fits("f", value, dtype)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (255, mt.uint8), (-255, mt.uint8), (-128, mt.int8), (1.9, mt.int8), (1e38, mt.float32),
        (float("nan"), mt.float32), (float("inf"), mt.float64), (1e300, mt.bool_),
    ],
)  # fmt: skip
def test_numbers_that_fit(value: float, dtype: DType) -> None:
    dtypes.check_fits("f", value, dtype)


@pytest.mark.parametrize("wrong", ["float32", float, np.float32])
def test_a_dtype_is_one_of_ours(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"dtype: expected one such as minitorch\.float32"):
        eval("mt.zeros(2, dtype=wrong)", {"mt": mt, "wrong": wrong})


@pytest.mark.parametrize("source", ALL, ids=repr)
@pytest.mark.parametrize("target", ALL, ids=repr)
def test_a_cast_is_numpys(source: DType, target: DType) -> None:
    values = np.array([0, 1, 2, 100]).astype(source.numpy)
    x = mt.from_numpy(values)
    y = x.to(target)
    assert y.dtype is target
    np.testing.assert_array_equal(y.numpy(), values.astype(target.numpy))
    assert (y is x) == (source is target)


def test_casts_by_name() -> None:
    x = mt.tensor([-1.7, 0.0, 2.5])
    assert x.double().dtype is mt.float64
    assert x.long().tolist() == [-1, 0, 2]
    assert x.int().dtype is mt.int32
    assert x.short().dtype is mt.int16
    assert x.char().dtype is mt.int8
    assert x.byte().dtype is mt.uint8
    assert x.bool().tolist() == [True, False, True]
    assert x.float() is x
    assert x.type_as(x.long()).dtype is mt.int64


# ---- beside PyTorch ----------------------------------------------------------------------------


@pytest.mark.parity
def test_the_promotion_table_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")

    def name(dtype: object) -> str:
        return str(dtype).rpartition(".")[2]

    numbers: list[float] = [True, 2, 2.5]
    for a in ALL:
        theirs_a = torch.ones(2, dtype=getattr(torch, a.name))
        for b in ALL:
            theirs_b = getattr(torch, b.name)
            expected = name(torch.promote_types(getattr(torch, a.name), theirs_b))
            assert mt.promote_types(a, b).name == expected
            for shape_a, shape_b in [((2,), (2,)), ((2,), ()), ((), (2,)), ((), ())]:
                ours = mt.ones(shape_a, dtype=a) * mt.ones(shape_b, dtype=b)
                theirs = torch.ones(shape_a, dtype=getattr(torch, a.name)) * torch.ones(
                    shape_b, dtype=theirs_b
                )
                assert ours.dtype.name == name(theirs.dtype), (a, shape_a, b, shape_b)
        for number in numbers:
            assert (mt.ones(2, dtype=a) * number).dtype.name == name((theirs_a * number).dtype)
            assert (number * mt.ones((), dtype=a)).dtype.name == name(
                (number * torch.ones((), dtype=getattr(torch, a.name))).dtype
            )
            assert (mt.ones(2, dtype=a) / number).dtype.name == name((theirs_a / number).dtype)
