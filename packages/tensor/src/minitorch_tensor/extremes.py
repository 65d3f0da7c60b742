"""The smallest and the largest element at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from minitorch_tensor.reductions import amax, amin

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class MinMax(NamedTuple):
    """The smallest and the largest elements."""

    min: Tensor
    max: Tensor

    def __repr__(self) -> str:
        """On lines of their own, so that the rows of each lie below one another."""
        return f"MinMax(\nmin={self.min!r},\nmax={self.max!r})"


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """The smallest and the largest element, of all or along `dim`; nan if there is one.

    Equal extremes share the gradient.
    https://docs.pytorch.org/docs/stable/generated/torch.aminmax.html

    Raises:
        IndexError: if the reduced dimension is empty.
        RuntimeError: if there is no element at all, and no `dim`.

    >>> from minitorch_tensor import tensor
    >>> aminmax(tensor([2, 1, 3]))
    MinMax(
    min=Tensor(1, requires_grad=False),
    max=Tensor(3, requires_grad=False))
    """
    if dim is None and input.numel() == 0:
        raise RuntimeError(
            f"aminmax: no elements to choose from: the shape is {input.shape}; give a dim that "
            "is not empty"
        )
    return MinMax(amin(input, dim, keepdim), amax(input, dim, keepdim))
