"""Means of a model's parameters over training: often better than where training ends.

Equal weights (SWA), or weights that fall with age (EMA).

Source: Izmailov et al. 2018, https://arxiv.org/abs/1803.05407; Polyak and Juditsky 1992,
https://doi.org/10.1137/0330046
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from itertools import chain

from minitorch.nn.batchnorm import BatchNorm
from minitorch.nn.module import Module
from minitorch.optim.lr_scheduler.base import LRScheduler, for_each_group
from minitorch.optim.optimizer import Optimizer
from minitorch_autodiff import no_grad
from minitorch_tensor import Device, DType, Tensor, int64, tensor

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]

AvgFn = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Gives the new mean, of the mean, a value, and how many values the mean is of."""

MultiAvgFn = Callable[[Sequence[Tensor], Sequence[Tensor], Tensor], None]
"""Writes the new means into the first list."""


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAvgFn:
    """mean = decay * mean + (1 - decay) * value, for lists of tensors of one dtype, in place.

    Raises:
        ValueError: if `decay` is not between 0 and 1.
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(means: Sequence[Tensor], values: Sequence[Tensor], _: Tensor) -> None:
        for mean, value in zip(means, values, strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(mean * decay + value * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> MultiAvgFn:
    """mean = mean + (value - mean) / (n + 1), for lists of tensors of one dtype, in place."""

    @no_grad()
    def swa_update(means: Sequence[Tensor], values: Sequence[Tensor], n: Tensor) -> None:
        for mean, value in zip(means, values, strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(value, 1 / (n.item() + 1))
            else:
                mean.copy_(mean + (value - mean) / (n + 1))

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> AvgFn:
    """decay * mean + (1 - decay) * value.

    Raises:
        ValueError: if `decay` is not between 0 and 1.
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(mean: Tensor, value: Tensor, _: Tensor) -> Tensor:
        return decay * mean + (1 - decay) * value

    return ema_update


def get_swa_avg_fn() -> AvgFn:
    """mean + (value - mean) / (n + 1)."""

    @no_grad()
    def swa_update(mean: Tensor, value: Tensor, n: Tensor) -> Tensor:
        return mean + (value - mean) / (n + 1)

    return swa_update


class AveragedModel(Module):
    """A copy of a model whose parameters are the means of those that `update_parameters` was given.

    https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema

    Args:
        model: what is averaged.
        device: where the copy is; where the model is if omitted.
        avg_fn: gives one mean; `get_swa_avg_fn()` if both are omitted.
        multi_avg_fn: writes many means at once.
        use_buffers: whether buffers are averaged too, instead of copied.

    Attributes:
        module: the copy.
        n_averaged: how many models the means are of.

    Raises:
        AssertionError: if both functions are given.

    >>> from minitorch import nn
    >>> model = nn.Linear(1, 1)
    >>> averaged = AveragedModel(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = nn.init.constant_(model.weight, value)
    ...     averaged.update_parameters(model)
    >>> averaged.module.weight.item(), averaged.n_averaged.item()
    (3.0, 3)
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: str | Device | None = None,
        avg_fn: AvgFn | None = None,
        multi_avg_fn: MultiAvgFn | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, dtype=int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Tensor, **kwargs: Tensor) -> Tensor:
        """What the copy gives."""
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the parameters of a model into the means."""
        pairs = [(mean, value.detach().to(mean.device)) for mean, value in self._pairs(model)]
        if self.n_averaged.item() == 0:
            for mean, value in pairs:
                mean.copy_(value)
        elif self.multi_avg_fn is not None:
            for device, means, values in _alike(pairs):
                self.multi_avg_fn(means, values, self.n_averaged.to(device))
        else:
            function = get_swa_avg_fn() if self.avg_fn is None else self.avg_fn
            for mean, value in pairs:
                mean.copy_(function(mean, value, self.n_averaged.to(mean.device)))
        if not self.use_buffers:
            for mine, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                mine.detach().copy_(theirs.detach().to(mine.device))
        self.n_averaged.add_(1)

    def _pairs(self, model: Module) -> list[tuple[Tensor, Tensor]]:
        """The means, each with the value that is to be taken in."""

        def every(module: Module) -> Iterable[Tensor]:
            buffers = module.buffers() if self.use_buffers else ()
            return chain(module.parameters(), buffers)

        pairs = zip(every(self.module), every(model), strict=True)
        return [(mean.detach(), value) for mean, value in pairs]


def _alike(
    pairs: Sequence[tuple[Tensor, Tensor]],
) -> list[tuple[Device, list[Tensor], list[Tensor]]]:
    """Pairs as two lists, for each device and dtype."""
    kinds: dict[tuple[Device, DType], tuple[list[Tensor], list[Tensor]]] = {}
    for mean, value in pairs:
        means, values = kinds.setdefault((mean.device, mean.dtype), ([], []))
        means.append(mean)
        values.append(value)
    return [(device, means, values) for (device, _), (means, values) in kinds.items()]


@no_grad()
def update_bn(
    loader: Iterable[Tensor | Sequence[Tensor]], model: Module, device: str | Device | None = None
) -> None:
    """Compute the running means of all batch norms anew, from one pass over the data.

    Those of an averaged model were gathered with other parameters than it has.
    https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema

    Args:
        loader: batches; of lists and tuples the first is taken.
        model: what computes them; it is in training mode while it does.
        device: where the batches are moved.
    """
    momenta: dict[BatchNorm, float | None] = {}
    for module in model.modules():
        if isinstance(module, BatchNorm):
            module.reset_running_stats()
            momenta[module] = module.momentum
    if not momenta:
        return
    was_training = model.training
    model.train()
    for module in momenta:
        module.momentum = None  # the mean of all batches, each weighing the same
    for batch in loader:
        input = batch if isinstance(batch, Tensor) else batch[0]
        model(input if device is None else input.to(device))
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """lr goes to swa_lr in `anneal_epochs` epochs, and stays there.

    https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema

    Args:
        optimizer: whose learning rates are set.
        swa_lr: the last rate, for all groups or one for each.
        anneal_epochs: how many epochs it takes.
        anneal_strategy: "cos" or "linear".
        last_epoch: the last epoch that was done; -1 for a new run.

    Raises:
        ValueError: if an argument is out of its range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | Sequence[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        rates = for_each_group("swa_lr", optimizer, swa_lr)
        for rate, group in zip(rates, optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rate before all this is found from the last one, then moved one epoch further."""
        self._expect_step()
        epoch = self._step_count - 1
        if self.anneal_epochs == 0:
            epoch = max(1, epoch)
        before, now = self._way(epoch - 1), self._way(epoch)
        rates: list[float] = []
        for group in self.optimizer.param_groups:
            last, end = group["lr"], group["swa_lr"]
            first = end if before == 1 else (last - before * end) / (1 - before)
            rates.append(end * now + first * (1 - now))
        return rates

    def _way(self, epoch: int) -> float:
        """How much of the way is done, from 0 to 1."""
        t = max(0, min(1, epoch / max(1, self.anneal_epochs)))
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t
