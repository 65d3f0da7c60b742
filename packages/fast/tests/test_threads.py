"""How many threads, several Python threads at once, and forks."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import minitorch_fast
from minitorch_fast import threads
from minitorch_tensor import from_numpy


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


def test_the_number_of_threads_can_be_chosen() -> None:
    for n in (1, 3):
        minitorch_fast.set_num_threads(n)
        assert minitorch_fast.get_num_threads() == n


@pytest.mark.parametrize("n", [0, -1])
def test_not_a_number_of_threads(n: int) -> None:
    with pytest.raises(RuntimeError, match=f"expected a positive number of threads, got {n}"):
        minitorch_fast.set_num_threads(n)


def test_not_a_number() -> None:
    with pytest.raises(TypeError, match="expected an int, got bool"):
        minitorch_fast.set_num_threads(True)


def test_one_policy_for_blas_too() -> None:
    if threads.blas_threads() is None:
        pytest.skip("this NumPy's BLAS has no known way to set its threads")
    minitorch_fast.set_num_threads(1)
    assert threads.blas_threads() == 1


def test_the_calls_of_one_run_are_made_at_the_same_time() -> None:
    """Each waits for the other: one thread alone would wait for ever."""
    from threading import Barrier

    barrier = Barrier(3, timeout=30)

    def kernel(i: int) -> int:
        barrier.wait()
        return i * i

    assert sorted(map(str, threads.run(kernel, [(2,), (3,), (4,)]))) == ["16", "4", "9"]


def test_what_a_call_raises_is_raised() -> None:
    def kernel(i: int) -> None:
        if i == 1:
            raise ValueError("one")

    for calls in ([(0,), (1,)], [(1,), (0,)]):
        with pytest.raises(ValueError, match="one"):
            threads.run(kernel, calls)


@pytest.mark.parametrize(
    ("n", "parts", "grain"), [(1000, 2, 64), (10, 4, 1), (3, 8, 1), (64, 2, 64)]
)
def test_a_range_is_cut_without_gaps(n: int, parts: int, grain: int) -> None:
    ranges = threads.cut(n, parts, grain)
    assert len(ranges) <= parts
    assert [i for first, last in ranges for i in range(first, last)] == list(range(n))
    assert all(first % grain == 0 for first, _ in ranges)


def test_one_thread_starts_no_others() -> None:
    script = """
import threading, minitorch_tensor, minitorch_fast
minitorch_fast.set_num_threads(1)
x = minitorch_tensor.ones(500_000)
assert (x + x).sum().item() == 1_000_000.0 and threading.active_count() == 1
minitorch_fast.set_num_threads(3)
assert (x + x).sum().item() == 1_000_000.0 and threading.active_count() == 3
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_python_threads_may_compute_at_once() -> None:
    minitorch_fast.set_num_threads(3)
    x = from_numpy(np.ones(500_000, np.float32))

    def work(i: int) -> list[float]:
        return [(x * float(i)).sum().item() for _ in range(5)]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [[500_000.0 * i] * 5 for i in range(4)]


def test_small_work_in_many_python_threads() -> None:
    x = from_numpy(np.arange(50.0))

    def work(i: int) -> object:
        return (x * float(i)).tolist()

    with ThreadPoolExecutor(8) as pool:
        for i, found in enumerate(pool.map(work, range(100))):
            assert found == [float(i) * j for j in range(50)]


def test_a_forked_child_has_threads_of_its_own() -> None:
    script = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads: the point of this test
import minitorch_tensor, minitorch_fast
minitorch_fast.set_num_threads(2)
x = minitorch_tensor.ones(500_000)
assert (x + x).sum().item() == 1_000_000.0
child = os.fork()
if child == 0:
    os._exit(0 if (x + x).sum().item() == 1_000_000.0 else 1)
_, status = os.waitpid(child, 0)
assert status == 0, status
assert (x + x).sum().item() == 1_000_000.0
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
