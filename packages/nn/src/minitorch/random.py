"""The default generator: seeding it, and saving its state. `minitorch.random` is PyTorch's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from minitorch_tensor import Tensor, default_generator, initial_seed, manual_seed, seed
from minitorch_tensor.random import remember

__all__ = ["fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]


def get_rng_state() -> Tensor:
    """The state of the default generator: 5056 bytes that PyTorch's can be set to as well.

    https://docs.pytorch.org/docs/stable/generated/torch.get_rng_state.html

    >>> get_rng_state().shape
    torch.Size([5056])
    """
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Continue from a state that `get_rng_state` gave.

    https://docs.pytorch.org/docs/stable/generated/torch.set_rng_state.html

    Raises:
        TypeError: if it is no tensor of bytes.
        RuntimeError: if no generator can be in this state.
    """
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(
    devices: Sequence[object] | None = None, enabled: bool = True, device_type: str = "cuda"
) -> Iterator[None]:
    """Give the default generators of all devices their states back afterwards.

    https://docs.pytorch.org/docs/stable/random.html#torch.random.fork_rng

    Args:
        devices: without effect; it is done for all devices.
        enabled: whether to do anything.
        device_type: without effect, like `devices`.

    >>> _ = manual_seed(0)
    >>> before = get_rng_state()
    >>> with fork_rng():
    ...     _ = manual_seed(7)
    >>> bool((get_rng_state() == before).all())
    True
    """
    if not enabled:
        yield
        return
    restore = remember()
    try:
        yield
    finally:
        restore()
