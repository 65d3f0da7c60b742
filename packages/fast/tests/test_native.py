"""Kernels called from compiled code get the arguments, and give the results, that Python's do."""

import threading
import time

import numpy as np
import pytest

from minitorch_fast import cache, native
from minitorch_fast.workers import Workers

MIXED = '''\
"""Every kind of argument that a kernel may have, in an order in which nothing fits by luck."""

import numpy as np
from numba import njit


@njit(nogil=True, no_cfunc_wrapper=True)
def kernel(out, flag, a, small, x, n, i, u, b, y, m):
    s = 0.0
    for k in range(n):
        s += a[k] * x + b[k] * y
    out[i] = s + (1000 if flag else 0) + m
    out[i] += small[u] * len(small)
    return s
'''
SIGNATURE = (
    "float64(float64[::1], boolean, float32[::1], int32[::1], float32, int64, int64, uint32, "
    "int64[::1], float64, int32)"
)


def arguments(i: int, out: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[object, ...]:
    a = np.arange(5 + i, dtype=np.float32) / 3
    b = np.arange(i, 5 + 2 * i, dtype=np.int64) * -(10**12)
    small = np.array([-7, 2**31 - 1, -(2**31)], np.int32)
    return out, i % 2 == 0, a, small, -1.5 - i, 5 + i, i, i % 3, b, 1e-9 * (i - 4), -i


def test_every_kind_of_argument() -> None:
    kernel = cache.load("mixed", MIXED, SIGNATURE)
    assert native.entries[kernel].kinds == (
        8, "i8", 4, 4, "float", "i64", "i64", "i32", 8, "double", "i32",
    )  # fmt: skip
    expected, found = np.zeros(9), np.zeros(9)
    returned = [kernel(*arguments(i, expected)) for i in range(9)]
    assert Workers().run(kernel, [arguments(i, found) for i in range(9)], 3) == returned
    assert np.array_equal(found, expected)
    assert len(set(expected.tolist())) == 9


@pytest.mark.parametrize(
    ("result", "expression", "values"),
    [
        ("int64", "x[0] * n", [-3, 6]),
        ("float32", "np.float32(x[0]) / np.float32(3)", [np.float32(-1) / np.float32(3)] * 2),
        ("float64", "-n / 7", [-3 / 7, 6 / 7]),
        ("boolean", "n > 0", [True, False]),
        ("int32", "np.int32(n)", [3, -6]),
    ],
)
def test_results(result: str, expression: str, values: list[object]) -> None:
    text = (
        "import numpy as np\nfrom numba import njit\n"
        "@njit(nogil=True, no_cfunc_wrapper=True)\n"
        f"def kernel(x, n): return {expression}\n"
    )
    kernel = cache.load(f"returns_{result}", text, f"{result}(int64[::1], int64)")
    calls = [(np.array([-1]), 3), (np.array([-1]), -6)]
    assert Workers().run(kernel, calls, 2) == values
    assert Workers().run(kernel, calls, 2) == [kernel(*call) for call in calls]


def test_what_a_kernel_raises_is_raised() -> None:
    text = (
        "import numpy as np\nfrom numba import njit\n"
        "@njit(nogil=True, no_cfunc_wrapper=True)\n"
        "def kernel(out, n):\n"
        "    out[0] = np.zeros(n)[0]\n"
    )
    kernel = cache.load("takes_memory", text, "void(float64[::1], int64)")
    out = np.ones(1)
    with pytest.raises(MemoryError):
        Workers().run(kernel, [(out, 10), (out, 1 << 56)], 2)
    assert Workers().run(kernel, [(out, 10), (out, 20)], 2) == [None, None]


def test_a_kernel_with_other_arguments_is_called_by_python() -> None:
    text = (
        "from numba import njit\n"
        "@njit(nogil=True, no_cfunc_wrapper=True)\n"
        "def kernel(x, pair): return x[0, 1] + pair[1]\n"
    )
    kernel = cache.load("other_arguments", text, "int64(int64[:, ::1], UniTuple(int64, 2))")
    assert kernel not in native.entries
    x = np.array([[1, 2]])
    assert Workers().run(kernel, [(x, (3, 4)), (x, (5, 6))], 2) == [6, 8]


SLOW = '''\
"""Takes about a millisecond."""

from numba import njit


@njit(nogil=True, no_cfunc_wrapper=True)
def kernel(out, i):
    x = 1.0
    for k in range(300000):
        x = x * 0.999999 + 0.5
    out[i] += x
'''


def test_workers_take_calls_and_each_is_made_once() -> None:
    kernel = cache.load("slow", SLOW, "void(float64[::1], int64)")
    team, out, jobs = Workers(), np.zeros(40), 0
    end = time.monotonic() + 60
    while team.helped < 0 and time.monotonic() < end:
        team.rested = 0.0
        team.run(kernel, [(out, i) for i in range(40)], 3)
        jobs += 1
    assert team.helped > 0
    once = np.zeros(1)
    kernel(once, 0)
    np.testing.assert_allclose(out, jobs * once[0])


def test_jobs_of_many_threads() -> None:
    """One is on the board; the others are done by who asked."""
    kernel = cache.load("slow", SLOW, "void(float64[::1], int64)")
    team, results = Workers(), [np.zeros(8) for _ in range(5)]
    once = np.zeros(1)
    kernel(once, 0)

    def ask(out: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
        for _ in range(30):
            team.run(kernel, [(out, i) for i in range(8)], 4)

    askers = [threading.Thread(target=ask, args=(out,)) for out in results]
    for thread in askers:
        thread.start()
    for thread in askers:
        thread.join()
    for out in results:
        np.testing.assert_allclose(out, 30 * once[0])
