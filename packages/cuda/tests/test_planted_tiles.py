"""The kernels in tiles, each broken on purpose: the simulator must find every one of these."""

import numpy as np
import pytest

from minitorch_cuda.kernel import Plan, from_text
from minitorch_cuda.kernels.conv_plan import plan_correlation, plan_weight_gradient
from minitorch_cuda.kernels.matmul_plan import plan_product
from minitorch_cuda.limits import SIMULATOR
from minitorch_cuda.simulator import DataRaceError, OutOfBoundsError, SimulationError
from minitorch_tensor.dtype import float32, of_numpy
from minitorch_tensor.functional.conv_fused import Sizes
from minitorch_tensor.functional.windows import Window
from minitorch_tensor.layout import Layout

from .helpers import CUDA, LAUNCHER, numbers


def run(plan: Plan, old: str = "", new: str = "") -> None:
    """Run a plan on fresh memory, with `old` in its kernel's text replaced."""
    kernel = plan.kernel
    assert old in kernel.text, kernel.text
    scope = kernel.function.__globals__
    text = kernel.text.replace(old, new)
    changed = from_text(kernel.name, text, kernel.parameters, scope)
    buffers = []
    for span, parameter in zip(plan.spans, kernel.parameters, strict=False):
        values = numbers(span.high, of_numpy(np.dtype(parameter.type)))
        buffers.append(CUDA.upload(values))
    LAUNCHER.launch(Plan(changed, plan.grid, plan.block, plan.spans, plan.numbers), buffers)


def product(*shapes: tuple[int, ...]) -> Plan:
    layouts = [Layout.contiguous(shape) for shape in shapes]
    return plan_product(layouts[0], layouts[1], layouts[2], float32, SIMULATOR).launch


SIZES = Sizes(2, (3, 2, 3, 3), Window((3, 3), (1, 1), (1, 1), (1, 1), (1, 1), (4, 5), (4, 5)), 1)
PLANS = {
    "by fours": product((1, 17, 4), (1, 17, 6), (1, 6, 4)),  # a k of 6 is no whole number of fours
    "one by one": product((1, 5, 19), (1, 5, 7), (1, 7, 19)),
    "convolution": plan_correlation(SIZES, True, False, float32, SIMULATOR)[0].launch,
    "weights": plan_weight_gradient(SIZES, float32, SIMULATOR).launch,
}


@pytest.mark.parametrize("name", PLANS)
def test_the_kernel_as_it_is_has_no_fault(name: str) -> None:
    run(PLANS[name])


PLANTED = [
    ("one by one", "cuda.syncthreads()", "None", SimulationError),
    ("one by one", "at_b = I(80 - at_b)", "at_b = I(0)", DataRaceError),  # one copy for all steps
    ("one by one", "a_l + i * 4 < a_room and ", "", OutOfBoundsError),
    ("one by one", "k + a_d < stop", "True", OutOfBoundsError),
    ("one by one", "column + 3 < n", "column < n", SimulationError),
    ("by fours", "column < n", "column <= n", SimulationError),
    ("by fours", "tx * 4 + j * 16", "tx * 4 + j * 16 + 1", SimulationError),
    ("convolution", "s0 >= 0 and ", "", SimulationError),
    ("convolution", " and s1 < size1", "", OutOfBoundsError),
    ("convolution", "I(column // positions)", "I(column // positions + 1)", SimulationError),
    ("weights", " and s0 < size0", "", OutOfBoundsError),
    ("weights", "b_tile[at_b + ", "b_tile[", DataRaceError),  # always the same copy
]


@pytest.mark.parametrize(("name", "old", "new", "error"), PLANTED)
def test_a_planted_fault_is_found(
    name: str, old: str, new: str, error: type[SimulationError]
) -> None:
    with pytest.raises(error) as caught:
        run(PLANS[name], old, new)
    assert str(caught.value).startswith(PLANS[name].kernel.name)
