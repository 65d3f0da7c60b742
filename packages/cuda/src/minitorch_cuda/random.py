"""`torch.cuda`'s functions about random numbers: all devices draw from the generator of the CPU.

So a seed gives the same numbers on every device. In PyTorch each device has a generator of its own,
and `torch.cuda.manual_seed` leaves the CPU's as it is; here it seeds the one there is.

https://docs.pytorch.org/docs/stable/cuda.html#random-number-generator
"""

from __future__ import annotations

from collections.abc import Iterable

from minitorch_cuda.choice import choice
from minitorch_cuda.devices import Place, launcher_of
from minitorch_tensor import Tensor, default_generator
from minitorch_tensor import initial_seed as _initial_seed
from minitorch_tensor import manual_seed as _manual_seed
from minitorch_tensor import seed as _seed


def manual_seed(seed: int) -> None:
    """Seed the generator; without a device too.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.manual_seed.html
    """
    _manual_seed(seed)


manual_seed_all = manual_seed


def seed() -> None:
    """Seed the generator with a number that nobody knows.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.seed.html
    """
    _seed()


seed_all = seed


def initial_seed() -> int:
    """The number that the generator was last seeded with.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.initial_seed.html

    Raises:
        RuntimeError: if there is no device.
    """
    choice.get()
    return _initial_seed()


def get_rng_state(device: Place = "cuda") -> Tensor:
    """The state of the generator that a device draws from, on the CPU.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_rng_state.html

    Raises:
        RuntimeError: if there is no such device.
    """
    launcher_of(device)
    return default_generator.get_state()


def set_rng_state(new_state: Tensor, device: Place = "cuda") -> None:
    """Continue from a state that `get_rng_state` gave.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.set_rng_state.html

    Raises:
        RuntimeError: if there is no such device, or no generator can be in this state.
        TypeError: if it is no tensor of bytes.
    """
    launcher_of(device)
    default_generator.set_state(new_state)


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
