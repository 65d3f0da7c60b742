"""What Numba has no name for, in the simulator: values, alignment, and who may read what when."""

import math

import numpy as np
import pytest

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import (
    atomic_add,
    bits_double,
    bits_float,
    copy_async4,
    copy_async_commit,
    copy_async_wait,
    copy_async_wait_older,
    double_bits,
    float_bits,
    from_bfloat,
    from_half,
    load4,
    mulhi,
    quotient,
    shared_add,
    shared_load4,
    shared_store4,
    store4,
    to_bfloat,
    to_half,
)
from minitorch_cuda.kernel import Parameter, hand_written
from minitorch_cuda.kernels.source import divider
from minitorch_cuda.simulator import Pointer, simulate
from minitorch_cuda.simulator.errors import (
    DataRaceError,
    MisalignedAccessError,
    UninitialisedReadError,
)
from minitorch_operators.ieee import exp as ieee_exp
from minitorch_tensor.dtype import bfloat16
from minitorch_tensor.half import narrowed, widened

float32 = cuda.float32
int32 = cuda.int32


def reverse(out: Pointer[float], x: Pointer[float], first: int) -> None:
    i = 4 * cuda.grid(1) + first
    a, b, c, d = load4(x, i)
    store4(out, i, d, c, b, a)


def test_four_elements_are_moved_at_once() -> None:
    x, out = np.arange(8, dtype=np.float32), np.zeros(8, np.float32)
    simulate(reverse, 1, 2, out, x, 0)
    assert out.tolist() == [3, 2, 1, 0, 7, 6, 5, 4]


def test_four_elements_at_an_odd_place_are_refused() -> None:
    x, out = np.arange(8, dtype=np.float32), np.zeros(8, np.float32)
    with pytest.raises(MisalignedAccessError, match=r"reads four elements at x\[2\], which is ele"):
        simulate(reverse, 1, 1, out, x, 2)


def turned(out: Pointer[float], x: Pointer[float]) -> None:
    tile = cuda.shared.array(8, float32, alignment=16)
    i = 4 * cuda.threadIdx.x
    a, b, c, d = load4(x, i)
    shared_store4(tile, i, a, b, c, d)
    cuda.syncthreads()
    a, b, c, d = shared_load4(tile, 4 - i)
    store4(out, i, a, b, c, d)


def unaligned(out: Pointer[float]) -> None:
    tile = cuda.shared.array(8, float32)
    shared_store4(tile, 0, float32(1), float32(2), float32(3), float32(4))


def test_shared_memory_moves_four_at_once_where_it_is_aligned() -> None:
    x, out = np.arange(8, dtype=np.float32), np.zeros(8, np.float32)
    simulate(turned, 1, 2, out, x)
    assert out.tolist() == [4, 5, 6, 7, 0, 1, 2, 3]
    with pytest.raises(MisalignedAccessError, match=r"be made with alignment=16; it has 4"):
        simulate(unaligned, 1, 1, out)


def fetched(out: Pointer[float], x: Pointer[float], waits: bool, older: bool) -> None:
    tile = cuda.shared.array(8, float32, alignment=16)
    copy_async4(tile, 0, x, 0)
    copy_async_commit()
    copy_async4(tile, 4, x, 4)
    copy_async_commit()
    if waits:
        copy_async_wait()
    if older:
        copy_async_wait_older()
    cuda.syncwarp()
    out[0], out[1] = tile[1], tile[5]


def test_an_asynchronous_copy_arrives_when_it_is_waited_for() -> None:
    x, out = np.arange(8, dtype=np.float32), np.zeros(2, np.float32)
    simulate(fetched, 1, 1, out, x, True, False)
    assert out.tolist() == [1, 5]
    with pytest.raises(UninitialisedReadError, match=r"reads tile\[1\]"):
        simulate(fetched, 1, 1, out, x, False, False)
    with pytest.raises(UninitialisedReadError, match=r"reads tile\[5\]"):
        simulate(fetched, 1, 1, out, x, False, True)


def overwritten(out: Pointer[float], x: Pointer[float]) -> None:
    tile = cuda.shared.array(4, float32, alignment=16)
    me = cuda.threadIdx.x
    if me == 0:
        for i in range(4):
            tile[i] = x[i]
    cuda.syncthreads()
    if me == 0:
        copy_async4(tile, 0, x, 4)
        copy_async_commit()
    cuda.syncthreads()
    if me == 1:
        out[0] = tile[0]
    cuda.syncthreads()
    copy_async_wait()


def test_what_an_asynchronous_copy_will_replace_has_no_value_until_it_arrives() -> None:
    x, out = np.arange(8, dtype=np.float32), np.zeros(1, np.float32)
    with pytest.raises(UninitialisedReadError, match=r"thread \(1, 0, 0\).* reads tile\[0\]"):
        simulate(overwritten, 1, 2, out, x)


def count(out: Pointer[int], places: Pointer[int], x: Pointer[int], fence: bool) -> None:
    bins = cuda.shared.array(2, int32)
    me = cuda.threadIdx.x
    if me < 2:
        bins[me] = 0
    if fence:
        cuda.syncthreads()
    shared_add(bins, x[me], 1)
    places[atomic_add(out, 2, 1)] = me
    cuda.syncthreads()
    if me < 2:
        out[me] = int(bins[me])


def test_counts_in_shared_and_global_memory_are_not_interrupted() -> None:
    x = np.array([0, 1, 1, 1], np.int32)
    out, places = np.zeros(3, np.int32), np.zeros(4, np.int32)
    simulate(count, 1, 4, out, places, x, True)
    assert out.tolist() == [1, 3, 4]
    assert sorted(places.tolist()) == [0, 1, 2, 3]
    with pytest.raises(DataRaceError, match=r"bins\[\d\]"):
        simulate(count, 1, 4, np.zeros(3, np.int32), places, x, False)


def test_halves_are_those_of_the_cpu() -> None:
    numbers = [0.0, -0.0, 1.0, 1.5, -2.25, 65504.0, 1e-7, 3e38, 1.00390625, 1.01171875, math.inf]
    x = np.array(numbers, np.float32)
    with np.errstate(over="ignore"):
        assert [to_half(v) for v in x] == x.astype(np.float16).view(np.uint16).tolist()
        assert [from_half(to_half(v)) for v in x] == x.astype(np.float16).tolist()
    assert [to_bfloat(v) for v in x] == narrowed(x, bfloat16).tolist()
    assert [from_bfloat(to_bfloat(v)) for v in x] == widened(
        narrowed(x, bfloat16), bfloat16
    ).tolist()
    assert math.isnan(from_bfloat(to_bfloat(math.nan)))
    assert math.isnan(from_half(to_half(math.nan)))


def test_bits_go_there_and_back() -> None:
    for x in (0.0, -1.5, math.inf):
        assert bits_float(float_bits(x)) == x
        assert bits_double(double_bits(x)) == x
    assert float_bits(-0.0) == 1 << 31
    assert mulhi(0xFFFFFFFF, 0xFFFFFFFF) == 0xFFFFFFFE


@pytest.mark.parametrize("d", [1, 2, 3, 7, 641, 65537, 2**30 + 1, 2**31 - 1])
def test_a_position_is_divided_by_a_multiplication(d: int) -> None:
    m, s = divider(d)
    assert m < 2**32
    for i in (0, 1, d - 1, d, 2 * d - 1, 12345678, 2**31 - 2, 2**31 - 1):
        assert quotient(i, m, s) == i // d


T: cuda.ValueType = cuda.float32


def _grown(x: float) -> float:
    return T(ieee_exp(x)) + T(1)


def grow(out: Pointer[float], x: Pointer[float]) -> None:
    i = cuda.grid(1)
    out[i] = _grown(x[i])


def test_a_hand_written_kernel_is_bound_to_its_type_with_all_it_calls() -> None:
    for value in ("float32", "float64"):
        pointers = [Parameter(name, value, pointer=True) for name in ("out", "x")]
        kernel = hand_written(grow, pointers, value)
        assert kernel.name == "grow_kernel"
        assert kernel.ieee == {"exp"}
        x = np.array([1.0], value)
        out = np.zeros_like(x)
        simulate(kernel.function, 1, 1, out, x)
        assert out[0] == np.exp(x.astype(np.float64)).astype(value)[0] + 1
