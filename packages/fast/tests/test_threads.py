"""How many threads, several Python threads at once, and forks."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread, current_thread

import numpy as np
import pytest

import minitorch_fast
from minitorch_fast import threads
from minitorch_fast.workers import Workers
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


def test_blas_computes_on_one_thread_and_products_are_cut_by_us() -> None:
    if not threads.blas_is_serial():
        pytest.skip("this NumPy's BLAS has no known way to set its threads")
    minitorch_fast.set_num_threads(4)
    assert threads.blas_threads() == 1


def test_the_calls_of_one_run_are_made_at_the_same_time() -> None:
    """Each waits for the other: one thread alone would wait for ever."""
    barrier = Barrier(3, timeout=30)

    def kernel(i: int) -> int:
        barrier.wait()
        return i * i

    assert Workers().run(kernel, [(2,), (3,), (4,)], 3) == [4, 9, 16]


def test_more_calls_than_threads() -> None:
    team = Workers()
    assert team.run(lambda i: i * i, [(i,) for i in range(10)], 3) == [i * i for i in range(10)]
    assert team.count == 2


def test_nobody_waits_for_a_call_that_no_worker_has_begun() -> None:
    """The only worker is busy with the job of another thread."""
    team = Workers()
    begun, go_on = Event(), Event()

    def long(i: int) -> int:
        begun.set()
        assert go_on.wait(30)
        return i

    other = Thread(target=team.run, args=(long, [(1,), (2,)], 2))
    other.start()
    assert begun.wait(30)
    assert team.run(lambda i: -i, [(1,), (2,)], 2) == [-1, -2]
    go_on.set()
    other.join()


def test_workers_that_do_not_help_are_let_alone_for_a_while() -> None:
    team = Workers()

    def kernel(i: int) -> str:
        return current_thread().name

    team.rested = time.perf_counter() + 3600
    assert team.run(kernel, [(1,), (2,)], 2) == [current_thread().name] * 2
    assert team.count == 0


def test_what_a_call_raises_is_raised() -> None:
    def kernel(i: int) -> None:
        if i == 1:
            raise ValueError("one")

    for calls in ([(0,), (1,)], [(1,), (0,)]):
        with pytest.raises(ValueError, match="one"):
            Workers().run(kernel, calls, 2)


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
