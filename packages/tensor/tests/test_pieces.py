"""Pieces of one tensor: their gradients are put together as one."""

from collections.abc import Callable, Sequence

import pytest

from minitorch_tensor import Tensor, arange, chunk, split, unbind
from minitorch_tensor.autograd import grad

Cut = Callable[[Tensor], Sequence[Tensor]]

CUTS: dict[str, Cut] = {
    "split": lambda x: split(x, [1, 3], 1),
    "chunk": lambda x: chunk(x, 2, -1),
    "unbind": lambda x: unbind(x, 1)[:2],
}


def leaf() -> Tensor:
    return arange(12.0).reshape(3, 4).requires_grad_()


@pytest.mark.parametrize("used", [[0], [1], [0, 1]])
@pytest.mark.parametrize("name", CUTS)
def test_gradients_of_all_orders(name: str, used: list[int]) -> None:
    """Of the sum of cubes: 3 x^2 and 6 x in the pieces that are used, 0 elsewhere."""
    x = leaf()
    pieces = CUTS[name](x)
    mask = leaf().detach() * 0
    for k in used:
        CUTS[name](mask)[k].add_(1)
    total = (pieces[used[0]] ** 3).sum()
    for k in used[1:]:
        total = total + (pieces[k] ** 3).sum()
    (recorded,) = grad(total, [x], create_graph=True)
    assert recorded is not None
    assert recorded.tolist() == (3 * x * x * mask).tolist()
    (second,) = grad(recorded.sum(), [x], retain_graph=True)
    assert second is not None
    assert second.tolist() == (6 * x * mask).tolist()
    (plain,) = grad(total, [x])
    assert plain is not None
    assert plain.tolist() == recorded.tolist()


def test_the_node_is_one_of_several_outputs() -> None:
    first, second = (piece.grad_fn for piece in split(leaf(), 2, 1))
    one = unbind(leaf())[0].grad_fn
    assert first is not None
    assert second is not None
    assert one is not None
    assert (first.name(), one.name()) == ("SplitBackward0", "UnbindBackward0")


def test_a_write_into_a_piece_is_in_the_history_of_the_whole() -> None:
    x = leaf()
    whole = x * 1.0
    first, second = split(whole, 2, 1)
    first.mul_(3.0)
    (whole.sum() + second.sum()).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[3.0, 3.0, 2.0, 2.0]] * 3


def test_nothing_is_recorded_without_need() -> None:
    assert all(not piece.requires_grad for piece in split(leaf().detach(), 2))
