"""Layers that change the shape alone."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor.arguments import require_tensor


class Flatten(Module):
    """Dimensions start_dim to end_dim, both included, as one: (n, c, h, w) -> (n, c * h * w).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html

    >>> import minitorch as torch
    >>> Flatten()(torch.ones(2, 3, 4)).shape
    torch.Size([2, 12])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """The flattened input."""
        return require_tensor("flatten", "input", input).flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dimension as several: the inverse of `Flatten`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Unflatten.html

    Args:
        dim: which one.
        unflattened_size: the new sizes; one may be -1.

    >>> import minitorch as torch
    >>> Unflatten(1, (3, 4))(torch.ones(2, 12)).shape
    torch.Size([2, 3, 4])
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if isinstance(dim, bool) or not isinstance(dim, int):
            raise TypeError(f"Unflatten: dim must be an int, but got {dim!r}")
        for position, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(size).__name__} at pos {position}"
                )
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        """The unflattened input."""
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """The dimension and its sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
