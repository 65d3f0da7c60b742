"""What a run was asked to do: written to settings.json once, checked whenever it is read."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from minitorch_classifier.data import DATASETS
from minitorch_classifier.errors import UserError, explain_os_errors
from minitorch_classifier.files import write_atomically
from minitorch_classifier.models import MODELS

OPTIMIZERS = ("sgd", "adam", "adamw")
# MNIST has 5.6 times as many steps in an epoch: at 0.03 its last epochs differ by 2% and more.
LEARNING_RATES = {
    "digits": {"sgd": 0.03, "adam": 0.003, "adamw": 0.003},
    "mnist": {"sgd": 0.01, "adam": 0.003, "adamw": 0.003},
}
EPOCHS = {"digits": 15, "mnist": 5}
BATCH_SIZE = 32
FILE = "settings.json"


@dataclass(frozen=True)
class Settings:
    """All that decides a training's numbers, and where its data lie.

    Attributes:
        dataset: "digits" or "mnist".
        data_dir: the folder of MNIST's files; None for digits.
        model: "lenet" or "mlp".
        optimizer: "sgd" (momentum 0.9), "adam" or "adamw".
        lr: the learning rate of the first five epochs; halved after every five.
        batch_size: images a step.
        epochs: passes over the training images.
        seed: of the initial weights and the order of the images, 0 to 2**32 - 1.
        device: where to compute.
        samples: only so many images are learned from, and as many tested; None for all.

    Raises:
        UserError: if a value is impossible; the message names its option.

    >>> Settings(epochs=0)
    Traceback (most recent call last):
    ...
    minitorch_classifier.errors.UserError: epochs must be at least 1, got 0
    """

    dataset: str = "digits"
    data_dir: str | None = None
    model: str = "lenet"
    optimizer: str = "sgd"
    lr: float = LEARNING_RATES["digits"]["sgd"]
    batch_size: int = BATCH_SIZE
    epochs: int = EPOCHS["digits"]
    seed: int = 0
    device: str = "cpu"
    samples: int | None = None

    def __post_init__(self) -> None:
        for what, value, known in (
            ("data set", self.dataset, DATASETS),
            ("model", self.model, MODELS),
            ("optimizer", self.optimizer, OPTIMIZERS),
        ):
            if value not in known:
                raise UserError(f"no {what} '{value}'; there are: {', '.join(known)}")
        if not (math.isfinite(self.lr) and self.lr > 0):
            raise UserError(f"lr must be a positive number, got {self.lr}")
        if self.batch_size < 1:
            raise UserError(f"batch size must be at least 1, got {self.batch_size}")
        if self.epochs < 1:
            raise UserError(f"epochs must be at least 1, got {self.epochs}")
        if self.samples is not None and self.samples < 1:
            raise UserError(f"samples must be at least 1, got {self.samples}")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"seed must be from 0 to {2**32 - 1}, got {self.seed}")

    def save(self, folder: Path) -> None:
        """Write folder/settings.json."""
        write_atomically(folder / FILE, (json.dumps(asdict(self), indent=2) + "\n").encode())

    @staticmethod
    def load(folder: Path) -> Settings:
        """Read folder/settings.json.

        Raises:
            UserError: if it is not there, is no JSON, or a value is missing or impossible.
        """
        path = folder / FILE
        with explain_os_errors("read", path):
            raw = path.read_bytes()
        try:
            found: object = json.loads(raw)
            if not isinstance(found, dict):
                raise UserError("expected an object")
            found = {"samples": None, **found}  # which older runs do not have
            names = {field.name for field in fields(Settings)}
            if set(found) != names:
                odd = ", ".join(sorted(names ^ {str(key) for key in found}))
                raise UserError(f"missing or unknown: {odd}")
            data_dir, samples = found["data_dir"], found["samples"]
            return Settings(
                dataset=_text(found, "dataset"),
                data_dir=None if data_dir is None else _text(found, "data_dir"),
                model=_text(found, "model"),
                optimizer=_text(found, "optimizer"),
                lr=_number(found, "lr"),
                batch_size=_integer(found, "batch_size"),
                epochs=_integer(found, "epochs"),
                seed=_integer(found, "seed"),
                device=_text(found, "device"),
                samples=None if samples is None else _integer(found, "samples"),
            )
        except (ValueError, RecursionError, UserError) as error:
            raise UserError(f"{path} is damaged: {error}") from error


def _text(found: dict[str, object], name: str) -> str:
    value = found[name]
    if not isinstance(value, str):
        raise UserError(f"{name} must be a text, got {value!r}")
    return value


def _integer(found: dict[str, object], name: str) -> int:
    value = found[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise UserError(f"{name} must be an integer, got {value!r}")
    return value


def _number(found: dict[str, object], name: str) -> float:
    value = found[name]
    return float(_integer(found, name)) if not isinstance(value, float) else value
