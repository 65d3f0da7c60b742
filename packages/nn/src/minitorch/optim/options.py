"""What optimizers are told: the options of a group of parameters, by PyTorch's names.

Groups are dictionaries, so that schedules and users can read and change them between steps, and so
that they are saved with the state. Each optimizer uses some of the entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from minitorch_tensor import Tensor


class Choices(TypedDict, total=False):
    """Which of its implementations PyTorch shall use; there is one here, and it gives its numbers.

    Only `differentiable` changes anything: the step is recorded, as part of the graph.
    """

    foreach: bool | None
    fused: bool | None
    capturable: bool
    differentiable: bool


class Schedule(TypedDict, total=False):
    """What schedules keep in a group."""

    initial_lr: float
    max_lr: float
    min_lr: float
    swa_lr: float
    base_momentum: float
    max_momentum: float


class Search(TypedDict, total=False):
    """The options of LBFGS."""

    max_iter: int
    max_eval: int
    tolerance_grad: float
    tolerance_change: float
    history_size: int
    line_search_fn: str | None


class Settings(Choices, Schedule, Search, total=False):
    """What optimizers may be told, besides the learning rate."""

    momentum: float
    dampening: float
    weight_decay: float
    nesterov: bool
    maximize: bool
    betas: tuple[float, float]
    eps: float | tuple[float | None, float]  # a pair for Adafactor
    amsgrad: bool
    decoupled_weight_decay: bool
    momentum_decay: float
    lr_decay: float
    initial_accumulator_value: float
    rho: float
    alpha: float
    centered: bool
    etas: tuple[float, float]
    step_sizes: tuple[float, float]
    lambd: float
    t0: float
    beta2_decay: float
    d: float
    ns_coefficients: tuple[float, float, float]
    ns_steps: int
    adjust_lr_fn: str | None
    param_names: list[str]


class Options(Settings):
    """The options of an optimizer."""

    lr: float


class ParamGroup(Options):
    """Parameters, and the options with which they are optimized."""

    params: list[Tensor]


class GroupSpec(Settings, total=False):
    """A group as users write it: what it leaves out takes the optimizer's defaults."""

    lr: float
    params: Tensor | Iterable[Tensor] | Iterable[tuple[str, Tensor]]


Params = Iterable[Tensor | tuple[str, Tensor] | GroupSpec]
"""What an optimizer is given: `model.parameters()`, `model.named_parameters()`, or groups."""

State = dict[str, Tensor]
"""What an optimizer remembers of one parameter."""

_NAMES = {"lr": "learning rate", "eps": "epsilon"}


def check_not_negative(**values: float) -> None:
    """Raise unless all options are 0 or more.

    Raises:
        TypeError: if one is a tensor: the step reads numbers.
        ValueError: if one is less than 0, or nan.
    """
    for name, value in values.items():
        if isinstance(value, Tensor):
            raise TypeError(
                f"optimizer: {name} must be a number, but is a tensor; {name}.item() is its number"
            )
        if not value >= 0.0:
            label = _NAMES.get(name, name)
            raise ValueError(f"Invalid {label}{'' if name == 'lr' else ' value'}: {value}")


def check_betas(betas: tuple[float, float]) -> None:
    """Raise unless both are in [0, 1).

    Raises:
        ValueError: if one is not.
    """
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}")


def check_choices(options: Choices) -> None:
    """Raise where PyTorch's implementations exclude one another.

    Raises:
        RuntimeError: if they do.
    """
    if options.get("fused") and options.get("differentiable"):
        raise RuntimeError("`fused` does not support `differentiable`")
    if options.get("fused") and options.get("foreach"):
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def number(eps: float | tuple[float | None, float]) -> float:
    """An epsilon that is one number.

    Raises:
        TypeError: if it is a pair.
    """
    if isinstance(eps, tuple):
        raise TypeError(f"optimizer: eps must be a number, but is {eps}")
    return eps
