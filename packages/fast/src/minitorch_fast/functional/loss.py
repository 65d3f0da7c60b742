"""cross_entropy with class indices; the loops are in `loss_loops`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from minitorch_fast import fused, threads
from minitorch_fast.functional import loss_loops
from minitorch_fast.functional.memory import flat, fresh, kind
from minitorch_tensor import Tensor, int64
from minitorch_tensor.functional.loss import check_cross_entropy, cross_entropy
from minitorch_tensor.op import record_fused

PARALLEL: Final = 100_000
"""From so many scores on, the rows are shared out to threads."""


@cross_entropy.override("cpu")
def cross_entropy_of_indices(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """log(sum(exp(x))) - x[target]: the log-probabilities of the other classes are never written.

    For scores (n, classes) and targets (n,). Weights, smoothing and probabilities take the
    composite's way.
    """
    dtype = kind(input.dtype)
    soft = check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    plain = weight is None and label_smoothing == 0.0 and not soft and target.dtype is int64
    bad = True
    if plain and dtype is not None and input.ndim == 2 and input.layout.size > 0:
        rows, classes = input.shape
        team = threads.get_num_threads() if input.layout.size >= PARALLEL else 1
        ranges = threads.cut(rows, team, 1)
        scores, classes_of = flat(input), flat(target)
        losses, memory = fresh(input, (rows,))
        sums = np.empty(rows, memory.dtype)
        calls: list[threads.Call] = [
            (
                sums[a:b],
                memory[a:b],
                scores[a * classes : b * classes],
                classes_of[a:b],
                np.array([b - a, classes, ignore_index], np.int64),
            )
            for a, b in ranges
        ]
        bad = any(threads.run(fused.compiled(loss_loops.log_sums, dtype), calls))
    if bad or dtype is None:
        return cross_entropy.composite(
            input,
            target,
            weight,
            ignore_index=ignore_index,
            reduction=reduction,
            label_smoothing=label_smoothing,
        )
    found = dtype
    counted = int(np.count_nonzero(classes_of != ignore_index)) if reduction == "mean" else 1
    y = losses if reduction == "none" else losses.sum()
    if reduction == "mean":
        y = y / counted if counted else y * math.nan

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        dx, out = fresh(input, input.shape)
        scale = flat(g) if reduction == "none" else flat(g / max(counted, 1))
        each = 1 if reduction == "none" else 0
        calls: list[threads.Call] = [
            (
                out[a * classes : b * classes],
                scores[a * classes : b * classes],
                sums[a:b],
                classes_of[a:b],
                scale[a * each :],
                each,
                np.array([b - a, classes, ignore_index], np.int64),
            )
            for a, b in ranges
        ]
        threads.run(fused.compiled(loss_loops.scores_gradient, found), calls)
        return (dx,)

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        return cross_entropy.composite(
            fresh_inputs[0], target, ignore_index=ignore_index, reduction=reduction
        )

    return record_fused("NllLossBackward0", y, (input,), backward, composite)
