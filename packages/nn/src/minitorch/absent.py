"""What PyTorch has and minitorch, on purpose, has not: asking for it says so."""

from __future__ import annotations

_ABSENT = {
    "complex numbers": (
        "cdouble", "cfloat", "chalf", "complex128", "complex32", "complex64", "fft", "istft",
        "stft", "view_as_complex", "view_as_real",
    ),
    "sparse tensors": (
        "sparse", "sparse_bsc", "sparse_bsr", "sparse_compressed_tensor", "sparse_coo",
        "sparse_coo_tensor", "sparse_csc", "sparse_csr", "sparse_csr_tensor", "SparseAdam",
    ),
    "quantised tensors": (
        "ao", "qint32", "qint8", "quantization", "quantize_per_channel", "quantize_per_tensor",
        "quint8", "intrinsic", "qat", "quantizable", "quantized",
    ),
    "compilation and export": ("compile", "export", "jit"),
    "several machines": ("distributed",),
    "several devices at once": ("DataParallel", "SyncBatchNorm"),
}  # fmt: skip

_WHY = {name: kind for kind, names in _ABSENT.items() for name in names}


def no_attribute(name: str, module: str = "minitorch") -> AttributeError:
    """The error of asking minitorch, or a module of it, for a name that it has not.

    >>> no_attribute("complex64")
    AttributeError("minitorch has no 'complex64': complex numbers are out of its scope")
    """
    why = _WHY.get(name)
    if why is None:
        return AttributeError(f"module '{module}' has no attribute '{name}'")
    verb = "is" if why.startswith("compilation") else "are"
    return AttributeError(f"{module} has no '{name}': {why} {verb} out of its scope")
