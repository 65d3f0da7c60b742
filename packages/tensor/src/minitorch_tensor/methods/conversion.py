"""What a tensor is and how it becomes something else, as methods."""

from __future__ import annotations

from minitorch_tensor import (
    conversion,
    siblings,
)


class ConversionMethods:
    """What a tensor is and how it becomes something else, as methods."""

    __slots__ = ()

    size = conversion.size
    dim = ndimension = conversion.dim
    numel = nelement = conversion.numel
    stride = conversion.stride
    storage_offset = conversion.storage_offset
    is_contiguous = conversion.is_contiguous
    is_floating_point = conversion.is_floating_point
    element_size = conversion.element_size
    data_ptr = conversion.data_ptr
    to = conversion.to
    cpu = conversion.cpu
    cuda = conversion.cuda
    type_as = conversion.type_as
    item = conversion.item
    tolist = conversion.tolist
    numpy = conversion.numpy
    __array__ = conversion.array

    new_empty = siblings.new_empty
    new_empty_strided = siblings.new_empty_strided
    new_full = siblings.new_full
    new_ones = siblings.new_ones
    new_tensor = siblings.new_tensor
    new_zeros = siblings.new_zeros
