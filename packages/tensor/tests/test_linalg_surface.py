"""`linear_algebra` is `torch.linalg`: its names, their arguments, the names of results."""

from __future__ import annotations

import inspect
import re
from types import FunctionType

import pytest

import minitorch_tensor as mt
from minitorch_tensor import linear_algebra as linalg

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

FUNCTIONS = [name for name in linalg.__all__ if isinstance(getattr(linalg, name), FunctionType)]


def test_every_name_of_torch_linalg_is_there() -> None:
    theirs = {name for name in dir(torch.linalg) if not name.startswith("_")}
    assert theirs - set(linalg.__all__) == {"common_notes"}
    assert set(linalg.__all__) <= theirs
    assert list(linalg.__all__) == sorted(linalg.__all__)


def documented(name: str) -> list[str]:
    """The arguments in the first line of the documentation, but for `out`."""
    text = (getattr(torch.linalg, name).__doc__ or "").strip().partition("\n")[0]
    found = re.search(r"\((.*?)\) *->|\((.*)\)$", text)
    assert found is not None, name
    inside = re.sub(r"\([^()]*\)", "", found[1] or found[2])
    names = (re.split("[=:]", part)[0].split()[-1] for part in inside.split(",") if part.strip())
    return [each for each in names if each not in ("*", "out")]


# Older forms have these arguments too, and take `hermitian` by its place.
OLDER = {"matrix_rank": "tol", "pinv": "rcond"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_arguments_have_the_names_and_order_that_pytorch_documents(name: str) -> None:
    ours = list(inspect.signature(getattr(linalg, name)).parameters)
    theirs = documented(name)
    if name in OLDER:
        ours.remove(OLDER[name])
        ours, theirs = sorted(ours), sorted(theirs)
    assert ours == theirs


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_documented_with_its_page(name: str) -> None:
    text = inspect.getdoc(getattr(linalg, name)) or ""
    assert re.search(r"https://docs\.pytorch\.org/docs/stable/generated/torch\.", text), name
    assert "Raises:" in text or name == "matmul"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("cholesky_ex", 1), ("eigh", 1), ("inv_ex", 1), ("ldl_factor", 1),
        ("ldl_factor_ex", 1), ("lu", 1), ("lu_factor", 1), ("lu_factor_ex", 1), ("qr", 1),
        ("slogdet", 1), ("svd", 1), ("solve_ex", 2), ("lstsq", 2),
    ],
)  # fmt: skip
def test_results_have_pytorchs_names(name: str, arguments: int) -> None:
    ours = getattr(linalg, name)(*[mt.eye(2)] * arguments)
    theirs = getattr(torch.linalg, name)(*[torch.eye(2)] * arguments)
    assert type(ours)._fields == type(theirs).__match_args__
    assert [tuple(x.shape) for x in ours] == [tuple(x.shape) for x in theirs]
    assert [kind(x) for x in ours] == [kind(x) for x in theirs]


def kind(x: object) -> str:
    return str(getattr(x, "dtype", None)).partition(".")[2]


def test_the_error_is_a_runtime_error_as_pytorchs() -> None:
    assert issubclass(linalg.LinAlgError, RuntimeError)
    assert issubclass(torch.linalg.LinAlgError, RuntimeError)
