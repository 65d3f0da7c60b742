"""For one seed, minitorch and PyTorch give the same random numbers, and are left in one state.

Made of uniform draws alone: equal bit for bit. Through a logarithm, a cosine or a tangent: within
2 units in the last place, because NumPy's functions differ from PyTorch's by one now and then.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.parity

Tensor = Any  # of either library
DType = Any
Draw = Callable[[ModuleType, int, DType], Tensor]

SEEDS = [0, 1, 1234]
SIZES = [1, 7, 15, 16, 17, 1000, 100_003]


def zeros(lib: ModuleType, n: int, dtype: DType) -> Tensor:
    return lib.zeros(n, dtype=dtype)


def weights(lib: ModuleType, n: int, dtype: DType) -> Tensor:
    """Probabilities that are the same in both libraries: (n,), in (0, 1)."""
    return (lib.arange(n, dtype=dtype) % 7 + 0.5) / 8


UNIFORM: dict[str, Draw] = {
    "rand": lambda T, n, d: T.rand(n, dtype=d),
    "rand_like": lambda T, n, d: T.rand_like(zeros(T, n, d)),
    "uniform_": lambda T, n, d: zeros(T, n, d).uniform_(-3, 5),
    "randint": lambda T, n, d: T.randint(-3, 10, (n,)),
    "randint of 64 bits": lambda T, n, d: T.randint(-(2**62), 2**62, (n,)),
    "randint as float": lambda T, n, d: T.randint(0, 100, (n,), dtype=d),
    "randint_like": lambda T, n, d: T.randint_like(zeros(T, n, d), 3, 50),
    "random_": lambda T, n, d: zeros(T, n, d).random_(),
    "random_ to": lambda T, n, d: zeros(T, n, d).random_(300),
    "random_ from, to": lambda T, n, d: zeros(T, n, d).random_(-5, 2**20),
    "randperm": lambda T, n, d: T.randperm(n),
    "bernoulli": lambda T, n, d: T.bernoulli(weights(T, n, d)),
    "bernoulli p": lambda T, n, d: T.bernoulli(zeros(T, n, d), 0.3),
    "bernoulli method": lambda T, n, d: zeros(T, n, d).bernoulli(0.7),
    "bernoulli_": lambda T, n, d: zeros(T, n, d).bernoulli_(0.3),
    "bernoulli_ tensor": lambda T, n, d: zeros(T, n, d).bernoulli_(weights(T, n, d)),
    "dropout": lambda T, n, d: T.nn.functional.dropout(T.ones(n, dtype=d), 0.3),
    "multinomial": lambda T, n, d: T.multinomial(weights(T, n, d), min(n, 5)),
    "multinomial, replacement": lambda T, n, d: T.multinomial(weights(T, n, d), 9, True),
    "multinomial method": lambda T, n, d: weights(T, n, d).multinomial(1),
    "geometric_": lambda T, n, d: zeros(T, n, d).geometric_(0.2),
    "poisson": lambda T, n, d: T.poisson(weights(T, min(n, 1000), d) * 30),
    "binomial": lambda T, n, d: T.binomial(
        T.full((min(n, 1000),), 50, dtype=d), weights(T, min(n, 1000), d)
    ),
    "rrelu": lambda T, n, d: T.nn.functional.rrelu(T.full((n,), -1.0, dtype=d), training=True),
}

NORMAL: dict[str, Draw] = {
    "randn": lambda T, n, d: T.randn(n, dtype=d),
    "randn twice": lambda T, n, d: T.cat([T.randn(n, dtype=d), T.randn(5, dtype=d)]),
    "randn_like": lambda T, n, d: T.randn_like(zeros(T, n, d)),
    "normal_": lambda T, n, d: zeros(T, n, d).normal_(0, 3),
    "normal": lambda T, n, d: T.normal(0.0, 0.5, (n,), dtype=d),
    "normal of mean": lambda T, n, d: T.normal(zeros(T, n, d), 2.0),
    "normal of std": lambda T, n, d: T.normal(0.0, weights(T, n, d)),
    "normal of both": lambda T, n, d: T.normal(zeros(T, n, d), weights(T, n, d)),
    "log_normal_": lambda T, n, d: zeros(T, n, d).log_normal_(0.5, 0.3),
    "exponential_": lambda T, n, d: zeros(T, n, d).exponential_(1.5),
    "cauchy_": lambda T, n, d: zeros(T, n, d).cauchy_(0, 2),
    "trunc_normal_": lambda T, n, d: T.nn.init.trunc_normal_(zeros(T, n, d)),
    "trunc_normal_ of a tail": lambda T, n, d: T.nn.init.trunc_normal_(
        zeros(T, min(n, 1000), d), 0.0, 1.0, 1.0, 2.0
    ),
    "kaiming_normal_": lambda T, n, d: T.nn.init.kaiming_normal_(zeros(T, n, d).view(1, n)),
}


def drawn(
    draw: Draw, lib: ModuleType, seed: int, n: int, dtype: str
) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """The numbers, and the state that they leave."""
    lib.manual_seed(seed)
    numbers = draw(lib, n, getattr(lib, dtype)).detach().numpy()
    return numbers, lib.get_rng_state().numpy()


def compare(draw: Draw, dtype: str, ulps: int) -> None:
    for seed in SEEDS:
        for n in SIZES:
            what = f"seed {seed}, {n} numbers"
            ours, after = drawn(draw, minitorch, seed, n, dtype)
            theirs, expected = drawn(draw, torch, seed, n, dtype)
            assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), what
            if ulps:
                distance = np.abs(ours - theirs) / np.spacing(np.abs(theirs))
                assert distance.max() <= ulps, f"{what}: {distance.max()} ulp"
            else:
                np.testing.assert_array_equal(ours, theirs, err_msg=what)
            assert same_state(after, expected), what


def same_state(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> bool:
    """Whether two states go on alike; the normal kept for the next call may differ by 2 ulp."""
    kept = slice(5024, 5032)
    a, b = (float(state[kept].view(np.float64)[0]) for state in (ours, theirs))
    alike = math.isclose(a, b, rel_tol=1e-15)
    same = ours != theirs
    same[kept] = False
    return alike and not same.any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", UNIFORM)
def test_numbers_made_of_uniform_draws_are_pytorchs_bit_for_bit(name: str, dtype: str) -> None:
    compare(UNIFORM[name], dtype, ulps=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NORMAL)
def test_numbers_made_by_functions_are_pytorchs_to_two_ulp(name: str, dtype: str) -> None:
    compare(NORMAL[name], dtype, ulps=2)


LAYOUTS = [
    "T.rand_like(T.zeros(15, 4).t())",
    "T.rand_like(T.zeros(3, 4, 5).permute(2, 0, 1))",
    "T.randint_like(T.zeros(15, 4).t(), 10)",
    "T.bernoulli(T.full((4, 1), 0.5).expand(4, 9))",
    "T.zeros(15, 4).t().geometric_(0.3)",
    "T.zeros(4, 30)[:, ::2].random_(100)",
    "T.poisson(T.arange(60.0).reshape(15, 4).t())",
    "T.binomial(T.arange(60.0).reshape(15, 4).t(), T.full((4, 15), 0.3))",
    "T.multinomial((T.rand(4, 5) + 0.1).t(), 3)",
    "T.multinomial((T.rand(4, 5) + 0.1).t(), 3, True)",
    "T.nn.functional.dropout(T.ones(15, 4).t(), 0.3)",
    "T.zeros(15, dtype=T.int8).random_()",
    "T.zeros(15, dtype=T.uint8).random_(3, 9)",
    "T.zeros(15, dtype=T.bool).random_()",
    "T.zeros(15, dtype=T.float16).uniform_()",
    "T.zeros(15, dtype=T.bfloat16).random_().float()",
    "T.zeros(15, dtype=T.int8).geometric_(0.3)",
    "T.zeros(15, dtype=T.bool).bernoulli_(0.3)",
    "T.rand(())",
    "T.zeros(0).uniform_()",
]
"""Other layouts are filled in the order of their memory; other dtypes draw in their own ways."""


@pytest.mark.parametrize("source", LAYOUTS)
def test_other_layouts_and_dtypes_are_filled_like_pytorchs(source: str) -> None:
    found = []
    for lib in (minitorch, torch):
        lib.manual_seed(5)
        numbers = eval(source, {"T": lib}).numpy()
        found.append((numbers.dtype, numbers.tolist(), lib.rand(1).item()))
    assert found[0] == found[1]


def test_randn_like_of_a_transposed_tensor_draws_one_by_one_in_the_order_of_memory() -> None:
    minitorch.manual_seed(5)
    torch.manual_seed(5)
    ours: NDArray[Any] = minitorch.randn_like(minitorch.zeros(15, 4).t()).numpy()
    np.testing.assert_array_max_ulp(ours, torch.randn_like(torch.zeros(15, 4).t()).numpy(), 2)
