"""Tensors as the pointers that fused kernels take, and back."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_cuda.backend import CudaBackend
from minitorch_cuda.faults import Check
from minitorch_cuda.kernel import Plan, Span, computing_type, span_of
from minitorch_cuda.kernel import types as types
from minitorch_cuda.limits import Limits
from minitorch_tensor import Tensor, core
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType, float32, float64
from minitorch_tensor.layout import Layout, Shape


def backend_of(device: Device) -> CudaBackend:
    """What computes on a device, which is one of CUDA's.

    Raises:
        TypeError: if it is not.
    """
    backend = device.backend
    if not isinstance(backend, CudaBackend):
        raise TypeError(f"expected a device of CUDA, got {device}")
    return backend


def limits_of(x: Tensor) -> Limits:
    """The sizes that launches on x's device are planned with."""
    return backend_of(x.storage.device).launcher.limits


def run(plan: Plan, *tensors: Tensor, numbers: Sequence[float] = ()) -> None:
    """Launch a kernel on the memory of tensors of one device, in the order of its pointers.

    `numbers` are those that the plan leaves open.
    """
    launcher = backend_of(tensors[0].storage.device).launcher
    launcher.launch(plan, [x.storage.buffer for x in tensors], numbers)


def dense(x: Tensor) -> Tensor:
    """x in row-major order: itself if it lies so, else a copy; outside the graph."""
    return x if x.layout.is_contiguous() else x.detach().contiguous()


def fresh(like: Tensor, shape: Shape, dtype: DType | None = None) -> Tensor:
    """A new tensor on the device of another, with any contents."""
    kind = like.dtype if dtype is None else dtype
    return core.fresh(Layout.contiguous(shape), kind, like.storage.device)


def spans(*tensors: Tensor) -> list[Span]:
    """The parts of memory that the tensors use."""
    return [span_of(x.layout) for x in tensors]


def floating(*tensors: Tensor) -> bool:
    """Whether all have one dtype of floats, which kernels take."""
    first = tensors[0].dtype
    return first.kind == "float" and all(x.dtype is first for x in tensors)


def run_checked(
    plan: Plan, check: Check, index: Tensor, *tensors: Tensor, numbers: Sequence[float] = ()
) -> None:
    """Launch a kernel that may find a bad index; the word for it is its last pointer.

    `numbers` are those that the plan leaves open.

    Raises:
        IndexError: if it found one, and has ended already: in the simulator, in blocking mode.
            Else that is raised when the host next waits.
    """
    launcher = backend_of(tensors[0].storage.device).launcher
    word = launcher.expect(check, index.storage.buffer)
    launcher.launch(plan, [*(x.storage.buffer for x in tensors), word], numbers)
    if launcher.immediate:
        launcher.look()


def placeholder(x: Tensor | None, otherwise: Tensor) -> Tensor:
    """What a kernel is handed for memory that it will not look at: any."""
    return otherwise if x is None else x


def computed(x: Tensor) -> DType:
    """The dtype of floats in which kernels compute with those of x."""
    return float64 if computing_type(x.dtype) == "float64" else float32
