"""Metrics against their definitions, counted out by hand or by loops."""

from collections.abc import Callable

import numpy as np
import pytest

import minitorch as torch
from minitorch.metrics import accuracy, confusion_matrix, correct, f1_score, precision, recall


def tensor(values: object) -> torch.Tensor:
    return torch.from_numpy(np.asarray(values)).to("numpy")


RNG = np.random.default_rng(0)
SCORES = RNG.standard_normal((60, 5)).astype(np.float32)
LABELS = RNG.integers(0, 5, 60)


@pytest.mark.parametrize("k", range(1, 6))
def test_top_k_is_what_sorting_says(k: int) -> None:
    best = np.argsort(-SCORES, axis=1, kind="stable")[:, :k]
    right = sum(label in row for label, row in zip(LABELS, best, strict=True))
    assert correct(tensor(SCORES), tensor(LABELS), k) == right
    assert accuracy(tensor(SCORES), tensor(LABELS), k) == right / 60


def test_of_equal_scores_the_first_counts_as_for_argmax() -> None:
    scores = tensor(np.zeros((4, 4)))
    assert [correct(scores, tensor([0, 1, 2, 3]), k) for k in (1, 2, 3, 4)] == [1, 2, 3, 4]
    for row in RNG.integers(0, 2, (20, 4)).astype(np.float64):
        best = np.argsort(-row, kind="stable")
        for label, place in enumerate(np.argsort(best)):
            found = [correct(tensor(row[None]), tensor([label]), k) for k in (1, 2, 3, 4)]
            assert found == [int(place < k) for k in (1, 2, 3, 4)]


def test_scores_that_are_no_numbers_are_wrong() -> None:
    scores = tensor([[np.nan, 0.0], [np.nan, np.nan], [np.inf, -np.inf], [1.0, 2.0]])
    assert correct(scores, tensor([0, 0, 0, 1])) == 2
    assert correct(scores, tensor([1, 1, 1, 0]), k=2) == 2


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_scores_of_any_floating_dtype(dtype: torch.dtype) -> None:
    scores = tensor([[0.5, 2.0], [3.0, -1.0]]).to(dtype).requires_grad_()
    assert accuracy(scores, tensor([1, 1])) == 0.5


def test_classes_as_predictions() -> None:
    assert accuracy(tensor([0, 1, 2, 2]), tensor([0, 1, 1, 2])) == 0.75
    assert correct(tensor(np.zeros(0, np.int64)), tensor(np.zeros(0, np.int64))) == 0


def test_the_matrix_is_counted_by_a_loop() -> None:
    counts = [[0] * 5 for _ in range(5)]
    for label, row in zip(LABELS, SCORES, strict=True):
        counts[label][row.argmax()] += 1
    matrix = confusion_matrix(tensor(SCORES), tensor(LABELS))
    assert matrix.tolist() == counts
    assert matrix.dtype is torch.int64
    assert confusion_matrix(tensor(SCORES.argmax(1)), tensor(LABELS), 5).tolist() == counts


def test_the_number_of_classes() -> None:
    few = tensor([0, 1]), tensor([0, 3])
    assert confusion_matrix(*few).shape == (4, 4)
    assert confusion_matrix(*few, num_classes=6).shape == (6, 6)
    none = tensor(np.zeros(0, np.int64))
    assert confusion_matrix(none, none).shape == (0, 0)
    assert confusion_matrix(tensor(np.zeros((0, 3))), none).tolist() == [[0] * 3] * 3


def test_shares_by_hand() -> None:
    #          taken for    0  1  2
    matrix = tensor([[4, 1, 0], [2, 3, 0], [0, 0, 0]])
    assert precision(matrix).tolist() == [4 / 6, 3 / 4, 0.0]
    assert recall(matrix).tolist() == [4 / 5, 3 / 5, 0.0]
    f1 = f1_score(matrix).tolist()
    assert f1 == pytest.approx([2 * (4 / 6) * (4 / 5) / (4 / 6 + 4 / 5), 2 / (4 / 3 + 5 / 3), 0])


def test_a_perfect_prediction_has_only_ones() -> None:
    matrix = confusion_matrix(tensor(LABELS), tensor(LABELS))
    for share in (precision, recall, f1_score):
        assert share(matrix).tolist() == [1.0] * 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: accuracy(tensor(SCORES[:0]), tensor(LABELS[:0])), "there is no sample"),
        (lambda: correct(tensor(SCORES), tensor(LABELS[:9])), "60 predictions, but 9 targets"),
        (lambda: correct(tensor(LABELS), tensor(LABELS[:9])), "60 predictions, but 9 targets"),
        (lambda: correct(tensor(SCORES), tensor(LABELS), 0), "from 1 to the 5 classes, got 0"),
        (lambda: correct(tensor(SCORES), tensor(LABELS), 6), "from 1 to the 5 classes, got 6"),
        (lambda: correct(tensor(LABELS), tensor(LABELS), 2), "k must be 1"),
        (lambda: correct(tensor(SCORES), tensor(LABELS + 1)), "class 5, but there are 5: 0 to 4"),
        (lambda: correct(tensor(SCORES), tensor(LABELS - 9)), "there are 5: 0 to 4"),
        (lambda: correct(tensor(SCORES), tensor(SCORES)), r"target must have shape \(n,\)"),
        (lambda: correct(tensor(np.zeros((3, 0))), tensor([0, 0, 0])), "of no class"),
        (lambda: confusion_matrix(tensor([0, 7]), tensor([0, 1]), 2), "input has the class 7"),
        (lambda: confusion_matrix(tensor([0, -1]), tensor([0, 1])), "input has the class -1"),
        (lambda: recall(tensor([[1, 2, 3]])), r"square, got \(1, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_classes_must_be_integers() -> None:
    with pytest.raises(TypeError, match=r"target must have an integer dtype, got .*float64"):
        correct(tensor(SCORES), tensor(LABELS / 2))
    with pytest.raises(TypeError, match="input must have an integer dtype"):
        confusion_matrix(tensor(LABELS / 2), tensor(LABELS))
