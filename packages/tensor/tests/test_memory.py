"""Memory that is shared, exchanged, described, resized; and the words for it that are refused."""

from __future__ import annotations

import subprocess
import sys
from array import array
from collections.abc import Callable
from operator import attrgetter

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import HostArray, Tensor

# By name: its annotation is a type of capsules that Python has only from 3.13 on.
seen: Callable[[Tensor], HostArray] = attrgetter("from_dlpack")(np)


def test_numpy_shares_memory_through_dlpack_both_ways() -> None:
    x = mt.arange(6.0).reshape(2, 3).t()
    array = seen(x)
    array[0, 1] = 100
    assert x[0, 1].item() == 100
    assert array.strides == (4, 12)
    back = mt.from_dlpack(array)
    back.zero_()
    assert not x.any()
    assert x.__dlpack_device__() == (1, 0)
    for dtype in (mt.bool_, mt.uint8, mt.float64, mt.int16):
        assert mt.from_dlpack(seen(x.to(dtype))).dtype is dtype
    assert mt.from_dlpack(seen(mt.empty(0, 3))).shape == (0, 3)


@pytest.mark.parity
def test_torch_shares_memory_through_dlpack_both_ways() -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.arange(6.0).reshape(2, 3).t()
    ours = mt.from_dlpack(theirs)
    ours.mul_(2)
    assert theirs[2, 1].item() == 10
    again = torch.from_dlpack(ours)
    again.zero_()
    assert not ours.any()
    capsule = torch.utils.dlpack.to_dlpack(theirs)
    assert mt.from_dlpack(capsule).data_ptr() == theirs.data_ptr()
    assert torch.from_dlpack(mt.to_dlpack(ours)).data_ptr() == ours.data_ptr()


def test_dlpack_refuses_what_cannot_be_shared() -> None:
    x = mt.ones(2, requires_grad=True)
    with pytest.raises(
        BufferError, match=r"can't export tensors that require gradient; use x\.det"
    ):
        seen(x)
    with pytest.raises(BufferError, match="NumPy, which exports it, has no bfloat16"):
        mt.to_dlpack(mt.ones(2, dtype=mt.bfloat16))
    with pytest.raises(BufferError, match="stream must be None on the CPU, but got 1"):
        mt.ones(2).__dlpack__(stream=1)
    with pytest.raises(RuntimeError, match=r"expected an array that has __dlpack__, .* got int"):
        mt.from_dlpack(3)
    source = np.arange(3.0)
    source.flags.writeable = False
    assert mt.from_dlpack(source).add_(1).tolist() == [1, 2, 3]  # a copy: it cannot be written
    assert source.tolist() == [0, 1, 2]
    with pytest.raises(BufferError, match="would have to be copied; leave copy=None"):
        mt.from_dlpack(source, copy=False)
    assert mt.from_dlpack(np.arange(3.0), copy=True).tolist() == [0, 1, 2]


def test_frombuffer_shares_what_can_be_written() -> None:
    memory = bytearray(8)
    x = mt.frombuffer(memory, dtype=mt.int16, offset=4)
    x[0] = 257
    assert memory[4:6] == b"\x01\x01"
    with pytest.warns(UserWarning, match="not writable, so the tensor is a copy"):
        y = mt.frombuffer(b"\x01\x02", dtype=mt.uint8)
    assert y.add_(1).tolist() == [2, 3]
    odd = mt.frombuffer(bytearray(range(9)), dtype=mt.int32, offset=1)
    assert odd.tolist() == np.arange(1, 9, dtype=np.uint8).view(np.int32).tolist()


FRAMES: dict[str, Callable[[], Tensor]] = {
    r"both buffer length \(0\)": lambda: mt.frombuffer(bytearray(), dtype=mt.uint8),
    r"offset \(4 bytes\) must be": lambda: mt.frombuffer(bytearray(4), dtype=mt.uint8, offset=4),
    r"requested buffer length \(2 \* 4 bytes\)": lambda: mt.frombuffer(
        bytearray(4), dtype=mt.int32, count=2
    ),
    r"must be a multiple of element size \(4\)": lambda: mt.frombuffer(
        bytearray(5), dtype=mt.int32
    ),
    "does not implement the Python buffer protocol": lambda: mt.frombuffer(
        [1],  # type: ignore[arg-type]
        dtype=mt.int32,
    ),
}


@pytest.mark.parametrize("message", FRAMES)
def test_frombuffer_refuses_what_is_not_there(message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FRAMES[message]()


def test_asarray_shares_where_it_can() -> None:
    x, source = mt.ones(3), np.ones(3)
    assert mt.asarray(x) is x
    assert mt.asarray(x, copy=True).data_ptr() != x.data_ptr()
    mt.asarray(source).zero_()
    assert not source.any()
    assert mt.asarray(array("f", [1.0, 2.0])).tolist() == [1, 2]
    assert mt.asarray(3).dtype is mt.int64
    assert mt.asarray(range(3)).tolist() == [0, 1, 2]
    with pytest.raises(
        ValueError, match=r"can't share memory of dtype minitorch\.float32 .* as minitorch\.int64"
    ):
        mt.asarray(x, dtype=mt.int64, copy=False)
    with pytest.raises(ValueError, match="can't share the memory of list"):
        mt.asarray([1, 2], copy=False)


def test_asarray_and_history() -> None:
    leaf = mt.ones(3, requires_grad=True)
    with pytest.warns(UserWarning, match="requires_grad is that of the given tensor"):
        assert mt.asarray(leaf) is leaf
    assert not mt.asarray(leaf, requires_grad=False).requires_grad
    assert mt.asarray(leaf * 1, requires_grad=True).grad_fn is not None
    assert mt.asarray(np.ones(2), requires_grad=True).is_leaf


def test_strided_memory_refuses_what_is_no_layout() -> None:
    assert mt.empty_strided((2, 3), (0, 0)).untyped_storage().nbytes() == 4
    with pytest.raises(RuntimeError, match=r"dimensionality of sizes \(2, 3\) must match"):
        mt.empty_strided((2, 3), (1,))
    with pytest.raises(RuntimeError, match="strides must not be negative"):
        mt.ones(1).new_empty_strided((2, 3), (1, -2))
    with pytest.raises(RuntimeError, match="negative dimension"):
        mt.empty_strided((2, -3), (1, 2))
    for order in ((1, 2), (1, 1, 0), (1, 2, 9)):
        with pytest.raises(RuntimeError, match="must name each of the 3 dimensions"):
            mt.empty_permuted((2, 3, 5), order)
    with pytest.raises(RuntimeError, match="row and col must be non-negative"):
        mt.tril_indices(-1, 2)
    with pytest.raises(RuntimeError, match="use an integer dtype"):
        mt.triu_indices(1, 2, dtype=mt.float32)
    with pytest.raises(RuntimeError, match="value 300 cannot be converted to type uint8"):
        mt.scalar_tensor(300, dtype=mt.uint8)


def test_sequences_refuse_what_has_no_end() -> None:
    with pytest.raises(RuntimeError, match="number of steps must be non-negative, but got -1"):
        mt.logspace(0, 1, -1)
    with pytest.raises(RuntimeError, match="logspace: not defined for bool"):
        mt.logspace(0, 1, 2, dtype=mt.bool_)
    with pytest.warns(UserWarning, match="torch.range is deprecated"):
        assert mt.range(1, 4).tolist() == [1, 2, 3, 4]
    for arguments, message in {
        (0, 1, 0): "step must be nonzero",
        (4, 1, 1): "inconsistent with step sign",
        (0, float("inf"), 1): "unsupported range",
    }.items():
        with (
            pytest.warns(UserWarning, match="deprecated"),
            pytest.raises(RuntimeError, match=message),
        ):
            mt.range(*arguments)
    with pytest.raises(TypeError, match="missing the argument 'end'"):
        mt.range(3)


@pytest.mark.parametrize(
    "window",
    [mt.hann_window, mt.hamming_window, mt.blackman_window, mt.bartlett_window, mt.kaiser_window],
)
def test_windows_refuse_what_has_no_length(window: Callable[..., Tensor]) -> None:
    with pytest.raises(RuntimeError, match="requires a non-negative window_length, but got -1"):
        window(-1)
    with pytest.raises(RuntimeError, match="expects a floating point dtype"):
        window(3, dtype=mt.int64)
    with pytest.raises(TypeError, match="window_length must be int, not float"):
        window(2.5)
    assert window(4, requires_grad=True).requires_grad


def test_other_kinds_of_memory_are_refused() -> None:
    x = mt.ones(1, 2, 3, 4)
    calls: list[Callable[[], Tensor]] = [
        lambda: x.clone(memory_format=mt.channels_last),
        lambda: x.contiguous(memory_format=mt.channels_last),
        lambda: x.to(mt.float64, memory_format=mt.channels_last),
        lambda: mt.empty_like(x, memory_format=mt.channels_last),
    ]
    for call in calls:
        with pytest.raises(
            RuntimeError, match=r"memory_format minitorch\.channels_last is not sup"
        ):
            call()
    with pytest.raises(RuntimeError, match="pin_memory=True is not supported: make the"):
        mt.zeros(2, pin_memory=True)
    with pytest.raises(RuntimeError, match="device 'cuda'"):
        x.pin_memory()  # there is no GPU
    with pytest.raises(RuntimeError, match="pin_memory: cpu has memory that needs no pinning"):
        x.pin_memory("cpu")
    with pytest.raises(RuntimeError, match="record_stream: x is on cpu, where there are no stream"):
        x.record_stream(None)
    with pytest.raises(AttributeError, match="on non-CUDA tensor type: x is on cpu"):
        _ = x.__cuda_array_interface__
    with pytest.raises(TypeError, match=r"layout must be minitorch\.strided, but got 'sparse'"):
        mt.zeros(2, layout="sparse")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="memory_format must be one such as"):
        x.clone(memory_format="preserve")  # type: ignore[arg-type]
    assert x.layout == mt.strided
    assert repr(mt.strided) == "minitorch.strided"


def test_types_have_pytorchs_names() -> None:
    x = mt.ones(2)
    assert x.type() == "torch.FloatTensor"
    assert x.type("torch.FloatTensor") is x
    assert x.type("torch.BoolTensor").type() == "torch.BoolTensor"
    assert x.type(mt.int8).type() == "torch.CharTensor"
    for name in ("float32", "torch.ComplexTensor", "FloatTensor", "numpy.FloatTensor"):
        with pytest.raises(ValueError, match=f"invalid type: '{name}'"):
            x.type(name)


def test_a_default_type_sets_the_default_dtype() -> None:
    try:
        with pytest.warns(UserWarning, match="set_default_tensor_type.. is deprecated"):
            mt.set_default_tensor_type("torch.DoubleTensor")
        assert mt.zeros(1).dtype is mt.float64
        with pytest.raises(TypeError, match="only floating-point types"):
            mt.set_default_tensor_type("torch.LongTensor")
    finally:
        mt.set_default_dtype(mt.float32)


def test_result_types() -> None:
    x = mt.tensor([1], dtype=mt.uint8)
    assert mt.result_type(x, 2.5) is mt.result_type(2.5, x) is mt.float32
    assert mt.result_type(x, mt.tensor(3)) is mt.uint8
    assert mt.result_type(True, 1) is mt.int64
    with pytest.raises(TypeError, match="argument 'tensor2' must be a Tensor, not str"):
        mt.result_type(x, "1")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="can_cast: expected a dtype, but got str"):
        mt.can_cast(mt.float32, "int")  # type: ignore[arg-type]


def test_resize_keeps_what_was_there_and_views_see_it_grow() -> None:
    x = mt.arange(3.0)
    view = x[1:]
    view.resize_(6)
    assert view[:2].tolist() == [1, 2]
    view[2:] = 7
    assert x.tolist() == [0, 1, 2]
    assert x.resize_(5).tolist() == [0, 1, 2, 7, 7]
    assert x.untyped_storage() == view.untyped_storage()
    assert x.untyped_storage().nbytes() == 28
    with pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
        mt.ones(2, requires_grad=True).resize_(3)
    with pytest.raises(RuntimeError, match="negative dimension"):
        x.resize_(-2)


def test_set_shares_memory_of_the_same_kind_only() -> None:
    x, y = mt.zeros(3), mt.arange(12.0)
    assert x.set_(y).data_ptr() == y.data_ptr()
    assert x.set_(y, 1, (2, 2), (2, 1)).tolist() == [[1, 2], [3, 4]]
    assert x.set_().shape == (0,)
    assert x.set_(y.untyped_storage()).shape == (12,)
    with pytest.raises(RuntimeError, match=r"could not set a tensor of dtype minitorch\.int64"):
        x.set_(y.long())
    with pytest.raises(RuntimeError, match="reach element 40, but the storage has 12 elements"):
        x.set_(y, 1, (20, 2), (2, 1))
    with pytest.raises(RuntimeError, match="a Variable that requires grad cannot be given other"):
        mt.ones(3, requires_grad=True).set_(y)


def test_backward_notices_that_an_operand_has_other_memory() -> None:
    w, x = mt.ones(3, requires_grad=True), mt.ones(3)
    y = w * x
    x.set_(mt.zeros(3))
    with pytest.raises(RuntimeError, match="modified"):
        y.sum().backward()


def test_storage_is_bytes() -> None:
    x = mt.tensor([1, 258], dtype=mt.int16)
    memory = x.untyped_storage()
    assert memory.tolist() == [1, 0, 2, 1]
    assert (len(memory), memory.size(), memory[3]) == (4, 4, 1)
    assert memory.data_ptr() == x.data_ptr()
    assert {memory: 1}[x[1:].untyped_storage()] == 1
    assert repr(memory) == "UntypedStorage(4 bytes on cpu)"
    assert x.view(mt.uint8).untyped_storage() == memory


def test_a_python_function_has_no_derivative() -> None:
    x = mt.ones(2, requires_grad=True)
    with pytest.raises(
        RuntimeError, match=r"apply_: can't be used on a Variable that requires grad"
    ):
        x.apply_(abs)
    with pytest.raises(RuntimeError, match=r"map_: shape \(2, 2\) does not broadcast to \(2,\)"):
        mt.ones(2).map_(mt.ones(2, 2), max)


def test_a_forked_process_writes_into_shared_memory() -> None:
    code = """
import os
import minitorch_tensor as mt
x = mt.ones(3)
row = x[1:]
alone = mt.ones(3)
assert x.share_memory_() is x and row.is_shared() and not alone.is_shared()
assert x.view(mt.int32).is_shared() and mt.empty(0).share_memory_().is_shared()
child = os.fork()
if child == 0:
    x.mul_(10)
    alone.mul_(10)
    os._exit(0)
os.waitpid(child, 0)
print(row.tolist(), alone.tolist())
"""
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert run.strip() == "[10.0, 10.0] [1.0, 1.0, 1.0]"


def test_the_storage_can_be_called_as_in_old_programs() -> None:
    x = mt.arange(6.0).reshape(2, 3)
    with pytest.warns(UserWarning, match="TypedStorage is deprecated"):
        storage = x.storage()
    assert storage.data_ptr() == x[1].storage.data_ptr() == x.data_ptr()
    assert (storage.size(), len(storage), storage.nbytes()) == (6, 6, 24)
    assert storage.tolist() == [0, 1, 2, 3, 4, 5]


def test_there_are_no_other_kinds_of_tensors() -> None:
    x = mt.ones(2)
    assert not any([x.is_sparse, x.is_quantized, x.is_meta, x.is_nested, x.is_pinned()])
    assert x.is_cpu
    assert not x.is_cuda
    assert x.get_device() == -1
    assert mt.ones(2, 1).expand(2, 3).dim_order() == (0, 1)
