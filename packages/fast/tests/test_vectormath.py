"""The vectorised functions, compiled: their largest errors, and what they give at the edges."""

import ast
import inspect
import math
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest

from minitorch_fast import kernels, primitives, vectormath32, vectormath64
from minitorch_operators import ALL, ieee
from minitorch_tensor import DType, float32, float64

LIMITS = {
    "exp": 1.1, "exp2": 1.2, "expm1": 1.5, "tanh": 2.5, "log": 1.0, "log2": 1.5, "log10": 1.8,
    "log1p": 1.5, "erf": 1.4,
}  # fmt: skip
LIMITS64 = {"exp": 1.7, "exp2": 1.8, "expm1": 4.2, "tanh": 4.2}
RANGES = {
    "exp": (-104, 89), "exp2": (-151, 128), "expm1": (-25, 88), "tanh": (-12, 12),
    "erf": (-4.5, 4.5),
}  # fmt: skip


def evaluate(name: str, dtype: DType, x: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    fn = ALL[name].fn
    kernel = kernels.build(fn, dtype, dtype, [dtype], "flat_v")
    out = np.empty_like(x)
    kernel(out, x, x.size)
    return out


def samples(name: str, n: int) -> npt.NDArray[np.float64]:
    """Numbers all over the range of the function, and near 0 and 1."""
    rng = np.random.default_rng(len(name))
    if name.startswith("log"):
        near = np.concatenate([rng.uniform(0.5, 2, n), np.exp(rng.uniform(-87, 88, n))])
        return np.maximum(near - 1, -0.9999999) if name == "log1p" else near
    low, high = RANGES[name]
    tiny = np.exp(rng.uniform(-80, 0, n)) * rng.choice([-1, 1], n)
    return np.concatenate([rng.uniform(low, high, n), tiny])


@pytest.mark.parametrize("name", LIMITS)
def test_largest_error_in_float32(name: str) -> None:
    x = samples(name, 20_000).astype(np.float32)
    found = evaluate(name, float32, x)
    fn = getattr(ieee, name)
    exact = np.array([fn(float(v)) for v in x])
    with np.errstate(all="ignore"):
        ulp = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    finite = np.isfinite(ulp)
    error = np.abs(found - exact)[finite] / ulp[finite]
    assert error.max() <= LIMITS[name]


@pytest.mark.parametrize("name", [name for name in LIMITS if name != "erf"])
def test_largest_error_in_float64(name: str) -> None:
    x = samples(name, 10_000)
    found = evaluate(name, float64, x)
    reference = getattr(np, name)(x.astype(np.longdouble))
    ulp = np.spacing(np.abs(reference).astype(np.float64))
    error = (np.abs(found - reference) / ulp).astype(np.float64)
    assert error.max() <= LIMITS64.get(name, LIMITS[name]) + (
        0.0 if np.finfo(np.longdouble).eps < 1e-17 else 1.0
    )


@pytest.mark.parametrize("dtype", [float32, float64], ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("name", LIMITS)
def test_edges(name: str, dtype: DType) -> None:
    tiny = float(np.finfo(dtype.numpy.name).smallest_subnormal)
    x = np.array(
        [0.0, -0.0, math.inf, -math.inf, math.nan, -1.0, 1.0, tiny, -tiny, 1e30, -1e30], dtype.numpy
    )
    found = evaluate(name, dtype, x)
    fn = getattr(ieee, name)
    expected = np.array([fn(float(v)) for v in x]).astype(dtype.numpy)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    zeros = expected == 0
    assert np.array_equal(np.signbit(found[zeros]), np.signbit(expected[zeros]))


@pytest.mark.parametrize("name", ["exp", "exp2"])
def test_results_below_the_normal_numbers_are_exact_to_the_last_digit(name: str) -> None:
    low, high = (-103.5, -87.4) if name == "exp" else (-148.9, -126.1)
    x = np.linspace(low, high, 5000).astype(np.float32)
    exact = np.array([getattr(ieee, name)(float(v)) for v in x])
    error = np.abs(evaluate(name, float32, x) - exact) / float(
        np.finfo(np.float32).smallest_subnormal
    )
    assert error.max() <= 1.0


@pytest.mark.parametrize("module", [vectormath32, vectormath64])
def test_the_functions_are_plain_python_too(module: ModuleType) -> None:
    """In float64 the float32 polynomials have their own error only, 1e-7 or less."""
    for name in LIMITS:
        for x in (0.3, 1.7, 0.01) if hasattr(module, name) else ():
            assert getattr(module, name)(x) == pytest.approx(getattr(ieee, name)(x), rel=2e-7)


@pytest.mark.parametrize("module", [vectormath32, vectormath64])
def test_both_modules_keep_to_straight_lines(module: ModuleType) -> None:
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        assert not isinstance(node, (ast.If, ast.For, ast.While, ast.Try, ast.Attribute))


def test_primitives_take_numbers_apart_exactly() -> None:
    for x in (1.0, 0.1, 3.0, 1e-30, 12345.678, 2.0**100):
        assert primitives.mantissa(x) * primitives.exp2i(primitives.exponent(x)) == x
        assert math.sqrt(0.5) <= primitives.mantissa(x) < math.sqrt(2)
