"""The pool of memory: what is used again, and what must never be."""

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

import minitorch_fast
from minitorch_fast.memory import LARGE, Pool, pool, rounded
from minitorch_tensor import Device, Tensor, arange, float32, from_dlpack, from_numpy, tensor

N = 50_000
FLOAT = np.dtype(np.float32)


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def large(fill: float) -> Tensor:
    x = Tensor([fill]).expand(N).contiguous()
    assert isinstance(x.storage.buffer, np.ndarray)
    return x


def test_memory_of_a_dead_tensor_is_used_again() -> None:
    x = large(1.0)
    address = x.data_ptr()
    del x
    assert large(2.0).data_ptr() == address


def test_small_arrays_do_not_come_from_the_pool() -> None:
    lent = pool.lent
    held = Device("cpu").backend.empty(LARGE - 1, float32)
    assert pool.lent == lent
    also = Device("cpu").backend.empty(LARGE, float32)
    assert pool.lent == lent + rounded(4 * LARGE)
    assert len(held) + 1 == len(also)


def test_memory_is_aligned_for_the_widest_vectors() -> None:
    for n in range(LARGE, LARGE + 20_000, 1000):
        assert Pool(0).empty(n, FLOAT).ctypes.data % 64 == 0


@pytest.mark.parametrize("kind", ["numpy", "slice", "tensor", "memoryview", "detached", "bytes"])
def test_memory_that_something_looks_at_is_not_used_again(kind: str) -> None:
    x = large(3.0)
    address = x.data_ptr()
    looks: object
    if kind == "numpy":
        looks = x.numpy()
    elif kind == "slice":
        looks = x.numpy()[10:20][::2].reshape(5, 1)
    elif kind == "tensor":
        looks = from_numpy(x.numpy())
    elif kind == "memoryview":
        looks = x.numpy().data
    elif kind == "detached":
        looks = x[5:].detach()
    else:
        looks = x.numpy().view(np.uint8)
    del x
    others = [large(4.0) for _ in range(3)]
    assert all(other.data_ptr() != address for other in others)
    found = looks.numpy() if isinstance(looks, Tensor) else np.asarray(looks)
    assert (found.reshape(-1).view(np.float32) == 3.0).all()
    del looks, found
    assert address in [large(5.0).data_ptr(), *(other.data_ptr() for other in others)]


def test_what_dlpack_exports_is_not_used_again() -> None:
    x = large(3.0)
    address = x.data_ptr()
    looks = from_dlpack(x)
    del x
    assert looks.data_ptr() == address
    assert large(4.0).data_ptr() != address
    assert (looks.numpy() == 3.0).all()


def test_memory_of_others_is_theirs() -> None:
    array = np.ones(N, np.float32)
    lent = pool.lent
    x = from_numpy(array)
    assert pool.lent == lent
    del x
    assert large(2.0).data_ptr() != array.ctypes.data
    assert (array == 1.0).all()


def test_what_is_held_and_lent_is_never_more_than_was_once_lent() -> None:
    own = Pool(1 << 30)
    a = [own.empty(n, FLOAT) for n in (100_000, 200_000, 300_000)]
    most = own.most
    a.clear()
    assert (own.lent, own.held) == (0, most)
    for n in (400_000, 150_000, 50_000, 160_000, 500_000):
        a = [own.empty(n, FLOAT)]
        assert own.held + own.lent <= max(most, own.most)
    assert sum(block.nbytes for block in own.ages) == own.held
    assert sum(map(len, own.sizes.values())) == len(own.ages)


def test_no_more_is_held_than_the_limit() -> None:
    own = Pool(1_000_000)
    arrays = [own.empty(100_000, FLOAT) for _ in range(5)]
    assert own.lent > 2_000_000
    arrays.clear()
    assert own.held <= 1_000_000


def test_the_pool_can_be_emptied() -> None:
    x = large(1.0)
    del x
    assert pool.held > 0
    minitorch_fast.empty_cache()
    assert pool.held == 0
    assert not pool.ages


def test_who_does_not_get_the_lock_does_without_the_pool() -> None:
    own = Pool(1 << 30)
    first = own.empty(N, FLOAT)
    with own.lock:
        second = own.empty(N, FLOAT)
        del first  # it will be counted later
    assert second.base is None
    assert own.lent == rounded(4 * N)
    third = own.empty(N, FLOAT)
    assert own.lent == rounded(4 * N)
    assert not own.held
    del third


@pytest.mark.parametrize("nbytes", [*range(1, 40_000, 777), 1_000_003, 2**20 + 1, 2**31 + 5])
def test_a_block_is_at_most_an_eighth_larger(nbytes: int) -> None:
    assert nbytes <= rounded(nbytes) <= max(nbytes + 4095, nbytes * 9 // 8)


def test_several_threads_take_and_return() -> None:
    wrong: list[int] = []

    def work(k: int) -> None:
        kept: list[Tensor] = []
        for i in range(100):
            x = large(float(k))
            kept.append(x)
            if i % 7 == k:
                kept.clear()
            if (x.numpy() != k).any():
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_memory_of_a_deep_chain_comes_back_as_backward_proceeds() -> None:
    """30 saved tensors of 4 MB: backward needs little more than they have."""
    x = arange(1_000_000, dtype=float32).requires_grad_()
    scale = tensor([0.5])
    y = x
    for _ in range(30):
        y = (y * scale).sin()
    loss = y.sum()
    del y
    minitorch_fast.empty_cache()
    before = pool.lent
    assert pool.most == before
    loss.backward()
    assert x.grad is not None
    assert pool.most < before + 5 * 4_194_304
    assert pool.lent < before - 28 * 4_000_000


def test_a_forked_child_and_the_end_of_the_process() -> None:
    script = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import minitorch_tensor as t, minitorch_fast
from minitorch_fast.memory import pool
x = t.ones(100_000)
y = t.ones(100_000)
del y
with pool.lock:  # as if another thread were in the midst of it
    child = os.fork()
    if child == 0:
        z = t.zeros(100_000)
        os._exit(0 if (x + z).sum().item() == 100_000 and not pool.lock.locked() else 1)
_, status = os.waitpid(child, 0)
assert status == 0, status
kept = [t.ones(100_000) for _ in range(5)]
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    assert not done.stderr
