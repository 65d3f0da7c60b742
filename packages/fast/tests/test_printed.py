"""What is printed of each operator and each rule, run as it stands: NumPy computes all elements.

The loop of a pointwise kernel holds no branch, so it takes an array in the place of a number. This
looks at the text of all of them; `test_pointwise` at the machine code of those that differ.
"""

import math
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from minitorch_fast import primitives

from .operators import CASES, TWINS, Case, assert_close, flat_source, parts_of, random_operands

Function = Callable[..., object]


def each(function: Callable[..., float]) -> Function:
    """The function at each element, rounded to float32."""
    many = np.vectorize(function, otypes=[np.float64])
    return lambda *operands: np.float32(many(*operands))


# What only Numba can call, and what may overflow.
INTRINSICS: dict[str, Function] = {
    "wide": lambda: None,
    "apart": lambda: None,
    "ceil": np.ceil,
    "choose": np.where,
    "copysign": np.copysign,
    "exp2i": each(lambda n: math.nan if math.isnan(n) else primitives.exp2i(n)),
    "exponent": each(primitives.exponent),
    "fabs": np.abs,
    "floor": np.floor,
    "fmod": np.fmod,
    "ldexp": each(lambda x, n: math.ldexp(x, int(n))),
    "mantissa": each(primitives.mantissa),
    "nextafter": np.nextafter,
    "pow": np.power,
    "rint": np.rint,
    "sqrt": np.sqrt,
    "trunc": np.trunc,
}


def plain(name: str, found: object) -> object:
    """In the place of a function that a loop calls: one of arrays."""
    if name in INTRINSICS:
        return INTRINSICS[name]
    function = getattr(found, "py_func", found)  # of a helper that Numba compiles: as it stands
    return each(function) if callable(function) and name != "kernel" else found


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values(case: Case) -> None:
    module = ModuleType("printed")
    exec(flat_source(case)[1], vars(module))
    for name in parts_of(case) & set(vars(module)):
        setattr(module, name, plain(name, vars(module)[name]))
    operands = random_operands(case, np.float32)
    out: list[object] = [None]
    module.kernel.py_func(out, *([x] for x in operands), 1)
    assert_close(case, operands, np.asarray(out[0], np.float64), "float32")


def test_what_has_a_twin_has_no_part_of_its_own() -> None:
    parts = {case.name: parts_of(case) for case in CASES}
    compiled = [name for name in parts if name not in TWINS]
    others = set(compiled).union(*(parts[name] for name in compiled))
    assert {name: parts[name] - others for name in TWINS} == {name: set() for name in TWINS}
