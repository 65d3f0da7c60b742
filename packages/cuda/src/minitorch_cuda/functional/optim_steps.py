"""The steps of SGD and Adam, and the norm of all gradients: one launch for all of a dtype.

The kernels are in `kernels.optim`. What may change from step to step, as a learning rate does, is
given to the launch, so the plan of the first step serves all.
"""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import numpy as np

from minitorch_cuda.functional.launching import backend_of, computed, fresh, limits_of, run
from minitorch_cuda.kernels import optim as kernels
from minitorch_cuda.kernels.planning import Flags, planned
from minitorch_tensor import Tensor, core, float32, int64
from minitorch_tensor.dtype import DType
from minitorch_tensor.functional.optim_steps import (
    Parameters,
    adam_step,
    scale_all,
    sgd_step,
    total_norm,
)
from minitorch_tensor.layout import Layout
from minitorch_tensor.storage import Storage

MOST: Final = 65536
"""At most so many elements are the work of one block."""

KEPT: Final = 64
"""So many tables stay on their devices."""


@total_norm.override("cuda")
def norm_launch(tensors: Parameters, norm_type: float) -> Tensor:
    """All tensors of one dtype in one launch, and one for the sums of its blocks; p = 1 or 2."""
    groups, rest = _groups(tensors, [])
    if len(groups) != 1 or rest or norm_type not in (1.0, 2.0):
        return total_norm.composite(tensors, norm_type)
    (group,) = groups
    table, threads = group.table(), limits_of(group.first).threads
    sums = fresh(group.first, (table.launch[0][0],), computed(group.first))
    out = fresh(group.first, ())
    flags: Flags = (
        *(("SQUARES", int(norm_type == 2.0)), ("GROUP", threads)),
        *(("WARPS", max(threads // 32, 1)), *table.flags),
    )
    tensors_of = (group.first, table.chunks, table.rows, sums)
    layouts = tuple([x.layout for x in tensors_of])
    dtype = group.dtype
    plan = planned(kernels.norm_of_chunks, "SIIT", layouts, (), table.launch, dtype, flags)
    run(plan, *tensors_of)
    one_block = (1, 1, 1), (threads, 1, 1)
    layouts, n = (out.layout, sums.layout), (sums.layout.size,)
    run(planned(kernels.norm_of_sums, "STi", layouts, n, one_block, dtype, flags), out, sums)
    return out


@scale_all.override("cuda")
def scale_launch(tensors: Parameters, factor: Tensor) -> None:
    """All tensors of the factor's dtype in one launch."""
    groups, rest = _groups(tensors, [])
    for group in groups:
        if group.dtype is not factor.dtype:
            scale_all.composite(Parameters([x for (x,) in group.members]), factor)
            continue
        table = group.table()
        given = (group.first, table.chunks, table.rows, factor)
        layouts = tuple([x.layout for x in given])
        plan = planned(
            kernels.scale_many, "SIIS", layouts, (), table.launch, group.dtype, table.flags
        )
        run(plan, *given)
        group.written(-1)
    if rest:
        scale_all.composite(Parameters([tensors[i] for i in rest]), factor)


@sgd_step.override("cuda")
def sgd_launch(
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
    """All parameters that lie dense in memory, as their gradients and momenta do, in one launch."""
    given = [grads, momenta] if momentum != 0 else [grads]
    groups, rest = _groups(params, given)
    along = (momentum, 1.0) if nesterov else (1.0, 0.0)
    numbers = (lr, -1.0 if maximize else 1.0, weight_decay, momentum, 1 - dampening, *along)
    for group in groups:
        table = group.table()
        flags = (("MOMENTUM", int(momentum != 0)), *table.flags)
        tensors = (group.first, table.chunks, table.rows)
        layouts = tuple([x.layout for x in tensors])
        plan = planned(
            kernels.sgd_many, "SIIttttttt", layouts, (), table.launch, group.dtype, flags
        )
        run(plan, *tensors, numbers=numbers)
        group.written(1)
    for i in rest:
        sgd_step.composite(
            Parameters([params[i]]),
            [grads[i]],
            [momenta[i]] if momentum != 0 else [],
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
        )


@adam_step.override("cuda")
def adam_launch(
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
    """All parameters that lie dense in memory, as their state does: a launch for counts, and one.

    The counts of steps stay on the device, so nothing is waited for.
    """
    given = [grads, exp_avgs, exp_avg_sqs, *([max_exp_avg_sqs] if amsgrad else [])]
    groups, rest = _groups(params, given, steps)
    decay, shrink = (0.0, 1 - lr * weight_decay) if decoupled_weight_decay else (weight_decay, 1.0)
    sign = -1.0 if maximize else 1.0
    numbers = (eps, 1 - beta1, beta2, 1 - beta2, sign, decay, shrink)
    for group in groups:
        table = group.table()
        sizes = _counted(group, table.steps, lr, beta1, beta2)
        flags = (("LARGEST", int(amsgrad)), *table.flags)
        tensors = (group.first, table.chunks, table.rows, sizes)
        layouts = tuple([x.layout for x in tensors])
        plan = planned(
            kernels.adam_many, "SIITttttttt", layouts, (), table.launch, group.dtype, flags
        )
        run(plan, *tensors, numbers=numbers)
        group.written(1)
    for i in rest:
        adam_step.composite(
            Parameters([params[i]]),
            [grads[i]],
            [exp_avgs[i]],
            [exp_avg_sqs[i]],
            [max_exp_avg_sqs[i]] if amsgrad else [],
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


def _counted(group: Group, steps: Tensor, lr: float, beta1: float, beta2: float) -> Tensor:
    """One step more for each parameter, and the two numbers that its update needs."""
    n = len(group.members)
    dtype = computed(group.first)
    sizes = fresh(group.first, (2 * n,), dtype)
    tensors = (group.counts[0], steps, sizes)
    logs = [math.log(beta) if beta > 0.0 else -math.inf for beta in (beta1, beta2)]
    limits = limits_of(sizes)
    wide = dtype is not float32
    plan = planned(
        kernels.adam_counts,
        "FITiddd" if wide else "FIFiddd",
        tuple([x.layout for x in tensors]),
        (n,),
        ((-(-n // limits.threads), 1, 1), (limits.threads, 1, 1)),
        dtype,
        (("WIDE", int(wide)),),
        "float64",
    )
    run(plan, *tensors, numbers=(lr, *logs))
    for count in group.counts:
        count.storage.version += 1
    return sizes


class Table:
    """Addresses on the device, and the launch over them; see `kernels.optim`."""

    def __init__(self, group: Group, addresses: tuple[int, ...]) -> None:
        self.addresses = addresses
        limits, members = limits_of(group.first), group.members
        sizes = [member[0].layout.size for member in members]
        quad = all(x.layout.offset % 4 == 0 for member in members for x in member)
        chunk = 4 * limits.threads
        while chunk < MOST and chunk * limits.blocks < sum(sizes):
            chunk *= 2
        chunks = [(i, at) for i, size in enumerate(sizes) for at in range(0, size, chunk)]
        wide = 2 * len(members[0])
        places = [
            number
            for i, member in enumerate(members)
            for number in (*addresses[wide * i : wide * (i + 1)], sizes[i])
        ]
        counts = addresses[wide * len(members) :]
        listed = np.array([*(n for pair in chunks for n in pair), *places, *counts], np.int64)
        memory = backend_of(group.first.storage.device).upload_shared(listed)
        storage = Storage(memory, group.first.storage.device)
        ends = np.cumsum([0, 2 * len(chunks), len(places), len(counts)]).tolist()
        self.chunks, self.rows, self.steps = (
            core.make(storage, Layout((end - start,), (1,), start), int64)
            for start, end in itertools.pairwise(ends)
        )
        self.launch = (len(chunks), 1, 1), (limits.threads, 1, 1)
        self.flags: Flags = (("ROW", wide + 1), ("QUAD", 4 if quad else 1), ("CHUNK", chunk))


_tables: OrderedDict[tuple[int, ...], Table] = OrderedDict()


class Group:
    """Parameters of one dtype, each with what belongs to it, and the counts of their steps."""

    def __init__(self) -> None:
        self.members: list[tuple[Tensor, ...]] = []
        self.counts: list[Tensor] = []

    @property
    def first(self) -> Tensor:
        """The first parameter."""
        return self.members[0][0]

    @property
    def dtype(self) -> DType:
        """Of all of them."""
        return self.first.dtype

    def table(self) -> Table:
        """The table of their addresses: one that is there, if they are where it says."""
        device = self.first.storage.device
        address = backend_of(device).launcher.address
        listed: list[int] = []
        for x in (*(x for member in self.members for x in member), *self.counts):
            listed += (address(x.storage.buffer), x.layout.offset)
        addresses = tuple(listed)
        key = (device.index or 0, len(self.members), *addresses[:4])
        found = _tables.pop(key, None)  # to come back as the last: another thread may look too
        if found is None or found.addresses != addresses:
            found = Table(self, addresses)
        _tables[key] = found
        if len(_tables) > KEPT:
            _tables.popitem(last=False)
        return found

    def written(self, read: int) -> None:
        """Count the step as a write, but not of member number `read`, the gradient."""
        for member in self.members:
            for i, x in enumerate(member):
                if i != read:
                    x.storage.version += 1


def _groups(
    params: Parameters, given: Sequence[Sequence[Tensor]], counts: Sequence[Tensor] = ()
) -> tuple[list[Group], list[int]]:
    """Parameters by dtype; and the numbers of those that do not lie as what belongs to them."""
    groups: dict[DType, Group] = {}
    rest: list[int] = []
    for i, p in enumerate(params):
        member = (p, *(x[i] for x in given))
        dtype, layout = p.dtype, p.layout
        alike = all(
            x.dtype is dtype and x.layout.strides == layout.strides and x.layout.is_contiguous()
            for x in member
        )
        counted = not counts or counts[i].dtype is float32
        if dtype.kind != "float" or not alike or not counted:
            rest.append(i)
        elif layout.size:
            group = groups.setdefault(dtype, Group())
            group.members.append(member)
            if counts:
                group.counts.append(counts[i])
        elif counts:
            counts[i].add_(1.0)  # nothing to move, but a step is one
    return list(groups.values()), rest
