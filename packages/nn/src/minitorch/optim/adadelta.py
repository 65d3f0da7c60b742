"""Adadelta: steps as large as the last ones were, so that there is no rate to choose."""

from __future__ import annotations

from minitorch.optim.options import ParamGroup, Params, State, check_not_negative, number
from minitorch.optim.stepping import TensorOptimizer, scalar
from minitorch_tensor import Tensor, zeros_like


class Adadelta(TensorOptimizer):
    """p = p - lr * d, with d = sqrt(u + eps) / sqrt(v + eps) * g.

    v and u are the running means of g * g and of d * d.

    Source: Zeiler 2012, https://arxiv.org/abs/1212.5701
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        lr: the learning rate.
        rho: how much of the running means is kept in each step.
        eps: keeps the quotient finite, and the first steps from being 0.
        weight_decay: added to the gradient, times p.
        foreach: accepted as in PyTorch, and without effect, like `capturable` and `fused`.
        capturable: see `foreach`.
        maximize: climb instead of descending.
        differentiable: record the step, so that gradients flow through it.

    Raises:
        ValueError: if an option is out of its range.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adadelta([p], lr=1.0)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Tensor([0.9968], requires_grad=True)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative(lr=lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_not_negative(eps=eps, weight_decay=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "capturable": capturable,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def begin(self, group: ParamGroup, p: Tensor) -> State:
        """The state of p before its first step."""
        return {"step": scalar(0.0, p), "square_avg": zeros_like(p), "acc_delta": zeros_like(p)}

    def update(self, group: ParamGroup, p: Tensor, g: Tensor, state: State) -> None:
        """The formula above, for one parameter."""
        v, u = state["square_avg"], state["acc_delta"]
        rho, eps = group["rho"], number(group["eps"])
        state["step"].add_(1.0)
        if group["weight_decay"] != 0:
            g = g.add(p, alpha=group["weight_decay"])
        v.mul_(rho).addcmul_(g, g, value=1 - rho)
        d = (u + eps).sqrt() / (v + eps).sqrt() * g
        u.mul_(rho).addcmul_(d, d, value=1 - rho)
        p.add_(d, alpha=-group["lr"])
