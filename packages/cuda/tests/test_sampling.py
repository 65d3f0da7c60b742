"""Random choices on the device: their distributions, their errors, any grid, no waiting."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

import minitorch_cuda
import minitorch_tensor as t
from minitorch_cuda import philox
from minitorch_cuda.functional import sampling
from minitorch_cuda.generators import numbers_of_the_cpu
from minitorch_cuda.kernel import Plan
from minitorch_cuda.kernels.random_plan import Source
from minitorch_cuda.kernels.sampling_plan import plan_coins, plan_events, plan_successes
from minitorch_cuda.limits import DEVICE, SIMULATOR, Limits
from minitorch_cuda.simulated import SimulatorLauncher
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import DType, bfloat16, float16, float32, float64
from minitorch_tensor.functional import rrelu
from minitorch_tensor.layout import Layout
from minitorch_tensor.ordering import running_sum

from .fused_cases import values

pytestmark = pytest.mark.usefixtures("simulator")

N = 1500
CHANCES = np.linspace(0, 1, 9).astype(np.float32)
Floats = npt.NDArray[np.float64]


def given(value: float, n: int = N, dtype: DType = float32) -> Tensor:
    return t.full((n,), value, dtype=dtype, device="cuda")


def spread(x: Tensor, mean: float, variance: float) -> None:
    """Mean and variance are as they should be, within what chance allows."""
    found = values(x)
    assert found.mean() == pytest.approx(mean, abs=4 * (variance / found.size) ** 0.5)
    assert found.var() == pytest.approx(variance, rel=0.2)


# --- coins ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [float32, float64, float16, bfloat16], ids=str)
def test_a_coin_is_1_where_its_word_is_below_its_chance(dtype: DType) -> None:
    for start in (0, 1):
        _ = t.manual_seed(1)
        p = t.tensor(np.tile(CHANCES, 5)).to("cuda").to(dtype)[start:]
        words = philox.words(1, 0, p.shape[0]).astype(np.float64)
        assert values(t.bernoulli(p)).tolist() == (words * 2.0**-32 < values(p)).tolist()


def test_coins_in_place_in_other_memory_and_dtypes() -> None:
    x = t.zeros(3, 3, dtype=t.int64, device="cuda").T
    x.bernoulli_(t.tensor(CHANCES[::4]).to("cuda").double())
    assert values(x)[:, [0, 2]].tolist() == [[0, 1]] * 3
    y = given(5.0, 4).requires_grad_() * 2
    y.bernoulli_(given(1.0, 4))
    assert y.tolist() == [1.0] * 4
    assert y.requires_grad
    with pytest.raises(RuntimeError, match=r"expects all p to be in \[0, 1\], but got p=1.5"):
        t.bernoulli(given(1.5, 5))
    with pytest.raises(RuntimeError, match="got p=nan"):
        t.bernoulli(given(float("nan"), 3))
    spread(t.bernoulli(given(0.3)), 0.3, 0.21)


# --- counts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.5, 9.5, 12.0, 300.0, 1e6])
def test_events(rate: float) -> None:
    _ = t.manual_seed(2)
    spread(t.poisson(given(rate)), rate, rate)


@pytest.mark.parametrize(
    ("n", "p"), [(10, 0.3), (200, 0.02), (40, 0.5), (1000, 0.9), (50, 0.95), (10**6, 0.4)]
)
def test_successes(n: int, p: float) -> None:
    _ = t.manual_seed(2)
    x = t.binomial(given(float(n)), given(p))
    spread(x, n * p, n * p * (1 - p))
    assert values(x).min() >= 0
    assert values(x).max() <= n


def test_each_count_is_as_likely_as_it_should_be() -> None:
    """Chi squared, over counts of which at least five are expected: 99.9 of 100 draws pass."""
    _ = t.manual_seed(4)
    k = np.arange(2, 25)
    factorials = np.cumsum(np.log(np.arange(1, 26)))
    expected = N * np.exp(k * np.log(11.0) - 11.0 - factorials[k - 1])
    found = np.bincount(values(t.poisson(given(11.0))).astype(int), minlength=25)[k]
    enough = expected >= 5
    chi = ((found - expected) ** 2 / expected)[enough].sum()
    assert chi < 42.3  # 18 degrees of freedom


def test_the_ends_of_counts() -> None:
    nan = float("nan")
    assert t.poisson(given(0.0, 3)).tolist() == [0.0] * 3
    trials = t.tensor([5.0, 5.0, 0.0, -1.0, 5.0, 5.0]).to("cuda")
    chances = t.tensor([0.0, 1.0, 0.5, 0.5, 1.5, -0.5]).to("cuda")
    assert t.binomial(trials, chances).tolist() == [0.0, 5.0, 0.0, 0.0, 5.0, 0.0]
    assert np.isnan(values(t.binomial(trials[:1], given(nan, 1)))).all()
    with pytest.raises(RuntimeError, match="poisson: expected rates of at least 0, but got -2"):
        t.poisson(given(-2.0, 3))
    with pytest.raises(RuntimeError, match="but got nan"):
        t.poisson(given(nan, 3))


@pytest.mark.parametrize("dtype", [float64, bfloat16], ids=str)
def test_counts_of_other_floats(dtype: DType) -> None:
    spread(t.poisson(given(20.0, 600, dtype)), 20.0, 20.0)
    spread(t.binomial(given(50.0, 600, dtype), given(0.5, 600, dtype)), 25.0, 12.5)


Planner = Callable[[Limits], tuple[Plan, int]]
FLAT = Layout.contiguous((70,))
PLANNERS: list[Planner] = [
    lambda limits: (plan_coins(FLAT, FLAT, float32, limits), 1),
    lambda limits: (plan_events(FLAT, FLAT, float32, limits), 1),
    lambda limits: (plan_successes(FLAT, FLAT, FLAT, float32, limits), 2),
]


@pytest.mark.parametrize("planner", PLANNERS)
def test_a_seed_gives_the_same_whatever_the_grid(planner: Planner) -> None:
    found = []
    for limits in (SIMULATOR, DEVICE, Limits(threads=32, blocks=1, serial=4, each=4)):
        launcher = SimulatorLauncher()
        plan, operands = planner(limits)
        operand = [np.full(70, 40.0, np.float32), np.full(70, 0.5, np.float32)][-operands:]
        if plan.kernel.name == "events_kernel":
            operand = [np.linspace(0, 30, 70).astype(np.float32)]
        buffers = [launcher.empty(70, float32), *(launcher.upload(x) for x in operand)]
        if operands == 1:
            buffers.append(launcher.upload(np.array([1 << 62])))
        launcher.launch(plan, buffers, Source(7, 3).numbers)
        found.append(launcher.download(buffers[0]).tolist())
    assert found[0] == found[1] == found[2]


# --- categories and permutations ------------------------------------------------------------------


@pytest.mark.parametrize("replacement", [True, False])
def test_categories_come_by_their_weights(replacement: bool) -> None:
    _ = t.manual_seed(5)
    weights = t.tensor([1.0, 0.0, 3.0, 0.0]).to("cuda")
    if replacement:
        drawn = t.multinomial(weights, N, True)
    else:
        drawn = t.multinomial(weights.expand(N // 2, 4), 2)
        assert set(map(tuple, np.sort(values(drawn)).tolist())) == {(0.0, 2.0)}
        drawn = drawn[:, 0]
    shares = np.bincount(values(drawn).astype(int), minlength=4) / drawn.shape[0]
    assert shares[[1, 3]].tolist() == [0, 0]
    assert shares[2] == pytest.approx(0.75, abs=0.06)


def test_categories_of_rows_and_of_weight_0() -> None:
    weights = t.tensor([[0.0, 0.0, 2.0], [5.0, 0.0, 0.0]]).to("cuda")
    for dtype in (float64, float16):
        assert t.multinomial(weights.to(dtype), 1).tolist() == [[2], [0]]
        assert t.multinomial(weights.to(dtype), 2, True).tolist() == [[2, 2], [0, 0]]
    assert t.multinomial(weights, 3).tolist() == [[2, 0, 1], [0, 1, 2]]


def test_a_category_of_weight_0_never_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the sum there may be larger than that of the one before, by how it was added up."""

    def rounded(x: Tensor, dim: int) -> Tensor:
        return running_sum(x, dim) + t.where(x > 0, 0.0, 0.3)

    monkeypatch.setattr(sampling, "running_sum", rounded)
    _ = t.manual_seed(2)
    row = [0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0]
    weights = t.tensor([row, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0]]).to("cuda")
    first, second = values(t.multinomial(weights, 200, True))
    assert set(first) == {2, 4}
    assert set(second) == {0, 4, 6}
    assert set(values(t.multinomial(weights[0], 200, True))) == {2, 4}


@pytest.mark.parametrize(
    ("weights", "samples", "message"),
    [
        ([1.0, -1.0], 1, "inf, nan or a number below 0"),
        ([1.0, float("inf")], 1, "inf, nan or a number below 0"),
        ([0.0, 0.0], 1, "sum to 0"),
        ([1.0, 1.0], 3, "cannot sample 3 of 2 categories without replacement"),
        ([1.0, 1.0], 0, "n_sample <= 0"),
    ],
)
def test_categories_that_cannot_be_drawn(weights: list[float], samples: int, message: str) -> None:
    with pytest.raises(RuntimeError, match=f"multinomial.* {message}"):
        t.multinomial(t.tensor(weights).to("cuda"), samples)


def test_permutations() -> None:
    _ = t.manual_seed(1)
    orders = [values(t.randperm(30, device="cuda")).tolist() for _ in range(3)]
    assert all(sorted(order) == list(range(30)) for order in orders)
    assert orders[0] != orders[1] != orders[2]
    first = values(t.stack([t.randperm(4, device="cuda") for _ in range(200)]))
    assert first.mean(0) == pytest.approx([1.5] * 4, abs=0.35)
    assert t.randperm(3, device="cuda", dtype=t.int8).dtype is t.int8
    assert t.randperm(0, device="cuda").shape == (0,)
    with pytest.raises(RuntimeError, match="cannot hold the numbers below n=300"):
        t.randperm(300, device="cuda", dtype=t.int8)


def test_random_slopes_and_their_gradient() -> None:
    x = t.tensor(np.linspace(-1, 1, 41).astype(np.float32)).to("cuda").requires_grad_()
    y = rrelu(x, 0.25, 0.5, training=True)
    y.sum().backward()
    assert x.grad is not None
    slopes, found, before = values(x.grad), values(y), values(x)
    assert found == pytest.approx(slopes * before)
    assert (slopes[before > 0] == 1).all()
    low = slopes[before <= 0]
    assert low.min() >= 0.25
    assert low.max() < 0.5
    assert len(set(low.tolist())) > 15


# --- what all have in common ----------------------------------------------------------------------

DRAWS: dict[str, Callable[[Tensor], Tensor]] = {
    "bernoulli": t.bernoulli,
    "poisson": lambda p: t.poisson(p * 30),
    "binomial": lambda p: t.binomial(p * 0 + 40, p),
    "multinomial": lambda p: t.multinomial(p, 4),
    "multinomial, again": lambda p: t.multinomial(p, 12, replacement=True),
    "randperm": lambda p: t.randperm(12, device=p.device),
    "rrelu": lambda p: rrelu(p - 0.5, training=True),
    "cauchy_": lambda p: t.zeros_like(p).cauchy_(),
    "log_normal_": lambda p: t.zeros_like(p).log_normal_(),
    "geometric_": lambda p: t.zeros_like(p).geometric_(0.1),
    "random_": lambda p: t.zeros_like(p).random_(),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_gives_one_sequence_and_the_host_does_not_wait(name: str) -> None:
    p, found = t.tensor(CHANCES).to("cuda"), []
    with minitorch_cuda.count_synchronizations() as waited:
        for seed in (1, 1, 2):
            _ = t.manual_seed(seed)
            found.append((DRAWS[name](p), DRAWS[name](p)))
    assert waited.total == 0, waited
    first, again, other = ([y.tolist() for y in pair] for pair in found)
    assert first == again != other
    assert first[0] != first[1]


@pytest.mark.parametrize("name", DRAWS)
def test_a_generator_of_the_cpu_gives_its_own_numbers(name: str) -> None:
    found = []
    with numbers_of_the_cpu():
        for device in ("cuda", "cpu"):
            _ = t.manual_seed(1)
            found.append(DRAWS[name](t.tensor(CHANCES).to(device)).tolist())
    assert found[0] == found[1]
    found = []
    for device in ("cuda", "cpu"):
        generator = t.Generator().manual_seed(3)
        found.append(t.bernoulli(t.tensor(CHANCES).to(device), generator=generator).tolist())
    assert found[0] == found[1]
