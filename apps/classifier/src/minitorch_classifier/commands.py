"""What the three commands do, without a word about how their options are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from minitorch_classifier import data, predict, runs
from minitorch_classifier.checkpoint import Checkpoint
from minitorch_classifier.display import Display
from minitorch_classifier.errors import Stopped, UserError
from minitorch_classifier.interrupt import deferred
from minitorch_classifier.settings import Settings
from minitorch_classifier.training import (
    Progress,
    Trainer,
    accuracy,
    confusion,
    infer,
    is_simulated,
    load_model,
)

CURVE = "learning-curve.png"
CONFUSION = "confusion-matrix.png"


def train(settings: Settings, folder_of_runs: Path, name: str | None) -> float:
    """Train a new model, in a new folder.

    Returns:
        The accuracy on the test images, 0 to 1.
    """
    dataset = load_dataset(settings)
    trainer = Trainer(settings, dataset)
    folder = runs.claim(folder_of_runs, name, f"{settings.dataset}-{settings.model}")
    try:
        settings.save(folder)
        return _learn(trainer, dataset, folder)
    except BaseException:
        if not trainer.history:
            runs.abandon(folder)
        raise


def resume(
    folder: Path, epochs: int | None = None, device: str | None = None, data_dir: str | None = None
) -> float:
    """Go on with a run until it has `epochs` epochs, or as many as it was planned to have.

    Returns:
        The accuracy on the test images, 0 to 1.
    """
    old = Settings.load(folder)
    checkpoint = Checkpoint.load(folder)
    settings = replace(
        old,
        epochs=old.epochs if epochs is None else epochs,
        device=old.device if device is None else device,
        data_dir=old.data_dir if data_dir is None else data_dir,
    )
    done = len(checkpoint.history)
    if settings.epochs <= done:
        raise UserError(
            f"{folder} has {done} of {settings.epochs} epochs already; "
            f"give --epochs {done + 1} or more to go on"
        )
    dataset = load_dataset(settings)
    trainer = Trainer(settings, dataset)
    trainer.restore(checkpoint)
    settings.save(folder)
    return _learn(trainer, dataset, folder)


def evaluate(folder: Path, device: str | None = None, data_dir: str | None = None) -> float:
    """Print how well a run's model knows each digit of the test images.

    Returns:
        The accuracy on the test images, 0 to 1.
    """
    settings = Settings.load(folder)
    device = settings.device if device is None else device
    checkpoint = Checkpoint.load(folder)
    model = load_model(settings, checkpoint, device)
    dataset = load_dataset(replace(settings, data_dir=data_dir or settings.data_dir))
    if dataset.spec() != checkpoint.spec:
        raise UserError(f"these are not the images that {folder} was trained on")
    logits = infer(model, checkpoint.spec, dataset.test.pixels, device)
    print(f"{len(dataset.test)} test images of {settings.dataset}")
    for digit, row in enumerate(confusion(logits, dataset.test)):
        if total := int(row.sum()):
            print(f"{digit}: {row[digit]:4d} of {total:4d} right, {row[digit] / total:6.1%}")
    return accuracy(logits, dataset.test)


def classify(folder: Path, paths: Sequence[Path], ink: str, device: str | None = None) -> None:
    """Print the digit that each picture shows, and the probability of every digit."""
    settings = Settings.load(folder)
    device = settings.device if device is None else device
    checkpoint = Checkpoint.load(folder)
    images = np.stack([predict.read_image(path, checkpoint.spec, ink) for path in paths])
    logits = infer(load_model(settings, checkpoint, device), checkpoint.spec, images, device)
    odds = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    for path, row in zip(paths, odds / odds.sum(axis=1, keepdims=True), strict=True):
        print(f"{path}: {row.argmax()} ({row.max():.1%})")
        print("  " + "  ".join(f"{digit}: {share:.1%}" for digit, share in enumerate(row)))


def load_dataset(settings: Settings) -> data.Dataset:
    """Load the images that the settings name."""
    folder = None if settings.data_dir is None else Path(settings.data_dir)
    dataset = data.load(settings.dataset, folder)
    return dataset if settings.samples is None else dataset.first(settings.samples)


def _learn(trainer: Trainer, dataset: data.Dataset, folder: Path) -> float:
    """Train to the end, with a checkpoint after each epoch; then draw."""
    epochs = trainer.settings.epochs
    display = Display(len(dataset.train), epochs)
    print(
        f"{folder}: {trainer.settings.model} on {trainer.settings.dataset}, "
        f"{len(dataset.train)} images to learn from, {len(dataset.test)} to test"
    )
    if is_simulated(trainer.settings.device):
        print(
            f"{trainer.settings.device} is simulated here, thread by thread: it takes minutes for "
            "what a GPU does in milliseconds; --model mlp --samples 4 is a short trial"
        )
    try:
        with deferred() as interrupt, display.shown():
            for epoch in range(len(trainer.history) + 1, epochs + 1):

                def report(progress: Progress, epoch: int = epoch) -> None:
                    display.step(epoch, progress)
                    interrupt.check()

                record = trainer.run_epoch(report)
                trainer.checkpoint().save(folder)
                display.epoch(epoch, record)
                interrupt.check()
    except KeyboardInterrupt as error:
        if not trainer.history:
            raise
        done = f"stopped after {len(trainer.history)} of {epochs} epochs"
        raise Stopped(f"{done}; go on with: classify train --resume {folder.name}") from error
    draw(trainer, folder)
    return trainer.history[-1].test_accuracy


def draw(trainer: Trainer, folder: Path) -> None:
    """Write the learning curve and the confusion matrix into the run's folder."""
    from minitorch_classifier import plots  # matplotlib takes a second to import

    logits = infer(trainer.model, trainer.spec, trainer.test.pixels, trainer.settings.device)
    plots.save_learning_curve(trainer.history, folder / CURVE)
    plots.save_confusion_matrix(confusion(logits, trainer.test), folder / CONFUSION)
