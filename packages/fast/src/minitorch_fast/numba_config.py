"""What Numba does not type: the processor it compiles for.

Everything else in this package is checked; here names are looked up as strings. Importing this
module imports nothing: the function imports Numba when it is called.
"""

from __future__ import annotations

import importlib


def processor() -> str:
    """The name and features of the processor that Numba compiles for."""
    config = importlib.import_module("numba.core.config")
    binding = importlib.import_module("llvmlite.binding")
    name = config.CPU_NAME or binding.get_host_cpu_name()
    features = config.CPU_FEATURES or binding.get_host_cpu_features().flatten()
    return f"{name} {features}"
