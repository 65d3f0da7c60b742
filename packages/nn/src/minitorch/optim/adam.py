"""Adam: a step size for each element, from running means of its gradient and of its square."""

from __future__ import annotations

from minitorch.optim.options import (
    ParamGroup,
    Params,
    State,
    check_betas,
    check_not_negative,
    number,
)
from minitorch.optim.stepping import OpOptimizer, check_match
from minitorch_tensor import Tensor, float32, zeros, zeros_like
from minitorch_tensor.functional.optim_steps import Parameters, adam_step


class Adam(OpOptimizer):
    """p = p - lr * m / (sqrt(v) + eps), with unbiased running means m of g and v of g * g.

    Source: Kingma and Ba 2015, https://arxiv.org/abs/1412.6980
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        lr: the learning rate.
        betas: how much of m and of v is kept in each step.
        eps: keeps the quotient finite.
        weight_decay: added to the gradient, times p.
        amsgrad: divide by the largest v so far.
        maximize: climb instead of descending.
        foreach: as `capturable` and `fused`, accepted and without effect: they choose among
            PyTorch's own implementations.
        capturable: see `foreach`.
        differentiable: record the step, so that gradients flow through it.
        fused: see `foreach`.
        decoupled_weight_decay: take `lr * weight_decay * p` off p directly, as AdamW does.

    Raises:
        ValueError: if an option is out of its range.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Tensor([0.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
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
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def update(self, group: ParamGroup, params: Parameters, grads: list[Tensor]) -> None:
        """One step of `adam_step`."""
        amsgrad = group["amsgrad"]
        states = [self._state(p, amsgrad) for p in params]
        beta1, beta2 = group["betas"]
        step = adam_step.composite if group.get("differentiable") else adam_step
        step(
            params,
            grads,
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [state["max_exp_avg_sq"] for state in states] if amsgrad else [],
            [state["step"] for state in states],
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            eps=number(group["eps"]),
            weight_decay=group["weight_decay"],
            decoupled_weight_decay=group["decoupled_weight_decay"],
            amsgrad=amsgrad,
            maximize=group["maximize"],
        )

    def _state(self, p: Tensor, amsgrad: bool) -> State:
        """The state of p, made in its first step, and checked in the others."""
        state = self.state[p]
        if not state:
            state["step"] = zeros((), dtype=float32, device=p.device)
            state["exp_avg"] = zeros_like(p)
            state["exp_avg_sq"] = zeros_like(p)
        if amsgrad and "max_exp_avg_sq" not in state:
            state["max_exp_avg_sq"] = zeros_like(p)
        for name, x in state.items():
            if x.layout is not p.layout or x.dtype is not p.dtype or x.device is not p.device:
                if name != "step":
                    check_match(name, p, x)
                elif x.shape or x.device is not p.device or not x.dtype.is_floating_point:
                    raise RuntimeError(
                        f"Adam: `state_steps` must be 0-d floating tensors on {p.device}, but one "
                        f"has shape {x.shape} and dtype {x.dtype} on {x.device}"
                    )
        return state


class AdamW(Adam):
    """Adam with decoupled weight decay.

    Source: Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101
    https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        lr: the learning rate.
        betas: how much of m and of v is kept in each step.
        eps: keeps the quotient finite.
        weight_decay: each step takes `lr * weight_decay * p` off p.
        amsgrad: divide by the largest v so far.
        maximize: climb instead of descending.
        foreach: as `capturable` and `fused`, accepted and without effect: they choose among
            PyTorch's own implementations.
        capturable: see `foreach`.
        differentiable: record the step, so that gradients flow through it.
        fused: see `foreach`.

    Raises:
        ValueError: if an option is out of its range.

    >>> AdamW([Tensor([1.0], requires_grad=True)]).param_groups[0]["weight_decay"]
    0.01
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
