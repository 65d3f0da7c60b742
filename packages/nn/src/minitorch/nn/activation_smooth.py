"""More nonlinearities, of those that are smooth, or nearly so."""

from __future__ import annotations

from minitorch.nn.activation import Inplace
from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F


class SELU(Inplace):
    """A scaled ELU, whose two numbers keep the mean 0 and the variance 1 from layer to layer.

    Source: Klambauer et al. 2017, https://arxiv.org/abs/1706.02515
    https://docs.pytorch.org/docs/stable/generated/torch.nn.SELU.html

    >>> round(SELU()(Tensor([1.0])).item(), 4)
    1.0507
    """

    def forward(self, input: Tensor) -> Tensor:
        """scale * x where x > 0, else scale * alpha * (exp(x) - 1)."""
        return F.selu(input, self.inplace)


class Mish(Inplace):
    """x * tanh(softplus(x)).

    Source: Misra 2019, https://arxiv.org/abs/1908.08681
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Mish.html

    >>> Mish()(Tensor([0.0])).tolist()
    [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        """The product x * tanh(softplus(x))."""
        return F.mish(input, self.inplace)


class GLU(Module):
    """a * sigmoid(b), where a and b are the halves of the input along a dimension.

    Source: Dauphin et al. 2016, https://arxiv.org/abs/1612.08083
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html

    >>> GLU()(Tensor([2.0, 0.0])).tolist()
    [1.0]
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The first half, gated by the second."""
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        """The dimension."""
        return f"dim={self.dim}"


class LogSigmoid(Module):
    """log(1 / (1 + exp(-x))), without its rounding.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html

    >>> round(LogSigmoid()(Tensor([0.0])).item(), 4)
    -0.6931
    """

    def forward(self, input: Tensor) -> Tensor:
        """log(sigmoid(x))."""
        return F.logsigmoid(input)


class Softsign(Module):
    """x / (1 + |x|).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softsign.html

    >>> Softsign()(Tensor([1.0, -3.0])).tolist()
    [0.5, -0.75]
    """

    def forward(self, input: Tensor) -> Tensor:
        """x / (1 + |x|)."""
        return F.softsign(input)


class Tanhshrink(Module):
    """x - tanh(x).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html

    >>> Tanhshrink()(Tensor([0.0])).tolist()
    [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        """x - tanh(x)."""
        return F.tanhshrink(input)
