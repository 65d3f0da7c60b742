"""Layers that are a matrix: y = x @ weight.T + bias."""

from __future__ import annotations

import math

from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch_tensor import Device, DType, Tensor, empty
from minitorch_tensor import functional as F


class Identity(Module):
    """Its input, whatever arguments it is made with: stands where a layer is not wanted.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """The input."""
        return input


class Linear(Module):
    """y = x @ weight.T + bias, for x (..., n) -> (..., m).

    weight (m, n) and bias (m,) start uniform on [-1/sqrt(n), 1/sqrt(n)).
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html

    Args:
        in_features: n.
        out_features: m.
        bias: whether there is one.
        device: of the parameters.
        dtype: of the parameters.

    >>> import minitorch as torch
    >>> layer = Linear(3, 5)
    >>> layer(torch.ones(2, 3)).shape
    torch.Size([2, 5])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty(out_features, in_features, dtype=dtype, device=device))
        if bias:
            self.bias = Parameter(empty(out_features, dtype=dtype, device=device))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the first values."""
        # With a = sqrt(5), the bound is 1/sqrt(n): what torch has done since its first version.
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """x @ weight.T + bias."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Bilinear(Module):
    """y_k = x1 @ weight_k @ x2 + bias_k, for x1 (..., n1) and x2 (..., n2) -> (..., m).

    weight (m, n1, n2) and bias (m,) start uniform on [-1/sqrt(n1), 1/sqrt(n1)).
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html

    Args:
        in1_features: n1.
        in2_features: n2.
        out_features: m.
        bias: whether there is one.
        device: of the parameters.
        dtype: of the parameters.

    Raises:
        ValueError: if n1 is not positive.
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got (in1_features={in1_features})")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        shape = (out_features, in1_features, in2_features)
        self.weight = Parameter(empty(shape, dtype=dtype, device=device))
        if bias:
            self.bias = Parameter(empty(out_features, dtype=dtype, device=device))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the first values."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """x1 @ weight_k @ x2 + bias_k, for each k."""
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
