"""Random numbers in tensors: PyTorch's, draw for draw, from its seed.

So they are on devices that draw from the default generator. A GPU has a generator of its own, as in
PyTorch; `manual_seed` seeds all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from minitorch_autodiff import is_grad_enabled
from minitorch_tensor import choices, conversion, draws, inplace, sampling
from minitorch_tensor.dtype import bfloat16
from minitorch_tensor.generator import Generator
from minitorch_tensor.half import host_dtype
from minitorch_tensor.op import Op

if TYPE_CHECKING:
    from minitorch_tensor.backend import Sample
    from minitorch_tensor.core import Tensor

default_generator = Generator()
"""What every function draws from that is given no generator; unlike others, it starts anywhere.

https://docs.pytorch.org/docs/stable/torch.html#torch.default_generator
"""
default_generator.seed()

Seed = Callable[[int], object]
Remember = Callable[[], Callable[[], None]]

_others: list[tuple[Seed, Remember]] = []


def register_generators(seed: Seed, remember: Remember) -> None:
    """Let a type of device have generators of its own.

    Args:
        seed: is called with each seed: that of now, and those to come.
        remember: gives a function that puts the generators back to where they are now.

    >>> seeds = []
    >>> register_generators(seeds.append, lambda: lambda: None)
    >>> seeds == [initial_seed()]
    True
    """
    _others.append((seed, remember))
    seed(default_generator.initial_seed())


def remember() -> Callable[[], None]:
    """A function that puts the default generators of all devices back to where they are now.

    >>> again = remember()
    >>> first = default_generator.random32(3)
    >>> again()
    >>> bool((default_generator.random32(3) == first).all())
    True
    """
    state = default_generator.save()
    others = [of_device() for _, of_device in _others]

    def restore() -> None:
        default_generator.restore(state)
        for other in others:
            other()

    return restore


def manual_seed(seed: int) -> Generator:
    """Start the default generator, and those of all devices, from `seed`.

    https://docs.pytorch.org/docs/stable/generated/torch.manual_seed.html
    """
    found = default_generator.manual_seed(int(seed))
    for other, _ in _others:
        other(found.initial_seed())
    return found


def seed() -> int:
    """Start all generators from a seed that nobody can foresee, and return it.

    https://docs.pytorch.org/docs/stable/generated/torch.seed.html
    """
    found = default_generator.seed()
    for other, _ in _others:
        other(found)
    return found


def initial_seed() -> int:
    """The seed that the default generator was started from.

    https://docs.pytorch.org/docs/stable/generated/torch.initial_seed.html
    """
    return default_generator.initial_seed()


def source_of(generator: Generator | None) -> Generator:
    """The generator to draw from.

    Raises:
        TypeError: if it is none.
    """
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise TypeError(f"generator: expected a Generator, but got {type(generator).__name__}")
    return generator


def memory_order(x: Tensor) -> list[int]:
    """The dimensions of x by falling stride: in this order PyTorch fills a tensor.

    So a transposed tensor gets the numbers where the plain one has them in memory.
    """
    strides = x.layout.strides
    return sorted(range(x.ndim), key=lambda dim: -strides[dim] if x.shape[dim] > 1 else 0)


def fill(x: Tensor, sample: Sample, generator: Generator | None) -> Tensor:
    """Fill x with draws, in the order of its memory.

    Raises:
        RuntimeError: if x may not be written in place.
        TypeError: if the generator is none.
    """
    source = source_of(generator)
    if is_grad_enabled() and x.requires_grad:

        def drawn(old: Tensor) -> Tensor:
            y = old._fresh(old.shape, old.dtype)
            order = memory_order(x)
            y.storage.device.backend.random(y._view(y.layout.permute(order)), sample, source)
            return y

        return inplace.write("random fill", x, drawn)
    inplace.check("random fill", x)
    out = x if x.layout.dense else x._view(x.layout.permute(memory_order(x)))
    x.storage.device.backend.random(out, sample, source)
    x.storage.version += 1
    return x


def uniform_(
    x: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Numbers spread evenly over [from_, to).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html
    """
    return fill(x, draws.Uniform(host_dtype(x.dtype), from_, to), generator)


def normal_(
    x: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Numbers from the normal distribution.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.normal_.html
    """
    dtype = host_dtype(x.dtype)
    sample = draws.Normal(dtype, mean, std, contiguous=x.is_contiguous(), half=x.dtype.half)
    return fill(x, sample, generator)


def bernoulli_(x: Tensor, p: Tensor | float = 0.5, *, generator: Generator | None = None) -> Tensor:
    """1 with probability p, else 0.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.bernoulli_.html
    """
    dtype = host_dtype(x.dtype)
    if isinstance(p, (int, float)):
        return fill(x, draws.Bernoulli(dtype, float(p)), generator)
    if not p.dtype.is_floating_point:
        raise RuntimeError(
            f"bernoulli_: expected probabilities in a floating dtype, but got {p.dtype}"
        )
    return each_with_its_chance(x, p.expand(x.shape), generator)


@Op
def each_with_its_chance(x: Tensor, p: Tensor, generator: Generator | None) -> Tensor:
    """`bernoulli_` with a probability for each element.

    >>> from minitorch_tensor import tensor
    >>> each_with_its_chance(tensor([5, 5]), tensor([0.0, 1.0]), None)
    Tensor([0, 1], requires_grad=False)
    """
    dtype = host_dtype(x.dtype)
    chances = _probabilities(p.permute(memory_order(x))).reshape(-1)
    return fill(x, lambda g, n: sampling.bernoulli(g, n, dtype, chances), generator)


def _probabilities(x: Tensor) -> NDArray[np.floating]:
    """The elements as an array of the host, with their precision."""
    values = conversion.host_array(x)
    return values.astype(np.float64 if values.dtype == np.float64 else np.float32, copy=False)


def random_(
    x: Tensor,
    from_: int | None = None,
    to: int | None = None,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Integers from [from_, to); of the whole range of the dtype if no bound is given.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.random_.html
    """
    dtype = host_dtype(x.dtype)
    if from_ is None and to is not None:
        from_ = 0
    if from_ is None and x.dtype is bfloat16:
        from_, to = 0, 2**8 + 1  # up to 256 it has every integer
    if from_ is None:
        return fill(x, draws.AnyInteger(dtype), generator)
    low, high = (0, from_) if to is None else (from_, to)
    return fill(x, draws.Integers(dtype, low, high), generator)


def exponential_(x: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Numbers from the exponential distribution with rate `lambd`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html
    """
    return fill(x, draws.Exponential(host_dtype(x.dtype), lambd), generator)


def log_normal_(
    x: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
) -> Tensor:
    """Numbers whose logarithm is normal with this mean and standard deviation.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.log_normal_.html

    Raises:
        RuntimeError: if std is not above 0, or the dtype is not floating.
    """
    return fill(x, draws.LogNormal(host_dtype(x.dtype), mean, std), generator)


def geometric_(x: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """How often one tries until the first success, each time with probability p.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.geometric_.html

    Raises:
        RuntimeError: if p is outside (0, 1), or the dtype is bool.
    """
    return fill(x, draws.Geometric(host_dtype(x.dtype), p), generator)


def cauchy_(
    x: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Numbers with density sigma / pi / ((x - median)**2 + sigma**2).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cauchy_.html

    Raises:
        RuntimeError: if sigma is not above 0, or the dtype is not floating.
    """
    return fill(x, draws.Cauchy(host_dtype(x.dtype), median, sigma), generator)


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Categories drawn with probabilities proportional to the weights in `input`.

    https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html

    Args:
        input: weights, (k,) or (m, k), not negative.
        num_samples: how many to draw from each row.
        replacement: whether a category may come twice.
        generator: where the draws come from.

    Raises:
        RuntimeError: if the weights are not floating, negative, not finite or all 0, or if there
            are too few to draw from without replacement.
    """
    if not input.dtype.is_floating_point:
        raise RuntimeError(
            f"multinomial: expected weights of a floating point dtype, but got {input.dtype}; use "
            ".float()"
        )
    return categories(input, num_samples, replacement, generator)


@Op
def categories(
    input: Tensor, num_samples: int, replacement: bool, generator: Generator | None
) -> Tensor:
    """`multinomial` of weights whose dtype is right.

    >>> from minitorch_tensor import tensor
    >>> categories(tensor([0.0, 3.0]), 1, False, None)
    Tensor([1], requires_grad=False)
    """
    weights = _probabilities(input)
    by_columns = memory_order(input) == [1, 0]
    drawn = choices.multinomial(
        source_of(generator), weights, num_samples, replacement, by_columns=by_columns
    )
    return conversion.from_host(input, drawn)
