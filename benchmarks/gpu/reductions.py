"""Sums and extremes, softmax, norms, the loss, and the optimizer's step."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from .row import Group, Make, Row, Step, Tensor, array, both_ways, on

ROWS, WIDTH = 8192, 8192


def _one(function: Callable[..., Tensor], *shape: int) -> Make:
    def make(torch: ModuleType, device: str) -> Step:
        x = on(torch, device, *shape)
        return lambda: function(torch, x)

    return make


def _reduction(name: str, function: Callable[..., Tensor]) -> Row:
    full = _one(function, ROWS, WIDTH)
    return Row(name, full, _one(function, 7, 9), 1 / 0.9, nbytes=4 * ROWS * WIDTH, tolerance=1e-3)


def _both(function: Callable[..., Tensor], *shapes: tuple[int, ...], back: bool) -> Make:
    def make(torch: ModuleType, device: str) -> Step:
        given = [on(torch, device, *shape, seed=i) for i, shape in enumerate(shapes)]
        if back:
            return both_ways(torch, lambda *xs: function(torch, *xs), *given)
        return lambda: function(torch, *given)

    return make


def _layer(name: str, function: Callable[..., Tensor], width: int, weights: int) -> list[Row]:
    """Forward alone, and forward and backward."""
    rows = []
    for part, back, passes in (("forward", False, 2), ("forward and backward", True, 5)):
        full = _both(function, (8192, width), *weights * [(width,)], back=back)
        small = _both(function, (3, 10), *weights * [(10,)], back=back)
        nbytes = 4 * passes * 8192 * width
        rows.append(Row(f"{name}, {part}", full, small, 1 / 0.95, nbytes=nbytes, tolerance=1e-3))
    return rows


def _softmax(torch: ModuleType, x: Tensor) -> Tensor:
    return torch.softmax(x, -1)


def _log_softmax(torch: ModuleType, x: Tensor) -> Tensor:
    return torch.log_softmax(x, -1)


def _layer_norm(torch: ModuleType, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return torch.nn.functional.layer_norm(x, (x.shape[-1],), w, b)


def _cross_entropy(rows: int, classes: int) -> Make:
    def make(torch: ModuleType, device: str) -> Step:
        labels = torch.tensor((abs(array(rows)) * 1000).astype("int64") % classes).to(device)
        x = on(torch, device, rows, classes)
        return both_ways(torch, lambda y: torch.nn.functional.cross_entropy(y, labels), x)

    return make


def _adam(*sizes: int) -> Make:
    """A step for many tensors."""

    def make(torch: ModuleType, device: str) -> Step:
        parameters = [on(torch, device, n, seed=i).requires_grad_() for i, n in enumerate(sizes)]
        for i, p in enumerate(parameters):
            p.grad = on(torch, device, p.shape[0], seed=100 + i)
        optimizer = torch.optim.Adam(parameters, lr=1e-3)

        def step() -> object:
            optimizer.step()
            return [p.detach() for p in parameters[:3]]

        return step

    return make


_SIZES = [1 << 20] * 48 + [512] * 64

GROUPS = [
    Group(
        "reductions of 8192 x 8192",
        [
            _reduction("full sum", lambda torch, x: x.sum()),
            _reduction("full max", lambda torch, x: x.max()),
            _reduction("sums of rows", lambda torch, x: x.sum(1)),
            _reduction("sums of columns", lambda torch, x: x.sum(0)),
            _reduction("means of rows", lambda torch, x: x.mean(1)),
            _reduction("argmax of rows", lambda torch, x: x.argmax(1)),
            _reduction("variances of columns", lambda torch, x: x.var(0)),
        ],
    ),
    Group(
        "softmax, layer norm, cross entropy, Adam",
        [
            *_layer("softmax, 8192 x 4096", _softmax, 4096, 0),
            *_layer("log_softmax, 8192 x 1000", _log_softmax, 1000, 0),
            *_layer("layer norm, 8192 x 1024", _layer_norm, 1024, 2),
            *_layer("layer norm, 8192 x 4096", _layer_norm, 4096, 2),
            Row(
                "cross entropy, 8192 x 32000",
                _cross_entropy(8192, 32000),
                _cross_entropy(4, 7),
                1 / 0.95,
                nbytes=4 * 3 * 8192 * 32000,
            ),
            Row(
                "Adam, 112 tensors, 50M numbers",
                _adam(*_SIZES),
                _adam(5, 9, 3),
                1 / 0.95,
                nbytes=28 * sum(_SIZES),
            ),
        ],
    ),
]
