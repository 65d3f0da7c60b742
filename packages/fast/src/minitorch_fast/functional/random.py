"""Random numbers and dropout: PyTorch's bits, made many at a time.

The loops are in `random_loops` and `normal_loops`. The draws go through a buffer that stays in
cache, so that one kernel twists for all.
"""

from __future__ import annotations

import math
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from minitorch_fast import fused, threads
from minitorch_fast.functional import normal_loops, random_loops
from minitorch_fast.functional.memory import flat, fresh, kind, shares
from minitorch_fast.memory import LARGE, pool
from minitorch_tensor import Tensor, random
from minitorch_tensor.functional.dropout import check_dropout, dropout
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.views import linear

MANY: Final = 2048
"""Once a process has asked for so many numbers of a kind, a kernel is worth being loaded."""

FEW: Final = 64
"""What a request counts besides its numbers: NumPy takes its time for few numbers, too."""

CHUNK: Final = 1 << 14
"""Draws at a time: what fits into the second level of cache."""

PARALLEL: Final = 200_000
"""From so many elements on, what is done to them is shared out to threads; draws never are."""

F = TypeVar("F", np.float32, np.float64)
Words = npt.NDArray[np.uint32]


class KernelTwister:
    """See `minitorch_tensor.mersenne.Twister`."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}

    def worth(self, what: str, n: int, /) -> bool:
        """Whether to use the method of this name for n numbers."""
        asked = self.asked.get(what, 0)
        if asked < MANY:
            self.asked[what] = asked = asked + n + FEW
        return asked >= MANY

    def random32(self, state: Words, n: int, /) -> Words:
        """The next n draws of 32 bits."""
        out = np.empty(n, np.uint32)
        fused.compiled(random_loops.draw, "float32")(out, state, n)
        return out

    def uniform32(
        self, state: Words, n: int, low: float, high: float, /
    ) -> npt.NDArray[np.float32]:
        """u * (high - low) + low, rounded once."""
        width = float(np.float32(high) - np.float32(low))
        out = _empty(n, np.float32)
        draw = fused.compiled(random_loops.draw, "float32")
        kernel = fused.compiled(random_loops.uniforms_of_32_bits, "float32")
        draws = np.empty(min(n, CHUNK), np.uint32)
        for start in range(0, n, CHUNK):
            m = min(CHUNK, n - start)
            draw(draws, state, m)
            kernel(out[start:], draws, low, width, high, m)
        return out

    def unit64(self, state: Words, n: int, /) -> npt.NDArray[np.float64]:
        """Numbers with 53 bits."""
        out = _empty(n, np.float64)
        draw = fused.compiled(random_loops.draw, "float32")
        kernel = fused.compiled(random_loops.uniforms_of_64_bits, "float64")
        draws = np.empty(min(2 * n, CHUNK), np.uint32)
        for start in range(0, n, CHUNK // 2):
            m = min(CHUNK // 2, n - start)
            draw(draws, state, 2 * m)
            kernel(out[start:], draws, m)
        return out

    def below(self, state: Words, n: int, p: float, /) -> npt.NDArray[np.uint8]:
        """1 where u < p: compared as whole numbers, u and p times 2**53, which is exact."""
        out = np.empty(n, np.uint8)
        draw = fused.compiled(random_loops.draw, "float32")
        kernel = fused.compiled(random_loops.chances, "float32")
        limit = math.ceil(math.ldexp(p, 53))
        draws = np.empty(min(2 * n, CHUNK), np.uint32)
        for start in range(0, n, CHUNK // 2):
            m = min(CHUNK // 2, n - start)
            draw(draws, state, 2 * m)
            kernel(out[start:], draws, limit, m)
        return out

    def normal32(
        self, state: Words, out: npt.NDArray[np.float32], mean: float, std: float, /
    ) -> None:
        """Fill blocks of 16."""
        n = out.size
        draw = fused.compiled(random_loops.draw, "float32")
        kernel = fused.compiled(normal_loops.normals, "float32")
        draws = np.empty(min(n, CHUNK), np.uint32)
        radii, angles = np.empty((2, draws.size // 2), np.float32)
        for start in range(0, n, CHUNK):
            m = min(CHUNK, n - start)
            draw(draws, state, m)
            kernel(out[start:], draws, radii, angles, mean, std, m // 16)

    def swap(self, order: npt.NDArray[np.int64], others: npt.NDArray[np.int64], /) -> None:
        """Swap elements i and others[i], for one i after the other."""
        fused.compiled(random_loops.swap, "float32")(order, others, len(others))


Generator.twister = KernelTwister()


def _empty(n: int, dtype: type[F]) -> npt.NDArray[F]:
    return np.empty(n, dtype) if n < LARGE else pool.empty(n, np.dtype(dtype)).view(dtype)


@dropout.override("cpu")
def fused_dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """One byte of mask for each element; the zeros are those of PyTorch, seed for seed."""
    found = kind(input.dtype)
    if inplace or p == 1.0 or found is None or not input.layout.dense:
        return dropout.composite(input, p, training, inplace)
    if not check_dropout(input, p, training):
        return input
    computed = found
    kept = random.default_generator.below(input.layout.size, 1 - p)
    one = np.ones((), input.dtype.numpy)
    scale = float(one / np.asarray(1 - p, one.dtype))

    def applied(x: Tensor) -> Tensor:
        y, out = fresh(x, x.layout.shape)
        ranges = shares(out.size, out.size, PARALLEL)
        source = flat(x)
        kernel = fused.compiled(random_loops.masked, computed)
        threads.run(kernel, [(out, source, kept, scale, a, b) for a, b in ranges])
        return linear(x, y, "MulBackward0", applied)

    return applied(input)
