"""The steps of SGD and Adam in one launch, in the simulator, against their composites."""

import itertools
import math

import numpy as np
import pytest

from minitorch_cuda import count_synchronizations
from minitorch_cuda.functional import optim_steps as kernels
from minitorch_cuda.instructions import memory_at
from minitorch_cuda.simulated import SimulatorLauncher
from minitorch_cuda.simulator import OutOfBoundsError, Pointer, simulate
from minitorch_tensor import Tensor, no_grad
from minitorch_tensor.dtype import DType, bfloat16, float16, float32, float64
from minitorch_tensor.functional.optim_steps import (
    Parameters,
    adam_step,
    scale_all,
    sgd_step,
    total_norm,
)

from .fused_cases import TOLERANCES, close, on, random
from .helpers import plans_of_launches

pytestmark = pytest.mark.usefixtures("simulator")

SHAPES = [(3, 4), (), (0,), (131,), (4, 2)]


def tensors(device: str, seed: int, dtype: DType, positive: bool = False) -> list[Tensor]:
    arrays = [np.asarray(random(*shape, seed=seed)) for shape in SHAPES]
    return [on(device, np.abs(a) if positive else a, dtype).detach() for a in arrays]


DTYPES = [float32, float64, float16, bfloat16]


def tolerance(dtype: DType) -> float:
    return 1e-6 if dtype is float32 else 2 * TOLERANCES[dtype.name]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(
    ("momentum", "nesterov", "weight_decay", "maximize"),
    [(0.0, False, 0.0, False), (0.9, False, 0.1, False), (0.9, True, 0.0, True)],
)
def test_sgd(
    momentum: float, nesterov: bool, weight_decay: float, maximize: bool, dtype: DType
) -> None:
    results = []
    for step, device in ((kernels.sgd_launch, "cuda"), (sgd_step.composite, "numpy")):
        params, momenta = Parameters(tensors(device, 0, dtype)), tensors(device, 1, dtype)
        with no_grad():
            for i in range(2):
                step(
                    params, tensors(device, 2 + i, dtype), momenta if momentum else [], lr=0.1,
                    momentum=momentum, dampening=0.0 if nesterov else 0.3,
                    weight_decay=weight_decay, nesterov=nesterov, maximize=maximize,
                )  # fmt: skip
        results.append([*params, *momenta])
    for found, expected in zip(*results, strict=True):
        close(found, expected, tolerance(dtype))


@pytest.mark.parametrize(
    ("dtype", "decoupled", "amsgrad", "maximize"),
    [
        *itertools.product([float32], [True, False], [True, False], [True, False]),
        *((dtype, True, True, False) for dtype in DTYPES[1:]),
    ],
    ids=str,
)
def test_adam(decoupled: bool, amsgrad: bool, maximize: bool, dtype: DType) -> None:
    results = []
    for step, device in ((kernels.adam_launch, "cuda"), (adam_step.composite, "numpy")):
        params, m = Parameters(tensors(device, 0, dtype)), tensors(device, 1, dtype)
        v, w = (tensors(device, i, dtype, positive=True) for i in (2, 3))
        counts = [on(device, np.zeros(()), float32).detach() for _ in SHAPES]
        with no_grad():
            for i in range(2):
                step(
                    params, tensors(device, 4 + i, dtype), m, v, w if amsgrad else [], counts,
                    lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.1,
                    decoupled_weight_decay=decoupled, amsgrad=amsgrad, maximize=maximize,
                )  # fmt: skip
        results.append([*params, *m, *v, *w, *counts])
    for found, expected in zip(*results, strict=True):
        close(found, expected, 10 * tolerance(dtype))


def step(*pairs: tuple[Tensor, Tensor]) -> None:
    params, grads = Parameters([p for p, _ in pairs]), [g for _, g in pairs]
    with no_grad():
        kernels.sgd_launch(
            params, grads, [], lr=0.5, momentum=0.0, dampening=0.0, weight_decay=0.0,
            nesterov=False, maximize=False,
        )  # fmt: skip


def ones(*shape: int, dtype: DType = float32) -> Tensor:
    return on("cuda", np.ones(shape), dtype).detach()


def test_a_step_counts_as_a_write_and_waits_for_nothing() -> None:
    p, g = ones(3), ones(3)
    before = p.storage.version
    with count_synchronizations() as counted:
        step((p, g))
    assert counted.total == 0
    assert p.storage.version == before + 1
    assert g.storage.version == 0
    assert p.tolist() == [0.5, 0.5, 0.5]


def test_the_table_stays_while_addresses_are_the_same() -> None:
    p, g = ones(5), ones(5)
    step((p, g))
    kernels._tables.clear()
    step((p, g))
    (table,) = kernels._tables.values()
    step((p, g))
    assert list(kernels._tables.values()) == [table]
    step((p, ones(5)))
    assert list(kernels._tables.values()) != [table]
    assert p.tolist() == [-1.0] * 5


def test_dtypes_are_launched_apart_and_views_start_where_they_do() -> None:
    memory = ones(9)
    p, q = memory[1:6], ones(3, dtype=float64)
    step((p, ones(5)), (q, ones(3, dtype=float64)))
    assert memory.tolist() == [1.0, *[0.5] * 5, 1.0, 1.0, 1.0]
    assert q.tolist() == [0.5] * 3


def test_parameters_of_another_layout_take_the_way_of_the_composite() -> None:
    memory = ones(3, 4)
    step((memory.permute(1, 0), ones(4, 3)))
    assert memory.tolist() == [[0.5] * 4] * 3
    step((memory, ones(4, 3).permute(1, 0)))
    assert memory.tolist() == [[0.0] * 4] * 3
    assert "cuda" in sgd_step.overridden()
    assert "cuda" in adam_step.overridden()


@pytest.mark.parametrize(
    ("p", "dtype", "strided"),
    [
        *((p, dtype, False) for p in (1.0, 2.0) for dtype in DTYPES),
        (2.0, float32, True),
        (math.inf, float32, False),
    ],
    ids=str,
)
def test_the_norm_of_all_and_one_factor_for_all(p: float, dtype: DType, strided: bool) -> None:
    found = []
    for device, norm, scale in (
        ("cuda", kernels.norm_launch, kernels.scale_launch),
        ("numpy", total_norm.composite, scale_all.composite),
    ):
        given = Parameters([x for x in tensors(device, 0, dtype) if x.layout.size or p < math.inf])
        if strided:
            given.append(on(device, random(3, 4), dtype).detach().permute(1, 0)[1:])
        with no_grad():
            before = given[0].storage.version
            total = norm(given, p)
            scale(given, total.reciprocal())
            scale(given, total.double())
        assert given[0].storage.version == before + 2
        found.append([total, *given])
    for mine, expected in zip(*found, strict=True):
        close(mine, expected, 4 * tolerance(dtype))


def test_gradients_of_one_dtype_take_three_launches_and_no_wait() -> None:
    given = Parameters([ones(5), ones(3), ones(2, 2)])
    with count_synchronizations() as counted:
        kernels.scale_launch(given, kernels.norm_launch(given, 2.0))
    assert counted.total == 0
    assert given[1].tolist() == pytest.approx([12**0.5] * 3)
    assert all("cuda" in op.overridden() for op in (total_norm, scale_all))


def test_a_new_learning_rate_needs_no_new_plan() -> None:
    with plans_of_launches() as plans, no_grad():
        params, grads, momenta = Parameters([ones(5)]), [ones(5)], [ones(5)]
        squares, counts = [ones(5)], [ones()]
        for lr in (0.5, 0.25):
            kernels.sgd_launch(
                params, grads, [], lr=lr, momentum=0.0, dampening=0.0, weight_decay=lr,
                nesterov=False, maximize=False,
            )  # fmt: skip
            kernels.adam_launch(
                params, grads, momenta, squares, [], counts, lr=lr, beta1=1 - lr, beta2=0.9,
                eps=1e-8, weight_decay=0.1, decoupled_weight_decay=True, amsgrad=False,
                maximize=False,
            )  # fmt: skip
    own = [plan for plan in plans if plan.given]
    assert [plan.kernel.name for plan in own[:3]] == [
        "sgd_many_kernel",
        "adam_counts_kernel",
        "adam_many_kernel",
    ]
    assert own[3:] == own[:3]


def follow(out: Pointer[float], table: Pointer[int]) -> None:
    memory_at(out, table[0])[0] = 1.0


def test_an_address_of_memory_that_was_freed_is_refused() -> None:
    launcher = SimulatorLauncher()
    buffer = launcher.empty(4, float32)
    table = np.array([launcher.address(buffer)])
    out = np.zeros(1, np.float32)
    simulate(follow, 1, 1, out, table)
    del buffer
    with pytest.raises(OutOfBoundsError, match=r"follows the address 0x[0-9a-f]+ as out, where no"):
        simulate(follow, 1, 1, out, table)
