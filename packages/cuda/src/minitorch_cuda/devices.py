"""`torch.cuda`'s functions about devices: which there are, what they are, which is meant.

https://docs.pytorch.org/docs/stable/cuda.html
"""

from __future__ import annotations

from minitorch_cuda.choice import choice
from minitorch_cuda.launcher import Launcher, Properties
from minitorch_cuda.probe import probe
from minitorch_tensor import Tensor
from minitorch_tensor.accelerator import AcceleratorError
from minitorch_tensor.device import Device

Place = Device | str | int | None
"""A device, its name, its number, or None for the current one."""


def index_of(device: Place) -> int:
    """The number of a device, which need not be there.

    Raises:
        ValueError: if it is a device of another type.

    >>> index_of("cuda:1"), index_of(1)
    (1, 1)
    """
    if device is None:
        return choice.current()
    if isinstance(device, int):
        return device
    place = Device(device)
    if place.type != "cuda" or place.index is None:
        raise ValueError(f"Expected a cuda device, but got: {place}")
    return place.index


def launcher_of(device: Place) -> Launcher:
    """What runs kernels on a device.

    Raises:
        RuntimeError: if it is not there.
    """
    return choice.get(index_of(device))


def is_available() -> bool:
    """Whether tensors can live on "cuda": all is there for a GPU, or the simulator was chosen.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.is_available.html
    """
    return choice.simulated or not probe().missing


def device_count() -> int:
    """The number of GPUs, or of simulated devices; 0 where something is missing.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.device_count.html
    """
    return choice.count()


def init() -> None:
    """Start to use the current device, which otherwise happens when it is first needed.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.init.html

    Raises:
        RuntimeError: if there is none.
    """
    choice.get()


def is_initialized() -> bool:
    """Whether a device is in use already.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.is_initialized.html
    """
    return choice.initialized


def current_device() -> int:
    """The number of the device that this thread means by "cuda".

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.current_device.html

    Raises:
        RuntimeError: if there is none.
    """
    return choice.get().index


def set_device(device: Place) -> None:
    """Let "cuda" mean another device from now on, in this thread; a negative number is ignored.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.set_device.html

    Raises:
        AcceleratorError: if there is no such device.
        RuntimeError: if there is none at all.
    """
    index = index_of(device)
    if index >= 0:
        _require(index)
        choice.use(index)


def _require(index: int) -> None:
    """Raise unless there is a device of this number."""
    choice.get(0)  # with what is missing, if there is none
    count = choice.count()
    if index >= count:
        raise AcceleratorError(
            f"CUDA error: invalid device ordinal: {index}, but the number of devices is {count}",
            101,
        )


class device:
    """Let "cuda" mean another device within a `with` block.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.device.html

    Args:
        device: which; None or a negative number changes nothing.

    >>> from minitorch_cuda import use_simulator
    >>> with use_simulator(devices=2):
    ...     with device(1):
    ...         print(current_device())
    ...     print(current_device())
    1
    0
    """

    def __init__(self, device: Place) -> None:
        self.idx = -1 if device is None else index_of(device)
        self.prev_idx = -1

    def __enter__(self) -> None:
        """Change the device."""
        if self.idx >= 0:
            _require(self.idx)
            self.prev_idx = choice.current()
            choice.use(self.idx)

    def __exit__(self, *error: object) -> None:
        """Change it back."""
        if self.prev_idx >= 0:
            choice.use(self.prev_idx)
            self.prev_idx = -1


class device_of(device):
    """Let "cuda" mean the device of a tensor; of a tensor of the CPU nothing changes.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.device_of.html

    Args:
        obj: a tensor.
    """

    def __init__(self, obj: Tensor) -> None:
        super().__init__(obj.device if obj.is_cuda else None)


def get_device_name(device: Place = None) -> str:
    """The name of a GPU, or `simulator`.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_device_name.html

    Raises:
        RuntimeError: if there is no such device.
    """
    return launcher_of(device).name


def get_device_properties(device: Place = None) -> Properties:
    """What a device is: name, compute capability, memory, processors.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_device_properties.html

    Raises:
        RuntimeError: if there is no such device.
    """
    return launcher_of(device).properties


def get_device_capability(device: Place = None) -> tuple[int, int]:
    """The compute capability, (9, 0) for an H100; (0, 0) in the simulator.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_device_capability.html

    Raises:
        RuntimeError: if there is no such device.
    """
    known = launcher_of(device).properties
    return known.major, known.minor


def get_arch_list() -> list[str]:
    """The models that kernels are compiled for: those of the GPUs here, as it is done when needed.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_arch_list.html
    """
    if not is_available() or choice.simulated:
        return []
    found = {get_device_capability(i) for i in range(device_count())}
    return [f"sm_{major}{minor}" for major, minor in sorted(found)]


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether bfloat16 tensors can be used: by instructions of the GPU, or otherwise.

    https://docs.pytorch.org/docs/stable/cuda.html

    Args:
        including_emulation: whether it counts that kernels widen such numbers to float32, which
            they do on every device.
    """
    if not is_available():
        return False
    return including_emulation or get_device_capability()[0] >= 8


def is_tf32_supported() -> bool:
    """Whether products of float32 may be computed with fewer digits, as TF32: they never are.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.is_tf32_supported.html
    """
    return False


def can_device_access_peer(device: Place, peer_device: Place) -> bool:
    """Whether a device can be given the memory of another without a way through the host.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.can_device_access_peer.html

    Raises:
        RuntimeError: if one of them is not there.
    """
    return launcher_of(device).index != launcher_of(peer_device).index


def synchronize(device: Place = None) -> None:
    """Wait until all that was launched has ended, on every stream of a device.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.synchronize.html

    Raises:
        RuntimeError: if there is no such device, or a launch failed.
        IndexError: if a launch met an index that is out of bounds.
    """
    launcher_of(device).synchronize()


def ipc_collect() -> None:
    """Nothing to do: memory is not shared between processes.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.ipc_collect.html

    Raises:
        RuntimeError: if there is no device.
    """
    init()
