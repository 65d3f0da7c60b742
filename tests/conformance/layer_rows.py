"""Rows: activations, layers and losses of torch.nn.functional."""

from __future__ import annotations

from typing import Any

from .table import Given, Row, Tensor, X, row

CUBE = Given((2, 3, 4))
IMAGES = Given((2, 3, 5, 6))
VOLUMES = Given((1, 2, 3, 4, 3))
UNIT_SCORES = Given((3, 4), "positive")
CLASSES = Given((3,), "index4")


def rows() -> list[Row]:
    """All of them."""
    return [*_activations(), *_layers(), *_convolutions(), *_pools(), *_losses()]


_ACTIVATIONS: dict[str, dict[str, Any]] = {
    "celu": {"alpha": 2.0}, "elu": {"alpha": 0.7}, "gelu": {}, "hardshrink": {"lambd": 0.4},
    "hardswish": {}, "hardtanh": {"min_val": -0.5, "max_val": 0.8},
    "leaky_relu": {"negative_slope": 0.2}, "logsigmoid": {}, "mish": {}, "relu": {}, "relu6": {},
    "selu": {}, "sigmoid": {}, "silu": {}, "softplus": {"beta": 2, "threshold": 3},
    "softshrink": {"lambd": 0.3}, "softsign": {}, "tanh": {}, "tanhshrink": {},
    "threshold": {"threshold": 0.1, "value": 20},
}  # fmt: skip


def _f(name: str, *inputs: Given, gradient: bool = True, **settings: Any) -> Row:
    """A row of torch.nn.functional, floating only."""
    label = f"F.{name}" + "".join(f", {key}={value}" for key, value in settings.items())

    def call(lib: Tensor, *tensors: Tensor) -> Tensor:
        return getattr(lib.nn.functional, name)(*tensors, **settings)

    return row(label, call, *(inputs or (X,)), dtypes=False, gradient=gradient)


def _activations() -> list[Row]:
    return [
        *(_f(name, **settings) for name, settings in _ACTIVATIONS.items()),
        _f("hardsigmoid", gradient=False),  # torch's gradient has the 1/6 of float32 in float64
        _f("gelu", approximate="tanh"),
        _f("glu", dim=-1),
        _f("prelu", CUBE, Given((3,))),
        _f("softmax", dim=-1),
        _f("softmin", dim=0),
        _f("log_softmax", dim=1),
        _f("normalize", p=3, dim=0),
        row("torch.softmax", lambda lib, x: lib.softmax(x, 0), dtypes=False),
        row("torch.log_softmax", lambda lib, x: lib.log_softmax(x, 0), dtypes=False),
        row("torch.celu", lambda lib, x: lib.celu(x), dtypes=False),
        row("torch.selu", lambda lib, x: lib.selu(x), dtypes=False),
        row("torch.prelu", lambda lib, x, w: lib.prelu(x, w), CUBE, Given((1,)), dtypes=False),
    ]


def _layers() -> list[Row]:
    return [
        _f("linear", X, Given((5, 4)), Given((5,))),
        _f("bilinear", X, Given((3, 2)), Given((5, 4, 2)), Given((5,))),
        _f("embedding", Given((2, 3), "index5"), Given((5, 4))),
        _f("one_hot", Given((2, 3), "index5"), gradient=False, num_classes=6),
        _f("layer_norm", CUBE, normalized_shape=(3, 4)),
        _f("rms_norm", CUBE, normalized_shape=(4,)),
        _f("group_norm", Given((2, 4, 3)), num_groups=2),
        row(
            "F.layer_norm, affine",
            lambda lib, x, w, b: lib.nn.functional.layer_norm(x, (4,), w, b, 1e-3),
            CUBE,
            Given((4,)),
            Given((4,)),
            dtypes=False,
        ),
        row(
            "F.batch_norm, training",
            lambda lib, x, w, b: lib.nn.functional.batch_norm(x, None, None, w, b, True),
            CUBE,
            Given((3,)),
            Given((3,)),
            dtypes=False,
        ),
        row(
            "F.batch_norm, evaluation",
            lambda lib, x, m, v: lib.nn.functional.batch_norm(x, m.detach(), v.detach()),
            CUBE,
            Given((3,)),
            Given((3,), "positive"),
            dtypes=False,
        ),
        _f("scaled_dot_product_attention", CUBE, Given((2, 5, 4)), Given((2, 5, 4))),
        _f(
            "scaled_dot_product_attention",
            Given((2, 5, 4)),
            Given((2, 5, 4)),
            Given((2, 5, 4)),
            is_causal=True,
        ),
        _f("pad", IMAGES, pad=(1, 2, 0, 1), mode="reflect"),
        _f("pad", IMAGES, pad=(1, -1, 2, 0), value=1.5),
        _f("pad", CUBE, pad=(2, 1), mode="circular"),
        _f("pad", IMAGES, pad=(2, 1, 1, 1), mode="replicate"),
    ]


def _convolutions() -> list[Row]:
    return [
        _f("conv1d", CUBE, Given((4, 3, 2)), Given((4,)), stride=2, padding=1),
        _f("conv1d", CUBE, Given((4, 3, 3)), padding="same"),
        _f("conv2d", IMAGES, Given((4, 3, 3, 2)), Given((4,)), stride=(2, 1), padding=(1, 0)),
        _f("conv2d", IMAGES, Given((6, 1, 2, 2)), groups=3, dilation=2),
        _f("conv3d", VOLUMES, Given((3, 2, 2, 2, 2)), Given((3,)), padding=1),
        _f("unfold", IMAGES, kernel_size=(2, 3), padding=1, stride=2),
    ]


def _pools() -> list[Row]:
    return [
        _f("max_pool1d", CUBE, kernel_size=2, stride=1, padding=1),
        _f("max_pool2d", IMAGES, kernel_size=2, ceil_mode=True),
        _f("max_pool2d", IMAGES, kernel_size=(3, 2), stride=1, padding=1, dilation=2),
        _f("avg_pool1d", CUBE, kernel_size=2),
        _f("avg_pool2d", IMAGES, kernel_size=3, stride=2, padding=1, count_include_pad=False),
        _f("adaptive_avg_pool1d", CUBE, output_size=3),
        _f("adaptive_avg_pool2d", IMAGES, output_size=(2, 4)),
    ]


def _losses() -> list[Row]:
    pair = (X, Given((3, 4), "positive"))
    made = [
        _f(name, *pair, reduction=reduction)
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
        for reduction in ("mean", "none")
    ]
    return [
        *made,
        _f("binary_cross_entropy", UNIT_SCORES, Given((3, 4), "positive"), reduction="sum"),
        _f("binary_cross_entropy_with_logits", *pair),
        _f("kl_div", *pair, reduction="batchmean"),
        _f("cross_entropy", X, CLASSES, label_smoothing=0.1),
        _f("cross_entropy", X, Given((3, 4), "positive"), reduction="none"),
        _f("nll_loss", X, CLASSES, reduction="sum"),
        row(
            "F.cross_entropy, weight and ignore_index",
            lambda lib, x, y, w: lib.nn.functional.cross_entropy(x, y, w.detach(), ignore_index=1),
            X,
            CLASSES,
            Given((4,), "positive"),
            dtypes=False,
        ),
    ]
