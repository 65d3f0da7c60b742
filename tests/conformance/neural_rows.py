"""Rows: the wider of torch.nn.functional, and what of it torch has at its top level."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from .table import Call, Given, Row, Tensor, X, row

CUBE = Given((2, 3, 4))
IMAGES = Given((1, 2, 4, 5))
VOLUMES = Given((1, 2, 3, 4, 3))
SIGNS = Given((3, 4), "index2")
CLASSES = Given((3,), "index4")
INF = float("inf")


def rows() -> list[Row]:
    """All of them."""
    return [
        *_convolutions(),
        *_pools(),
        *_resampling(),
        *_random(),
        *_in_place(),
        *_losses(),
        *_sequences(),
        *_top_level(),
    ]


def _f(name: str, *inputs: Given, flags: dict[str, bool] | None = None, **settings: Any) -> Row:
    """A row of torch.nn.functional, floating only unless a flag says otherwise."""
    label = f"F.{name}" + "".join(f", {key}={value}" for key, value in settings.items())

    def call(lib: Tensor, *tensors: Tensor) -> Tensor:
        return getattr(lib.nn.functional, name)(*tensors, **settings)

    return row(label, call, *(inputs or (X,)), **({"dtypes": False} | (flags or {})))


def _part(name: str, k: int, *inputs: Given, **settings: Any) -> Row:
    """One of several results."""
    return row(
        f"F.{name}, part {k}",
        lambda lib, *tensors: getattr(lib.nn.functional, name)(*tensors, **settings)[k],
        *inputs,
        dtypes=False,
        gradient=k == 0,
    )


FIXED = {"gradient": False}
ONCE = {"double": False}  # PyTorch has no second derivative there
ANY = {"dtypes": True}


def _convolutions() -> list[Row]:
    return [
        _f("conv_transpose1d", CUBE, Given((3, 2, 2)), Given((2,)), stride=2, output_padding=1),
        _f("conv_transpose1d", CUBE, Given((3, 2, 3)), dilation=2, groups=3, padding=1),
        _f("conv_transpose2d", IMAGES, Given((2, 3, 2, 3)), Given((3,)), stride=(1, 2), padding=1),
        _f("conv_transpose3d", VOLUMES, Given((2, 1, 2, 1, 2)), Given((1,)), stride=2),
        _f("fold", Given((1, 4, 6)), output_size=(3, 4), kernel_size=2),
        _f("unfold", IMAGES, kernel_size=2, dilation=2, padding=1),
        row("torch.conv_tbc", lambda lib, x, w, b: lib.conv_tbc(x, w, b, 1), Given((4, 2, 3)),
            Given((2, 3, 2)), Given((2,)), dtypes=False, double=False),
    ]  # fmt: skip


def _pools() -> list[Row]:
    return [
        _f("max_pool3d", VOLUMES, kernel_size=2, padding=1, stride=(1, 2, 1)),
        _part("max_pool3d", 1, VOLUMES, kernel_size=2, return_indices=True),
        _f("avg_pool3d", VOLUMES, kernel_size=2, padding=1, count_include_pad=False),
        _f("avg_pool3d", VOLUMES, kernel_size=(1, 2, 2), divisor_override=3),
        _f("adaptive_avg_pool3d", VOLUMES, output_size=(2, None, 2)),
        _f("adaptive_max_pool1d", CUBE, output_size=3),
        _f("adaptive_max_pool2d", IMAGES, output_size=(3, 2)),
        _f("adaptive_max_pool3d", VOLUMES, output_size=2),
        _part("adaptive_max_pool2d", 1, IMAGES, output_size=2, return_indices=True),
        _part("adaptive_max_pool1d", 1, Given((2, 5), "ties"), output_size=2, return_indices=True),
        _f("lp_pool1d", Given((2, 3, 4), "positive"), norm_type=3, kernel_size=2),
        _f("lp_pool2d", IMAGES, norm_type=2, kernel_size=2, stride=1),
        _f("lp_pool3d", VOLUMES, norm_type=INF, kernel_size=2),
        _f("local_response_norm", CUBE, size=2, alpha=0.5),
        *(
            row(f"F.max_unpool{n}d", lambda lib, x, n=n: _there_and_back(lib, x, n), x,
                dtypes=False)
            for n, x in ((1, CUBE), (2, IMAGES), (3, VOLUMES))
        ),
        _seeded("fractional_max_pool2d", IMAGES, kernel_size=2, output_size=3),
        _seeded("fractional_max_pool3d", VOLUMES, kernel_size=1, output_ratio=0.7),
    ]  # fmt: skip


def _there_and_back(lib: ModuleType, x: Tensor, n: int) -> Tensor:
    f = lib.nn.functional
    y, places = getattr(f, f"max_pool{n}d")(x, 2, return_indices=True)
    return getattr(f, f"max_unpool{n}d")(y * y, places, 2, output_size=x.shape)


def _resampling() -> list[Row]:
    modes: list[tuple[str, Given, dict[str, Any]]] = [
        ("nearest", CUBE, {"size": 7}),
        ("nearest-exact", IMAGES, {"scale_factor": 0.6}),
        ("area", IMAGES, {"size": (3, 2)}),
        ("linear", CUBE, {"size": 7, "align_corners": True}),
        ("bilinear", IMAGES, {"scale_factor": 1.7}),
        ("trilinear", VOLUMES, {"size": (2, 5, 4)}),
        ("bicubic", IMAGES, {"size": (3, 7)}),
    ]
    return [
        *(_f("interpolate", x, mode=mode, **settings) for mode, x, settings in modes),
        _f("interpolate", IMAGES, flags=ONCE, mode="bilinear", size=(2, 3), antialias=True),
        _warning(_f("upsample", IMAGES, scale_factor=2)),
        _warning(_f("upsample_nearest", IMAGES, size=3)),
        _warning(_f("upsample_bilinear", IMAGES, size=3)),
        _f("affine_grid", Given((2, 2, 3)), size=(2, 1, 3, 2), align_corners=False),
        *(
            _f("grid_sample", IMAGES, Given((1, 3, 2, 2), "unit"), flags=ONCE, mode=mode,
               padding_mode=padding, align_corners=align)
            for mode, padding, align in (
                ("bilinear", "zeros", False), ("bilinear", "border", True),
                ("bilinear", "reflection", False), ("nearest", "zeros", False),
                ("bicubic", "border", True),
            )
        ),
        _f("grid_sample", VOLUMES, Given((1, 2, 1, 2, 3)), flags=ONCE, align_corners=False),
        _f("pixel_shuffle", Given((1, 4, 2, 3)), flags=ANY, upscale_factor=2),
        _f("pixel_unshuffle", Given((2, 4, 2)), flags=ANY, downscale_factor=2),
        _f("channel_shuffle", Given((2, 4, 3)), flags=ANY, groups=2),
    ]  # fmt: skip


def _warning(made: Row) -> Row:
    """A row whose function warns that its name is old."""

    def call(lib: ModuleType, *tensors: Tensor) -> Tensor:
        with pytest.warns(UserWarning, match="is deprecated. Use `nn.functional.interpolate`"):
            return made.call(lib, *tensors)

    return row(made.name, call, *made.inputs, dtypes=False)


def _after_seed(call: Call) -> Call:
    def seeded(lib: ModuleType, *tensors: Tensor) -> Tensor:
        lib.manual_seed(1234)
        return call(lib, *tensors)

    return seeded


def _seeded(name: str, *inputs: Given, **settings: Any) -> Row:
    """A function that draws numbers, in the order of memory: so not of other layouts."""
    made = _f(name, *inputs, **settings)
    return row(made.name, _after_seed(made.call), *made.inputs, dtypes=False, layouts=False)


def _random() -> list[Row]:
    top = (
        "dropout", "dropout_", "alpha_dropout", "alpha_dropout_", "feature_alpha_dropout",
        "feature_alpha_dropout_",
    )  # fmt: skip
    return [
        _seeded("dropout", p=0.3),
        _seeded("dropout1d", CUBE, p=0.3),
        _seeded("dropout2d", IMAGES, p=0.3),
        _seeded("dropout3d", VOLUMES, p=0.3),
        _seeded("alpha_dropout", p=0.3, training=True),
        _seeded("feature_alpha_dropout", CUBE, p=0.3, training=True),
        _seeded("rrelu", training=True),
        _seeded("gumbel_softmax", tau=0.7),
        _f("rrelu", lower=0.2, upper=0.4),
        *(
            row(f"torch.{name}",
                _after_seed(lambda lib, x, f=name: getattr(lib, f)(x * 1, 0.4, True)),
                dtypes=False, layouts=False)
            for name in top
        ),
        row("torch.rrelu", _after_seed(lambda lib, x: lib.rrelu(x, 0.1, 0.4, True)), dtypes=False,
            layouts=False),
        row("torch.rrelu_", _after_seed(lambda lib, x: lib.rrelu_(x * 1, 0.1, 0.4, True)),
            dtypes=False, layouts=False),
    ]  # fmt: skip


def _in_place() -> list[Row]:
    def write(name: str, *args: float) -> Row:
        def call(lib: ModuleType, x: Tensor) -> Tensor:
            y = x * 1
            getattr(lib.nn.functional, name)(y, *args)
            return y * y

        return row(f"F.{name}", call, dtypes=False)

    return [
        write("celu_", 2.0), write("elu_", 0.7), write("hardtanh_", -0.5, 0.8),
        write("leaky_relu_", 0.2), write("relu_"), write("rrelu_"),
        write("selu_"), write("threshold_", 0.1, 20.0),
        row("Tensor.hardshrink", lambda lib, x: x.hardshrink(0.4), dtypes=False),
        row("Tensor.prelu", lambda lib, x, w: x.prelu(w), CUBE, Given((3,)), dtypes=False),
        row("Tensor.softmax", lambda lib, x: x.softmax(-1), dtypes=False),
        row("Tensor.log_softmax", lambda lib, x: x.log_softmax(0), dtypes=False),
    ]  # fmt: skip


def _signed(call: Call) -> Call:
    """The last input as 1 and -1 rather than 1 and 0."""
    return lambda lib, *tensors: call(lib, *tensors[:-1], tensors[-1] * 2 - 1)


def _losses() -> list[Row]:
    def of_signs(name: str, *inputs: Given, **settings: Any) -> Row:
        made = _f(name, *inputs, **settings)
        return row(made.name, _signed(made.call), *made.inputs, dtypes=False)

    positive = Given((3, 4), "positive")
    return [
        of_signs("hinge_embedding_loss", X, SIGNS, margin=0.8),
        of_signs("margin_ranking_loss", X, positive, SIGNS, reduction="none"),
        of_signs("soft_margin_loss", X, SIGNS, reduction="sum"),
        of_signs("cosine_embedding_loss", X, positive, Given((3,), "index2"), margin=0.1),
        _f("multilabel_soft_margin_loss", X, SIGNS),
        _f("multi_margin_loss", X, CLASSES, flags=ONCE, p=2, reduction="none"),
        row("F.multilabel_margin_loss",
            lambda lib, x, t: lib.nn.functional.multilabel_margin_loss(x, t - 1),
            X, Given((3, 4), "index5"), dtypes=False, double=False),
        _f("triplet_margin_loss", X, positive, Given((3, 4), "unit"), swap=True),
        _f("triplet_margin_with_distance_loss", X, positive, Given((3, 4), "unit")),
        row("F.poisson_nll_loss",
            lambda lib, x, t: lib.nn.functional.poisson_nll_loss(x, t.detach(), full=True),
            X, positive, dtypes=False),
        _f("gaussian_nll_loss", X, X, positive, full=True, reduction="none"),
        _f("cosine_similarity", X, positive, dim=0),
        _f("pairwise_distance", X, positive, p=3),
        _f("pdist", flags=ONCE),
    ]  # fmt: skip


def _sequences() -> list[Row]:
    table = Given((5, 2))

    def bags(mode: str) -> Call:
        def call(lib: ModuleType, i: Tensor, w: Tensor) -> Tensor:
            offsets = lib.tensor([0, 2, 2]).to(w.device)
            return lib.nn.functional.embedding_bag(i, w, offsets, mode=mode, padding_idx=1)

        return call

    def aligned(lib: ModuleType, x: Tensor, labels: Tensor) -> Tensor:
        f = lib.nn.functional
        return f.ctc_loss(f.log_softmax(x, -1), labels + 1, [4, 3], [2, 1], reduction="none")

    def heads(k: int, need_weights: bool) -> Call:
        def call(lib: ModuleType, q: Tensor, k_: Tensor, w: Tensor, o: Tensor) -> Tensor:
            return lib.nn.functional.multi_head_attention_forward(
                q, k_, k_, 4, 2, w, None, None, None, True, 0.0, o, None, need_weights=need_weights
            )[k]

        return call

    def sequences(name: str) -> Call:
        """Two layers in both directions, for two sequences of three steps."""

        def call(lib: ModuleType, x: Tensor, h: Tensor, *params: Tensor) -> Tensor:
            states = (h, h * h) if name == "lstm" else h
            y, *last = getattr(lib, name)(x, states, params, True, 2, 0.0, False, True, True)
            return lib.cat([y.flatten(), *(each.flatten() for each in last)])

        return call

    def weights(gates: int) -> list[Given]:
        shapes = [(2 * gates, 2), (2 * gates,), (2 * gates,)]
        return [Given(shape) for size in (3, 3, 4, 4) for shape in ((2 * gates, size), *shapes)]

    attention = (Given((2, 1, 4)), Given((3, 1, 4)), Given((12, 4)), Given((4, 4)))
    return [
        *(
            row(f"F.embedding_bag, {mode}", bags(mode), Given((5,), "index5"), table,
                dtypes=False, double=False)
            for mode in ("sum", "mean", "max")
        ),
        row("F.ctc_loss", aligned, Given((4, 2, 3)), Given((2, 2), "index2"), dtypes=False,
            double=False),
        row("F.multi_head_attention_forward", heads(0, True), *attention, dtypes=False),
        row("F.multi_head_attention_forward, weights", heads(1, True), *attention, dtypes=False),
        row("F.multi_head_attention_forward, no weights", heads(0, False), *attention,
            dtypes=False, double=False),
        _f("instance_norm", Given((2, 2, 3))),
        *(
            row(f"torch.{name}", lambda lib, x, h, w, v, f=name: getattr(lib, f)(x, h, w, v),
                Given((2, 3)), Given((2, 2)), Given((2 * gates, 3)), Given((2 * gates, 2)),
                dtypes=False)
            for name, gates in (("rnn_tanh_cell", 1), ("rnn_relu_cell", 1), ("gru_cell", 3))
        ),
        row("torch.lstm_cell", lambda lib, x, h, w, v: lib.lstm_cell(x, (h, h * h), w, v)[0],
            Given((2, 3)), Given((2, 2)), Given((8, 3)), Given((8, 2)), dtypes=False),
        *(
            row(f"torch.{name}", sequences(name), Given((2, 3, 3)), Given((4, 2, 2)),
                *weights(gates), dtypes=False, double=False)
            for name, gates in (("rnn_tanh", 1), ("rnn_relu", 1), ("gru", 3), ("lstm", 4))
        ),
    ]  # fmt: skip


def _top_level() -> list[Row]:
    positive = Given((3, 4), "positive")

    def loss(name: str, *inputs: Given, signed: bool = False) -> Row:
        call: Call = lambda lib, *tensors: getattr(lib, name)(*tensors, reduction=2)  # noqa: E731
        return row(f"torch.{name}", _signed(call) if signed else call, *inputs, dtypes=False)

    def bags(lib: ModuleType, i: Tensor, w: Tensor) -> Tensor:
        return lib.embedding_bag(w, i, lib.tensor([0, 2]).to(w.device), mode=1)[0]

    def aligned(lib: ModuleType, x: Tensor) -> Tensor:
        labels = lib.tensor([[1, 2]]).to(x.device)
        return lib.ctc_loss(lib.log_softmax(x, -1), labels, [4], [2])

    cube = CUBE
    return [
        loss("binary_cross_entropy_with_logits", X, positive),
        loss("kl_div", X, positive),
        loss("hinge_embedding_loss", X, SIGNS, signed=True),
        loss("margin_ranking_loss", X, positive, SIGNS, signed=True),
        loss("cosine_embedding_loss", X, positive, Given((3,), "index2"), signed=True),
        loss("triplet_margin_loss", X, positive, Given((3, 4), "unit")),
        row("torch.poisson_nll_loss",
            lambda lib, x, t: lib.poisson_nll_loss(x, t, True, False, 1e-8, 1), X, positive,
            dtypes=False),
        row("torch.ctc_loss", aligned, Given((4, 1, 3)), dtypes=False, double=False),
        row("torch.embedding", lambda lib, i, w: lib.embedding(w, i), CLASSES, Given((4, 2)),
            dtypes=False),
        row("torch.embedding_bag", bags, CLASSES, Given((4, 2)), dtypes=False, double=False),
        row("torch.batch_norm",
            lambda lib, x: lib.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, False), cube,
            dtypes=False),
        row("torch.instance_norm",
            lambda lib, x: lib.instance_norm(x, None, None, None, None, True, 0.1, 1e-5, False),
            cube, dtypes=False),
        row("torch.adaptive_max_pool1d", lambda lib, x: lib.adaptive_max_pool1d(x, 3)[0], cube,
            dtypes=False),
    ]  # fmt: skip
