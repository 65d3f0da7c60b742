"""scaled_dot_product_attention against its composite."""

import math

import numpy as np
import pytest

from minitorch_fast import get_num_threads, set_num_threads
from minitorch_fast.functional import attention
from minitorch_fast.functional.attention import attention_in_groups
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.functional.attention import scaled_dot_product_attention

from .fused_cases import Values, compare, leaves, random, values

composite = scaled_dot_product_attention.composite

SHAPES: list[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = [
    ((2, 3, 7, 4), (2, 3, 5, 4), (2, 3, 5, 6)),
    ((2, 2, 70, 4), (2, 2, 70, 4), (2, 2, 70, 4)),  # more than one band
    ((3, 70, 4), (3, 9, 4), (3, 9, 2)),
    ((5, 4), (80, 4), (80, 3)),
    ((2, 1, 2, 3, 4), (2, 1, 2, 3, 4), (2, 1, 2, 3, 4)),
]


def given(dtype: type[np.floating], *shapes: tuple[int, ...]) -> list[Values]:
    return [random(*shape, seed=k).astype(dtype) for k, shape in enumerate(shapes)]


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("shapes", SHAPES)
def test_same_as_the_composite(
    shapes: tuple[tuple[int, ...], ...], causal: bool, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "KEPT", 1 << 24 if kept else 0)
    dtype = np.float64 if len(shapes[0]) == 3 else np.float32

    def fused(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return attention_in_groups(q, k, v, None, 0.0, causal)

    def plain(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return composite(q, k, v, None, 0.0, causal)

    small = math.prod(shapes[0]) < 1000
    compare(fused, plain, given(dtype, *shapes), second=kept and small and not causal)


MASKS: dict[str, Values] = {
    "one for all": random(7, 5),
    "of heads": random(3, 1, 5),
    "of images": np.where(random(2, 1, 1, 5) > 0.5, -np.inf, 0.0),
    "nowhere": np.where(np.arange(7)[:, None] == 2, -np.inf, random(7, 5)),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("is_bool", [True, False])
def test_masks(name: str, is_bool: bool) -> None:
    array = MASKS[name]
    mask = from_numpy(array > 0 if is_bool else array.astype(np.float32))

    def fused(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return attention_in_groups(q, k, v, mask, scale=0.3)

    def plain(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return composite(q, k, v, mask, scale=0.3)

    compare(fused, plain, given(np.float32, *SHAPES[0]), second=False)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e30])
def test_nan_and_infinities(bad: float) -> None:
    q, k, v = given(np.float32, (2, 3, 4), (2, 3, 4), (2, 3, 4))
    k[0, 1, 2] = v[1, 0, 0] = bad
    a, b, c = (from_numpy(x) for x in (q, k, v))
    found, expected = values(attention_in_groups(a, b, c)), values(composite(a, b, c))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_heads_that_lie_in_one_projection_and_any_number_of_threads() -> None:
    x = from_numpy(random(6, 64, 3, 4, 8).astype(np.float32))
    q, k, v = (x[:, :, i].transpose(1, 2) for i in range(3))
    before, found = get_num_threads(), []
    try:
        for team in (1, 2, 4):
            set_num_threads(team)
            found.append(values(attention_in_groups(q, k, v, None, 0.0, True)))
    finally:
        set_num_threads(before)
    np.testing.assert_allclose(found[0], values(composite(q, k, v, None, 0.0, True)), atol=1e-5)
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()
    y = attention_in_groups(q, k, v)
    assert y.transpose(1, 2).is_contiguous()  # as users join the heads


def test_the_rest_takes_the_way_of_the_composite() -> None:
    q, k, v = leaves(given(np.float32, (2, 4, 3, 4), (1, 2, 3, 4), (1, 2, 3, 4)))
    assert attention_in_groups(q, k, v[:, :, :, :2], enable_gqa=True).shape == (2, 4, 3, 2)
    mask = from_numpy(random(3, 3).astype(np.float32))
    mask.requires_grad = True
    attention_in_groups(q, q, q, mask).sum().backward()
    assert mask.grad is not None
    with pytest.raises(RuntimeError, match="should not be set when is_causal"):
        attention_in_groups(q, q, q, mask, 0.0, True)
    with pytest.raises(RuntimeError, match="at least 2 dimensional"):
        attention_in_groups(q[0, 0, 0], q, q)
    assert "cpu" in scaled_dot_product_attention.overridden()
