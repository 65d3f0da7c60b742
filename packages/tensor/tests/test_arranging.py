"""Views, pieces, windows, repeats, stacks: what is shared, what is refused, in which words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad as gradients


def numbered(*shape: int) -> Tensor:
    return mt.arange(float(np.prod(shape, dtype=int))).reshape(shape)


def grad(y: Tensor, *inputs: Tensor) -> list[Tensor]:
    found = gradients(y, inputs)
    return [g for g in found if g is not None]


VIEWS: dict[str, Callable[[Tensor], Tensor]] = {
    "moveaxis": lambda x: mt.moveaxis(x, 0, -1),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "swapdims": lambda x: x.swapdims(0, 1),
    "adjoint": mt.adjoint,
    "H": lambda x: x.H,
    "mH": lambda x: x.mH,
    "ravel": mt.ravel,
    "reshape_as": lambda x: x.reshape_as(mt.ones(6, 2)),
    "atleast_3d": lambda x: mt.atleast_3d(x),
    "split_with_sizes": lambda x: x.split_with_sizes([1, 3], 1)[1],
    "tensor_split": lambda x: x.tensor_split(2, 1)[0],
    "hsplit": lambda x: x.hsplit(2)[1],
    "vsplit": lambda x: x.vsplit(3)[1],
    "unfold": lambda x: x.unfold(1, 2, 1),
    "view(dtype)": lambda x: x.view(mt.int32),
    "t_": lambda x: x.view(3, 4).t_(),
}


PARTS = {"split_with_sizes": 9, "tensor_split": 6, "hsplit": 6, "vsplit": 4}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_shares_memory_and_its_count_of_writes(name: str) -> None:
    x = numbered(3, 4) + 1
    y = VIEWS[name](x)
    before = x.version
    y.fill_(0) if name != "unfold" else x.zero_()  # windows overlap: they cannot be written
    assert x.version == y.version == before + 1
    assert (x == 0).sum().item() == PARTS.get(name, 12)
    assert (y == 0).all()


def test_atleast_gives_a_tensor_for_one_and_a_tuple_for_several() -> None:
    x = mt.ones(3)
    assert mt.atleast_1d(x) is x
    assert [tuple(y.shape) for y in mt.atleast_2d(x, mt.tensor(1.0))] == [(1, 3), (1, 1)]
    assert isinstance(mt.atleast_3d([x]), tuple)
    with pytest.raises(TypeError, match=r"atleast_2d: argument 1 must be a Tensor, not float"):
        mt.atleast_2d(x, 1.0)  # type: ignore[call-overload]


def test_h_needs_a_matrix() -> None:
    assert mt.tensor(2.0).H.item() == mt.tensor(2.0).mT.item() == 2.0
    with pytest.raises(RuntimeError, match=r"H: only supported on matrices .* shape \(2, 3, 4\)"):
        _ = numbered(2, 3, 4).H
    for name in ("mH", "mT"):
        with pytest.raises(RuntimeError, match=rf"{name}: only supported on matrices or batches"):
            getattr(numbered(3), name)
    with pytest.raises(RuntimeError, match=r"adjoint: only supported on matrices or batches"):
        mt.adjoint(numbered(3))


@given(st.integers(0, 12), st.lists(st.integers(-14, 14), max_size=4))
def test_tensor_split_cuts_as_numpy_does(size: int, cuts: list[int]) -> None:
    x = np.arange(size)
    ours = mt.tensor_split(mt.tensor(x), cuts)
    assert [piece.tolist() for piece in ours] == [p.tolist() for p in np.array_split(x, cuts)]


@given(st.integers(0, 12), st.integers(1, 6))
def test_tensor_split_shares_out_as_numpy_does(size: int, sections: int) -> None:
    x = np.arange(size)
    ours = mt.tensor_split(mt.tensor(x), sections=sections)
    assert [piece.tolist() for piece in ours] == [p.tolist() for p in np.array_split(x, sections)]


def test_splits_refuse_what_they_cannot_cut() -> None:
    x = numbered(3, 4)
    with pytest.raises(RuntimeError, match="number of sections must be larger than 0, but got 0"):
        x.tensor_split(0)
    with pytest.raises(RuntimeError, match=r"of dtype int64, but got minitorch\.float32"):
        mt.tensor_split(x, mt.ones(1))
    with pytest.raises(RuntimeError, match=r"of 0 or 1 dimensions, but got shape \(1, 1\)"):
        mt.tensor_split(x, mt.tensor([[1]]))
    with pytest.raises(RuntimeError, match="at least a 1-dimensional tensor"):
        mt.tensor(1.0).tensor_split(1)
    with pytest.raises(TypeError, match="expected a number of sections or a sequence of indices"):
        x.tensor_split()
    with pytest.raises(RuntimeError, match=r"hsplit: .*dimension 4 is not divisible by .* 3; tens"):
        x.hsplit(3)
    with pytest.raises(RuntimeError, match="vsplit: requires a tensor with at least 2 dimensions"):
        numbered(3).vsplit(3)
    with pytest.raises(RuntimeError, match="dsplit: requires a tensor with at least 3 dimensions"):
        x.dsplit(2)


def test_unfold_refuses_windows_that_do_not_fit() -> None:
    x = numbered(3, 4)
    for arguments, message in {
        (1, 5, 1): "maximum size for tensor at dimension 1 is 4 but size is 5",
        (1, 2, 0): "step is 0 but must be > 0",
        (1, -1, 1): "size is -1 but must be >= 0",
    }.items():
        with pytest.raises(RuntimeError, match=message):
            x.unfold(*arguments)
    assert x.unfold(1, 0, 1).shape == (3, 5, 0)
    assert mt.tensor(3.0).unfold(0, 0, 1).shape == (0,)


def test_the_gradient_of_windows_counts_how_many_an_element_is_in() -> None:
    x = numbered(2, 5).t().requires_grad_()
    (g,) = grad(x.unfold(0, 3, 1).sum(), x)
    assert g.tolist() == [[1, 1], [2, 2], [3, 3], [2, 2], [1, 1]]


def test_a_dtype_view_reads_the_bytes() -> None:
    x = mt.tensor([1.0, -2.0, 0.5, 4.0])
    assert np.array_equal(x.view(mt.int32).numpy(), x.numpy().view(np.int32))
    assert np.array_equal(x.view(mt.int16).numpy(), x.numpy().view(np.int16))
    assert np.array_equal(x[2:].view(dtype=mt.float64).numpy(), x[2:].numpy().view(np.float64))
    assert x.view(mt.uint8).shape == (16,)
    assert not x.requires_grad_().view(mt.int32).requires_grad
    odd = mt.tensor([1, 2, 3], dtype=mt.int32)[1:]
    assert odd.view(mt.uint8).view(mt.int32).tolist() == [2, 3]


def test_a_dtype_view_refuses_what_does_not_fit() -> None:
    x = numbered(3, 4)
    with pytest.raises(RuntimeError, match=r"last stride must be 1 to view .*, but got 4"):
        x.t().view(mt.int16)
    with pytest.raises(RuntimeError, match=r"the last size must be divisible by 2 .*, but got 3"):
        numbered(3).view(mt.float64)
    with pytest.raises(RuntimeError, match=r"storage offset must be divisible by 2 .*, but got 1"):
        x[:, 1:3].view(mt.float64)
    with pytest.raises(RuntimeError, match="stride of dimension 0 must be divisible by 2"):
        numbered(3, 5)[:, :4].view(mt.float64)
    with pytest.raises(RuntimeError, match="number of dimensions cannot be 0"):
        mt.tensor(1.0).view(mt.int16)
    with pytest.raises(TypeError, match="expected sizes, or one dtype alone"):
        x.view(mt.int32, 3)


def test_writing_through_a_dtype_view_is_seen_by_backward() -> None:
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    z = y * y
    y.detach().view(mt.int32).zero_()
    with pytest.raises(RuntimeError, match="modified"):
        z.sum().backward()


def test_a_copy_from_the_same_memory_under_another_dtype_is_not_disturbed() -> None:
    x = mt.tensor([1.0, 2.0, 3.0, 4.0])
    other = x.view(mt.int32)[:-1]
    expected = other.tolist()
    x[1:].copy_(other)
    assert np.allclose(x[1:].numpy(), np.array(expected, np.float32))


def test_narrow_takes_a_tensor_as_start() -> None:
    x = numbered(5)
    assert x.narrow(0, mt.tensor(1), 2).tolist() == x.narrow(0, -4, 2).tolist() == [1, 2]
    with pytest.raises(RuntimeError, match="must be an int or a 0-dim integral Tensor"):
        x.narrow(0, mt.tensor(1.0), 2)


def test_names_may_be_keywords_but_not_twice() -> None:
    x = numbered(2, 3)
    assert mt.permute(x, dims=(1, 0)).shape == mt.flip(x, dims=[0]).t().shape == (3, 2)
    assert x.expand(size=(4, 2, 3)).shape == x.tile(dims=(4, 1, 1)).shape == (4, 2, 3)
    assert x.repeat(repeats=[2, 1]).shape == (4, 3)
    assert mt.reshape(x, shape=(-1,)).shape == (6,)
    with pytest.raises(TypeError, match="permute: got multiple values for argument 'dims'"):
        x.permute(1, 0, dims=(1, 0))


def test_repeat_interleave_refuses_wrong_counts() -> None:
    x = numbered(3, 4)
    for repeats, message in {
        (1, 0): "repeats must have the same size as input along dim, but got 2 repeats and size 3",
        (1, 0, -2): "repeats can not be negative, but got -2",
    }.items():
        with pytest.raises(RuntimeError, match=message):
            x.repeat_interleave(mt.tensor(repeats), 0)
    with pytest.raises(RuntimeError, match="repeats must be non-negative, but got -1"):
        x.repeat_interleave(-1)
    with pytest.raises(RuntimeError, match=r"must be int64 or int32, but got minitorch\.float32"):
        x.repeat_interleave(mt.ones(3), 0)
    with pytest.raises(
        RuntimeError, match=r"must be 0-dim or 1-dim tensor, but got shape \(1, 3\)"
    ):
        x.repeat_interleave(mt.tensor([[1, 1, 1]]), 0)
    with pytest.raises(RuntimeError, match="output_size is 4, but the repeats add up to 3"):
        x.repeat_interleave(mt.tensor([1, 0, 2]), 0, output_size=4)
    with pytest.raises(RuntimeError, match="invalid output_size, expected 8 but got 9"):
        x.repeat_interleave(2, 1, output_size=9)
    assert mt.tensor(5).repeat_interleave(2).tolist() == [5, 5]
    assert mt.repeat_interleave(mt.tensor([2], dtype=mt.int32)).dtype is mt.int32


def test_stacks_need_tensors() -> None:
    for stacked in (mt.hstack, mt.vstack, mt.dstack, mt.column_stack):
        with pytest.raises(RuntimeError, match="expected a non-empty list of tensors"):
            stacked([])
    with pytest.raises(RuntimeError, match=r"2 or fewer dimensions, but input 0 has .*\(1, 1, 1\)"):
        mt.block_diag(mt.ones(1, 1, 1))
    with pytest.raises(RuntimeError, match="meshgrid: expects all tensors to have the same dtype"):
        mt.meshgrid(mt.ones(1), mt.tensor([1]))
    with pytest.raises(RuntimeError, match="meshgrid: expected a non-empty list"):
        mt.cartesian_prod()
    x = mt.ones(3)
    assert mt.cartesian_prod(x) is x


def test_choices_of_a_vector() -> None:
    x = mt.arange(3)
    assert mt.combinations(x, 0).shape == (0,)
    assert mt.combinations(x, 5).shape == (0, 5)
    with pytest.raises(RuntimeError, match=r"expected a 1D vector, but got shape \(2, 3\)"):
        mt.combinations(numbered(2, 3))
    with pytest.raises(RuntimeError, match="expected a non-negative number, but got -1"):
        mt.combinations(x, -1)
    with pytest.raises(RuntimeError, match="N must be non-negative"):
        mt.vander(x, -1)
    assert mt.vander(mt.tensor([True, False]), 3).tolist() == [[1, 1, 1], [0, 0, 1]]


def test_triangles_refuse_what_is_no_matrix() -> None:
    with pytest.raises(RuntimeError, match=r"fill_diagonal_: expected at least 2 dimensions"):
        mt.zeros(2).fill_diagonal_(1)
    with pytest.raises(RuntimeError, match=r"of equal length, but its shape is \(2, 2, 3\)"):
        mt.zeros(2, 2, 3).fill_diagonal_(1)
    with pytest.raises(RuntimeError, match="triu: input tensor must have at least 2 dimensions"):
        mt.zeros(2).triu_()
    with pytest.raises(RuntimeError, match=r"fliplr: input must be >= 2-d"):
        mt.fliplr(mt.zeros(2))
    with pytest.raises(RuntimeError, match=r"flipud: input must be >= 1-d"):
        mt.flipud(mt.tensor(1))
    with pytest.raises(RuntimeError, match=r"rotation dims to be different, but got \(0, -2\)"):
        mt.rot90(mt.zeros(2, 2), 1, (0, -2))
    with pytest.raises(RuntimeError, match=r"expected 2 rotation dims, but got \(0,\)"):
        mt.rot90(mt.zeros(2, 2), 1, (0,))
    with pytest.raises(RuntimeError, match="diagonal dimensions cannot be identical 0, 0"):
        mt.diag_embed(mt.zeros(2), dim1=0, dim2=0)
    tall = mt.zeros(3, 7).t()
    assert tall.fill_diagonal_(1, wrap=True).nonzero().tolist() == [
        [0, 0], [1, 1], [2, 2], [4, 0], [5, 1], [6, 2]
    ]  # fmt: skip


def test_a_scatter_of_a_view_needs_the_shape_of_the_view() -> None:
    x = mt.zeros(3, 4)
    with pytest.raises(RuntimeError, match=r"src has shape \(2,\) and the slice \(3,\)"):
        mt.select_scatter(x, mt.ones(2), 1, 0)
    with pytest.raises(RuntimeError, match="slice step must be positive, but got 0"):
        mt.slice_scatter(x, mt.ones(3, 4), 1, step=0)
    assert mt.diagonal_scatter(x, mt.tensor([1, 2, 3])).sum().item() == 6
    assert x.sum().item() == 0


def test_the_gradient_of_as_strided_scatter_leaves_out_what_is_replaced() -> None:
    x, src = mt.zeros(3, 4, requires_grad=True), mt.ones(2, 2, requires_grad=True)
    y = mt.as_strided_scatter(x, src, (2, 2), (1, 2))
    weights = numbered(3, 4)
    into_x, into_src = grad((y * weights).sum(), x, src)
    assert into_x.tolist() == [[0, 0, 0, 0], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert into_src.tolist() == [[0, 2], [1, 3]]


def test_sum_to_size_needs_a_size_that_expands() -> None:
    x = numbered(3, 4)
    assert x.sum_to_size(3, 4) is x
    assert x.sum_to_size(()).item() == 66
    for size in ((2, 4), (1, 1, 3, 4), (-1,)):
        with pytest.raises(RuntimeError, match="is not expandable to size"):
            x.sum_to_size(size)


def test_a_leaf_does_not_change_its_shape_unless_nothing_is_recorded() -> None:
    x = mt.ones(2, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="t_: a leaf Variable that requires grad"):
        x.t_()
    with mt.no_grad():
        x.t_()
    assert x.shape == (3, 2)
    (x * 2).sum().backward()
    assert x.grad is not None
    assert x.grad.shape == (3, 2)


def test_a_change_of_shape_counts_as_a_write() -> None:
    x = mt.ones(2, 2, requires_grad=True)
    y = x * 1
    z = y * y
    y.t_()
    with pytest.raises(RuntimeError, match="modified"):
        z.sum().backward()


def test_a_change_of_shape_is_recorded_also_without_gradients() -> None:
    x = numbered(2, 3).requires_grad_()
    y = x * 1
    with mt.no_grad():
        y.t_()
    (g,) = grad((y * numbered(3, 2)).sum(), x)
    assert g.tolist() == [[0, 2, 4], [1, 3, 5]]
