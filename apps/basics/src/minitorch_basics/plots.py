"""Where the network draws the line: its probabilities over the plane, and the points upon them."""

from __future__ import annotations

import os
import tempfile
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from minitorch.datasets import Graph
from minitorch_basics.errors import UserError
from minitorch_basics.networks import Network

GRID = 50  # points a side: 2,500 forward passes, about a second with Scalars


def save_boundary(network: Network, data: Graph, title: str, path: Path) -> None:
    """Draw the decision boundary as PNG; the file is replaced as a whole or not at all.

    Raises:
        UserError: if the file cannot be written.
    """
    content = BytesIO()
    draw_boundary(network, data, title).savefig(content, format="png", dpi=120)
    write_atomically(path, content.getvalue())


def draw_boundary(network: Network, data: Graph, title: str) -> Figure:
    """The probability of class 1 over the plane, and the points upon it."""
    points = np.array(data.X)
    low, high = min(0.0, points.min()) - 0.05, max(1.0, points.max()) + 0.05
    ticks = np.linspace(low, high, GRID)
    plane = [(float(x), float(y)) for y in ticks for x in ticks]
    likely = np.array(network.probabilities(plane)).reshape(GRID, GRID)
    figure = Figure(figsize=(5.5, 5.5), layout="constrained")
    axes = figure.subplots()
    shades = axes.contourf(ticks, ticks, likely, levels=np.linspace(0, 1, 21), cmap="RdBu")
    if likely.min() < 0.5 < likely.max():
        axes.contour(ticks, ticks, likely, levels=[0.5], colors="black", linewidths=1)
    figure.colorbar(shades, label="probability of class 1", ticks=[0, 0.5, 1])
    labels = np.array(data.y)
    for label, marker, colour in ((0, "o", "darkred"), (1, "^", "darkblue")):
        x, y = points[labels == label].T
        axes.scatter(x, y, marker=marker, color=colour, edgecolor="white", label=f"class {label}")
    axes.set(title=title, aspect="equal", xlabel="x", ylabel="y")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def check_writable(path: Path) -> None:
    """Find out before the training whether the picture can be written after it.

    Raises:
        UserError: if not.
    """
    if path.is_dir():
        raise UserError(f"--plot {path}: this is a folder, name a file in it")
    if not path.parent.is_dir():
        raise UserError(f"--plot {path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"--plot {path}: the folder {path.parent} cannot be written to")


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file as a whole, or leave what was there.

    Raises:
        UserError: if it cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".basics-", dir=path.parent) as folder:
            temporary = Path(folder, path.name)
            temporary.write_bytes(content)
            os.replace(temporary, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
