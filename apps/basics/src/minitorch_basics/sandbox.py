"""The course's sandboxes as self-contained HTML pages: no server, no script from elsewhere.

Every number on a page is computed by the library when the page is written: curves by the
operators, slopes
by their derivative rules on Scalars, the module tree by `nn.Module`. Sliders need a line of
JavaScript,
which the page carries.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import minitorch as torch
from minitorch import Scalar, nn, optim
from minitorch import operators as op
from minitorch.datasets import datasets
from minitorch_basics.errors import UserError
from minitorch_basics.figures import SEPARATOR
from minitorch_basics.plots import write_atomically

STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:52em;margin:2em auto;padding:0 1em}"
    "pre{background:#f4f4f4;padding:1em;overflow:auto}svg{background:#fff;border:1px solid #ccc}"
    "nav a{margin-right:1em}table{border-collapse:collapse}td,th{padding:.2em .8em;text-align:left}"
)


@dataclass(frozen=True)
class Page:
    """One sandbox.

    Attributes:
        title: as the course names it.
        body: computes the HTML below the title.
    """

    title: str
    body: Callable[[], str]

    @property
    def file(self) -> str:
        """The name of its file.

        >>> Page("Math Sandbox", str).file
        'math-sandbox.html'
        """
        return self.title.lower().replace(":", "").replace(" ", "-") + ".html"


def _curve(points: list[tuple[float, float]], colour: str) -> str:
    """A line through points of [-4, 4] x [-4, 4], clipped to it."""
    inside = [(x, y) for x, y in points if math.isfinite(y) and abs(y) <= 4.0]
    path = " ".join(f"{40 * (x + 4):.1f},{40 * (4 - y):.1f}" for x, y in inside)
    return f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>'


def _axes(inner: str) -> str:
    return (
        '<svg viewBox="0 0 320 320" width="320" height="320" role="img">'
        '<path d="M0 160H320M160 0V320" stroke="#bbb"/>' + inner + "</svg>"
    )


def _slope(function: Callable[[Scalar], Scalar], x: float) -> float:
    """The derivative at x, by the engine."""
    leaf = Scalar(x, requires_grad=True)
    function(leaf).backward()
    return 0.0 if leaf.grad is None else leaf.grad.data


def math_sandbox() -> str:
    """Each function beside its derivative."""
    grid = [k / 10.0 + 0.05 for k in range(-40, 40)]
    parts = ["<p>Black: the function. Red: its derivative, computed by its rule.</p>"]
    for function in (op.id, op.neg, op.inv, op.relu, op.sigmoid, op.tanh, op.exp, op.log, op.gelu):
        value = _curve([(x, function.fn(x)) for x in grid], "black")
        slope = _curve([(x, _slope(function, x)) for x in grid], "crimson")
        formula = html.escape((function.fn.__doc__ or "").strip())
        parts.append(f"<h2>{function.name}</h2><p>{formula}</p>{_axes(value + slope)}")
    return "".join(parts)


class Network(nn.Module):
    """The course's network: three linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.Linear(2, 4)
        self.layer2 = nn.Linear(4, 4)
        self.layer3 = nn.Linear(4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Two ReLUs between, a sigmoid at the end."""
        hidden = self.layer2(self.layer1(x).relu()).relu()
        return self.layer3(hidden).sigmoid()


def module_sandbox() -> str:
    """A module's tree and its parameters."""
    model = Network()
    rows = "".join(
        f"<tr><td>{name}</td><td>{tuple(p.shape)}</td><td>{p.numel()}</td></tr>"
        for name, p in model.named_parameters()
    )
    total = sum(p.numel() for p in model.parameters())
    return (
        f"<pre>{html.escape(repr(model))}</pre><table><tr><th>parameter</th><th>shape</th>"
        f"<th>numbers</th></tr>{rows}</table><p>{total} numbers to learn.</p>"
    )


def torch_example() -> str:
    """PyTorch code, run by this library: a small training, with its losses."""
    torch.manual_seed(0)
    data = datasets["Simple"](50, seed=0)
    x, y = torch.tensor(data.X), torch.tensor(data.y).float().unsqueeze(1)
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    code = (
        "import minitorch as torch\n\nmodel = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), "
        "nn.Linear(4, 1))\n"
        "optimizer = optim.SGD(model.parameters(), lr=0.5)\nfor _ in range(60):\n"
        "    optimizer.zero_grad()\n    loss = F.binary_cross_entropy_with_logits(model(x), y)\n"
        "    loss.backward()\n    optimizer.step()\n"
    )
    curve = _curve([(k / 7.5 - 4, 8 * v - 4) for k, v in enumerate(losses)], "crimson")
    return (
        f"<pre>{html.escape(code)}</pre><p>The loss falls from {losses[0]:.3f} to {losses[-1]:.3f}."
        f"</p>{_axes(curve)}"
    )


def manual() -> str:
    """A separator of three weights, to be moved by hand."""
    data = datasets["Simple"](50, seed=0)
    dots = "".join(
        f'<circle class="p" data-x="{x:.4f}" data-y="{y:.4f}" data-l="{label}" cx="{320 * x:.1f}" '
        f'cy="{320 * (1 - y):.1f}" r="4" fill="{"darkblue" if label else "darkred"}"/>'
        for (x, y), label in zip(data.X, data.y, strict=True)
    )
    sliders = "".join(
        f'<label>{name} <input id="{name}" type="range" min="-2" max="2" step="0.05" '
        f'value="{value}" oninput="draw()"></label><br>'
        for name, value in zip(("w1", "w2", "b"), SEPARATOR, strict=True)
    )
    script = (
        "function draw(){const [a,c,b]=['w1','w2','b'].map(n=>+document.getElementById(n).value);"
        "let right=0,all=0;for(const p of document.querySelectorAll('.p')){all++;"
        "const side=a*p.dataset.x+c*p.dataset.y+b>0;const ok=side==(p.dataset.l=='1');right+=ok;"
        "p.setAttribute('opacity',ok?1:0.25)}"
        "document.getElementById('score').textContent=right+' of '+all+' on the right side'}draw()"
    )
    return (
        "<p>A point is of class 1 (blue) where w1 x + w2 y + b &gt; 0. Points on the wrong side "
        "fade."
        f'</p>{sliders}<p id="score"></p><svg viewBox="0 0 320 320" width="320" height="320">{dots}'
        f"</svg><script>{script}</script>"
    )


PAGES = (
    Page("Math Sandbox", math_sandbox),
    Page("Module Sandbox", module_sandbox),
    Page("Torch Example", torch_example),
    Page("Module 0: Manual", manual),
)


def render(page: Page) -> str:
    """The whole HTML of a page."""
    links = "".join(f'<a href="{other.file}">{html.escape(other.title)}</a>' for other in PAGES)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(page.title)}'
        f"</title><style>{STYLE}</style><nav>{links}</nav><h1>{html.escape(page.title)}</h1>"
        f"{page.body()}</html>"
    )


def write_sandbox(folder: Path) -> list[Path]:
    """Write every page into `folder`; return the paths.

    Raises:
        UserError: if a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    written = []
    for page in PAGES:
        path = folder / page.file
        write_atomically(path, render(page).encode())
        written.append(path)
    return written
