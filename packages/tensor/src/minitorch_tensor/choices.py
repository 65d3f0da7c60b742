"""Whole numbers: integers from a range, permutations, and choices by weight.

As in `sampling`, the numbers are those of PyTorch's CPU. An integer of a range of r numbers is a
draw modulo r: one of 32 bits when r < 2**28, else of 64, so that no integer is more than 7% more
likely than another.

Source: https://docs.pytorch.org/docs/stable/torch.html#random-sampling

**A shuffled DataLoader.** `DataLoader(dataset, shuffle=True)` takes the order of an epoch from the
default generator in two draws of `draw_seed`, in this order:

1. `iter(loader)` draws the base seed of the workers, even without workers or shuffling;
2. the first batch draws the seed of a new `Generator`, whose `randperm(n)` is the order.

With `DataLoader(..., generator=g)` the base seed is drawn from g, and the order is `randperm(n)`
from g itself, with no seed between. When the iterator is exhausted (not when it is broken off), g
makes a second `randperm(n)`, which nobody sees. The default generator is then untouched.
"""

import warnings
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor.mersenne import Generator
from minitorch_tensor.sampling import exponential

T = TypeVar("T", bound=np.generic)

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_WIDE = 2**28
_MANY = (2**32 - 1) // 20  # a permutation from here on takes draws of 64 bits
_CHUNK = 1 << 20

BAD_WEIGHTS = "multinomial: weights contain inf, nan or a number below 0"
NO_WEIGHT = "multinomial: the weights of a row sum to 0; one must be above 0"


def randint(
    generator: Generator, n: int, dtype: np.dtype[T] | type[T], low: int, high: int
) -> NDArray[T]:
    """Return n integers, each of low, low + 1, ..., high - 1 equally often.

    Args:
        generator: where the draws come from.
        n: how many.
        dtype: any; a floating one holds every integer only up to 2**11, 2**24 or 2**53, beyond
            which comes a warning.
        low: the smallest, at least -2**63.
        high: one above the largest, at most 2**63 - 1.

    Raises:
        RuntimeError: low is not below high, or a bound does not fit the dtype.
        ValueError: a bound does not fit 64 bits.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.randint.html

    >>> randint(Generator().manual_seed(0), 5, np.int64, 0, 10).tolist()
    [4, 9, 3, 0, 3]
    """
    kind = np.dtype(dtype)
    for bound in (low, high):
        if not _LOWEST <= bound <= _HIGHEST:
            raise ValueError(
                f"random_: bounds must fit 64 bits, from -2**63 to 2**63 - 1, got {bound}"
            )
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    if kind.kind == "f":
        asked = (low, high)
        low, high = _representable(low, high, kind)
        if low >= high:
            raise RuntimeError(
                f"random_: no {kind} number lies in [from, to), got from={asked[0]}, "
                f"to={asked[1]}; "
                "use int64"
            )
    _check_bounds(low, high - 1, kind)
    return _below(generator, n, high - low, low).astype(kind)


def random_(
    generator: Generator, n: int, dtype: np.dtype[T] | type[T], low: int | None = None
) -> NDArray[T]:
    """Return n integers from low, or 0, to the largest number of the dtype.

    "Largest" is 2**11, 2**24 or 2**53 for the floating dtypes, up to which every integer exists.

    Args:
        generator: where the draws come from.
        n: how many.
        dtype: any.
        low: the smallest; -2**63 asks for all of 64 bits.

    Raises:
        RuntimeError: low does not fit the dtype.
        ValueError: low does not fit 64 bits.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.random_.html

    >>> random_(Generator().manual_seed(0), 3, np.uint8).tolist()
    [172, 47, 117]
    """
    kind = np.dtype(dtype)
    most = largest(kind)
    if low is None:
        modulus = np.uint64(most + 1)
        wide = kind in (np.int64, np.float64)
        draws = generator.random64(n) if wide else generator.random32(n).astype(np.uint64)
        return (draws % modulus).astype(kind)
    if not _LOWEST <= low <= _HIGHEST:
        raise ValueError(f"random_: bounds must fit 64 bits, from -2**63 to 2**63 - 1, got {low}")
    if low == _LOWEST and kind in (np.int64, np.float64, np.float32):
        return generator.random64(n).view(np.int64).astype(kind)
    if kind.kind == "f":
        low, _ = _representable(low, _HIGHEST, kind)
        if low >= most:
            raise RuntimeError(
                f"random_ expects 'from' to be below {most}, the largest integer of {kind} with "
                f"all smaller ones, but got from={low}"
            )
    _check_bounds(low, most, kind)
    return _below(generator, n, most - low + 1, low).astype(kind)


def draw_seed(generator: Generator) -> int:
    """Return the seed for another generator, as a shuffling loader draws it: 63 bits.

    In PyTorch's words `int(torch.empty((), dtype=torch.int64).random_())`.

    >>> draw_seed(Generator().manual_seed(0))
    900450186894289455
    """
    return int(random_(generator, 1, np.int64)[0])


def randperm(generator: Generator, n: int, dtype: np.dtype[T] | type[T]) -> NDArray[T]:
    """Return 0, 1, ..., n - 1 in random order (the shuffle of Fisher and Yates, 1938).

    Args:
        generator: where the draws come from: n - 1 of them.
        n: how many.
        dtype: a number that can hold n - 1.

    Raises:
        RuntimeError: n is negative, or too large for the dtype.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.randperm.html

    >>> randperm(Generator().manual_seed(0), 6, np.int64).tolist()
    [2, 5, 3, 0, 1, 4]
    """
    kind = np.dtype(dtype)
    check_permutation(n, kind)
    if n >= _MANY:
        with generator.lock:
            return _inside_out(generator, n).astype(kind)
    steps = np.arange(max(n - 1, 0), dtype=np.uint32)
    # Step i swaps elements i and j, for some j of i, ..., n - 1.
    others = generator.random32(len(steps)) % (np.uint32(n) - steps) + steps
    order = np.arange(n, dtype=np.int64)
    twister = generator.fast("swap", n)
    if twister is not None:
        twister.swap(order, others.astype(np.int64))
        return order.astype(kind)
    place = order.data  # a memoryview: indexing it is twice as fast
    for i, j in enumerate(others.tolist()):
        place[i], place[j] = place[j], place[i]
    return order.astype(kind)


def multinomial(
    generator: Generator,
    weights: NDArray[np.floating],
    num_samples: int,
    replacement: bool = False,
    *,
    by_columns: bool = False,
) -> NDArray[np.int64]:
    """Return categories drawn with probabilities proportional to their weights.

    Without replacement the first num_samples categories by falling w / q are taken, q exponential
    (the Gumbel trick: the smallest of q / w is that of category i with probability w_i / sum w).
    With replacement a uniform number is looked up in the running sum of the weights.

    Args:
        generator: where the draws come from.
        weights: shape (k,) or (m, k), floating, not negative, each row with a positive sum.
        num_samples: how many for each row; at most k without replacement.
        replacement: whether a category may come twice.
        by_columns: whether the weights lie in memory column by column, so that PyTorch draws the q
            in that order.

    Returns:
        Shape (num_samples,) or (m, num_samples). Categories of weight 0 come only when no others
        are left, the lowest first.

    Raises:
        RuntimeError: one of the conditions above does not hold.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html

    >>> multinomial(Generator().manual_seed(0), np.array([1.0, 2.0, 0.0, 4.0]), 2).tolist()
    [1, 3]
    """
    _check_weights(weights, num_samples, replacement)
    rows = weights.reshape(-1, weights.shape[-1])
    shape = (*weights.shape[:-1], num_samples)
    if len(rows) == 0:
        return np.empty(shape, dtype=np.int64)
    if not replacement or num_samples == 1:
        q = exponential(generator, rows.size, rows.dtype)
        q = q.reshape(rows.shape[::-1]).T if by_columns else q.reshape(rows.shape)
        with np.errstate(all="ignore"):
            race = rows / q
        order = np.argsort(-race, axis=1, kind="stable")
        return order[:, :num_samples].astype(np.int64).reshape(shape)
    uniforms = generator.unit64(len(rows) * num_samples).reshape(-1, num_samples)
    wide = rows.astype(np.float32) if rows.dtype == np.float16 else rows
    with np.errstate(all="ignore"):
        sums = np.cumsum(wide, axis=1, dtype=wide.dtype)
        sums = sums / sums[:, -1:]
    sums[:, -1] = 1.0
    found = [
        np.searchsorted(row, u) for row, u in zip(sums.astype(np.float64), uniforms, strict=True)
    ]
    return np.array(found, dtype=np.int64).reshape(shape)


def _below(generator: Generator, n: int, count: int, low: int) -> NDArray[np.int64]:
    """Return low + draw % count for n draws, wrapped to 64 bits."""
    if count < _WIDE:
        return (generator.random32(n) % np.uint32(count)).astype(np.int64) + np.int64(low)
    offset = np.uint64(low % 2**64)
    return (generator.random64(n) % np.uint64(count) + offset).view(np.int64)


def _inside_out(generator: Generator, n: int) -> NDArray[np.int64]:
    """Return a permutation built from the front: i goes to a random place, its guest to place i."""
    order = np.zeros(n, dtype=np.int64)
    place = order.data
    for start in range(0, n, _CHUNK):
        stop = min(start + _CHUNK, n)
        counts = np.arange(start + 1, stop + 1, dtype=np.uint64)
        chosen = (generator.random64(stop - start) % counts).tolist()
        for i, z in enumerate(chosen, start):
            place[i] = place[z]
            place[z] = i
    return order


def _digits(kind: np.dtype[T]) -> int:
    """Return the number of bits d such that a floating dtype holds every integer up to 2**d."""
    return {2: 11, 4: 24, 8: 53}[kind.itemsize]


def largest(kind: np.dtype[T]) -> int:
    """Return the largest integer up to which the dtype holds all."""
    if kind.kind == "f":
        return 1 << _digits(kind)
    return 1 if kind == np.bool_ else int(np.iinfo(kind.name).max)


def _representable(low: int, high: int, kind: np.dtype[T]) -> tuple[int, int]:
    """Narrow [low, high) to numbers that do not leave it when rounded to a floating dtype."""

    def rounded(value: int) -> int:
        with np.errstate(over="ignore"):
            number = float(np.float64(value).astype(kind))
        return int(number) if abs(number) < 2.0**63 else value

    step_bits = 1 - _digits(kind)
    if rounded(low + 1) < low:
        low = rounded(low + 1) + (1 << (abs(low + 1).bit_length() - 1 + step_bits))
    if rounded(high - 1) >= high:
        high = rounded(high - 1) - (1 << (abs(high - 1).bit_length() - 1 + step_bits))
    return low, high


def _check_bounds(low: int, largest: int, kind: np.dtype[T]) -> None:
    """Raise RuntimeError unless low and largest fit the dtype; warn where it skips integers."""
    for name, bound in (("from", low), ("to - 1", largest)):
        if kind.kind == "f":
            fits = abs(bound) <= float(np.finfo(kind.name).max)
        elif kind == np.bool_:
            fits = bound in (0, 1)
        else:
            fits = np.iinfo(kind.name).min <= bound <= np.iinfo(kind.name).max
        if not fits:
            raise RuntimeError(f"random_: {name} is out of bounds for {kind}, got {name}={bound}")
        if kind.kind == "f" and abs(bound) > 1 << _digits(kind):
            warnings.warn(
                f"random_: {name}={bound} is out of bounds [-(2^{_digits(kind)}), "
                f"2^{_digits(kind)}], beyond which {kind} skips integers",
                stacklevel=3,
            )


def check_permutation(n: int, kind: np.dtype[T]) -> None:
    """Raise unless `randperm` can put n numbers in order, in this dtype.

    Raises:
        TypeError: n is no integer.
        RuntimeError: n is negative, or too large for the dtype.
    """
    if not isinstance(n, (int, np.integer)):
        raise TypeError(f"randperm: n must be an integer, but got {type(n).__name__}")
    if n < 0:
        raise RuntimeError(f"randperm: n must be non-negative, got {n}")
    if kind == np.bool_ or n > largest(kind) + 1:
        raise RuntimeError(f"randperm: {kind} cannot hold the numbers below n={n}; use int64")


def check_samples(shape: tuple[int, ...], num_samples: int, replacement: bool) -> None:
    """Raise RuntimeError unless `multinomial` can draw so many from weights of this shape."""
    if len(shape) not in (1, 2):
        raise RuntimeError(
            f"multinomial: weights must have 1 or 2 dimensions, but got shape {shape}"
        )
    if num_samples <= 0:
        raise RuntimeError(f"multinomial cannot sample n_sample <= 0 samples, got {num_samples}")
    if not replacement and num_samples > shape[-1]:
        raise RuntimeError(
            f"multinomial cannot sample {num_samples} of {shape[-1]} categories without "
            "replacement; pass replacement=True or fewer samples"
        )
    if shape[-1] == 0 and shape != (0, 0):
        raise RuntimeError(f"multinomial: no categories in weights of shape {shape}")


def _check_weights(weights: NDArray[np.floating], num_samples: int, replacement: bool) -> None:
    """Raise RuntimeError unless `multinomial` can draw from these weights."""
    check_samples(weights.shape, num_samples, replacement)
    if weights.dtype not in (np.float16, np.float32, np.float64):
        raise RuntimeError(
            f"multinomial only supports floating-point weights, got {weights.dtype}; "
            "convert them to float32"
        )
    if not ((weights >= 0) & (weights < np.inf)).all():
        raise RuntimeError(BAD_WEIGHTS)
    if (~(weights > 0).any(axis=-1)).any():
        raise RuntimeError(NO_WEIGHT)
