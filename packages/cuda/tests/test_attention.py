"""scaled_dot_product_attention in the simulator against its composite."""

import math

import numpy as np
import pytest

from minitorch_cuda.functional.attention import attention_in_tiles
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.dtype import DType, bfloat16, float16, float64
from minitorch_tensor.functional.attention import scaled_dot_product_attention

from .fused_cases import Values, close, compare, on, random, values

pytestmark = pytest.mark.usefixtures("simulator")
composite = scaled_dot_product_attention.composite

Shapes = tuple[tuple[int, ...], ...]
SHAPES: list[Shapes] = [
    ((2, 3, 3, 4), (2, 3, 5, 4), (2, 3, 5, 6)),
    ((1, 2, 9, 4), (1, 2, 9, 4), (1, 2, 9, 4)),
    ((2, 6, 3), (2, 3, 3), (2, 3, 2)),
    ((5, 9), (10, 9), (10, 3)),
    ((2, 1, 2, 2, 4), (2, 1, 2, 2, 4), (2, 1, 2, 2, 4)),
]


def given(*shapes: tuple[int, ...]) -> list[Values]:
    return [random(*shape, seed=k) for k, shape in enumerate(shapes)]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("shapes", SHAPES)
def test_same_as_the_composite(shapes: Shapes, causal: bool) -> None:
    def fused(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return attention_in_tiles(q, k, v, None, 0.0, causal)

    def plain(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return composite(q, k, v, None, 0.0, causal)

    compare(fused, plain, given(*shapes), second=shapes is SHAPES[2] and not causal)


@pytest.mark.parametrize("dtype", [float64, float16, bfloat16], ids=str)
def test_other_floats(dtype: DType) -> None:
    compare(attention_in_tiles, composite, given(*SHAPES[4]), dtype)


MASKS: dict[str, Values] = {
    "one for all": random(3, 5),
    "of heads": random(3, 1, 5),
    "of images": np.where(random(2, 1, 1, 5) > 0.5, -np.inf, 0.0),
    "nowhere": np.where(np.arange(3)[:, None] == 2, -np.inf, random(3, 5)),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("is_bool", [True, False])
def test_masks(name: str, is_bool: bool) -> None:
    array = MASKS[name]
    mask = from_numpy(array > 0 if is_bool else array.astype(np.float32))

    def fused(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return attention_in_tiles(q, k, v, mask.to(q.device), scale=0.3)

    def plain(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return composite(q, k, v, mask.to(q.device), scale=0.3)

    compare(fused, plain, given(*SHAPES[0]))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e30])
def test_nan_and_infinities(bad: float) -> None:
    q, k, v = given((2, 3, 4), (2, 3, 4), (2, 3, 4))
    k[0, 1, 2] = v[1, 0, 0] = bad
    found = attention_in_tiles(on("cuda", q), on("cuda", k), on("cuda", v))
    expected = composite(on("numpy", q), on("numpy", k), on("numpy", v))
    np.testing.assert_allclose(values(found), values(expected), rtol=1e-5, atol=1e-6)


def test_heads_that_lie_in_one_projection() -> None:
    results = []
    for device, function in (("cuda", attention_in_tiles), ("numpy", composite)):
        x = on(device, random(2, 5, 3, 2, 4))
        q, k, v = (x[:, :, i].transpose(1, 2) for i in range(3))
        y = function(q, k, v, None, 0.0, True)
        y.transpose(1, 2).square().sum().backward()
        results.append([y, x.grad])
        if device == "cuda":
            assert y.transpose(1, 2).is_contiguous()  # as users join the heads
    for mine, expected in zip(*results, strict=True):
        close(mine, expected, 2e-5)


def test_the_rest_takes_the_way_of_the_composite() -> None:
    q, k, v = (on("cuda", x) for x in given((2, 4, 3, 4), (1, 2, 3, 4), (1, 2, 3, 4)))
    assert attention_in_tiles(q, k, v[:, :, :, :2], enable_gqa=True).shape == (2, 4, 3, 2)
    mask = on("cuda", random(3, 3))
    attention_in_tiles(q, q, q, mask).sum().backward()
    assert mask.grad is not None
    with pytest.raises(RuntimeError, match="should not be set when is_causal"):
        attention_in_tiles(q, q, q, mask, 0.0, True)
    with pytest.raises(RuntimeError, match="at least 2 dimensional"):
        attention_in_tiles(q[0, 0, 0], q, q)
    assert "cuda" in scaled_dot_product_attention.overridden()


def test_a_result_written_before_backward_is_refused() -> None:
    q, k, v = (on("cuda", x) for x in given((2, 4), (3, 4), (3, 4)))
    y = attention_in_tiles(q, k, v)
    total = (y * 2.0).sum()
    y.detach().add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        total.backward()
