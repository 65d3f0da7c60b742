"""The rows of the table for GPUs: every module here that has `GROUPS`, by its name.

(The folder is not called `cuda`: that is the name of NVIDIA's own package.)
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from .row import Group

_MODULES = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
GROUPS: list[Group] = [
    group
    for name in _MODULES
    for group in getattr(import_module(f"{__name__}.{name}"), "GROUPS", [])
]
