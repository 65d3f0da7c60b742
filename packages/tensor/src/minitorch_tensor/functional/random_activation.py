"""Activations that draw random numbers; from one seed those of PyTorch on the CPU."""

from __future__ import annotations

import warnings

import numpy as np

from minitorch_tensor import creation, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.core import Tensor
from minitorch_tensor.exponentials import softmax
from minitorch_tensor.functional.activation import leaky_relu
from minitorch_tensor.functional.checks import require_floating
from minitorch_tensor.gathering import nonzero
from minitorch_tensor.half import narrowed, widened
from minitorch_tensor.layout import wrap_dim
from minitorch_tensor.op import Op
from minitorch_tensor.placing import scatter


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """x above 0, x * r below, with a random slope r for each element; their mean to evaluate.

    Xu et al. 2015, arXiv:1505.00853;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rrelu.html

    Args:
        input: of any shape, floating.
        lower: the least slope.
        upper: the largest slope.
        training: whether slopes are drawn; if not they are (lower + upper) / 2.
        inplace: write the result into the memory of the input.

    Raises:
        RuntimeError: if lower is greater than upper, or for integers.

    >>> rrelu(Tensor([-1.0, 2.0]), 0.25, 0.75)
    Tensor([-0.5000,  2.0000], requires_grad=False)
    """
    require_floating("rrelu", input)
    if lower > upper:
        raise RuntimeError(
            "rrelu: Lower bound should be less than or equal to the upper bound, but got "
            f"{lower} and {upper}"
        )
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    noise = slopes(input.detach(), lower, upper)
    return input.mul_(noise) if inplace else input * noise


@Op
def slopes(x: Tensor, lower: float, upper: float) -> Tensor:
    """What `rrelu` multiplies with to train: 1 above 0, else drawn from [lower, upper).

    >>> slopes(Tensor([2.0, -1.0]), 0.5, 0.5)
    Tensor([1.0000, 0.5000], requires_grad=False)
    """
    # Numbers are drawn for the elements that are not positive only, in double precision, between
    # bounds of the precision of the input; product and sum are rounded one after the other.
    bounds = narrowed(np.array([lower, upper]), x.dtype)
    low, high = widened(bounds, x.dtype).tolist()
    size = x.layout.size
    places = views.reshape(nonzero(views.reshape(x <= 0, (size,))), (-1,))
    drawn = creation.empty(places.shape, dtype=dtypes.float64, device=x.device).uniform_()
    drawn = drawn * (high - low) + low
    noise = scatter(x._full((size,), 1.0, x.dtype), 0, places, drawn.to(x.dtype))
    return views.reshape(noise, x.shape)


def rrelu_(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False
) -> Tensor:
    """`rrelu`, written into the memory of the input.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rrelu_.html
    """
    return rrelu(input, lower, upper, training, True)


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """softmax((x + noise) / tau): a soft sample of a class, whose gradient reaches x.

    The noise is -log(e) for e from the exponential distribution.
    Jang, Gu and Poole 2016, arXiv:1611.01144;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html

    Args:
        logits: log-probabilities, not normalised, of any shape.
        tau: the temperature; the smaller, the nearer to one class.
        hard: return exact zeros and ones, with the gradient of the soft sample.
        eps: without effect, as in PyTorch.
        dim: the dimension of the classes.

    Raises:
        RuntimeError: for integers.
        IndexError: if there is no such dimension.
    """
    require_floating("gumbel_softmax", logits)
    if eps != 1e-10:
        warnings.warn(
            "gumbel_softmax: `eps` parameter is deprecated and has no effect.",
            UserWarning,
            stacklevel=2,
        )
    i = wrap_dim(dim, logits.ndim)
    e = creation.empty(logits.shape, dtype=logits.dtype, device=logits.device).exponential_()
    soft = softmax((logits - e.log()) / tau, i)
    if not hard:
        return soft
    classes = soft.detach().max(i, keepdim=True).indices
    ones = soft._full(classes.shape, 1.0, soft.dtype)
    sample = soft._full(soft.shape, 0.0, soft.dtype).scatter_add(i, classes, ones)
    return sample - soft.detach() + soft
