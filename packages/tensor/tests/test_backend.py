"""The NumPy backend keeps the contract: any strides and offset, casts as it reads, checked indices.

Devices, storage and the registry are here too.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch_operators as op
import minitorch_tensor as mt
from minitorch_tensor import Backend, Device, DType, NumpyBackend, Storage, Tensor, register_backend
from minitorch_tensor.core import make
from minitorch_tensor.layout import Layout, Shape
from minitorch_tensor.layout import make as layout_of

BACKEND = NumpyBackend()


def array(values: NDArray[np.generic]) -> Tensor:
    return mt.from_numpy(values)


def placed(values: NDArray[np.generic], how: str) -> Tensor:
    """The values as a tensor whose memory has an offset, another order, gaps, or repeats."""
    a = np.asarray(values)
    if how == "dense":
        return array(a.copy())
    if how == "offset":
        big = np.zeros((a.shape[0] + 2, *a.shape[1:]), a.dtype)
        big[1:-1] = a
        return array(big)[1:-1]
    if how == "transposed":
        return array(np.ascontiguousarray(a.T)).T
    big = np.zeros((*a.shape[:-1], a.shape[-1] * 3), a.dtype)
    big[..., 1::3] = a
    return array(big)[..., 1::3]


def numbers(x: Tensor) -> NDArray[np.float64]:
    return np.asarray(x.numpy(), np.float64)


PLACES = ["dense", "offset", "transposed", "gaps"]
A = np.arange(1.0, 13.0).reshape(3, 4)
B = A[::-1].copy() / 2


@pytest.mark.parametrize("out", PLACES)
@pytest.mark.parametrize("x", PLACES)
def test_pointwise_methods_take_any_layout(x: str, out: str) -> None:
    y = placed(np.zeros_like(A), out)
    a, b = placed(A, x), placed(B, x)
    c = mt.tensor(2.0, dtype=mt.float64)._view(Layout.contiguous(()).expand((3, 4)))
    BACKEND.map(op.sqrt, y, a)
    np.testing.assert_allclose(numbers(y), np.sqrt(A))
    BACKEND.zip(op.mul, y, a, c)
    np.testing.assert_array_equal(y.numpy(), A * 2)
    BACKEND.zip3(op.where, y, mt.from_numpy(A > 5), a, b)
    np.testing.assert_array_equal(y.numpy(), np.where(A > 5, A, B))
    rule = op.sqrt.vjp
    assert rule is not None
    BACKEND.pull(rule, y, c, a, b)  # g / (2 y)
    np.testing.assert_allclose(numbers(y), 1 / B)
    BACKEND.copy(y, b)
    np.testing.assert_array_equal(y.numpy(), B)


@pytest.mark.parametrize("out", PLACES)
def test_out_may_be_an_operand(out: str) -> None:
    y = placed(A, out)
    BACKEND.zip(op.mul, y, y, y)
    BACKEND.map(op.neg, y, y)
    np.testing.assert_array_equal(y.numpy(), -A * A)


@pytest.mark.parametrize("out", PLACES)
def test_only_the_elements_of_out_are_written(out: str) -> None:
    y = placed(A, out)
    everything = make(y.storage, Layout.contiguous((len(y.storage.buffer),)), y.dtype)
    before = everything.numpy().copy()
    BACKEND.copy(y, array(A + 100))
    changed = int((everything.numpy() != before).sum())
    assert changed == A.size


def test_operands_are_cast_to_the_dtype_of_the_computation() -> None:
    y = mt.zeros(2)
    BACKEND.zip(op.add, y, mt.tensor([1, 2]), mt.tensor([True, False]))
    assert y.tolist() == [2.0, 2.0]
    small = mt.zeros(1, dtype=mt.uint8)
    BACKEND.zip(op.floor_divide, small, mt.tensor([-1]), mt.tensor([2], dtype=mt.uint8))
    assert small.tolist() == [127]  # -1 is 255 there
    truth = mt.zeros(1, dtype=mt.bool_)
    BACKEND.zip(op.eq, truth, mt.tensor([2**53 + 1]), mt.tensor([2**53]))
    assert truth.tolist() == [False]  # compared as int64
    BACKEND.copy(y, mt.tensor([float("nan"), 0.0]))
    whole = mt.zeros(2, dtype=mt.bool_)
    BACKEND.copy(whole, y)
    assert whole.tolist() == [True, False]


@pytest.mark.parametrize("operator", [op.add, op.mul, op.maximum, op.minimum])
@pytest.mark.parametrize("dims", [(0,), (1,), (0, 1), ()])
@pytest.mark.parametrize("x", PLACES)
def test_reduce(operator: op.Binary, dims: tuple[int, ...], x: str) -> None:
    start = {"add": 0.0, "mul": 1.0, "maximum": -np.inf, "minimum": np.inf}[operator.name]
    shape = tuple(1 if d in dims else n for d, n in enumerate(A.shape))
    y = mt.zeros(shape, dtype=mt.float64)
    wide = y._view(layout_of(A.shape, tuple(0 if d in dims else s for d, s in enumerate(
        y.stride())), 0))  # fmt: skip
    BACKEND.reduce(operator, start, wide, placed(A, x))
    function: dict[str, Callable[..., NDArray[np.float64]]] = {
        "add": np.sum, "mul": np.prod, "maximum": np.max, "minimum": np.min,
    }  # fmt: skip
    expected = A if not dims else function[operator.name](A, axis=dims, keepdims=True)
    np.testing.assert_allclose(numbers(y), expected)


def test_sums_of_float32_are_accurate() -> None:
    x = mt.full((2**20,), 0.1)
    y = mt.zeros(1)
    BACKEND.reduce(op.add, 0.0, y._view(y.layout.expand(x.shape)), x)
    assert y.item() == pytest.approx(float(np.float32(0.1)) * 2**20, rel=1e-7)


@pytest.mark.parametrize("shapes", [((2, 3), (3, 4)), ((5, 2, 3), (5, 3, 1)), ((2, 0), (0, 3))])
def test_matmul(shapes: tuple[Shape, Shape]) -> None:
    a, b = (np.random.default_rng(0).standard_normal(shape) for shape in shapes)
    y = mt.full((*shapes[0][:-1], shapes[1][-1]), 9.0, dtype=mt.float64)
    BACKEND.matmul(y, array(a), array(b))
    np.testing.assert_allclose(numbers(y), a @ b, atol=1e-12)


def test_gather_and_scatter_add_check_indices_before_they_write() -> None:
    x, y = mt.arange(3.0), mt.zeros(3)
    bad = mt.tensor([0, 5, -1])
    with pytest.raises(IndexError, match=r"gather: index 5 at position \(1,\) is out of bounds"):
        BACKEND.gather(y, x, bad, 0)
    with pytest.raises(IndexError, match="scatter_add: index 5"):
        BACKEND.scatter_add(y, bad, x, 0)
    assert y.tolist() == [0.0, 0.0, 0.0]
    BACKEND.scatter_add(y, mt.tensor([2, 2, 0]), x, 0)
    assert y.tolist() == [2.0, 0.0, 1.0]


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,)])
def test_no_dimensions_and_no_elements(shape: Shape) -> None:
    x, y = mt.ones(shape), mt.zeros(shape)
    BACKEND.map(op.exp, y, x)
    BACKEND.zip(op.add, y, y, x)
    BACKEND.copy(y, x)
    assert y.tolist() == x.tolist()
    index = mt.zeros(shape or (1,), dtype=mt.int64)
    if shape:
        BACKEND.gather(y, x, index, 0)


def test_memory_goes_up_and_down() -> None:
    values = np.arange(4.0)
    buffer = BACKEND.upload(values)
    assert len(buffer) == 4
    assert np.shares_memory(BACKEND.download(buffer), values)
    assert len(BACKEND.empty(3, mt.int8)) == 3
    assert BACKEND.name == "numpy"

    class Elsewhere:
        def __len__(self) -> int:
            return 0

        @property
        def nbytes(self) -> int:
            return 0

    with pytest.raises(TypeError, match="expected memory of the CPU, got Elsewhere"):
        BACKEND.download(Elsewhere())


# ---- devices and storage -----------------------------------------------------------------------


def test_there_is_one_object_for_each_device() -> None:
    assert Device("cpu") is Device("cpu")
    assert Device(Device("cpu")) is Device("cpu")
    assert mt.device("numpy").type == "numpy"
    assert mt.zeros(1).device is Device("cpu")
    assert (str(Device("cpu")), repr(Device("cpu"))) == ("cpu", "device(type='cpu')")
    assert pickle.loads(pickle.dumps(Device("numpy"))) is Device("numpy")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            "'nowhere'",
            RuntimeError,
            "no backend for device 'nowhere'; available device types: .*cpu",
        ),
        ("'cpu:x'", RuntimeError, "Invalid device string: 'cpu:x'"),
        ("'cpu:0', 1", RuntimeError, "has an index already, but index=1 was given"),
        ("3", TypeError, "expected a string such as 'cpu' or 'cuda:0', got 3"),
        ("''", RuntimeError, "no backend for device ''"),
    ],
)
def test_what_is_no_device(arguments: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        eval(f"Device({arguments})", {"Device": Device})


def test_operands_must_be_on_one_device_but_for_numbers_of_the_cpu() -> None:
    x, y = mt.ones(2), mt.ones(2, device="numpy")
    with pytest.raises(RuntimeError, match="add: expected both operands on one device, but they"):
        x + y
    with pytest.raises(RuntimeError, match="mul: expected both operands on one device"):
        x.mul_(y)
    assert (y + mt.tensor(1.0)).device.type == "numpy"
    with pytest.raises(RuntimeError, match="on one device"):
        x + mt.tensor(1.0, device="numpy")
    assert x.to("numpy").add(y).tolist() == [2.0, 2.0]
    x.copy_(y * 5)  # copying moves
    assert x.tolist() == [5.0, 5.0]


class Counting(NumpyBackend):
    """A backend around another: the seam by which a step can be recorded, or counted."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def zip(self, operator: op.Binary, out: mt.Array, a: mt.Array, b: mt.Array, /) -> None:
        self.calls.append(operator.name)
        super().zip(operator, out, a, b)

    def map(self, operator: op.Unary, out: mt.Array, x: mt.Array, /) -> None:
        self.calls.append(operator.name)
        super().map(operator, out, x)


def test_a_backend_can_be_put_in_the_place_of_another() -> None:
    before = Device("numpy").backend
    counting = Counting()
    x = mt.ones(3, device="numpy")  # made before, used after
    try:
        register_backend("numpy", counting)
        ((x * 2).exp() + 1).sum()
    finally:
        register_backend("numpy", before)
    assert counting.calls == ["mul", "exp", "add"]
    assert "numpy" in mt.registered()
    kept: Backend = counting
    assert kept.name == "numpy"


def test_a_storage_counts_writes_and_knows_the_views_of_it() -> None:
    storage = Storage(BACKEND.empty(4, mt.float32), Device("cpu"))
    assert (storage.version, storage.views) == (0, None)
    x = mt.zeros(4)
    views = [x[:2], x.view(2, 2)]
    assert x.storage.views is not None
    assert len(x.storage.views) == 2
    del views
    for _ in range(100):  # those that are gone are forgotten now and then
        x.view(4)
    assert len(x.storage.views) < 20


@pytest.mark.parametrize("dtype", [mt.float32, mt.int8, mt.bool_], ids=repr)
def test_constants_are_kept_and_never_written(dtype: DType) -> None:
    x = mt.full((2,), 1, dtype=dtype)
    y = mt.full((2,), 1, dtype=dtype)
    x.zero_()
    assert y.sum().item() == 2
    assert (mt.zeros(2) + 1).tolist() == [1.0, 1.0]
