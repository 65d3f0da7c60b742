"""The random numbers of PyTorch's CPU: a Mersenne Twister, whose 32-bit draws all is made of.

`Generator` holds the state (Matsumoto and Nishimura 1998, 624 words) and hands out raw draws; what
is made of them is in `sampling`, `normals` and `choices`. NumPy's bit generator does the twisting,
so a draw costs about 4 ns; the seeding, the order of the two halves of a 64-bit draw, the normal
kept for the next call, and the bytes of a saved state are PyTorch's. So a seed, or a saved state,
gives here the very numbers that it gives there.

Each element of a result takes its own draw, in order:

| numbers | bits of a draw, and of them used | by |
|---|---|---|
| float32 and float16 uniforms, and normals made of them | 32, the low 24 | `unit32` |
| float64 uniforms; bernoulli(p), exponential, geometric, cauchy | 64, the low 53 | `unit64` |
| integers from a range below 2**28 | 32 | `random32` |
| integers from a wider range | 64 | `random64` |

Source: https://docs.pytorch.org/docs/stable/generated/torch.Generator.html
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor.rounding import fma32

DEFAULT_SEED = 67280421310721
"""What an unseeded `Generator()` starts from, as in PyTorch."""

_WORDS = 624
_LOW_32 = 0xFFFF_FFFF

# The bytes of a saved state: PyTorch's struct, which still has room for fields it no longer uses.
_STATE_BYTES = 5056
_SEED = slice(0, 8)  # uint64
_LEFT = slice(8, 12)  # int32: draws until the next twist, plus one
_SEEDED = slice(12, 16)  # int32: 1
_NEXT = slice(16, 24)  # uint64: which word is drawn next
_KEY = slice(24, 24 + 8 * _WORDS)  # uint64 each, although a word has 32 bits
_NORMAL = slice(5024, 5032)  # float64: the normal kept for the next call
_NORMAL_VALID = slice(5040, 5044)  # int32
_FLOAT_NORMAL = slice(5048, 5052)  # float32: never used on the CPU, carried along
_FLOAT_NORMAL_VALID = 5052


G = TypeVar("G", bound="Generator")


class Twister(Protocol):
    """Makes the same numbers faster: a layer above may set `Generator.twister` to one.

    Each method takes NumPy's own memory of the state, 624 words and how many of them were drawn,
    and leaves in it what those draws leave.
    """

    def worth(self, what: str, n: int, /) -> bool:
        """Whether to use the method of this name for n numbers."""
        ...

    def random32(self, state: NDArray[np.uint32], n: int, /) -> NDArray[np.uint32]:
        """The next n draws of 32 bits."""
        ...

    def uniform32(
        self, state: NDArray[np.uint32], n: int, low: float, high: float, /
    ) -> NDArray[np.float32]:
        """As `Generator.uniform32`; low and high are float32 numbers."""
        ...

    def unit64(self, state: NDArray[np.uint32], n: int, /) -> NDArray[np.float64]:
        """As `Generator.unit64`."""
        ...

    def below(self, state: NDArray[np.uint32], n: int, p: float, /) -> NDArray[np.uint8]:
        """1 where a number of `unit64` is below p, else 0."""
        ...

    def normal32(
        self, state: NDArray[np.uint32], out: NDArray[np.float32], mean: float, std: float, /
    ) -> None:
        """Fill blocks of 16 with normal numbers (see `normals`)."""
        ...

    def swap(self, order: NDArray[np.int64], others: NDArray[np.int64], /) -> None:
        """Swap elements i and others[i], for one i after the other."""
        ...


class Generator:
    """A stream of random numbers: PyTorch's CPU generator, but for what has tensors or devices.

    That is added by `generator.Generator`, which users see.

    Several threads may draw from one generator: a thread that makes several draws for one result
    holds `lock` meanwhile, so that its draws follow one another.

    Attributes:
        lock: held by whoever draws.
        next_double_normal_sample: the second number of a Box-Muller pair, kept for the next call.

    >>> generator = Generator().manual_seed(0)
    >>> generator.random32(3).tolist()
    [2357136044, 2546248239, 3071714933]
    >>> generator.unit32(2).tolist()
    [0.13203048706054688, 0.30742281675338745]
    """

    __slots__ = (
        "_bits",
        "_float_normal",
        "_initial_seed",
        "_memory",
        "_start",
        "_untouched",
        "lock",
        "next_double_normal_sample",
    )

    twister: ClassVar[Twister | None] = None

    def __init__(self, device: str = "cpu") -> None:
        """Make a generator seeded with `DEFAULT_SEED`.

        Args:
            device: "cpu"; an index, as in "cpu:0", is ignored.

        Raises:
            RuntimeError: the device is not a CPU.
        """
        if device.partition(":")[0] != "cpu":
            raise RuntimeError(
                f"Generator: device must be 'cpu', but got {device!r}; "
                "the Mersenne Twister runs on the CPU only"
            )
        self.lock = threading.RLock()
        self.next_double_normal_sample: float | None = None
        self._bits: np.random.MT19937 | None = None
        self._memory: NDArray[np.uint32] | None = None
        self.manual_seed(DEFAULT_SEED)

    def __repr__(self) -> str:
        """Say where the generator lives and what it was seeded with."""
        return f"Generator(device='cpu', initial_seed={self._initial_seed})"

    def manual_seed(self, seed: int) -> Self:
        """Start the stream that belongs to `seed`, and return the generator.

        Only the low 32 bits of the seed choose the stream; all 64 are reported by `initial_seed`.

        Args:
            seed: from -2**63 to 2**64 - 1; a negative seed stands for 2**64 + seed.

        Raises:
            RuntimeError: the seed is not an integer.
            ValueError: the seed is out of range.

        >>> Generator().manual_seed(-1).initial_seed() == 2**64 - 1
        True
        """
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        if not -(2**63) <= seed < 2**64:
            raise ValueError(
                f"manual_seed: seed must be from -2**63 to 2**64 - 1, but got {seed}; "
                "take it modulo 2**64"
            )
        with self.lock:
            self._initial_seed = int(seed) % 2**64
            self._place(_seeded_words(self._initial_seed & _LOW_32), _WORDS)
            self._untouched = True
            self._float_normal: float | None = None
            self.next_double_normal_sample = None
        return self

    def seed(self) -> int:
        """Seed from the operating system's randomness, and return the 64-bit seed.

        >>> generator = Generator()
        >>> generator.seed() == generator.initial_seed()
        True
        """
        chosen = int.from_bytes(os.urandom(8), "little")
        self.manual_seed(chosen)
        return chosen

    def initial_seed(self) -> int:
        """Return the seed that the stream started from.

        >>> Generator().initial_seed()
        67280421310721
        """
        return self._initial_seed

    def random32(self, n: int) -> NDArray[np.uint32]:
        """Return the next n draws of 32 bits.

        >>> Generator().manual_seed(1).random32(2)
        array([1791095845, 4282876139], dtype=uint32)
        """
        twister = self.fast("random32", n)
        if twister is not None:
            with self.lock:
                return twister.random32(self.memory(), n)
        return self._draw(n).astype(np.uint32)

    def random64(self, n: int) -> NDArray[np.uint64]:
        """Return n draws of 64 bits, each made of two of 32: the first is the high half.

        >>> Generator().manual_seed(1).random64(1) == (1791095845 << 32) + 4282876139
        array([ True])
        """
        halves = self._draw(2 * n)
        return (halves[0::2] << np.uint64(32)) | halves[1::2]

    def unit32(self, n: int) -> NDArray[np.float32]:
        """Return n float32 numbers, uniform on the multiples of 2**-24 in [0, 1).

        >>> Generator().manual_seed(0).unit32(2).tolist()
        [0.49625658988952637, 0.7682217955589294]
        """
        return self.uniform32(n, 0.0, 1.0)

    def uniform32(self, n: int, low: float, high: float) -> NDArray[np.float32]:
        """Return u (high - low) + low for n numbers u of `unit32`, rounded once.

        Where rounding reaches the upper bound, which must not come, it is the lower one.

        >>> Generator().manual_seed(0).uniform32(2, -1.0, 1.0).tolist()
        [-0.007486820220947266, 0.5364435911178589]
        """
        first, last = np.float32(low), np.float32(high)
        twister = self.fast("uniform32", n)
        if twister is not None:
            with self.lock:
                return twister.uniform32(self.memory(), n, float(first), float(last))
        bits = self._draw(n) & np.uint64(2**24 - 1)
        u = bits.astype(np.float32) * np.float32(2**-24)
        if (low, high) == (0.0, 1.0):
            return u
        u = fma32(u, float(last - first), float(first))
        u[u == last] = first
        return u

    def unit64(self, n: int) -> NDArray[np.float64]:
        """Return n float64 numbers, uniform on the multiples of 2**-53 in [0, 1).

        >>> Generator().manual_seed(0).unit64(2).tolist()
        [0.9700530018065531, 0.707819864399788]
        """
        twister = self.fast("unit64", n)
        if twister is not None:
            with self.lock:
                return twister.unit64(self.memory(), n)
        low = self.random64(n) & np.uint64(2**53 - 1)
        return low.astype(np.float64) * 2.0**-53

    def below(self, n: int, p: float) -> NDArray[np.uint8]:
        """Return 1 where the next of n numbers of `unit64` is below p, else 0.

        >>> Generator().manual_seed(0).below(5, 0.8).tolist()
        [0, 1, 1, 0, 1]
        """
        twister = self.fast("below", n)
        if twister is not None:
            with self.lock:
                return twister.below(self.memory(), n, p)
        return (self.unit64(n) < p).view(np.uint8)

    def fast(self, what: str, n: int) -> Twister | None:
        """What makes `what` faster, if that pays for n numbers."""
        twister = self.twister
        return twister if twister is not None and n > 0 and twister.worth(what, n) else None

    def save(self) -> NDArray[np.uint8]:
        """Return the state as 5056 bytes, laid out as in PyTorch: either may restore the other's.

        >>> generator = Generator()
        >>> saved = generator.save()
        >>> first = generator.random32(3)
        >>> bool((generator.restore(saved).random32(3) == first).all())
        True
        """
        out = np.zeros(_STATE_BYTES, dtype=np.uint8)
        with self.lock:
            words = self._stream().state["state"]
            # Before the first twist PyTorch points at word 0, NumPy past the last one.
            position = 0 if self._untouched else words["pos"]
            out[_SEED].view(np.uint64)[:] = self._initial_seed
            out[_LEFT].view(np.int32)[:] = 1 if self._untouched else _WORDS + 1 - position
            out[_SEEDED].view(np.int32)[:] = 1
            out[_NEXT].view(np.uint64)[:] = position
            out[_KEY].view(np.uint64)[:] = words["key"]
            if self.next_double_normal_sample is not None:
                out[_NORMAL].view(np.float64)[:] = self.next_double_normal_sample
                out[_NORMAL_VALID].view(np.int32)[:] = 1
            if self._float_normal is not None:
                out[_FLOAT_NORMAL].view(np.float32)[:] = self._float_normal
                out[_FLOAT_NORMAL_VALID] = 1
        return out

    def restore(self, new_state: NDArray[np.uint8]) -> Self:
        """Continue from a state that `save` returned, or PyTorch's `get_state`.

        Args:
            new_state: uint8, shape (5056,).

        Raises:
            TypeError: the state is not an array of uint8.
            RuntimeError: it has another size, or no generator can be in it. The generator is
                then left as it was.
        """
        if not isinstance(new_state, np.ndarray) or new_state.dtype != np.uint8:
            got = getattr(new_state, "dtype", type(new_state).__name__)
            raise TypeError(f"set_state: expected an array of uint8, but got {got}")
        if new_state.shape != (_STATE_BYTES,):
            raise RuntimeError(
                f"set_state: expected a state of shape ({_STATE_BYTES},), "
                f"but got {new_state.shape}; pass what get_state returned"
            )
        state = np.ascontiguousarray(new_state)
        left = int(state[_LEFT].view(np.int32)[0])
        position = int(state[_NEXT].view(np.uint64)[0])
        seeded = int(state[_SEEDED].view(np.int32)[0])
        untouched = left == 1 and position == 0
        drawn_from = 1 <= position <= _WORDS and left == _WORDS + 1 - position
        if seeded != 1 or not (untouched or drawn_from):
            raise RuntimeError(
                f"set_state: invalid mt19937 state (seeded {seeded}, next {position}, left {left}; "
                f"next + left must be {_WORDS + 1}); pass what get_state returned"
            )
        key = state[_KEY].view(np.uint64).astype(np.uint32)
        with self.lock:
            self._initial_seed = int(state[_SEED].view(np.uint64)[0])
            self._untouched = untouched
            self._place(key, _WORDS if untouched else position)
            self.next_double_normal_sample = (
                float(state[_NORMAL].view(np.float64)[0]) if state[_NORMAL_VALID].any() else None
            )
            self._float_normal = (
                float(state[_FLOAT_NORMAL].view(np.float32)[0])
                if state[_FLOAT_NORMAL_VALID]
                else None
            )
        return self

    def clone_state(self) -> Self:
        """Return a new generator that goes on from here with the same numbers.

        >>> generator = Generator().manual_seed(3)
        >>> bool((generator.clone_state().random32(5) == generator.random32(5)).all())
        True
        """
        return _restored(type(self), self.save())

    def __reduce__(
        self,
    ) -> tuple[Callable[[type[Self], NDArray[np.uint8]], Self], tuple[type[Self], object]]:
        """Copy and pickle by the state: a lock cannot be copied."""
        return _restored, (type(self), self.save())

    def _place(self, key: NDArray[np.uint32], position: int) -> None:
        """Make the 624 words `key`, of which the first `position` have been drawn."""
        self._start: tuple[NDArray[np.uint32], int] | None = (key, position)

    def _stream(self) -> np.random.MT19937:
        """What twists. NumPy loads its random numbers when they are first asked for: so do we."""
        if self._bits is None:
            self._bits = np.random.MT19937(0)
        if self._start is not None:
            key, position = self._start
            self._bits.state = {
                "bit_generator": "MT19937",
                "state": {"key": key, "pos": position},
            }
            self._start = None
        return self._bits

    def memory(self) -> NDArray[np.uint32]:
        """The 624 words and how many were drawn, where NumPy has them; for who will draw."""
        stream = self._stream()
        self._untouched = False
        if self._memory is None:
            words = (ctypes.c_uint32 * (_WORDS + 1)).from_address(stream.ctypes.state_address)
            self._memory = np.ctypeslib.as_array(words)
        return self._memory

    def _draw(self, n: int) -> NDArray[np.uint64]:
        """Return the next n draws of 32 bits, each in a 64-bit word."""
        with self.lock:
            if n > 0:
                self._untouched = False
            return np.asarray(self._stream().random_raw(n), dtype=np.uint64)


@lru_cache(maxsize=16)
def _seeded_words(seed: int) -> NDArray[np.uint32]:
    """Return the 624 words that Knuth's recurrence makes of a seed of 32 bits.

    NumPy's own MT19937(seed) hashes the seed first, and so starts elsewhere.
    """
    words = [seed]
    for j in range(1, _WORDS):
        last = words[-1]
        words.append((1812433253 * (last ^ (last >> 30)) + j) & _LOW_32)
    return np.array(words, dtype=np.uint32)


def _restored(kind: type[G], state: NDArray[np.uint8]) -> G:
    """A new generator of this class in this state."""
    made = kind()
    made.restore(state)
    return made
