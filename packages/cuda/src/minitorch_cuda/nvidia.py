"""The one door to cuda.core and to the driver's functions: no other module imports them.

They are imported when a name is asked for, which is when a GPU is first used. What is behind the
door may change with a major version of cuda.core, and then this is where it is looked for.

Source: https://nvidia.github.io/cuda-python/cuda-core/latest/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cuda.bindings import driver
    from cuda.bindings.driver import CUstream
    from cuda.core import (
        Device,
        Event,
        EventOptions,
        Kernel,
        LaunchConfig,
        ObjectCode,
        Program,
        ProgramOptions,
        Stream,
        StreamOptions,
        launch,
    )
else:  # a type checker is to find a wrong name itself
    from importlib import import_module

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "driver":
            from cuda.bindings import driver

            return driver
        return getattr(import_module("cuda.core"), name)


__all__ = [
    "CUstream", "Device", "Event", "EventOptions", "Kernel", "LaunchConfig", "ObjectCode",
    "Program", "ProgramOptions", "Stream", "StreamOptions", "driver", "launch",
]  # fmt: skip
