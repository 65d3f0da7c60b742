"""The command line: options in, one line of error and exit code 2 out if they make no sense."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol, runtime_checkable

import typer

from minitorch_classifier.errors import Stopped, UserError
from minitorch_classifier.settings import BATCH_SIZE, EPOCHS, LEARNING_RATES, Settings

app = typer.Typer(
    help="Train an image classifier on real handwritten digits, and use it.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

Run = Annotated[str, typer.Argument(help="A run: its name in the folder of runs, or its path.")]
Runs = Annotated[Path, typer.Option("--runs", help="The folder of all runs.")]
Device = Annotated[
    str | None, typer.Option(help="Where to compute: cpu, numpy, cuda.", show_default="cpu")
]
DataDir = Annotated[
    str | None, typer.Option(help="The folder of MNIST's IDX files, plain or gzip.")
]
RUNS = Path("runs")


@app.command()
def train(
    dataset: Annotated[
        str | None, typer.Option(help="digits (in the package) or mnist.", show_default="digits")
    ] = None,
    data_dir: DataDir = None,
    model: Annotated[str | None, typer.Option(help="lenet or mlp.", show_default="lenet")] = None,
    epochs: Annotated[
        int | None,
        typer.Option(help="Passes over the training images.", show_default="digits 15, mnist 5"),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Images a step.", show_default=str(BATCH_SIZE))
    ] = None,
    lr: Annotated[
        float | None,
        typer.Option(help="Learning rate.", show_default="0.003; sgd: digits 0.03, mnist 0.01"),
    ] = None,
    optimizer: Annotated[
        str | None, typer.Option(help="sgd, adam or adamw.", show_default="sgd")
    ] = None,
    device: Device = None,
    seed: Annotated[
        int | None, typer.Option(help="Of weights and order.", show_default="0")
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(help="Learn from so few images, and test as many.", show_default="all"),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the new run.", show_default="the next digits-lenet-001"),
    ] = None,
    resume: Annotated[
        str | None, typer.Option(help="Go on with this run instead of starting one.")
    ] = None,
    runs: Runs = RUNS,
) -> None:
    """Train a model; with no option at all, LeNet on the digits of the package."""
    from minitorch_classifier import commands
    from minitorch_classifier.runs import find

    if resume is not None:
        fixed = {
            "--dataset": dataset,
            "--model": model,
            "--batch-size": batch_size,
            "--lr": lr,
            "--optimizer": optimizer,
            "--seed": seed,
            "--samples": samples,
            "--name": name,
        }
        for option, value in fixed.items():
            if value is not None:
                raise UserError(f"{option} cannot change in a run: leave it out with --resume")
        accuracy = commands.resume(find(runs, resume), epochs, device, _absolute(data_dir))
    else:
        dataset = "digits" if dataset is None else dataset
        optimizer = "sgd" if optimizer is None else optimizer
        settings = Settings(
            dataset=dataset,
            data_dir=_absolute(data_dir),
            model="lenet" if model is None else model,
            optimizer=optimizer,
            # A name that is not in the tables is refused by Settings.
            lr=LEARNING_RATES.get(dataset, {}).get(optimizer, 1.0) if lr is None else lr,
            batch_size=BATCH_SIZE if batch_size is None else batch_size,
            epochs=EPOCHS.get(dataset, 1) if epochs is None else epochs,
            seed=0 if seed is None else seed,
            device="cpu" if device is None else device,
            samples=samples,
        )
        accuracy = commands.train(settings, runs, name)
    print(f"test accuracy: {accuracy:.1%}")


@app.command()
def evaluate(run: Run, device: Device = None, data_dir: DataDir = None, runs: Runs = RUNS) -> None:
    """Measure a run's model on its test images, digit by digit."""
    from minitorch_classifier import commands
    from minitorch_classifier.runs import find

    accuracy = commands.evaluate(find(runs, run), device, _absolute(data_dir))
    print(f"test accuracy: {accuracy:.1%}")


@app.command()
def predict(
    run: Run,
    images: Annotated[list[Path], typer.Argument(help="PNG, JPEG or other pictures of one digit.")],
    ink: Annotated[
        str, typer.Option(help="The drawing is dark on bright, bright on dark, or see: auto.")
    ] = "auto",
    device: Device = None,
    runs: Runs = RUNS,
) -> None:
    """Say which digit each picture shows, and how likely every digit is."""
    from minitorch_classifier import commands
    from minitorch_classifier.runs import find

    commands.classify(find(runs, run), images, ink, device)


@runtime_checkable
class UsageError(Protocol):
    """What typer raises for an option it does not know or cannot read, in all of its versions."""

    exit_code: int

    def format_message(self) -> str:
        """What is wrong with the command line."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `classify`; it leaves with 0, with 2 and one line on stderr, or with 130 after Ctrl-C."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(given or ["--help"]))


def _run(arguments: Sequence[str]) -> int:
    try:
        code: object = app(arguments, prog_name="classify", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except UserError as error:
        return _complain(str(error))
    except Stopped as note:
        print(note, file=sys.stderr)
        return 130
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as in `classify ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if not isinstance(error, UsageError):
            raise
        return _complain(error.format_message())


def _complain(message: str, code: int = 2) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return code


def _absolute(folder: str | None) -> str | None:
    """The folder, whatever the working directory of a later command."""
    return None if folder is None else str(Path(folder).absolute())
