"""Autograd on tensors: leaves, graphs, hooks, what `.grad` is, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad


def leaf(*values: float) -> Tensor:
    return mt.tensor(list(values), requires_grad=True)


def grad_of(x: Tensor) -> list[float]:
    assert x.grad is not None
    assert not x.grad.requires_grad
    found = x.grad.tolist()
    assert isinstance(found, list)
    return [float(value) for value in found if isinstance(value, (int, float))]


# ---- leaves and nodes --------------------------------------------------------------------------


def test_leaf_grad_fn_and_requires_grad() -> None:
    x = leaf(1.0, 2.0)
    y = x * 2
    assert x.is_leaf
    assert x.grad_fn is None
    assert not y.is_leaf
    assert y.requires_grad
    assert y.grad_fn is not None
    assert y.grad_fn.name() == "MulBackward0"
    assert mt.ones(2).is_leaf
    assert (mt.ones(2) * 2).grad_fn is None


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: x + x, "AddBackward0"),
        (lambda x: x.exp(), "ExpBackward0"),
        (lambda x: x.sum(), "SumBackward0"),
        (lambda x: x.sum(0), "SumBackward1"),
        (lambda x: x.view(1, 2), "ViewBackward0"),
        (lambda x: x[0], "SelectBackward0"),
        (lambda x: x[:1], "SliceBackward0"),
        (lambda x: x.unsqueeze(0), "UnsqueezeBackward0"),
        (lambda x: x.expand(3, 2), "ExpandBackward0"),
        (lambda x: x.clone(), "CloneBackward0"),
        (lambda x: mt.cat([x, x]), "CatBackward0"),
        (lambda x: x.double(), "ToCopyBackward0"),
    ],
)
def test_nodes_have_pytorchs_names(function: Callable[[Tensor], Tensor], name: str) -> None:
    node = function(leaf(1.0, 2.0)).grad_fn
    assert node is not None
    assert node.name() == name


def test_only_floating_tensors_can_require_grad() -> None:
    with pytest.raises(RuntimeError, match="only Tensors of floating point dtype"):
        mt.tensor([1, 2], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"int64; convert it with \.float\(\) first"):
        mt.ones(2, dtype=mt.int64).requires_grad_()


def test_requires_grad_can_be_switched_off_for_leaves_only() -> None:
    x = leaf(1.0)
    y = x * 2
    assert not x.requires_grad_(False).requires_grad
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf"):
        y.requires_grad_(False)
    assert y.requires_grad_().requires_grad


def test_integers_and_comparisons_carry_no_history() -> None:
    x = leaf(1.0, 2.0)
    for y in (x.long(), x > 1, x.argmax(), x.max(0).indices, x.isnan(), x.nonzero()):
        assert not y.requires_grad


def test_no_grad_records_nothing_and_enable_grad_does_again() -> None:
    x = leaf(1.0)
    with mt.no_grad():
        assert not (x * 2).requires_grad
        with mt.enable_grad():
            assert (x * 2).requires_grad
    assert (x * 2).requires_grad


# ---- backward ----------------------------------------------------------------------------------


def test_backward_adds_to_grad_and_keeps_the_object() -> None:
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert x.grad is first
    assert grad_of(x) == [5.0, 7.0]
    x.grad = None
    x.sum().backward()
    assert grad_of(x) == [1.0, 1.0]


def test_grad_is_dense_although_the_gradient_was_expanded() -> None:
    x = mt.ones(2, 3, requires_grad=True)
    x.sum().backward()
    assert x.grad is not None
    assert x.grad.stride() == (3, 1)
    x.grad[0, 0] = 5.0
    assert x.grad.tolist() == [[5.0, 1.0, 1.0], [1.0, 1.0, 1.0]]


@pytest.mark.parametrize("create_graph", [False, True])
def test_grad_never_aliases_the_seed_nor_another_leafs_grad(create_graph: bool) -> None:
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    seed = mt.ones(2)
    (x + y).backward(seed, create_graph=create_graph)
    assert x.grad is not None
    x.grad.detach().mul_(5)
    seed.mul_(9)
    assert y.grad is not None
    assert y.grad.tolist() == [1.0, 1.0]


def test_a_leaf_is_its_own_gradient() -> None:
    x = leaf(1.0, 2.0)
    seed = mt.tensor([3.0, 4.0])
    x.backward(seed)
    assert grad_of(x) == [3.0, 4.0]
    assert x.grad is not seed


def test_backward_needs_a_scalar_or_a_gradient() -> None:
    x = leaf(1.0, 2.0)
    message = r"grad can be implicitly created only for scalar outputs, but the output has shape"
    with pytest.raises(RuntimeError, match=message):
        (x * 2).backward()
    with pytest.raises(RuntimeError, match=r"Mismatch in shape: the gradient has shape \(3,\)"):
        (x * 2).backward(mt.ones(3))
    mt.ones(1, 1, requires_grad=True).mul(2).backward()  # one element is a scalar too


def test_backward_without_history() -> None:
    message = "element 0 of tensors does not require grad and does not have a grad_fn"
    with pytest.raises(RuntimeError, match=message):
        mt.ones(2).sum().backward()
    x = leaf(1.0)
    with mt.no_grad():
        y = x * 2
    with pytest.raises(RuntimeError, match=message):
        y.backward()


def test_a_graph_can_be_walked_once_unless_it_is_retained() -> None:
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert grad_of(x) == [4.0, 8.0]
    message = "Trying to backward through the graph a second time.*retain_graph=True"
    with pytest.raises(RuntimeError, match=message):
        y.backward()


def test_a_graph_that_saved_nothing_can_be_walked_again() -> None:
    x = leaf(1.0, 2.0)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    assert grad_of(x) == [2.0, 2.0]


def test_backward_gives_to_the_named_inputs_only() -> None:
    x, y = leaf(1.0), leaf(2.0)
    z = x * y
    (z * 3).backward(inputs=[x, z])
    assert grad_of(x) == [6.0]
    assert y.grad is None
    assert z.grad is not None
    assert z.grad.tolist() == [3.0]
    with pytest.raises(RuntimeError, match="`inputs` cannot be empty"):
        (x * y).backward(inputs=[])
    with pytest.raises(RuntimeError, match="does not require grad"):
        (x * y).backward(inputs=[mt.ones(1)])


def test_backward_with_inputs_keeps_grad_and_calls_hooks() -> None:
    x = leaf(1.0)
    seen: list[float] = []
    x.register_post_accumulate_grad_hook(lambda leaf: seen.append(grad_of(leaf)[0]))
    (x * 2).backward(inputs=x)
    first = x.grad
    (x * 3).backward(inputs=x)
    assert x.grad is first
    assert seen == [2.0, 5.0]


def test_gradients_have_the_dtype_of_their_leaf() -> None:
    x = leaf(1.0, 2.0)
    y = mt.tensor([1.0, 2.0], dtype=mt.float64, requires_grad=True)
    (x * y).sum().backward()
    assert x.grad is not None
    assert y.grad is not None
    assert (x.grad.dtype, y.grad.dtype) == (mt.float32, mt.float64)
    # A 0-d operand of a wider dtype does not widen a recorded rule.
    (g,) = grad((mt.xlogy(x, mt.tensor(2.0, dtype=mt.float64)) ** 2).sum(), x, create_graph=True)
    assert g is not None
    assert g.dtype is mt.float32


# ---- autograd.grad -----------------------------------------------------------------------------


def test_grad_returns_gradients_and_touches_no_leaf() -> None:
    x = leaf(1.0, 2.0)
    y = x * x
    gx, gy = grad(y.sum(), [x, y])
    assert gx is not None
    assert gy is not None
    assert (gx.tolist(), gy.tolist()) == ([2.0, 4.0], [1.0, 1.0])
    assert x.grad is None


def test_grad_of_several_outputs_adds_up() -> None:
    x = leaf(1.0, 2.0)
    seeds = [mt.tensor([1.0, 10.0]), None]
    (g,) = grad([x * 3, (x * x).sum()], x, seeds)
    assert g is not None
    assert g.tolist() == [5.0, 34.0]
    with pytest.raises(RuntimeError, match="grad: got 2 tensors and 1 gradients"):
        grad([x * 3, x * 4], x, [None])


def test_unused_inputs() -> None:
    x, y = leaf(1.0), leaf(2.0)
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        grad(x.sum(), [x, y])
    assert grad(x.sum(), [x, y], allow_unused=True)[1] is None
    found = grad(x.sum(), [x, y], materialize_grads=True)[1]
    assert found is not None
    assert found.tolist() == [0.0]
    with pytest.raises(ValueError, match="allow_unused to be True or not passed"):
        grad(x.sum(), y, materialize_grads=True, allow_unused=False)
    with pytest.raises(RuntimeError, match="input 0 does not require grad"):
        grad(x.sum(), mt.ones(1))
    with pytest.raises(RuntimeError, match="`inputs` cannot be empty"):
        grad(x.sum(), [])


def test_third_derivative_of_a_power() -> None:
    x = mt.tensor(2.0, requires_grad=True)
    y = x**4
    for expected in (32.0, 48.0, 48.0):
        (found,) = grad(y, x, create_graph=True)
        assert found is not None
        assert found.item() == expected
        y = found


def test_backward_with_create_graph_records_grad() -> None:
    x = leaf(2.0)
    (x**3).sum().backward(create_graph=True)
    assert x.grad is not None
    assert x.grad.requires_grad
    (g,) = grad(x.grad.sum(), x)
    assert g is not None
    assert g.tolist() == [12.0]
    x.grad = None  # it leads to x, and x to it


def test_grad_without_create_graph_gives_constants() -> None:
    x = leaf(2.0)
    (g,) = grad((x**3).sum(), x)
    assert g is not None
    assert not g.requires_grad


# ---- hooks -------------------------------------------------------------------------------------


def test_a_hook_sees_the_complete_gradient_once_and_may_replace_it() -> None:
    x = leaf(1.0)
    seen: list[float] = []

    def hook(g: Tensor) -> Tensor:
        seen.append(g.item())
        return g * 10

    handle = x.register_hook(hook)
    (x * 2 + x * 3).sum().backward()
    assert seen == [5.0]
    assert grad_of(x) == [50.0]
    handle.remove()
    handle.remove()
    x.sum().backward()
    assert grad_of(x) == [51.0]


def test_hooks_on_inner_tensors_change_what_flows_on() -> None:
    x = leaf(1.0)
    y = x * 2
    y.register_hook(lambda g: g * 0)
    y.sum().backward()
    assert grad_of(x) == [0.0]


def test_a_hook_may_not_change_the_shape_or_the_dtype() -> None:
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: g[:1])
    with pytest.raises(RuntimeError, match=r"hook '<lambda>' changes a gradient of shape \(1,\)"):
        x.sum().backward()
    y = leaf(1.0, 2.0)
    y.register_hook(lambda g: g.double())
    with pytest.raises(RuntimeError, match=r"changes a gradient of dtype minitorch\.float64"):
        y.sum().backward()


def test_hooks_need_a_gradient() -> None:
    with pytest.raises(RuntimeError, match="does not require grad"):
        mt.ones(2).register_hook(lambda g: g)
    with pytest.raises(RuntimeError, match="does not require grad"):
        mt.ones(2).retain_grad()
    with pytest.raises(RuntimeError, match="cannot be registered on non-leaf"):
        (leaf(1.0) * 2).register_post_accumulate_grad_hook(lambda leaf: None)


@pytest.mark.parametrize("first", ["hook", "retain"])
def test_retain_grad_keeps_the_gradient_after_all_hooks(first: str) -> None:
    x = leaf(1.0)
    y = x * 2
    if first == "retain":
        y.retain_grad()
    y.register_hook(lambda g: g * 5)
    if first == "hook":
        y.retain_grad()
    assert y.retains_grad
    y.retain_grad()  # once is enough
    (y * 3).sum().backward()
    assert y.grad is not None
    assert y.grad.tolist() == [15.0]
    assert grad_of(x) == [30.0]


def test_retain_grad_goes_with_the_tensor_through_a_write_in_place() -> None:
    x = leaf(1.0)
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    y.sum().backward()
    assert y.grad is not None
    assert y.grad.tolist() == [1.0]
    assert grad_of(x) == [6.0]


def test_what_fails_in_a_hook_is_what_backward_raises() -> None:
    x = leaf(1.0)
    x.register_hook(lambda g: g / mt.ones(2, 2, 3)[5])
    with pytest.raises(IndexError, match="out of"):
        x.sum().backward()


# ---- .grad, .data and detach -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (mt.ones(3), RuntimeError, r"gradient of shape \(3,\) to a tensor of shape \(2,\)"),
        (mt.ones(2, dtype=mt.float64), RuntimeError, "gradient of dtype minitorch.float64"),
        (mt.ones(2, device="numpy"), RuntimeError, "gradient of device numpy"),
        (1.0, TypeError, "expected a Tensor or None, but got float"),
    ],
)
def test_only_what_fits_can_be_a_grad(value: object, error: type[Exception], message: str) -> None:
    x = leaf(1.0, 2.0)
    with pytest.raises(error, match=message):
        setattr(x, "grad", value)  # noqa: B010, since no type checker would let us
    with pytest.raises(RuntimeError, match="its own grad"):
        x.grad = x


def test_a_grad_that_was_assigned_is_added_to() -> None:
    x = leaf(1.0, 2.0)
    x.grad = mt.ones(2)
    x.sum().backward()
    assert grad_of(x) == [2.0, 2.0]


def test_detach_shares_memory_and_version() -> None:
    x = leaf(1.0, 2.0)
    y = x.detach()
    assert not y.requires_grad
    y.add_(1)
    assert x.tolist() == [2.0, 3.0]
    assert x._version == y._version == 1


def test_data_shares_memory_but_not_the_version() -> None:
    x = leaf(1.0, 2.0)
    y = x * x
    x.data.mul_(5)  # as old optimizers do; autograd does not see it
    assert x.tolist() == [5.0, 10.0]
    assert x._version == 0
    y.sum().backward()
    assert grad_of(x) == [10.0, 20.0]


def test_data_can_be_replaced() -> None:
    x = leaf(1.0, 2.0)
    x.data = mt.zeros(3, dtype=mt.float64)
    assert (x.shape, x.dtype) == ((3,), mt.float64)
    assert x.requires_grad
    assert x.is_leaf
    with pytest.raises(RuntimeError, match="must be floating point"):
        x.data = mt.zeros(2, dtype=mt.int64)
    with pytest.raises(TypeError, match="has to be a Tensor, but got int"):
        setattr(x, "data", 3)  # noqa: B010


def test_detach_in_place() -> None:
    x = leaf(1.0, 2.0)
    y = x * 2
    y.detach_()
    assert not y.requires_grad
    assert y.is_leaf
    with pytest.raises(RuntimeError, match="can't detach views in-place"):
        (x * 2)[:1].detach_()


# ---- gradients at the edges, as PyTorch defines them -------------------------------------------


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, float("inf")])
def test_the_gradient_of_a_norm_at_zero_is_zero(p: float) -> None:
    x = mt.zeros(3, requires_grad=True)
    x.norm(p).backward()
    assert grad_of(x) == [0.0, 0.0, 0.0]


def test_the_gradient_of_a_standard_deviation_of_zero_is_zero() -> None:
    x = mt.ones(3, requires_grad=True)
    x.std().backward()
    assert grad_of(x) == [0.0, 0.0, 0.0]


def test_a_product_has_a_gradient_at_zeros_and_of_nothing() -> None:
    x = leaf(0.0, 2.0, 3.0)
    x.prod().backward()
    assert grad_of(x) == [6.0, 0.0, 0.0]
    none = mt.zeros(0, requires_grad=True)
    none.prod().backward()
    assert grad_of(none) == []


def test_equal_extremes_share_the_gradient() -> None:
    x = leaf(1.0, 3.0, 3.0)
    x.amax().backward()
    assert grad_of(x) == [0.0, 0.5, 0.5]
    y = leaf(1.0, 3.0, 3.0)
    y.max(0).values.backward()  # the gradient goes to the one that was picked
    assert grad_of(y) == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("step", ["floor", "ceil", "trunc", "sign"])
def test_step_functions_have_gradient_zero(step: str) -> None:
    x = leaf(1.5, -2.5)
    y = {"floor": x.floor, "ceil": x.ceil, "trunc": x.trunc, "sign": x.sign}[step]()
    assert y.requires_grad
    y.sum().backward()
    assert grad_of(x) == [0.0, 0.0]
