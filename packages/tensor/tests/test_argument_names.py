"""The arguments of functions have PyTorch's names, which its documentation tells."""

import inspect
import re
from types import FunctionType

import pytest

import minitorch_tensor as mt

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

# What needs memory given by the caller, and what has one value only here.
OMITTED = {"out", "layout", "pin_memory", "memory_format", "requires_grad", "names"}
# The rest of what is not the same: PyTorch's name, for which there is nothing here.
KNOWN = {
    "searchsorted": {"values"}, "set_default_dtype": {"d"},
    "true_divide": {"dividend", "divisor"},
}  # fmt: skip


def documented(name: str) -> set[str] | None:
    """The names of the arguments in the first line of the documentation."""
    text = (getattr(torch, name).__doc__ or "").strip().partition("\n")[0]
    found = re.fullmatch(rf"{name}\(([^()\[\]]*)\)( ->.*)?", text)
    if found is None:
        return None
    names = (re.split("[=:]", part)[0].strip("* ") for part in found[1].split(","))
    return {each for each in names if each.isidentifier()}


NAMES = [
    name
    for name in mt.__all__
    if isinstance(getattr(mt, name), FunctionType)
    and hasattr(torch, name)
    and documented(name) is not None
]


def test_most_functions_are_compared() -> None:
    assert len(NAMES) > 100


@pytest.mark.parametrize("name", NAMES)
def test_the_arguments_have_the_names_that_pytorch_documents(name: str) -> None:
    ours = inspect.signature(getattr(mt, name)).parameters
    theirs = documented(name)
    assert theirs is not None
    assert theirs - set(ours) - OMITTED == KNOWN.get(name, set())
    assert all(p.kind is not p.POSITIONAL_ONLY for p in ours.values())
