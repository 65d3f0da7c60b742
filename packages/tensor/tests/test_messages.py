"""What a user did wrong is said in a sentence: the operation, the rule, the values, the remedy."""

from collections.abc import Callable

import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Op, Tensor

x = mt.zeros(4, 10)


def call(function: object, *args: object, **kwargs: object) -> object:
    """Call it with arguments that a type checker would refuse."""
    assert callable(function)
    return function(*args, **kwargs)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: x + mt.ones(9), r"add: cannot broadcast shapes \(4, 10\) and \(9,\): the size of"),
        (lambda: mt.zeros(4, 10).mul_(mt.ones(9)), r"mul_: cannot broadcast shapes \(4, 10\) and"),
        (lambda: mt.where(x > 0, mt.ones(3), x), r"where: cannot broadcast shapes \(4, 10\) and"),
        (
            lambda: mt.ones(2, 3, 4) @ mt.ones(3, 4, 5),
            r"matmul: cannot broadcast shapes \(2,\)",
        ),
        (lambda: bool(x), r"more than one value is ambiguous \(shape \(4, 10\)\); use any\(\) or"),
        (lambda: bool(mt.ones(0)), r"Tensor with no values is ambiguous \(shape \(0,\)\); use any"),
        (
            lambda: mt.zeros(2, 10).__setitem__(0, mt.ones(3)),
            r"x\[...\] = v: the value of shape \(3,\) cannot be expanded to the shape \(10,\) of",
        ),
    ],
)
def test_shapes_that_do_not_fit(wrong: Callable[[], object], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        wrong()


@pytest.mark.filterwarnings("ignore:mse_loss")
def test_a_loss_names_itself() -> None:
    with pytest.raises(RuntimeError, match=r"mse_loss: cannot broadcast shapes \(4, 10\) and"):
        F.mse_loss(x, mt.zeros(10, 4))


@pytest.mark.parametrize(
    ("index", "dim", "size", "bad"),
    [
        (4, 0, 4, 4),
        ((0, 10), 1, 10, 10),
        ((None, 1, None, -11), 1, 10, -11),
        ((..., 10), 1, 10, 10),
        ((slice(None), None, mt.tensor([3, 12])), 1, 10, 12),
        (mt.tensor(-5), 0, 4, -5),
        ([0, 9], 0, 4, 9),
    ],
)
def test_an_index_out_of_bounds_is_told_with_its_dimension(
    index: int, dim: int, size: int, bad: int
) -> None:
    message = (
        rf"index {bad} is out of bounds for dimension {dim} with size {size}: it must be from "
        rf"-{size} to {size - 1} \(the shape is \(4, 10\)\)"
    )
    with pytest.raises(IndexError, match=message):
        x[index]
    with pytest.raises(IndexError, match=message):
        mt.zeros(4, 10)[index] = 1.0


def test_an_empty_dimension_has_no_index() -> None:
    with pytest.raises(IndexError, match="dimension 0 with size 0: it has no elements"):
        mt.ones(0, 3)[0]


def test_a_mask_is_compared_with_the_dimensions_that_it_indexes() -> None:
    with pytest.raises(IndexError, match=r"mask \(9,\) at dimension 0 .* \(4, 10\) at dimension 1"):
        x[0, mt.ones(9, dtype=mt.bool_)]


@pytest.mark.parametrize("value", [[[1.0]], 2.0, None, "a", mt.ones(1, 1).numpy()])
@pytest.mark.parametrize(
    "name",
    ["linear", "relu", "relu6", "sigmoid", "tanh", "gelu", "softmax", "dropout", "layer_norm"],
)
def test_what_is_no_tensor_is_named(name: str, value: object) -> None:
    others: dict[str, list[object]] = {
        "linear": [mt.ones(2, 1)],
        "softmax": [1],
        "layer_norm": [(1,)],
    }
    with pytest.raises(TypeError, match=rf"{name}: argument 'input' must be a Tensor, not "):
        call(getattr(F, name), value, *others.get(name, []))


@pytest.mark.parametrize(
    "name",
    ["cross_entropy", "nll_loss", "mse_loss", "l1_loss", "smooth_l1_loss", "binary_cross_entropy"],
)
@pytest.mark.parametrize("value", [[0, 1, 2, 3], mt.ones(4).numpy(), None])
def test_a_target_that_is_no_tensor_is_named(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=rf"{name}: argument 'target' must be a Tensor, not "):
        call(getattr(F, name), x, value)


def test_the_first_argument_of_an_op_may_be_given_by_name() -> None:
    weight = mt.ones(2, 10)
    assert F.linear(input=x, weight=weight).shape == (4, 2)
    assert F.softmax(dim=1, input=x).shape == (4, 10)
    target = mt.zeros(4, dtype=mt.int64)
    assert F.cross_entropy(target=target, input=x).item() == pytest.approx(2.302585)
    with pytest.raises(TypeError, match=r"linear\(\) missing 1 required argument: 'input'"):
        call(F.linear, weight=weight)


def test_an_op_gives_its_kernel_what_it_was_given() -> None:
    seen: list[tuple[Tensor, float]] = []

    @Op
    def scale(input: Tensor, factor: float = 2.0) -> Tensor:
        return input * factor

    @scale.override("numpy")
    def kernel(input: Tensor, factor: float = 2.0) -> Tensor:
        seen.append((input, factor))
        return scale.composite(input, factor)

    y = mt.ones(2, device="numpy")
    assert scale(y, factor=3.0).tolist() == [3.0, 3.0]
    assert scale(factor=4.0, input=y).tolist() == [4.0, 4.0]
    assert [factor for _, factor in seen] == [3.0, 4.0]
    assert all(given is y for given, _ in seen)
    assert scale.overridden() == ("numpy",)


def test_the_grad_of_a_tensor_that_is_no_leaf_is_none_with_a_warning() -> None:
    w = mt.ones(2, requires_grad=True)
    y = w * 2
    y.sum().backward()
    with pytest.warns(
        UserWarning, match=r"no leaf \(<MulBackward0> made it\).*call retain_grad\(\)"
    ):
        assert y.grad is None
    kept = w * 2
    kept.retain_grad()
    assert kept.grad is None  # no warning: backward will fill it
    kept.sum().backward()
    assert kept.grad is not None
    assert w.detach().grad is None


def test_values_and_indices_are_printed_below_one_another() -> None:
    found = mt.tensor([[1.0, 5.0], [7.0, 2.0]]).max(1)
    assert repr(found) == (
        "ValuesIndices(\n"
        "values=Tensor([5., 7.], requires_grad=False),\n"
        "indices=Tensor([1, 0], requires_grad=False))"
    )
