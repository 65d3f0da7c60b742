"""The command line: options in, one line of error and exit code 2 out if they make no sense."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol, runtime_checkable

import typer

from minitorch_basics.errors import UserError
from minitorch_basics.training import Task, train

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
EVERY = 10  # epochs between two lines


@app.callback()
def about() -> None:
    """Train one little network on the course's toy sets, on three layers of the stack."""


@app.command("train")
def train_command(
    dataset: Annotated[
        str, typer.Option(help="Simple, Diag, Split, Xor, Circle or Spiral.")
    ] = "Xor",
    points: Annotated[int, typer.Option(help="How many points.")] = 50,
    hidden: Annotated[int, typer.Option(help="Units in each of two hidden layers.")] = 10,
    rate: Annotated[float, typer.Option(help="The step along the gradient.")] = 0.5,
    epochs: Annotated[int, typer.Option(help="Steps.")] = 500,
    layer: Annotated[
        str, typer.Option(help="scalar (floats one by one), tensor (NumPy) or fast (Numba).")
    ] = "fast",
    seed: Annotated[int, typer.Option(help="Of the points and the initial weights.")] = 0,
    plot: Annotated[
        Path | None,
        typer.Option(help="Where to draw the decision boundary.", show_default="xor-fast.png"),
    ] = None,
) -> None:
    """Train, print every tenth epoch, and draw the decision boundary."""
    task = Task(dataset, points, hidden, rate, epochs, layer, seed)
    path = Path(f"{dataset}-{layer}.png".lower()) if plot is None else plot
    from minitorch_basics import plots  # matplotlib takes a second: after the options are checked

    plots.check_writable(path)
    data, network = task.data(), task.network()
    for epoch in train(network, data, task):
        if epoch.number % EVERY == 0 or epoch.number == epochs:
            line = f"Epoch {epoch.number} loss {epoch.loss:.6f} correct {epoch.correct}"
            print(line, flush=True)
    right = sum(
        (probability > 0.5) == (label == 1)
        for probability, label in zip(network.probabilities(data.X), data.y, strict=True)
    )
    result = f"{right} of {data.N} points on the right side after {epochs} epochs"
    plots.save_boundary(network, data, f"{dataset}, {layer} layer\n{result}", path)
    print(f"{result}; drawn in {path}")


@app.command("figures")
def figures_command(
    folder: Annotated[Path, typer.Option(help="Where to write them.")] = Path("figures"),
    epochs: Annotated[int, typer.Option(help="Epochs of the training figure.")] = 500,
) -> None:
    """Draw the course's figures: a separator made by hand, and Xor learnt by Scalars."""
    from minitorch_basics import figures

    if epochs < 1:
        raise UserError(f"epochs must be at least 1, got {epochs}")
    for path in figures.write_figures(folder, epochs):
        print(path)


@app.command("sandbox")
def sandbox_command(
    folder: Annotated[Path, typer.Option(help="Where to write the pages.")] = Path("sandbox"),
) -> None:
    """Write the course's sandboxes as pages that a browser opens without a server."""
    from minitorch_basics import sandbox

    for path in sandbox.write_sandbox(folder):
        print(path)


@runtime_checkable
class UsageError(Protocol):
    """What typer raises for an option it does not know or cannot read, in all of its versions."""

    exit_code: int

    def format_message(self) -> str:
        """What is wrong with the command line."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `basics`; it leaves with 0, with 2 and one line on stderr, or with 130 after Ctrl-C."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(given or ["--help"]))


def _run(arguments: Sequence[str]) -> int:
    try:
        code: object = app(arguments, prog_name="basics", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except UserError as error:
        return _complain(str(error))
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as in `basics ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if not isinstance(error, UsageError):
            raise
        return _complain(error.format_message())


def _complain(message: str) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return 2
