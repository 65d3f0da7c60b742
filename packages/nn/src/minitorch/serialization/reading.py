"""Which format a file has is seen in its first bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from minitorch.nn.parameter import typename
from minitorch.serialization import safetensors_format, torch_format
from minitorch.serialization.damage import DamagedError, RefusedError
from minitorch.serialization.sources import MappedSource, Source
from minitorch_tensor import Device
from minitorch_tensor.data import on

_Reader = Callable[[Source | MappedSource, Device], object]


def read(source: Source | MappedSource, place: str | Device | None) -> dict[str, object]:
    """The dictionary in a file of any of the formats.

    Raises:
        DamagedError: if it is damaged; the message begins with the format.
        RefusedError: if it has what is not loaded.
    """
    device = on(place)
    kind = torch_format.format_of(source.read(0, min(source.size, 512)))
    if kind == "tar":
        raise RefusedError(
            "a tar archive of PyTorch's before 0.1.10", "load and save it with a newer PyTorch"
        )
    what, reader = _READERS[kind]
    try:
        found = reader(source, device)
    except DamagedError as error:
        raise DamagedError(f"as {what} ({error})") from error
    if not isinstance(found, dict):
        raise RefusedError(
            f"no dictionary, but a value of type {typename(found)}",
            'save it in one, as {"x": x}',
        )
    return found


_READERS: Final[dict[torch_format.Format | None, tuple[str, _Reader]]] = {
    "archive": ("a file of PyTorch's", torch_format.read_archive),
    "stream": ("a file of PyTorch's before 1.6", torch_format.read_stream),
    None: ("safetensors", safetensors_format.read),
}
