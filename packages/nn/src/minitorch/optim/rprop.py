"""Rprop: steps that depend on the signs of the gradients alone."""

from __future__ import annotations

from minitorch.optim.options import ParamGroup, Params, State, check_not_negative
from minitorch.optim.stepping import TensorOptimizer, scalar
from minitorch_tensor import Tensor, full_like, ones_like, zeros_like


class Rprop(TensorOptimizer):
    """p = p - sign(g) * s, where s grows while the sign stays, and shrinks when it turns.

    s = s * etas[1] where g has the sign of the last gradient, s * etas[0] where it has not; there
    the gradient also counts as 0. For whole batches: the signs of small ones are noise.

    Source: Riedmiller and Braun 1993, https://doi.org/10.1109/ICNN.1993.298623
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Rprop.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        lr: s before the first step.
        etas: the factors by which s shrinks and grows.
        step_sizes: the smallest and the largest s.
        capturable: see `foreach`.
        foreach: accepted as in PyTorch, and without effect, like `capturable` and `fused`.
        maximize: climb instead of descending.
        differentiable: record the step, so that gradients flow through it.

    Raises:
        ValueError: if an option is out of its range.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = Rprop([p], lr=0.01)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Tensor([0.9900], requires_grad=True)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative(lr=lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(
            params,
            {
                "lr": lr,
                "etas": etas,
                "step_sizes": step_sizes,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def begin(self, group: ParamGroup, p: Tensor) -> State:
        """The state of p before its first step."""
        return {
            "step": scalar(0.0, p),
            "prev": zeros_like(p),
            "step_size": full_like(p, group["lr"]).detach(),
        }

    def update(self, group: ParamGroup, p: Tensor, g: Tensor, state: State) -> None:
        """The formula above, for one parameter."""
        previous, s = state["prev"], state["step_size"]
        (shrink, grow), (smallest, largest) = group["etas"], group["step_sizes"]
        state["step"].add_(1.0)
        agreement = g * previous.clone()
        turned = agreement < 0
        factor = ones_like(s).masked_fill(turned, shrink).masked_fill(agreement > 0, grow)
        s.mul_(factor).clamp_(smallest, largest)
        g = g.masked_fill(turned, 0.0)
        p.addcmul_(g.sign(), s, value=-1)
        previous.copy_(g)
