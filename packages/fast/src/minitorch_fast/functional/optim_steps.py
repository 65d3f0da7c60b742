"""SGD and Adam in one pass over each parameter; the loops are in `optim_loops`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from minitorch_fast import fused, threads
from minitorch_fast.functional import optim_loops
from minitorch_fast.functional.memory import kind
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.functional.optim_steps import Parameters, adam_step, sgd_step
from minitorch_tensor.numpy_backend import host

PARALLEL: Final = 100_000
"""From so many elements on, they are shared out to threads."""


@sgd_step.override("cpu")
def sgd_pass(
    params: Parameters,
    grads: Sequence[Tensor],
    momenta: Sequence[Tensor],
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """Each parameter that lies dense in memory, as its gradient and momentum do, in one pass."""
    listed = [lr, -1.0 if maximize else 1.0, weight_decay]
    loop: Callable[..., None] = optim_loops.sgd
    if momentum != 0:
        loop = optim_loops.sgd_momentum
        listed += [momentum, 1 - dampening, *((momentum, 1.0) if nesterov else (1.0, 0.0))]
    numbers = _Numbers(listed)
    for i, p in enumerate(params):
        state = [momenta[i]] if momentum != 0 else []
        if not _pass(loop, numbers, p, grads[i], *state):
            sgd_step.composite(
                Parameters([p]),
                [grads[i]],
                state,
                lr=lr,
                momentum=momentum,
                dampening=dampening,
                weight_decay=weight_decay,
                nesterov=nesterov,
                maximize=maximize,
            )


@adam_step.override("cpu")
def adam_pass(
    params: Parameters,
    grads: Sequence[Tensor],
    exp_avgs: Sequence[Tensor],
    exp_avg_sqs: Sequence[Tensor],
    max_exp_avg_sqs: Sequence[Tensor],
    steps: Sequence[Tensor],
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled_weight_decay: bool,
    amsgrad: bool,
    maximize: bool,
) -> None:
    """Each parameter that lies dense in memory, as its gradient and state do, in one pass."""
    loop: Callable[..., None] = optim_loops.adam_largest if amsgrad else optim_loops.adam
    decay, shrink = (0.0, 1 - lr * weight_decay) if decoupled_weight_decay else (weight_decay, 1.0)
    numbers, counted = _Numbers([]), 0.0
    for i, p in enumerate(params):
        state = [exp_avgs[i], exp_avg_sqs[i], *([max_exp_avg_sqs[i]] if amsgrad else [])]
        count = host(steps[i].storage.buffer)
        place = steps[i].layout.offset
        t = float(count[place]) + 1.0
        if t != counted:  # nearly always all parameters have done as many steps
            counted, numbers = t, _Numbers([
                lr / (1.0 - beta1**t), math.sqrt(1.0 - beta2**t), eps, 1 - beta1, beta2, 1 - beta2,
                -1.0 if maximize else 1.0, decay, shrink,
            ])  # fmt: skip
        if _pass(loop, numbers, p, grads[i], *state):
            count[place] = t
            steps[i].storage.version += 1
        else:
            adam_step.composite(
                Parameters([p]),
                [grads[i]],
                state[:1],
                state[1:2],
                state[2:],
                [steps[i]],
                lr=lr,
                beta1=beta1,
                beta2=beta2,
                eps=eps,
                weight_decay=weight_decay,
                decoupled_weight_decay=decoupled_weight_decay,
                amsgrad=amsgrad,
                maximize=maximize,
            )


class _Numbers:
    """The numbers of a step, as an array for each dtype."""

    __slots__ = ("arrays", "listed")

    def __init__(self, listed: list[float]) -> None:
        self.listed = listed
        self.arrays: dict[DType, HostArray] = {}

    def at(self, dtype: DType) -> HostArray:
        """The array of this dtype."""
        found = self.arrays.get(dtype)
        if found is None:
            found = self.arrays[dtype] = np.array(self.listed, dtype.numpy)
        return found


def _pass(
    loop: Callable[..., None], numbers: _Numbers, p: Tensor, g: Tensor, *state: Tensor
) -> bool:
    """Run the loop over p, g and the state; False if they do not lie alike."""
    dtype = kind(p.dtype)
    layout = p.layout
    if dtype is None or not layout.dense or g.layout is not layout or g.dtype is not p.dtype:
        return False
    for x in state:
        if x.layout is not layout or x.dtype is not p.dtype:
            return False
    if layout.size:
        constants = numbers.at(p.dtype)
        buffers = [host(x.storage.buffer) for x in (p, g, *state)]
        kernel = fused.compiled(loop, dtype)
        team = threads.get_num_threads() if layout.size >= PARALLEL else 1
        if team == 1:
            kernel(*buffers, constants, layout.size)
        else:
            calls: list[threads.Call] = [
                (*(buffer[a:b] for buffer in buffers), constants, b - a)
                for a, b in threads.cut(layout.size, team)
            ]
            threads.run(kernel, calls)
    p.storage.version += 1
    for x in state:
        x.storage.version += 1
    return True
