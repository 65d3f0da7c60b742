"""What the user sees while a model learns: a bar that moves, and a line for each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from minitorch_classifier.checkpoint import EpochRecord
from minitorch_classifier.training import Progress as Step


class Display:
    """A bar on a terminal; in a pipe or a file the lines alone."""

    def __init__(self, images: int, epochs: int) -> None:
        self.epochs = epochs
        self.images = images
        self.last: Step | None = None
        self.console = Console(highlight=False, soft_wrap=True)
        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            TextColumn("{task.fields[numbers]}"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task = self.bar.add_task("training", total=images, epoch="", numbers="")

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bar during the block."""
        with self.bar:
            yield

    def step(self, epoch: int, step: Step) -> None:
        """Move the bar."""
        self.last = step
        self.bar.update(
            self.task,
            completed=step.seen,
            epoch=f"{epoch}/{self.epochs}",
            numbers=f"loss {step.loss:.4f}  accuracy {step.accuracy:6.1%}  "
            f"{step.images_per_second:,.0f} images/s",
        )

    def epoch(self, epoch: int, record: EpochRecord) -> None:
        """Print what an epoch achieved, above the bar."""
        speed = self.last.images_per_second if self.last is not None else 0.0
        self.console.print(
            f"epoch {epoch:{len(str(self.epochs))}}/{self.epochs}  loss {record.loss:.4f}  "
            f"accuracy {record.train_accuracy:6.1%}  test {record.test_accuracy:6.1%}  "
            f"{speed:9,.0f} images/s"
        )
