"""Matrix products, convolutions of ResNet, pooling."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from types import ModuleType

from .row import Group, Make, Row, Step, Tensor, gradients, on


def _matmul(*shape: int, a_t: bool = False, b_t: bool = False) -> Make:
    def make(torch: ModuleType, device: str) -> Step:
        *lead, n, k, m = shape
        a = on(torch, device, *lead, *((k, n) if a_t else (n, k)))
        b = on(torch, device, *lead, *((m, k) if b_t else (k, m)), seed=1)
        left, right = (a.mT if a_t else a), (b.mT if b_t else b)
        return lambda: left @ right

    return make


def _product(*shape: int, part: float, a_t: bool = False, b_t: bool = False) -> Row:
    *lead, n, k, m = shape
    letters = f"A{'^T' if a_t else ''} B{'^T' if b_t else ''}"
    small = [min(size, 3 + i) for i, size in enumerate(shape)]
    return Row(
        "".join(f"{size} of " for size in lead) + f"{n} x {k} x {m}, {letters}",
        _matmul(*shape, a_t=a_t, b_t=b_t),
        _matmul(*small, a_t=a_t, b_t=b_t),
        1 / part,
        flops=2.0 * math.prod(shape),
        tolerance=1e-3,
    )


# Input, weight, stride, padding, groups: batch 64 at 224 x 224.
_LAYERS: list[tuple[str, tuple[int, ...], tuple[int, ...], int, int, int]] = [
    ("7x7, 3 to 64, stride 2", (64, 3, 224, 224), (64, 3, 7, 7), 2, 3, 1),
    ("3x3, 64 of 56", (64, 64, 56, 56), (64, 64, 3, 3), 1, 1, 1),
    ("3x3, 64 to 128, stride 2", (64, 64, 56, 56), (128, 64, 3, 3), 2, 1, 1),
    ("3x3, 128 of 28", (64, 128, 28, 28), (128, 128, 3, 3), 1, 1, 1),
    ("3x3, 256 of 14", (64, 256, 14, 14), (256, 256, 3, 3), 1, 1, 1),
    ("3x3, 512 of 7", (64, 512, 7, 7), (512, 512, 3, 3), 1, 1, 1),
    ("1x1, 64 to 256 of 56", (64, 64, 56, 56), (256, 64, 1, 1), 1, 0, 1),
    ("1x1, 128 to 256, stride 2", (64, 128, 28, 28), (256, 128, 1, 1), 2, 0, 1),
    ("depthwise 3x3, 256 of 28", (64, 256, 28, 28), (256, 1, 3, 3), 1, 1, 256),
]


def _convolution(
    x: tuple[int, ...], w: tuple[int, ...], stride: int, padding: int, groups: int, back: bool
) -> Make:
    def make(torch: ModuleType, device: str) -> Step:
        image, weight = on(torch, device, *x), on(torch, device, *w, seed=1) * 0.1
        convolve = partial(
            torch.nn.functional.conv2d, stride=stride, padding=padding, groups=groups
        )
        if back:
            return gradients(torch, convolve, image, weight.detach())
        return lambda: convolve(image, weight)

    return make


def _layer(
    name: str, x: tuple[int, ...], w: tuple[int, ...], stride: int, padding: int, groups: int,
    back: bool,
) -> Row:  # fmt: skip
    few = 4 if groups == 1 else groups // 64
    inside = few if groups == 1 else 1
    small_x = (2, min(x[1], few), 9, 9)
    small_w = (few, min(w[1], inside), *w[2:])
    size = [(n + 2 * padding - k) // stride + 1 for n, k in zip(x[2:], w[2:], strict=True)]
    work = 2.0 * x[0] * math.prod(w) * math.prod(size)
    numbers = (stride, padding)
    return Row(
        f"{name}, {'gradients' if back else 'forward'}",
        _convolution(x, w, *numbers, groups, back),
        _convolution(small_x, small_w, *numbers, min(groups, few) if groups > 1 else 1, back),
        1 / (0.5 if back else 0.6),
        flops=work * (2 if back else 1),
        tolerance=2e-3,
    )


def _pool(function: Callable[..., Tensor], *shape: int, back: bool) -> Make:
    def make(torch: ModuleType, device: str) -> Step:
        x = on(torch, device, *shape)
        if back:
            return gradients(torch, lambda y: function(torch.nn.functional, y), x)
        return lambda: function(torch.nn.functional, x)

    return make


def _pooling(name: str, function: Callable[..., Tensor], back: bool) -> Row:
    shape = (64, 64, 112, 112)
    return Row(
        f"{name}, {'gradient' if back else 'forward'}",
        _pool(function, *shape, back=back),
        _pool(function, 2, 2, 8, 8, back=back),
        1 / 0.8,
        nbytes=4 * math.prod(shape) * 5 // 4,
    )


_POOLINGS: list[tuple[str, Callable[..., Tensor]]] = [
    ("max pooling 3, stride 2", lambda F, x: F.max_pool2d(x, 3, 2, 1)),
    ("average pooling 2", lambda F, x: F.avg_pool2d(x, 2)),
    ("bilinear to twice the size", lambda F, x: F.interpolate(x, scale_factor=2, mode="bilinear")),
]

GROUPS = [
    Group(
        "matmul",
        [
            *(_product(n, n, n, part=0.8) for n in (4096, 8192)),
            *(
                _product(4096, 4096, 4096, part=0.8, a_t=a, b_t=b)
                for a, b in ((True, False), (False, True), (True, True))
            ),
            *(_product(n, n, n, part=0.6) for n in (512, 768, 1024)),
            _product(96, 256, 64, 256, part=0.6),
            _product(96, 256, 64, 256, part=0.6, b_t=True),
            _product(512, 64, 64, 64, part=0.6),
            _product(16384, 384, 1536, part=0.6, b_t=True),
            _product(384, 16384, 1536, part=0.6, a_t=True),
            _product(64, 512, 1000, part=0.6, b_t=True),
        ],
    ),
    Group(
        "conv2d of ResNet, batch 64",
        [_layer(*layer, back=back) for layer in _LAYERS for back in (False, True)],
    ),
    Group(
        "pooling and resampling, 64 x 64 x 112 x 112",
        [_pooling(name, function, back) for name, function in _POOLINGS for back in (False, True)],
    ),
]
