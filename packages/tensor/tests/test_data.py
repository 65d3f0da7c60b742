"""What tensors are made of and what they become: Python's data, NumPy's arrays, numbers, lists."""

from __future__ import annotations

import gc
import pickle
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_tensor import DType, Tensor

# ---- from Python -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (1, mt.int64, ()), (1.5, mt.float32, ()), (True, mt.bool_, ()), ([], mt.float32, (0,)),
        ([1, 2], mt.int64, (2,)), ([1, 2.5], mt.float32, (2,)), ([True, 2], mt.int64, (2,)),
        ([[True], [False]], mt.bool_, (2, 1)), ([[], []], mt.float32, (2, 0)),
        ((1, 2), mt.int64, (2,)), (range(3), mt.int64, (3,)), (np.float64(1.0), mt.float64, ()),
        (np.int8(1), mt.int8, ()),
        ([np.float32(1.0), 2.0], mt.float32, (2,)), ([1.0, np.float64(2.0)], mt.float64, (2,)),
        ([np.int8(1), 2], mt.int64, (2,)), (np.zeros((2, 3)), mt.float64, (2, 3)),
        ([np.zeros(2), [1, 2]], mt.float64, (2, 2)), (mt.zeros(2, dtype=mt.int8), mt.int8, (2,)),
        ([mt.tensor(1), 2.5], mt.float32, (2,)), ([mt.tensor([1]), mt.tensor([2])], mt.int64, (2,)),
        ([2.0, mt.tensor(1.0, dtype=mt.float64)], mt.float64, (2,)),
    ],
)  # fmt: skip
def test_the_dtype_of_data_is_promoted_over_all_of_it(
    data: mt.data.Data, dtype: DType, shape: tuple[int, ...]
) -> None:
    x = mt.tensor(data)
    assert x.dtype is dtype
    assert x.shape == shape


@given(st.recursive(st.floats(width=32), lambda inner: st.lists(inner, min_size=1, max_size=3)))
def test_nested_lists_come_back_or_are_refused(data: mt.data.Data) -> None:
    try:
        expected = np.array(data, np.float32)
    except ValueError:
        with pytest.raises(ValueError, match="sequences of equal length"):
            mt.tensor(data)
        return
    np.testing.assert_array_equal(mt.tensor(data).numpy(), expected)


def test_data_is_copied() -> None:
    array = np.zeros(2)
    x, y = mt.tensor(array), mt.tensor(mt.zeros(2))
    array[0] = 1.0
    assert x.tolist() == y.tolist() == [0.0, 0.0]
    z = mt.ones(2, requires_grad=True)
    assert not mt.tensor(z * 2).requires_grad


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([[1], [2, 3]], ValueError, r"equal length at one depth, but found shapes \[\(1,\), \(2"),
        ([1, [2]], ValueError, "equal length"),
        ("abc", TypeError, "invalid data type 'str'"),
        (["a"], ValueError, "too many dimensions 'str'"),
        (None, RuntimeError, "could not infer dtype of NoneType"),
        ([None], RuntimeError, "could not infer dtype of NoneType"),
        ({1: 2}, RuntimeError, "could not infer dtype of dict"),
        (1j, RuntimeError, "could not infer dtype of complex"),
        (2**63, ValueError, "cannot be converted to type int64 without overflow"),
        ([2**70], ValueError, "cannot be converted to type int64 without overflow"),
        ([mt.zeros(2), mt.zeros(2)], ValueError, r"use stack\(\) for those"),
        (np.array(["a"]), TypeError, "can't convert numpy dtype"),
        (np.zeros(2, np.complex64), TypeError, "can't convert numpy dtype complex64"),
    ],
)  # fmt: skip
def test_what_no_tensor_can_be_made_of(data: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        eval("mt.tensor(data)", {"mt": mt, "data": data})


@pytest.mark.parametrize(
    ("data", "dtype"), [(300, mt.int8), ([1, 256], mt.uint8), (float("nan"), mt.int64)]
)
def test_a_number_must_fit_the_dtype_asked_for(data: mt.data.Data, dtype: DType) -> None:
    with pytest.raises(RuntimeError, match="without overflow"):
        mt.tensor(data, dtype=dtype)


def test_numbers_are_cast_to_the_dtype_asked_for() -> None:
    assert mt.tensor([1.7, -1.7], dtype=mt.int64).tolist() == [1, -1]
    assert mt.tensor([0, 2], dtype=mt.bool_).tolist() == [False, True]
    assert mt.tensor([-1], dtype=mt.uint8).tolist() == [255]
    assert mt.tensor([1e300], dtype=mt.float32).tolist() == [float("inf")]


def test_as_tensor_shares_where_it_can() -> None:
    x = mt.ones(2)
    assert mt.as_tensor(x) is x
    assert mt.as_tensor(x, mt.float64).dtype is mt.float64
    array = np.zeros(2)
    shared = mt.as_tensor(array)
    array[0] = 1.0
    assert shared.tolist() == [1.0, 0.0]
    assert mt.as_tensor([1, 2]).dtype is mt.int64


# ---- NumPy -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3), np.arange(6).reshape(2, 3).T, np.arange(12)[::3],
        np.arange(24).reshape(2, 3, 4)[:, 1:, ::2], np.array(2.0), np.zeros((0, 3)),
        np.broadcast_to(np.arange(3), (2, 3)), np.zeros(3, np.bool_),
        np.zeros(3, dtype=[("a", "f4"), ("b", "f4")])["b"],
    ],
)  # fmt: skip
def test_from_numpy_shares_memory_and_strides_and_comes_back(array: mt.HostArray) -> None:
    x = mt.from_numpy(array)
    assert x.shape == array.shape
    np.testing.assert_array_equal(x.numpy(), array)
    if array.size:
        assert x.stride() == tuple(stride // array.itemsize for stride in array.strides)
        assert np.shares_memory(x.numpy(), array)


def test_writes_are_seen_on_both_sides() -> None:
    array = np.zeros((2, 3))
    x = mt.from_numpy(array.T)
    x[0, 1] = 5.0
    array[1, 2] = 7.0
    assert array.tolist() == [[0.0, 0.0, 0.0], [5.0, 0.0, 7.0]]
    assert x.tolist() == [[0.0, 5.0], [0.0, 0.0], [0.0, 7.0]]
    y = mt.zeros(2)
    y.numpy()[0] = 3.0
    assert y.tolist() == [3.0, 0.0]


def test_from_numpy_keeps_the_array_alive() -> None:
    array = np.ones(1000)
    alive = weakref.ref(array)
    x = mt.from_numpy(array)[::2]
    del array
    gc.collect()
    assert x.sum().item() == 500.0
    assert alive() is not None


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.arange(3)[::-1], ValueError, r"at least one stride in .* pass array\.copy\(\)"),
        (np.zeros(3, dtype=[("a", "f4"), ("b", "i1")])["a"], ValueError, "no multiple"),
        (np.ones(3, np.uint16), TypeError, "can't convert numpy dtype uint16"),
        (np.ones(3, ">f4"), TypeError, "can't convert numpy dtype >f4"),
        (np.array([None]), TypeError, "can't convert numpy dtype object"),
        ([1.0], TypeError, r"expected np\.ndarray \(got list\)"),
        (np.float32(1.0), TypeError, r"expected np\.ndarray \(got float32\)"),
    ],
)  # fmt: skip
def test_arrays_that_cannot_be_shared(array: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        eval("mt.from_numpy(array)", {"mt": mt, "array": array})


def test_a_read_only_array_cannot_be_written_through_a_tensor() -> None:
    array = np.arange(3)
    array.flags.writeable = False
    x = mt.from_numpy(array)
    with pytest.raises(ValueError, match="read-only"):
        x.add_(1)
    assert array.tolist() == [0, 1, 2]


def test_numpy_of_what_requires_grad_must_be_forced() -> None:
    x = mt.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"use x\.detach\(\)\.numpy\(\)"):
        x.numpy()
    assert x.numpy(force=True).tolist() == [1.0, 1.0]
    assert x.tolist() == [1.0, 1.0]


def test_the_array_protocol() -> None:
    x = mt.arange(3)
    assert np.shares_memory(np.asarray(x), x.numpy())
    assert not np.shares_memory(np.array(x), x.numpy())
    assert np.asarray(x, np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(x, np.float64, copy=False)
    assert np.array([mt.tensor(1.0), mt.tensor(2.0)]).tolist() == [1.0, 2.0]


def test_numpys_numbers_and_arrays_beside_tensors() -> None:
    x = mt.ones(2, requires_grad=True)
    number: float = eval("np.float32(2.0)", {"np": np})  # which is no float to a type checker
    for y in (x * number, number * x, x + np.float64(1.0), np.float64(1.0) + x):
        assert isinstance(y, Tensor)
        assert (y.requires_grad, y.dtype, y.tolist()) == (True, mt.float32, [2.0, 2.0])
    z = eval("x * np.array([1.0, 2.0])", {"x": x, "np": np})
    assert isinstance(z, Tensor)
    assert (z.dtype, z.tolist()) == (mt.float64, [1.0, 2.0])
    y = x.detach()
    y += number
    assert y.tolist() == [3.0, 3.0]
    assert (y == number).tolist() == [False, False]
    assert mt.where(y > 0, number, y).tolist() == [2.0, 2.0]
    with pytest.raises(TypeError):
        eval("np.ones(2) * x", {"x": x, "np": np})


# ---- to Python ---------------------------------------------------------------------------------


def test_numbers_of_one_element() -> None:
    x = mt.tensor([[2.5]])
    assert (x.item(), float(x), int(x), bool(x)) == (2.5, 2.5, 2, True)
    assert [10, 20, 30][mt.tensor(1)] == 20
    assert list(range(mt.tensor([2]))) == [0, 1]
    assert f"{mt.tensor(2.5):.2f} {mt.tensor(3):4d}" == "2.50    3"
    assert isinstance(mt.tensor(3).item(), int)
    assert isinstance(mt.tensor(True).item(), bool)


def test_numbers_of_several_elements_are_refused() -> None:
    x = mt.ones(2)
    with pytest.raises(RuntimeError, match="item: a Tensor with 2 elements cannot be converted"):
        x.item()
    with pytest.raises(ValueError, match="only one element tensors can be converted"):
        float(x)
    with pytest.raises(ValueError, match="only one element tensors can be converted"):
        int(x)
    with pytest.raises(TypeError, match="only integer tensors of a single element"):
        [1, 2][mt.tensor(1.0)]
    with pytest.raises(TypeError, match=r"len\(\) of a 0-d tensor"):
        len(mt.tensor(1))
    with pytest.raises(TypeError, match="iteration over a 0-d tensor"):
        list(mt.tensor(1))


def test_tolist_keeps_kinds_and_shapes() -> None:
    assert mt.tensor([[1, 2]]).tolist() == [[1, 2]]
    assert mt.tensor(True).tolist() is True
    assert mt.zeros(2, 0).tolist() == [[], []]
    assert mt.arange(6).reshape(2, 3).t()[1:].tolist() == [[1, 4], [2, 5]]


def test_equality_gives_tensors_and_hashing_is_by_identity() -> None:
    x, y = mt.ones(2), mt.ones(2)
    assert (x == y).tolist() == [True, True]
    assert len({x, y, x}) == 2
    assert {x: 1}[x] == 1
    assert not eval("x == None", {"x": x})
    assert eval("x != 'a'", {"x": x})


def test_sizes() -> None:
    x = mt.zeros(2, 3, dtype=mt.float64)
    assert (x.size(), x.size(-1), x.dim(), x.ndimension(), x.numel(), x.nelement()) == (
        (2, 3), 3, 2, 2, 6, 6,
    )  # fmt: skip
    assert (x.itemsize, x.element_size(), x.nbytes) == (8, 8, 48)
    with pytest.raises(IndexError, match="Dimension out of range"):
        x.size(2)


# ---- elsewhere ---------------------------------------------------------------------------------


def test_to() -> None:
    x = mt.ones(2)
    assert x.to("cpu") is x
    assert x.to(mt.float32, copy=True) is not x
    assert x.to("cpu", mt.int64).dtype is mt.int64
    assert x.to(device="numpy", dtype=mt.int8).device == mt.Device("numpy")
    assert x.to(mt.zeros(1, dtype=mt.int8)).dtype is mt.int8
    assert eval("x.to(None)", {"x": x}) is x
    with pytest.raises(TypeError, match="to: expected a dtype, a device or a Tensor, but got int"):
        eval("x.to(3)", {"x": x})
    with pytest.raises(RuntimeError, match="no backend for device"):
        x.to("nowhere")


def test_casts_and_moves_are_part_of_the_history() -> None:
    x = mt.ones(2, requires_grad=True)
    x.to("numpy", mt.float64).mul(3).sum().backward()
    assert x.grad is not None
    assert (x.grad.device.type, x.grad.dtype, x.grad.tolist()) == ("cpu", mt.float32, [3.0, 3.0])


@pytest.mark.parametrize(
    "x",
    [
        mt.arange(6).reshape(2, 3).t(), mt.tensor(2.5), mt.zeros(0, 3), mt.ones(2, dtype=mt.bool_),
        mt.ones(2, device="numpy"), mt.ones(3, requires_grad=True),
        mt.ones(3, requires_grad=True) * 2, mt.ones(2, dtype=mt.bfloat16),
        mt.ones(2, dtype=mt.float16),
    ],
)  # fmt: skip
def test_pickling(x: Tensor) -> None:
    y = pickle.loads(pickle.dumps(x))
    assert isinstance(y, Tensor)
    assert (y.dtype, y.shape, y.device) == (x.dtype, x.shape, x.device)
    assert y.requires_grad == x.requires_grad
    assert y.is_leaf
    assert y.tolist() == x.tolist()
