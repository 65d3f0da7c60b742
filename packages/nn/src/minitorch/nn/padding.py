"""Layers that put something around their input, on the last one, two or three dimensions.

Paddings are given as `F.pad` wants them, from the last dimension on: (left, right), then top and
bottom, then front and back. One number stands for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from minitorch.nn.module import Module
from minitorch.nn.sizes import repeated
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F
from minitorch_tensor.arguments import require_tensor


class Pad(Module):
    """What these layers share: how much, on how many dimensions, and of what."""

    dimensions: ClassVar[int]
    mode: ClassVar[str]

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        self.padding = repeated(padding, 2 * self.dimensions)

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        """How much."""
        return f"{self.padding}"


class ConstantPad(Pad):
    """What pads with one number share: the number."""

    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """How much, and the number."""
        return f"padding={self.padding}, value={self.value}"


class CircularPad(Pad):
    """What circular pads share: which inputs they accept."""

    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        """The padded input.

        Raises:
            ValueError: if the input has too many or too few dimensions.
        """
        accepted = (self.dimensions + 1, self.dimensions + 2)
        if require_tensor(self._get_name(), "input", input).ndim not in accepted:
            raise ValueError(
                f"expected {accepted[0]}D or {accepted[1]}D input (got {input.ndim}D input)"
            )
        return super().forward(input)


class ConstantPad1d(ConstantPad):
    """(n, c, length) with a number around it.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html

    Args:
        padding: how much; one number, or (left, right).
        value: the number.

    >>> ConstantPad1d((1, 2), 9.0)(Tensor([[[1.0, 2.0, 3.0]]])).flatten().tolist()
    [9.0, 1.0, 2.0, 3.0, 9.0, 9.0]
    """

    dimensions = 1


class ConstantPad2d(ConstantPad):
    """(n, c, h, w) with a number around its last 2 dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html
    """

    dimensions = 2


class ConstantPad3d(ConstantPad):
    """(n, c, d, h, w) with a number around its last 3 dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html
    """

    dimensions = 3


class ZeroPad1d(ConstantPad1d):
    """(n, c, length) with zeros around it.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html

    Args:
        padding: how much; one number, or (left, right).

    >>> ZeroPad1d((1, 2))(Tensor([[[1.0, 2.0, 3.0]]])).flatten().tolist()
    [0.0, 1.0, 2.0, 3.0, 0.0, 0.0]
    """

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """How much."""
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """(n, c, h, w) with zeros around its last 2 dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html
    """

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """How much."""
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """(n, c, d, h, w) with zeros around its last 3 dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html
    """

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """How much."""
        return f"{self.padding}"


class ReflectionPad1d(Pad):
    """(n, c, length) with the input, mirrored at its first and last element around it.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html

    Args:
        padding: how much; one number, or (left, right).

    >>> ReflectionPad1d((1, 2))(Tensor([[[1.0, 2.0, 3.0]]])).flatten().tolist()
    [2.0, 1.0, 2.0, 3.0, 2.0, 1.0]
    """

    dimensions = 1
    mode = "reflect"


class ReflectionPad2d(Pad):
    """(n, c, h, w) with the input mirrored at the ends of its last 2 dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html
    """

    dimensions = 2
    mode = "reflect"


class ReflectionPad3d(Pad):
    """(n, c, d, h, w) with the input mirrored at the ends of its last 3 dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html
    """

    dimensions = 3
    mode = "reflect"


class ReplicationPad1d(Pad):
    """(n, c, length) with copies of the first and last element around it.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html

    Args:
        padding: how much; one number, or (left, right).

    >>> ReplicationPad1d((1, 2))(Tensor([[[1.0, 2.0, 3.0]]])).flatten().tolist()
    [1.0, 1.0, 2.0, 3.0, 3.0, 3.0]
    """

    dimensions = 1
    mode = "replicate"


class ReplicationPad2d(Pad):
    """(n, c, h, w) with copies of the first and last element around its last 2 dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html
    """

    dimensions = 2
    mode = "replicate"


class ReplicationPad3d(Pad):
    """(n, c, d, h, w) with copies of the first and last element around its last 3 dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html
    """

    dimensions = 3
    mode = "replicate"


class CircularPad1d(CircularPad):
    """(n, c, length) with the elements of the other end around it.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html

    Args:
        padding: how much; one number, or (left, right).

    >>> CircularPad1d((1, 2))(Tensor([[[1.0, 2.0, 3.0]]])).flatten().tolist()
    [3.0, 1.0, 2.0, 3.0, 1.0, 2.0]
    """

    dimensions = 1


class CircularPad2d(CircularPad):
    """(n, c, h, w) with the elements of the other end around its last 2 dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html
    """

    dimensions = 2


class CircularPad3d(CircularPad):
    """(n, c, d, h, w) with the elements of the other end around its last 3 dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html
    """

    dimensions = 3
