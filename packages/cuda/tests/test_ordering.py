"""sort, topk, kthvalue, median, searchsorted: stable, nan last, any length."""

import math

import numpy as np
import pytest

import minitorch_tensor as t
from minitorch_cuda.kernels.ordering_plan import plan_sort
from minitorch_cuda.limits import DEVICE, SIMULATOR, Limits
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad
from minitorch_tensor.buckets import bisect
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout
from minitorch_tensor.order_statistics import of_rank
from minitorch_tensor.ordering import in_order, leading
from minitorch_tensor.reductions import ValuesIndices

from .fused_cases import Values, on, random, values

pytestmark = pytest.mark.usefixtures("simulator")

SHAPES = [
    ((1,), 0),
    ((2,), 0),
    ((7,), 0),
    ((16,), 0),
    ((17,), 0),
    ((50,), 0),
    ((3, 5), 1),
    ((5, 3), 0),
    ((2, 19, 2), 1),
]


def same(mine: ValuesIndices, other: ValuesIndices) -> None:
    assert mine.values.shape == other.values.shape
    assert mine.values.dtype is other.values.dtype
    assert mine.indices.dtype is t.int64
    assert mine.indices.to("cpu").tolist() == other.indices.tolist()
    np.testing.assert_array_equal(values(mine.values), values(other.values))


def repeated(*shape: int) -> Values:
    """Numbers of which many are equal, with a few that are special."""
    array = np.round(2 * random(*shape))
    flat = array.reshape(-1)
    for at, value in ((3, math.nan), (5, -math.inf), (6, math.inf), (8, -0.0), (9, math.nan)):
        if at < flat.size:
            flat[at] = value
    return array


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("shape", "dim"), SHAPES, ids=str)
def test_sorted(shape: tuple[int, ...], dim: int, descending: bool) -> None:
    for dtype in (t.float32, t.float64):
        x = repeated(*shape)
        same(
            in_order(on("cuda", x, dtype), dim, descending),
            in_order.composite(on("numpy", x, dtype), dim, descending),
        )


EXTREMES: dict[DType, list[int] | list[float] | list[bool]] = {
    t.int64: [2**63 - 1, -(2**63), 0, 2**62 + 1, 2**62, -1, 2**63 - 1],
    t.int32: [2**31 - 1, -(2**31), 0, 1, -1, 2**31 - 1, -(2**31)],
    t.int8: [127, -128, 0, 5, 5, -1, 127],
    t.uint8: [255, 0, 128, 5, 5, 254, 255],
    t.bool_: [True, False, True, True, False, False, True],
    t.float16: [65504.0, -65504.0, 0.0, -0.0, 6e-8, math.nan, math.inf],
    t.bfloat16: [3e38, -3e38, 0.0, -0.0, 1e-40, math.nan, -math.inf],
}


@pytest.mark.parametrize("dtype", EXTREMES, ids=str)
def test_every_dtype_at_its_edges(dtype: DType) -> None:
    x = t.tensor(EXTREMES[dtype], dtype=dtype)
    for descending in (False, True):
        same(in_order(x.to("cuda"), 0, descending), in_order.composite(x, 0, descending))
    if dtype is not t.bool_:
        same(leading(x.to("cuda"), 3, 0, True), leading.composite(x, 3, 0, True))


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("k", [1, 3, 7, 12, 50])
def test_the_first_few(k: int, largest: bool) -> None:
    x = repeated(2, 50)
    same(leading(on("cuda", x), k, 1, largest), leading.composite(on("numpy", x), k, 1, largest))
    if k <= 3:
        x = repeated(300)
        found = leading(on("cuda", x), k, 0, largest)
        same(found, leading.composite(on("numpy", x), k, 0, largest))


@pytest.mark.parametrize("n", [1, 5, 16, 40])
@pytest.mark.parametrize("ignore_nan", [False, True])
def test_ranks_and_medians(n: int, ignore_nan: bool) -> None:
    for x in (np.round(2 * random(3, n)), repeated(3, n), np.full((3, n), math.nan)):
        for rank in {0, 2, n // 2, n - 1, -1}:
            if rank < n:
                mine = of_rank(on("cuda", x), 1, rank, ignore_nan)
                same(mine, of_rank.composite(on("numpy", x), 1, rank, ignore_nan))


def test_gradients_go_to_where_elements_were() -> None:
    def of(device: str) -> Tensor:
        x = on(device, random(4, 6))
        weights = on(device, random(4, 6, seed=1)).detach()
        y = (in_order(x, 0, True).values * weights).sum() + leading(x, 2, 1, True).values.sum()
        (dx,) = grad([y + of_rank(x, 1, -1, False).values.sum()], [x])
        assert dx is not None
        return dx

    np.testing.assert_allclose(values(of("cuda")), values(of("numpy")), rtol=1e-6)


@pytest.mark.parametrize("right", [False, True])
def test_places_in_sorted_sequences(right: bool) -> None:
    sequence = np.sort(np.round(3 * random(2, 9)))
    wanted = np.round(3 * random(2, 12))
    wanted[0, :3] = [math.nan, math.inf, -math.inf]
    pairs = [(sequence, wanted), (sequence[0], wanted.reshape(-1)), (sequence[:, 1:2], wanted)]
    for a, b in pairs:
        mine = bisect(on("cuda", a), on("cuda", b), right)
        other = bisect.composite(on("numpy", a), on("numpy", b), right)
        assert mine.dtype is t.int64
        assert mine.to("cpu").tolist() == other.tolist()
    whole = t.tensor([1, 3, 3, 5], device="cuda")
    assert bisect(whole, t.tensor([3, 6], device="cuda"), right).to("cpu").tolist() == [
        3 if right else 1,
        4,
    ]
    mixed = bisect(whole, t.tensor([3.5], device="cuda"), right)
    assert mixed.to("cpu").tolist() == [3]


def test_nothing_to_sort() -> None:
    assert in_order(t.zeros(0, 3, device="cuda"), 0, False).values.shape == (0, 3)
    assert in_order(t.tensor(2.0, device="cuda"), 0, False).indices.item() == 0
    assert leading(t.zeros(3, device="cuda"), 0, 0, True).values.shape == (0,)


def rounds(n: int, first: int, limits: Limits) -> int:
    return len(plan_sort(Layout.contiguous((4, n)), t.float32, False, first, limits).rounds)


def test_long_rows_take_more_launches() -> None:
    assert rounds(2048, 2048, DEVICE) == 1
    assert rounds(1 << 20, 1 << 20, DEVICE) == 10
    assert rounds(1 << 20, 10, DEVICE) == 3
    assert rounds(1 << 20, 1, DEVICE) == 2
    assert rounds(17, 17, SIMULATOR) == 2
