"""The course's first figures: a separator drawn by hand, and Xor learnt by Scalars."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from minitorch.datasets import Graph, datasets
from minitorch_basics.errors import UserError
from minitorch_basics.plots import draw_boundary, write_atomically
from minitorch_basics.training import Task, train

SEPARATOR = (-1.0, 0.0, 0.5)  # w1 x + w2 y + b > 0 is class 1: Simple's own rule, x < 0.5


def separates(data: Graph, weights: tuple[float, float, float]) -> int:
    """How many points lie on the right side of the line w1 x + w2 y + b = 0.

    >>> separates(datasets["Simple"](20, seed=0), SEPARATOR)
    20
    """
    w1, w2, b = weights
    return sum(
        (w1 * x + w2 * y + b > 0) == (label == 1)
        for (x, y), label in zip(data.X, data.y, strict=True)
    )


def separator_figure(points: int = 50, seed: int = 0) -> Figure:
    """Figure task0.5: the points of Simple, and a line whose three weights were chosen by hand."""
    data = datasets["Simple"](points, seed=seed)
    w1, w2, b = SEPARATOR
    ticks = np.linspace(0.0, 1.0, 101)
    across, up = np.meshgrid(ticks, ticks)
    figure = Figure(figsize=(5.0, 5.0), layout="constrained")
    axes = figure.subplots()
    axes.contourf(
        across, up, w1 * across + w2 * up + b, levels=[-9, 0, 9], colors=["#f4c7c3", "#c6dafc"]
    )
    places, labels = np.array(data.X), np.array(data.y)
    for label, marker, colour in ((0, "o", "darkred"), (1, "^", "darkblue")):
        x, y = places[labels == label].T
        axes.scatter(x, y, marker=marker, color=colour, label=f"class {label}")
    right = separates(data, SEPARATOR)
    axes.set(
        title=f"Simple, a separator made by hand\n{right} of {points} points on the right side",
        aspect="equal",
        xlabel="x",
        ylabel="y",
    )
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def training_figure(points: int = 50, epochs: int = 500, seed: int = 0) -> Figure:
    """Figure task1.5: the boundary that Scalars learn on Xor with 10 hidden units."""
    task = Task("Xor", points, 10, 0.5, epochs, "scalar", seed)
    data, network = task.data(), task.network()
    correct = 0
    for epoch in train(network, data, task):
        correct = epoch.correct
    title = f"Xor learnt by Scalars\n{correct} of {points} points after {epochs} epochs"
    return draw_boundary(network, data, title)


def write_figures(folder: Path, epochs: int = 500) -> list[Path]:
    """Write task0.5 and task1.5 as SVG and PNG into `folder`; return the paths.

    Raises:
        UserError: if a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    written = []
    figures = {"task0.5": separator_figure(), "task1.5": training_figure(epochs=epochs)}
    for name, figure in figures.items():
        for kind in ("svg", "png"):
            content = BytesIO()
            figure.savefig(content, format=kind, dpi=120)
            path = folder / f"{name}.{kind}"
            write_atomically(path, content.getvalue())
            written.append(path)
    return written
