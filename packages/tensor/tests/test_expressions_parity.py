"""A table of calls beside PyTorch: the same result, dtype, shape and flags, or both raise alike."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
import warnings
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import autograd

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.parity

TABLES = sorted(Path(__file__).parent.glob("expressions*.txt"))

REDUCTIONS = [
    "sum",
    "mean",
    "prod",
    "amax",
    "amin",
    "max",
    "min",
    "argmax",
    "argmin",
    "all",
    "any",
    "var",
    "std",
    "logsumexp",
]
REDUCED = [
    "x", "i", "b", "T.tensor(3.)", "T.zeros(0,3)", "T.zeros(0)", "T.tensor([nan,1.,inf])",
    "T.tensor([1,2],dtype=T.uint8)",
]  # fmt: skip
ARGUMENTS = [
    "", "0", "-1", "1,True", "dim=0", "dim=0,keepdim=True", "2", "-3", "(0,1)", "(0,0)",
    "dim=(0,),keepdim=True", "dim=[0]",
]  # fmt: skip
SETUP = "x=T.arange(12.).reshape(3,4);i=T.arange(6).reshape(2,3);b=T.tensor([True,False])"


@cache
def library() -> SimpleNamespace:
    """The tensor layer under the names that PyTorch, and `minitorch` above us, give it."""
    names = {name: getattr(mt, name) for name in mt.__all__}
    return SimpleNamespace(
        **names, bool=mt.bool_, long=mt.int64, float=mt.float32, double=mt.float64,
        autograd=autograd,
    )  # fmt: skip


def table() -> dict[str, list[str]]:
    """The calls of each section, complete with what every line of it begins with."""
    sections: dict[str, list[str]] = {}
    title = setup = ""
    lines = [line for path in TABLES for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line.startswith("=="):
            title, setup = line[2:].strip(), ""
        elif line.startswith("::"):
            setup = line[2:].strip() + ";"
        elif line and not line.startswith("#"):
            sections.setdefault(title, []).append(setup + line)
    return sections


def evaluate(source: str, lib: ModuleType | SimpleNamespace) -> object:
    """The value of the last of the statements in `source`."""
    scope = {
        "T": lib, "np": np, "math": math, "nan": math.nan, "inf": math.inf, "copy": copy,
        "pickle": pickle,
    }  # fmt: skip
    *statements, expression = [part.strip() for part in source.split(";")]
    exec("\n".join(statements), scope)
    return plain(eval(expression, scope))


def plain(value: object) -> object:
    """A result as something that both libraries' results can be compared as."""
    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        return (dtype, value.requires_grad, np.array(value.detach().numpy()))
    if isinstance(value, mt.Tensor):
        return (value.dtype.name, value.requires_grad, np.array(value.detach().numpy()))
    if isinstance(value, torch.dtype | mt.DType):
        return str(value).rpartition(".")[2]
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def outcome(source: str, lib: ModuleType | SimpleNamespace) -> object:
    """The value, or the exception."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what PyTorch deprecates
        try:
            return evaluate(source, lib)
        except Exception as error:
            return error


def compare(ours: object, theirs: object, source: str) -> None:
    """Fail unless the two outcomes are alike."""
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        assert isinstance(ours, Exception), f"{source}: PyTorch raises {theirs!r}, we give {ours}"
        assert isinstance(theirs, Exception), f"{source}: we raise {ours!r}, not PyTorch"
        # NotImplementedError is a RuntimeError, which is enough to say.
        assert isinstance(theirs, type(ours)), f"{source}: {ours!r} against {theirs!r}"
        assert str(ours)
        return
    assert type(ours) is type(theirs), source
    if isinstance(ours, list) and isinstance(theirs, list):
        assert len(ours) == len(theirs), source
        for mine, other in zip(ours, theirs, strict=True):
            compare(mine, other, source)
    elif isinstance(ours, tuple) and isinstance(theirs, tuple):
        assert ours[:2] == theirs[:2], source
        compare(ours[2], theirs[2], source)
    elif isinstance(ours, np.ndarray) and isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype, source
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6, err_msg=source)
    elif isinstance(ours, float) and isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=1e-6, nan_ok=True), source
    else:
        assert ours == theirs, source


def differences(lines: list[str]) -> list[str]:
    """What `compare` says of each line that differs."""
    found = []
    for line in lines:
        try:
            compare(outcome(line, library()), outcome(line, torch), line)
        except AssertionError as error:
            found.append(f"{line}\n    {error}")
    return found


@pytest.mark.parametrize("section", table())
def test_a_call_gives_what_pytorch_gives(section: str) -> None:
    found = differences(table()[section])
    assert not found, f"{len(found)} differ:\n" + "\n".join(found)


# PyTorch takes a sequence here only by the accidents of its overloads; we take it everywhere.
NO_SEQUENCE = ("prod", "argmax", "argmin", "max", "min")


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_reduction_gives_what_pytorch_gives(name: str) -> None:
    found = []
    for x, arguments in itertools.product(REDUCED, ARGUMENTS):
        if (name in NO_SEQUENCE and {"(", "["} & set(arguments)) or (
            name == "logsumexp" and not arguments
        ):
            continue
        line = f"{SETUP};{x}.{name}({arguments})"
        ours, theirs = outcome(line, library()), outcome(line, torch)
        if isinstance(theirs, IndexError | RuntimeError) and isinstance(ours, Exception):
            if not isinstance(ours, IndexError | RuntimeError):  # which it is depends on overloads
                found.append(f"{line}: {ours!r} against {theirs!r}")
        else:
            found += differences([line])
    assert not found, "\n".join(found)
