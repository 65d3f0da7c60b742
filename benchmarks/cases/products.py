"""Matrix products and convolutions."""

from __future__ import annotations

from functools import partial
from types import ModuleType

from .case import Case, Group, Make, Step, array, backward


def _matmul(*shape: int, a_t: bool = False, b_t: bool = False) -> Make:
    def make(torch: ModuleType) -> Step:
        *lead, n, k, m = shape
        a = torch.tensor(array(*lead, *((k, n) if a_t else (n, k))))
        b = torch.tensor(array(*lead, *((m, k) if b_t else (k, m)), seed=1))
        left, right = (a.mT if a_t else a), (b.mT if b_t else b)
        return lambda: left @ right

    return make


def _name(shape: tuple[int, ...], a_t: bool, b_t: bool) -> str:
    *lead, n, k, m = shape
    letters = f"A{'^T' if a_t else ''} B{'^T' if b_t else ''}"
    return "".join(f"{size} of " for size in lead) + f"{n}x{k}x{m}, {letters}"


# Name, input, weight, stride, padding, groups: the layers of LeNet, of a CNN for MNIST, of
# ResNet-20, and a depthwise one as in MobileNet.
_CONVOLUTIONS = [
    ("LeNet 1", (64, 1, 28, 28), (6, 1, 5, 5), 1, 0, 1),
    ("LeNet 2", (64, 6, 12, 12), (16, 6, 5, 5), 1, 0, 1),
    ("CNN 1", (64, 1, 28, 28), (32, 1, 3, 3), 1, 0, 1),
    ("CNN 2", (64, 32, 26, 26), (64, 32, 3, 3), 1, 0, 1),
    ("ResNet-20 first", (64, 3, 32, 32), (16, 3, 3, 3), 1, 1, 1),
    ("ResNet-20 16", (64, 16, 32, 32), (16, 16, 3, 3), 1, 1, 1),
    ("ResNet-20 32", (64, 32, 16, 16), (32, 32, 3, 3), 1, 1, 1),
    ("ResNet-20 64", (64, 64, 8, 8), (64, 64, 3, 3), 1, 1, 1),
    ("ResNet-20 16 to 32", (64, 16, 32, 32), (32, 16, 3, 3), 2, 1, 1),
    ("ResNet-20 32 to 64", (64, 32, 16, 16), (64, 32, 3, 3), 2, 1, 1),
    ("1x1 of 64", (64, 64, 16, 16), (64, 64, 1, 1), 1, 0, 1),
    ("1x1 stride 2", (64, 16, 32, 32), (32, 16, 1, 1), 2, 0, 1),
    ("depthwise 3x3", (64, 32, 16, 16), (32, 1, 3, 3), 1, 1, 32),
]

_OTHERS = [
    ("conv1d, 64x32x256, 64 of 5", "conv1d", (64, 32, 256), (64, 32, 5), {"padding": 2}),
    ("conv3d, 8x8x16x16x16, 16 of 3x3x3", "conv3d", (8, 8, 16, 16, 16), (16, 8, 3, 3, 3), {}),
    (
        "conv_transpose2d, 32x64x14x14 to 32 channels, stride 2", "conv_transpose2d",
        (32, 64, 14, 14), (64, 32, 4, 4), {"stride": 2, "padding": 1},
    ),
]  # fmt: skip


def _convolution(
    function: str, x_shape: tuple[int, ...], w_shape: tuple[int, ...], part: str, **options: int
) -> Make:
    def make(torch: ModuleType) -> Step:
        x = torch.tensor(array(*x_shape))
        w = torch.tensor(array(*w_shape, seed=1) * 0.1)
        convolve = partial(getattr(torch.nn.functional, function), **options)
        if part == "forward":
            return lambda: convolve(x, w)
        return backward(torch, convolve, x, w, both=part == "forward + gradients")

    return make


GROUPS = [
    Group(
        "matmul",
        [
            Case(name, make, 1e-3)
            for name, make in [
                ("64x784x128", _matmul(64, 784, 128)),
                *((str(n), _matmul(n, n, n)) for n in (256, 512, 1024)),
                *(
                    (_name(shape, a_t, b_t), _matmul(*shape, a_t=a_t, b_t=b_t))
                    for shape in ((128, 128, 32, 128), (512, 64, 64, 64))
                    for a_t in (False, True)
                    for b_t in (False, True)
                ),
            ]
        ],
        worst=(1.2, 1.3),
    ),
    Group(
        "conv2d, forward and both gradients",
        [
            Case(
                f"{name}, {part}",
                _convolution("conv2d", x, w, part, stride=s, padding=p, groups=groups),
                2e-3,
            )
            for name, x, w, s, p, groups in _CONVOLUTIONS
            for part in ("forward", "gradients")
        ],
        mean=(0.8, 0.9),
        worst=(1.2, 1.3),
    ),
    Group(
        "other convolutions, forward and both gradients",
        [
            Case(name, _convolution(function, x, w, "forward + gradients", **options), 2e-3)
            for name, function, x, w, options in _OTHERS
        ],
    ),
]
