"""Bags of embeddings, alignments, attention with heads and cells give PyTorch's numbers."""

import numpy as np
import pytest

import minitorch_tensor.functional as F
from minitorch_tensor import Tensor
from minitorch_tensor.functional import cells

from .functional_oracle import (
    Array,
    Case,
    assert_like_torch,
    normal,
    parametrize,
    positive,
    values,
    whole,
)

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

INDEX = np.array([0, 2, 2, 4, 1])
OFFSETS = {"two": [0, 2], "empty ones": [0, 0, 2, 5], "one": [0]}


def bag(label: str, index: Array, offsets: object, **options: object) -> Case:
    """A bag of five rows of three."""
    return Case(
        f"embedding_bag {label} {options}",
        lambda F, w, i, *o: F.embedding_bag(i, w, *o, **options),
        [normal(5, 3), index, *([] if offsets is None else [np.array(offsets)])],
        second=False,
    )


BAGS = [
    *(
        bag(label, INDEX, offsets, mode=mode, **o)
        for mode in ("sum", "mean", "max")
        for label, offsets in OFFSETS.items()
        for o in ({}, {"padding_idx": 2}, {"padding_idx": -1})
    ),
    *(bag("rows", whole(5, 2, 4), None, mode=mode) for mode in ("sum", "mean", "max")),
    bag("last offset at the end", INDEX, [0, 2, 5], include_last_offset=True),
    bag("int32", INDEX.astype(np.int32), np.array([0, 2], np.int32)),
    *(
        Case(f"embedding_bag, weighted {o}",
             lambda F, w, i, f, b, o=o: F.embedding_bag(
                 i, w, b, mode="sum", per_sample_weights=f, **o),
             [normal(5, 3), INDEX, normal(5), np.array([0, 3])], second=False)
        for o in ({}, {"padding_idx": 2})
    ),
    *(
        Case(f"embedding_bag, shrunk {mode}",
             lambda F, w, i, b, mode=mode: F.embedding_bag(i, w, b, max_norm=1.0, mode=mode),
             [normal(5, 3), INDEX, np.array([0, 3])], gradients=False)
        for mode in ("sum", "mean", "max")
    ),
]  # fmt: skip


@parametrize(BAGS)
def test_a_bag_of_embeddings(case: Case) -> None:
    assert_like_torch(case)


TARGETS = np.array([[1, 2, 2], [3, 1, 0], [2, 2, 2]])


def ctc(label: str, inputs: list[int], targets: list[int], labels: Array, **o: object) -> Case:
    """Three samples of six times and four classes."""
    return Case(
        f"ctc_loss {label} {o}",
        lambda F, x: F.ctc_loss(
            x.log_softmax(-1) if not isinstance(x, Tensor) else F.log_softmax(x, -1),
            (torch.tensor if not isinstance(x, Tensor) else _whole)(labels),
            inputs, targets, **o),
        [normal(6, len(inputs), 4)],
        second=False,
    )  # fmt: skip


def _whole(labels: Array) -> Tensor:
    from minitorch_tensor import tensor

    return tensor(labels)


ALIGNMENTS = [
    *(
        ctc("rows", [6, 5, 6], [3, 2, 2], TARGETS, reduction=r)
        for r in ("none", "mean", "sum")
    ),
    ctc("joined", [6, 5, 4], [3, 1, 2], np.array([1, 2, 2, 3, 2, 1])),
    ctc("no labels", [6, 5, 0], [0, 2, 0], TARGETS, reduction="none"),
    ctc("blank", [6, 5, 6], [3, 2, 1], TARGETS, blank=3, reduction="none"),
    ctc("impossible", [3, 5, 1], [3, 2, 3], TARGETS, reduction="sum", zero_infinity=True),
    ctc("impossible mean", [3, 5, 1], [3, 2, 3], TARGETS, zero_infinity=True),
    Case("ctc_loss, gradient of the probabilities",
         lambda F, x: F.ctc_loss(x, (torch.tensor if not isinstance(x, Tensor) else _whole)(
             TARGETS), [6, 5, 6], [3, 2, 1]), [np.log(positive(6, 3, 4))], second=False),
    Case("ctc_loss of one",
         lambda F, x: F.ctc_loss(x, (torch.tensor if not isinstance(x, Tensor) else _whole)(
             TARGETS[0]), [6], [3], reduction="none"), [np.log(positive(6, 4))], second=False),
    Case("ctc_loss in float32",
         lambda F, x: F.ctc_loss(x, (torch.tensor if not isinstance(x, Tensor) else _whole)(
             TARGETS), [6, 5, 6], [3, 2, 1]),
         [np.log(positive(6, 3, 4)).astype(np.float32)], second=False, tolerance=1e-5),
]  # fmt: skip


@parametrize(ALIGNMENTS)
def test_an_alignment(case: Case) -> None:
    assert_like_torch(case)


def test_an_impossible_alignment_is_infinite_and_has_no_gradient() -> None:
    x = normal(3, 1, 4)
    ours, theirs = _whole(x).requires_grad_(), torch.tensor(x, requires_grad=True)
    for functional, t, make in ((F, ours, _whole), (torch.nn.functional, theirs, torch.tensor)):
        loss = functional.ctc_loss(t, make(np.array([[1, 1, 1]])), [3], [3])
        assert loss.item() == float("inf")
        loss.backward()
        assert np.isnan(values(t.grad)).all()


E, HEADS = 4, 2


def heads(label: str, *shapes: tuple[int, ...], part: int = 0, **options: object) -> Case:
    """Attention with two heads; further inputs by name."""
    names = list(options.pop("named", ()))  # type: ignore[call-overload]
    arrays = list(options.pop("arrays", ()))  # type: ignore[call-overload]

    def call(F: object, q: object, k: object, v: object, w: object, b: object, o: object,
             *more: object) -> object:  # fmt: skip
        given = {"bias_k": None, "bias_v": None, "add_zero_attn": False} | options
        given |= dict(zip(names, more, strict=True))
        return F.multi_head_attention_forward(  # type: ignore[attr-defined]
            q, k, v, E, HEADS, w, b, dropout_p=0.0, out_proj_weight=o, out_proj_bias=None, **given
        )[part]

    q, k, v = shapes
    return Case(
        f"multi_head_attention_forward {label} {part} {options}", call,
        [normal(*q), normal(*k), normal(*v)[..., ::-1].copy(), normal(3 * E, E), normal(3 * E),
         normal(E, E), *arrays],
        second=False,
    )  # fmt: skip


SEQUENCES = ((3, 2, E), (5, 2, E), (5, 2, E))
MASK = np.triu(np.ones((3, 5), bool), 2)
PADDING = np.array([[False] * 4 + [True], [False] * 5])
ATTENTION = [
    case
    for part in (0, 1)
    for case in (
        heads("plain", *SEQUENCES, part=part),
        heads("one", (3, E), (5, E), (5, E), part=part, average_attn_weights=False),
        heads("zeros", *SEQUENCES, part=part, add_zero_attn=True),
        heads("mask", *SEQUENCES, part=part, named=["attn_mask"], arrays=[MASK]),
        heads("padding", *SEQUENCES, part=part, named=["key_padding_mask"], arrays=[PADDING]),
        heads("both masks, one more", *SEQUENCES, part=part, add_zero_attn=True,
              named=["attn_mask", "key_padding_mask", "bias_k", "bias_v"],
              arrays=[MASK, PADDING, normal(1, 1, E), normal(1, 1, E) * 2]),
        heads("added mask", *SEQUENCES, part=part, named=["attn_mask"], arrays=[normal(4, 3, 5)]),
        heads("separate", (3, 2, E), (5, 2, 3), (5, 2, 6), part=part,
              use_separate_proj_weight=True,
              named=["q_proj_weight", "k_proj_weight", "v_proj_weight"],
              arrays=[normal(E, E), normal(E, 3), normal(E, 6)]),
        heads("static", *SEQUENCES, part=part, named=["static_k", "static_v"],
              arrays=[normal(4, 6, 2), normal(4, 6, 2) + 1]),
    )
] + [
    heads("without weights", *SEQUENCES, need_weights=False),
    heads("mask without weights", *SEQUENCES, need_weights=False, named=["attn_mask"],
          arrays=[MASK]),
    heads("masks without weights", *SEQUENCES, need_weights=False,
          named=["attn_mask", "key_padding_mask"], arrays=[MASK, PADDING]),
    heads("causal", *SEQUENCES, need_weights=False, is_causal=True, named=["attn_mask"],
          arrays=[np.triu(np.ones((3, 5), bool), 1)]),
]  # fmt: skip


@parametrize(ATTENTION)
def test_attention_with_heads(case: Case) -> None:
    assert_like_torch(case)


def cell(name: str, gates: int, *lead: int, bias: bool = True) -> Case:
    """A cell of three inputs and two states; lstm_cell has two outputs, which are joined."""

    def call(F: object, x: object, h: object, c: object, *weights: object) -> object:
        library = cells if isinstance(x, Tensor) else torch
        if name == "lstm_cell":
            new = library.lstm_cell(x, (h, c), *weights)
            return new[0] * 2 + new[1]
        return getattr(library, name)(x, h, *weights)

    arrays = [normal(*lead, 3), normal(*lead, 2), normal(*lead, 2) + 1, normal(gates * 2, 3),
              normal(gates * 2, 2)]  # fmt: skip
    if bias:
        arrays += [normal(gates * 2), normal(gates * 2) * 2]
    return Case(f"{name} {lead} {bias}", call, arrays, constant=() if gates == 4 else (2,))


CELLS = [
    cell(name, gates, *lead, bias=bias)
    for name, gates in (
        ("rnn_tanh_cell", 1),
        ("rnn_relu_cell", 1),
        ("gru_cell", 3),
        ("lstm_cell", 4),
    )
    for lead in ((4,),)
    for bias in (True, False)
]


@parametrize(CELLS)
def test_a_recurrent_cell(case: Case) -> None:
    assert_like_torch(case)


NORMS = [
    *(
        Case(f"instance_norm {x}", lambda F, x, w, b: F.instance_norm(x, weight=w, bias=b),
             [normal(*x), normal(x[1]), normal(x[1]) + 1])
        for x in ((2, 3, 4), (2, 3, 4, 2), (1, 3, 2, 2, 2))
    ),
    Case("instance_norm without weights", lambda F, x: F.instance_norm(x, eps=0.1),
         [normal(3, 4, 2)]),
    Case("instance_norm by given statistics",
         lambda F, x, m, v: F.instance_norm(x, m, v, use_input_stats=False),
         [normal(2, 3, 4), normal(3), positive(3)], constant=(1, 2)),
    Case("instance_norm of none", lambda F, x: F.instance_norm(x), [normal(0, 3, 4)],
         gradients=False),
    *(
        Case(f"instance_norm's statistics {k}",
             lambda F, x, *s, k=k: [F.instance_norm(x, *s, momentum=0.3), s[k]][1],
             [normal(2, 3, 4), normal(3), positive(3)], gradients=False)
        for k in (0, 1)
    ),
]  # fmt: skip


@parametrize(NORMS)
def test_an_instance_norm(case: Case) -> None:
    assert_like_torch(case)


LAYERS = [
    Case("linear_cross_entropy",
         lambda F, x, w, t: F.linear_cross_entropy(x, w, t, label_smoothing=0.1),
         [normal(4, 3), normal(5, 3), np.array([0, 4, 2, -100])]),
    Case("linear_cross_entropy with a bias",
         lambda F, x, w, t, b: F.linear_cross_entropy(x, w, t, linear_bias=b, reduction="none"),
         [normal(4, 3), normal(5, 3), whole(5, 4), normal(5)]),
    Case("linear_cross_entropy of several",
         lambda F, x, w, t: F.linear_cross_entropy(x, w, t),
         [normal(4, 3), normal(5, 2, 3), whole(5, 4, 2)]),
    Case("linear_cross_entropy of one",
         lambda F, x, w, t: F.linear_cross_entropy(x, w, t),
         [normal(3), normal(5, 3), np.array(2)]),
]  # fmt: skip


@parametrize(LAYERS)
def test_a_last_layer_with_its_loss(case: Case) -> None:
    assert_like_torch(case)
