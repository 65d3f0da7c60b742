"""Backward in several threads, over graphs of their own and leaves in common."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from threading import Barrier, Thread

import pytest

from minitorch_autodiff import AccumulateGrad, Scalar, grad

THREADS = 4


@pytest.fixture(autouse=True)
def _switch_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def in_threads(work: Callable[[int], None]) -> None:
    barrier = Barrier(THREADS)
    errors: list[BaseException] = []

    def run(i: int) -> None:
        try:
            barrier.wait()
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=run, args=(i,)) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def collect_node(x: Scalar, nodes: list[object], i: int) -> None:
    nodes.append(x.gradient_node())


def test_graphs_of_their_own() -> None:
    results: dict[int, list[float]] = {}

    def work(i: int) -> None:
        results[i] = []
        for k in range(50):
            x = Scalar(1.0 + i + k, requires_grad=True)
            y = x
            for _ in range(10):
                y = y * x
            y.backward()
            assert x.derivative is not None
            results[i].append(x.derivative)

    in_threads(work)
    for i, derivatives in results.items():
        expected = [11.0 * (1.0 + i + k) ** 10 for k in range(50)]
        assert derivatives == pytest.approx(expected, rel=1e-12)


def test_a_common_leaf_loses_no_gradient() -> None:
    x = Scalar(2.0, requires_grad=True)

    def work(i: int) -> None:
        for _ in range(200):
            (x * 3.0).backward()

    in_threads(work)
    assert x.derivative == THREADS * 200 * 3.0


def test_a_common_leaf_has_one_node_however_many_use_it_first() -> None:
    for _ in range(20):
        x = Scalar(2.0, requires_grad=True)
        nodes: list[object] = []
        in_threads(partial(collect_node, x, nodes))
        assert isinstance(nodes[0], AccumulateGrad)
        assert all(node is nodes[0] for node in nodes)


def test_a_common_graph_can_be_walked_by_all() -> None:
    x = Scalar(2.0, requires_grad=True)
    y = (x * x).exp()
    results: list[float] = []

    def work(i: int) -> None:
        for _ in range(50):
            (dx,) = grad(y, x, retain_graph=True)
            results.append(dx.data)

    in_threads(work)
    assert set(results) == {grad(y, x)[0].data}
    assert len(results) == THREADS * 50


def test_hooks_may_come_and_go_while_others_walk() -> None:
    x = Scalar(2.0, requires_grad=True)

    def work(i: int) -> None:
        for _ in range(100):
            with x.register_hook(lambda g: None):
                (x * 3.0).backward()

    in_threads(work)
    assert x.derivative == THREADS * 100 * 3.0
