"""Running sums, products, extremes and logarithms of sums, along any dimension."""

import math
from collections.abc import Callable

import numpy as np
import pytest

import minitorch_tensor as t
from minitorch_cuda.kernels.folds import OperatorFold
from minitorch_cuda.kernels.scan_folds import OperatorScan
from minitorch_cuda.kernels.scanning import Sizes, plan_scan
from minitorch_cuda.limits import DEVICE, SIMULATOR, Limits
from minitorch_operators import add
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout
from minitorch_tensor.ordering import running_product, running_sum
from minitorch_tensor.scans import running_extreme, running_logsumexp

from .fused_cases import TOLERANCES, on, random, values

pytestmark = pytest.mark.usefixtures("simulator")

Scan = Callable[[Tensor, int], Tensor]
SCANS: dict[str, tuple[Scan, Scan]] = {
    "sum": (running_sum, running_sum.composite),
    "product": (running_product, running_product.composite),
    "logsumexp": (running_logsumexp, running_logsumexp.composite),
}
CASES = [
    ((1,), 0),
    ((3,), 0),
    ((5,), 0),
    ((140,), 0),
    ((300,), 0),
    ((2, 9), 1),
    ((9, 2), 0),
    ((2, 11, 3), 1),
    ((33, 2), 1),
]


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize(("shape", "dim"), CASES, ids=str)
def test_same_as_the_composite(name: str, shape: tuple[int, ...], dim: int) -> None:
    fused, composite = SCANS[name]
    array = random(*shape) if name != "product" else 1 + random(*shape) / 20
    weights = random(*shape, seed=1)

    def of(scan: Scan, device: str) -> list[Tensor]:
        x = on(device, array, t.float64)
        y = scan(x, dim)
        (dx,) = grad([(y * on(device, weights, t.float64).detach()).sum()], [x])
        assert dx is not None
        return [y, dx]

    for a, b in zip(of(fused, "cuda"), of(composite, "numpy"), strict=True):
        np.testing.assert_allclose(values(a), values(b), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize("dtype", [t.float32, t.float16, t.bfloat16], ids=str)
def test_other_floats(name: str, dtype: DType) -> None:
    array = 1 + random(3, 10) / 20
    found = SCANS[name][0](on("cuda", array, dtype), 1)
    expected = SCANS[name][1](on("numpy", array, dtype).float(), 1)
    assert found.dtype is dtype
    tolerance = 2 * TOLERANCES[dtype.name]
    np.testing.assert_allclose(values(found), values(expected), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", SCANS)
def test_second_gradients(name: str) -> None:
    def of(device: str) -> Tensor:
        x = on(device, 1 + random(3, 5) / 4, t.float64)
        (first,) = grad([SCANS[name][0](x, 1).square().sum()], [x], create_graph=True)
        assert first is not None
        (second,) = grad([first.square().sum()], [x])
        assert second is not None
        return second

    np.testing.assert_allclose(values(of("cuda")), values(of("numpy")), rtol=1e-9)


def test_products_with_zeros_have_gradients() -> None:
    array = np.array([[2.0, 0.0, 3.0, 0.0, 5.0], [0.0, 1.0, 2.0, 3.0, 4.0]])

    def of(device: str) -> Tensor:
        x = on(device, array)
        (dx,) = grad([running_product(x, 1).sum()], [x])
        assert dx is not None
        return dx

    assert values(of("cuda")).tolist() == values(of("numpy")).tolist()


def test_infinities_and_nan() -> None:
    array = np.array([-math.inf, -math.inf, 0.0, 1.0, math.inf, 2.0, math.nan, 3.0])
    for name in SCANS:
        fused, composite = SCANS[name]
        found = values(fused(on("cuda", array), 0))
        expected = values(composite(on("numpy", array), 0))
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", [t.int64, t.int8, t.uint8], ids=str)
def test_integers(dtype: DType) -> None:
    x = (t.arange(30) % 5 + 1).to(dtype).reshape(3, 10)
    for fused, composite in (SCANS["sum"], SCANS["product"]):
        found = fused(x.to("cuda"), 1)
        assert found.dtype is dtype
        assert found.to("cpu").tolist() == composite(x, 1).tolist()


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize(("shape", "dim"), CASES, ids=str)
def test_extremes(largest: bool, shape: tuple[int, ...], dim: int) -> None:
    array = np.round(2 * random(*shape))
    for values_at in ((), (1, -2)):
        for at in values_at:
            array.reshape(-1)[at % array.size] = math.nan
        found = running_extreme(on("cuda", array), dim, largest)
        expected = running_extreme.composite(on("numpy", array), dim, largest)
        np.testing.assert_array_equal(values(found.values), values(expected.values))
        assert found.indices.to("cpu").tolist() == expected.indices.tolist()


def test_gradients_of_extremes_go_to_their_places() -> None:
    x = on("cuda", np.array([1.0, 3.0, 2.0, 3.0, 0.0]))
    (dx,) = grad([running_extreme(x, 0, True).values.sum()], [x])
    assert dx is not None
    assert values(dx).tolist() == [1.0, 2.0, 0.0, 2.0, 0.0]
    whole = running_extreme(t.tensor([3, 1, 1], device="cuda"), 0, False)
    assert whole.indices.to("cpu").tolist() == [0, 1, 2]


def test_views_and_nothing() -> None:
    x = random(4, 6)
    found = running_sum(on("cuda", x).T[1:], 1)
    np.testing.assert_allclose(values(found), np.cumsum(x.T[1:], 1), rtol=1e-5)
    assert running_sum(t.zeros(0, 3, device="cuda"), 0).shape == (0, 3)
    assert running_extreme(t.zeros(2, 0, device="cuda"), 1, True).values.shape == (2, 0)


def launches(outer: int, n: int, inner: int, limits: Limits) -> int:
    scan = OperatorScan(t.float32, OperatorFold(t.float32, add, t.float32))
    layout = Layout.contiguous((outer, n, inner))
    chunked = plan_scan(scan, Sizes(outer, n, inner), (layout, layout), (0.0,), limits)
    return 1 if chunked.between is None else 3


def test_few_long_lines_and_columns_are_cut() -> None:
    assert launches(1, 300, 1, SIMULATOR) == 3
    assert launches(1, 12, 2, SIMULATOR) == 3
    assert launches(1, 1 << 24, 1, DEVICE) == 3
    assert launches(4096, 4096, 1, DEVICE) == 1
    assert launches(1, 4096, 4096, DEVICE) == 3
    assert launches(64, 128, 4096, DEVICE) == 1


def test_errors_do_not_grow_with_the_length() -> None:
    x = np.full(700, 0.1, np.float32)
    found = values(running_sum(on("cuda", x), 0))
    np.testing.assert_allclose(found, np.cumsum(x.astype(np.float64)), rtol=3e-7)
