"""ASGD: stochastic gradient descent, and the mean of where it has been."""

from __future__ import annotations

from typing import ClassVar

from minitorch.optim.options import ParamGroup, Params, State, check_not_negative
from minitorch.optim.stepping import TensorOptimizer, counted, scalar
from minitorch_tensor import Tensor, zeros_like


class ASGD(TensorOptimizer):
    """p = p * (1 - lambd * eta) - eta * g, with eta = lr / (1 + lambd * lr * t)^alpha.

    The state "ax" holds the mean of p over the steps after t0: ax = ax + (p - ax) * mu, with
    mu = 1 / max(1, t - t0). It is not p: take it from the state when training is over.

    Source: Polyak and Juditsky 1992, https://doi.org/10.1137/0330046
    https://docs.pytorch.org/docs/stable/generated/torch.optim.ASGD.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        lr: the learning rate.
        lambd: how fast p decays.
        alpha: how fast eta falls.
        t0: the step from which p is averaged.
        weight_decay: added to the gradient, times p.
        foreach: accepted as in PyTorch, and without effect, like `capturable` and `fused`.
        maximize: climb instead of descending.
        differentiable: record the step, so that gradients flow through it.
        capturable: see `foreach`.

    Raises:
        ValueError: if an option is out of its range.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = ASGD([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Tensor([0.8000], requires_grad=True)
    """

    scalars: ClassVar[frozenset[str]] = frozenset({"step", "eta", "mu"})

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_not_negative(lr=lr, weight_decay=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "lambd": lambd,
                "alpha": alpha,
                "t0": t0,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def begin(self, group: ParamGroup, p: Tensor) -> State:
        """The state of p before its first step."""
        return {
            "step": scalar(0.0, p),
            "eta": scalar(group["lr"], p),
            "mu": scalar(1.0, p),
            "ax": zeros_like(p),
        }

    def update(self, group: ParamGroup, p: Tensor, g: Tensor, state: State) -> None:
        """The formula above, for one parameter."""
        eta, mu, ax = state["eta"], state["mu"], state["ax"]
        lr, lambd = group["lr"], group["lambd"]
        t = counted(state)
        if group["weight_decay"] != 0:
            g = g.add(p, alpha=group["weight_decay"])
        now, weight = eta.item(), mu.item()
        p.mul_(1 - lambd * now)
        p.add_(g, alpha=-now)
        if weight == 1:
            ax.copy_(p)
        else:
            ax.add_((p - ax) * weight)
        eta.fill_(lr / (1 + lambd * lr * t) ** group["alpha"])
        mu.fill_(1 / max(1, t - group["t0"]))
