"""The package offers exactly what `__all__` lists, and needs the standard library alone."""

import subprocess
import sys
from types import ModuleType

import minitorch_autodiff


def test_all_is_sorted_and_is_what_there_is() -> None:
    public = {
        name
        for name in dir(minitorch_autodiff)
        if not name.startswith("_")
        and not isinstance(getattr(minitorch_autodiff, name), ModuleType)
    } - {"TYPE_CHECKING"}
    listed = list(minitorch_autodiff.__all__)
    assert set(listed) == public
    assert len(set(listed)) == len(listed)
    constants = [name for name in listed if name.isupper()]
    classes = [name for name in listed if name[0].isupper() and not name.isupper()]
    functions = [name for name in listed if name[0].islower()]
    assert listed == sorted(constants) + sorted(classes) + sorted(functions)


def test_everything_public_is_documented() -> None:
    for name in minitorch_autodiff.__all__:
        value = getattr(minitorch_autodiff, name)
        if callable(value) and name != "Hook":
            assert value.__doc__, name


def test_the_package_imports_the_standard_library_and_operators_alone() -> None:
    code = (
        "import sys, minitorch_autodiff; "
        "print(*sorted({m.partition('.')[0] for m in sys.modules} - sys.stdlib_module_names))"
    )
    result = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = [m for m in result.stdout.split() if not m.startswith("_")]
    assert imported == ["minitorch_autodiff", "minitorch_operators"]
