"""The default generator: seeding it, and saving its state. `minitorch.random` is PyTorch's name."""

from __future__ import annotations

from minitorch_tensor import (
    Tensor,
    default_generator,
    initial_seed,
    manual_seed,
    seed,
    tensor,
    uint8,
)

__all__ = ["get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]


def get_rng_state() -> Tensor:
    """The state of the default generator: 5056 bytes that PyTorch's can be set to as well.

    https://docs.pytorch.org/docs/stable/generated/torch.get_rng_state.html

    >>> get_rng_state().shape
    torch.Size([5056])
    """
    return tensor(default_generator.get_state(), dtype=uint8)


def set_rng_state(new_state: Tensor) -> None:
    """Continue from a state that `get_rng_state` gave.

    https://docs.pytorch.org/docs/stable/generated/torch.set_rng_state.html

    Raises:
        TypeError: if it is no tensor of bytes.
        RuntimeError: if no generator can be in this state.
    """
    if not isinstance(new_state, Tensor) or new_state.dtype is not uint8:
        raise TypeError("set_rng_state: expected a tensor of dtype uint8, as get_rng_state gives")
    default_generator.set_state(new_state.numpy().astype("uint8"))
