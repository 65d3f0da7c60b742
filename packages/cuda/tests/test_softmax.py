"""softmax and log_softmax in the simulator against their composites on the CPU."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from minitorch_cuda.functional import softmax as kernels
from minitorch_cuda.kernel import Plan
from minitorch_cuda.kernels.softmax import plan_softmax
from minitorch_cuda.limits import SIMULATOR, Limits
from minitorch_cuda.simulator import simulate
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import DType, bfloat16, float16, float32, float64
from minitorch_tensor.exponentials import log_softmax, softmax
from minitorch_tensor.layout import Layout

from .fused_cases import close, compare, on, random, values

pytestmark = pytest.mark.usefixtures("simulator")

PAIRS = {
    "softmax": (kernels.fused_softmax, softmax),
    "log_softmax": (kernels.fused_log_softmax, log_softmax),
}
Function = Callable[..., Tensor]


def along(function: Function, dim: int) -> Function:
    return lambda x: function(x, dim)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize(
    ("shape", "dim"),
    [((5, 3), 1), ((2, 8), 1), ((7, 1), 1), ((1, 150), -1), ((1, 136), -1), ((2, 3, 4), 1),
     ((9, 2), 0), ((5,), 0), ((), 0), ((2, 0), 1), ((0, 3), 1)],
)  # fmt: skip
def test_same_as_the_composite(name: str, shape: tuple[int, ...], dim: int) -> None:
    fused, op = PAIRS[name]
    array = np.asarray(random(*shape) * 5)
    second = shape == (5, 3)
    compare(along(fused, dim), along(op.composite, dim), [array], second=second)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("dtype", [float64, float16, bfloat16], ids=str)
def test_other_floats(name: str, dtype: DType) -> None:
    fused, op = PAIRS[name]
    for shape, dim in (((2, 8), 1), ((3, 2), 0)):
        compare(along(fused, dim), along(op.composite, dim), [random(*shape)], dtype)


EXTREMES = [
    [1000.0, -1000.0, 0.0], [-1e30, 1e30, 0.0], [-math.inf, 1.0, 2.0], [math.nan, 1.0, 2.0],
    [-math.inf, -math.inf, -math.inf], [math.inf, 1.0, 2.0], [1.0, 2.0, -math.inf],
]  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_extremes_in_rows_and_columns(name: str) -> None:
    fused, op = PAIRS[name]
    rows = np.array(EXTREMES)
    for array, dim in ((rows, 1), (rows.T.copy(), 0), (np.tile(rows[2:6], 46), 1)):
        mine, expected = fused(on("cuda", array), dim), op.composite(on("numpy", array), dim)
        np.testing.assert_allclose(values(mine), values(expected), rtol=2e-6, atol=1e-37)


def test_a_view_as_input_and_as_gradient() -> None:
    results = []
    for function, device in ((kernels.fused_softmax, "cuda"), (softmax.composite, "numpy")):
        x = on(device, random(3, 4))
        y = function(x.permute(1, 0)[1:], 1)
        y.backward(on(device, random(3, 3, seed=1)).detach().permute(1, 0))
        results.append(x.grad)
    close(results[0], results[1], 1e-5)


def test_what_starts_at_an_odd_place_is_read_one_by_one() -> None:
    x = on("cuda", random(9))[1:]
    close(kernels.fused_softmax(x, 0), softmax.composite(x.to("numpy"), 0), 1e-6)


WARPS = Limits(threads=64, blocks=2, serial=4, each=4)


def run(plan: Plan, *arrays: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    numbers = [int(n) for n in plan.numbers]
    simulate(plan.kernel.function, plan.grid, plan.block, *arrays, *numbers)


def test_two_warps_meet_in_shared_memory() -> None:
    x = random(2, 140).astype(np.float32)
    y, dx, layout = np.empty_like(x), np.empty_like(x), Layout.contiguous((2, 140))
    run(plan_softmax((layout,) * 2, 1, float32, False, WARPS), y, x)
    expected = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    np.testing.assert_allclose(y, expected, rtol=1e-5)
    run(plan_softmax((layout,) * 3, 1, float32, False, WARPS), dx, y, x)
    pulled = y * (x - (x * y).sum(1, keepdims=True))
    np.testing.assert_allclose(dx, pulled, rtol=1e-4, atol=1e-6)


def test_short_rows_are_shared_by_few_threads() -> None:
    layout = Layout.contiguous((2, 3))
    plan = plan_softmax((layout,) * 2, 1, float32, False, SIMULATOR)
    assert plan.block == (4, 1, 1)
    assert plan.grid == (1, 1, 1)


def test_the_input_may_be_written_but_not_the_result() -> None:
    x = on("cuda", random(3, 4))
    for written, refused in ((0, False), (1, True)):
        z = x * 1.0
        pair = (z, kernels.fused_softmax(z, 1))
        y = pair[1].sum()
        pair[written].detach().add_(1.0)
        if refused:
            with pytest.raises(RuntimeError, match="modified by an inplace operation"):
                y.backward()
        else:
            y.backward()


def test_both_are_overridden() -> None:
    assert all("cuda" in op.overridden() for _, op in PAIRS.values())
