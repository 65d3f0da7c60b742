"""Writes in place: values, versions, the history of views, and what raises instead of lying."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad

Write = Callable[[Tensor], Tensor]


def ones(n: int) -> Tensor:
    return mt.ones(n, dtype=mt.float64, requires_grad=True)


def gradient(x: Tensor, y: Tensor) -> object:
    (g,) = grad(y.sum(), x, retain_graph=True)
    assert g is not None
    return g.tolist()


# ---- values and dtypes -------------------------------------------------------------------------

WRITES: dict[str, tuple[Write, Write]] = {
    "add_": (lambda x: x.add_(2, alpha=3), lambda x: x + 6),
    "add_ tensor": (lambda x: x.add_(mt.ones(4), alpha=2), lambda x: x + 2),
    "sub_": (lambda x: x.sub_(2), lambda x: x - 2),
    "mul_": (lambda x: x.mul_(mt.full((1,), 3.0)), lambda x: x * 3),
    "div_": (lambda x: x.div_(2), lambda x: x / 2),
    "div_ floor": (lambda x: x.div_(2, rounding_mode="floor"), lambda x: (x / 2).floor()),
    "pow_": (lambda x: x.pow_(3), lambda x: x**3),
    "exp_": (lambda x: x.exp_(), lambda x: x.exp()),
    "relu_": (lambda x: x.relu_(), lambda x: x.relu()),
    "sigmoid_": (lambda x: x.sigmoid_(), lambda x: x.sigmoid()),
    "sin_": (lambda x: x.sin_(), lambda x: x.sin()),
    "floor_": (lambda x: x.floor_(), lambda x: x.floor()),
    "neg_": (lambda x: x.neg_(), lambda x: -x),
    "clamp_": (lambda x: x.clamp_(0.0, 1.5), lambda x: x.clamp(0.0, 1.5)),
    "clamp_min_": (lambda x: x.clamp_min_(1.0), lambda x: x.clamp(min=1.0)),
    "clamp_max_": (lambda x: x.clamp_max_(1.0), lambda x: x.clamp(max=1.0)),
    "lerp_": (lambda x: x.lerp_(mt.ones(4).double(), 0.5), lambda x: (x + 1) / 2),
    "addcmul_": (lambda x: x.addcmul_(x.detach(), mt.ones(4), value=2), lambda x: x * 3),
    "addcdiv_": (lambda x: x.addcdiv_(mt.ones(4), mt.full((4,), 2.0)), lambda x: x + 0.5),
    "copy_": (lambda x: x.copy_(mt.arange(4)), lambda x: mt.arange(4.0, dtype=mt.float64)),
    "fill_": (lambda x: x.fill_(mt.tensor(3)), lambda x: x * 0 + 3),
    "zero_": (lambda x: x.zero_(), lambda x: x * 0),
    "masked_fill_": (lambda x: x.masked_fill_(x > 1, 9.0), lambda x: x.masked_fill(x > 1, 9.0)),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("strided", [False, True])
def test_a_write_gives_what_the_function_gives(name: str, strided: bool) -> None:
    write, function = WRITES[name]
    values = np.array([0.5, 1.0, 2.0, 3.25])
    x = mt.tensor(np.stack([values, values], 1))[:, 0] if strided else mt.tensor(values)
    expected = function(mt.tensor(values)).tolist()
    version = x._version
    assert write(x) is x
    assert x.tolist() == pytest.approx(expected)
    assert x._version == version + 1


@pytest.mark.parametrize("name", sorted(WRITES.keys() - {"addcmul_", "div_ floor"}))
def test_a_recorded_write_has_the_gradient_of_the_function(name: str) -> None:
    write, function = WRITES[name]
    values = [0.5, 1.0, 2.0, 3.25]
    x = mt.tensor(values, dtype=mt.float64, requires_grad=True)
    y = x * 1
    write(y)
    z = mt.tensor(values, dtype=mt.float64, requires_grad=True)
    expected = function(z)
    assert y.tolist() == pytest.approx(expected.tolist())
    if expected.requires_grad:
        assert gradient(x, y * y) == pytest.approx(gradient(z, expected * expected))
    else:
        assert gradient(x, y * y) == [0.0] * 4


def test_augmented_assignment_writes_into_the_same_memory() -> None:
    x = mt.tensor([7.0, 8.0])
    alias = x
    x += 1
    x -= 2
    x *= 3
    x /= 2
    x //= 2
    x %= 3
    x **= 2
    assert alias is x
    assert x.tolist() == [1.0, 4.0]
    mask = alias_of = mt.tensor([True, False])
    mask &= mt.tensor([True, True])
    mask |= False
    mask ^= True
    assert alias_of.tolist() == [False, True]


def test_a_result_must_keep_its_kind() -> None:
    x = mt.ones(2, dtype=mt.int64)
    writes: list[Write] = [
        lambda x: x.add_(0.5), lambda x: x.div_(2), lambda x: x.sqrt_(), lambda x: x.exp_(),
    ]  # fmt: skip
    for write in writes:
        with pytest.raises(RuntimeError, match="can't be cast to the desired output type"):
            write(x)
    assert x.tolist() == [1, 1]
    assert x._version == 0
    y = mt.ones(2, dtype=mt.int32)
    y.add_(mt.ones(2, dtype=mt.int64))  # a wider dtype of one kind is cut
    assert (y.dtype, y.tolist()) == (mt.int32, [2, 2])
    x.masked_fill_(x > 0, 2.5)  # as in PyTorch, the number is cast
    assert x.tolist() == [2, 2]


def test_a_write_cannot_grow_its_tensor() -> None:
    x = mt.ones(3)
    message = r"output with shape \(3,\) doesn't match the broadcast shape \(2, 3\)"
    with pytest.raises(RuntimeError, match=message):
        x.add_(mt.ones(2, 3))
    with pytest.raises(RuntimeError, match="expand"):
        x.copy_(mt.ones(2, 3))


def test_a_tensor_that_repeats_memory_cannot_be_written() -> None:
    x = mt.ones(3).expand(2, 3)
    writes: list[Write] = [lambda x: x.add_(1), lambda x: x.exp_(), lambda x: x.uniform_()]
    for write in writes:
        with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
            write(x)


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda x: x[1:].copy_(x[:-1]), [1.0, 1.0, 2.0, 3.0]),
        (lambda x: x[:-1].add_(x[1:]), [3.0, 5.0, 7.0, 4.0]),
        (lambda x: x.data[1:].mul_(x[:-1]), [1.0, 2.0, 6.0, 12.0]),
        (lambda x: x.view(2, 2).copy_(x.view(2, 2).t()), [1.0, 3.0, 2.0, 4.0]),
    ],
)
def test_a_source_that_overlaps_is_read_before_it_is_written(
    write: Write, expected: object
) -> None:
    x = mt.arange(1.0, 5.0)
    write(x)
    assert x.tolist() == expected


# ---- what may be written -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.add_(1), lambda x: x.zero_(), lambda x: x.exp_(), lambda x: x.uniform_(),
        lambda x: x.masked_fill_(x > 0, 1.0), lambda x: x.copy_(mt.ones(2)),
    ],
)  # fmt: skip
def test_a_leaf_that_requires_grad_is_written_under_no_grad_only(write: Write) -> None:
    x = ones(2)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used"):
        write(x)
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad"):
        write(x[:])
    with mt.no_grad():
        write(x)
    assert x.is_leaf
    assert x.requires_grad
    assert x._version == 1


def test_setting_elements_of_a_leaf() -> None:
    x = ones(2)
    with pytest.raises(RuntimeError, match="a view of a leaf Variable"):
        x[0] = 1.0
    with pytest.raises(RuntimeError, match="a leaf Variable"):
        x[[0]] = 1.0


def test_a_view_made_before_its_base_required_grad_is_guarded_too() -> None:
    x = mt.zeros(3)
    view = x[:2]
    x.requires_grad_()
    with pytest.raises(RuntimeError, match="a view of a leaf Variable"):
        view.add_(1)


def test_a_view_made_under_no_grad_cannot_be_written_with_recording_on() -> None:
    # Else the base would keep a history that misses the write: a wrong gradient.
    x = ones(3)
    base = x * 1
    with mt.no_grad():
        view = base[:2]
        view.mul_(2)  # in one mode it is fine, and not recorded
    with pytest.raises(RuntimeError, match="a view was created in no_grad mode"):
        view.mul_(2)


# ---- versions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("saves", "node"),
    [
        (lambda y: y * y, "MulBackward0"),
        (lambda y: y.sin(), "SinBackward0"),
        (lambda y: y.exp(), "ExpBackward0"),
        (lambda y: y.clamp(0, 5), "ClampBackward0"),
        (lambda y: y @ y, "MmBackward0"),
    ],
)
def test_a_value_that_was_overwritten_is_missed(saves: Write, node: str) -> None:
    x = ones(3)
    y = x * 1
    z = saves(y)
    (z if node == "ExpBackward0" else y).add_(1)
    message = (
        "one of the variables needed for gradient computation has been modified by an inplace "
        rf"operation: what {node} saved is at version 1; expected version 0 instead"
    )
    with pytest.raises(RuntimeError, match=message):
        z.sum().backward()


@pytest.mark.parametrize(
    "keeps_nothing",
    [lambda y: y + 1, lambda y: y * 2, lambda y: y.view(3), lambda y: y.sum(), lambda y: y.exp()],
)
def test_what_no_rule_reads_may_be_overwritten(keeps_nothing: Write) -> None:
    x = ones(3)
    y = x * 1
    z = keeps_nothing(y)
    y.add_(5)
    z.sum().backward()


def test_views_share_the_version_so_a_write_through_a_sibling_is_noticed() -> None:
    x = ones(4)
    base = x * 1
    z = (base[2:] * base[2:]).sum()
    base[:2].mul_(3)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


# ---- the history of views ----------------------------------------------------------------------

INTO_VIEWS: dict[str, tuple[Callable[[Tensor], object], object]] = {
    "slice": (lambda b: b[1:3].mul_(3), [1.0, 3.0, 3.0, 1.0]),
    "number": (lambda b: b[:2].fill_(7.0), [0.0, 0.0, 1.0, 1.0]),
    "element": (lambda b: b[0].mul_(3), [3.0, 1.0, 1.0, 1.0]),
    "view": (lambda b: b.view(2, 2).mul_(3), [3.0, 3.0, 3.0, 3.0]),
    "view of view": (lambda b: b.view(2, 2)[1].mul_(3), [1.0, 1.0, 3.0, 3.0]),
    "column": (lambda b: b.view(2, 2)[:, 0].mul_(3), [3.0, 1.0, 3.0, 1.0]),
    "transposed": (lambda b: b.view(2, 2).t()[0].mul_(3), [3.0, 1.0, 3.0, 1.0]),
    "diagonal": (lambda b: b.view(2, 2).diagonal().mul_(3), [3.0, 1.0, 1.0, 3.0]),
    "all": (lambda b: b[...].mul_(3), [3.0, 3.0, 3.0, 3.0]),
    "all of a view": (lambda b: b.view(2, 2)[...].mul_(3), [3.0, 3.0, 3.0, 3.0]),
    "full slice of a view": (lambda b: b.view(2, 2)[:].mul_(3), [3.0, 3.0, 3.0, 3.0]),
    "full slice twice": (lambda b: b[:][:].mul_(3), [3.0, 3.0, 3.0, 3.0]),
    "empty tuple": (lambda b: b.view(4)[()].mul_(3), [3.0, 3.0, 3.0, 3.0]),
    "split": (lambda b: b.split(2)[1].mul_(3), [1.0, 1.0, 3.0, 3.0]),
    "unbind": (lambda b: b.unbind()[1].mul_(3), [1.0, 3.0, 1.0, 1.0]),
    "as_strided": (lambda b: b.as_strided((2,), (2,), 1).mul_(3), [1.0, 3.0, 1.0, 3.0]),
    "random": (lambda b: b[:2].uniform_(), [0.0, 0.0, 1.0, 1.0]),
}


@pytest.mark.parametrize("name", INTO_VIEWS)
def test_a_write_into_a_view_is_part_of_the_history_of_its_base(name: str) -> None:
    write, expected = INTO_VIEWS[name]
    x = ones(4)
    base = x * 1
    write(base)
    assert base.grad_fn is not None
    assert base.grad_fn.name() == "CopySlices"
    assert gradient(x, base) == expected


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda b: b.__setitem__(0, 5.0), [0.0, 1.0, 1.0, 1.0]),
        (lambda b: b.__setitem__(slice(None), 5.0), [0.0, 0.0, 0.0, 0.0]),
        (lambda b: b.__setitem__(..., 5.0), [0.0, 0.0, 0.0, 0.0]),
        (lambda b: b.__setitem__((), 5.0), [0.0, 0.0, 0.0, 0.0]),
        (lambda b: b.__setitem__(b > 0, 5.0), [0.0, 0.0, 0.0, 0.0]),
        (lambda b: b.__setitem__([1, 3], 5.0), [1.0, 0.0, 1.0, 0.0]),
        (lambda b: b.view(2, 2).__setitem__(slice(None), 5.0), [0.0, 0.0, 0.0, 0.0]),
        (lambda b: b.view(2, 2).__setitem__((slice(None), 0), 5.0), [0.0, 1.0, 0.0, 1.0]),
    ],
)
def test_elements_that_were_set_have_no_gradient(
    write: Callable[[Tensor], object], expected: object
) -> None:
    x = ones(4)
    base = x * 1
    write(base)
    assert gradient(x, base) == expected


def test_other_views_of_the_base_see_the_write_and_its_gradient() -> None:
    x = ones(4)
    base = x * 1
    left, right = base[:3], base[1:]
    left.mul_(3)
    assert right.tolist() == [3.0, 3.0, 1.0]
    assert gradient(x, right * right) == [0.0, 18.0, 18.0, 2.0]


def test_a_write_into_the_base_is_part_of_the_history_of_its_views() -> None:
    x = ones(4)
    base = x * 1
    view = base.view(2, 2)[1]
    base.mul_(3)
    assert gradient(x, view * view) == [0.0, 0.0, 18.0, 18.0]


def test_a_constant_gets_history_from_what_is_written_into_it() -> None:
    x = ones(4)
    base = mt.zeros(4, dtype=mt.float64)
    view = base[1:3]
    base[:2] = x[2:] * 5
    assert base.requires_grad
    assert view.requires_grad
    assert gradient(x, base) == [0.0, 0.0, 5.0, 5.0]
    assert gradient(x, view) == [0.0, 0.0, 0.0, 5.0]


def test_a_loop_that_fills_a_buffer() -> None:
    x = mt.tensor([2.0], dtype=mt.float64, requires_grad=True)
    powers = mt.ones(4, dtype=mt.float64)
    for i in range(1, 4):
        powers[i] = powers[i - 1].clone() * x[0]  # else the next write changes what was saved
    assert powers.tolist() == [1.0, 2.0, 4.0, 8.0]
    assert gradient(x, powers) == [1.0 + 4.0 + 12.0]


@pytest.mark.parametrize(
    "base",
    [
        lambda: mt.zeros(3, 2, dtype=mt.float64).t().detach(),
        lambda: mt.zeros(9, dtype=mt.float64)[3:].view(2, 3).detach(),
        lambda: mt.zeros(2, 6, dtype=mt.float64)[:, ::2].detach(),
    ],
)
def test_a_base_may_lie_in_memory_in_any_way(base: Callable[[], Tensor]) -> None:
    x = ones(3)
    rows = base()
    rows[1] = x * 2
    rows[:, 0] = rows[:, 0] + x[0] * 10
    weights = mt.arange(6.0, dtype=mt.float64).reshape(2, 3)
    assert gradient(x, rows * weights) == [6.0 + 0.0 + 30.0, 8.0, 10.0]


def test_an_infinite_gradient_does_not_leak_into_what_was_overwritten() -> None:
    x = ones(2)
    y = x * 1
    y[0] = 1.0
    assert gradient(x, y / 0) == [0.0, float("inf")]
    z = x * 1
    z.zero_()
    assert gradient(x, z / 0) == [0.0, 0.0]


def test_second_derivatives_through_writes() -> None:
    x = mt.tensor([1.0, 2.0], dtype=mt.float64, requires_grad=True)
    y = x.square()
    y[0] = y[0].clone() * x[0]
    y.mul_(2)
    (g,) = grad(y.sum(), x, create_graph=True)  # 6 x0^2, 4 x1
    assert g is not None
    assert g.tolist() == [6.0, 8.0]
    assert gradient(x, g) == [12.0, 4.0]


def test_an_integer_buffer_takes_values_but_no_history() -> None:
    x = ones(2)
    buffer = mt.zeros(2, dtype=mt.int64)
    buffer.copy_(x * 3)
    assert buffer.tolist() == [3, 3]
    assert not buffer.requires_grad


def test_a_random_fill_forgets_the_old_history() -> None:
    x = ones(3)
    y = x * 1
    y.uniform_()
    assert gradient(x, y) == [0.0, 0.0, 0.0]
    z = x * 1
    w = z * z
    z.normal_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        w.sum().backward()


# ---- copies ------------------------------------------------------------------------------------


def test_copy_shares_memory_and_deepcopy_does_not() -> None:
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    x.sum().backward()
    shallow, deep = copy.copy(x), copy.deepcopy(x)
    assert shallow.data_ptr() == x.data_ptr()
    assert deep.data_ptr() != x.data_ptr()
    for twin in (shallow, deep):
        assert twin.requires_grad
        assert twin.is_leaf
        assert twin.tolist() == [1.0, 2.0]
    assert deep.grad is not None
    assert deep.grad is not x.grad
    assert deep.grad.tolist() == [1.0, 1.0]


def test_deepcopy_keeps_what_was_shared_shared_and_strides() -> None:
    x = mt.arange(6.0).reshape(2, 3)
    first, row, same = copy.deepcopy([x, x[1], x])
    assert same is first
    first.fill_(7.0)
    assert row.tolist() == [7.0, 7.0, 7.0]
    assert x.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert copy.deepcopy(x.t()).stride() == (1, 3)
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
        copy.deepcopy(mt.ones(1, requires_grad=True) * 2)
