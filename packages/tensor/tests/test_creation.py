"""New tensors: the forms a size may take, dtypes, devices, sequences, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_tensor import DType, Tensor

FILLED = ["zeros", "ones", "empty", "rand", "randn"]


def made(name: str, arguments: str) -> Tensor:
    found = eval(f"mt.{name}({arguments})", {"mt": mt, "np": np})
    assert isinstance(found, Tensor)
    return found


@pytest.mark.parametrize("name", FILLED)
@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ("2, 3", (2, 3)), ("(2, 3)", (2, 3)), ("[2, 3]", (2, 3)), ("size=(2, 3)", (2, 3)),
        ("()", ()), ("0", (0,)), ("2, 0", (2, 0)), ("np.int64(2)", (2,)),
        ("np.int64(2), 3", (2, 3)), ("mt.tensor(2)", (2,)), ("*mt.ones(2, 3).shape", (2, 3)),
        ("mt.ones(2, 3).size()", (2, 3)), ("np.array([2, 3])", (2, 3)),
    ],
)  # fmt: skip
def test_a_size_has_many_forms(name: str, arguments: str, shape: tuple[int, ...]) -> None:
    x = made(name, arguments)
    assert x.shape == shape
    assert x.is_contiguous()
    assert x.is_leaf


@pytest.mark.parametrize("name", FILLED)
def test_a_size_is_needed(name: str) -> None:
    with pytest.raises(TypeError, match=rf"{name}: missing the argument 'size'"):
        made(name, "")


@pytest.mark.parametrize("name", FILLED)
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ("-1", RuntimeError, r"trying to create a tensor with a negative dimension: \(-1,\)"),
        ("(2, -3)", RuntimeError, "negative dimension"),
        ("1.5", TypeError, "expected an integer size, got 1.5"),
        ("'a'", TypeError, "expected an integer size"),
        ("None", TypeError, "expected an integer size"),
        ("(2,), (3,)", TypeError, "expected an integer size"),
        ("2, size=(3,)", TypeError, "got multiple values for argument 'size'"),
        ("2**40, 2**40", RuntimeError, "storage size calculation overflowed"),
        ("2, dtype=np.float32", TypeError, "expected one such as minitorch.float32"),
        ("2, device='nowhere'", RuntimeError, "no backend for device 'nowhere'"),
        ("2, device=3", TypeError, "expected a string such as 'cpu'"),
    ],
)
def test_what_is_no_size(name: str, arguments: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        made(name, arguments)


@pytest.mark.parametrize("name", FILLED)
def test_dtype_device_and_requires_grad(name: str) -> None:
    x = made(name, "2, dtype=mt.float64, device='numpy', requires_grad=True")
    assert (x.dtype, x.device.type, x.requires_grad) == (mt.float64, "numpy", True)
    assert made(name, "2").dtype is mt.float32
    assert made(name, "2, dtype=None, device=None").device.type == "cpu"


@pytest.mark.parametrize(
    "like", ["zeros_like", "ones_like", "empty_like", "rand_like", "randn_like"]
)
def test_like_another(like: str) -> None:
    x = mt.ones(2, 3, dtype=mt.float64, device="numpy", requires_grad=True)
    function: Callable[..., Tensor] = getattr(mt, like)
    y = function(x)
    assert (y.shape, y.dtype, y.device, y.requires_grad) == (x.shape, x.dtype, x.device, False)
    z = function(x, dtype=mt.float32, device="cpu", requires_grad=True)
    assert (z.dtype, z.device.type, z.requires_grad) == (mt.float32, "cpu", True)
    with pytest.raises(TypeError, match="argument 'input' must be a Tensor, not list"):
        eval(f"mt.{like}([1, 2])", {"mt": mt})


def test_full() -> None:
    assert (mt.full((2,), 3).dtype, mt.full((2,), 3.0).dtype) == (mt.int64, mt.float32)
    assert mt.full((), True).dtype is mt.bool_
    assert mt.full(2, 1.7, dtype=mt.int64).tolist() == [1, 1]
    assert mt.full_like(mt.zeros(2, dtype=mt.int8), 7).tolist() == [7, 7]
    assert mt.full((1,), float("inf")).tolist() == [float("inf")]
    for wrong in ("300, dtype=mt.int8", "float('nan'), dtype=mt.int64", "1e300", "2**63"):
        with pytest.raises(RuntimeError, match="without overflow"):
            made("full", f"(2,), {wrong}")
    with pytest.raises(TypeError, match="full: expected a number, but got str"):
        made("full", "(2,), 'a'")


def test_eye() -> None:
    assert mt.eye(2, 3).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    assert mt.eye(2, dtype=mt.bool_).tolist() == [[True, False], [False, True]]
    assert mt.eye(0).shape == (0, 0)
    with pytest.raises(RuntimeError, match="n and m must be at least 0, but got 2 and -1"):
        mt.eye(2, -1)


def test_new_tensors_take_after_another() -> None:
    x = mt.zeros(2, dtype=mt.float64, device="numpy")
    for y in (
        x.new_zeros(2, 3), x.new_ones((2, 3)), x.new_full((2, 3), 7.0), x.new_empty(2, 3),
        x.new_tensor([[1, 2, 3], [4, 5, 6]]),
    ):  # fmt: skip
        assert (y.shape, y.dtype, y.device) == ((2, 3), mt.float64, x.device)
    assert x.new_ones(2, dtype=mt.int64, device="cpu").device.type == "cpu"
    assert x.new_full((1,), 2, requires_grad=True).requires_grad
    with pytest.raises(RuntimeError, match="new_zeros: trying to create a tensor with a negative"):
        x.new_zeros(-1)


# ---- arange and linspace -----------------------------------------------------------------------

steps = st.integers(-5, 5) | st.sampled_from([0.5, -0.25, 1.5, 0.1])


@given(st.integers(-20, 20), st.integers(-20, 20), steps)
def test_arange_is_numpys(start: int, end: int, step: float) -> None:
    assume(step != 0)
    if (end - start) * step < 0:
        with pytest.raises(RuntimeError, match="inconsistent with step sign"):
            mt.arange(start, end, step)
        return
    x = mt.arange(start, end, step, dtype=None if isinstance(step, int) else mt.float64)
    expected = np.arange(start, end, step)
    assert x.dtype is (mt.int64 if isinstance(step, int) else mt.float64)
    assert x.tolist() == pytest.approx(expected.tolist())


def test_the_forms_of_arange() -> None:
    assert mt.arange(3).tolist() == [0, 1, 2]
    assert mt.arange(end=3).tolist() == [0, 1, 2]
    assert mt.arange(3.0).dtype is mt.float32
    assert mt.arange(1, 7, 3).tolist() == [1, 4]
    assert mt.arange(5, 0, -2).tolist() == [5, 3, 1]
    assert mt.arange(mt.tensor(2)).tolist() == [0, 1]
    assert mt.arange(0.9, 5.1, 1.7, dtype=mt.int64).tolist() == [0, 1, 2, 3, 4]  # as in PyTorch
    assert mt.arange(2**62, 2**62 + 2).tolist() == [2**62, 2**62 + 1]
    assert mt.arange(2.0, requires_grad=True).requires_grad


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("0, 1, 0", "step must be nonzero"), ("1, 0", "inconsistent with step sign"),
        ("float('nan')", "unsupported range: 0 -> nan"), ("0, float('inf')", "unsupported range"),
        ("3, dtype=mt.bool_", "not defined for bool"), ("2**63", "without overflow|overflowed"),
        ("0, 5, 0.5, dtype=mt.int64", "step must be nonzero, but it is 0"),
    ],
)  # fmt: skip
def test_ranges_that_are_none(arguments: str, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        made("arange", arguments)


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.integers(0, 40))
def test_linspace_is_numpys_and_has_both_ends(start: float, end: float, count: int) -> None:
    x = mt.linspace(start, end, count, dtype=mt.float64)
    assert x.tolist() == pytest.approx(np.linspace(start, end, count).tolist(), abs=1e-9)
    if count > 1:
        assert (x[0].item(), x[-1].item()) == (start, end)


@pytest.mark.parametrize(
    ("start", "end", "count", "dtype", "expected"),
    [
        (0, 10, 5, mt.int64, [0, 2, 5, 7, 10]), (3, -7, 8, mt.int32, [3, 1, 0, -1, -2, -4, -5, -7]),
        (0, 7, 4, mt.int64, [0, 2, 4, 7]), (-3, 3, 3, mt.uint8, [253, 128, 3]),
        (5, 9, 1, mt.float32, [5.0]), (0, 1, 0, mt.float32, []),
    ],
)  # fmt: skip
def test_linspace_of_pytorch(
    start: int, end: int, count: int, dtype: DType, expected: list[float]
) -> None:
    x = mt.linspace(start, end, count, dtype=dtype)
    assert x.dtype is dtype
    assert x.tolist() == expected


def test_linspace_refuses() -> None:
    with pytest.raises(RuntimeError, match="number of steps must be non-negative, but got -1"):
        mt.linspace(0, 1, -1)
    with pytest.raises(RuntimeError, match="not defined for bool"):
        mt.linspace(0, 1, 3, dtype=mt.bool_)
    with pytest.raises(RuntimeError, match="linspace: value 300"):
        mt.linspace(0, 300, 3, dtype=mt.int8)


def test_the_default_device() -> None:
    try:
        mt.set_default_device("numpy")
        assert mt.zeros(1).device.type == "numpy"
        assert mt.tensor([1]).device.type == "numpy"
        assert mt.arange(3).device.type == "numpy"
        assert mt.zeros(1, device="cpu").device.type == "cpu"
        assert mt.get_default_device() == mt.Device("numpy")
    finally:
        mt.set_default_device(None)
    assert mt.zeros(1).device.type == "cpu"
