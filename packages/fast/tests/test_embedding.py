"""Fused embedding against its composite."""

from collections.abc import Callable

import numpy as np
import pytest

from minitorch_fast.functional.embedding import fused_embedding
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.functional.embedding import embedding

from .fused_cases import compare, random, values


@pytest.mark.parametrize("padding", [None, 2, -1])
@pytest.mark.parametrize("shape", [(4,), (2, 3), (), (0,), (300, 20)])
def test_same_as_the_composite(shape: tuple[int, ...], padding: int | None) -> None:
    index = np.random.default_rng(1).integers(0, 5, shape)

    def run(function: Callable[..., Tensor]) -> Callable[[Tensor], Tensor]:
        return lambda weight: function(from_numpy(np.asarray(index)), weight, padding)

    array = random(5, 40).astype(np.float32)
    compare(run(fused_embedding), run(embedding.composite), [array], second=0 < index.size < 10)


def test_views_small_integers_and_other_arguments() -> None:
    weight = from_numpy(random(6, 4).astype(np.float32)).permute(1, 0)
    index = from_numpy(np.array([[0, 3], [1, 2]])).permute(1, 0)
    for given in (index, index.int()):
        found, expected = fused_embedding(given, weight), embedding.composite(given, weight)
        assert np.array_equal(values(found), values(expected))
    scaled = fused_embedding(index, weight.contiguous(), scale_grad_by_freq=True)
    assert np.array_equal(values(scaled), values(expected))


@pytest.mark.parametrize("bad", [6, -1])
def test_an_index_that_is_no_row(bad: int) -> None:
    with pytest.raises(IndexError, match=f"index out of range in self: {bad} is no row"):
        fused_embedding(from_numpy(np.array([0, bad])), from_numpy(random(6, 4)))


def test_indices_written_before_backward_are_refused() -> None:
    index, weight = from_numpy(np.array([0, 1])), from_numpy(random(6, 4).astype(np.float32))
    weight.requires_grad = True
    y = fused_embedding(index, weight)
    index[0] = 5
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    assert "cpu" in embedding.overridden()
