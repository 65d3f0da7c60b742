"""What Numba does not type: its settings, its threads, and the processor it compiles for.

Everything else in this package is checked; here names are looked up as strings, and answers are
converted. Importing this module imports nothing: each function imports Numba when it is called.
"""

from __future__ import annotations

import importlib


def setting(name: str) -> object:
    """The value of one of Numba's settings, for example `THREADING_LAYER`.

    https://numba.readthedocs.io/en/stable/reference/envvars.html
    """
    value: object = getattr(importlib.import_module("numba.core.config"), name, None)
    return value


def set_setting(name: str, value: str) -> None:
    """Change one of Numba's settings; before it is used."""
    setattr(importlib.import_module("numba.core.config"), name, value)


def processor() -> str:
    """The name and features of the processor that Numba compiles for."""
    binding = importlib.import_module("llvmlite.binding")
    name = setting("CPU_NAME") or binding.get_host_cpu_name()
    features = setting("CPU_FEATURES") or binding.get_host_cpu_features().flatten()
    return f"{name} {features}"


def launch_threads() -> str:
    """Start Numba's threads, and name the threading layer they run on.

    Raises:
        ValueError: if there is none; the message is Numba's.
    """
    importlib.import_module("numba.np.ufunc.parallel")._launch_threads()
    return str(importlib.import_module("numba").threading_layer())


def most_threads() -> int:
    """How many threads Numba can use at most; fixed when it was imported."""
    return int(str(setting("NUMBA_NUM_THREADS")))


def use_threads(n: int) -> None:
    """How many threads kernels called from this Python thread use."""
    importlib.import_module("numba").set_num_threads(n)
