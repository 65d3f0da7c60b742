"""The public names: complete, sorted, documented, and the same objects as functions and methods."""

from __future__ import annotations

import inspect
import re
from types import FunctionType, ModuleType

import pytest

import minitorch_tensor as mt
from minitorch_tensor import Tensor

PAGE = re.compile(r"https://docs\.pytorch\.org/docs/stable/")

# What PyTorch has no page for, or what is ours.
NO_PAGE = {
    "printoptions", "record_fused", "register_backend", "registered", "clamp_max", "clamp_min",
    "get_printoptions", "set_printoptions",
}  # fmt: skip


def public() -> dict[str, object]:
    return {
        name: value
        for name, value in vars(mt).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }


def test_the_list_of_names_is_complete() -> None:
    assert len(mt.__all__) == len(set(mt.__all__))  # ruff sees to the order
    assert set(mt.__all__) == set(public())


@pytest.mark.parametrize("name", sorted(n for n, v in public().items() if callable(v)))
def test_every_public_name_is_documented(name: str) -> None:
    assert inspect.getdoc(public()[name])


@pytest.mark.parametrize(
    "name", sorted(n for n, v in public().items() if isinstance(v, FunctionType))
)
def test_every_function_names_its_page(name: str) -> None:
    text = inspect.getdoc(public()[name]) or ""
    assert name in NO_PAGE or PAGE.search(text), f"{name} names no page of PyTorch's"


METHODS = sorted(
    name
    for name, value in vars(Tensor).items()
    if isinstance(value, FunctionType) and not name.startswith("_")
)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(Tensor, name))


def test_a_function_that_is_a_method_too_is_one_object() -> None:
    # `where` and polygamma have their operands in another order; bfloat16 is a dtype and a method.
    different = {"size", "where", "max", "min", "polygamma", "bfloat16"}
    for name in set(METHODS) & set(mt.__all__) - different:
        assert getattr(mt, name) is vars(Tensor)[name], name


def test_every_module_says_what_it_is() -> None:
    for name, value in vars(mt).items():
        if isinstance(value, ModuleType) and value.__name__.startswith("minitorch_tensor"):
            assert value.__doc__, name


@pytest.mark.parity
def test_every_name_is_one_of_torch() -> None:
    torch = pytest.importorskip("torch")
    ours = {
        "Array", "Backend", "Buffer", "DType", "Device", "FusedNode", "HostArray", "Layout",
        "LayoutKind", "MemoryFormat",
        "NumpyBackend", "Op", "Sample", "Storage", "ValuesIndices", "bool_", "get_printoptions",
        "printoptions", "record_fused", "register_backend", "registered",
    }  # fmt: skip
    for name in set(mt.__all__) - ours:
        assert hasattr(torch, name) or hasattr(torch._tensor_str, name), name
    own_methods = {
        "apply_binary", "apply_reflected", "apply_ternary", "apply_unary", "compute_rule",
        "compute_ternary_rule", "gradient_node", "receive", "cat_with", "sum_to",
    }  # fmt: skip
    for name in set(METHODS) - own_methods:
        assert hasattr(torch.Tensor, name), name
