"""Optimizers, and schedules for their learning rates."""

from minitorch.optim import lr_scheduler
from minitorch.optim.adam import Adam, AdamW
from minitorch.optim.optimizer import Optimizer
from minitorch.optim.options import GroupSpec, Options, ParamGroup
from minitorch.optim.sgd import SGD

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "GroupSpec",
    "Optimizer",
    "Options",
    "ParamGroup",
    "lr_scheduler",
]
