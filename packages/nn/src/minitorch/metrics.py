"""How good predictions are: numbers for a person to read, computed on the host without gradients.

A prediction is a score for each class, (n, classes), or the class itself, (n,). All other numbers
follow from the confusion matrix, so those are functions of it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor import Tensor, bfloat16, from_numpy

__all__ = ["accuracy", "confusion_matrix", "correct", "f1_score", "precision", "recall"]


def correct(input: Tensor, target: Tensor, k: int = 1) -> int:
    """How many of n samples are predicted rightly.

    The rank of a sample's class is how many classes have a higher score, or the same score and a
    lower number; the sample counts if that is less than k. For k = 1 this is
    `input.argmax(1) == target`. Scores with a NaN are wrong.

    Args:
        input: scores (n, classes), or predicted classes (n,) of an integer dtype.
        target: the true classes (n,), of an integer dtype.
        k: how many of the highest scores may have it; 1 where `input` has classes.

    Raises:
        TypeError: if classes are not integers.
        ValueError: if shapes do not fit, k is not from 1 to the number of classes, or a target is
            no class.

    >>> import minitorch as torch
    >>> scores = torch.tensor([[0.1, 0.7, 0.2], [0.5, 0.1, 0.4]])
    >>> correct(scores, torch.tensor([1, 2])), correct(scores, torch.tensor([1, 2]), k=2)
    (1, 2)
    """
    labels = _labels("correct", "target", target)
    if input.ndim != 2:
        if k != 1:
            raise ValueError(f"correct: k must be 1 where the input has classes, got {k}")
        return int((_predicted("correct", input, labels) == labels).sum())
    scores = _scores("correct", input, labels)
    classes = scores.shape[1]
    if not 1 <= k <= classes:
        raise ValueError(f"correct: k must be from 1 to the {classes} classes, got {k}")
    _check_range("correct", "target", labels, classes)
    own = np.take_along_axis(scores, labels[:, None], axis=1)
    ahead = (scores > own) | ((scores == own) & (np.arange(classes) < labels[:, None]))
    known = ~np.isnan(scores).any(axis=1)
    return int((known & (ahead.sum(axis=1) < k)).sum())


def accuracy(input: Tensor, target: Tensor, k: int = 1) -> float:
    """The share of samples that are predicted rightly, 0 to 1: `correct` over n.

    Arguments and errors as for `correct`, and there must be a sample.

    >>> import minitorch as torch
    >>> accuracy(torch.tensor([3, 1, 1, 0]), torch.tensor([3, 1, 2, 0]))
    0.75
    """
    if not target.numel():
        raise ValueError("accuracy: there is no sample, so no share of them; check the data")
    return correct(input, target, k) / target.numel()


def confusion_matrix(input: Tensor, target: Tensor, num_classes: int | None = None) -> Tensor:
    """How often class i was taken for class j: element (i, j) of (classes, classes), int64.

    Args:
        input: scores (n, classes), of which the highest is meant (a NaN counts as the highest, as
            in `argmax`), or predicted classes (n,).
        target: the true classes (n,).
        num_classes: how many there are; if omitted, as many as there are scores, or one more than
            the highest class that occurs.

    Raises:
        TypeError: if classes are not integers.
        ValueError: if shapes do not fit, or there is a class that is not from 0 to num_classes - 1.

    >>> import minitorch as torch
    >>> confusion_matrix(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1]))
    Tensor([[1, 1],
            [0, 1]], requires_grad=False)
    """
    name = "confusion_matrix"
    labels = _labels(name, "target", target)
    predicted = _predicted(name, input, labels)
    if num_classes is None:
        highest = int(max(labels.max(initial=-1), predicted.max(initial=-1)))
        num_classes = input.shape[1] if input.ndim == 2 else highest + 1
    _check_range(name, "target", labels, num_classes)
    _check_range(name, "input", predicted, num_classes)
    counts = np.bincount(labels * num_classes + predicted, minlength=num_classes**2)
    return from_numpy(counts.astype(np.int64).reshape(num_classes, num_classes))


def precision(matrix: Tensor) -> Tensor:
    """For each class, of the samples that were taken for it the share that are: m_jj / sum_i m_ij.

    A class that nothing was taken for has 0. The mean of the classes is the macro average; the
    micro average of all classes together is the accuracy.
    https://en.wikipedia.org/wiki/Precision_and_recall

    Args:
        matrix: a confusion matrix, (classes, classes).

    Returns:
        (classes,) float64.

    Raises:
        ValueError: if the matrix is not square.

    >>> import minitorch as torch
    >>> precision(torch.tensor([[3, 1], [0, 4]]))
    Tensor([1.0000, 0.8000], dtype=float64, requires_grad=False)
    """
    return _shares("precision", matrix, lambda m: m.sum(axis=0))


def recall(matrix: Tensor) -> Tensor:
    """For each class, of the samples that are of it the share that were found: m_ii / sum_j m_ij.

    A class that does not occur has 0. Argument, result and errors as for `precision`.

    >>> import minitorch as torch
    >>> recall(torch.tensor([[3, 1], [0, 4]]))
    Tensor([0.7500, 1.0000], dtype=float64, requires_grad=False)
    """
    return _shares("recall", matrix, lambda m: m.sum(axis=1))


def f1_score(matrix: Tensor) -> Tensor:
    """For each class the harmonic mean of precision and recall: 2 m_ii / (sum_j m_ij + sum_j m_ji).

    A class that occurs on neither side has 0. Argument, result and errors as for `precision`.

    >>> import minitorch as torch
    >>> f1_score(torch.tensor([[3, 1], [0, 4]]))
    Tensor([0.8571, 0.8889], dtype=float64, requires_grad=False)
    """
    return _shares("f1_score", matrix, lambda m: (m.sum(axis=0) + m.sum(axis=1)) / 2)


def _shares(
    name: str, matrix: Tensor, total: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> Tensor:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name}: expected a confusion matrix, square, got {tuple(matrix.shape)}")
    counts = _host(matrix).astype(np.float64)
    totals = total(counts)
    return from_numpy(np.diagonal(counts) / np.where(totals == 0, 1.0, totals))


def _host(x: Tensor) -> NDArray[np.generic]:
    x = x.detach().cpu()
    return (x.float() if x.dtype is bfloat16 else x).numpy()  # of which NumPy has no kind


def _labels(name: str, argument: str, x: Tensor) -> NDArray[np.int64]:
    if x.ndim != 1:
        raise ValueError(f"{name}: {argument} must have shape (n,), got {x.shape}")
    if x.dtype.is_floating_point:
        raise TypeError(f"{name}: {argument} must have an integer dtype, got {x.dtype}")
    return _host(x).astype(np.int64)


def _scores(name: str, x: Tensor, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    if len(x) != len(labels):
        raise ValueError(f"{name}: {len(x)} predictions, but {len(labels)} targets")
    if not x.shape[1]:
        raise ValueError(f"{name}: the scores are of no class, shape {x.shape}")
    return _host(x).astype(np.float64)


def _predicted(name: str, x: Tensor, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    if x.ndim == 2:
        highest: NDArray[np.int64] = _scores(name, x, labels).argmax(axis=1)
        return highest
    classes = _labels(name, "input", x)
    if len(classes) != len(labels):
        raise ValueError(f"{name}: {len(classes)} predictions, but {len(labels)} targets")
    return classes


def _check_range(name: str, argument: str, classes: NDArray[np.int64], count: int) -> None:
    wrong = classes[(classes < 0) | (classes >= count)]
    if wrong.size:
        raise ValueError(
            f"{name}: {argument} has the class {wrong[0]}, but there are {count}: 0 to {count - 1}"
        )
