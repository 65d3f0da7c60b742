"""The steps of SGD and Adam in one pass against their composites."""

import itertools

import numpy as np
import pytest

from minitorch_fast.functional.optim_steps import adam_pass, sgd_pass
from minitorch_tensor import Tensor, from_numpy, no_grad
from minitorch_tensor.functional.optim_steps import Parameters, adam_step, sgd_step

from .fused_cases import close, random

SHAPES = [(3, 4), (), (0,), (130_001,)]


def tensors(seed: int, kind: type[np.floating], positive: bool = False) -> list[Tensor]:
    arrays = [np.asarray(random(*shape, seed=seed), kind) for shape in SHAPES]
    return [from_numpy(np.asarray(np.abs(a) if positive else a)) for a in arrays]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("momentum", "nesterov", "weight_decay", "maximize"),
    [
        (0.0, False, 0.0, False),
        (0.9, False, 0.1, False),
        (0.9, True, 0.0, True),
        (0.0, False, 0.1, True),
    ],
)
def test_sgd(
    momentum: float, nesterov: bool, weight_decay: float, maximize: bool, kind: type[np.floating]
) -> None:
    results = []
    for step in (sgd_pass, sgd_step.composite):
        params, momenta = Parameters(tensors(0, kind)), tensors(1, kind)
        with no_grad():
            for i in range(3):
                step(
                    params, tensors(2 + i, kind), momenta if momentum else [], lr=0.1,
                    momentum=momentum, dampening=0.0 if nesterov else 0.3,
                    weight_decay=weight_decay, nesterov=nesterov, maximize=maximize,
                )  # fmt: skip
        results.append([*params, *momenta])
    for found, expected in zip(*results, strict=True):
        close(found, expected, 1e-6)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("decoupled", "amsgrad", "maximize"), list(itertools.product([True, False], repeat=3))
)
def test_adam(decoupled: bool, amsgrad: bool, maximize: bool, kind: type[np.floating]) -> None:
    results = []
    for step in (adam_pass, adam_step.composite):
        params, m = Parameters(tensors(0, kind)), tensors(1, kind)
        v, w = tensors(2, kind, positive=True), tensors(3, kind, positive=True)
        counts = [from_numpy(np.zeros((), np.float32)) for _ in SHAPES]
        with no_grad():
            for i in range(3):
                step(
                    params, tensors(4 + i, kind), m, v, w if amsgrad else [], counts, lr=0.01,
                    beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.1,
                    decoupled_weight_decay=decoupled, amsgrad=amsgrad, maximize=maximize,
                )  # fmt: skip
        results.append([*params, *m, *v, *w, *counts])
    for found, expected in zip(*results, strict=True):
        close(found, expected, 1e-5)


OPTIONS = {"lr": 0.5, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0}


def step(p: Tensor, g: Tensor) -> None:
    with no_grad():
        sgd_pass(
            Parameters([p]), [g], [], lr=0.5, momentum=0.0, dampening=0.0, weight_decay=0.0,
            nesterov=False, maximize=False,
        )  # fmt: skip


def test_a_step_counts_as_a_write() -> None:
    p = from_numpy(np.ones(3))
    before = p.storage.version
    step(p, from_numpy(np.ones(3)))
    assert p.storage.version == before + 1
    assert p.tolist() == [0.5, 0.5, 0.5]


def test_parameters_of_another_layout_take_the_way_of_the_composite() -> None:
    memory = np.ones((3, 4))
    step(from_numpy(memory).permute(1, 0), from_numpy(np.ones((4, 3))))
    assert memory.tolist() == [[0.5] * 4] * 3
    step(from_numpy(memory), from_numpy(np.ones((4, 3))).permute(1, 0))
    assert memory.tolist() == [[0.0] * 4] * 3
