"""Schedules: the learning rate of each epoch. Call `scheduler.step()` after an epoch's steps.

Most rates are computed from the one before, as PyTorch does, so that they are rounded alike, and a
rate that was changed by hand stays changed; `step(epoch)` jumps, by a closed form where it has one.
"""

from minitorch.optim.lr_scheduler.base import LRScheduler
from minitorch.optim.lr_scheduler.combined import ChainedScheduler, SequentialLR
from minitorch.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from minitorch.optim.lr_scheduler.cyclic import CyclicLR
from minitorch.optim.lr_scheduler.functions import LambdaLR, MultiplicativeLR
from minitorch.optim.lr_scheduler.one_cycle import OneCycleLR
from minitorch.optim.lr_scheduler.plateau import ReduceLROnPlateau
from minitorch.optim.lr_scheduler.simple import (
    ConstantLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
