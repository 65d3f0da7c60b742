"""Bad arguments are refused in words, before anything is drawn."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from minitorch_tensor.choices import multinomial, randint, random_, randperm
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.normals import log_normal, normal
from minitorch_tensor.sampling import bernoulli, cauchy, exponential, geometric, uniform


def f32(numbers: Sequence[float] | Sequence[Sequence[float]]) -> NDArray[np.float32]:
    """An array of float32."""
    return np.array(numbers, dtype=np.float32)


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (
            lambda g: uniform(g, 2, np.float32, 1.0, 0.0),
            RuntimeError,
            r"uniform_ expects to return a \[from, to\) range, but found from=1 > to=0",
        ),
        (
            lambda g: uniform(g, 2, np.float32, 0.0, 1e39),
            RuntimeError,
            r"uniform_: to is out of bounds for float32, got to=1e\+39",
        ),
        (
            lambda g: uniform(g, 2, np.float32, math.nan),
            RuntimeError,
            "uniform_: from is out of bounds for float32, got from=nan",
        ),
        (
            lambda g: uniform(g, 2, np.float32, -3e38, 3e38),
            RuntimeError,
            r"to-from <= the largest float32, 3.40282e\+38, but found to=3e\+38 and from=-3e\+38",
        ),
        (
            lambda g: uniform(g, 2, np.float64, -1e308, 1e308),
            RuntimeError,
            "uniform_ expects to-from <= the largest float64",
        ),
        (
            lambda g: normal(g, 0, np.float32, 0.0, -1.0),
            RuntimeError,
            r"normal expects std >= 0\.0, but found std -1",
        ),
        (
            lambda g: normal(g, 2, np.float32, 0.0, math.nan),
            RuntimeError,
            r"normal expects std >= 0\.0, but found std nan",
        ),
        (
            lambda g: log_normal(g, 2, np.float32, 0.0, 0.0),
            RuntimeError,
            r"log_normal_ expects std > 0\.0, but found std=0",
        ),
        (
            lambda g: bernoulli(g, 2, np.float32, 1.5),
            RuntimeError,
            r"bernoulli_ expects p to be in \[0, 1\], but got p=1\.5",
        ),
        (
            lambda g: bernoulli(g, 3, np.float32, np.array([0.5, math.nan, 0.0])),
            RuntimeError,
            r"bernoulli_ expects all p to be in \[0, 1\], but got p=nan",
        ),
        (
            lambda g: bernoulli(g, 3, np.float32, np.array([0.5, 0.5])),
            ValueError,
            "bernoulli_: 3 numbers need 3 probabilities, but got 2",
        ),
        (
            lambda g: exponential(g, 2, np.float32, 0.0),
            RuntimeError,
            r"exponential_ expects lambda > 0\.0, but found lambda=0",
        ),
        (
            lambda g: geometric(g, 2, np.int64, 1.0),
            RuntimeError,
            r"geometric_ expects p to be in \(0, 1\), but got p=1",
        ),
        (
            lambda g: geometric(g, 2, np.bool_, 0.5),
            RuntimeError,
            "geometric_: dtype must hold numbers, but got bool; use int64",
        ),
        (
            lambda g: cauchy(g, 2, np.float32, 0.0, -2.0),
            RuntimeError,
            r"cauchy_ expects sigma > 0\.0, but found sigma=-2",
        ),
        (
            lambda g: randint(g, 0, np.int64, 5, 5),
            RuntimeError,
            "random_ expects 'from' to be less than 'to', but got from=5 >= to=5",
        ),
        (
            lambda g: randint(g, 2, np.uint8, 0, 300),
            RuntimeError,
            "random_: to - 1 is out of bounds for uint8, got to - 1=299",
        ),
        (
            lambda g: randint(g, 2, np.bool_, -1, 1),
            RuntimeError,
            "random_: from is out of bounds for bool, got from=-1",
        ),
        (
            lambda g: randint(g, 2, np.float16, 0, 70000),
            RuntimeError,
            "random_: to - 1 is out of bounds for float16, got to - 1=69999",
        ),
        (
            lambda g: randint(g, 2, np.float64, 2**54 + 1, 2**54 + 2),
            RuntimeError,
            "no float64 number lies in .from, to., got from=18014398509481985, to=1801439850948198",
        ),
        (
            lambda g: randint(g, 2, np.int64, 0, 2**63),
            ValueError,
            r"bounds must fit 64 bits, from -2\*\*63 to 2\*\*63 - 1, got 9223372036854775808",
        ),
        (
            lambda g: random_(g, 2, np.float32, 2**25),
            RuntimeError,
            "expects 'from' to be below 16777216, the largest integer of float32",
        ),
        (
            lambda g: random_(g, 2, np.uint8, -1),
            RuntimeError,
            "random_: from is out of bounds for uint8, got from=-1",
        ),
        (
            lambda g: random_(g, 2, np.int64, 2**63),
            ValueError,
            r"random_: bounds must fit 64 bits",
        ),
        (lambda g: randperm(g, -1, np.int64), RuntimeError, "n must be non-negative, got -1"),
        (
            lambda g: randperm(g, 300, np.uint8),
            RuntimeError,
            "randperm: uint8 cannot hold the numbers below n=300; use int64",
        ),
        (lambda g: randperm(g, 1, np.bool_), RuntimeError, "randperm: bool cannot hold"),
        (
            lambda g: multinomial(g, f32([1, 2]), 3),
            RuntimeError,
            "cannot sample 3 of 2 categories without replacement; pass replacement=True",
        ),
        (
            lambda g: multinomial(g, f32([1, 2]), 0),
            RuntimeError,
            "multinomial cannot sample n_sample <= 0 samples, got 0",
        ),
        (
            lambda g: multinomial(g, np.ones((1, 2, 3)), 1),
            RuntimeError,
            r"weights must have 1 or 2 dimensions, but got shape \(1, 2, 3\)",
        ),
        (
            lambda g: multinomial(g, f32([1, -1]), 1),
            RuntimeError,
            "multinomial: weights contain inf, nan or a number below 0",
        ),
        (
            lambda g: multinomial(g, f32([[1, 1], [0, 0]]), 1, True),
            RuntimeError,
            "multinomial: the weights of a row sum to 0; one must be above 0",
        ),
        (
            lambda g: multinomial(g, np.ones((3, 0)), 1, True),
            RuntimeError,
            r"multinomial: no categories in weights of shape \(3, 0\)",
        ),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_drawn(
    draw: Callable[[Generator], NDArray[np.generic]], error: type[Exception], message: str
) -> None:
    generator = Generator().manual_seed(0)
    with pytest.raises(error, match=message):
        draw(generator)
    assert (generator.save() == Generator().manual_seed(0).save()).all()
