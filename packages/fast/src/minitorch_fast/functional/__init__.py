"""Fused kernels in place of composites: one file for each file of `minitorch_tensor.functional`.

Importing this package registers them.
"""

from minitorch_fast.functional import (
    attention,
    conv,
    embedding,
    linear,
    loss,
    norm,
    optim_steps,
    pool,
    random,
    recurrent,
    resample,
    softmax,
)

__all__ = [
    "attention",
    "conv",
    "embedding",
    "linear",
    "loss",
    "norm",
    "optim_steps",
    "pool",
    "random",
    "recurrent",
    "resample",
    "softmax",
]
