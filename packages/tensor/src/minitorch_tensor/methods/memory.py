"""The memory of a tensor and what it says of itself, as methods."""

from __future__ import annotations

from typing import Final

from minitorch_tensor import attributes, device_memory, dlpack, memory, pythonic


class MemoryMethods:
    """The memory of a tensor and what it says of itself, as methods."""

    __slots__ = ()

    # There are no other kinds of tensors.
    is_sparse: Final = False
    is_sparse_csr: Final = False
    is_quantized: Final = False
    is_meta: Final = False
    is_mkldnn: Final = False
    is_nested: Final = False
    is_xpu: Final = False
    is_xla: Final = False
    is_mps: Final = False
    is_ipu: Final = False
    is_mtia: Final = False
    is_maia: Final = False
    is_vulkan: Final = False

    __cuda_array_interface__ = property(device_memory.cuda_array_interface)
    __dlpack__ = dlpack.export
    __dlpack_device__ = dlpack.device

    dense_dim = attributes.dense_dim
    dim_order = attributes.dim_order
    get_device = attributes.get_device
    is_pinned = device_memory.is_pinned
    is_set_to = attributes.is_set_to
    is_signed = attributes.is_signed
    pin_memory = device_memory.pin_memory
    record_stream = device_memory.record_stream
    sparse_dim = attributes.sparse_dim

    is_shared = memory.is_shared
    resize_ = memory.resize_
    resize_as_ = memory.resize_as_
    set_ = memory.set_
    share_memory_ = memory.share_memory_
    untyped_storage = memory.untyped_storage

    apply_ = pythonic.apply_
    map2_ = pythonic.map2_
    map_ = pythonic.map_

    type = attributes.type  # last: it hides Python's inside the class
