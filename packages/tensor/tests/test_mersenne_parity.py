"""Generator and distributions against live PyTorch: the numbers, and the state they leave behind.

One of our generators goes along with PyTorch's default one through all calls of a test, so each
call starts where the ones before it left off.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from minitorch_tensor import choices, normals, sampling
from minitorch_tensor.mersenne import Generator

torch = pytest.importorskip("torch")
data = pytest.importorskip("torch.utils.data")
pytestmark = [
    pytest.mark.parity,
    pytest.mark.skipif(
        torch.backends.cpu.get_cpu_capability() == "DEFAULT",
        reason="without AVX2, PyTorch's kernels fuse no multiply-adds and give other last bits",
    ),
]

SEEDS = [0, 1, 1234, -5, 2**64 - 3, 2**40 + 17]
SIZES = [0, 1, 7, 15, 16, 17, 1000, 100_003]
FLOATS: list[type[np.floating]] = [np.float16, np.float32, np.float64]
INTEGERS: list[type[np.generic]] = [np.int8, np.int16, np.int32, np.int64, np.uint8]
BITS = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}

Ours = Callable[[Generator, int, np.dtype[np.generic]], NDArray[np.generic]]


class TorchTensor(Protocol):
    """What is needed of a tensor."""

    def numpy(self) -> NDArray[np.generic]:
        """Its numbers."""


class TorchGenerator(Protocol):
    """What is needed of a generator."""

    def get_state(self) -> TorchTensor:
        """Its 5056 bytes."""


def of_torch(dtype: type[np.generic]) -> object:
    """PyTorch's dtype of the same name."""
    return getattr(torch, np.dtype(dtype).name)


def theirs(tensor: TorchTensor) -> NDArray[np.generic]:
    """A tensor's numbers."""
    return np.ascontiguousarray(tensor.numpy())


def same_state(generator: Generator, other: TorchGenerator | None = None) -> bool:
    """Whether our generator stands where PyTorch's does, its default one if none is given."""
    state = torch.get_rng_state() if other is None else other.get_state()
    return bool((generator.save() == state.numpy()).all())


def distance(a: NDArray[np.generic], b: NDArray[np.generic]) -> int:
    """How many floating numbers lie between two, at most, over all elements."""
    if a.size == 0 or bool((a == b).all()):
        return 0
    kind = BITS[a.itemsize]
    return int(np.abs(a.view(kind).astype(np.float64) - b.view(kind).astype(np.float64)).max())


@pytest.fixture(params=SEEDS)
def generator(request: pytest.FixtureRequest) -> Iterator[Generator]:
    """A generator in step with PyTorch's default one."""
    before = torch.get_rng_state()
    torch.manual_seed(request.param)
    yield Generator().manual_seed(request.param)
    torch.set_rng_state(before)


# Ours, the method of a tensor, and its arguments.
Pair = tuple[Ours, str, tuple[float | None, ...]]

# Exact: what is made by multiplication, addition and comparison.
THIRD = 3**-0.5
EXACT_FLOATS: dict[str, Pair] = {
    "rand": (sampling.uniform, "uniform_", ()),
    "range": (lambda g, n, d: sampling.uniform(g, n, d, -0.3, 0.7), "uniform_", (-0.3, 0.7)),
    "init": (lambda g, n, d: sampling.uniform(g, n, d, -THIRD, THIRD), "uniform_", (-THIRD, THIRD)),
}
EXACT: dict[str, Pair] = {
    "bernoulli": (lambda g, n, d: sampling.bernoulli(g, n, d, 0.3), "bernoulli_", (0.3,)),
    "randint": (lambda g, n, d: choices.randint(g, n, d, 3, 97), "random_", (3, 97)),
    "random": (choices.random_, "random_", ()),
    "random from": (lambda g, n, d: choices.random_(g, n, d, 7), "random_", (7, None)),
    "geometric": (lambda g, n, d: sampling.geometric(g, n, d, 0.03), "geometric_", (0.03,)),
}
# The C library's log, sin, cos, tan and exp in float64 are NumPy's on most machines.
CLOSE: dict[str, Pair] = {
    "randn": (normals.normal, "normal_", ()),
    "normal": (lambda g, n, d: normals.normal(g, n, d, 1.3, 0.02), "normal_", (1.3, 0.02)),
    "log_normal": (normals.log_normal, "log_normal_", ()),
    "exponential": (lambda g, n, d: sampling.exponential(g, n, d, 2.5), "exponential_", (2.5,)),
    "cauchy": (lambda g, n, d: sampling.cauchy(g, n, d, 2.5, 0.1), "cauchy_", (2.5, 0.1)),
}


def compare(
    pair: Pair, generator: Generator, dtypes: Iterable[type[np.generic]], ulps: int
) -> None:
    """Check numbers and state of one distribution for all sizes and these dtypes."""
    ours, method, arguments = pair
    for n, dtype in itertools.product(SIZES, dtypes):
        expected = getattr(torch.empty(n, dtype=of_torch(dtype)), method)(*arguments)
        got = ours(generator, n, np.dtype(dtype))
        assert got.dtype == np.dtype(dtype)
        assert distance(got, theirs(expected)) <= ulps, (n, dtype)
        assert generator.save()[:5024].tolist() == torch.get_rng_state()[:5024].tolist()


@pytest.mark.parametrize("name", EXACT_FLOATS)
def test_uniform_numbers_equal_pytorchs(name: str, generator: Generator) -> None:
    compare(EXACT_FLOATS[name], generator, FLOATS, ulps=0)


@pytest.mark.parametrize("name", EXACT)
def test_uniform_based_numbers_equal_pytorchs(name: str, generator: Generator) -> None:
    compare(EXACT[name], generator, [*FLOATS, *INTEGERS], ulps=0)


@pytest.mark.parametrize("name", CLOSE)
def test_normals_and_their_like_are_within_2_ulps_of_pytorchs(
    name: str, generator: Generator
) -> None:
    compare(CLOSE[name], generator, FLOATS, ulps=2)


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.3, 2.7), (-5.0, 0.01)])
def test_float32_normals_equal_pytorchs_bit_for_bit(
    mean: float, std: float, generator: Generator
) -> None:
    for n in (16, 17, 1000, 100_003):
        expected = torch.empty(n).normal_(mean, std)
        assert (normals.normal(generator, n, np.float32, mean, std) == theirs(expected)).all()
    assert same_state(generator)


def test_strided_tensor_takes_its_normals_one_by_one(generator: Generator) -> None:
    for n, dtype in itertools.product([2, 15, 16, 17, 999], FLOATS):
        expected = torch.empty(n, 2, dtype=of_torch(dtype))[:, 0].normal_(1.3, 0.02)
        got = normals.normal(generator, n, dtype, 1.3, 0.02, contiguous=False)
        assert distance(got, theirs(expected)) <= 2


def test_small_and_large_calls_mix(generator: Generator) -> None:
    """The normal kept by a small call survives whatever comes before the next small one."""
    sizes = [5, 3, 20, 1, 1, 16, 2, 33, 7]
    for n in sizes:
        assert distance(normals.normal(generator, n, np.float32), theirs(torch.randn(n))) <= 2
        assert (sampling.uniform(generator, n, np.float32) == theirs(torch.rand(n))).all()
        assert (choices.randperm(generator, n, np.int64) == theirs(torch.randperm(n))).all()
    assert (generator.next_double_normal_sample is None) == (
        sum(n for n in sizes if n < 16) % 2 == 0
    )
    assert generator.save()[:5024].tolist() == torch.get_rng_state()[:5024].tolist()


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (-5, 2**28 - 6), (-5, 2**28 - 5), (0, 2**32), (-(2**40), 2**41), (-(2**63), 2**63 - 1),
        (2**63 - 2, 2**63 - 1),
    ],
)  # fmt: skip
def test_wide_ranges_take_64_bit_draws(low: int, high: int, generator: Generator) -> None:
    for n in (1, 1000):
        expected = torch.randint(low, high, (n,))
        assert (choices.randint(generator, n, np.int64, low, high) == theirs(expected)).all()
    full = torch.empty(100, dtype=torch.int64).random_(-(2**63), None)
    assert (choices.random_(generator, 100, np.int64, -(2**63)) == theirs(full)).all()
    assert same_state(generator)


@pytest.mark.filterwarnings("ignore:.*out of bounds:UserWarning")
@pytest.mark.parametrize(
    ("dtype", "digits"), [(np.float16, 11), (np.float32, 24), (np.float64, 53)]
)
@given(st.data())
def test_integers_in_a_floating_dtype_stay_in_their_range(
    dtype: type[np.floating], digits: int, given_data: st.DataObject
) -> None:
    largest = 2 ** (digits + 4)
    low = given_data.draw(st.integers(-largest, largest))
    high = low + given_data.draw(st.integers(1, largest) | st.integers(1, 40))
    empty = torch.empty(20, dtype=of_torch(dtype))
    torch.manual_seed(3)
    try:
        expected = empty.random_(low, high)
    except RuntimeError:
        with pytest.raises(RuntimeError, match="random_"):
            choices.randint(Generator().manual_seed(3), 20, dtype, low, high)
    else:
        got = choices.randint(Generator().manual_seed(3), 20, dtype, low, high)
        assert (got == theirs(expected)).all()


def test_bernoulli_of_probabilities_equals_pytorchs(generator: Generator) -> None:
    for n, dtype in itertools.product(SIZES, FLOATS):
        p = torch.rand(n, dtype=of_torch(dtype))
        same_p = sampling.uniform(generator, n, dtype)
        got = sampling.bernoulli(generator, n, np.dtype(dtype), same_p)
        assert (got == theirs(torch.bernoulli(p))).all()
    assert same_state(generator)


def test_dropout_keeps_where_bernoulli_of_the_rest_is_one(generator: Generator) -> None:
    dropped = torch.nn.functional.dropout(torch.ones(1000), 0.3)
    assert (sampling.bernoulli(generator, 1000, np.bool_, 1 - 0.3) == (theirs(dropped) != 0)).all()
    assert same_state(generator)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 1000, 60_000, 100_003])
def test_randperm_equals_pytorchs(n: int, generator: Generator) -> None:
    assert (choices.randperm(generator, n, np.int64) == theirs(torch.randperm(n))).all()
    assert same_state(generator)


def test_randperm_of_a_million_equals_pytorchs() -> None:
    n, theirs_generator = 1_000_000, torch.Generator().manual_seed(0)
    expected = torch.randperm(n, generator=theirs_generator)
    assert (choices.randperm(Generator().manual_seed(0), n, np.int64) == theirs(expected)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1,), (9,), (1000,), (3, 7)])
def test_multinomial_equals_pytorchs(
    shape: tuple[int, ...], dtype: type[np.floating], generator: Generator
) -> None:
    size = int(np.prod(shape))
    weights = torch.rand(shape, dtype=of_torch(dtype)) + 0.01
    same_weights = sampling.uniform(generator, size, dtype).reshape(shape) + dtype(0.01)
    assert (same_weights == theirs(weights)).all()
    for samples, replacement in [(1, False), (1, True), (min(5, shape[-1]), False), (7, True)]:
        expected = torch.multinomial(weights, samples, replacement)
        got = choices.multinomial(generator, same_weights, samples, replacement)
        assert (got == theirs(expected)).all()
    assert same_state(generator)


# Seeds and states


@pytest.mark.parametrize("seed", [*SEEDS, -(2**63), 2**64 - 1, 2**32])
def test_seeds_and_fresh_states_are_pytorchs(seed: int) -> None:
    other = torch.Generator().manual_seed(seed)
    ours = Generator().manual_seed(seed)
    assert ours.initial_seed() == other.initial_seed()
    assert same_state(ours, other)


def test_unseeded_generators_are_equal() -> None:
    assert same_state(Generator(), torch.Generator())


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, 1.5, "1", True, None])
def test_bad_seeds_raise_pytorchs_error_types(seed: int) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011
        torch.Generator().manual_seed(seed)
    with pytest.raises(raised.type):
        Generator().manual_seed(seed)


@pytest.mark.parametrize("drawn", [0, 1, 15, 623, 624, 625])
def test_states_are_interchangeable(drawn: int) -> None:
    other = torch.Generator().manual_seed(4)
    torch.randint(0, 9, (drawn,), generator=other)
    torch.randn(3, generator=other)
    ours = Generator().restore(other.get_state().numpy())
    assert distance(
        normals.normal(ours, 4, np.float32), theirs(torch.randn(4, generator=other))
    ) <= 1  # fmt: skip
    ours.random32(drawn)
    other.set_state(torch.from_numpy(ours.save()))
    expected = torch.rand(700, generator=other)
    assert (sampling.uniform(ours, 700, np.float32) == theirs(expected)).all()


def test_state_that_pytorch_refuses_is_refused() -> None:
    with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
        torch.Generator().set_state(torch.zeros(5056, dtype=torch.uint8))
    with pytest.raises(RuntimeError, match="invalid mt19937 state"):
        Generator().restore(np.zeros(5056, np.uint8))


# DataLoader: the recipe in the docstring of `choices`


def epoch(loader: Iterable[Iterable[Iterable[int]]]) -> list[int]:
    """The items of an epoch, in order."""
    return [int(item) for (batch,) in loader for item in batch]


@pytest.mark.parametrize("drop_last", [False, True])
def test_shuffled_epochs_take_two_seeds_from_the_default_generator(
    drop_last: bool, generator: Generator
) -> None:
    items = data.TensorDataset(torch.arange(23))
    loader = data.DataLoader(items, batch_size=4, shuffle=True, drop_last=drop_last)
    for _ in range(3):
        choices.draw_seed(generator)
        seed = choices.draw_seed(generator)
        order = choices.randperm(Generator().manual_seed(seed), 23, np.int64).tolist()
        assert epoch(loader) == order[: 20 if drop_last else 23]
        assert same_state(generator)


def test_unshuffled_epoch_takes_one_seed(generator: Generator) -> None:
    epoch(data.DataLoader(data.TensorDataset(torch.arange(5))))
    choices.draw_seed(generator)
    assert same_state(generator)


def test_base_seed_is_drawn_by_iter_and_the_order_by_the_first_batch(generator: Generator) -> None:
    loader = data.DataLoader(data.TensorDataset(torch.arange(5)), shuffle=True)
    assert same_state(generator)
    batches = iter(loader)
    choices.draw_seed(generator)
    assert same_state(generator)
    next(batches)
    choices.draw_seed(generator)
    assert same_state(generator)


@pytest.mark.parametrize("drop_last", [False, True])
def test_epochs_of_a_given_generator_take_two_permutations(drop_last: bool) -> None:
    other, ours = torch.Generator().manual_seed(9), Generator().manual_seed(9)
    default = torch.get_rng_state()
    items = data.TensorDataset(torch.arange(23))
    loader = data.DataLoader(
        items, batch_size=4, shuffle=True, drop_last=drop_last, generator=other
    )
    for _ in range(2):
        choices.draw_seed(ours)
        order = choices.randperm(ours, 23, np.int64).tolist()
        assert epoch(loader) == order[: 20 if drop_last else 23]
        choices.randperm(ours, 23, np.int64)
        assert same_state(ours, other)
    next(iter(loader))
    choices.draw_seed(ours)
    choices.randperm(ours, 23, np.int64)
    assert same_state(ours, other), "an epoch that is broken off takes one permutation"
    assert (torch.get_rng_state() == default).all()


def test_random_split_is_a_permutation_cut(generator: Generator) -> None:
    parts = [list(part.indices) for part in data.random_split(range(10), [7, 3])]
    order = choices.randperm(generator, 10, np.int64).tolist()
    assert parts == [order[:7], order[7:]]
    assert same_state(generator)


def test_sampler_with_replacement_draws_32_at_a_time(generator: Generator) -> None:
    drawn = list(data.RandomSampler(range(50), replacement=True, num_samples=70))
    inner = Generator().manual_seed(choices.draw_seed(generator))
    parts = [choices.randint(inner, n, np.int64, 0, 50) for n in (32, 32, 6)]
    assert drawn == np.concatenate(parts).tolist()
    assert same_state(generator)
