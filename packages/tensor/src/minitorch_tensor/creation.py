"""New tensors: from data, filled, in sequence, random."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from minitorch_tensor import choices, conversion, random, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.conversion import Data, on
from minitorch_tensor.core import Tensor, fresh, make
from minitorch_tensor.core import full as _filled
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.layout import Layout, Shape
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.storage import Storage

Size = int | Sequence[int]
Place = str | Device | None


def _finish(x: Tensor, requires_grad: bool) -> Tensor:
    return x.requires_grad_() if requires_grad else x


def _floating(dtype: DType | None) -> DType:
    return dtypes.get_default_dtype() if dtype is None else dtype


def _shape(name: str, size: tuple[Size, ...]) -> Shape:
    shape = views.sizes_of(size)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"{name}: trying to create a tensor with a negative dimension: {shape}")
    return shape


def tensor(
    data: Data, *, dtype: DType | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """A tensor holding a copy of `data`.

    https://docs.pytorch.org/docs/stable/generated/torch.tensor.html

    Args:
        data: a number, nested sequences of numbers, an array, or a tensor.
        dtype: inferred if omitted: Python ints give int64, floats the default dtype, arrays their
        own.
        device: the default device if omitted.
        requires_grad: whether operations on it are recorded.

    Raises:
        ValueError: if nested sequences have no common shape.
        TypeError: if an element is no number.

    >>> tensor([[1, 2], [3, 4]])
    Tensor([[1, 2],
            [3, 4]], requires_grad=False)
    """
    return _finish(make(*conversion.to_storage(data, dtype, device)), requires_grad)


def as_tensor(data: Data, dtype: DType | None = None, device: Place = None) -> Tensor:
    """A tensor of `data`, sharing its memory where that is possible.

    https://docs.pytorch.org/docs/stable/generated/torch.as_tensor.html
    """
    if isinstance(data, Tensor):
        return data.to(device=device, dtype=dtype)
    if isinstance(data, np.ndarray):
        return from_numpy(data).to(device=on(device), dtype=dtype)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(ndarray: HostArray) -> Tensor:
    """A tensor on the CPU that shares the memory of an array.

    https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html

    Raises:
        TypeError: if it is no array, or its dtype has no counterpart.
        ValueError: if a stride is negative.
    """
    return make(*conversion.from_numpy(ndarray))


def empty(
    *size: Size, dtype: DType | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with any contents.

    https://docs.pytorch.org/docs/stable/generated/torch.empty.html
    """
    shape = _shape("empty", size)
    return _finish(fresh(Layout.contiguous(shape), _floating(dtype), on(device)), requires_grad)


def full(
    size: Size,
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor whose elements are all `fill_value`; its dtype is that of the value if omitted.

    https://docs.pytorch.org/docs/stable/generated/torch.full.html
    """
    kind = dtypes.of_number(fill_value) if dtype is None else dtype
    return _finish(_filled(_shape("full", (size,)), fill_value, kind, on(device)), requires_grad)


def zeros(
    *size: Size, dtype: DType | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of zeros.

    https://docs.pytorch.org/docs/stable/generated/torch.zeros.html

    >>> zeros(2, 3).shape
    (2, 3)
    """
    x = _filled(_shape("zeros", size), 0.0, _floating(dtype), on(device))
    return _finish(x, requires_grad)


def ones(
    *size: Size, dtype: DType | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of ones.

    https://docs.pytorch.org/docs/stable/generated/torch.ones.html
    """
    x = _filled(_shape("ones", size), 1.0, _floating(dtype), on(device))
    return _finish(x, requires_grad)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """Ones on the diagonal, zeros elsewhere: (n, m).

    https://docs.pytorch.org/docs/stable/generated/torch.eye.html
    """
    array = np.eye(n, n if m is None else m, dtype=_floating(dtype).numpy)
    return _finish(tensor(array, device=device), requires_grad)


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... below end: ceil((end - start) / step) numbers.

    https://docs.pytorch.org/docs/stable/generated/torch.arange.html

    Raises:
        RuntimeError: if step is zero, or leads away from end.

    >>> arange(3)
    Tensor([0, 1, 2], requires_grad=False)
    """
    first, last = (0, start) if end is None else (start, end)
    if step == 0:
        raise RuntimeError("arange: step must be nonzero")
    if (last - first) * step < 0:
        raise RuntimeError(
            f"arange: upper bound and lower bound inconsistent with step sign: from {first} to "
            f"{last} by {step}"
        )
    if dtype is None:
        whole = all(isinstance(value, int) for value in (first, last, step))
        dtype = dtypes.int64 if whole else dtypes.get_default_dtype()
    count = math.ceil((last - first) / step)
    values = np.arange(count) * step + first
    return _finish(tensor(values, dtype=dtype, device=device), requires_grad)


def linspace(
    start: float,
    end: float,
    steps: int,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` numbers from start to end, evenly spaced, both included.

    https://docs.pytorch.org/docs/stable/generated/torch.linspace.html

    Raises:
        RuntimeError: if steps is negative.
    """
    if steps < 0:
        raise RuntimeError(f"linspace: number of steps must be non-negative, but got {steps}")
    kind = _floating(dtype)
    # As in PyTorch, the upper half is counted down from the end, so that both ends are exact.
    step = kind.numpy.type((end - start) / (steps - 1)) if steps > 1 else kind.numpy.type(0)
    k = np.arange(steps).astype(kind.numpy)
    low = kind.numpy.type(start) + step * k
    high = kind.numpy.type(end) - step * (steps - 1 - k).astype(kind.numpy)
    values = np.where(np.arange(steps) < steps / 2 if steps > 1 else True, low, high)
    return _finish(tensor(values, dtype=kind, device=device), requires_grad)


def zeros_like(
    input: Tensor, *, dtype: DType | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """Zeros with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.zeros_like.html
    """
    return full_like(input, 0, dtype=dtype, device=device, requires_grad=requires_grad)


def ones_like(
    input: Tensor, *, dtype: DType | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """Ones with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.ones_like.html
    """
    return full_like(input, 1, dtype=dtype, device=device, requires_grad=requires_grad)


def full_like(
    input: Tensor,
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """One value, with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.full_like.html
    """
    place = input.device if device is None else Device(device)
    return _finish(_filled(input.shape, fill_value, dtype or input.dtype, place), requires_grad)


def empty_like(
    input: Tensor, *, dtype: DType | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """Any contents, with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.empty_like.html
    """
    place = input.device if device is None else Device(device)
    return _finish(
        fresh(Layout.contiguous(input.shape), dtype or input.dtype, place), requires_grad
    )


def _drawn(
    name: str,
    size: tuple[Size, ...],
    dtype: DType,
    device: Place,
    requires_grad: bool,
    draw: Callable[[Tensor], Tensor],
) -> Tensor:
    x = fresh(Layout.contiguous(_shape(name, size)), dtype, on(device))
    return _finish(draw(x), requires_grad)


def rand(
    *size: Size,
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
        "rand", size, _floating(dtype), device, requires_grad,
        lambda x: random.uniform_(x, generator=generator),
    )  # fmt: skip


def randn(
    *size: Size,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from the normal distribution with mean 0 and standard deviation 1.

    https://docs.pytorch.org/docs/stable/generated/torch.randn.html
    """
    return _drawn(
        "randn", size, _floating(dtype), device, requires_grad,
        lambda x: random.normal_(x, generator=generator),
    )  # fmt: skip


def randint(
    low: int,
    high: int | Sequence[int],
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
        RuntimeError: if low is not below high.
    """
    if isinstance(high, int):
        if size is None:
            raise TypeError(
                "randint: expected a size after low and high, as in randint(0, 10, (3,))"
            )
        first, last, shape = low, high, tuple(size)
    else:
        first, last, shape = 0, low, tuple(high)
    return _drawn(
        "randint", (shape,), dtype or dtypes.int64, device, requires_grad,
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
    kind = dtypes.int64 if dtype is None else dtype
    source = random.default_generator if generator is None else generator
    order = choices.randperm(source, n, kind.numpy)
    place = on(device)
    storage = Storage(place.backend.upload(np.ascontiguousarray(order)), place)
    return _finish(make(storage, Layout.contiguous((n,)), kind), requires_grad)


def rand_like(
    input: Tensor, *, dtype: DType | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """Uniform numbers with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.rand_like.html
    """
    x = empty_like(input, dtype=dtype, device=device)
    return _finish(random.uniform_(x), requires_grad)


def randn_like(
    input: Tensor, *, dtype: DType | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """Normal numbers with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.randn_like.html
    """
    x = empty_like(input, dtype=dtype, device=device)
    return _finish(random.normal_(x), requires_grad)


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that each element of `input` gives, else 0.

    https://docs.pytorch.org/docs/stable/generated/torch.bernoulli.html
    """
    return random.bernoulli_(empty_like(input), input, generator=generator)


def normal(
    mean: float, std: float, size: Sequence[int], *, generator: Generator | None = None,
    dtype: DType | None = None, device: Place = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers from the normal distribution.

    https://docs.pytorch.org/docs/stable/generated/torch.normal.html
    """
    return _drawn(
        "normal", (size,), _floating(dtype), device, requires_grad,
        lambda x: random.normal_(x, mean, std, generator=generator),
    )  # fmt: skip
