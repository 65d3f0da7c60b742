"""Optimizers, and schedules for their learning rates."""

from functools import partial as _partial
from typing import TYPE_CHECKING

from minitorch.absent import no_attribute as _no_attribute
from minitorch.optim import lr_scheduler, swa_utils
from minitorch.optim.adadelta import Adadelta
from minitorch.optim.adafactor import Adafactor
from minitorch.optim.adagrad import Adagrad
from minitorch.optim.adam import Adam, AdamW
from minitorch.optim.adamax import Adamax
from minitorch.optim.asgd import ASGD
from minitorch.optim.lbfgs import LBFGS
from minitorch.optim.muon import Muon
from minitorch.optim.nadam import NAdam
from minitorch.optim.optimizer import Optimizer
from minitorch.optim.options import GroupSpec, Options, ParamGroup
from minitorch.optim.radam import RAdam
from minitorch.optim.rmsprop import RMSprop
from minitorch.optim.rprop import Rprop
from minitorch.optim.sgd import SGD
from minitorch_autodiff import later as _later

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "GroupSpec",
    "Muon",
    "NAdam",
    "Optimizer",
    "Options",
    "ParamGroup",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
    "swa_utils",
]

if not TYPE_CHECKING:  # a type checker is to find a wrong name itself
    _refuse = _partial(_no_attribute, module=__name__)
    __getattr__, __dir__ = _later.attributes(__name__, {}, _refuse)
