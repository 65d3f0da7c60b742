"""Adafactor: the second moment of a matrix from the means of its rows and columns alone."""

from __future__ import annotations

import math

from minitorch.optim.options import ParamGroup, Params, State
from minitorch.optim.stepping import TensorOptimizer, counted, scalar
from minitorch_tensor import Tensor, finfo, zeros_like


class Adafactor(TensorOptimizer):
    """p = p - a * u / max(1, rms(u) / d), with u = g / sqrt(v) and a = max(eps2, rms(p)) * rho.

    rho = min(lr, 1 / sqrt(t)). For a matrix, v = r c / mean(r): r and c are the running means of
    g * g over its rows and over its columns, so that n + m numbers are kept instead of n m. For a
    vector, v is the running mean of g * g. The means keep 1 - t^beta2_decay in step t.

    Source: Shazeer and Stern 2018, https://arxiv.org/abs/1804.04235
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adafactor.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        lr: the largest rho.
        beta2_decay: how fast the means forget less.
        eps: the smallest sqrt(v), or None for that of the dtype; and the smallest rms of p.
        d: the largest rms of u.
        weight_decay: each step takes `lr * weight_decay * p` off p.
        foreach: accepted as in PyTorch, and without effect.
        maximize: climb instead of descending.

    Raises:
        ValueError: if an option is out of its range.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adafactor([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Tensor([0.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if not lr >= 0.0:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not beta2_decay <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None and not eps[0] >= 0.0:
            raise ValueError(f"epsilon1 should be >= 0 but is: {eps[0]}")
        if not eps[1] >= 0.0:
            raise ValueError(f"epsilon2 should be >= 0 but is: {eps[1]}")
        if not d >= 1.0:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        super().__init__(
            params,
            {
                "lr": lr,
                "beta2_decay": beta2_decay,
                "eps": eps,
                "d": d,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
            },
        )

    def shape_of(self, p: Tensor, name: str) -> tuple[int, ...]:
        """One number for each row, or for each column."""
        if name == "row_var":
            return (*p.shape[:-1], 1)
        return (*p.shape[:-2], 1, p.shape[-1]) if name == "col_var" else p.shape

    def begin(self, group: ParamGroup, p: Tensor) -> State:
        """The state of p before its first step."""
        if p.ndim <= 1:
            return {"step": scalar(0.0, p), "variance": zeros_like(p)}
        means = {name: p.new_zeros(self.shape_of(p, name)) for name in ("row_var", "col_var")}
        return {"step": scalar(0.0, p), **means}

    def update(self, group: ParamGroup, p: Tensor, g: Tensor, state: State) -> None:
        """The formula above, for one parameter."""
        smallest, smallest_rms = _pair(group["eps"])
        if smallest is None:
            smallest = finfo(p.dtype).eps
        t, lr = counted(state), group["lr"]
        rho = min(lr, 1 / t**0.5)
        size = max(smallest_rms, _rms(p)) * rho
        if group["weight_decay"] != 0:
            p.mul_(1 - lr * group["weight_decay"])
        fresh = t ** group["beta2_decay"]
        if p.ndim > 1:
            rows = state["row_var"].lerp_(_mean_square(g, -1), fresh)
            columns = state["col_var"].lerp_(_mean_square(g, -2), fresh)
            v = (rows @ columns) / rows.mean(dim=-2, keepdim=True).clamp(min=smallest)
        else:
            v = state["variance"].lerp_(g * g, fresh)
        change = v.clamp(min=smallest * smallest).rsqrt() * g
        p.add_(change, alpha=-size / max(1.0, _rms(change) / group["d"]))


def _rms(x: Tensor) -> float:
    """The root of the mean of the squares."""
    return x.norm(2).item() / math.sqrt(x.numel())


def _mean_square(x: Tensor, dim: int) -> Tensor:
    return x.norm(2, dim, keepdim=True).square() / x.shape[dim]


def _pair(eps: float | tuple[float | None, float]) -> tuple[float | None, float]:
    if not isinstance(eps, tuple):
        raise TypeError(f"Adafactor: eps must be a pair, but is {eps}")
    return eps
