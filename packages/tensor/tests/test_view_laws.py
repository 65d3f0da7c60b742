"""Laws of views: any chain of them is NumPy's, in elements and in memory, and has its transpose."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad

Array = NDArray[np.float64]

shapes = st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple)
STEPS = (
    "permute", "slice", "select", "unsqueeze", "squeeze", "diagonal", "unfold", "split", "expand",
)  # fmt: skip


def step(x: Tensor, a: Array, draw: st.DrawFn) -> tuple[Tensor, Array]:
    """One view, of both; the same one where it does not apply."""
    kind = draw(st.sampled_from(STEPS))
    dim = draw(st.integers(0, max(x.ndim - 1, 0)))
    size = x.shape[dim] if x.ndim else 0
    if kind == "permute":
        order = draw(st.permutations(range(x.ndim)))
        return mt.permute(x, dims=order), a.transpose(order)
    if kind == "unsqueeze":
        return x.unsqueeze(dim), np.expand_dims(a, dim)
    if kind == "diagonal" and x.ndim > 1:
        other = draw(st.integers(0, x.ndim - 1).filter(lambda d: d != dim))
        offset = draw(st.integers(-3, 3))
        return x.diagonal(offset, dim, other), a.diagonal(offset, dim, other)
    if kind == "slice" and x.ndim:
        part = slice(
            draw(st.none() | st.integers(-5, 5)),
            draw(st.none() | st.integers(-5, 5)),
            draw(st.integers(1, 3)),
        )
        index = (slice(None),) * dim + (part,)
        return x[index], a[index]
    if kind == "split" and size:
        cut = draw(st.integers(0, size))
        return x.tensor_split((cut,), dim)[1], np.array_split(a, (cut,), dim)[1]
    if kind == "select" and size:
        k = draw(st.integers(-size, size - 1))
        return x.select(dim, k), np.moveaxis(a, dim, 0)[k, ...]
    if kind == "squeeze" and size == 1:
        return x.squeeze((dim,)), a.squeeze(dim)
    if kind == "unfold" and size:
        width = draw(st.integers(1, size))
        gap = draw(st.integers(1, 3))
        windows = np.lib.stride_tricks.sliding_window_view(a, width, dim)
        return x.unfold(dim, width, gap), windows[(slice(None),) * dim + (slice(None, None, gap),)]
    if kind == "expand" and size == 1:
        wide = (*x.shape[:dim], 3, *x.shape[dim + 1 :])
        return x.expand(wide), np.broadcast_to(a, wide)
    return x, a


@st.composite
def chains(draw: st.DrawFn, requires_grad: bool = False) -> tuple[Tensor, Array, Tensor, Array]:
    """A tensor and an array of the same numbers, and the same chain of views of each."""
    shape = draw(shapes)
    a = np.arange(float(np.prod(shape, dtype=int))).reshape(shape)
    x = mt.tensor(a, requires_grad=requires_grad)
    y, b = x, a
    for _ in range(draw(st.integers(1, 5))):
        y, b = step(y, b, draw)
    return x, a, y, b


@settings(max_examples=100)
@given(chains())
def test_a_chain_of_views_has_numpys_elements_and_strides(
    chain: tuple[Tensor, Array, Tensor, Array],
) -> None:
    x, _, y, b = chain
    assert y.shape == b.shape
    assert np.array_equal(y.numpy(), b)
    assert y.storage is x.storage
    if y.numel():
        ours = [s for s, n in zip(y.stride(), y.shape, strict=True) if n > 1]
        theirs = [s // 8 for s, n in zip(b.strides, b.shape, strict=True) if n > 1]
        assert ours == theirs
        assert y.data_ptr() - x.data_ptr() == int(b.flat[0]) * 8


@settings(max_examples=100)
@given(chains())
def test_a_write_through_a_chain_of_views_is_seen_by_the_base(
    chain: tuple[Tensor, Array, Tensor, Array],
) -> None:
    x, a, y, b = chain
    where = b.astype(np.int64)  # the numbers are the positions
    if not y.layout.repeats():
        y.mul_(-2.0)
        a.reshape(-1)[where] *= -2.0
    x[..., :1] = 7.0
    a[..., :1] = 7.0
    assert np.array_equal(x.numpy(), a)
    assert np.array_equal(y.numpy(), a.reshape(-1)[where])


@settings(max_examples=100)
@given(chains(requires_grad=True))
def test_the_gradient_of_a_chain_of_views_adds_up_where_an_element_is_seen(
    chain: tuple[Tensor, Array, Tensor, Array],
) -> None:
    x, _, y, b = chain
    weights = np.arange(1.0, b.size + 1).reshape(b.shape)
    expected = np.zeros(x.numel())
    np.add.at(expected, b.astype(np.int64).reshape(-1), weights.reshape(-1))
    (g,) = grad((y * mt.tensor(weights)).sum(), x)
    assert g is not None
    assert np.allclose(g.numpy().reshape(-1), expected)
