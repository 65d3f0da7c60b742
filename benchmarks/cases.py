"""What is compared: each case is one piece of PyTorch code, run on torch and on minitorch.

A case makes, for a given library, a function that does the work once and returns tensors; the
results of both
libraries are compared before anything is timed. Only what torch and minitorch share is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np

Step = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    group: str
    name: str
    make: Callable[[ModuleType], Step]
    tolerance: float = 1e-4


def _array(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def _chain(torch: ModuleType) -> Step:
    """50 operations on 100 elements, forward and backward."""
    data, b, seed = _array(100), torch.tensor(_array(100, seed=1)), torch.ones(100)

    def step() -> object:
        x = torch.tensor(data, requires_grad=True)
        y = x
        for _ in range(25):
            y = y * b
            y = y + x
        y.backward(seed)
        return x.grad

    return step


def _forward_chain(torch: ModuleType) -> Step:
    """The same 50 operations recorded, without backward."""
    data, b = _array(100), torch.tensor(_array(100, seed=1))

    def step() -> object:
        x = torch.tensor(data, requires_grad=True)
        y = x
        for _ in range(25):
            y = y * b
            y = y + x
        return y

    return step


def _binary(n: int) -> Callable[[ModuleType], Step]:
    def make(torch: ModuleType) -> Step:
        a, b = torch.tensor(_array(n)), torch.tensor(_array(n, seed=1))
        return lambda: a + b

    return make


def _unary(name: str, n: int) -> Callable[[ModuleType], Step]:
    def make(torch: ModuleType) -> Step:
        x = torch.tensor(_array(n))
        if name == "gelu":
            return lambda: torch.nn.functional.gelu(x)
        function = getattr(torch, name)
        return lambda: function(x)

    return make


def _view(name: str) -> Callable[[ModuleType], Step]:
    def make(torch: ModuleType) -> Step:
        x = torch.tensor(_array(10, 10))
        steps: dict[str, Step] = {
            "x[3]": lambda: x[3],
            "x[:, 1:]": lambda: x[:, 1:],
            "reshape": lambda: x.reshape(5, 20),
            "permute": lambda: x.permute(1, 0),
        }
        return steps[name]

    return make


def _bias(torch: ModuleType) -> Step:
    x, b = torch.tensor(_array(1000, 1000)), torch.tensor(_array(1000, seed=1))
    return lambda: x + b


def _reduce(name: str, dim: int | None) -> Callable[[ModuleType], Step]:
    def make(torch: ModuleType) -> Step:
        x = torch.tensor(_array(1000, 1000))
        function = getattr(torch, name)
        return (lambda: function(x)) if dim is None else (lambda: function(x, dim))

    return make


def _matmul(*shape: int) -> Callable[[ModuleType], Step]:
    def make(torch: ModuleType) -> Step:
        n, k, m = shape[-3:]
        lead = shape[:-3]
        a, b = torch.tensor(_array(*lead, n, k)), torch.tensor(_array(*lead, k, m, seed=1))
        return lambda: a @ b

    return make


def _conv(
    batch: int, channels: int, size: int, out: int, kernel: int, padding: int
) -> Callable[[ModuleType], Step]:
    def make(torch: ModuleType) -> Step:
        x = torch.tensor(_array(batch, channels, size, size), requires_grad=True)
        w = torch.tensor(_array(out, channels, kernel, kernel, seed=1) * 0.1, requires_grad=True)
        y = torch.nn.functional.conv2d(x, w, padding=padding)
        g = torch.tensor(_array(*y.shape, seed=2))

        def step() -> object:
            x.grad = w.grad = None
            torch.nn.functional.conv2d(x, w, padding=padding).backward(g)
            return [x.grad, w.grad]

        return step

    return make


def _pool(torch: ModuleType) -> Step:
    x = torch.tensor(_array(64, 32, 26, 26), requires_grad=True)
    g = torch.tensor(_array(64, 32, 13, 13, seed=2))

    def step() -> object:
        x.grad = None
        torch.nn.functional.max_pool2d(x, 2).backward(g)
        return x.grad

    return step


def _cross_entropy(torch: ModuleType) -> Step:
    x = torch.tensor(_array(256, 1000), requires_grad=True)
    target = torch.tensor(np.random.default_rng(1).integers(0, 1000, 256))

    def step() -> object:
        x.grad = None
        torch.nn.functional.cross_entropy(x, target).backward()
        return x.grad

    return step


def _training(model: Callable[[ModuleType], object], *shape: int) -> Callable[[ModuleType], Step]:
    """One step of training with Adam: forward, backward, update, batch 64."""

    def make(torch: ModuleType) -> Step:
        torch.manual_seed(0)
        net = model(torch)
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        loss_of = torch.nn.CrossEntropyLoss()
        x = torch.tensor(_array(64, *shape))
        target = torch.tensor(np.random.default_rng(1).integers(0, 10, 64))

        def step() -> object:
            optimizer.zero_grad()
            loss = loss_of(net(x), target)
            loss.backward()
            optimizer.step()
            return loss

        return step

    return make


def _mlp(torch: ModuleType) -> object:
    nn = torch.nn
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def _lenet(torch: ModuleType) -> object:
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84,
        10),
    )  # fmt: skip


CASES = [
    Case("small ops, 100 elements", "a + b, no grad", _binary(100)),
    Case("small ops, 100 elements", "50-op chain, forward", _forward_chain),
    Case("small ops, 100 elements", "50-op chain, forward + backward", _chain),
    *(
        Case("small ops, 100 elements", name, _view(name))
        for name in ("x[3]", "x[:, 1:]", "reshape", "permute")
    ),
    *(Case("elementwise", f"add {n:.0e}", _binary(n)) for n in (10_000, 1_000_000)),
    *(
        Case("elementwise", f"{name} {n:.0e}", _unary(name, n))
        for name in ("relu", "exp", "tanh", "sigmoid", "gelu")
        for n in (10_000, 1_000_000)
    ),
    Case("elementwise", "x + row, 1000x1000", _bias),
    Case("reductions, 1000x1000", "sum", _reduce("sum", None)),
    Case("reductions, 1000x1000", "sum, last dim", _reduce("sum", 1)),
    Case("reductions, 1000x1000", "sum, first dim", _reduce("sum", 0)),
    Case("reductions, 1000x1000", "argmax, last dim", _reduce("argmax", 1)),
    Case("matmul", "64x784x128", _matmul(64, 784, 128)),
    Case("matmul", "256", _matmul(256, 256, 256)),
    Case("matmul", "512", _matmul(512, 512, 512)),
    Case("matmul", "128 x (128x32x128)", _matmul(128, 128, 32, 128)),
    Case("conv2d, forward + backward", "64x1x28x28, 6 of 5x5", _conv(64, 1, 28, 6, 5, 0), 1e-3),
    Case("conv2d, forward + backward", "64x6x12x12, 16 of 5x5", _conv(64, 6, 12, 16, 5, 0), 1e-3),
    Case("conv2d, forward + backward", "64x16x32x32, 16 of 3x3", _conv(64, 16, 32, 16, 3, 1), 1e-3),
    Case("conv2d, forward + backward", "64x64x8x8, 64 of 3x3", _conv(64, 64, 8, 64, 3, 1), 1e-3),
    Case("other, forward + backward", "max_pool2d 64x32x26x26", _pool),
    Case("other, forward + backward", "cross_entropy 256x1000", _cross_entropy),
    Case("training step, batch 64, Adam", "MLP 784-128-10", _training(_mlp, 1, 28, 28), 1e-3),
    Case("training step, batch 64, Adam", "LeNet 28x28", _training(_lenet, 1, 28, 28), 1e-3),
]
