"""How many threads, several Python threads at once, and forks."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import minitorch_fast
from minitorch_fast import numba_config, threads
from minitorch_tensor import from_numpy


@pytest.fixture(autouse=True)
def restored() -> object:
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


def test_the_number_of_threads_can_be_chosen() -> None:
    minitorch_fast.set_num_threads(1)
    assert minitorch_fast.get_num_threads() == 1
    assert threads.team() == 1
    minitorch_fast.set_num_threads(2)
    assert minitorch_fast.get_num_threads() == 2
    assert threads.team() <= 2


@pytest.mark.parametrize("n", [0, -1])
def test_not_a_number_of_threads(n: int) -> None:
    with pytest.raises(RuntimeError, match=f"expected a positive number of threads, got {n}"):
        minitorch_fast.set_num_threads(n)


def test_not_a_number() -> None:
    with pytest.raises(TypeError, match="expected an int, got bool"):
        minitorch_fast.set_num_threads(True)


def test_one_policy_for_blas_too() -> None:
    get, set_blas = threads._blas("get"), threads._blas("set")
    if get is None or set_blas is None:
        pytest.skip("this NumPy's BLAS has no known way to set its threads")
    minitorch_fast.set_num_threads(1)
    assert threads._blas_threads() == 1


def test_never_on_the_layer_that_aborts() -> None:
    minitorch_fast.set_num_threads(2)
    if threads.team() == 1:
        pytest.skip("no threading layer here")
    assert numba_config.launch_threads() in ("omp", "tbb")


def test_python_threads_may_compute_at_once() -> None:
    """The library's own choice of the layer: `workqueue` would abort the process."""
    script = """
from concurrent.futures import ThreadPoolExecutor
import minitorch_tensor, minitorch_fast
minitorch_fast.set_num_threads(2)
x = minitorch_tensor.ones(100_000)
def work(i):
    return [float((x * float(i)).sum().item()) for _ in range(20)]
with ThreadPoolExecutor(4) as pool:
    results = list(pool.map(work, range(4)))
assert results == [[100_000.0 * i] * 20 for i in range(4)], results
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_forked_child_computes_on_one_thread() -> None:
    script = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads: the point of this test
import minitorch_tensor, minitorch_fast
from minitorch_fast import threads
minitorch_fast.set_num_threads(2)
x = minitorch_tensor.ones(100_000)
assert (x + x).sum().item() == 200_000.0
child = os.fork()
if child == 0:
    os._exit(0 if threads.team() == 1 and (x + x).sum().item() == 200_000.0 else 1)
_, status = os.waitpid(child, 0)
assert status == 0, status
assert (x + x).sum().item() == 200_000.0
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_without_a_safe_layer_kernels_are_serial(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise ValueError("No threading layer could be loaded.")

    monkeypatch.setattr(numba_config, "launch_threads", none)
    monkeypatch.setattr(threads._state, "available", None)
    minitorch_fast.set_num_threads(2)
    with pytest.warns(RuntimeWarning, match="kernels run on one thread: No threading layer"):
        assert threads.team() == 1
    x = from_numpy(np.ones(100_000, np.float32))
    assert (x + x).sum().item() == 200_000.0


def test_small_work_in_many_python_threads() -> None:
    x = from_numpy(np.arange(50.0))

    def work(i: int) -> object:
        return (x * float(i)).tolist()

    with ThreadPoolExecutor(8) as pool:
        for i, found in enumerate(pool.map(work, range(100))):
            assert found == [float(i) * j for j in range(50)]
