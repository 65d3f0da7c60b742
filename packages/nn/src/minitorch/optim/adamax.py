"""Adamax: Adam with the largest gradient in the place of the root of the mean square."""

from __future__ import annotations

from minitorch.optim.options import (
    ParamGroup,
    Params,
    State,
    check_betas,
    check_not_negative,
    number,
)
from minitorch.optim.stepping import TensorOptimizer, counted, scalar
from minitorch_tensor import Tensor, maximum, zeros_like


class Adamax(TensorOptimizer):
    """p = p - lr / (1 - beta1^t) * m / u, with m the running mean of g.

    u = max(beta2 * u, |g| + eps) is the largest gradient so far, where old ones count less.

    Source: Kingma and Ba 2015, section 7.1, https://arxiv.org/abs/1412.6980
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        lr: the learning rate.
        betas: how much of m and of u is kept in each step.
        eps: keeps the quotient finite.
        weight_decay: added to the gradient, times p.
        foreach: accepted as in PyTorch, and without effect, like `capturable` and `fused`.
        maximize: climb instead of descending.
        differentiable: record the step, so that gradients flow through it.
        capturable: see `foreach`.

    Raises:
        ValueError: if an option is out of its range.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adamax([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Tensor([0.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_not_negative(lr=lr, eps=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def begin(self, group: ParamGroup, p: Tensor) -> State:
        """The state of p before its first step."""
        return {"step": scalar(0.0, p), "exp_avg": zeros_like(p), "exp_inf": zeros_like(p)}

    def update(self, group: ParamGroup, p: Tensor, g: Tensor, state: State) -> None:
        """The formula above, for one parameter."""
        m, u = state["exp_avg"], state["exp_inf"]
        beta1, beta2 = group["betas"]
        step_size = group["lr"] / (1 - beta1 ** counted(state))
        if group["weight_decay"] != 0:
            g = g.add(p, alpha=group["weight_decay"])
        m.lerp_(g, 1 - beta1)
        u.copy_(maximum(u * beta2, g.abs() + number(group["eps"])))
        p.addcdiv_(m, u, value=-step_size)
