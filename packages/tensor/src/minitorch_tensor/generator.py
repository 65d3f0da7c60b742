"""`Generator` as users see it: it lives on a device, and its state is a tensor of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from minitorch_autodiff import Variable
from minitorch_tensor import conversion, mersenne
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.device import Device
from minitorch_tensor.layout import Layout
from minitorch_tensor.storage import Storage

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


_kinds: dict[str, type[Generator]] = {}


def register_generator(device_type: str, kind: type[Generator]) -> None:
    """Let `Generator(device)` be one of this kind for devices of a type."""
    _kinds[device_type] = kind


class Generator(mersenne.Generator):
    """A stream of random numbers, PyTorch's for the same seed.

    https://docs.pytorch.org/docs/stable/generated/torch.Generator.html

    Args:
        device: "cpu", or a type of device that has generators of its own, as a GPU has.

    Raises:
        RuntimeError: if the device is another one.

    >>> generator = Generator().manual_seed(0)
    >>> state = generator.get_state()
    >>> first = generator.random32(3)
    >>> bool((generator.set_state(state).random32(3) == first).all())
    True
    """

    __slots__ = ()

    def __new__(cls, device: str | Device = "cpu") -> Self:
        """One of the kind that the device has."""
        kind: type[Generator] = cls
        if cls is Generator and str(device).partition(":")[0] != "cpu":
            kind = _kinds.get(Device(device).type, cls)
        made = object.__new__(kind)
        assert isinstance(made, cls)
        return made

    def __init__(self, device: str | Device = "cpu") -> None:
        super().__init__(str(device))

    @property
    def device(self) -> Device:
        """Where the numbers are made: the CPU."""
        return Device("cpu")

    def get_state(self) -> Tensor:
        """The state as 5056 bytes, laid out as in PyTorch: either may restore the other's.

        https://docs.pytorch.org/docs/stable/generated/torch.Generator.html#torch.Generator.get_state
        """
        from minitorch_tensor.core import make  # whose tensors have methods that draw from here

        state = self.save()
        place = Device("cpu")  # whatever it draws for
        layout = Layout.contiguous(state.shape)
        return make(Storage(place.backend.upload(state), place), layout, dtypes.uint8)

    def set_state(self, new_state: Tensor) -> Self:
        """Continue from a state that `get_state` returned, here or in PyTorch.

        https://docs.pytorch.org/docs/stable/generated/torch.Generator.html#torch.Generator.set_state

        Raises:
            TypeError: if it is no tensor of uint8.
            RuntimeError: if it has another size, or no generator can be in it; the generator is
                then left as it was.
        """
        if not isinstance(new_state, Variable) or new_state.dtype is not dtypes.uint8:
            got = getattr(new_state, "dtype", type(new_state).__name__)
            raise TypeError(f"set_state: expected a tensor of dtype uint8, but got {got}")
        return self.restore(conversion.host_array(new_state).astype(np.uint8))
