"""softmax and log_softmax against their composites."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from minitorch_fast import get_num_threads, set_num_threads
from minitorch_fast.functional import softmax as kernels
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.exponentials import log_softmax, softmax
from minitorch_tensor.op import Op

from .fused_cases import compare, random, values

PAIRS = {
    "softmax": (kernels.fused_softmax, softmax),
    "log_softmax": (kernels.fused_log_softmax, log_softmax),
}
Function = Callable[..., Tensor]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize(
    ("shape", "dim"),
    [((5, 3), 1), ((300, 32), 1), ((7, 33), -1), ((6, 1001), 1), ((4, 5, 6), 1), ((3, 270), 0),
     ((5,), 0), ((), 0), ((4, 1), 1), ((2, 0), 1), ((0, 3), 1)],
)  # fmt: skip
def test_same_as_the_composite(name: str, shape: tuple[int, ...], dim: int) -> None:
    fused, op = PAIRS[name]
    array = np.asarray(random(*shape) * 5, np.float32)

    def run(function: Function) -> Function:
        return lambda x: function(x, dim)

    compare(run(fused), run(op.composite), [array], second=0 < array.size < 300)


def test_float64() -> None:
    fused, op = PAIRS["softmax"]
    compare(lambda x: fused(x, 1), lambda x: op.composite(x, 1), [random(3, 40) * 5], 1e-13)


EXTREMES = [
    [1000.0, -1000.0, 0.0], [-1e30, 1e30, 0.0], [0.0, 0.0, 0.0], [-math.inf, 1.0, 2.0],
    [math.nan, 1.0, 2.0], [-math.inf, -math.inf, -math.inf], [math.inf, 1.0, 2.0],
]  # fmt: skip


@pytest.mark.parametrize("row", EXTREMES)
@pytest.mark.parametrize("name", PAIRS)
def test_extremes_in_short_rows_long_rows_and_columns(name: str, row: list[float]) -> None:
    fused, op = PAIRS[name]
    check(fused, op, np.array([row, [0.0] * 3], np.float32), 1)
    check(fused, op, np.array([row, [0.0] * 3], np.float32).T.copy(), 0)
    check(fused, op, np.array([row * 20, [0.0] * 60], np.float32), 1)


def check(fused: Function, op: Op[..., Tensor], array: npt.NDArray[np.float32], dim: int) -> None:
    found, expected = fused(from_numpy(array), dim), op.composite(from_numpy(array), dim)
    np.testing.assert_allclose(values(found), values(expected), rtol=2e-6, atol=1e-37)


def test_a_view_as_input_and_as_gradient() -> None:
    array = random(6, 4).astype(np.float32)
    results = []
    for function in (kernels.fused_softmax, softmax.composite):
        x = from_numpy(array.copy())
        x.requires_grad = True
        y = function(x.permute(1, 0), 1)
        y.backward(from_numpy(random(6, 4, seed=1).astype(np.float32)).permute(1, 0))
        assert x.grad is not None
        results.append(values(x.grad))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5, atol=1e-7)


def test_the_input_may_be_written_but_not_the_result() -> None:
    x = from_numpy(random(3, 4))
    x.requires_grad = True
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


def test_threads_change_no_bit() -> None:
    array = random(300, 257).astype(np.float32)
    before = get_num_threads()
    results = []
    for threads in (1, 2, 4):
        set_num_threads(threads)
        x = from_numpy(array)
        x.requires_grad = True
        y = kernels.fused_softmax(x, 1)
        y.backward(from_numpy(array[::-1].copy()))
        assert x.grad is not None
        results.append(np.concatenate([values(y), values(x.grad)]))
    set_num_threads(before)
    assert all(np.array_equal(other, results[0]) for other in results[1:])


def test_both_are_overridden() -> None:
    assert all("cpu" in op.overridden() for _, op in PAIRS.values())
