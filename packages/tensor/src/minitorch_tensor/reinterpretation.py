"""The same bytes as elements of another dtype: `x.view(dtype)`.

The memory stays one, and so does its count of writes: a `Reinterpreted` storage is a second typed
window on the memory of its root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout, make
from minitorch_tensor.storage import Buffer, Storage

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class Reinterpreted(Storage):
    """The memory of another storage, read as another dtype."""

    __slots__ = ("_root",)

    def __init__(self, buffer: Buffer, root: Storage) -> None:
        self._root = root
        super().__init__(buffer, root.device)

    def root(self) -> Storage:
        """What owns the memory."""
        return self._root

    @property
    def version(self) -> int:
        """How often the memory was written in place, through whichever dtype."""
        return self._root.version

    @version.setter
    def version(self, count: int) -> None:
        if count:  # a new window on memory does not forget its writes
            self._root.version = count


def reinterpreted(x: Tensor, arguments: tuple[object, ...]) -> Tensor:
    """The bytes of x as elements of another dtype, without history and without copying.

    Where the element sizes differ the last dimension shrinks or grows by their ratio.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html

    Raises:
        TypeError: if there is another argument than one dtype.
        RuntimeError: if the sizes of the elements differ and x has no dimensions, its last stride
            is not 1, or a size, stride or the offset is no multiple of the ratio.

    >>> from minitorch_tensor import int32, tensor
    >>> tensor([1.0, -2.0]).view(int32)
    Tensor([ 1065353216, -1073741824], dtype=int32, requires_grad=False)
    """
    dtype = arguments[0]
    if len(arguments) != 1 or not isinstance(dtype, DType):
        raise TypeError(
            f"view: expected sizes, or one dtype alone, but got {', '.join(map(repr, arguments))}"
        )
    if dtype is x.dtype:
        return x.detach()
    layout = _relaid(x, dtype)
    root = x.storage.root()
    backend = x.device.backend
    if backend.address(root.buffer) % dtype.itemsize:
        raise RuntimeError(
            f"view: the memory of x does not start at a multiple of the {dtype.itemsize} bytes of "
            f"{dtype}; use x.clone().view(dtype)"
        )
    y = x._on(Reinterpreted(backend.reinterpret(root.buffer, dtype), root), layout)
    y.dtype = dtype
    return y


def _relaid(x: Tensor, dtype: DType) -> Layout:
    """The layout of x in elements of another dtype."""
    old, new, layout = x.dtype.itemsize, dtype.itemsize, x.layout
    if old == new:
        return layout
    what = f"to view {x.dtype} as {dtype} (different element sizes)"
    if layout.ndim == 0:
        raise RuntimeError(f"view: the number of dimensions cannot be 0 {what}; use x.reshape(1)")
    if layout.strides[-1] != 1:
        raise RuntimeError(
            f"view: the last stride must be 1 {what}, but got {layout.strides[-1]}; use "
            "x.contiguous()"
        )
    *shape, size = layout.shape
    *strides, _ = layout.strides
    if old > new:
        ratio = old // new
        grown = (*(stride * ratio for stride in strides), 1)
        return make((*shape, size * ratio), grown, layout.offset * ratio)
    ratio = new // old
    measures = {"last size": size, "storage offset": layout.offset}
    measures |= {f"stride of dimension {i}": stride for i, stride in enumerate(strides)}
    for name, value in measures.items():
        if value % ratio:
            raise RuntimeError(
                f"view: the {name} must be divisible by {ratio} {what}, but got {value}"
            )
    shrunk = (*(stride // ratio for stride in strides), 1)
    return make((*shape, size // ratio), shrunk, layout.offset // ratio)
