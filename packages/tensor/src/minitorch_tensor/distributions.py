"""Random numbers whose distribution tensors describe: one number for each of their elements.

A sample does not say how it would have moved with its parameters, so, as in PyTorch, the gradient
of a parameter is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from minitorch_autodiff import Variable, no_grad
from minitorch_tensor import conversion, random, rejection, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.generator import Generator
from minitorch_tensor.layout import Shape, broadcast_for
from minitorch_tensor.op import Op

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def _unmoved(title: str, y: Tensor, *parameters: Tensor | float | None) -> Tensor:
    """The fresh sample y, recorded as one that does not move with its parameters."""
    recorded = y
    for x in parameters:
        if isinstance(x, Variable) and x.requires_grad:
            part = views.linear(x, y if recorded is y else y * 0, title, _nothing_for(x.shape))
            recorded = part if recorded is y else recorded + part
    return recorded


def _nothing_for(shape: Shape) -> Callable[[Tensor], Tensor]:
    """The transpose of a map that is zero."""
    return lambda g: g._full(shape, 0, g.dtype)


def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None
) -> Tensor:
    """1 with the probability that each element of `input` gives, or that `p` does, else 0.

    https://docs.pytorch.org/docs/stable/generated/torch.bernoulli.html

    Raises:
        RuntimeError: if a probability is not in [0, 1], or `input` gives them but is not floating.

    >>> from minitorch_tensor import tensor
    >>> bernoulli(tensor([0.0, 1.0]))
    Tensor([0., 1.], requires_grad=False)
    """
    require_tensor("bernoulli", "input", input)
    if p is None and not input.dtype.is_floating_point:
        raise RuntimeError(
            f"bernoulli: expected probabilities in a floating dtype, but got {input.dtype}"
        )
    y = input._fresh(input.shape, input.dtype)
    chances = input.detach() if p is None else p
    return _unmoved("BernoulliBackward0", random.bernoulli_(y, chances, generator=generator), input)


def normal_of(
    mean: Tensor | float, std: Tensor | float, *, generator: Generator | None = None
) -> Tensor:
    """Normal numbers, one for each pair of elements of mean and std, which are broadcast together.

    Raises:
        RuntimeError: if a standard deviation is negative, or the dtype is not floating.
        TypeError: if neither is a tensor.
    """
    like = mean if isinstance(mean, Variable) else std
    if not isinstance(like, Variable):
        raise TypeError("normal: expected tensors, or two numbers and a size")
    if not isinstance(std, Variable):
        y = random.normal_(like._fresh(like.shape, like.dtype), 0.0, std, generator=generator)
        return _unmoved("NormalBackward0", y + like.detach(), like)
    if std.numel() and bool((std.detach() < 0).any()):
        raise RuntimeError("normal: expects all elements of std >= 0.0")
    shape: Shape = std.shape
    if isinstance(mean, Variable):
        shape = broadcast_for("normal", mean.shape, shape)
    drawn = random.normal_(like._fresh(shape, like.dtype), generator=generator)
    with no_grad():
        y = (drawn * std + mean).to(like.dtype)
    return _unmoved("NormalBackward0", y, mean, std)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """How often something happens that happens `input` times on average.

    https://docs.pytorch.org/docs/stable/generated/torch.poisson.html

    Raises:
        RuntimeError: if a rate is negative or nan, or the dtype is not floating.

    >>> from minitorch_tensor import tensor
    >>> poisson(tensor([0.0, 0.0]))
    Tensor([0., 0.], requires_grad=False)
    """
    if not require_tensor("poisson", "input", input).dtype.is_floating_point:
        raise RuntimeError(f"poisson: expected rates of a floating dtype, but got {input.dtype}")
    return _unmoved("PoissonBackward0", counts_of_rates(input.detach(), generator), input)


@Op
def counts_of_rates(rates: Tensor, generator: Generator | None) -> Tensor:
    """`poisson`, without a history.

    >>> from minitorch_tensor import tensor
    >>> counts_of_rates(tensor([0.0]), None)
    Tensor([0.], requires_grad=False)
    """
    numbers = conversion.host_array(rates).astype(np.float64)
    drawn = rejection.poisson(random.source_of(generator), numbers.reshape(-1))
    return conversion.from_host(rates, drawn.reshape(rates.shape), rates.dtype)


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of `count` trials succeed, each with probability `prob`; both are broadcast.

    https://docs.pytorch.org/docs/stable/generated/torch.binomial.html

    Raises:
        RuntimeError: if the dtypes differ, or the shapes do not broadcast.
        ValueError: if the dtype is not floating.

    >>> from minitorch_tensor import tensor
    >>> binomial(tensor([3.0, 4.0]), tensor(1.0))
    Tensor([3., 4.], requires_grad=False)
    """
    require_tensor("binomial", "count", count)
    if not count.dtype.is_floating_point:
        raise ValueError(f"binomial: expected count of a floating dtype, but got {count.dtype}")
    if require_tensor("binomial", "prob", prob).dtype is not count.dtype:
        raise RuntimeError(
            f"binomial: count and prob must have one dtype, but they have {count.dtype} and "
            f"{prob.dtype}"
        )
    shape = broadcast_for("binomial", count.shape, prob.shape)
    trials, chances = (views.expand_to(x.detach(), shape) for x in (count, prob))
    made = counts_of_successes(trials, chances, generator)
    return _unmoved("BinomialBackward0", made, count, prob)


@Op
def counts_of_successes(trials: Tensor, chances: Tensor, generator: Generator | None) -> Tensor:
    """`binomial` of two tensors of one shape, without a history.

    >>> from minitorch_tensor import tensor
    >>> counts_of_successes(tensor([3.0]), tensor([1.0]), None)
    Tensor([3.], requires_grad=False)
    """
    numbers = [conversion.host_array(x).astype(np.float64).reshape(-1) for x in (trials, chances)]
    single = trials.dtype is not dtypes.float64
    drawn = rejection.binomial(random.source_of(generator), *numbers, single=single)
    return conversion.from_host(trials, drawn.reshape(trials.shape), trials.dtype)
