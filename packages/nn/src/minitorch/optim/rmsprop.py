"""RMSprop: gradients divided by the root of their mean square."""

from __future__ import annotations

from minitorch.optim.options import ParamGroup, Params, State, check_not_negative, number
from minitorch.optim.stepping import TensorOptimizer, scalar
from minitorch_tensor import Tensor, zeros_like


class RMSprop(TensorOptimizer):
    """p = p - lr * b, with b = momentum * b + g / (sqrt(v) + eps).

    v is the running mean of g * g; if centered, less the square of the running mean of g.

    Source: Hinton 2012, lecture 6e, https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
    https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        lr: the learning rate.
        alpha: how much of v is kept in each step.
        eps: keeps the quotient finite.
        weight_decay: added to the gradient, times p.
        momentum: how much of b is kept.
        centered: divide by the standard deviation of the gradient.
        capturable: see `foreach`.
        foreach: accepted as in PyTorch, and without effect, like `capturable` and `fused`.
        maximize: climb instead of descending.
        differentiable: record the step, so that gradients flow through it.

    Raises:
        ValueError: if an option is out of its range.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = RMSprop([p], lr=0.01)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Tensor([0.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative(lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay)
        check_not_negative(alpha=alpha)
        super().__init__(
            params,
            {
                "lr": lr,
                "alpha": alpha,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "centered": centered,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def begin(self, group: ParamGroup, p: Tensor) -> State:
        """The state of p before its first step."""
        state = {"step": scalar(0.0, p), "square_avg": zeros_like(p)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = zeros_like(p)
        if group["centered"]:
            state["grad_avg"] = zeros_like(p)
        return state

    def update(self, group: ParamGroup, p: Tensor, g: Tensor, state: State) -> None:
        """The formula above, for one parameter."""
        v, alpha = state["square_avg"], group["alpha"]
        state["step"].add_(1.0)
        if group["weight_decay"] != 0:
            g = g.add(p, alpha=group["weight_decay"])
        v.mul_(alpha).addcmul_(g, g, value=1 - alpha)
        if group["centered"]:
            mean = state["grad_avg"].lerp_(g, 1 - alpha)
            v = v.addcmul(mean, mean, value=-1)
        root = v.sqrt() + number(group["eps"])
        if group["momentum"] > 0:
            b = state["momentum_buffer"].mul_(group["momentum"]).addcdiv_(g, root)
            p.add_(b, alpha=-group["lr"])
        else:
            p.addcdiv_(g, root, value=-group["lr"])
