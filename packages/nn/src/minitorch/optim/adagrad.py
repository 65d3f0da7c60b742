"""Adagrad: elements that had large gradients take small steps."""

from __future__ import annotations

from minitorch.optim.options import ParamGroup, Params, State, check_not_negative, number
from minitorch.optim.stepping import TensorOptimizer, counted, scalar
from minitorch_tensor import Tensor, full_like


class Adagrad(TensorOptimizer):
    """p = p - lr_t * g / (sqrt(s) + eps), with s the sum of all g * g so far.

    lr_t = lr / (1 + (t - 1) * lr_decay).

    Source: Duchi, Hazan and Singer 2011, https://jmlr.org/papers/v12/duchi11a.html
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        lr: the learning rate.
        lr_decay: how fast the learning rate falls.
        weight_decay: added to the gradient, times p.
        initial_accumulator_value: s before the first step.
        eps: keeps the quotient finite.
        foreach: accepted as in PyTorch, and without effect, like `capturable` and `fused`.
        maximize: climb instead of descending.
        differentiable: record the step, so that gradients flow through it.
        fused: see `foreach`.

    Raises:
        ValueError: if an option is out of its range.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adagrad([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Tensor([0.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_not_negative(
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "eps": eps,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "fused": fused,
            },
        )
        for group in self.param_groups:  # PyTorch's has its state from the start
            for p in group["params"]:
                self.state[p] = self.begin(group, p)

    def begin(self, group: ParamGroup, p: Tensor) -> State:
        """The state of p before its first step."""
        return {
            "step": scalar(0.0, p),
            "sum": full_like(p, self.defaults["initial_accumulator_value"]).detach(),
        }

    def update(self, group: ParamGroup, p: Tensor, g: Tensor, state: State) -> None:
        """The formula above, for one parameter."""
        s = state["sum"]
        lr = group["lr"] / (1 + (counted(state) - 1) * group["lr_decay"])
        if group["weight_decay"] != 0:
            g = g.add(p, alpha=group["weight_decay"])
        s.addcmul_(g, g, value=1)
        p.addcdiv_(g, s.sqrt() + number(group["eps"]), value=-lr)
