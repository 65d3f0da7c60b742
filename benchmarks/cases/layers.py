"""Pooling, normalisation, losses, dropout, optimizers, recurrent layers, attention."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

from .case import Case, Group, Make, Step, Tensor, array, backward
from .models import lenet, resnet20

_IMAGES = ((64, 32, 26, 26), (64, 6, 24, 24), (64, 64, 24, 24))


def _pool(name: str, shape: tuple[int, ...], part: str) -> Make:
    def make(torch: ModuleType) -> Step:
        x = torch.tensor(array(*shape))
        function = getattr(torch.nn.functional, name)
        if part == "forward":
            return lambda: function(x, 2)
        return backward(torch, lambda x: function(x, 2), x, both=False)

    return make


def _pools(part: str) -> list[Case]:
    return [
        Case(f"{name} {'x'.join(map(str, shape))}, {part}", _pool(name, shape, part))
        for name in ("max_pool2d", "avg_pool2d")
        for shape in _IMAGES
    ]


def _softmax(n: int) -> Make:
    def make(torch: ModuleType) -> Step:
        x = torch.tensor(array(n, 1000))
        return lambda: torch.softmax(x, 1)

    return make


def _cross_entropy(n: int) -> Make:
    def make(torch: ModuleType) -> Step:
        target = torch.tensor(np.random.default_rng(1).integers(0, 1000, n))
        x = torch.tensor(array(n, 1000)).requires_grad_(True)

        def step() -> object:
            loss = torch.nn.functional.cross_entropy(x, target)
            return [loss, *torch.autograd.grad(loss, [x])]

        return step

    return make


def _layer_norm(n: int) -> Make:
    def make(torch: ModuleType) -> Step:
        x, w, b = (torch.tensor(array(*s)) for s in ((n, 768), (768,), (768,)))
        return backward(
            torch, lambda x, w, b: torch.nn.functional.layer_norm(x, (768,), w, b), x, w, b
        )

    return make


def _batch_norm(c: int, size: int) -> Make:
    def make(torch: ModuleType) -> Step:
        x, w, b = (torch.tensor(array(*s)) for s in ((64, c, size, size), (c,), (c,)))
        mean, var = torch.zeros(c), torch.ones(c)

        def norm(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
            return torch.nn.functional.batch_norm(x, mean, var, w, b, training=True)

        return backward(torch, norm, x, w, b)

    return make


def _dropout(n: int) -> Make:
    def make(torch: ModuleType) -> Step:
        x = torch.tensor(array(n))
        torch.manual_seed(0)
        return lambda: torch.nn.functional.dropout(x, 0.5, True)

    return make


def _draw(name: str) -> Make:
    def make(torch: ModuleType) -> Step:
        torch.manual_seed(0)
        function = getattr(torch, name)
        return lambda: function(1_000_000)

    return make


def _optimizer(name: str, model: Callable[[ModuleType], Tensor]) -> Make:
    def make(torch: ModuleType) -> Step:
        torch.manual_seed(0)
        parameters = list(model(torch).parameters())
        for i, p in enumerate(parameters):
            p.grad = torch.tensor(array(*p.shape, seed=i))
        options = {"momentum": 0.9} if name == "SGD" else {}
        optimizer = getattr(torch.optim, name)(parameters, lr=1e-4, **options)

        def step() -> object:
            optimizer.step()
            return parameters

        return step

    return make


def _lstm(torch: ModuleType) -> Step:
    torch.manual_seed(0)
    layer = torch.nn.LSTM(128, 128)
    x = torch.tensor(array(64, 32, 128)).requires_grad_(True)
    g = torch.tensor(array(64, 32, 128, seed=1))
    return lambda: torch.autograd.grad(layer(x)[0], [x, *layer.parameters()], g)


def _attention(torch: ModuleType) -> Step:
    torch.manual_seed(0)
    inner, outer = torch.nn.Linear(128, 384), torch.nn.Linear(128, 128)
    x = torch.tensor(array(16, 128, 128)).requires_grad_(True)
    g = torch.tensor(array(16, 128, 128, seed=1))
    weights = [*inner.parameters(), *outer.parameters()]

    def step() -> object:
        q, k, v = (t.view(16, 128, 4, 32).transpose(1, 2) for t in inner(x).chunk(3, -1))
        y = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        y = outer(y.transpose(1, 2).reshape(16, 128, 128))
        return torch.autograd.grad(y, [x, *weights], g)

    return step


GROUPS = [
    Group("pooling, forward", _pools("forward"), worst=(0.3, 0.5)),
    Group("pooling, backward", _pools("backward"), worst=(0.9, 1.0)),
    Group(
        "softmax, losses, norms, dropout",
        [
            *(Case(f"softmax {n}x1000", _softmax(n)) for n in (256, 4096)),
            *(
                Case(f"cross_entropy {n}x1000, forward + backward", _cross_entropy(n))
                for n in (256, 4096)
            ),
            *(
                Case(f"layer_norm {n}x768, forward + backward", _layer_norm(n), 1e-3)
                for n in (64, 4096)
            ),
            *(
                Case(f"batch_norm 64x32x{n}x{n}, forward + backward", _batch_norm(32, n), 1e-3)
                for n in (16, 28)
            ),
            *(Case(f"dropout {n:.0e}", _dropout(n)) for n in (10_000, 1_000_000)),
        ],
        mean=(0.5, 0.6),
    ),
    Group("random numbers, a million", [Case(name, _draw(name)) for name in ("rand", "randn")]),
    Group(
        "optimizer steps",
        [
            Case(f"{name}, {title}", _optimizer(name, model), bar=bar)
            for name, bar in (("Adam", (0.4, 0.4)), ("SGD", (0.6, 0.6)))
            for title, model in (("LeNet", lenet), ("ResNet-20", resnet20))
        ],
    ),
    Group(
        "sequences, forward + backward",
        [
            Case("LSTM layer, 64x32x128", _lstm, 1e-3, bar=(1.1, 1.1)),
            Case("attention block, 16x128x128, 4 heads", _attention, 1e-3, bar=(1.0, 1.0)),
        ],
    ),
]
