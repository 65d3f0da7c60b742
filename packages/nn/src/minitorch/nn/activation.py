"""Nonlinearities as layers; each is the function of the same name in `nn.functional`."""

from __future__ import annotations

from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F


class Inplace(Module):
    """An activation whose only setting is whether it overwrites its input."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Whether it overwrites its input."""
        return "inplace=True" if self.inplace else ""


class ReLU(Inplace):
    """max(x, 0).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html

    >>> ReLU()(Tensor([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        """max(x, 0)."""
        return F.relu(input, self.inplace)


class LeakyReLU(Module):
    """x where x > 0, else negative_slope * x.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html

    >>> LeakyReLU(0.5)(Tensor([-1.0, 2.0])).tolist()
    [-0.5, 2.0]
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The value x where x > 0, else negative_slope * x."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        """The slope."""
        inplace = ", inplace=True" if self.inplace else ""
        return f"negative_slope={self.negative_slope}{inplace}"


class Scaled(Module):
    """What `ELU` and `CELU` share: the scale."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def extra_repr(self) -> str:
        """The scale."""
        inplace = ", inplace=True" if self.inplace else ""
        return f"alpha={self.alpha}{inplace}"


class ELU(Scaled):
    """x where x > 0, else alpha * (exp(x) - 1).

    Source: Clevert et al. 2016, https://arxiv.org/abs/1511.07289
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """The value x where x > 0, else alpha * (exp(x) - 1)."""
        return F.elu(input, self.alpha, self.inplace)


class CELU(Scaled):
    """x where x > 0, else alpha * (exp(x / alpha) - 1): an ELU whose slope has no jump.

    Source: Barron 2017, https://arxiv.org/abs/1704.07483
    https://docs.pytorch.org/docs/stable/generated/torch.nn.CELU.html

    >>> CELU()(Tensor([0.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        """The value x where x > 0, else alpha * (exp(x / alpha) - 1)."""
        return F.celu(input, self.alpha, self.inplace)


class GELU(Module):
    """x * Phi(x), with the distribution function Phi of the normal distribution, or nearly so.

    Source: Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html

    Args:
        approximate: "none", or "tanh" for Phi(x) = (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """The product x * Phi(x)."""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        """Which formula."""
        return f"approximate={self.approximate!r}"


class SiLU(Inplace):
    """x * sigmoid(x).

    Source: Elfwing et al. 2018, https://arxiv.org/abs/1702.03118
    https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """The product x * sigmoid(x)."""
        return F.silu(input, self.inplace)


class Sigmoid(Module):
    """1 / (1 + exp(-x)).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html

    >>> Sigmoid()(Tensor([0.0])).tolist()
    [0.5]
    """

    def forward(self, input: Tensor) -> Tensor:
        """1 / (1 + exp(-x))."""
        return F.sigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html

    >>> Tanh()(Tensor([0.0])).tolist()
    [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        """tanh(x)."""
        return F.tanh(input)


class Softplus(Module):
    """log(1 + exp(beta * x)) / beta; x itself where beta * x > threshold.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """log(1 + exp(beta * x)) / beta."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """The scale, and from where on it is linear."""
        return f"beta={self.beta}, threshold={self.threshold}"
