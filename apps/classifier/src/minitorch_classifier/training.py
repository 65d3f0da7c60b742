"""The training loop, as one would write it in PyTorch: forward, loss, backward, step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import minitorch as torch
from minitorch import metrics, nn, optim
from minitorch.utils.data import DataLoader, TensorDataset
from minitorch_classifier.checkpoint import Checkpoint, EpochRecord
from minitorch_classifier.data import Dataset, Images, InputSpec
from minitorch_classifier.errors import UserError, one_line
from minitorch_classifier.models import build
from minitorch_classifier.settings import Settings

MOMENTUM = 0.9
STEP_SIZE, GAMMA = 5, 0.5  # half the rate after every five epochs, whatever their total
EVALUATION_BATCH = 500


@dataclass(frozen=True)
class Progress:
    """How far an epoch is: means over the images seen so far."""

    seen: int
    loss: float
    accuracy: float
    images_per_second: float


class Trainer:
    """A model, its optimizer and its schedule, and the history of what they achieved.

    An epoch's random numbers depend on the seed and the epoch's number alone, and the schedule does
    not know how many epochs there will be. So two epochs, a checkpoint and two more epochs give the
    numbers of four epochs in one go.

    Raises:
        UserError: if there is no such device or the images are too small for the model.
    """

    def __init__(self, settings: Settings, dataset: Dataset) -> None:
        check_device(settings.device)
        self.settings = settings
        self.spec = dataset.spec()
        self.test = dataset.test
        self.history: list[EpochRecord] = []
        self._seed(epoch=0)
        self.model = build(settings.model, self.spec.height, self.spec.width)
        self.model.to(settings.device)
        self.optimizer = make_optimizer(settings, self.model)
        self.scheduler = optim.lr_scheduler.StepLR(self.optimizer, step_size=STEP_SIZE, gamma=GAMMA)
        pixels = torch.from_numpy(self.spec.apply(dataset.train.pixels))
        labels = torch.from_numpy(dataset.train.labels)
        self.loader = DataLoader(
            TensorDataset(pixels, labels), batch_size=settings.batch_size, shuffle=True
        )

    def run_epoch(self, report: Callable[[Progress], None]) -> EpochRecord:
        """See every training image once, then the test images; `report` is called at each step.

        Raises:
            UserError: if the loss is no longer a finite number.
        """
        epoch, device = len(self.history) + 1, self.settings.device
        self._seed(epoch)
        self.model.train()
        criterion = nn.CrossEntropyLoss()
        seen, total, correct, start = 0, 0.0, 0, time.perf_counter()
        for pixels, labels in self.loader:
            images, targets = pixels.to(device), labels.to(device)  # (b, 1, h, w), (b,)
            self.optimizer.zero_grad()
            logits = self.model(images)  # (b, classes)
            loss = criterion(logits, targets)
            value = float(loss.item())
            if not math.isfinite(value):
                raise UserError(
                    f"the loss became {value} in epoch {epoch}: the learning rate "
                    f"{self.settings.lr:g} is too high, try a smaller --lr"
                )
            loss.backward()
            self.optimizer.step()
            seen += len(labels)
            total += value * len(labels)
            correct += metrics.correct(logits, targets)
            elapsed = time.perf_counter() - start
            report(Progress(seen, total / seen, correct / seen, seen / elapsed))
        self.scheduler.step()
        logits_of_test = infer(self.model, self.spec, self.test.pixels, device)
        record = EpochRecord(total / seen, correct / seen, accuracy(logits_of_test, self.test))
        self.history.append(record)
        return record

    def checkpoint(self) -> Checkpoint:
        """All that `restore` needs."""
        state: dict[str, dict[str, object]] = {
            "model": dict(self.model.state_dict()),
            "optimizer": dict(self.optimizer.state_dict()),
            "scheduler": dict(self.scheduler.state_dict()),
        }
        return Checkpoint(state, self.spec, tuple(self.history))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to where `checkpoint` was taken.

        Raises:
            UserError: if it is of another model, optimizer or data set.
        """
        if checkpoint.spec != self.spec:
            raise UserError(
                "these are not the images that the run began with: "
                f"expected {checkpoint.spec}, got {self.spec}"
            )
        with explain_misfit():
            self.model.load_state_dict(checkpoint.state["model"])
            self.optimizer.load_state_dict(checkpoint.state["optimizer"])
            self.scheduler.load_state_dict(checkpoint.state["scheduler"])
        self.history = list(checkpoint.history)

    def _seed(self, epoch: int) -> None:
        torch.manual_seed(self.settings.seed * 100_003 + epoch)


def make_optimizer(settings: Settings, model: nn.Module) -> optim.Optimizer:
    """The optimizer that the settings name, for all of the model's parameters."""
    if settings.optimizer == "sgd":
        return optim.SGD(model.parameters(), lr=settings.lr, momentum=MOMENTUM)
    if settings.optimizer == "adam":
        return optim.Adam(model.parameters(), lr=settings.lr)
    return optim.AdamW(model.parameters(), lr=settings.lr)


def load_model(settings: Settings, checkpoint: Checkpoint, device: str) -> nn.Module:
    """Build the trained model of a run, ready for `infer`.

    Raises:
        UserError: if there is no such device, or the checkpoint is of another model.
    """
    check_device(device)
    model = build(settings.model, checkpoint.spec.height, checkpoint.spec.width)
    with explain_misfit():
        model.load_state_dict(checkpoint.state["model"])
    model.to(device)
    return model


def infer(
    model: nn.Module, spec: InputSpec, pixels: NDArray[np.float32], device: str
) -> NDArray[np.float32]:
    """Logits (n, classes) for images (n, height, width) from 0 to 1."""
    model.eval()
    images = spec.apply(pixels)
    batches = []
    with torch.no_grad():
        for first in range(0, len(images), EVALUATION_BATCH):
            batch = torch.from_numpy(images[first : first + EVALUATION_BATCH]).to(device)
            batches.append(model(batch).cpu().numpy())
    return np.concatenate(batches)


def accuracy(logits: NDArray[np.float32], images: Images) -> float:
    """The share of images, 0 to 1, whose highest logit is that of their label."""
    return metrics.accuracy(torch.from_numpy(logits), torch.from_numpy(images.labels))


def confusion(logits: NDArray[np.float32], images: Images) -> NDArray[np.int64]:
    """How often digit i was taken for j: (classes, classes)."""
    labels = torch.from_numpy(images.labels)
    matrix = metrics.confusion_matrix(torch.from_numpy(logits), labels)
    return matrix.numpy().astype(np.int64, copy=False)


def check_device(device: str) -> None:
    """Compute one number on the device.

    Raises:
        UserError: if that is not possible.

    >>> check_device("abacus")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    minitorch_classifier.errors.UserError: --device abacus: ...
    """
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, ValueError, ImportError, AssertionError) as error:
        raise UserError(f"--device {device}: {one_line(error)}") from error


def is_simulated(device: str) -> bool:
    """Whether the device is a GPU that is simulated, which is slow.

    >>> is_simulated("cpu")
    False
    """
    if torch.device(device).type != "cuda":
        return False
    return torch.cuda.get_device_name(device) == "simulator"


@contextmanager
def explain_misfit() -> Iterator[None]:
    """Turn what `load_state_dict` raises into a line for the user."""
    try:
        yield
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"the checkpoint does not fit settings.json: {one_line(error)}") from error
