"""The memory under a tensor: looking at it, giving the tensor another, changing its size."""

from __future__ import annotations

from collections.abc import Sequence
from mmap import mmap
from typing import TYPE_CHECKING

import numpy as np

from minitorch_autodiff import Variable, is_grad_enabled
from minitorch_tensor import views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.device import Device
from minitorch_tensor.layout import Layout, make
from minitorch_tensor.options import MemoryFormat, require_plain
from minitorch_tensor.storage import Storage

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class UntypedStorage:
    """The memory of a tensor as bytes: where it is, and how large; what its views share.

    https://docs.pytorch.org/docs/stable/storage.html

    >>> from minitorch_tensor import zeros
    >>> x = zeros(2, 3)
    >>> x.untyped_storage().nbytes(), x[1].untyped_storage() == x.untyped_storage()
    (24, True)
    """

    __slots__ = ("storage",)

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    @property
    def device(self) -> Device:
        """Where it is."""
        return self.storage.device

    def nbytes(self) -> int:
        """How many bytes it has."""
        return self.storage.nbytes()

    def size(self) -> int:
        """How many bytes it has."""
        return self.nbytes()

    def __len__(self) -> int:
        return self.nbytes()

    def data_ptr(self) -> int:
        """Its address, in the memory of its device."""
        return self.storage.data_ptr()

    def tolist(self) -> list[int]:
        """The bytes as numbers."""
        return [int(byte) for byte in self.storage.host().view(np.uint8)]

    def __getitem__(self, index: int) -> int:
        return self.tolist()[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and (
            self.storage.root().buffer is other.storage.root().buffer
        )

    def __hash__(self) -> int:
        return id(self.storage.root().buffer)

    def __repr__(self) -> str:
        return f"UntypedStorage({self.nbytes()} bytes on {self.device})"


def untyped_storage(x: Tensor) -> UntypedStorage:
    """The memory under x, which all its views share.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.untyped_storage.html
    """
    return UntypedStorage(x.storage)


def set_(
    x: Tensor,
    source: Tensor | UntypedStorage | None = None,
    storage_offset: int = 0,
    size: Sequence[int] | None = None,
    stride: Sequence[int] | None = None,
) -> Tensor:
    """Let x see the memory of another tensor, or memory under given sizes and strides.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.set_.html

    Raises:
        RuntimeError: if the dtypes or devices differ, x has a history or is a leaf that requires
            grad, or the sizes and strides reach outside the memory.

    >>> from minitorch_tensor import arange, empty, int64
    >>> empty(0, dtype=int64).set_(arange(3))
    Tensor([0, 1, 2], requires_grad=False)
    """
    if x.requires_grad and is_grad_enabled():
        raise RuntimeError(
            "set_: a Variable that requires grad cannot be given other memory; do it under "
            "no_grad(), or on x.detach()"
        )
    if source is None:
        _attach(x, Storage(x.device.backend.empty(0, x.dtype), x.device), Layout.contiguous((0,)))
        return x
    if isinstance(source, Variable):
        if source.dtype is not x.dtype or source.device is not x.device:
            raise RuntimeError(
                f"set_: could not set a tensor of dtype {source.dtype} on {source.device} to a "
                f"tensor of dtype {x.dtype} on {x.device}"
            )
        storage, layout = source.storage, source.layout
        if size is None:
            _attach(x, storage, layout)
            return x
    else:
        storage = source.storage
        if source.device is not x.device or source.nbytes() != len(storage.buffer) * x.itemsize:
            raise RuntimeError(
                f"set_: the memory is {source!r}, which is not of elements of {x.dtype} on "
                f"{x.device}"
            )
    shape = (len(storage.buffer),) if size is None else views.shape_of("set_", (tuple(size),))
    dense = Layout.contiguous(shape)
    seen = x._on(storage, make(shape, dense.strides, 0))
    strides = dense.strides if stride is None else tuple(stride)
    _attach(x, storage, views.as_strided(seen.detach(), shape, strides, storage_offset).layout)
    return x


def _attach(x: Tensor, storage: Storage, layout: Layout) -> None:
    """Let x see this memory; it is no view any more."""
    # A rule that kept x must find that it is not what it was.
    storage.version = max(storage.version, x.storage.version + 1)
    x.storage, x.layout, x.base = storage, layout, None


def resize_(
    x: Tensor, *sizes: int | Sequence[int], memory_format: MemoryFormat | None = None
) -> Tensor:
    """Give x other sizes, row-major from where it starts; its memory grows if it is too small.

    What was in the memory stays; what is new has any contents. Memory that grew is shared with
    views as before, but no more with an array of NumPy's.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.resize_.html

    Raises:
        RuntimeError: if x requires grad, or a size is negative.

    >>> from minitorch_tensor import arange
    >>> arange(5).resize_(2, 2).tolist()
    [[0, 1], [2, 3]]
    """
    require_plain("resize_", memory_format=memory_format)
    if x.requires_grad:
        raise RuntimeError(
            "resize_: cannot resize variables that require grad; reshape() and pad() are recorded"
        )
    shape = views.shape_of("resize_", sizes)
    if shape == x.layout.shape:
        return x
    dense = Layout.contiguous(shape)
    start = x.layout.offset
    held, needed = len(x.storage.buffer), start + dense.size
    if dense.size and needed > held:
        device = x.device
        grown = x._on(
            Storage(device.backend.empty(needed, x.dtype), device), Layout.contiguous((needed,))
        )
        if held:
            old = x._view(Layout.contiguous((held,)))
            device.backend.copy(grown._view(grown.layout.narrow(0, 0, held)), old)
        x.storage.buffer = grown.storage.buffer
    x.layout = make(shape, dense.strides, start)
    x.storage.version += 1
    return x


def resize_as_(
    x: Tensor, the_template: Tensor, *, memory_format: MemoryFormat | None = None
) -> Tensor:
    """`x.resize_(the_template.size())`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.resize_as_.html

    Raises:
        RuntimeError: if x requires grad.
    """
    template = require_tensor("resize_as_", "the_template", the_template)
    return resize_(x, template.layout.shape, memory_format=memory_format)


def is_shared(x: Tensor) -> bool:
    """Whether processes forked from this one see the same memory.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_shared.html
    """
    owner: object = x.storage.root().buffer
    while isinstance(owner, (np.ndarray, memoryview)):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    return isinstance(owner, mmap)


def share_memory_(x: Tensor) -> Tensor:
    """Move the memory of x, and so of its views, to where processes forked from now on share it.

    A tensor that is pickled for another process is copied all the same.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.share_memory_.html

    Raises:
        RuntimeError: if x is a window on memory of another dtype.

    >>> from minitorch_tensor import ones
    >>> ones(2).share_memory_().is_shared()
    True
    """
    storage = x.storage
    held = storage.buffer
    if not isinstance(held, np.ndarray) or is_shared(x):
        return x  # a GPU's memory, as in PyTorch
    if storage.root() is not storage:
        raise RuntimeError("share_memory_: x is a view(dtype) of other memory; call it on that")
    # At least a byte, for there are no empty maps.
    shared = np.frombuffer(mmap(-1, max(held.nbytes, 1)), held.dtype, held.size)
    shared[:] = held
    storage.buffer = shared
    return x
