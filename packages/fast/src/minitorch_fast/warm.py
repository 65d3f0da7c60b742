"""Compile the usual kernels beforehand: `python -m minitorch_fast warm`.

A kernel is compiled when it is first needed, which a first training step notices. This does it at a
time of one's choice, as when an image is built. The kernels are not listed: small computations that
need them are, each under a name, and are shared out to as many processes as there are cores.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Final, TextIO

import minitorch_operators as op
import minitorch_tensor.functional as F
from minitorch_fast import cache, threads
from minitorch_operators import Binary, Ternary, Unary
from minitorch_tensor import Tensor, no_grad, randint, randn
from minitorch_tensor.functional.optim_steps import Parameters, adam_step, sgd_step

_UNARY: Final = (
    "neg", "exp", "log", "sqrt", "rsqrt", "abs", "square", "inv", "tanh", "sigmoid", "relu", "gelu",
    "silu", "sin", "cos",
)  # fmt: skip
_BINARY: Final = ("add", "sub", "mul", "div", "pow", "maximum", "minimum", "leaky_relu")
_COMPARED: Final = ("eq", "ne", "lt", "le", "gt", "ge")


def scenes() -> dict[str, Callable[[], None]]:
    """What is computed, by name."""
    found: dict[str, Callable[[], None]] = {}
    for name in _UNARY:
        found[name] = partial(_unary, name)
    for name in _BINARY:
        found[name] = partial(_binary, name)
    for name in _COMPARED:
        found[name] = partial(_compared, name)
    found |= {"where": _where, "clamp": _clamp, "lerp": _lerp, "threads": _threads}
    found |= {"random": _random, "reductions": _reductions, "matmul": _matmul, "losses": _losses}
    for channels, outputs, width, padding in ((1, 6, 5, 2), (3, 16, 3, 1), (32, 32, 3, 1)):
        found[f"conv2d {channels} to {outputs}"] = partial(_conv, channels, outputs, width, padding)
    found |= {"pooling": _pooling, "softmax": _softmax, "norms": _norms, "dropout": _dropout}
    found |= {"embedding": _embedding, "attention": _attention}
    found |= {"sgd": partial(_sgd, 0.0), "sgd, momentum": partial(_sgd, 0.9), "adam": _adam}
    return found


def warm(jobs: int | None = None, report: TextIO | None = None) -> int:
    """Compute all scenes; returns how many kernels that compiled.

    Args:
        jobs: how many processes compile; by default as many as there are cores.
        report: where a line tells how far it is.
    """
    begin = time.perf_counter()
    names = list(scenes())
    compiled = 0
    for done, (name, count) in enumerate(_counted(names, jobs or threads.cores()), 1):
        compiled += count
        if report is not None:
            end = "" if report.isatty() else "\n"
            start = "\r\x1b[K" if report.isatty() else ""
            print(f"{start}[{done}/{len(names)}] {name}", end=end, file=report, flush=True)
    if report is not None:
        seconds = time.perf_counter() - begin
        what = f"{compiled} kernels compiled" if compiled else "all kernels were there"
        line = f"{what} in {seconds:.1f} s; they are in {cache.folder()}"
        print(("\n" if report.isatty() else "") + line, file=report)
    return compiled


def _counted(names: list[str], jobs: int) -> Iterator[tuple[str, int]]:
    """The names of what is done, each with how many kernels it compiled."""
    if jobs <= 1:
        yield from ((name, perform(name)) for name in names)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield from zip(names, pool.map(perform, names), strict=True)


def perform(name: str) -> int:
    """Compute one scene; returns how many kernels it compiled."""
    before = cache.compiled()
    scenes()[name]()
    return cache.compiled() - before


def _backward(y: Tensor) -> None:
    y.sum().backward()


def _leaf(*shape: int) -> Tensor:
    return (randn(*shape).abs() + 0.1).requires_grad_()


def _unary(name: str) -> None:
    operator = op.ALL[name]
    assert isinstance(operator, Unary)
    _backward(_leaf(40).apply_unary(operator))
    with no_grad():
        _leaf(20, 30)[:, 1:].apply_unary(operator)


def _binary(name: str) -> None:
    operator = op.ALL[name]
    assert isinstance(operator, Binary)
    _backward(_leaf(40).apply_binary(operator, _leaf(40)))
    x = _leaf(20, 30)
    for other in (_leaf(30), _leaf(20, 1), _leaf(30, 20).permute(1, 0), _leaf(1)):
        _backward(x.apply_binary(operator, other))
    _backward(x.apply_binary(operator, 2.0))


def _compared(name: str) -> None:
    operator = op.ALL[name]
    assert isinstance(operator, Binary)
    _leaf(40).apply_binary(operator, _leaf(40))
    _leaf(40).apply_binary(operator, 0.0)


def _ternary(operator: Ternary, a: Tensor, b: Tensor | float, c: Tensor | float) -> None:
    _backward(a.apply_ternary(operator, b, c))


def _where() -> None:
    condition = randn(40) > 0
    for other in (_leaf(40), 0.0):
        _ternary(op.where, condition, _leaf(40), other)


def _clamp() -> None:
    _ternary(op.clamp, _leaf(40), -1.0, 1.0)
    for operator in (op.clamp_min, op.clamp_max):
        _backward(_leaf(40).apply_binary(operator, 0.5))


def _lerp() -> None:
    for weight in (_leaf(40), 0.5):
        _ternary(op.lerp, _leaf(40), _leaf(40), weight)


def _threads() -> None:
    x = randn(400, 1000)
    x + x
    x.exp()


def _random() -> None:
    randn(1000)
    randn(1000).uniform_()


def _each(functions: Iterable[Callable[[Tensor], Tensor]], *shape: int) -> None:
    for function in functions:
        y = function(_leaf(*shape))
        if y.requires_grad:
            _backward(y)


def _reductions() -> None:
    _each([Tensor.sum, Tensor.mean, Tensor.max, Tensor.min, Tensor.var, Tensor.argmax], 64, 96)
    for dim in (0, 1):
        _backward(_leaf(64, 96).sum(dim))
        _backward(_leaf(64, 96).mean(dim))
        _backward(_leaf(64, 96).amax(dim))
        _backward(_leaf(64, 96).amin(dim))
        _backward(_leaf(64, 96).var(dim))
        _leaf(64, 96).argmax(dim)


def _matmul() -> None:
    _backward(_leaf(64, 32) @ _leaf(32, 16))
    _backward(_leaf(4, 64, 32) @ _leaf(4, 16, 32).permute(0, 2, 1))
    _backward(F.linear(_leaf(64, 32), _leaf(16, 32), _leaf(16)))


def _losses() -> None:
    scores, classes = _leaf(64, 10), randint(0, 10, (64,))
    F.cross_entropy(scores, classes).backward()
    F.nll_loss(F.log_softmax(scores, 1), classes).backward()
    F.mse_loss(_leaf(64, 10), _leaf(64, 10)).backward()
    F.l1_loss(_leaf(64, 10), _leaf(64, 10)).backward()


def _conv(channels: int, outputs: int, width: int, padding: int) -> None:
    weight, bias = _leaf(outputs, channels, width, width), _leaf(outputs)
    for size in (14, 28):
        _backward(F.conv2d(_leaf(8, channels, size, size), weight, bias, padding=padding))
    _backward(F.conv2d(_leaf(8, channels, 28, 28), weight, bias, stride=2, padding=padding))


def _pooling() -> None:
    _each([lambda x: F.max_pool2d(x, 2), lambda x: F.max_pool2d(x, 3, 2, 1)], 4, 8, 14, 14)
    _each([lambda x: F.avg_pool2d(x, 2), lambda x: F.adaptive_avg_pool2d(x, 1)], 4, 8, 14, 14)


def _softmax() -> None:
    _each([lambda x: F.softmax(x, 1), lambda x: F.log_softmax(x, 1)], 64, 100)


def _norms() -> None:
    _backward(F.layer_norm(_leaf(32, 64), (64,), _leaf(64), _leaf(64)))
    mean, variance = randn(8), randn(8).abs()
    x, weight, bias = _leaf(4, 8, 14, 14), _leaf(8), _leaf(8)
    for training in (True, False):
        _backward(F.batch_norm(x, mean, variance, weight, bias, training))


def _dropout() -> None:
    _backward(F.dropout(_leaf(64, 100), 0.5))


def _embedding() -> None:
    _backward(F.embedding(randint(0, 50, (8, 16)), _leaf(50, 32)))


def _attention() -> None:
    q, k, v = (_leaf(2, 4, 16, 32) for _ in range(3))
    _backward(F.scaled_dot_product_attention(q, k, v, is_causal=True))


def _sgd(momentum: float) -> None:
    p = randn(100)
    sgd_step(
        Parameters([p]), [randn(100)], [randn(100)] if momentum else [], lr=0.1, momentum=momentum,
        dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False,
    )  # fmt: skip


def _adam() -> None:
    p, g, average, square = (randn(100) for _ in range(4))
    adam_step(
        Parameters([p]), [g], [average], [square.abs()], [], [randn(1).sum().abs()],
        lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, decoupled_weight_decay=False,
        amsgrad=False, maximize=False,
    )  # fmt: skip


if __name__ == "__main__":
    warm(report=sys.stderr)
