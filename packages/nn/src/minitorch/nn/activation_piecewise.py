"""More nonlinearities, of those that are put together from pieces, mostly straight lines."""

from __future__ import annotations

from minitorch.nn import init as initial
from minitorch.nn.activation import Inplace
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch_tensor import Device, DType, Tensor, empty
from minitorch_tensor import functional as F


class Hardtanh(Module):
    """x, cut off at min_val and max_val.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html

    Raises:
        AssertionError: if max_val is not greater than min_val.

    >>> Hardtanh()(Tensor([-2.0, 0.5, 3.0])).tolist()
    [-1.0, 0.5, 1.0]
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace
        if max_val <= min_val:
            raise AssertionError(f"max_val ({max_val}) must be greater than min_val ({min_val})")

    def forward(self, input: Tensor) -> Tensor:
        """min(max(x, min_val), max_val)."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        """Where it is cut off."""
        inplace = ", inplace=True" if self.inplace else ""
        return f"min_val={self.min_val}, max_val={self.max_val}{inplace}"


class ReLU6(Hardtanh):
    """min(max(x, 0), 6).

    Source: Howard et al. 2017, https://arxiv.org/abs/1704.04861
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU6.html

    >>> ReLU6()(Tensor([-1.0, 2.0, 7.0])).tolist()
    [0.0, 2.0, 6.0]
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        """Whether it overwrites its input."""
        return "inplace=True" if self.inplace else ""


class Hardsigmoid(Inplace):
    """min(max(x / 6 + 1 / 2, 0), 1): a sigmoid made of three lines.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html

    >>> Hardsigmoid()(Tensor([-4.0, 0.0, 4.0])).tolist()
    [0.0, 0.5, 1.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        """min(max(x / 6 + 1 / 2, 0), 1)."""
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self) -> str:
        """Nothing, as in PyTorch."""
        return ""


class Hardswish(Inplace):
    """x * hardsigmoid(x).

    Source: Howard et al. 2019, https://arxiv.org/abs/1905.02244
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardswish.html

    >>> Hardswish()(Tensor([3.0, 4.0])).tolist()
    [3.0, 4.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        """The product x * hardsigmoid(x)."""
        return F.hardswish(input, self.inplace)

    def extra_repr(self) -> str:
        """Nothing, as in PyTorch."""
        return ""


class Shrink(Module):
    """What `Hardshrink` and `Softshrink` share: the bound."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        """From where on it is not 0."""
        return str(self.lambd)


class Hardshrink(Shrink):
    """x where |x| > lambd, else 0.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html

    >>> Hardshrink()(Tensor([-1.0, 0.3])).tolist()
    [-1.0, 0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        """The value x where |x| > lambd, else 0."""
        return F.hardshrink(input, self.lambd)


class Softshrink(Shrink):
    """x - lambd where x > lambd, x + lambd where x < -lambd, else 0.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softshrink.html

    >>> Softshrink()(Tensor([-1.0, 0.3])).tolist()
    [-0.5, 0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        """The value x, moved towards 0 by at most lambd."""
        return F.softshrink(input, self.lambd)


class Threshold(Module):
    """x where x > threshold, else value.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Threshold.html

    >>> Threshold(0.5, 20.0)(Tensor([0.3, 1.0])).tolist()
    [20.0, 1.0]
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The value x where x > threshold, else value."""
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        """The threshold, and what replaces the rest."""
        inplace = ", inplace=True" if self.inplace else ""
        return f"threshold={self.threshold}, value={self.value}{inplace}"


class RReLU(Module):
    """x where x >= 0, else a * x, with a slope a that is drawn anew for each element in training.

    In evaluation a is (lower + upper) / 2.
    Source: Xu et al. 2015, https://arxiv.org/abs/1505.00853
    https://docs.pytorch.org/docs/stable/generated/torch.nn.RReLU.html

    >>> RReLU(0.25, 0.75).eval()(Tensor([-1.0, 2.0])).tolist()
    [-0.5, 2.0]
    """

    def __init__(
        self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False
    ) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The value x where x >= 0, else a * x."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The range of the slopes."""
        inplace = ", inplace=True" if self.inplace else ""
        return f"lower={self.lower}, upper={self.upper}{inplace}"


class PReLU(Module):
    """x where x > 0, else weight * x: the slope is learnt.

    Source: He et al. 2015, https://arxiv.org/abs/1502.01852
    https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html

    Args:
        num_parameters: 1 slope for all, or as many as the input (n, c, ...) has channels.
        init: what the slopes start with.
        device: of the weight.
        dtype: of the weight.

    >>> PReLU()(Tensor([-4.0, 2.0])).tolist()
    [-1.0, 2.0]
    """

    weight: Parameter

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, dtype=dtype, device=device))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Begin anew with the slope `init`."""
        initial.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """The value x where x > 0, else weight * x."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """How many slopes there are."""
        return f"num_parameters={self.num_parameters}"
