"""How an operator's own source becomes CUDA: its constants get a type, its functions the GPU's.

`specialise` prints the source; here is what it asks the target. `T` is the type of the computation,
bound when the kernel is made: a bare `1.0` would be a float64, and make all of a float32 kernel's
arithmetic so.
"""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable

import numpy as np

from minitorch_cuda import dsl
from minitorch_cuda.integers import INTEGER_FUNCTIONS
from minitorch_operators import ieee
from minitorch_tensor.specialise import Pointwise, Program, Target, specialise


class CudaTarget(Target):
    """Python that both the simulator runs and Numba compiles.

    Args:
        integers: whether the computation is in int64. Then 0.5 stays a float64, and a comparison
            with it means what it says.
    """

    def __init__(self, *, integers: bool) -> None:
        self.integers = integers

    def constant(self, value: float) -> ast.expr:
        """`T(1.0)`."""
        if math.isnan(value):
            return ast.Name("nan", ast.Load())  # there is no literal: `scope` binds it
        if self.integers and not (math.isfinite(value) and value == int(value)):
            return ast.Constant(value)
        literal = ast.Constant(int(value) if self.integers else value)
        return ast.Call(ast.Name("T", ast.Load()), [literal], [])


def specialised(fn: Pointwise, value: str) -> Program:
    """The source of `fn`, and of all it calls, for a kernel that computes in the type `value`."""
    return specialise(fn, CudaTarget(integers=value == "int64"))


def scope_of(program: Program, value: str) -> dict[str, object]:
    """What the names in `program` mean in the simulator.

    Raises:
        TypeError: if the program needs a function that has no meaning for integers.
    """
    scope: dict[str, object] = {"T": dsl.TYPES[value], "nan": dsl.TYPES["float64"](math.nan)}
    if value != "int64":
        scope["nan"] = dsl.TYPES[value](math.nan)
    for name in program.ieee:
        scope[f"ieee_{name}"] = twin(name, value)
    return scope


def twin(name: str, value: str) -> Callable[..., float]:
    """`ieee.name` in the type `value`, for the simulator: computed in float64, rounded once.

    The GPU's own float32 functions differ from it by a few units in the last place.

    >>> twin("exp", "float32")(1.0)
    np.float32(2.7182817)
    """
    if value == "int64":
        if name not in INTEGER_FUNCTIONS:
            raise TypeError(
                f"{name} gives floats: its operator must have result='float', or be called with "
                "floats"
            )
        return INTEGER_FUNCTIONS[name]
    if name == "nextafter":  # the one function that is not that of a wider type, rounded
        neighbour: Callable[..., float] = np.nextafter
        return neighbour
    function: Callable[..., float] = getattr(ieee, name)
    convert = dsl.TYPES[value]
    if len(inspect.signature(function).parameters) == 1:
        return lambda x: convert(function(float(x)))
    return lambda a, b: convert(function(float(a), float(b)))
