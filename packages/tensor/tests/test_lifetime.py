"""What holds what: graphs are freed by reference counting, memory falls, depth does not matter."""

from __future__ import annotations

import gc
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterator

import pytest

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    """Without the collector of cycles a cycle would live on."""
    gc.disable()
    yield
    gc.enable()


def plain() -> list[Tensor]:
    x = mt.ones(3, requires_grad=True)
    y = (x * x).exp()
    return [x, y, y.sum()]


def walked() -> list[Tensor]:
    x = mt.ones(3, requires_grad=True)
    y = x.tanh() / x
    y.sum().backward()
    return [x, y]


def twice_differentiated() -> list[Tensor]:
    x = mt.ones(3, requires_grad=True)
    (g,) = grad(x.sigmoid().sum(), x, create_graph=True)
    assert g is not None
    (h,) = grad(g.sum(), x, create_graph=True)
    assert h is not None
    return [x, g, h]


def written_through_views() -> list[Tensor]:
    x = mt.ones(4, requires_grad=True)
    base = x * 1
    view = base[:2]
    view.mul_(2)
    other = base.view(2, 2)
    other.add_(1)
    base[[0, 1]] = view * 3
    (base * base).sum().backward()
    return [x, base, view, other]


def hooked() -> list[Tensor]:
    x = mt.ones(4, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 2)
    y.sum().backward()
    return [x, y]


def reduced() -> list[Tensor]:
    x = mt.ones(4, 4, requires_grad=True)
    y = (x @ x).max(0).values.std() + x.norm() + x.sort().values.sum() + x.cumsum(0).prod()
    y.backward()
    return [x, y]


def failed() -> list[Tensor]:
    x = mt.ones(3, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError):
        y.backward()
    return [x, y]


def views_without_history() -> list[Tensor]:
    x = mt.ones(3, 3)
    return [x, x[0], *x.unbind(), x.view(9), x.t()]


@pytest.mark.parametrize(
    "build",
    [
        plain, walked, twice_differentiated, written_through_views, hooked, reduced, failed,
        views_without_history,
    ],
)  # fmt: skip
def test_nothing_lives_on(build: Callable[[], list[Tensor]]) -> None:
    tensors = build()
    references = [weakref.ref(x) for x in tensors]
    references += [weakref.ref(x.grad) for x in tensors if x.is_leaf and x.grad is not None]
    nodes = [weakref.ref(x.grad_fn) for x in tensors if x.grad_fn is not None]
    del tensors
    assert all(reference() is None for reference in references)
    assert all(node() is None for node in nodes)


@pytest.mark.parametrize("kind", ["operators", "views", "writes", "writes into views"])
def test_deep_graphs(kind: str) -> None:
    x = mt.ones(2, dtype=mt.float64, requires_grad=True)
    y = x * 1
    depth = 1000 if kind == "writes into views" else 10_000
    for _ in range(depth):
        if kind == "operators":
            y = y + y * 1e-4
        elif kind == "views":
            y = y.view(2)
        elif kind == "writes":
            y.mul_(1.0001)
        else:
            y[0].mul_(1.0001)
    y.sum().backward()
    assert x.grad is not None
    expected = 1.0 if kind == "views" else 1.0001**depth
    assert x.grad[0].item() == pytest.approx(expected)


def test_a_deep_graph_is_freed_without_recursion() -> None:
    x = mt.ones(1, requires_grad=True)
    y = x
    for _ in range(50_000):
        y = y + 1
    node = weakref.ref(y.grad_fn) if y.grad_fn is not None else None
    del y
    assert node is not None
    assert node() is None


def test_memory_falls_during_backward() -> None:
    tracemalloc.start()
    try:
        x = mt.ones(50_000, requires_grad=True)
        before = tracemalloc.get_traced_memory()[0]
        y = x
        for _ in range(20):
            y = y.exp().log()
        held = tracemalloc.get_traced_memory()[0] - before
        y.sum().backward()
        after = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert held > 20 * 200_000  # an exp and a log save one array of 200 kB between them
    assert after < 3 * 200_000  # y and x.grad are left, although y still holds its graph


def test_threads_add_to_one_leaf() -> None:
    x = mt.ones(8, 8, dtype=mt.float64, requires_grad=True)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(25):
                (mt.ones(2, 8, dtype=mt.float64) @ x).tanh().sum().backward()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    once = mt.ones(8, 8, dtype=mt.float64, requires_grad=True)
    (mt.ones(2, 8, dtype=mt.float64) @ once).tanh().sum().backward()
    assert x.grad is not None
    assert once.grad is not None
    assert mt.allclose(x.grad, once.grad * 100)


def test_no_grad_is_one_threads_own() -> None:
    seen: list[bool] = []
    with mt.no_grad():
        thread = threading.Thread(target=lambda: seen.append(mt.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]
