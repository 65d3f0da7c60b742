"""embedding in the simulator against its composite; sums at indices, in rows and by atomics."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from minitorch_cuda.faults import NONE_BAD
from minitorch_cuda.functional.embedding import fused_embedding
from minitorch_cuda.functional.launching import backend_of
from minitorch_cuda.kernels.embedding import plan_added_rows
from minitorch_cuda.limits import Limits
from minitorch_cuda.simulator import simulate
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.dtype import DType, bfloat16, float16, float32, float64
from minitorch_tensor.functional.embedding import embedding
from minitorch_tensor.layout import Layout
from minitorch_tensor.settings import use_deterministic_algorithms

from .fused_cases import close, compare, on, random

pytestmark = pytest.mark.usefixtures("simulator")
Function = Callable[..., Tensor]


def looked_up(
    function: Function, index: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> Function:
    return lambda weight: function(from_numpy(np.array(index)).to(weight.device), weight, 2)


@pytest.mark.parametrize("shape", [(4,), (2, 3), (), (0,), (75,)])
@pytest.mark.parametrize("n", [3, 8])
def test_same_as_the_composite(shape: tuple[int, ...], n: int) -> None:
    index = np.asarray(np.random.default_rng(1).integers(0, 5, shape))
    second = 0 < index.size < 5
    run, composite = looked_up(fused_embedding, index), looked_up(embedding.composite, index)
    compare(run, composite, [random(5, n)], second=second)


@pytest.mark.parametrize("dtype", [float64, float16, bfloat16], ids=str)
def test_other_floats(dtype: DType) -> None:
    index = np.array([0, 3, 3, 1, 3, 2])
    run, composite = looked_up(fused_embedding, index), looked_up(embedding.composite, index)
    compare(run, composite, [random(5, 4)], dtype)


def test_views_small_integers_and_other_arguments() -> None:
    results = []
    for device, function in (("cuda", fused_embedding), ("numpy", embedding.composite)):
        weight = on(device, random(6, 4)).permute(1, 0)
        index = on(device, np.array([[0, 3], [1, 2]])).permute(1, 0)
        scaled = function(index, weight.contiguous(), scale_grad_by_freq=True)
        results.append([function(index, weight), function(index.int(), weight), scaled])
    for mine, expected in zip(*results, strict=True):
        close(mine, expected, 0.0)


@pytest.mark.parametrize("bad", [6, -1])
def test_an_index_that_is_no_row(bad: int) -> None:
    with pytest.raises(IndexError, match=f"index out of range in self: {bad} is no row"):
        fused_embedding(on("cuda", np.array([0, bad])), on("cuda", random(6, 4)))


def test_indices_written_before_backward_are_refused() -> None:
    index, weight = on("cuda", np.array([0, 1])), on("cuda", random(6, 4))
    y = fused_embedding(index, weight)
    index[0] = 5
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    assert "cuda" in embedding.overridden()


@pytest.fixture
def in_any_order(simulator: None) -> Iterator[None]:
    """Sums may come in any order."""
    backend = backend_of(on("cuda", np.zeros(1)).device)
    backend.deterministic = False
    yield
    backend.deterministic = True


@pytest.mark.usefixtures("in_any_order")
def test_sums_by_atomics() -> None:
    index = np.array([0, 3, 3, 1, 3, 2])
    run, composite = looked_up(fused_embedding, index), looked_up(embedding.composite, index)
    compare(run, composite, [random(5, 3)])


@pytest.mark.usefixtures("in_any_order")
def test_a_program_may_ask_for_sums_in_order() -> None:
    backend = backend_of(on("cuda", np.zeros(1)).device)
    assert not backend.in_order
    use_deterministic_algorithms(True)
    assert backend.in_order
    use_deterministic_algorithms(False)
    assert not backend.in_order


def test_several_warps_note_rows_in_order() -> None:
    limits = Limits(threads=64, blocks=2, serial=4, each=4)
    index = np.random.default_rng(0).integers(0, 7, 70)
    g, table = random(70, 5).astype(np.float32), np.empty((7, 5), np.float32)
    word = np.array([NONE_BAD])
    layouts = (Layout.contiguous(shape) for shape in ((1, 7, 5), (1, 70, 5), (70,)))
    plan = plan_added_rows(*layouts, -1, float32, True, limits)
    numbers = [int(n) for n in plan.numbers]
    simulate(plan.kernel.function, plan.grid, plan.block, table, g, index, word, *numbers)
    expected = np.zeros((7, 5), np.float32)
    for i, k in enumerate(index):
        expected[k] += g[i]
    np.testing.assert_array_equal(table, expected)


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("n", [3, 4])
def test_rows_at_an_index_go_together(dim: int, n: int) -> None:
    """index_select reads whole rows, and its transpose adds them in order."""
    index = np.array([1, 0, 4, 4, 1, 4, 2])

    def selected(x: Tensor) -> Tensor:
        return x.index_select(dim, from_numpy(index).to(x.device))

    compare(selected, selected, [random(*((5, n) if dim == 0 else (2, 5, n)))])
    results = []
    for device in ("cuda", "numpy"):
        x, ones = on(device, np.arange(10).reshape(5, 2)), on(device, np.ones((7, 2), np.int64))
        results.append(x.index_add(0, on(device, index), ones))
    close(results[0], results[1], 0.0)


def test_a_bad_index_of_a_row_is_named() -> None:
    x, index = on("cuda", random(5, 3)).detach(), on("cuda", np.array([[0], [7]])).expand(2, 3)
    with pytest.raises(RuntimeError, match=r"gather: index 7 at position \(1, 0\) is out of bou"):
        x.gather(0, index)
    index = on("cuda", np.array([[0]] * 5 + [[9]])).expand(6, 3)
    with pytest.raises(RuntimeError, match=r"index 9 at position \(5, 0\)"):
        x.scatter_add_(0, index, on("cuda", random(6, 3)).detach())
    assert x.to("cpu").numpy().tolist() == random(5, 3).astype(np.float32).tolist()
