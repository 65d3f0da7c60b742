"""Two pictures of a run: how it learned, and what it takes for what.

matplotlib is imported here alone: it takes longer than everything else a prediction needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from minitorch_classifier.checkpoint import EpochRecord
from minitorch_classifier.files import write_atomically


def save_learning_curve(history: Sequence[EpochRecord], path: Path) -> None:
    """Draw loss and accuracies against the epoch, as PNG."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = range(1, len(history) + 1)
    left.plot(epochs, [record.loss for record in history], marker=".")
    left.set(title="training loss", xlabel="epoch", ylabel="cross entropy", yscale="log")
    right.plot(epochs, [100 * r.train_accuracy for r in history], marker=".", label="training")
    right.plot(epochs, [100 * r.test_accuracy for r in history], marker=".", label="test")
    right.set(title="accuracy", xlabel="epoch", ylabel="%")
    right.legend()
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
    _save(figure, path)


def save_confusion_matrix(counts: NDArray[np.int64], path: Path) -> None:
    """Draw the counts as a table, dark where there are many, as PNG."""
    figure = Figure(figsize=(5.5, 5.5), layout="constrained")
    axes = figure.subplots()
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(counts))
    axes.set(xticks=ticks, yticks=ticks, xlabel="taken for", ylabel="digit")
    axes.set_title("test images")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if share[row, column] > 0.5 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=colour)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    content = BytesIO()
    figure.savefig(content, format="png", dpi=120)
    write_atomically(path, content.getvalue())
