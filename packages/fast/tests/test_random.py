"""The kernels of random numbers give the bits of the NumPy code, and dropout those of PyTorch."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest

from minitorch_fast.functional.random import KernelTwister, fused_dropout
from minitorch_tensor import Tensor, from_numpy, manual_seed
from minitorch_tensor.choices import randperm
from minitorch_tensor.functional.dropout import dropout
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.normals import normal
from minitorch_tensor.sampling import bernoulli, uniform

from .fused_cases import compare, random, values

Array = npt.NDArray[np.generic]

DRAWS: dict[str, Callable[[Generator, int], Array]] = {
    "words": lambda g, n: g.random32(n),
    "rand": lambda g, n: uniform(g, n, np.float32),
    "uniform": lambda g, n: uniform(g, n, np.float32, -0.1, 0.1),
    "rand64": lambda g, n: uniform(g, n, np.float64),
    "bernoulli": lambda g, n: bernoulli(g, n, np.float32, 0.3),
    "certain": lambda g, n: bernoulli(g, n, np.bool_, 1.0),
    "normal": lambda g, n: normal(g, n, np.float32, 0.3, 1.7),
    "permutation": lambda g, n: randperm(g, n, np.int64),
}


@pytest.fixture
def numpy_only() -> Iterator[Callable[[bool], None]]:
    """Turns the kernels off and on; while they are on, they make few numbers, too."""
    before = Generator.twister

    def use(kernels: bool) -> None:
        twister = KernelTwister()
        twister.asked = dict.fromkeys(
            ("random32", "uniform32", "unit64", "below", "normal32", "swap"), 10**6
        )
        Generator.twister = twister if kernels else None

    yield use
    Generator.twister = before


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_bits_and_the_same_state(name: str, numpy_only: Callable[[bool], None]) -> None:
    results = []
    for kernels in (False, True):
        numpy_only(kernels)
        g = Generator().manual_seed(11)
        made = []
        for n in (1, 16, 33, 624, 3, 5000, 40_001, 0):
            made.append(DRAWS[name](g, n))
        results.append((made, g.save()))
    for found, expected in zip(results[1][0], results[0][0], strict=True):
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
    assert np.array_equal(results[1][1], results[0][1])


def test_both_kinds_of_draws_take_turns(numpy_only: Callable[[bool], None]) -> None:
    numpy_only(False)
    expected = Generator().manual_seed(3).random32(2000)
    g, made = Generator().manual_seed(3), []
    for turn in range(20):
        numpy_only(turn % 2 == 0)
        made.append(g.random32(100))
    assert np.array_equal(np.concatenate(made), expected)


def test_a_few_numbers_load_no_kernel() -> None:
    twister = KernelTwister()
    assert not twister.worth("below", 100)
    assert twister.worth("below", 5000)
    assert not twister.worth("normal32", 100)
    assert any(twister.worth("normal32", 100) for _ in range(20))


@pytest.mark.parametrize("shape", [(5,), (70, 3000), (0, 3), ()])
def test_dropout_is_the_composite(shape: tuple[int, ...]) -> None:
    array = np.asarray(random(*shape), np.float32)

    def run(function: Callable[..., Tensor]) -> Callable[[Tensor], Tensor]:
        def seeded(x: Tensor) -> Tensor:
            manual_seed(5)
            return function(x, 0.3)

        return seeded

    small = 0 < array.size < 100
    compare(run(fused_dropout), run(dropout.composite), [array], 1e-7, second=small)


def test_dropout_of_what_is_not_finite_and_of_zeros() -> None:
    array = np.array([math.nan, math.inf, -math.inf, -0.0, 0.0, -1.0] * 20)
    results = []
    for function in (fused_dropout, dropout.composite):
        manual_seed(2)
        results.append(values(function(from_numpy(array), 0.5)))
    assert np.array_equal(results[0], results[1], equal_nan=True)
    assert np.array_equal(np.signbit(results[0]), np.signbit(results[1]))


def test_dropout_other_ways() -> None:
    x = from_numpy(random(6, 4).astype(np.float32))
    assert fused_dropout(x, 0.5, training=False) is x
    assert values(fused_dropout(x, 1.0)).tolist() == values(x * 0.0).tolist()
    for given in (x.permute(1, 0), x):
        manual_seed(1)
        expected = values(dropout.composite(given.clone(), 0.5))
        manual_seed(1)
        assert np.array_equal(values(fused_dropout(given.clone(), 0.5, inplace=True)), expected)
    with pytest.raises(ValueError, match="probability has to be between 0 and 1"):
        fused_dropout(x, 1.5)
