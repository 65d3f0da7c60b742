"""PyTorch's words for memory that have one value here: strided, not pinned, row-major.

Programs pass them along (`memory_format=torch.preserve_format`), so they are accepted; whoever
asks for another kind of memory is told that there is none.
"""

from __future__ import annotations

from typing import Final

from minitorch_tensor.layout import Layout


class LayoutKind:
    """How a tensor keeps its elements: `strided` is the only kind.

    It equals the layout of every tensor, whose class is another: `x.layout == strided`.
    https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.layout
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"minitorch.{self.name}"

    def __reduce__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return self is other or isinstance(other, Layout)

    __hash__ = object.__hash__


class MemoryFormat:
    """The order in which a new tensor keeps its elements.

    https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.memory_format
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"minitorch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


strided: Final = LayoutKind("strided")
contiguous_format: Final = MemoryFormat("contiguous_format")
preserve_format: Final = MemoryFormat("preserve_format")
channels_last: Final = MemoryFormat("channels_last")
channels_last_3d: Final = MemoryFormat("channels_last_3d")


def require_plain(
    name: str,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> None:
    """Raise unless this asks for a strided, unpinned, row-major tensor.

    Raises:
        TypeError: if an argument is of another type.
        RuntimeError: for pinned memory, or one of the channels_last formats.

    >>> require_plain("zeros", strided, False, contiguous_format)
    >>> require_plain("clone", memory_format=channels_last)
    Traceback (most recent call last):
    RuntimeError: clone: memory_format minitorch.channels_last is not supported: new tensors are \
row-major; use contiguous_format or preserve_format, or permute the dimensions
    """
    if layout is not None and layout != strided:
        raise TypeError(f"{name}: layout must be minitorch.strided, but got {layout!r}")
    if pin_memory:
        raise RuntimeError(
            f"{name}: pin_memory=True is not supported: make the tensor first, and take its copy "
            "in pinned memory with x.pin_memory()"
        )
    if memory_format is None or memory_format in (contiguous_format, preserve_format):
        return
    if not isinstance(memory_format, MemoryFormat):
        raise TypeError(
            f"{name}: memory_format must be one such as minitorch.contiguous_format, but got "
            f"{memory_format!r}"
        )
    raise RuntimeError(
        f"{name}: memory_format {memory_format} is not supported: new tensors are row-major; use "
        "contiguous_format or preserve_format, or permute the dimensions"
    )
