"""New tensors of random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minitorch_tensor import choices, random, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.core import Tensor, fresh, make
from minitorch_tensor.creation import Place, Size, empty_like, finish, floating, number
from minitorch_tensor.data import on
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout, Shape, broadcast
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.storage import Storage


def _drawn(
    shape: Shape,
    dtype: DType,
    device: Place,
    requires_grad: bool,
    draw: Callable[[Tensor], Tensor],
) -> Tensor:
    dtypes.require(dtype)
    x = fresh(Layout.contiguous(shape), dtype, on(device))
    return finish(draw(x), requires_grad)


def rand(
    *sizes: Size,
    size: Size | None = None,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers spread evenly over [0, 1).

    https://docs.pytorch.org/docs/stable/generated/torch.rand.html

    >>> _ = random.manual_seed(0)
    >>> rand(3)
    Tensor([0.4963, 0.7682, 0.0885], requires_grad=False)
    """
    return _drawn(
        views.shape_of("rand", sizes, size), floating(dtype), device, requires_grad,
        lambda x: random.uniform_(x, generator=generator),
    )  # fmt: skip


def randn(
    *sizes: Size,
    size: Size | None = None,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from the normal distribution with mean 0 and standard deviation 1.

    https://docs.pytorch.org/docs/stable/generated/torch.randn.html
    """
    return _drawn(
        views.shape_of("randn", sizes, size), floating(dtype), device, requires_grad,
        lambda x: random.normal_(x, generator=generator),
    )  # fmt: skip


def randint(
    low: int | None = None,
    high: int | Sequence[int] | None = None,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers from [low, high), of shape `size`; `randint(high, size)` starts at 0.

    https://docs.pytorch.org/docs/stable/generated/torch.randint.html

    Raises:
        RuntimeError: if low is not below high, or a size is negative.
        TypeError: if there is no high, or no size.

    >>> _ = random.manual_seed(0)
    >>> randint(10, (3,))
    Tensor([4, 9, 3], requires_grad=False)
    """
    if high is not None and not isinstance(high, int):  # randint(high, size)
        if size is not None:
            raise TypeError(f"randint: got two sizes, {high!r} and {size!r}")
        high, size = None, high
    if high is None:
        low, high = 0, low
    elif low is None:
        low = 0
    if low is None or high is None or size is None:
        raise TypeError("randint: expected high and a size, as in randint(0, 10, (3,))")
    first, last, shape = low, high, tuple(size)
    return _drawn(
        views.shape_of("randint", (shape,)), dtype or dtypes.int64, device, requires_grad,
        lambda x: random.random_(x, first, last, generator=generator),
    )  # fmt: skip


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """0, 1, ..., n - 1 in random order.

    https://docs.pytorch.org/docs/stable/generated/torch.randperm.html

    Raises:
        RuntimeError: if n is negative.
    """
    dtypes.require(dtype)
    kind = dtypes.int64 if dtype is None else dtype
    source = random.source_of(generator)
    order = choices.randperm(source, n, kind.numpy)
    place = on(device)
    storage = Storage(place.backend.upload(np.ascontiguousarray(order)), place)
    return finish(make(storage, Layout.contiguous((n,)), kind), requires_grad)


def rand_like(
    input: Tensor, *, dtype: DType | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """Uniform numbers with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.rand_like.html
    """
    x = empty_like(input, dtype=dtype, device=device)
    return finish(random.uniform_(x), requires_grad)


def randn_like(
    input: Tensor, *, dtype: DType | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """Normal numbers with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.randn_like.html
    """
    x = empty_like(input, dtype=dtype, device=device)
    return finish(random.normal_(x), requires_grad)


def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None
) -> Tensor:
    """1 with the probability that each element of `input` gives, or that `p` does, else 0.

    https://docs.pytorch.org/docs/stable/generated/torch.bernoulli.html

    Raises:
        RuntimeError: if a probability is not in [0, 1], or `input` gives them but is not floating.
    """
    if p is not None:
        return random.bernoulli_(empty_like(input), p, generator=generator)
    if not require_tensor("bernoulli", "input", input).dtype.is_floating_point:
        raise RuntimeError(
            f"bernoulli: expected probabilities in a floating dtype, but got {input.dtype}"
        )
    return random.bernoulli_(empty_like(input), input, generator=generator)


def normal(
    mean: Tensor | float,
    std: Tensor | float,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from the normal distribution: of shape `size`, or one for each element of tensors.

    https://docs.pytorch.org/docs/stable/generated/torch.normal.html

    Raises:
        RuntimeError: if a standard deviation is negative.
        TypeError: if neither a size nor a tensor is given, or both.
    """
    tensors = [x for x in (mean, std) if isinstance(x, Tensor)]
    if tensors and size is None:
        return _normal_like(tensors, mean, std, generator)
    if isinstance(mean, Tensor) or isinstance(std, Tensor) or size is None:
        raise TypeError("normal: expected tensors, or two numbers and a size")
    average, spread = number("normal", mean), number("normal", std)
    return _drawn(
        views.shape_of("normal", (size,)), floating(dtype), device, requires_grad,
        lambda x: random.normal_(x, average, spread, generator=generator),
    )  # fmt: skip


def _normal_like(
    tensors: Sequence[Tensor], mean: Tensor | float, std: Tensor | float,
    generator: Generator | None,
) -> Tensor:  # fmt: skip
    shape: Shape = ()
    for x in tensors:
        shape = broadcast(shape, x.shape)
    if isinstance(std, Tensor) and std.numel() and bool((std.detach() < 0).any()):
        raise RuntimeError("normal: expects all elements of std >= 0.0")
    drawn = random.normal_(
        fresh(Layout.contiguous(shape), tensors[0].dtype, tensors[0].device), generator=generator
    )
    return drawn * std + mean
