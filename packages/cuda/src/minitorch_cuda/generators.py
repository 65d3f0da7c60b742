"""The generators of GPUs: Philox, whose state is a seed and a count of calls.

Each device has one that it draws from by default, as in PyTorch; `manual_seed` seeds them together
with the CPU's. The numbers are not PyTorch's, which depend on the GPU's size: here a seed gives the
same numbers on any GPU, and in the simulator.

    numbers of the CPU    `generator=Generator()`, made there and uploaded; `numbers_of_the_cpu()`
                          does so for the default generator, for a program that must give the same
                          on every device
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

import numpy as np
import numpy.typing as npt

from minitorch_cuda import philox
from minitorch_cuda.kernels.random_plan import Source
from minitorch_tensor import random
from minitorch_tensor.device import Device
from minitorch_tensor.generator import Generator, register_generator
from minitorch_tensor.mersenne import Twister

_STEP = 4  # what PyTorch's offset counts one call as


class PhiloxGenerator(Generator):
    """A stream of random numbers for a GPU; `Generator("cuda")` makes one.

    Args:
        device: which GPU; it need not be there.

    >>> generator = PhiloxGenerator().manual_seed(0)
    >>> [hex(word) for word in generator.random32(2)]
    ['0x6627e8d5', '0xe169c58d']
    >>> generator.get_state().tolist()
    [0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
    """

    __slots__ = ("_call", "_index")

    def __init__(self, device: str | Device = "cuda") -> None:
        self._index = Device(device).index or 0
        self._call = 0
        super().__init__("cpu")

    def __repr__(self) -> str:
        return f"Generator(device='cuda:{self._index}', initial_seed={self._initial_seed})"

    @property
    def device(self) -> Device:
        """The GPU it is for."""
        return Device("cuda", self._index)

    def manual_seed(self, seed: int) -> Self:
        """Start the stream that belongs to `seed`; all 64 bits count.

        Raises:
            RuntimeError: the seed is not an integer.
            ValueError: the seed is out of range.
        """
        with self.lock:
            super().manual_seed(seed)
            self._call = 0
        return self

    def next(self) -> Source:
        """The words of one more call."""
        with self.lock:
            found = Source(self._initial_seed, self._call)
            self._call += 1
        return found

    def fast(self, what: str, n: int) -> Twister | None:
        """There is no faster way on the CPU."""
        return None

    def save(self) -> npt.NDArray[np.uint8]:
        """The state as 16 bytes: the seed, and four times the number of calls, as in PyTorch."""
        with self.lock:
            state = np.array([self._initial_seed, _STEP * self._call], np.uint64)
        return state.view(np.uint8)

    def restore(self, new_state: npt.NDArray[np.uint8]) -> Self:
        """Continue from a state.

        Raises:
            RuntimeError: if it has another size, or its offset is no multiple of 4.
        """
        if new_state.dtype != np.uint8 or new_state.shape != (16,):
            raise RuntimeError(
                "set_state: expected the state of a generator for cuda, 16 bytes, but got "
                f"{new_state.size}; pass what get_state of such a generator returned"
            )
        seed, offset = (int(part) for part in np.ascontiguousarray(new_state).view(np.uint64))
        if offset % _STEP:
            raise RuntimeError(f"set_state: offset must be a multiple of 4, but got {offset}")
        with self.lock:
            self._initial_seed = seed
            self._call = offset // _STEP
            self.next_double_normal_sample = None
        return self

    def _draw(self, n: int) -> npt.NDArray[np.uint64]:
        """Words for numbers that are made on the CPU."""
        if n == 0:
            return np.empty(0, np.uint64)
        source = self.next()
        return philox.words(*source, n).astype(np.uint64)


class Defaults:
    """The generator that each device draws from, made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[int, PhiloxGenerator] = {}
        self._seed = 0
        self._lock = threading.Lock()
        self.of_cpu = False

    def __getitem__(self, index: int) -> PhiloxGenerator:
        found = self._made.get(index)
        if found is None:
            with self._lock:
                found = self._made.get(index)
                if found is None:
                    made = PhiloxGenerator(f"cuda:{index}").manual_seed(self._seed)
                    found = self._made[index] = made
        return found

    def manual_seed(self, seed: int) -> None:
        """Start all from one seed."""
        with self._lock:
            self._seed = seed
            for generator in self._made.values():
                generator.manual_seed(seed)

    def remember(self) -> Callable[[], None]:
        """A function that puts all back to where they are now."""
        seed = self._seed
        states = {index: generator.save() for index, generator in self._made.items()}

        def restore() -> None:
            for index, generator in list(self._made.items()):
                state = states.get(index)
                if state is None:
                    generator.manual_seed(seed)
                else:
                    generator.restore(state)

        return restore


defaults = Defaults()
random.register_generators(defaults.manual_seed, defaults.remember)
register_generator("cuda", PhiloxGenerator)


@contextmanager
def numbers_of_the_cpu() -> Iterator[None]:
    """Let GPUs draw from the CPU's default generator for a while: slower, the same everywhere.

    >>> import minitorch_cuda
    >>> import minitorch_tensor as torch
    >>> with minitorch_cuda.use_simulator(), numbers_of_the_cpu():
    ...     _ = torch.manual_seed(0)
    ...     torch.rand(2, device="cuda").tolist()
    [0.49625658988952637, 0.7682217955589294]
    """
    before, defaults.of_cpu = defaults.of_cpu, True
    try:
        yield
    finally:
        defaults.of_cpu = before
