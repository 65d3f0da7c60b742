"""Names of a package that are imported at their first use, so that importing it stays quick."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping


def homes(package: str, modules: Mapping[str, str]) -> dict[str, str]:
    """Each name with the module that has it, of modules of a package with their names.

    >>> homes("shapes", {"flat": "Circle Square", "solid": "Cube"})
    {'Circle': 'shapes.flat', 'Square': 'shapes.flat', 'Cube': 'shapes.solid'}
    """
    return {
        name: f"{package}.{module}" for module, names in modules.items() for name in names.split()
    }


def attributes(
    package: str,
    homes: Mapping[str, str],
    refuse: Callable[[str], AttributeError] | None = None,
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The `__getattr__` and the `__dir__` of a package (PEP 562, https://peps.python.org/pep-0562/).

    Args:
        package: its name.
        homes: for each name the module that has it; for a module of the package, its own full name.
        refuse: makes the error for any other name.

    >>> find, _ = attributes("minitorch_autodiff", {"Scalar": "minitorch_autodiff.scalar"})
    >>> find("Scalar").__name__
    'Scalar'
    >>> find("Vector")
    Traceback (most recent call last):
        ...
    AttributeError: module 'minitorch_autodiff' has no attribute 'Vector'
    """

    def find(name: str) -> object:
        module = homes.get(name)
        if module is None:
            if refuse is not None:
                raise refuse(name)
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        found: object = importlib.import_module(module)
        if module != f"{package}.{name}":
            found = getattr(found, name)
        setattr(sys.modules[package], name, found)  # the next time it is an ordinary attribute
        return found

    return find, lambda: sorted({*vars(sys.modules[package]), *homes})
