"""Random choices on the device: coins of their own, counts, categories, permutations, slopes.

A generator of the CPU has its own numbers on every device: for that the composites are called.
"""

from __future__ import annotations

from minitorch_autodiff import is_grad_enabled
from minitorch_cuda.faults import Check
from minitorch_cuda.functional.launching import (
    backend_of,
    dense,
    floating,
    fresh,
    limits_of,
    run,
    run_checked,
)
from minitorch_cuda.generators import PhiloxGenerator, defaults
from minitorch_cuda.kernels.random_plan import Source
from minitorch_cuda.kernels.sampling_plan import plan_coins, plan_events, plan_successes
from minitorch_tensor import Tensor, float32, inplace, int64, random
from minitorch_tensor.buckets import bisect
from minitorch_tensor.choices import BAD_WEIGHTS, NO_WEIGHT, check_samples
from minitorch_tensor.distributions import counts_of_rates, counts_of_successes
from minitorch_tensor.drawing import permutation
from minitorch_tensor.functional.random_activation import slopes
from minitorch_tensor.generator import Generator
from minitorch_tensor.ordering import argsort, leading, running_sum
from minitorch_tensor.pointwise import where
from minitorch_tensor.random import categories, default_generator, each_with_its_chance
from minitorch_tensor.scans import running_extreme

_KEYS = 1 << 62
"""Sorting so many different keys puts n elements in order; that two are equal is rare."""


def _of_device(generator: Generator | None, x: Tensor) -> PhiloxGenerator | None:
    """The generator to draw from, if it is a GPU's."""
    if generator is None or generator is default_generator:
        index = backend_of(x.storage.device).launcher.index
        return None if defaults.of_cpu else defaults[index]
    return generator if isinstance(generator, PhiloxGenerator) else None


def _source(generator: Generator | None, x: Tensor) -> Source | None:
    found = _of_device(generator, x)
    return None if found is None else found.next()


@each_with_its_chance.override("cuda")
def coins_on_device(x: Tensor, p: Tensor, generator: Generator | None) -> Tensor:
    """A word for each."""
    fits = x.layout.size and p.storage.device is x.storage.device
    source = _source(generator, x) if fits else None
    if source is None:
        return each_with_its_chance.composite(x, p, generator)
    inplace.check("random fill", x)
    chances = dense(p.detach())
    recorded = is_grad_enabled() and x.requires_grad
    direct = x.dtype is p.dtype and x.layout.is_contiguous() and not recorded
    y = x if direct else fresh(chances, chances.layout.shape)
    plan = plan_coins(y.layout, chances.layout, p.dtype, limits_of(y))
    message = "bernoulli_ expects all p to be in [0, 1]"
    check = Check("", chances.layout, 1, 0, message, RuntimeError)
    try:
        run_checked(plan, check, chances, y, chances, numbers=source.numbers)
    except RuntimeError:
        each_with_its_chance.composite(x, p, generator)  # names it
        raise
    if not direct:
        return x.copy_(y)
    x.storage.version += 1
    return x


@counts_of_rates.override("cuda")
def events_on_device(rates: Tensor, generator: Generator | None) -> Tensor:
    """A thread for each."""
    source = _source(generator, rates) if rates.layout.size else None
    if source is None:
        return counts_of_rates.composite(rates, generator)
    given = dense(rates)
    y = fresh(given, given.layout.shape)
    plan = plan_events(y.layout, given.layout, y.dtype, limits_of(y))
    message = "poisson: expected rates of at least 0"
    check = Check("", given.layout, 1, 0, message, RuntimeError)
    try:
        run_checked(plan, check, given, y, given, numbers=source.numbers)
    except RuntimeError:
        counts_of_rates.composite(rates, generator)  # names it
        raise
    return y


@counts_of_successes.override("cuda")
def successes_on_device(trials: Tensor, chances: Tensor, generator: Generator | None) -> Tensor:
    """A thread for each."""
    fits = trials.layout.size and chances.storage.device is trials.storage.device
    source = _source(generator, trials) if fits else None
    if source is None:
        return counts_of_successes.composite(trials, chances, generator)
    n, p = dense(trials), dense(chances)
    y = fresh(n, n.layout.shape)
    plan = plan_successes(y.layout, n.layout, p.layout, y.dtype, limits_of(y))
    run(plan, y, n, p, numbers=source.numbers)
    return y


@categories.override("cuda")
def categories_on_device(
    input: Tensor, num_samples: int, replacement: bool, generator: Generator | None
) -> Tensor:
    """A race of exponential numbers; with replacement, a search in the running sums."""
    if _of_device(generator, input) is None or not (floating(input) and input.layout.size):
        return categories.composite(input, num_samples, replacement, generator)
    check_samples(input.layout.shape, num_samples, replacement)
    weights = input.detach()
    weights = weights.to(float32) if weights.dtype.half else weights
    require = backend_of(weights.storage.device).require_zeros
    outside = (weights >= 0).logical_and(weights < float("inf")).logical_not()
    require(outside.to(int64), BAD_WEIGHTS, RuntimeError)
    require((weights > 0).any(-1).logical_not().to(int64), NO_WEIGHT, RuntimeError)
    shape, last = weights.layout.shape, weights.ndim - 1
    if replacement and num_samples > 1:
        sums = running_sum(weights.contiguous(), last)
        u = random.uniform_(fresh(weights, (*shape[:-1], num_samples)), generator=generator)
        found = bisect(sums, u * sums.narrow(last, shape[-1] - 1, 1), True)
        return _weighty(weights).gather(last, found.clamp(max=shape[-1] - 1))
    q = random.exponential_(fresh(weights, shape), generator=generator)
    race = weights / q.clamp(min=2.0**-26 if weights.dtype is float32 else 2.0**-55)  # q may be 0
    if num_samples == 1:
        return race.argmax(last, True)
    return leading(race, num_samples, last, True).indices


def _weighty(weights: Tensor) -> Tensor:
    """For each category the last one up to it that has a weight; in front the first that has.

    Sums that threads add up in trees are not quite ascending: the sum at a category of weight 0 may
    differ in its last bits from that before it, and then there are numbers that lead to it.
    """
    last = weights.ndim - 1
    there = (weights > 0).to(int64)
    return running_extreme(there, last, True).indices.maximum(there.argmax(last, True))


@permutation.override("cuda")
def permutation_on_device(like: Tensor, n: int, generator: Generator | None) -> Tensor:
    """Random keys, sorted."""
    if n == 0 or _of_device(generator, like) is None:
        return permutation.composite(like, n, generator)
    keys = random.random_(fresh(like, (n,), int64), 0, _KEYS, generator=generator)
    return argsort(keys).to(like.dtype)


@slopes.override("cuda")
def slopes_on_device(x: Tensor, lower: float, upper: float) -> Tensor:
    """Numbers for all elements; only those that are not positive get theirs."""
    if defaults.of_cpu:
        return slopes.composite(x, lower, upper)
    drawn = random.uniform_(fresh(x, x.layout.shape), lower, upper)
    return where(x <= 0, drawn, drawn._constant(1.0, drawn.dtype))
