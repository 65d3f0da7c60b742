"""Muon: for matrices, steps that are as long in all directions."""

from __future__ import annotations

import math

from minitorch.optim.options import ParamGroup, Params, State, number
from minitorch.optim.stepping import TensorOptimizer
from minitorch_tensor import Tensor, zeros_like

Coefficients = tuple[float, float, float]


class Muon(TensorOptimizer):
    """p = p - lr * (weight_decay * p + c * orthogonal(b)), with b the running mean of g.

    orthogonal(b) is about U V^T of the singular value decomposition b = U S V^T, computed by
    `ns_steps` Newton-Schulz iterations in bfloat16. For the matrices of hidden layers; embeddings,
    biases and the last layer belong to another optimizer.

    Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Muon.html

    Args:
        params: matrices, pairs of a name and a matrix, or groups of them.
        lr: the learning rate.
        weight_decay: each step takes `lr * weight_decay * p` off p.
        momentum: how much of b is kept in each step.
        nesterov: step along g * (1 - momentum) + b * momentum instead of b.
        ns_coefficients: those of the polynomial that is iterated.
        eps: the smallest norm by which b is divided.
        ns_steps: how often it is iterated.
        adjust_lr_fn: c for an (n, m) matrix: "original" for sqrt(max(1, n / m)), also if None;
            "match_rms_adamw" for 0.2 sqrt(max(n, m)).

    Raises:
        ValueError: if an option is out of its range, or a parameter is no matrix.

    >>> p = Tensor([[1.0, 0.0], [0.0, 2.0]], requires_grad=True)
    >>> optimizer = Muon([p], lr=0.1, weight_decay=0.0)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> [round(x, 1) for x in p.detach().diagonal().tolist()]
    [0.9, 1.9]
    """

    scalars = frozenset[str]()

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: Coefficients = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if not lr >= 0.0:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not momentum >= 0.0:
            raise ValueError(f"momentum should be >= 0 but is: {momentum}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight decay should be >= 0 but is: {weight_decay}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        super().__init__(
            params,
            {
                "lr": lr,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "nesterov": nesterov,
                "ns_coefficients": ns_coefficients,
                "eps": eps,
                "ns_steps": ns_steps,
                "adjust_lr_fn": adjust_lr_fn,
            },
        )
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        "Muon only supports 2D parameters whereas we found a parameter with size: "
                        f"{p.shape}"
                    )

    def begin(self, group: ParamGroup, p: Tensor) -> State:
        """The state of p before its first step."""
        return {"momentum_buffer": zeros_like(p)}

    def update(self, group: ParamGroup, p: Tensor, g: Tensor, state: State) -> None:
        """The formula above, for one parameter."""
        if p.ndim != 2:
            raise ValueError("Param gradient must be a 2D matrix")
        lr, momentum = group["lr"], group["momentum"]
        b = state["momentum_buffer"].lerp_(g, 1 - momentum)
        ahead = g.lerp(b, momentum) if group["nesterov"] else b
        change = orthogonal(
            ahead, group["ns_coefficients"], group["ns_steps"], number(group["eps"])
        )
        rows, columns = p.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            factor = 0.2 * math.sqrt(max(rows, columns))
        else:
            factor = math.sqrt(max(1, rows / columns))
        p.mul_(1 - lr * group["weight_decay"])
        p.add_(change.to(p.dtype), alpha=-lr * factor)


def orthogonal(g: Tensor, coefficients: Coefficients, steps: int, eps: float) -> Tensor:
    """About U V^T, for a matrix g = U S V^T, computed in bfloat16, as float32.

    X is g / |g|, then X = a X + (b X X^T + c (X X^T)^2) X: an odd polynomial of the singular
    values, which it drives to somewhere near 1, between 0.7 and 1.2, from wherever they are. It is
    steep at 0 instead of exact at 1, and that does no harm.

    Raises:
        ValueError: if there are 100 steps or more, or not three coefficients.
    """
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    tall = g.shape[0] > g.shape[1]  # the smaller of the two products is taken
    x = _rounded(g.t() if tall else g)
    x = _rounded(x / _rounded(x.norm()).clamp(min=eps))
    for _ in range(steps):
        gram = _rounded(x @ x.t())
        x = _rounded(x * a + _rounded(gram * b + (gram @ gram) * c) @ x)
    return x.t() if tall else x


def _rounded(x: Tensor) -> Tensor:
    """float32 with the digits of bfloat16: what a matrix unit reads, which adds up in float32.

    By Veltkamp's splitting (Dekker 1971, https://doi.org/10.1007/BF01397083), on any device: beside
    c = 65537 x the lower 16 of the 24 digits of x are lost, and subtracting c again is exact.
    """
    c = x.float() * 65537.0
    return c - (c - x.float())
