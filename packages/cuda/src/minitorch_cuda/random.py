"""`torch.cuda`'s functions about random numbers: each device has a generator of its own.

What they do is asked of `generators`, and works without a device, but for the states.

https://docs.pytorch.org/docs/stable/cuda.html#random-number-generator
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from minitorch_cuda.choice import choice
from minitorch_cuda.devices import Place, index_of, launcher_of
from minitorch_cuda.generators import defaults
from minitorch_tensor import Tensor


def manual_seed(seed: int) -> None:
    """Seed the generator of the current device; without a device too.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.manual_seed.html
    """
    defaults[choice.current()].manual_seed(int(seed))


def manual_seed_all(seed: int) -> None:
    """Seed the generators of all devices; without a device too.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.manual_seed_all.html
    """
    defaults.manual_seed(int(seed))


def seed() -> None:
    """Seed the generator of the current device with a number that nobody knows.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.seed.html
    """
    defaults[choice.current()].seed()


def seed_all() -> None:
    """Seed the generators of all devices with one number that nobody knows.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.seed_all.html
    """
    defaults.manual_seed(int.from_bytes(os.urandom(8), "little"))


def initial_seed() -> int:
    """The number that the generator of the current device was last seeded with.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.initial_seed.html

    Raises:
        RuntimeError: if there is no device.
    """
    choice.get()
    return defaults[choice.current()].initial_seed()


def get_rng_state(device: Place = "cuda") -> Tensor:
    """The state of the generator of a device, 16 bytes on the CPU.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_rng_state.html

    Raises:
        RuntimeError: if there is no such device.
    """
    launcher_of(device)
    return defaults[index_of(device)].get_state()


def set_rng_state(new_state: Tensor, device: Place = "cuda") -> None:
    """Continue from a state that `get_rng_state` gave.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.set_rng_state.html

    Raises:
        RuntimeError: if there is no such device, or no generator can be in this state.
        TypeError: if it is no tensor of bytes.
    """
    launcher_of(device)
    defaults[index_of(device)].set_state(new_state)


def get_rng_state_all() -> list[Tensor]:
    """The states of all devices.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_rng_state_all.html
    """
    return [get_rng_state(i) for i in range(choice.count())]


def set_rng_state_all(new_states: Iterable[Tensor]) -> None:
    """Continue from states that `get_rng_state_all` gave.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.set_rng_state_all.html
    """
    for index, state in enumerate(new_states):
        set_rng_state(state, index)
