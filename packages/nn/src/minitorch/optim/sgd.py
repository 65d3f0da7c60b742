"""Stochastic gradient descent."""

from __future__ import annotations

from minitorch.optim.options import ParamGroup, Params, check_not_negative
from minitorch.optim.stepping import OpOptimizer, check_match
from minitorch_tensor import Tensor, zeros_like
from minitorch_tensor.functional.optim_steps import Parameters, sgd_step


class SGD(OpOptimizer):
    """p = p - lr * b, where b is the gradient, or with momentum a mean of all gradients so far.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        lr: the learning rate.
        momentum: how much of b is kept: b = momentum * b + (1 - dampening) * gradient.
        dampening: how much of the gradient is left out of b, after the first step.
        weight_decay: added to the gradient, times p.
        nesterov: step along gradient + momentum * b.
        maximize: climb instead of descending.
        foreach: as `fused`, accepted and without effect: they choose among PyTorch's own
            implementations.
        differentiable: record the step, so that gradients flow through it.
        fused: see `foreach`.

    Raises:
        ValueError: if an option is negative, or nesterov lacks its momentum.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = SGD([p], lr=0.25)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p.tolist()
    [0.5]
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_not_negative(lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def update(self, group: ParamGroup, params: Parameters, grads: list[Tensor]) -> None:
        """One step of `sgd_step`; a momentum that is new begins as the gradient, undampened."""
        if group["momentum"] == 0:
            self._step(group, params, grads, [], 0.0)
            return
        state = self.state
        momenta: list[Tensor] = []
        new: list[int] = []
        for i, p in enumerate(params):
            b = state[p].get("momentum_buffer")
            if b is None:
                b = state[p]["momentum_buffer"] = zeros_like(p)
                new.append(i)
            elif b.layout is not p.layout or b.dtype is not p.dtype or b.device is not p.device:
                check_match("momentum_buffer", p, b)
            momenta.append(b)
        if new and group["dampening"] != 0:
            for where in (new, [i for i in range(len(params)) if i not in new]):
                if where:
                    dampening = 0.0 if where is new else group["dampening"]
                    part = Parameters(params[i] for i in where)
                    gs, bs = [grads[i] for i in where], [momenta[i] for i in where]
                    self._step(group, part, gs, bs, dampening)
        else:
            self._step(group, params, grads, momenta, group["dampening"])

    def _step(
        self,
        group: ParamGroup,
        params: Parameters,
        grads: list[Tensor],
        momenta: list[Tensor],
        dampening: float,
    ) -> None:
        step = sgd_step.composite if group.get("differentiable") else sgd_step
        step(
            params,
            grads,
            momenta,
            lr=group["lr"],
            momentum=group["momentum"],
            dampening=dampening,
            weight_decay=group["weight_decay"],
            nesterov=group["nesterov"],
            maximize=group["maximize"],
        )
