"""First values with a structure: identities, orthonormal rows, columns that are mostly 0."""

from __future__ import annotations

import math

from minitorch_autodiff import no_grad
from minitorch_tensor import Generator, Tensor, diag, eye, randperm
from minitorch_tensor.linear_algebra import qr


@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix, for a tensor of shape (n, m).

    https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.eye_

    Raises:
        ValueError: if the tensor has not 2 dimensions.
    """
    if tensor.ndim != 2:
        raise ValueError(
            f"eye_: Only tensors with 2 dimensions are supported, but got shape {tensor.shape}"
        )
    return tensor.copy_(eye(*tensor.shape, dtype=tensor.dtype, device=tensor.device))


@no_grad()
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """1 in the middle of the kernel that leads from each input to the output of its number, else 0.

    So a convolution of odd kernels gives its input back, as far as there are channels.
    https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.dirac_

    Args:
        tensor: a weight (out, in, *kernel) of 3 to 5 dimensions; written.
        groups: of the convolution; each gives back its own inputs.

    Raises:
        ValueError: for another number of dimensions, or if the outputs cannot be parted.

    >>> import minitorch as torch
    >>> dirac_(torch.empty(2, 2, 3)).tolist()
    [[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError(
            "dirac_: Only tensors with 3, 4, or 5 dimensions are supported, but got shape "
            f"{tensor.shape}"
        )
    outputs, inputs, *kernel = tensor.shape
    if outputs % groups != 0:
        raise ValueError(f"dim 0 must be divisible by groups, but got {outputs} and {groups}")
    tensor.zero_()
    each = outputs // groups
    middle = tuple(size // 2 for size in kernel)
    for group in range(groups):
        for channel in range(min(each, inputs)):
            tensor[(group * each + channel, channel, *middle)] = 1.0
    return tensor


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """A matrix with orthonormal rows or columns, whichever are fewer; any such is as likely.

    All dimensions but the first are taken together. It is the Q of a matrix of normal numbers, with
    the signs that make R positive on its diagonal, times `gain`.
    Source: Saxe, McClelland and Ganguli 2013, https://arxiv.org/abs/1312.6120
    https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.orthogonal_

    Raises:
        ValueError: if the tensor has fewer than 2 dimensions.

    >>> import minitorch as torch
    >>> q = orthogonal_(torch.empty(3, 5))
    >>> torch.allclose(q @ q.T, torch.eye(3), atol=1e-6)
    True
    """
    if tensor.ndim < 2:
        raise ValueError(
            "orthogonal_: Only tensors with 2 or more dimensions are supported, but got shape "
            f"{tensor.shape}"
        )
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    with no_grad():
        drawn = tensor.new_empty(rows, tensor.numel() // rows).normal_(generator=generator)
        q, r = qr(drawn.t() if rows < drawn.shape[1] else drawn)
        q = q * diag(r).sign()
        return tensor.copy_((q.t() if rows < drawn.shape[1] else q).reshape(tensor.shape) * gain)


@no_grad()
def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """Normal numbers, of which a part of each column, chosen at random, is 0.

    The choice is drawn from the default generator, as in PyTorch, whichever one is given.
    Source: Martens 2010, https://www.cs.toronto.edu/~jmartens/docs/Deep_HessianFree.pdf
    https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.sparse_

    Args:
        tensor: a weight (out, in); written.
        sparsity: the part of each column that is 0.
        std: the standard deviation of the others.
        generator: where they come from; the default generator if omitted.

    Raises:
        ValueError: if the tensor has not 2 dimensions.
    """
    if tensor.ndim != 2:
        raise ValueError(
            f"sparse_: Only tensors with 2 dimensions are supported, but got shape {tensor.shape}"
        )
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    tensor.normal_(0.0, std, generator=generator)
    for column in range(columns):
        tensor[randperm(rows)[:zeros].to(tensor.device), column] = 0.0
    return tensor
