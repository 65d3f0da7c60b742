"""What an export may complain about."""

from __future__ import annotations


class OnnxExporterError(RuntimeError):
    """A model, or an operation in it, that cannot become an ONNX file.

    https://docs.pytorch.org/docs/stable/onnx_export.html
    """


class TracerWarning(UserWarning):
    """A number that depends on the inputs was read, so what follows from it is frozen in the file.

    PyTorch's tracer warns of the same, as `torch.jit.TracerWarning`.
    """
