"""Devices, and which backend computes on each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from minitorch_tensor.backend import Backend


class Family(Protocol):
    """The devices of a type that has several: `cuda:0`, `cuda:1`."""

    def current(self) -> int:
        """The one that is meant where no index is given."""
        ...

    def backend(self, index: int, /) -> Backend:
        """What computes on one of them; whether it is there is asked when it is first used."""
        ...


_backends: dict[str, Backend] = {}
_families: dict[str, Family] = {}
_promises: dict[str, Callable[[], object]] = {}  # what registers a backend at its first use
_devices: dict[tuple[str, int | None], Device] = {}


class Device:
    """Where a tensor lives and is computed: `cpu`, `numpy` (the NumPy reference) or `cuda:0`.

    There is one object for each device, so devices are compared with `is`. `cuda` without an index
    is the GPU that is current when the device is named.
    https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.device

    >>> Device("cpu")
    device(type='cpu')
    >>> Device("numpy").type
    'numpy'
    """

    __slots__ = ("backend", "index", "type")

    type: str
    index: int | None
    backend: Backend  # what computes on this device

    def __new__(cls, type: str | Device, index: int | None = None) -> Device:
        """Find or make the device; `type` may carry the index, as in `cuda:0`."""
        if isinstance(type, Device):
            return type
        if not isinstance(type, str):
            raise TypeError(f"device: expected a string such as 'cpu' or 'cuda:0', got {type!r}")
        name, colon, number = type.partition(":")
        if colon:
            if index is not None:
                raise RuntimeError(
                    f"device: '{type}' has an index already, but index={index} was given"
                )
            if not number.isdecimal():
                raise RuntimeError(f"Invalid device string: '{type}'; expected e.g. 'cuda:0'")
            index = int(number)
        if index is None:
            family = _families.get(name)
            if family is not None:
                index = family.current()
            elif name == "cuda":
                index = 0
        key = (name, index)
        found = _devices.get(key)
        if found is None:
            load = _promises.get(name)
            if load is not None:
                load()
            if name not in _backends:
                raise RuntimeError(
                    f"no backend for device '{type}'; available device types: "
                    f"{', '.join(sorted({*_backends, *_promises}))}"
                )
            found = object.__new__(cls)
            found.type, found.index, found.backend = name, index, _backend_of(name, index)
            found = _devices.setdefault(key, found)  # two threads may have come here
        return found

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __reduce__(self) -> tuple[Callable[[str], Device], tuple[str]]:
        return Device, (str(self),)


def _backend_of(name: str, index: int | None) -> Backend:
    family = _families.get(name)
    if family is not None and index is not None:
        return family.backend(index)
    if index:
        raise RuntimeError(
            f"device '{name}:{index}': invalid device ordinal; there is one device of type "
            f"'{name}', so the index can only be 0"
        )
    return _backends[name]


def register_devices(device_type: str, family: Family) -> None:
    """Let a family of devices of one type compute, each by a backend of its own, from now on."""
    _families[device_type] = family
    register_backend(device_type, family.backend(0))


def register_backend(device_type: str, backend: Backend) -> None:
    """Let `backend` compute everything on devices of this type from now on.

    fast and cuda call this when they are imported. Registering "cpu" again replaces the NumPy
    backend;
    both keep a tensor's memory in NumPy arrays, so tensors made before go on working.
    """
    _backends[device_type] = backend
    _promises.pop(device_type, None)
    family = _families.get(device_type)
    for device in list(_devices.values()):
        if device.type == device_type:
            index = device.index
            device.backend = family.backend(index) if family and index else backend


def promise_backend(device_type: str, load: Callable[[], object]) -> None:
    """Call `load`, which registers a backend, when a device of this type is first asked for.

    So a package is imported when it is needed, which for many programs is never, and for no program
    is at the start. `load` raises what to do if it cannot. A device that is in use already gets
    its backend now.

    >>> from minitorch_tensor.numpy_backend import NumpyBackend
    >>> promise_backend("ternary", lambda: register_backend("ternary", NumpyBackend()))
    >>> "ternary" in registered(), Device("ternary"), "ternary" in registered()
    (False, device(type='ternary'), True)
    """
    _promises[device_type] = load
    if any(device.type == device_type for device in _devices.values()):
        load()


def registered() -> tuple[str, ...]:
    """The device types that have a backend by now, sorted."""
    return tuple(sorted(_backends))
