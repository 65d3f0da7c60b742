"""New tensors of random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minitorch_tensor import choices, conversion, distributions, random, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.core import Tensor, fresh
from minitorch_tensor.creation import Place, Size, empty_like, finish, floating, number
from minitorch_tensor.data import on
from minitorch_tensor.dtype import DType
from minitorch_tensor.generator import Generator
from minitorch_tensor.half import host_dtype
from minitorch_tensor.layout import Layout, Shape
from minitorch_tensor.op import Op
from minitorch_tensor.options import LayoutKind, MemoryFormat, require_plain


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
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """Numbers spread evenly over [0, 1).

    https://docs.pytorch.org/docs/stable/generated/torch.rand.html

    >>> _ = random.manual_seed(0)
    >>> rand(3)
    Tensor([0.4963, 0.7682, 0.0885], requires_grad=False)
    """
    require_plain("rand", layout, pin_memory)
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
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """Numbers from the normal distribution with mean 0 and standard deviation 1.

    https://docs.pytorch.org/docs/stable/generated/torch.randn.html
    """
    require_plain("randn", layout, pin_memory)
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
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
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
    require_plain("randint", layout, pin_memory)
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
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """0, 1, ..., n - 1 in random order.

    https://docs.pytorch.org/docs/stable/generated/torch.randperm.html

    Raises:
        RuntimeError: if n is negative.
    """
    require_plain("randperm", layout, pin_memory)
    dtypes.require(dtype)
    kind = dtypes.int64 if dtype is None else dtype
    choices.check_permutation(n, host_dtype(kind))
    like = fresh(Layout.contiguous((0,)), kind, on(device))
    return finish(permutation(like, n, generator), requires_grad)


@Op
def permutation(like: Tensor, n: int, generator: Generator | None) -> Tensor:
    """`randperm` with the dtype and device of another tensor.

    >>> from minitorch_tensor import tensor
    >>> permutation(tensor([2.0]), 1, None)
    Tensor([0.], requires_grad=False)
    """
    order = choices.randperm(random.source_of(generator), n, host_dtype(like.dtype))
    return conversion.from_host(like, order, like.dtype)


def _like(
    input: Tensor,
    dtype: DType | None,
    device: Place,
    requires_grad: bool,
    draw: Callable[[Tensor], Tensor],
) -> Tensor:
    """New numbers beside those of `input`, in the order of its memory, as PyTorch lays them out."""
    x = empty_like(input, dtype=dtype, device=device)
    if x.layout.strides == input.layout.strides or input.layout.repeats():
        return finish(draw(x), requires_grad)
    order = random.memory_order(input)
    memory = fresh(Layout.contiguous(tuple(input.shape[i] for i in order)), x.dtype, x.device)
    inverse = sorted(range(input.ndim), key=order.__getitem__)
    return finish(draw(memory._view(memory.layout.permute(inverse))), requires_grad)


def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """Uniform numbers with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.rand_like.html
    """
    require_plain("rand_like", layout, pin_memory, memory_format)
    return _like(
        input, dtype, device, requires_grad, lambda x: random.uniform_(x, generator=generator)
    )


def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """Normal numbers with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.randn_like.html
    """
    require_plain("randn_like", layout, pin_memory, memory_format)
    return _like(
        input, dtype, device, requires_grad, lambda x: random.normal_(x, generator=generator)
    )


def randint_like(
    input: Tensor,
    low: Tensor | int | None = None,
    high: Tensor | int | None = None,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """Integers from [low, high) in the shape, dtype and device of another tensor.

    `randint_like(input, high)` starts at 0.
    https://docs.pytorch.org/docs/stable/generated/torch.randint_like.html

    Raises:
        RuntimeError: if low is not below high, or a bound does not fit the dtype.
        TypeError: if there is no high.

    >>> from minitorch_tensor import manual_seed, tensor
    >>> _ = manual_seed(0)
    >>> randint_like(tensor([0.0, 0.0, 0.0]), 10)
    Tensor([4., 9., 3.], requires_grad=False)
    """
    require_plain("randint_like", layout, pin_memory, memory_format)
    if high is None:
        low, high = 0, low
    if high is None:
        raise TypeError("randint_like: expected high, as in randint_like(x, 10)")
    first = int(number("randint_like", 0 if low is None else low))
    last = int(number("randint_like", high))
    return _like(
        input, dtype, device, requires_grad,
        lambda x: random.random_(x, first, last, generator=generator),
    )  # fmt: skip


def normal(
    mean: Tensor | float = 0.0,
    std: Tensor | float = 1.0,
    size: Size | None = None,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """Numbers from the normal distribution: of shape `size`, or one for each element of tensors.

    https://docs.pytorch.org/docs/stable/generated/torch.normal.html

    Args:
        mean: the middle of the bell, one for all or one for each.
        std: its width, likewise; at least 0.
        size: the shape, if mean and std are numbers.
        generator: where the draws come from; the default generator if omitted.
        dtype: for a size only; else that of mean, or of std if mean is a number.
        device: for a size only.
        requires_grad: for a size only.
        layout: strided, the only one.
        pin_memory: False, for there is no pinned memory.

    Raises:
        RuntimeError: if a standard deviation is negative, or the dtype is not floating.
        TypeError: if neither a size nor a tensor is given, or both.

    >>> from minitorch_tensor import tensor
    >>> normal(tensor([1.0, 2.0]), 0.0)
    Tensor([1., 2.], requires_grad=False)
    """
    require_plain("normal", layout, pin_memory)
    if size is None:
        return distributions.normal_of(mean, std, generator=generator)
    average, spread = number("normal", mean), number("normal", std)
    return _drawn(
        views.shape_of("normal", (size,)), floating(dtype), device, requires_grad,
        lambda x: random.normal_(x, average, spread, generator=generator),
    )  # fmt: skip
