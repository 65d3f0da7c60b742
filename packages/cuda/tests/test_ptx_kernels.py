"""Compiled kernels, run by the interpreter, at the sizes and in the blocks that a GPU is given.

The simulator runs a kernel's Python, in blocks of 32 threads; here runs what the compiler made of
it, in blocks of 64 to 256. Needs numba-cuda, but no GPU; a minute on a core, for the compiler.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

import minitorch_tensor as t
from minitorch_cuda import compiled, numba_cuda, use_simulator
from minitorch_cuda import dsl as cuda
from minitorch_cuda.choice import choice
from minitorch_cuda.compiled import PtxLauncher, simulate_compiled
from minitorch_cuda.instructions import (
    copy_async4,
    copy_async_commit,
    copy_async_wait,
    load4,
    shared_add,
    shared_load4,
    store4,
)
from minitorch_cuda.kernel import Kernel, Plan
from minitorch_cuda.kernels.ladder.rungs import RUNGS
from minitorch_cuda.kernels.practice import sum_by_shuffle, sum_practice
from minitorch_cuda.limits import DEVICE
from minitorch_cuda.simulated import SimulatorLauncher
from minitorch_cuda.simulator import MisalignedAccessError, OutOfBoundsError, Pointer, simulate
from minitorch_tensor import Tensor, no_grad
from minitorch_tensor.dtype import DType, bfloat16, float16, float32, float64
from minitorch_tensor.exponentials import softmax
from minitorch_tensor.functional.activation import silu
from minitorch_tensor.functional.attention import scaled_dot_product_attention
from minitorch_tensor.functional.conv import conv2d
from minitorch_tensor.functional.embedding import embedding
from minitorch_tensor.functional.embedding_bag import embedding_bag
from minitorch_tensor.functional.loss import cross_entropy
from minitorch_tensor.functional.norm import layer_norm
from minitorch_tensor.functional.pool import max_pool2d
from minitorch_tensor.storage import Buffer

from .fused_cases import TOLERANCES, Values, close, compare, on, random

if not numba_cuda.installed():
    pytest.skip("numba-cuda is not installed", allow_module_level=True)
pytestmark = pytest.mark.filterwarnings("default")  # numba-cuda's own


class Watched(PtxLauncher):
    """Plans as for a GPU, and remembers the blocks that it launched."""

    def __init__(self) -> None:
        super().__init__(limits=DEVICE)
        self.launched: list[tuple[str, int]] = []

    def launch(
        self, plan: Plan, buffers: Sequence[Buffer], numbers: Sequence[float] = (), /
    ) -> None:
        super().launch(plan, buffers, numbers)
        self.launched.append((plan.kernel.name, plan.block[0] * plan.block[1]))


@pytest.fixture
def gpu() -> Iterator[Watched]:
    launcher = Watched()
    before = choice.put([launcher])
    yield launcher
    choice.put(before)


Function = Callable[..., Tensor]


def same(function: Function, *arrays: Values, dtype: DType = float32) -> None:
    """The compiled kernels and NumPy give the same, without gradients."""
    with no_grad():
        mine, other = (
            function(*(on(device, array, dtype) for array in arrays))
            for device in ("cuda", "numpy")
        )
    close(mine, other, TOLERANCES[dtype.name])


# --- matrices --------------------------------------------------------------------------------


def product(a: Tensor, b: Tensor) -> Tensor:
    return a @ b


def test_large_tiles(gpu: Watched) -> None:
    same(product, random(1300, 20), random(20, 1290))
    assert gpu.launched == [("tiled_matmul_kernel", 256)]


def test_a_product_in_ranges_and_its_gradients(gpu: Watched) -> None:
    compare(product, product, [random(20, 1000), random(1000, 30)])
    assert ("sum_parts_kernel", 256) in gpu.launched


def test_halves_one_by_one(gpu: Watched) -> None:
    same(product, random(70, 51), random(51, 65), dtype=float16)


# --- reductions, rows, columns ---------------------------------------------------------------


def test_sums(gpu: Watched) -> None:
    same(lambda x: x.sum(), random(70000))
    same(lambda x: x.sum(0), random(300, 70))
    same(lambda x: x.sum(1), random(40, 1001))
    assert {block for _, block in gpu.launched} == {256}


def test_maxima_and_where_they_are(gpu: Watched) -> None:
    same(lambda x: x.argmax(1), random(7, 3001))


def test_running_sums(gpu: Watched) -> None:
    same(lambda x: x.cumsum(1), random(3, 1500))


def test_sorted_rows(gpu: Watched) -> None:
    same(lambda x: x.sort(1)[0], np.round(random(5, 301) * 9))
    same(lambda x: x.sort(1)[1], np.round(random(5, 301) * 9))


def test_softmax_of_a_warp_a_row_and_of_a_block_a_row(gpu: Watched) -> None:
    same(lambda x: softmax(x, 1), random(20, 768))
    same(lambda x: softmax(x, 1), random(2, 9001))


def test_layer_norm(gpu: Watched) -> None:
    def function(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return layer_norm(x, (301,), weight, bias)

    compare(function, function, [random(40, 301), random(301), random(301)])


def test_cross_entropy(gpu: Watched) -> None:
    classes = np.random.default_rng(1).integers(0, 1000, 20)
    compare(cross_entropy, cross_entropy, [random(20, 1000), classes])


# --- images and sequences --------------------------------------------------------------------


def test_convolution(gpu: Watched) -> None:
    def function(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return conv2d(x, w, b, padding=1)

    same(function, random(3, 9, 11, 13), random(40, 9, 3, 3), random(40))
    assert ("correlation_kernel", 64) in gpu.launched


def test_pooling(gpu: Watched) -> None:
    def function(x: Tensor) -> Tensor:
        return max_pool2d(x, 3, 2, 1)

    compare(function, function, [random(4, 7, 15, 15)])


def test_attention(gpu: Watched) -> None:
    def function(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v, is_causal=True)

    same(function, *(random(2, 100, 64, seed=i) for i in range(3)))
    assert ("attention_kernel", 128) in gpu.launched


def test_embedding(gpu: Watched) -> None:
    words = np.random.default_rng(1).integers(0, 50, (8, 33))
    compare(embedding, embedding, [words, random(50, 100)])


def test_bags_of_rows_and_their_gradients(gpu: Watched) -> None:
    index = np.random.default_rng(2).integers(0, 40, 700)

    def means(table: Tensor) -> Tensor:
        at, starts = (t.from_numpy(x).to(table.device) for x in (index, np.array([0, 0, 300, 301])))
        return embedding_bag(at, table, starts, padding_idx=3)

    compare(means, means, [random(41, 20)])
    assert ("added_bags_kernel", 256) in gpu.launched


def test_counts_are_those_of_the_simulator(gpu: Watched) -> None:
    found = []
    for launcher in ([gpu], [SimulatorLauncher()]):
        before = choice.put(launcher)
        _ = t.manual_seed(1)
        p = t.tensor(np.linspace(0, 1, 300)).to("cuda").float()
        drawn = [t.bernoulli(p), t.poisson(p * 30), t.binomial(p * 0 + 50, p)]
        found.append([x.tolist() for x in drawn])
        choice.put(before)
    assert found[0] == found[1]


# --- elements --------------------------------------------------------------------------------

FUNCTIONS: dict[str, Function] = {
    "exp": lambda x: x.exp(),
    "log1p": lambda x: x.abs().log1p(),
    "tanh": lambda x: x.tanh(),
    "erf": lambda x: x.erf(),
    "pow": lambda x: x.abs() ** 1.7,
    "sin": lambda x: (x * 1e6).sin(),  # far from 0, with a table of 2 / pi
    "lgamma": lambda x: x.lgamma(),
    "remainder": lambda x: x % 0.3,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(gpu: Watched, name: str) -> None:
    same(FUNCTIONS[name], random(700))


def test_functions_of_float64_that_call_others(gpu: Watched) -> None:
    same(FUNCTIONS["pow"], random(300), dtype=float64)
    same(lambda x: (x * 1e10).sin(), random(300), dtype=float64)


def test_layouts_and_bfloat16(gpu: Watched) -> None:
    same(lambda x, y: x * y, random(7, 1, 33), random(40, 1))
    same(lambda x: x.T.contiguous(), random(133, 70))
    same(lambda x: silu(x), random(7001), dtype=bfloat16)


def test_whole_numbers(gpu: Watched) -> None:
    for name in ("int64", "int8", "uint8"):
        dtype = np.dtype(name)
        a = np.arange(1000).astype(dtype)
        b = (np.arange(1000)[::-1] % 7 + 1).astype(dtype)
        functions: list[Function] = [
            *(lambda x, y: x * y - y, lambda x, y: x // y, lambda x, y: x % y)
        ]
        for function in functions:
            mine, other = (
                function(on(device, a), on(device, b)).to("cpu").tolist()
                for device in ("cuda", "numpy")
            )
            assert mine == other


def test_random_numbers_are_those_of_the_simulator(gpu: Watched) -> None:
    found = []
    for simulated in (False, True):
        with use_simulator(compiled=not simulated):
            _ = t.manual_seed(3)
            found.append(t.rand(50, device="cuda").tolist())
    assert found[0] == found[1]


# --- kernels by hand ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["column", "two_tiles"])
def test_rungs_of_the_ladder_as_large_as_on_a_gpu(name: str) -> None:
    (rung,) = (rung for rung in RUNGS if rung.name == name)
    n, k, m = 130, 20, 140
    a, b = random(n, k).astype(np.float32), random(k, m).astype(np.float32)
    out = np.full((n, m), np.nan, np.float32)
    plan = rung.plan(n, k, m, large=True)
    simulate_compiled(plan.kernel.function, plan.grid, plan.block, out, a, b, n, k, m)
    np.testing.assert_allclose(out, a @ b, rtol=1e-4, atol=1e-5)


def test_first_steps() -> None:
    x = random(70).astype(np.float32)
    for kernel in (sum_practice, sum_by_shuffle):
        parts, expected = np.zeros(3, np.float32), np.zeros(3, np.float32)
        simulate_compiled(kernel, 3, 32, parts, x, 70)
        simulate(kernel, 3, 32, expected, x, 70)
        assert parts.tolist() == expected.tolist()


def copies(out: Pointer[float], x: Pointer[float]) -> None:
    tile = cuda.shared.array(64, cuda.float32, alignment=16)
    me = 4 * cuda.threadIdx.x
    copy_async4(tile, me, x, me)
    copy_async_commit()
    copy_async_wait()
    cuda.syncthreads()
    a, b, c, d = shared_load4(tile, 60 - me)
    store4(out, me, d, c, b, a)


def careless(out: Pointer[float], x: Pointer[float]) -> None:
    tile = cuda.shared.array(64, cuda.float32)  # no alignment
    me = 4 * cuda.threadIdx.x
    copy_async4(tile, me, x, me)
    copy_async_wait()
    cuda.syncthreads()
    out[me] = tile[me]


def counts(out: Pointer[float], x: Pointer[int]) -> None:
    bins = cuda.shared.array(4, cuda.int32)
    me = cuda.threadIdx.x
    if me < 4:
        bins[me] = 0
    cuda.syncthreads()
    shared_add(bins, x[me] % 4, 1)
    cuda.syncthreads()
    if me < 4:
        out[me] = bins[me]


def test_instructions_that_numba_has_no_name_for() -> None:
    x, out = random(64).astype(np.float32), np.zeros(64, np.float32)
    simulate_compiled(copies, 1, 16, out, x)
    assert out.tolist() == x[::-1].tolist()
    numbers, bins = np.arange(40, dtype=np.int32) % 3, np.zeros(4, np.int32)
    simulate_compiled(counts, 1, 40, bins, numbers)
    assert bins.tolist() == [14, 13, 13, 0]


def fours(out: Pointer[float], x: Pointer[float], first: int) -> None:
    a, b, c, d = load4(x, first)
    out[0] = a + b + c + d


def test_faults_of_compiled_code_are_found() -> None:
    x, out = np.ones(8, np.float32), np.zeros(1, np.float32)
    with pytest.raises(
        MisalignedAccessError, match=r"fours: thread .*\n  PTX line \d+: ld\.global\.v4"
    ):
        simulate_compiled(fours, 1, 1, out, x, 2)
    with pytest.raises(OutOfBoundsError, match=r"fours: thread .* byte 32 of an array"):
        simulate_compiled(fours, 1, 1, out, x, 8)
    with pytest.raises(MisalignedAccessError, match=r"careless: thread"):
        simulate_compiled(careless, 1, 16, np.zeros(64, np.float32), np.zeros(64, np.float32))


def test_what_runs_is_the_compiled_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text_of = compiled.text_of

    def planted(kernel: Kernel) -> str:
        return text_of(kernel).replace("sub.f32", "add.f32")

    monkeypatch.setattr(compiled, "text_of", planted)
    compiled.code_of.cache_clear()
    with use_simulator(compiled=True):
        x = t.ones(3, device="cuda")
        assert (x - x).tolist() == [2.0] * 3
    compiled.code_of.cache_clear()
