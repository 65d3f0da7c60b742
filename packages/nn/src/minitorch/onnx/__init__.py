"""Models as ONNX files: `export`, and what it may complain about.

https://docs.pytorch.org/docs/stable/onnx.html

A run of the model on example inputs is recorded at the seam that every number comes through: the
methods of a backend, and the kernels of an `Op`. `recorder` follows the values through memory,
`layouts` says what a view is in ONNX, `merging` compares runs at several sizes, and `building`
writes the file.
"""

from minitorch.onnx.errors import OnnxExporterError, TracerWarning
from minitorch.onnx.exporting import export

__all__ = ["OnnxExporterError", "TracerWarning", "export"]
