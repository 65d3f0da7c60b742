"""Linear maps, paddings, embeddings and attention: what they mean, and what they refuse."""

from collections.abc import Callable

import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Tensor

TABLE = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]


def test_linear_multiplies_by_the_transpose_of_its_weight() -> None:
    x, w = mt.tensor([[1.0, 2.0]]), mt.tensor([[3.0, 4.0], [5.0, 6.0], [0.0, 0.0]])
    assert F.linear(x, w).tolist() == [[11.0, 17.0, 0.0]]
    assert F.linear(x[0], w, mt.tensor([0.0, 100.0, 7.0])).tolist() == [11.0, 117.0, 7.0]
    assert F.linear(x, w[0]).tolist() == [11.0]
    assert F.linear(mt.zeros(2, 0, 2), w).shape == (2, 0, 3)


def test_bilinear_joins_two_inputs() -> None:
    weight = mt.tensor([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 0.0]]])
    y = F.bilinear(mt.tensor([2.0, 3.0]), mt.tensor([5.0, 7.0]), weight, mt.tensor([0.0, 1.0]))
    assert y.tolist() == [2 * 5 + 3 * 7, 2 * 7 + 1]


def test_the_modes_of_padding() -> None:
    x = mt.tensor([[1.0, 2.0, 3.0]])
    assert F.pad(x, (1, 2)).tolist() == [[0, 1, 2, 3, 0, 0]]
    assert F.pad(x, (0, 1), value=9.0).tolist() == [[1, 2, 3, 9]]
    assert F.pad(x, (2, 1), mode="reflect").tolist() == [[3, 2, 1, 2, 3, 2]]
    assert F.pad(x, (2, 1), mode="replicate").tolist() == [[1, 1, 1, 2, 3, 3]]
    assert F.pad(x, (2, 1), mode="circular").tolist() == [[2, 3, 1, 2, 3, 1]]
    assert F.pad(x, (-1, 1)).tolist() == [[2, 3, 0]]
    assert F.pad(x, (0, 0, 1, 0)).tolist() == [[0, 0, 0], [1, 2, 3]]
    assert F.pad(x, (0, -3)).shape == (1, 0)


def test_a_padded_tensor_has_memory_of_its_own() -> None:
    x = mt.tensor([1.0, 2.0])
    y = F.pad(x, (0, 0))
    y[0] = 9.0
    assert x.tolist() == [1.0, 2.0]


def test_an_embedding_picks_rows_and_their_gradients_add_up() -> None:
    weight = mt.tensor(TABLE, requires_grad=True)
    y = F.embedding(mt.tensor([[2, 0], [2, 2]]), weight)
    assert y.tolist() == [[[4.0, 5.0], [0.0, 1.0]], [[4.0, 5.0], [4.0, 5.0]]]
    y.sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [[1.0, 1.0], [0.0, 0.0], [3.0, 3.0]]


def test_padding_is_looked_up_but_not_learned() -> None:
    weight = mt.tensor(TABLE, requires_grad=True)
    y = F.embedding(mt.tensor([2, 0]), weight, padding_idx=-1)
    assert y.tolist() == [[4.0, 5.0], [0.0, 1.0]]
    y.sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]


def test_only_the_rows_that_are_used_are_shrunk() -> None:
    weight = mt.tensor([[3.0, 4.0], [30.0, 40.0], [0.3, 0.4]])
    y = F.embedding(mt.tensor([0, 2]), weight, max_norm=1.0)
    assert y.flatten().tolist() == pytest.approx([0.6, 0.8, 0.3, 0.4])
    assert weight.flatten().tolist() == pytest.approx([0.6, 0.8, 30.0, 40.0, 0.3, 0.4])


def test_one_hot_has_as_many_classes_as_needed_or_asked_for() -> None:
    assert F.one_hot(mt.tensor([0, 2])).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert F.one_hot(mt.tensor(1), 3).tolist() == [0, 1, 0]
    assert F.one_hot(mt.zeros(0).long(), 3).shape == (0, 3)
    assert F.one_hot(mt.tensor([1])).dtype is mt.int64


def test_attention_looks_where_it_may() -> None:
    q, k = mt.ones(2, 4), mt.ones(3, 4)
    v = mt.tensor([[0.0], [3.0], [9.0]])
    attend = F.scaled_dot_product_attention
    assert attend(q, k, v).flatten().tolist() == pytest.approx([4.0, 4.0])
    assert attend(q, k, v, is_causal=True).flatten().tolist() == pytest.approx([0.0, 1.5])
    mask = mt.tensor([[False, False, True], [False, False, False]])
    assert attend(q, k, v, mask).flatten().tolist() == [9.0, 0.0]


X = mt.zeros(2, 3)
FLOATS = mt.zeros(2)
INDEX = mt.tensor([0, 1])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.linear(X, mt.zeros(5, 4)), RuntimeError, r"linear: mat1 and mat2 shapes cannot "
         r"be multiplied \(2x3 and 4x5\): input \(2, 3\) has 3 features, but weight \(5, 4\) expe"),
        (lambda: F.linear(X, mt.zeros(5, 3), mt.zeros(4)), RuntimeError,
         r"bias \(4,\) must have one element for each of the 5 rows of weight \(5, 3\)"),
        (lambda: F.linear(X, mt.zeros(5, 3).double()), RuntimeError, "input and weight to have"),
        (lambda: F.linear(X, mt.zeros(5, 3, device="numpy")), RuntimeError, "on cpu and numpy"),
        (lambda: F.linear(X[0, 0], mt.zeros(5, 3)), RuntimeError, "at least 1D, and weight at"),
        (lambda: F.linear(X, mt.zeros(1, 5, 3)), RuntimeError, r"weight \(1, 5, 3\)"),
        (lambda: F.bilinear(X, X, mt.zeros(5, 3, 4)), RuntimeError,
         r"input2 size does not match weight size: got 3 but expected 4 \(input2 \(2, 3\)"),
        (lambda: F.bilinear(X, X[:1], mt.zeros(5, 3, 3)), RuntimeError, "batch dimensions do not"),
        (lambda: F.bilinear(X, X, X), RuntimeError, r"weight must have shape \(out, in1, in2\)"),
        (lambda: F.pad(X, (1,)), RuntimeError, r"must be divisible by 2, but got \(1,\)"),
        (lambda: F.pad(X, (1,) * 6), RuntimeError, "padding length 6 and input of dimension 2"),
        (lambda: F.pad(X, (-2, -2)), RuntimeError, "cuts off more than there is of the last dim"),
        (lambda: F.pad(X, (1, 1), mode="mirror"), RuntimeError, "Unrecognised padding mode mirror"),
        (lambda: F.pad(X, (3, 1), mode="reflect"), RuntimeError,
         r"less than the corresponding input dimension, but got: padding \(3, 1\) at dimension 1"),
        (lambda: F.pad(X, (4, 1), mode="circular"), RuntimeError, "wrapping around more than once"),
        (lambda: F.pad(X, (-2, -1), mode="circular"), RuntimeError, "needs elements to pad with"),
        (lambda: F.pad(X, (1, 1), mode="reflect", value=2.0), RuntimeError, "take in value arg"),
        (lambda: F.pad(X[0], (1, 1), mode="reflect"), RuntimeError, "2 is not supported for 1D"),
        (lambda: F.embedding(mt.tensor([0, 5]), X), IndexError,
         r"index out of range in self: 5 is no row of weight \(2, 3\), whose rows are 0 to 1"),
        (lambda: F.embedding(mt.tensor([0, -1]), X, max_norm=1.0), IndexError, "-1 is no row of"),
        (lambda: F.embedding(FLOATS, X), RuntimeError, "expected indices of dtype int64 or int32"),
        (lambda: F.embedding(INDEX, FLOATS), RuntimeError, r"'weight' must be 2-D, \(rows, fea"),
        (lambda: F.embedding(INDEX, X, padding_idx=2), AssertionError,
         "Padding_idx must be within num_embeddings, but got 2 for 2 embeddings"),
        (lambda: F.embedding(INDEX.to("numpy"), X), RuntimeError, "on numpy and cpu"),
        (lambda: F.one_hot(INDEX, 1), RuntimeError, "they are 0 to 1 for 1 classes"),
        (lambda: F.one_hot(INDEX - 1), RuntimeError, "they are -1 to 0 for 1 classes"),
        (lambda: F.one_hot(INDEX, 0), RuntimeError, "num_classes should be positive, but got 0"),
        (lambda: F.one_hot(INDEX[:0]), RuntimeError, "Can not infer total number of classes"),
        (lambda: F.one_hot(FLOATS), RuntimeError, "of type int64, but got minitorch.float32"),
        (lambda: F.scaled_dot_product_attention(FLOATS, X, X), RuntimeError, "at least 2 dimensio"),
        (lambda: F.scaled_dot_product_attention(X, X, X, X @ X.t(), is_causal=True), RuntimeError,
         "Explicit attn_mask should not be set when is_causal=True"),
        (lambda: F.scaled_dot_product_attention(X, X.double(), X), RuntimeError, "input and key"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(
    call: Callable[[], Tensor], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()
