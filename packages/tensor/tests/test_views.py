"""Views: NumPy's elements, shared memory both ways, and beside each its transpose."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad
from minitorch_tensor.layout import Shape
from minitorch_tensor.views import expand_to, sum_to

Array = NDArray[np.float64]
View = Callable[[Tensor], Tensor]

shapes = st.lists(st.integers(0, 3), max_size=4).map(tuple)


def arange(shape: Shape) -> Tensor:
    return mt.arange(float(np.prod(shape, dtype=int)), dtype=mt.float64).reshape(shape)


def numbers(x: Tensor) -> Array:
    return np.asarray(x.numpy(), np.float64)


def random(*shape: int) -> Tensor:
    rng = np.random.default_rng(len(shape))
    return mt.tensor(rng.standard_normal(shape))


VIEWS: dict[str, tuple[Shape, View]] = {
    "view": ((2, 6), lambda x: x.view(3, -1)),
    "view as": ((2, 6), lambda x: x.view_as(mt.zeros(4, 3))),
    "reshape": ((2, 6), lambda x: x.reshape(12)),
    "reshape of columns": ((4, 6), lambda x: x[:, ::2].reshape(2, 2, 3, 1)),
    "permute": ((2, 3, 4), lambda x: x.permute(2, 0, 1)),
    "transpose": ((2, 3, 4), lambda x: x.transpose(0, -1)),
    "t": ((2, 3), lambda x: x.t()),
    "T": ((2, 3, 4), lambda x: x.T),
    "mT": ((2, 3, 4), lambda x: x.mT),
    "movedim": ((2, 3, 4), lambda x: x.movedim((0, 1), (2, 0))),
    "flatten": ((2, 3, 4), lambda x: x.flatten(1)),
    "unflatten": ((2, 6), lambda x: x.unflatten(1, (2, -1))),
    "squeeze": ((1, 3, 1), lambda x: x.squeeze()),
    "squeeze dims": ((1, 3, 1), lambda x: x.squeeze((0, 2))),
    "unsqueeze": ((2, 3), lambda x: x.unsqueeze(1)),
    "select": ((2, 3, 4), lambda x: x.select(1, -1)),
    "narrow": ((2, 5), lambda x: x.narrow(1, 1, 3)),
    "slice": ((5, 4), lambda x: x[1:4, ::2]),
    "element": ((5, 4), lambda x: x[1, 2]),
    "ellipsis": ((2, 3), lambda x: x[...]),
    "new axis": ((2, 3), lambda x: x[:, None]),
    "split": ((5, 2), lambda x: x.split(2)[1]),
    "chunk": ((5, 2), lambda x: x.chunk(2)[0]),
    "unbind": ((3, 2), lambda x: x.unbind(1)[1]),
    "diagonal": ((3, 4), lambda x: x.diagonal(1)),
    "as_strided": ((3, 4), lambda x: x.as_strided((2, 2), (5, 2), 1)),
}

COPIES: dict[str, tuple[Shape, View]] = {
    "expand": ((3, 1), lambda x: x.expand(2, 3, 4)),
    "expand as": ((3, 1), lambda x: x.expand_as(mt.zeros(3, 5))),
    "broadcast_to": ((3,), lambda x: x.broadcast_to((2, 3))),
    "overlapping as_strided": ((6,), lambda x: x.as_strided((4, 3), (1, 1))),
    "reshape that copies": ((2, 3), lambda x: x.t().reshape(6)),
    "contiguous": ((2, 3), lambda x: x.t().contiguous()),
    "clone": ((2, 3), lambda x: x.clone()),
    "repeat": ((2, 3), lambda x: x.repeat(2, 1, 3)),
    "flip": ((2, 3), lambda x: x.flip(0, 1)),
    "roll": ((2, 3), lambda x: x.roll((1, -1), (0, 1))),
    "roll of all": ((2, 3), lambda x: x.roll(4)),
    "tril": ((3, 4), lambda x: x.tril(1)),
    "triu": ((3, 4), lambda x: x.triu(-1)),
    "diag": ((3,), lambda x: x.diag(-1)),
    "cat": ((2, 3), lambda x: mt.cat([x, x[:1], mt.zeros(0)])),
    "stack": ((2, 3), lambda x: mt.stack([x, x], 1)),
    "sum": ((2, 3, 4), lambda x: x.sum((0, 2))),
    "mean": ((2, 3), lambda x: x.mean(1, keepdim=True)),
    "cumsum": ((2, 5), lambda x: x.cumsum(1)),
    "gather": ((3, 2), lambda x: x.gather(0, mt.tensor([[0, 2], [2, 2]]))),
    "index_select": ((3, 2), lambda x: x.index_select(0, mt.tensor([2, 0, 2]))),
    "index": ((3, 2), lambda x: x[[2, 0, 2], [1, 0, 1]]),
    "mask": ((3, 2), lambda x: x[mt.tensor([True, False, True])]),
    "take_along_dim": ((3, 2), lambda x: mt.take_along_dim(x, mt.tensor([[0, 0]]), 0)),
    "masked_fill": ((2, 2), lambda x: x.masked_fill(mt.eye(2) > 0, 0.0)),
    "matmul": ((2, 3), lambda x: x @ mt.ones(3, 2, dtype=mt.float64)),
    "to float32 and back": ((2, 3), lambda x: x.float().double()),
    "trace": ((3, 4), lambda x: x.trace()),
}

LINEAR = VIEWS | COPIES
names = pytest.mark.parametrize("name", LINEAR)


@names
def test_backward_is_the_transpose(name: str) -> None:
    # <A x, y> == <x, A^T y> for each linear map A
    shape, function = LINEAR[name]
    x = random(*shape).float().double().requires_grad_()
    forward = function(x)
    y = random(*forward.shape).float().double()
    (back,) = grad(forward, x, y)
    assert back is not None
    assert back.shape == shape
    assert (forward * y).sum().item() == pytest.approx((x * back).sum().item())


@names
def test_the_transpose_is_recorded_and_its_transpose_is_the_map(name: str) -> None:
    shape, function = LINEAR[name]
    x = random(*shape).requires_grad_()
    seed = random(*function(x).shape).requires_grad_()
    (back,) = grad(function(x), x, seed, create_graph=True)
    assert back is not None
    weights = random(*shape)
    (again,) = grad(back, seed, weights)
    assert again is not None
    assert again.tolist() == pytest.approx(np.array(function(weights).tolist()))


@pytest.mark.parametrize("name", VIEWS)
def test_a_write_through_the_view_is_seen_by_the_base_and_the_other_way(name: str) -> None:
    shape, function = VIEWS[name]
    base = arange(shape)
    view = function(base)
    view.fill_(-1.0)
    written = base.tolist()
    again = arange(shape)
    assert function(again).numel() == int((mt.tensor(written) == -1.0).sum().item())
    base.fill_(7.0)
    assert bool((view == 7.0).all())
    assert view._version == base._version == 2


@pytest.mark.parametrize("name", sorted(COPIES.keys() - {"expand", "expand as", "broadcast_to"}))
def test_a_copy_shares_nothing(name: str) -> None:
    shape, function = COPIES[name]
    base = random(*shape)
    before = base.tolist()
    copy = function(base)
    if not copy.layout.repeats():
        copy.fill_(99.0)
        assert base.tolist() == before


@pytest.mark.parametrize("times", [(1,), (1, 1)])
def test_repeat_once_is_a_copy(times: Shape) -> None:
    x = mt.ones(3)
    x.repeat(*times).zero_()
    assert x.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.sum(),
        lambda x: x.prod(),
        lambda x: x.mean(),
        lambda x: x.max(),
        lambda x: x.max(0).values,
        lambda x: x.amax(0),
        lambda x: x.logsumexp(0),
        lambda x: x.cumsum(0),
        lambda x: x.sort(0).values,
        lambda x: x.round(),
        lambda x: x.roll(0),
        lambda x: x.flip(()),
        lambda x: x.clamp(min=-9.0),
        lambda x: mt.cat([x.reshape(1)]),
    ],
)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_result_of_one_element_is_no_view_of_it(
    function: Callable[[Tensor], Tensor], requires_grad: bool
) -> None:
    x = mt.tensor(2.0).requires_grad_(requires_grad)
    with mt.no_grad():
        function(x).fill_(5.0)
    y = function(x)
    with mt.no_grad():
        y.fill_(5.0)
    assert x.item() == 2.0


@given(shapes, st.data())
def test_view_and_permute_chains_are_numpys(shape: Shape, data: st.DataObject) -> None:
    x = arange(shape)
    a = numbers(x)
    for _ in range(3):
        order = data.draw(st.permutations(range(x.ndim)))
        x, a = x.permute(order), a.transpose(order)
        sizes = data.draw(st.sampled_from([(-1,), (*x.shape, 1), (1, *x.shape), x.shape]))
        if x.numel():
            x, a = x.reshape(sizes), a.reshape(sizes)
    np.testing.assert_array_equal(x.numpy(), a)


@given(shapes, shapes)
def test_sum_to_is_the_transpose_of_expand_to(small: Shape, large: Shape) -> None:
    try:
        fits = np.broadcast_shapes(small, large) == large
    except ValueError:
        fits = False
    assume(fits)
    x = mt.tensor(np.random.default_rng(0).standard_normal(small))
    y = mt.tensor(np.random.default_rng(1).standard_normal(large))
    left = (expand_to(x, large) * y).sum().item()
    right = (x * sum_to(y, small)).sum().item()
    assert left == pytest.approx(right)
    assert sum_to(y, small).shape == small


@given(shapes, shapes)
def test_operators_broadcast_as_numpy(a: Shape, b: Shape) -> None:
    x, y = arange(a), arange(b) + 0.5
    try:
        expected = numbers(x) + numbers(y)
    except ValueError:
        with pytest.raises(RuntimeError, match=r"must match the size|must be 1"):
            x + y
        return
    np.testing.assert_array_equal((x + y).numpy(), expected)
    np.testing.assert_array_equal((y - x).numpy(), numbers(y) - numbers(x))
    np.testing.assert_array_equal((x < y).numpy(), numbers(x) < numbers(y))


def test_gradient_of_an_expanded_operand_is_summed() -> None:
    x = mt.ones(3, 1).requires_grad_()
    (x * mt.arange(8.0).reshape(2, 1, 4)).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[28.0], [28.0], [28.0]]


def test_expand_keeps_sizes_with_minus_one_and_allows_no_elements() -> None:
    assert mt.ones(3, 1).expand(2, -1, 4).shape == (2, 3, 4)
    assert mt.ones(1, 3).expand(0, 3).shape == (0, 3)
    assert mt.tensor(1.0).expand(2, 2).tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_a_view_remembers_its_base_and_not_the_view_in_between() -> None:
    x = mt.zeros(2, 3)
    assert x.base is None
    assert x.t()[0].base is x
    assert x.detach().base is None


def test_split_and_chunk_cover_the_dimension() -> None:
    x = mt.arange(7)
    assert [p.tolist() for p in x.split(3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert [p.tolist() for p in x.split([1, 0, 6])] == [[0], [], [1, 2, 3, 4, 5, 6]]
    assert [len(p) for p in x.chunk(3)] == [3, 3, 1]
    assert [len(p) for p in x.chunk(4)] == [2, 2, 2, 1]
    assert [p.shape for p in mt.zeros(0, 2).chunk(3)] == [(0, 2)] * 3
    assert [p.shape for p in mt.zeros(0, 2).split(4)] == [(0, 2)]


def test_data_ptr_and_offset_say_where_a_view_begins() -> None:
    x = mt.zeros(3, 4)
    y = x[1:, 2]
    assert y.storage_offset() == 6
    assert y.data_ptr() == x.data_ptr() + 6 * 4
    assert y.stride() == (4,)
    assert y.stride(0) == 4
    assert not y.is_contiguous()
