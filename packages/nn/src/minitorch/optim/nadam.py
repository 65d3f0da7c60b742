"""NAdam: Adam that looks ahead along its momentum, as Nesterov does."""

from __future__ import annotations

from typing import ClassVar

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


class NAdam(TensorOptimizer):
    """p = p - lr * ((1 - mu) / (1 - M) * g + mu' / (1 - M * mu') * m) / (sqrt(v_t) + eps).

    mu = beta1 * (1 - 0.96^(t * momentum_decay) / 2) is the momentum of step t, mu' that of the
    next, M the product of all so far. m and v are the running means of g and of g * g, and
    v_t = v / (1 - beta2^t).

    Source: Dozat 2016, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
    https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        lr: the learning rate.
        betas: how much of m and of v is kept in each step.
        eps: keeps the quotient finite.
        weight_decay: how strongly p is drawn to 0.
        momentum_decay: how fast mu grows from beta1 / 2 to beta1.
        decoupled_weight_decay: take `lr * weight_decay * p` off p directly, as AdamW does.
        foreach: accepted as in PyTorch, and without effect, like `capturable` and `fused`.
        maximize: climb instead of descending.
        capturable: see `foreach`.
        differentiable: record the step, so that gradients flow through it.

    Raises:
        ValueError: if an option is out of its range.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = NAdam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Tensor([0.8944], requires_grad=True)
    """

    scalars: ClassVar[frozenset[str]] = frozenset({"step", "mu_product"})

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative(lr=lr, eps=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay, momentum_decay=momentum_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def begin(self, group: ParamGroup, p: Tensor) -> State:
        """The state of p before its first step."""
        return {
            "step": scalar(0.0, p),
            "mu_product": scalar(1.0, p),
            "exp_avg": zeros_like(p),
            "exp_avg_sq": zeros_like(p),
        }

    def update(self, group: ParamGroup, p: Tensor, g: Tensor, state: State) -> None:
        """The formula above, for one parameter."""
        m, v, product = state["exp_avg"], state["exp_avg_sq"], state["mu_product"]
        lr, (beta1, beta2), weight_decay = group["lr"], group["betas"], group["weight_decay"]
        t = counted(state)
        if weight_decay != 0:
            if group["decoupled_weight_decay"]:
                p.mul_(1 - lr * weight_decay)
            else:
                g = g.add(p, alpha=weight_decay)
        mu, following = (
            beta1 * (1.0 - 0.5 * 0.96 ** (s * group["momentum_decay"])) for s in (t, t + 1)
        )
        product.mul_(mu)
        so_far = product.item()
        m.lerp_(g, 1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        denominator = v.div(1 - beta2**t).sqrt() + number(group["eps"])
        p.addcdiv_(g, denominator, value=-lr * (1.0 - mu) / (1.0 - so_far))
        p.addcdiv_(m, denominator, value=(-lr * following) / (1.0 - so_far * following))
