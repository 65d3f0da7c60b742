"""RAdam: Adam that does not trust its second moment before it knows enough of it."""

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
from minitorch_tensor import Tensor, zeros_like


class RAdam(TensorOptimizer):
    """p = p - lr * r * m / (sqrt(v) + eps), as Adam but for the factor r; at first p = p - lr * m.

    m and v are the running means of g and g * g, m without its bias. With rho = 2 / (1 - beta2) - 1
    and rho_t = rho - 2 t beta2^t / (1 - beta2^t), how many gradients v is a mean of,

        r = sqrt(1 - beta2^t) * sqrt((rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t))

    once rho_t > 5.

    Source: Liu et al. 2020, https://arxiv.org/abs/1908.03265
    https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        lr: the learning rate.
        betas: how much of m and of v is kept in each step.
        eps: keeps the quotient finite.
        weight_decay: how strongly p is drawn to 0.
        decoupled_weight_decay: take `lr * weight_decay * p` off p directly, as AdamW does.
        foreach: accepted as in PyTorch, and without effect, like `capturable` and `fused`.
        maximize: climb instead of descending.
        capturable: see `foreach`.
        differentiable: record the step, so that gradients flow through it.

    Raises:
        ValueError: if an option is out of its range.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = RAdam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Tensor([0.8000], requires_grad=True)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
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
                "decoupled_weight_decay": decoupled_weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def begin(self, group: ParamGroup, p: Tensor) -> State:
        """The state of p before its first step."""
        return {"step": scalar(0.0, p), "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}

    def update(self, group: ParamGroup, p: Tensor, g: Tensor, state: State) -> None:
        """The formula above, for one parameter."""
        m, v = state["exp_avg"], state["exp_avg_sq"]
        lr, (beta1, beta2), weight_decay = group["lr"], group["betas"], group["weight_decay"]
        t = counted(state)
        if weight_decay != 0:
            if group["decoupled_weight_decay"]:
                p.mul_(1 - lr * weight_decay)
            else:
                g = g.add(p, alpha=weight_decay)
        m.lerp_(g, 1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        correction = 1 - beta2**t
        rho = 2 / (1 - beta2) - 1
        rho_t = rho - 2 * t * beta2**t / correction
        change = m / (1 - beta1**t) * lr
        if rho_t > 5.0:
            trust = ((rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t)) ** 0.5
            change = change * (correction**0.5 / (v.sqrt() + number(group["eps"]))) * trust
        p.sub_(change)
