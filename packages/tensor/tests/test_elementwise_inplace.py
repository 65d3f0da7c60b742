"""Each pointwise function in place beside PyTorch's: which dtypes it takes, and what it writes."""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import elementwise_inplace

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

NAMES = sorted(
    name
    for name, value in vars(elementwise_inplace).items()
    if isinstance(value, FunctionType) and name.endswith("_") and not name.startswith("_")
    if value.__module__ == elementwise_inplace.__name__ and name != "clip_"
)
DTYPES = ["float64", "float32", "float16", "bfloat16", "int64", "int16", "uint8", "bool"]
OTHERS = ["float32", "int32", "bool"]
TOLERANCE = {"float16": 2e-3, "bfloat16": 1e-2}

# What PyTorch refuses, and what is the same here as of any other dtype; and the other way round.
DIFFERENT = {
    *(("ldexp_", dtype, "bool") for dtype in ("float64", "float32", "float16", "bfloat16")),
    *(("nextafter_", dtype, other) for dtype in ("float16", "bfloat16") for other in DTYPES),
}


def made(lib: ModuleType, values: list[float], dtype: str) -> Any:
    x = lib.tensor(values, dtype=lib.float64)
    if lib is torch:
        return x.to(getattr(torch, dtype))
    return x.to("numpy").to(mt.bool_ if dtype == "bool" else getattr(mt, dtype))


def written(lib: ModuleType, name: str, dtype: str, others: list[str]) -> Any:
    """What is in x afterwards."""
    x = made(lib, [0.0, 1.0, 2.0, 3.0], dtype)
    y = getattr(x, name)(*(made(lib, [1.0, 2.0, 1.0, 3.0], other) for other in others))
    assert y is x
    return x


def takes_another(name: str) -> bool:
    try:
        getattr(torch.ones(1, dtype=torch.float64), name)()
    except (TypeError, RuntimeError) as error:
        return "missing 1 required" in str(error) or "invalid combination" in str(error)
    return False


CASES = [
    (name, dtype, [other] if other else [])
    for name in NAMES
    for dtype in DTYPES
    for other in (dict.fromkeys([dtype, *OTHERS]) if takes_another(name) else [""])
]


@pytest.mark.parametrize("name", NAMES)
def test_in_place_takes_the_dtypes_of_pytorch_and_writes_its_numbers(name: str) -> None:
    for _, dtype, others in (case for case in CASES if case[0] == name):
        if (name, dtype, *others) in DIFFERENT:
            continue
        what = f"x.{name}({', '.join(others)}) of {dtype}"
        try:
            theirs = written(torch, name, dtype, others)
        except (RuntimeError, TypeError):
            with pytest.raises((RuntimeError, TypeError)):
                written(mt, name, dtype, others)
            continue
        ours = written(mt, name, dtype, others)
        np.testing.assert_allclose(
            np.array(ours.to("cpu").double().tolist()),
            np.array(theirs.double().tolist()),
            rtol=TOLERANCE.get(dtype, 1e-6),
            atol=1e-7,
            err_msg=what,
        )


def test_every_function_of_the_table_is_a_method() -> None:
    for name in NAMES:
        assert getattr(mt.Tensor, name) is getattr(elementwise_inplace, name)
        assert hasattr(torch.Tensor, name)


@pytest.mark.parametrize("name", [n for n in NAMES if hasattr(torch, n)])
def test_it_is_a_function_too_where_pytorch_has_one(name: str) -> None:
    assert getattr(mt, name) is getattr(elementwise_inplace, name)


NUMBERS = ["add", "sub", "mul", "div", "floor_divide", "remainder", "fmod", "eq", "lt", "gt"]


@pytest.mark.parametrize("suffix", ["", "_"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_beside_16_bits_is_rounded_where_pytorch_rounds_it(
    name: str, dtype: str, suffix: str
) -> None:
    def computed(lib: ModuleType) -> Any:
        x = (lib.arange(200, dtype=lib.float32) * 0.1).to(getattr(lib, dtype))
        return getattr(x, name + suffix)(0.3).float().tolist()

    assert computed(mt) == computed(torch)
