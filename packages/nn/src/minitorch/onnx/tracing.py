"""A run of a model that is recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from minitorch.nn import Module
from minitorch.onnx import pools, recurrences, translations
from minitorch.onnx.backend import recording_backends
from minitorch.onnx.errors import OnnxExporterError
from minitorch.onnx.graph import Trace
from minitorch.onnx.recorder import DEVICE_TYPE, Recorder, recorded_by
from minitorch_tensor import Tensor, get_default_device, no_grad
from minitorch_tensor.op import kernels_of
from minitorch_tensor.trees import leaves

KERNELS: Final = (pools, recurrences, translations)
"""Where the kernels of the device type "onnx" are: to import these modules registers them."""
_one_at_a_time: Final = threading.RLock()


def state_of(model: Module) -> dict[str, Tensor]:
    """The parameters and buffers of a model, each under the first of its names."""
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """The model and all below it in evaluation mode; then each as it was."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def trace(
    model: Module,
    args: Sequence[object],
    kwargs: Mapping[str, object],
    names: Sequence[str],
) -> Trace:
    """What `model(*args, **kwargs)` computes.

    Args:
        model: in evaluation mode.
        args: its arguments.
        kwargs: those with names.
        names: of the tensors among the arguments, in order.

    Raises:
        OnnxExporterError: for what cannot be exported.
    """
    call: Callable[..., object] = model.__call__
    recorder = Recorder()
    given = [x for x in leaves((list(args), dict(kwargs))) if isinstance(x, Tensor)]
    state = state_of(model)
    for name, x in state.items():
        value = recorder.value(x.layout.shape, x.dtype, "parameter", name)
        recorder.hold(x, value)
    for name, x in zip(names, given, strict=True):
        value = recorder.value(x.layout.shape, x.dtype, "input", name)
        recorder.trace.inputs.append(value)
        recorder.hold(x, value)
    devices = {x.device for x in (*given, *state.values())} | {get_default_device()}
    with (
        _one_at_a_time,
        no_grad(),
        kernels_of(DEVICE_TYPE),
        recording_backends(devices),
        recorded_by(recorder),
    ):
        for y in leaves(call(*args, **kwargs)):
            if y is None:
                continue
            if not isinstance(y, Tensor):
                raise OnnxExporterError(
                    "onnx.export: forward must return tensors, or tuples, lists and dicts of them, "
                    f"but returned {type(y).__name__} {y!r}"
                )
            recorder.trace.outputs.append(recorder.read(y))
    return recorder.trace
