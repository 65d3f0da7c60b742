"""The processor.

https://docs.pytorch.org/docs/stable/backends.html#module-torch.backends.cpu
"""

from __future__ import annotations


def get_cpu_capability() -> str:
    """Which vectors the kernels for the CPU use: "AVX512", "AVX2", or "DEFAULT" for shorter ones.

    https://docs.pytorch.org/docs/stable/backends.html#torch.backends.cpu.get_cpu_capability

    >>> get_cpu_capability() in ("AVX512", "AVX2", "DEFAULT")
    True
    """
    from minitorch_fast.lanes import vector_bytes  # imports the compiler

    return {64: "AVX512", 32: "AVX2"}.get(vector_bytes(), "DEFAULT")
