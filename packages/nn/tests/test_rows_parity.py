"""Modules beside torch's, of any inputs and outputs: recurrent, attention, lazy, containers.

A row builds the module with the same arguments from the same seed in both libraries. Its parameters
must be equal bit for bit, then its text, the names of its state, its outputs, the gradients of its
inputs and parameters, and what it holds after two steps of training. Rows of modules that take
one tensor and give one are in `test_modules_parity`; here they have further arguments.
"""

import re
import warnings
from collections import OrderedDict
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

import minitorch

torch = pytest.importorskip("torch")
from .test_modules_parity import BOXES, IMAGE, LINE, VOLUME, Values, floats, integers  # noqa: E402

pytestmark = [
    pytest.mark.parity,
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore:`NLLLoss2d` has been deprecated"),
    pytest.mark.filterwarnings("ignore:LSTM with projections"),
    pytest.mark.filterwarnings("ignore:Lazy modules are a new"),
    pytest.mark.filterwarnings("ignore:enable_nested_tensor is True"),
    pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors"),
    pytest.mark.filterwarnings("ignore:dropout2d. Received a 3"),
    pytest.mark.filterwarnings("ignore:Initializing zero-element tensors"),
]

Make = Callable[[ModuleType], Any]
Call = Callable[[ModuleType, Any, list[Any]], Any]


def plainly(t: ModuleType, module: Any, x: list[Any]) -> Any:
    return module(*x)


class Row(NamedTuple):
    """How a module is made, what it is given, and how it is called."""

    make: Make
    inputs: tuple[Values, ...]
    call: Call = plainly


def row(name: str, *inputs: Values, call: Call = plainly, **options: Any) -> Row:
    args = options.pop("args", ())
    return Row(lambda t: getattr(t.nn, name)(*args, **options), inputs, call)


def made(make: Make, *inputs: Values, call: Call = plainly) -> Row:
    return Row(make, inputs, call)


def names_of(rows: list[Row]) -> list[str]:
    with warnings.catch_warnings(action="ignore"):
        return [type(each.make(torch)).__name__ for each in rows]


# ---- recurrent ---------------------------------------------------------------------------------


def with_states(t: ModuleType, module: Any, x: list[Any]) -> Any:
    """The states as a recurrent layer takes them: one, or a pair."""
    return module(x[0], tuple(x[1:]) if len(x) > 2 else x[1])


def packed(t: ModuleType, module: Any, x: list[Any]) -> Any:
    utils = t.nn.utils.rnn
    lengths = [2, 5, 1, 5]
    y, last = module(utils.pack_padded_sequence(x[0], lengths, True, enforce_sorted=False))
    return utils.pad_packed_sequence(y, batch_first=True)[0], last


SEQUENCE, BATCH_FIRST = floats(5, 2, 3), floats(4, 5, 3)
RECURRENT = [
    *[row(kind, SEQUENCE, args=(3, 4)) for kind in ("RNN", "LSTM", "GRU")],
    *[
        row(kind, BATCH_FIRST, call=packed, args=(3, 4, 2), batch_first=True, bidirectional=True)
        for kind in ("RNN", "LSTM", "GRU")
    ],
    *[
        row(kind, SEQUENCE, args=(3, 4, 3), bias=False, dropout=0.4, bidirectional=True)
        for kind in ("RNN", "LSTM", "GRU")
    ],
    row("RNN", SEQUENCE, floats(2, 2, 4), call=with_states, args=(3, 4, 2, "relu")),
    row("GRU", SEQUENCE[0], floats(2, 4), call=with_states, args=(3, 4, 2)),
    row("LSTM", SEQUENCE, args=(3, 4, 2), proj_size=2, bidirectional=True),
    row("LSTM", BATCH_FIRST, call=packed, args=(3, 4), proj_size=3, batch_first=True),
    row(
        "LSTM",
        SEQUENCE,
        floats(1, 2, 2),
        floats(1, 2, 4),
        call=with_states,
        args=(3, 4),
        proj_size=2,
    ),
    row("RNNCell", SEQUENCE[0], args=(3, 4)),
    row("RNNCell", SEQUENCE[0, 0], floats(4), args=(3, 4, False, "relu")),
    row("LSTMCell", SEQUENCE[0], args=(3, 4)),
    row(
        "LSTMCell", SEQUENCE[0], floats(2, 4), floats(4, 2).T, call=with_states, args=(3, 4, False)
    ),
    row("GRUCell", SEQUENCE[0], args=(3, 4)),
    row("GRUCell", SEQUENCE[0, 0], floats(4), args=(3, 4, False)),
]

# ---- attention ---------------------------------------------------------------------------------


def causal(t: ModuleType, x: Any) -> Any:
    mask = t.nn.Transformer.generate_square_subsequent_mask(4)
    return mask.to(device=x.device, dtype=x.dtype)


def padding(t: ModuleType, x: Any) -> Any:
    mask = [[False, False, False, True], [False, False, False, False]]
    return t.tensor(mask, device=x.device)


def to_itself(**options: Any) -> Call:
    def call(t: ModuleType, module: Any, x: list[Any]) -> Any:
        q, k, v = x * 3 if len(x) == 1 else x
        return module(q, k, v, **{n: o(t, q) if callable(o) else o for n, o in options.items()})

    return call


def masked(**options: Any) -> Call:
    def call(t: ModuleType, module: Any, x: list[Any]) -> Any:
        return module(*x, **{n: o(t, x[0]) if callable(o) else o for n, o in options.items()})

    return call


WORDS, FIRST = floats(4, 2, 6), floats(2, 4, 6)


def encoder(t: ModuleType, **options: Any) -> Any:
    return t.nn.TransformerEncoderLayer(6, 2, 8, **options)


def decoder(t: ModuleType, **options: Any) -> Any:
    return t.nn.TransformerDecoderLayer(6, 2, 8, **options)


ATTENTION = [
    row("MultiheadAttention", WORDS, call=to_itself(), args=(6, 2)),
    row("MultiheadAttention", WORDS[:, 0], call=to_itself(need_weights=False), args=(6, 3, 0.5)),
    row(
        "MultiheadAttention",
        FIRST,
        call=to_itself(key_padding_mask=padding, average_attn_weights=False),
        args=(6, 2),
        batch_first=True,
    ),
    row(
        "MultiheadAttention",
        FIRST,
        call=to_itself(attn_mask=causal, is_causal=True, need_weights=False),
        args=(6, 2),
        batch_first=True,
        add_zero_attn=True,
        bias=False,
    ),
    row(
        "MultiheadAttention",
        *(WORDS, floats(3, 2, 4), floats(3, 2, 5)),
        call=to_itself(),
        args=(6, 3, 0.2, True, True),
        kdim=4,
        vdim=5,
    ),
    made(encoder, WORDS),
    made(
        lambda t: encoder(t, norm_first=True, activation="gelu"),
        WORDS,
        call=masked(src_mask=causal),
    ),
    made(
        lambda t: encoder(t, batch_first=True, bias=False, dropout=0.0, layer_norm_eps=1e-3),
        FIRST,
        call=masked(src_key_padding_mask=padding),
    ),
    made(decoder, WORDS, floats(3, 2, 6)),
    made(
        lambda t: decoder(t, norm_first=True, bias=False, activation=t.nn.functional.gelu),
        *(WORDS, floats(3, 2, 6)),
        call=masked(tgt_mask=causal, tgt_is_causal=True),
    ),
    made(
        lambda t: decoder(t, batch_first=True),
        *(FIRST, FIRST * 2),
        call=masked(tgt_key_padding_mask=padding, memory_key_padding_mask=padding),
    ),
    made(lambda t: t.nn.TransformerEncoder(encoder(t), 2), WORDS, call=masked(mask=causal)),
    made(
        lambda t: t.nn.TransformerEncoder(
            encoder(t, norm_first=True, batch_first=True), 2, t.nn.LayerNorm(6), False
        ),
        FIRST,
        call=masked(src_key_padding_mask=padding),
    ),
    made(lambda t: t.nn.TransformerDecoder(decoder(t), 2), WORDS, floats(3, 2, 6)),
    made(
        lambda t: t.nn.TransformerDecoder(decoder(t, batch_first=True), 2, t.nn.LayerNorm(6)),
        *(FIRST, FIRST * 2),
        call=masked(tgt_mask=causal, memory_key_padding_mask=padding),
    ),
    made(lambda t: t.nn.Transformer(6, 2, 2, 1, 8), WORDS, WORDS * 2),
    made(
        lambda t: t.nn.Transformer(
            *(6, 3, 1, 2, 8, 0.3, "gelu"), batch_first=True, norm_first=True, bias=False
        ),
        *(FIRST, FIRST * 2),
        call=masked(tgt_mask=causal, src_key_padding_mask=padding),
    ),
]

# ---- norms, embeddings, linear ---------------------------------------------------------------

OTHERS = [
    row("LayerNorm", LINE, args=(9,)),
    row("LayerNorm", LINE, args=((4, 9), 1e-3), bias=False),
    row("LayerNorm", IMAGE, args=([6],), elementwise_affine=False),
    row("GroupNorm", LINE, args=(2, 4)),
    row("GroupNorm", IMAGE, args=(4, 4, 1e-3), bias=False),
    row("GroupNorm", VOLUME, args=(1, 4), affine=False),
    row("RMSNorm", LINE, args=(9,)),
    row("RMSNorm", IMAGE, args=((7, 6), 1e-3), elementwise_affine=False),
    row("Embedding", integers(9, 4, 5), args=(9, 3)),
    row("Embedding", integers(9, 4, 5), args=(9, 3, -2, 0.7)),
    row("Embedding", integers(9, 20), args=(9, 3), max_norm=1.5, norm_type=1.0),
    row("Embedding", integers(9, 20), args=(9, 3, 4), scale_grad_by_freq=True),
    row("EmbeddingBag", integers(9, 3, 4), args=(9, 3, 1.2), mode="sum", padding_idx=3),
    made(
        lambda t: t.nn.EmbeddingBag(9, 3, mode="sum"),
        *(integers(9, 3, 4), floats(3, 4)),
        call=lambda t, module, x: module(x[0], per_sample_weights=x[1]),
    ),
    row("Linear", floats(9), args=(9, 2)),
    row("Linear", LINE, args=(9, 2), bias=False),
    row("Identity", LINE, args=(1, 2), anything=3),
    row("Bilinear", floats(4), floats(3), args=(4, 3, 2)),
    row("Flatten", VOLUME, args=(2, -2)),
    row("Unflatten", VOLUME, args=(-1, (3, -1))),
    row("ELU", IMAGE, args=(1.5, True)),
    row("GELU", IMAGE),
    row("Hardswish", IMAGE, inplace=True),
    row("LeakyReLU", IMAGE, args=(0.3, True)),
    row("Mish", IMAGE, inplace=True),
    row("ReLU", IMAGE, inplace=True),
    row("SELU", IMAGE, inplace=True),
    row("SiLU", IMAGE, inplace=True),
    row("Softplus", IMAGE * 30),
    row("Hardshrink", IMAGE),
    row("Softshrink", IMAGE),
    row("LogSoftmax", VOLUME, args=(-3,)),
    row("Softmax", LINE, args=(0,)),
    row("PReLU", LINE, args=(4, 0.6)),
    row("Conv1d", LINE[0], args=(4, 6, 3), padding=(2,), padding_mode="circular", bias=False),
    row("Conv2d", IMAGE, args=(4, 8, (2, 3)), groups=4, dilation=(1, 2), padding=(1, 0)),
    row("Conv3d", VOLUME, args=(4, 2, 2), padding="same", padding_mode="replicate"),
    row("ConvTranspose1d", LINE[0], args=(4, 6, 3), stride=3, output_padding=2, groups=2),
    row("ConvTranspose3d", VOLUME, args=(4, 2, 2), stride=2, output_padding=1, bias=False),
    made(
        lambda t: t.nn.ConvTranspose2d(4, 2, 3, stride=2),
        IMAGE,
        call=lambda t, module, x: module(x[0], output_size=(16, 14)),
    ),
    row("MaxPool1d", LINE[0], args=(3,), ceil_mode=True, return_indices=True),
    row("AvgPool1d", LINE[0], args=(3, 2, 1, True, False)),
    row("AvgPool2d", IMAGE, args=((3, 2),), stride=(2, 1), divisor_override=5),
    row("AdaptiveMaxPool1d", LINE, args=(4,), return_indices=True),
    row("AdaptiveMaxPool3d", VOLUME, args=((2, None, 3),), return_indices=True),
    row("AdaptiveAvgPool2d", IMAGE[0], args=((None, 3),)),
    row(
        "FractionalMaxPool3d", VOLUME, args=((2, 1, 2),), output_size=(3, 2, 4), return_indices=True
    ),
    made(
        lambda t: t.nn.MaxUnpool2d((2, 1), stride=(2, 2)),
        *(floats(1, 1, 2, 2), np.array([[[[0, 3], [13, 10]]]])),
        call=lambda t, module, x: module(*x, output_size=(5, 4)),
    ),
    row("ReflectionPad2d", IMAGE[0], args=((1, 2, 3, 0),)),
    row("ReplicationPad3d", VOLUME, args=(1,)),
    row("ZeroPad2d", IMAGE, args=((1, -1, 0, 2),)),
    row("CircularPad3d", VOLUME, args=((1, 2, 0, 1, 2, 0),)),
    row("ConstantPad1d", LINE, args=((-1, 3), -2.5)),
    row("BatchNorm1d", floats(5, 4), args=(4, 1e-3, 0.4)),
    row("BatchNorm2d", IMAGE, args=(4,), affine=False),
    row("BatchNorm2d", IMAGE, args=(4,), momentum=None),
    row("InstanceNorm2d", IMAGE, args=(4,), track_running_stats=True),
    row("Dropout", IMAGE, args=(0.6, True)),
    row("Dropout2d", IMAGE, args=(0.4, True)),
    row("AlphaDropout", IMAGE, args=(0.4, True)),
    row("FeatureAlphaDropout", VOLUME, args=(0.4,)),
    row("Upsample", IMAGE, scale_factor=1.6, mode="bicubic", align_corners=True),
    row("Upsample", VOLUME, args=((3, 7, 2),), mode="trilinear", align_corners=True),
    row("Upsample", VOLUME, scale_factor=(0.5, 2, 1.5), mode="nearest-exact"),
    row("Upsample", LINE, args=(4,), mode="linear"),
    row("Fold", floats(12, 12), args=((4, 5), 2)),
    made(
        lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 9, 15], 2.0),
        *(floats(7, 16), np.array([0, 3, 5, 19, 9, 15, 2])),
    ),
    made(
        lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4], head_bias=True),
        *(floats(16), np.array(7)),
    ),
    made(
        lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 9], 2.0),
        floats(7, 16),
        call=lambda t, module, x: (module.log_prob(*x), module.predict(*x)),
    ),
]

# ---- lazy layers ---------------------------------------------------------------------------------

LAZY = [
    row("LazyLinear", LINE, args=(3,)),
    *[row(f"LazyConv{d}d", BOXES[d], args=(6, 2), groups=2) for d in (1, 2, 3)],
    *[row(f"LazyConvTranspose{d}d", BOXES[d], args=(6, 2), bias=False) for d in (1, 2, 3)],
    *[row(f"LazyBatchNorm{d}d", BOXES[d], args=(1e-3, 0.3)) for d in (1, 2, 3)],
    *[row(f"LazyInstanceNorm{d}d", BOXES[d]) for d in (1, 2, 3)],
]

# ---- containers ----------------------------------------------------------------------------------


def net(t: ModuleType) -> Any:
    class Module(t.nn.Module):  # type: ignore[name-defined, misc]
        """With a parameter, buffers and a child of its own."""

        kept: Any

        def __init__(self) -> None:
            super().__init__()
            self.scale = t.nn.Parameter(t.rand(9))
            self.register_parameter("nothing", None)
            self.register_buffer("count", t.zeros(1))
            self.register_buffer("kept", t.ones(9), persistent=False)
            self.inner = t.nn.Sequential(OrderedDict(fc=t.nn.Linear(9, 9), act=t.nn.Tanh()))

        def forward(self, x: Any) -> Any:
            if self.training:
                self.count += 1
                self.kept = self.kept * 0.9
            return self.inner(x) * self.scale * self.kept + self.count

    return Module()


def one_after_the_other(t: ModuleType, module: Any, x: list[Any]) -> Any:
    y = x[0]
    for each in module.values() if isinstance(module, t.nn.ModuleDict) else module:
        y = each(y)
    return y


def affine(t: ModuleType, module: Any, x: list[Any]) -> Any:
    first, second = module.values() if isinstance(module, t.nn.ParameterDict) else module
    return x[0] * first + second


CONTAINERS = [
    made(net, LINE),
    made(lambda t: t.nn.Sequential(t.nn.Linear(9, 4), t.nn.ReLU(), t.nn.BatchNorm1d(4)), LINE),
    made(
        lambda t: t.nn.ModuleList([t.nn.Linear(9, 9), t.nn.Linear(9, 9), t.nn.Tanh()]),
        LINE,
        call=one_after_the_other,
    ),
    made(
        lambda t: t.nn.ModuleDict({"a": t.nn.Linear(9, 9), "b": t.nn.LayerNorm(9)}),
        LINE,
        call=one_after_the_other,
    ),
    made(lambda t: t.nn.ParameterList([t.rand(9), t.rand(4, 1)]), LINE, call=affine),
    made(lambda t: t.nn.ParameterDict({"u": t.rand(9), "v": t.rand(4, 1)}), LINE, call=affine),
]

ROWS = [*RECURRENT, *ATTENTION, *OTHERS, *LAZY, *CONTAINERS]

# ---- losses with further arguments ---------------------------------------------------------------

LOGITS, TARGETS = floats(6, 4), 0.1 + 0.8 * np.abs(np.sin(floats(6, 4)))
SPATIAL, PLACES = floats(2, 4, 3, 2), integers(4, 2, 3, 2)
CHANCES = np.exp(SPATIAL) / np.exp(SPATIAL).sum(1, keepdims=True)


def weights(t: ModuleType) -> Any:
    return t.tensor([0.5, 1.0, 2.0, 0.25])


def lengths(t: ModuleType, module: Any, x: list[Any]) -> Any:
    """The CTC loss with lengths as tuples."""
    return module(*x, (7, 6, 7), (3, 2, 1))


LOSSES = [
    made(lambda t: t.nn.CrossEntropyLoss(weights(t), label_smoothing=0.2), SPATIAL, CHANCES),
    made(lambda t: t.nn.CrossEntropyLoss(reduction="none"), SPATIAL, CHANCES),
    made(
        lambda t: t.nn.CrossEntropyLoss(
            weights(t), ignore_index=2, reduction="sum", label_smoothing=0.1
        ),
        *(SPATIAL, PLACES),
    ),
    made(lambda t: t.nn.CrossEntropyLoss(), LOGITS[0], np.array(2)),
    made(lambda t: t.nn.NLLLoss(weights(t), reduction="none"), SPATIAL, PLACES),
    made(lambda t: t.nn.NLLLoss2d(ignore_index=1), SPATIAL, PLACES),
    made(
        lambda t: t.nn.BCEWithLogitsLoss(weights(t), pos_weight=weights(t) * 3, reduction="sum"),
        *(LOGITS, TARGETS),
    ),
    made(lambda t: t.nn.GaussianNLLLoss(), LOGITS, LOGITS + 1, TARGETS[:, :1]),
    made(lambda t: t.nn.PoissonNLLLoss(full=True, reduction="sum"), LOGITS, TARGETS * 9),
    made(lambda t: t.nn.KLDivLoss(reduction="none", log_target=True), LOGITS, -TARGETS),
    made(lambda t: t.nn.SmoothL1Loss(reduction="none", beta=0.0), LOGITS, TARGETS),
    made(lambda t: t.nn.MultiMarginLoss(margin=0.3, reduction="sum"), LOGITS[0], np.array(1)),
    made(lambda t: t.nn.TripletMarginLoss(p=1.5, reduction="none"), *floats(3, 6, 4)),
    made(lambda t: t.nn.CTCLoss(), floats(7, 3, 5) - 2, np.array([1, 2, 3, 3, 1, 2]), call=lengths),
    made(
        lambda t: t.nn.CTCLoss(blank=2, reduction="sum"),
        *(floats(7, 5) - 2, np.array([1, 3, 0])),
        call=lambda t, module, x: module(*x, t.tensor(7), t.tensor(3)),
    ),
]

KIND = r"(mini)?torch\.(FloatTensor|float32)"  # torch's older name of it, and ours

# ---- a row's test --------------------------------------------------------------------------------


def flat(found: Any) -> list[Any]:
    if isinstance(found, (tuple, list)):
        return [y for each in found for y in flat(each)]
    return [] if found is None else [found]


def results(t: ModuleType, row: Row, dtype: str, train: bool) -> dict[str, Any]:
    """What a module says, what it holds at first, and what two steps of training give."""
    t.manual_seed(6)
    if t is minitorch:  # with a default device, even that of before, torch is slow
        t.set_default_device("numpy")
    try:
        module = row.make(t)
        found: dict[str, Any] = {"repr": re.sub(KIND, "float32", repr(module))}
        found["names"] = list(module.state_dict())
        values = [t.tensor(x.copy()) for x in row.inputs]
        kind = getattr(t, dtype)
        values = [x.to(kind) if x.is_floating_point() else x for x in values]
        module.to(kind)
        if getattr(module, "has_uninitialized_params", bool)():
            row.call(t, module, values)
        else:
            state = module.state_dict()
            found["state"] = [(n, tuple(x.shape), str(x.dtype)[-5:]) for n, x in state.items()]
        found |= {f"first {n}": p.detach().numpy().copy() for n, p in module.named_parameters()}
        module.train(train)
        for step in range(2):
            leaves = [x.clone().requires_grad_() if x.is_floating_point() else x for x in values]
            # Times 1: a module may write into what it is given.
            outputs = flat(row.call(t, module, [x * 1 if x.requires_grad else x for x in leaves]))
            module.zero_grad()
            sum(
                (
                    y * t.tensor(np.cos(k + 1.0 + np.arange(y.numel()))).reshape(y.shape).to(kind)
                ).sum()
                for k, y in enumerate(outputs)
                if y.is_floating_point()
            ).backward()
            found |= {f"output {step} {k}": y.detach().numpy() for k, y in enumerate(outputs)}
            grads = [(str(k), x) for k, x in enumerate(leaves)] + [*module.named_parameters()]
            found |= {
                f"grad {step} {n}": x.grad.numpy().copy() for n, x in grads if x.grad is not None
            }
            with t.no_grad():  # the optimizers have rows of their own
                for p in module.parameters():
                    if p.grad is not None:
                        p.sub_(p.grad, alpha=0.01)
    finally:
        minitorch.set_default_device(None)
    found |= {f"last {n}": x.numpy() for n, x in module.state_dict().items()}
    found["generator"] = t.get_rng_state().numpy()
    return found


def agree(ours: dict[str, Any], theirs: dict[str, Any], limit: float) -> None:
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        if name.startswith(("first", "generator")):
            np.testing.assert_array_equal(ours[name], expected, err_msg=name)
        elif name in ("repr", "names", "state"):
            assert ours[name] == expected
        else:
            assert ours[name].dtype == expected.dtype, name
            scale = limit * max(1.0, np.abs(expected).max(initial=0.0))
            np.testing.assert_allclose(ours[name], expected, limit, scale, err_msg=name)


CASES = [(row, dtype, True) for row in ROWS for dtype in ("float32", "float64")]
CASES += [
    (row, "float64", False)
    for row, name in zip(ROWS, names_of(ROWS), strict=True)
    if re.search("Drop|Norm|LSTM|GRU|RNN|Atten|Trans|Module|Seq", name) and row not in LAZY
]


@pytest.mark.parametrize(
    ("row", "dtype", "train"), CASES, ids=names_of([row for row, _, _ in CASES])
)
def test_a_row_is_that_of_torch(row: Row, dtype: str, train: bool) -> None:
    ours, theirs = (results(t, row, dtype, train) for t in (minitorch, torch))
    agree(ours, theirs, 1e-5 if dtype == "float32" else 1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("row", LOSSES, ids=names_of(LOSSES))
def test_a_loss_is_that_of_torch(row: Row, dtype: str) -> None:
    ours, theirs = (results(t, row, dtype, True) for t in (minitorch, torch))
    agree(ours, theirs, 1e-5 if dtype == "float32" else 1e-10)
