"""Normal numbers, by the Box-Muller transform, in the two ways of PyTorch's CPU.

Box and Muller 1958: of two uniform numbers u and v, one gives a radius, `r = sqrt(-2 ln(1 - u))`,
one an angle, `t = 2 pi v`, and the coordinates of that point, `r cos t` and `r sin t`, are
independent standard normals.

- **Sixteen or more elements**: the result is filled with uniforms of its dtype; each block of 16
  turns into normals, radii from its first eight, angles from its last eight. When 16 does not
  divide the size, the last 16 elements are drawn again.
- **Fewer** (and `log_normal`, and a tensor that is not contiguous): one pair of float64 uniforms
  gives two numbers; the second waits in the generator for the next call.

In float32 the logarithm, sine and cosine are those of `cephes`, so that the numbers equal PyTorch's
bit for bit on any machine; NumPy's own differ from one processor to another. In float64 they are
NumPy's: equal where it calls the C library, else within 2 units in the last place.

Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.normal_.html
"""

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor.cephes import log32, sincos32
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.rounding import fma32, fma64, narrow

T = TypeVar("T", bound=np.generic)
F = TypeVar("F", np.float32, np.float64)

BLOCK = 16
_TWO_PI = 2.0 * math.pi
_CHUNK = 1 << 15  # numbers at a time: what fits the cache takes two thirds of the time


def normal(
    generator: Generator,
    n: int,
    dtype: np.dtype[T] | type[T],
    mean: float = 0.0,
    std: float = 1.0,
    *,
    contiguous: bool = True,
    half: bool = False,
) -> NDArray[T]:
    """Return n numbers with density exp(-(x - mean)**2 / (2 std**2)) / (std sqrt(2 pi)).

    Args:
        generator: where the draws come from.
        n: how many.
        dtype: float16, float32 or float64.
        mean: the middle of the bell.
        std: its width, at least 0.
        contiguous: False makes them one by one, as PyTorch does for a strided tensor.
        half: whether the float32 numbers will be rounded to 16 bits; it changes which are drawn.

    Raises:
        RuntimeError: std is negative or nan, or the dtype is not floating.

    >>> from minitorch_tensor.mersenne import Generator
    >>> normal(Generator().manual_seed(0), 3, np.float32).tolist()
    [1.5409960746765137, -0.293428897857666, -2.1787893772125244]
    """
    kind = floating(dtype, "normal_")
    if not std >= 0.0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    if n == 0:
        return np.empty(0, dtype=kind)
    with np.errstate(all="ignore"), generator.lock:
        if n < BLOCK or not contiguous:
            return narrow(fma64(_one_by_one(generator, n), std, mean), kind)
        if kind == np.float64:
            return _in_blocks(generator.unit64, _transform64, n, n, mean, std).astype(kind)
        # Below float32 no uniforms are drawn for the elements past the last whole block.
        drawn = n if kind == np.float32 and not half else n - n % BLOCK
        return _normal32(generator, n, drawn, mean, std).astype(kind, copy=False)


def log_normal(
    generator: Generator,
    n: int,
    dtype: np.dtype[T] | type[T],
    mean: float = 1.0,
    std: float = 2.0,
) -> NDArray[T]:
    """Return n numbers whose logarithm is normal, exp(mean + std * normal).

    Args:
        generator: where the draws come from.
        n: how many.
        dtype: float16, float32 or float64.
        mean: the mean of the logarithm.
        std: its standard deviation, above 0.

    Raises:
        RuntimeError: std is not above 0, or the dtype is not floating.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.log_normal_.html

    >>> from minitorch_tensor.mersenne import Generator
    >>> log_normal(Generator().manual_seed(0), 2, np.float32, 0.0, 1.0).tolist()
    [4.669239044189453, 0.7457022070884705]
    """
    kind = floating(dtype, "log_normal_")
    if not std > 0.0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    if n == 0:
        return np.empty(0, dtype=kind)
    with np.errstate(all="ignore"):
        return narrow(np.exp(fma64(_one_by_one(generator, n), std, mean)), kind)


def floating(dtype: np.dtype[T] | type[T], operation: str) -> np.dtype[T]:
    """Return `dtype` as a NumPy dtype.

    Raises:
        RuntimeError: the dtype is not a floating one.
    """
    kind = np.dtype(dtype)
    if kind not in (np.float16, np.float32, np.float64):
        raise RuntimeError(
            f"{operation}: dtype must be float16, float32 or float64, but got {kind}; "
            "pass a floating one"
        )
    return kind


def _one_by_one(generator: Generator, n: int) -> NDArray[np.float64]:
    """Return n standard normals made in pairs: the kept one first, an odd one kept for later."""
    with generator.lock:
        kept = generator.next_double_normal_sample
        pairs = (n + 1 - (kept is not None)) // 2
        uniforms = generator.unit64(2 * pairs).reshape(pairs, 2)
        radius = np.sqrt(-2.0 * np.log1p(-uniforms[:, 1]))
        angle = _TWO_PI * uniforms[:, 0]
        made = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)
        if kept is not None:
            made = np.concatenate([[kept], made])
        generator.next_double_normal_sample = float(made[n]) if len(made) > n else None
        return made[:n]


def _normal32(
    generator: Generator, n: int, drawn: int, mean: float, std: float
) -> NDArray[np.float32]:
    """`_in_blocks` of float32 numbers."""
    twister = generator.fast("normal32", n)
    if twister is None:
        return _in_blocks(generator.unit32, _transform32, n, drawn, mean, std)
    whole = n - n % BLOCK
    made = np.empty(n, np.float32)
    twister.normal32(generator.memory(), made[:whole], mean, std)
    if whole < n:
        generator.random32(drawn - whole)
        twister.normal32(generator.memory(), made[n - BLOCK :], mean, std)
    return made


def _in_blocks(
    draw: Callable[[int], NDArray[F]],
    transform: Callable[[NDArray[F], float, float], NDArray[F]],
    n: int,
    drawn: int,
    mean: float,
    std: float,
) -> NDArray[F]:
    """Return n >= 16 normals: the whole blocks, and the last 16 anew if any are left over."""
    whole = n - n % BLOCK
    uniforms = draw(drawn)
    made = np.empty(whole, dtype=uniforms.dtype)
    for start in range(0, whole, _CHUNK):
        chunk = slice(start, min(start + _CHUNK, whole))
        made[chunk] = transform(uniforms[chunk], mean, std)
    if whole == n:
        return made
    return np.concatenate([made[: n - BLOCK], transform(draw(BLOCK), mean, std)])


def _transform64(uniforms: NDArray[np.float64], mean: float, std: float) -> NDArray[np.float64]:
    """Box-Muller on blocks of eight radii and eight angles, shape (16 m,) -> (16 m,)."""
    u, v = _radii_and_angles(uniforms)
    radius = np.sqrt(-2.0 * np.log(1.0 - u))
    angle = _TWO_PI * v
    return _blocks(
        fma64(radius * np.cos(angle), std, mean), fma64(radius * np.sin(angle), std, mean)
    )


def _transform32(uniforms: NDArray[np.float32], mean: float, std: float) -> NDArray[np.float32]:
    """Box-Muller on blocks of eight radii and eight angles, shape (16 m,) -> (16 m,)."""
    u, v = _radii_and_angles(uniforms)
    radius = np.sqrt(np.float32(-2.0) * log32(np.float32(1.0) - u))
    sine, cosine = sincos32(np.float32(_TWO_PI) * v)
    b, c = float(np.float32(std)), float(np.float32(mean))
    return _blocks(fma32(radius * cosine, b, c), fma32(radius * sine, b, c))


def _radii_and_angles(uniforms: NDArray[F]) -> tuple[NDArray[F], NDArray[F]]:
    """Split (16 m,) into the first and the last eight of each block, (8 m,) each."""
    blocks = uniforms.reshape(-1, 2, BLOCK // 2)
    return blocks[:, 0].reshape(-1), blocks[:, 1].reshape(-1)


def _blocks(first: NDArray[F], last: NDArray[F]) -> NDArray[F]:
    """Join two (8 m,) arrays into m blocks of 16, (16 m,): the inverse of `_radii_and_angles`."""
    half = BLOCK // 2
    return np.stack([first.reshape(-1, half), last.reshape(-1, half)], axis=1).reshape(-1)
