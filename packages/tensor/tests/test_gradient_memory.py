"""A gradient that nobody else has becomes `.grad` without a copy; any other is copied."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from minitorch_autodiff import AccumulateGrad
from minitorch_autodiff.graph import Hooked
from minitorch_tensor import Tensor, ones, tensor
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.views import linear


def leaf() -> Tensor:
    return tensor([1.0, 2.0, 3.0], requires_grad=True)


def gradient(x: Tensor) -> Tensor:
    assert x.grad is not None
    return x.grad


def test_a_gradient_made_for_the_leaf_alone_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hooked, "ever", False)  # another test may have used hooks around nodes
    x, made = leaf(), list[int]()

    def transpose(g: Tensor) -> Tensor:
        d = g * 2.0
        made.append(id(d.storage.buffer))
        return d

    linear(x, x.detach() * 2.0, "TestBackward0", transpose).backward(ones(3))
    assert id(gradient(x).storage.buffer) == made[0]


def test_the_gradient_that_is_passed_in_stays_the_callers() -> None:
    x, g = leaf(), ones(3)
    x.backward(g)
    gradient(x).add_(1.0)
    assert g.tolist() == [1.0, 1.0, 1.0]


def test_two_leaves_do_not_share_a_gradient() -> None:
    a, b = leaf(), leaf()
    ((a + b) * 2.0).sum().backward()
    gradient(a).add_(1.0)
    assert (gradient(a).tolist(), gradient(b).tolist()) == ([3.0] * 3, [2.0] * 3)


def test_what_a_hook_keeps_stays_as_it_was() -> None:
    x, kept = leaf(), list[Tensor]()
    x.register_hook(lambda g: kept.append(g))
    (x * 2.0).sum().backward()
    gradient(x).add_(1.0)
    assert kept[0].tolist() == [2.0] * 3


def test_what_shares_the_memory_stays_as_it_was() -> None:
    kept: list[Tensor | HostArray] = []

    def transpose(g: Tensor) -> Tensor:
        d = g * 2.0
        kept.append(keep(d))
        return d

    keeps: list[Callable[[Tensor], Tensor | HostArray]]
    keeps = [lambda g: g.detach(), lambda g: g.numpy(), lambda g: g[1:]]
    for chosen in keeps:
        keep = chosen
        x = leaf()
        linear(x, x.detach() * 2.0, "TestBackward0", transpose).backward(ones(3))
        gradient(x).add_(1.0)
        assert kept[-1].tolist() == [2.0] * len(kept[-1])


def test_a_retained_gradient_is_not_the_leafs() -> None:
    x = leaf()
    y = x + 0.0
    y.retain_grad()
    (y * 2.0).sum().backward()
    gradient(y).add_(1.0)
    assert gradient(x).tolist() == [2.0] * 3


def test_a_second_backward_adds() -> None:
    x = leaf()
    for _ in range(2):
        (x * 2.0).sum().backward()
    assert gradient(x).tolist() == [4.0] * 3


def test_hooks_and_anomaly_mode_before_the_import_change_nothing() -> None:
    code = """
from minitorch_autodiff import AccumulateGrad, Scalar, set_detect_anomaly
x = Scalar(2.0)
x.requires_grad = True
y = x * x
y.node.register_hook(lambda *grads: None)
y.backward()
set_detect_anomaly(True)
import minitorch_tensor
print(AccumulateGrad.alone)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(run.stdout) == AccumulateGrad.alone
