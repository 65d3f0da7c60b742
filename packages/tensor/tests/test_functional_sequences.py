"""What bags, alignments, attention with heads and cells refuse, and edges PyTorch crashes at."""

import math
from collections.abc import Callable

import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Tensor
from minitorch_tensor.functional.cells import gru_cell, lstm_cell, rnn_tanh_cell

TABLE = mt.arange(15.0).reshape(5, 3)
INDEX = mt.tensor([0, 2, 2, 4])
OFFSETS = mt.tensor([0, 2])


def bag(index: Tensor = INDEX, offsets: Tensor | None = OFFSETS, **options: object) -> Tensor:
    """A call with good arguments but for those given."""
    return F.embedding_bag(index, TABLE, offsets, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: bag(offsets=mt.tensor([1, 2])), RuntimeError, r"offsets\[0\] has to be 0.* got 1"),
        (lambda: bag(offsets=mt.tensor([0, 5])), RuntimeError, "input's length 4 but got .* of 5"),
        (lambda: bag(offsets=mt.tensor([0, 3, 2])), RuntimeError, "offsets must not decrease"),
        (lambda: bag(offsets=None), ValueError, "a 1D input needs offsets"),
        (lambda: bag(INDEX.reshape(2, 2)), ValueError, "a 2D input, whose rows are the bags"),
        (lambda: bag(offsets=OFFSETS[None]), ValueError, "offsets has to be a 1D Tensor"),
        (lambda: bag(INDEX.reshape(2, 2, 1), None), ValueError, "has to be 1D or 2D Tensor"),
        (lambda: bag(INDEX + 3), RuntimeError, r"index 5 is not in the valid range \[0, 5\)"),
        (lambda: bag(-INDEX), RuntimeError, r"index -2 is not in the valid range"),
        (lambda: bag(INDEX.float()), RuntimeError, "expected input of dtype int64 or int32"),
        (lambda: bag(mode="prod"), ValueError, "one of sum, mean or max, but got 'prod'"),
        (lambda: bag(sparse=True), RuntimeError, "sparse gradients are not supported"),
        (lambda: bag(padding_idx=7), RuntimeError, "-5 through 4, but got 7"),
        (lambda: bag(mode="max", scale_grad_by_freq=True), ValueError, "max mode does not support"),
        (lambda: bag(per_sample_weights=mt.ones(4)), RuntimeError, "only supported for mode='sum'"),
        (lambda: bag(per_sample_weights=mt.ones(3)), ValueError, "must have the same shape as the"),
        (
            lambda: bag(offsets=OFFSETS[:0], include_last_offset=True),
            RuntimeError,
            "number of offsets should be at least 1",
        ),
        (lambda: F.embedding_bag(INDEX, TABLE[0], OFFSETS), ValueError, "has to be a 2D Tensor"),
        (lambda: F.embedding_bag(INDEX, TABLE.long(), OFFSETS), RuntimeError, "a floating weight"),
    ],
)
def test_a_bag_says_what_does_not_fit(
    call: Callable[[], Tensor], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=f"embedding_bag: .*{message}"):
        call()


def test_no_bags_and_what_lies_behind_the_last_offset() -> None:
    assert F.embedding_bag(INDEX, TABLE, OFFSETS[:0], mode="sum").shape == (0, 3)
    ends = mt.tensor([0, 2, 3])
    y = F.embedding_bag(INDEX, TABLE, ends, mode="sum", include_last_offset=True)
    assert y.tolist() == [[6.0, 8.0, 10.0], [6.0, 7.0, 8.0]]


def test_the_gradient_of_a_row_is_divided_by_its_uses() -> None:
    table = TABLE.clone().requires_grad_()
    F.embedding_bag(INDEX, table, OFFSETS, mode="sum", scale_grad_by_freq=True).sum().backward()
    assert table.grad is not None
    assert table.grad[:, 0].tolist() == [1.0, 0.0, 1.0, 0.0, 1.0]


LOG_P = mt.zeros(6, 2, 4)
LABELS = mt.tensor([[1, 2, 2], [3, 1, 1]])


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"input_lengths": [7, 5]}, RuntimeError, "values from 0 to 6, but got value 7"),
        ({"input_lengths": [-1, 5]}, RuntimeError, "but got value -1"),
        ({"target_lengths": [4, 2]}, RuntimeError, "values from 0 to 3, but got value 4"),
        ({"input_lengths": [6]}, RuntimeError, "of size batch_size, 2, but got 1 of them"),
        ({"input_lengths": mt.ones(2)}, RuntimeError, "input_lengths must be integral"),
        ({"blank": 4}, RuntimeError, "label range, 0 to 3, but got 4"),
        ({"targets": LABELS + 9}, RuntimeError, r"but sample 0 has labels \[10, 11, 11\]"),
        ({"targets": LABELS[:1]}, RuntimeError, r"targets of shape \(2, length\)"),
        ({"targets": LABELS.reshape(-1)}, RuntimeError, "to have size 5, the sum"),
        ({"log_probs": LOG_P.long()}, RuntimeError, "expected a floating point tensor"),
        ({"log_probs": LOG_P[:, :0]}, RuntimeError, "must not be empty"),
        ({"reduction": "max"}, ValueError, "max is not a valid value for reduction"),
    ],
)
def test_an_alignment_says_what_does_not_fit(
    change: dict[str, object], kind: type[Exception], message: str
) -> None:
    arguments: dict[str, object] = {
        "log_probs": LOG_P, "targets": LABELS, "input_lengths": [6, 5], "target_lengths": [3, 2],
    }  # fmt: skip
    with pytest.raises(kind, match=f"ctc_loss: .*{message}"):
        F.ctc_loss(**(arguments | change))  # type: ignore[arg-type]


def test_all_label_sequences_together_are_certain() -> None:
    x = F.log_softmax(mt.randn(3, 1, 3, dtype=mt.float64), -1)
    total = 0.0
    for n in range(4):
        for code in range(2**n):
            labels = mt.tensor([[1 + (code >> i & 1) for i in range(n)] or [0]])
            total += math.exp(-F.ctc_loss(x, labels, [3], [n], reduction="sum").item())
    assert total == pytest.approx(1.0)


def attention(**change: object) -> Tensor:
    """Attention with good arguments but for those given."""
    x = mt.ones(3, 2, 4)
    arguments: dict[str, object] = {
        "query": x, "key": x, "value": x, "embed_dim_to_check": 4, "num_heads": 2,
        "in_proj_weight": mt.ones(12, 4), "in_proj_bias": None, "bias_k": None, "bias_v": None,
        "add_zero_attn": False, "dropout_p": 0.0, "out_proj_weight": mt.ones(4, 4),
        "out_proj_bias": None,
    }  # fmt: skip
    return F.multi_head_attention_forward(**(arguments | change))[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"query": mt.ones(4)}, AssertionError, "unbatched 2D or batched 3D"),
        ({"key": mt.ones(3, 4)}, AssertionError, "expected key and value to be 3-D"),
        ({"key": mt.ones(5, 2, 4)}, AssertionError, "does not match value shape"),
        ({"num_heads": 3}, AssertionError, "embed_dim 4 not divisible by num_heads 3"),
        ({"embed_dim_to_check": 5}, AssertionError, "embedding dimension of 5, but got 4"),
        ({"in_proj_weight": None}, AssertionError, "in_proj_weight is None"),
        ({"use_separate_proj_weight": True}, AssertionError, "q_proj_weight is None"),
        ({"attn_mask": mt.zeros(3, 4)}, RuntimeError, r"\(3, 4\), but should be \(3, 3\)"),
        ({"attn_mask": mt.zeros(3)}, AssertionError, "None, 2-D or 3-D"),
        ({"attn_mask": mt.zeros(3, 3).long()}, AssertionError, "only bool and floating types"),
        ({"key_padding_mask": mt.zeros(3, 3)}, AssertionError, r"shape \(2, 3\), but got \(3, 3\)"),
        ({"key_padding_mask": mt.zeros(3)}, AssertionError, "expected key_padding_mask to be 2-D"),
        ({"is_causal": True}, RuntimeError, "Need attn_mask if specifying the is_causal hint"),
        ({"bias_k": mt.ones(1, 1, 4)}, AssertionError, "must be given together"),
        ({"static_k": mt.ones(4, 3, 3)}, AssertionError, r"static_k of shape \(4, length, 2\)"),
    ],
)
def test_attention_says_what_does_not_fit(
    change: dict[str, object], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=f"multi_head_attention_forward: .*{message}"):
        attention(**change)


def test_masks_of_two_kinds_warn() -> None:
    with pytest.warns(UserWarning, match="mismatched key_padding_mask and attn_mask"):
        attention(attn_mask=mt.zeros(3, 3), key_padding_mask=mt.zeros(2, 3) > 0)


def test_dropped_weights_come_from_the_seed() -> None:
    mt.manual_seed(0)
    first = attention(dropout_p=0.5)
    mt.manual_seed(0)
    assert mt.equal(attention(dropout_p=0.5), first)
    assert not mt.equal(attention(dropout_p=0.5, training=False), first)


def test_cells_say_what_does_not_fit() -> None:
    x, h = mt.ones(4, 3), mt.ones(4, 2)
    with pytest.raises(
        RuntimeError, match=r"rnn_tanh_cell: input \(4, 3\) and its weight \(2, 4\)"
    ):
        rnn_tanh_cell(x, h, mt.ones(2, 4), mt.ones(2, 2))
    with pytest.raises(RuntimeError, match=r"gru_cell: Input batch size \(4,\) doesn't match"):
        gru_cell(x, h[:3], mt.ones(6, 3), mt.ones(6, 2))
    with pytest.raises(RuntimeError, match="lstm_cell: expected two hidden states"):
        lstm_cell(x, [h], mt.ones(8, 3), mt.ones(8, 2))
    with pytest.raises(RuntimeError, match="lstm_cell: the states differ in shape"):
        lstm_cell(x, [h, h[:, :1]], mt.ones(8, 3), mt.ones(8, 2))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: F.instance_norm(x[:, :, :1]), ValueError, "more than 1 spatial element"),
        (lambda x: F.instance_norm(x, mt.ones(3)), ValueError, "either both be None or neither"),
        (lambda x: F.instance_norm(x, weight=mt.ones(4)), RuntimeError, "weight should contain 3"),
        (lambda x: F.instance_norm(x.long()), RuntimeError, "expected a floating point tensor"),
        (lambda x: F.instance_norm(x, use_input_stats=False), RuntimeError, "must be defined in"),
    ],
)
def test_instance_norm_says_what_does_not_fit(
    call: Callable[[Tensor], Tensor], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=f"_norm: .*{message}"):
        call(mt.ones(2, 3, 4))


def test_linear_cross_entropy_has_no_options() -> None:
    with pytest.raises(ValueError, match="leave options=None"):
        F.linear_cross_entropy(mt.ones(1, 2), mt.ones(3, 2), INDEX[:1], options=1)  # type: ignore[arg-type]


def test_heads_that_share_keys_are_counted() -> None:
    q, k = mt.ones(1, 4, 2, 2), mt.ones(1, 3, 2, 2)
    with pytest.raises(RuntimeError, match=r"a multiple of that of key and value, but got shapes"):
        F.scaled_dot_product_attention(q, k, k, enable_gqa=True)


def test_gradients_of_a_table_are_dense() -> None:
    with pytest.raises(RuntimeError, match="embedding: sparse gradients are not supported"):
        F.embedding(INDEX, TABLE, sparse=True)
