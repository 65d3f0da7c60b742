"""First steps: the kernels of the course, each as short as it can be. Read them in this order.

They are not used by the backend. Each can be run in the simulator, and broken there: take out a
barrier, let an index run one too far, and read what the simulator says.

Source: https://minitorch.github.io/module3/module3/
"""

from __future__ import annotations

from functools import partial
from typing import Final

from minitorch_cuda import dsl as cuda
from minitorch_cuda.gates import Gate
from minitorch_cuda.kernels.planning import kernel_of
from minitorch_cuda.simulator import Pointer
from minitorch_tensor.dtype import float32

T: cuda.ValueType = cuda.float32
BLOCK = 32
"""The threads that `sum_practice` and `mm_practice` are run with: in each dimension of a block."""


def add_one(out: Pointer[float], x: Pointer[float], n: int) -> None:
    """out[i] = x[i] + 1: a thread an element.

    The grid may have more threads than there are elements: those do nothing.

    >>> import numpy as np
    >>> from minitorch_cuda import simulate
    >>> out = np.empty(6, np.float32)
    >>> simulate(add_one, 2, 4, out, np.arange(6, dtype=np.float32), 6)
    >>> out
    array([1., 2., 3., 4., 5., 6.], dtype=float32)
    """
    i = cuda.grid(1)
    if i < n:
        out[i] = x[i] + T(1)


def add_broadcast(
    out: Pointer[float], a: Pointer[float], b: Pointer[float], n: int, m: int
) -> None:
    """out[i, j] = a[i, j] + b[j], for out and a (n, m) and b (m,): positions are ours to compute.

    >>> import numpy as np
    >>> from minitorch_cuda import simulate
    >>> a, out = np.zeros((2, 3), np.float32), np.empty((2, 3), np.float32)
    >>> simulate(add_broadcast, (1, 1), (4, 4), out, a, np.arange(3, dtype=np.float32), 2, 3)
    >>> out
    array([[0., 1., 2.],
           [0., 1., 2.]], dtype=float32)
    """
    j, i = cuda.grid(
        2
    )  # neighbouring threads take neighbouring columns: one wide read for them all
    if i < n and j < m:
        out[i * m + j] = a[i * m + j] + b[j]


def sum_practice(out: Pointer[float], x: Pointer[float], n: int) -> None:
    """out[k] = the sum of the k-th run of 32 elements: the threads of a block share what they read.

    Half of the threads add what the other half brought, then a quarter, and so on: five steps for
    32 numbers. Between any two steps all must wait.

    >>> import numpy as np
    >>> from minitorch_cuda import simulate
    >>> out = np.empty(2, np.float32)
    >>> simulate(sum_practice, 2, 32, out, np.ones(50, np.float32), 50)
    >>> out
    array([32., 18.], dtype=float32)
    """
    cache = cuda.shared.array(BLOCK, T)
    i = cuda.grid(1)
    me = cuda.threadIdx.x
    cache[me] = x[i] if i < n else T(0)
    cuda.syncthreads()
    half = BLOCK // 2
    while half > 0:
        if me < half:
            cache[me] += cache[me + half]
        cuda.syncthreads()
        half //= 2
    if me == 0:
        out[cuda.blockIdx.x] = cache[0]


def sum_by_shuffle(out: Pointer[float], x: Pointer[float], n: int) -> None:
    """The same by a warp that hands numbers from lane to lane: no shared memory, no barrier.

    >>> import numpy as np
    >>> from minitorch_cuda import simulate
    >>> out = np.empty(2, np.float32)
    >>> simulate(sum_by_shuffle, 2, 32, out, np.ones(50, np.float32), 50)
    >>> out
    array([32., 18.], dtype=float32)
    """
    i = cuda.grid(1)
    total = x[i] if i < n else T(0)
    delta = 16
    while delta > 0:
        total += cuda.shfl_down_sync(0xFFFFFFFF, total, delta)
        delta //= 2
    if cuda.laneid == 0:
        out[cuda.blockIdx.x] = total


def mm_practice(out: Pointer[float], a: Pointer[float], b: Pointer[float], n: int) -> None:
    """out = a @ b for square matrices of up to 32 rows: one block, each element read once.

    >>> import numpy as np
    >>> from minitorch_cuda import simulate
    >>> a, out = np.arange(4, dtype=np.float32).reshape(2, 2), np.empty((2, 2), np.float32)
    >>> simulate(mm_practice, 1, (2, 2), out, a, a, 2)
    >>> out
    array([[ 2.,  3.],
           [ 6., 11.]], dtype=float32)
    """
    a_shared = cuda.shared.array((BLOCK, BLOCK), T)
    b_shared = cuda.shared.array((BLOCK, BLOCK), T)
    j = cuda.threadIdx.x
    i = cuda.threadIdx.y
    if i < n and j < n:
        a_shared[i, j] = a[i * n + j]
        b_shared[i, j] = b[i * n + j]
    cuda.syncthreads()
    if i < n and j < n:
        total = T(0)
        for k in range(n):
            total += a_shared[i, k] * b_shared[k, j]
        out[i * n + j] = total


GATES: Final = (
    Gate("add_one", partial(kernel_of, add_one, "SSi", float32, ()), registers=32),
    Gate("add_broadcast", partial(kernel_of, add_broadcast, "SSSii", float32, ()), registers=32),
    Gate("sum_practice", partial(kernel_of, sum_practice, "SSi", float32, ()), registers=32),
    Gate("sum_by_shuffle", partial(kernel_of, sum_by_shuffle, "SSi", float32, ()), registers=32),
    Gate("mm_practice", partial(kernel_of, mm_practice, "SSSi", float32, ()), registers=40),
)
