"""All that a training needs to go on exactly where it stopped, in one safetensors file.

Weights and the optimizer's moments are tensors; everything else (step counts, rates, the history
of the epochs) is JSON in the file's metadata. One file and not two, since two cannot be replaced in
one step. safetensors has no checksum of its own, so one of all contents is stored with them: a
flipped bit is found and never becomes a wrong prediction. https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

import minitorch as torch
from minitorch_classifier.data import InputSpec
from minitorch_classifier.errors import UserError, explain_os_errors, one_line
from minitorch_classifier.files import write_atomically

FILE = "checkpoint.safetensors"
METADATA = "checksum and training state"
PARTS = ("model", "optimizer", "scheduler")


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch achieved; `loss` and `train_accuracy` are means over its steps."""

    loss: float
    train_accuracy: float
    test_accuracy: float


@dataclass(frozen=True)
class Checkpoint:
    """A training after its last complete epoch.

    Attributes:
        state: the state dicts of "model", "optimizer" and "scheduler".
        spec: what the model expects of an image.
        history: one record for each epoch done.
    """

    state: Mapping[str, dict[str, object]]
    spec: InputSpec
    history: tuple[EpochRecord, ...]

    def save(self, folder: Path) -> None:
        """Write folder/checkpoint.safetensors.

        Raises:
            UserError: if it cannot be written; an earlier checkpoint is intact then.
        """
        tensors: dict[str, NDArray[np.generic]] = {}
        state = json.dumps(
            {
                "state": {name: _pack(part, name, tensors) for name, part in self.state.items()},
                "spec": asdict(self.spec),
                "history": [asdict(record) for record in self.history],
            }
        )
        # One entry: the order of several would change from process to process.
        metadata = {METADATA: f"{_checksum(state, tensors)} {state}"}
        write_atomically(folder / FILE, safetensors.numpy.save(tensors, metadata))

    @staticmethod
    def load(folder: Path) -> Checkpoint:
        """Read folder/checkpoint.safetensors.

        Raises:
            UserError: if it is not there or damaged.
        """
        path = folder / FILE
        with explain_os_errors("read", path):
            raw = path.read_bytes()
        try:
            tensors = safetensors.numpy.load(raw)
            checksum, _, text = _metadata(raw).partition(" ")
            if checksum != _checksum(text, tensors):
                raise ValueError("its checksum does not fit its contents")
            found: object = json.loads(text)
            if not isinstance(found, dict):
                raise ValueError("its metadata is no object")
            return Checkpoint(
                state={name: _part(found["state"][name], tensors) for name in PARTS},
                spec=InputSpec(**found["spec"]),
                history=tuple(EpochRecord(**record) for record in found["history"]),
            )
        except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise UserError(f"{path} is damaged: {one_line(error)}") from error


def _metadata(raw: bytes) -> str:
    """Our text in the header, which is 8 bytes with its length, then JSON."""
    length = int.from_bytes(raw[:8], "little")
    return str(json.loads(raw[8 : 8 + length])["__metadata__"][METADATA])


def _checksum(text: str, tensors: Mapping[str, NDArray[np.generic]]) -> str:
    crc = zlib.crc32(text.encode())
    for name in sorted(tensors):
        array = tensors[name]
        crc = zlib.crc32(f"{name} {array.dtype} {array.shape}".encode(), crc)
        crc = zlib.crc32(array.tobytes(), crc)
    return f"{crc:08x}"


def _pack(value: object, name: str, tensors: dict[str, NDArray[np.generic]]) -> object:
    """JSON for a nested state dict; its tensors go to `tensors` and leave their name behind."""
    if isinstance(value, torch.Tensor):
        tensors[name] = np.array(value.detach().cpu().numpy(), order="C")
        return {"tensor": name}
    if isinstance(value, Mapping):  # as pairs, since the keys of an optimizer's state are numbers
        return {"dict": [[k, _pack(v, f"{name}.{k}", tensors)] for k, v in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_pack(v, f"{name}.{i}", tensors) for i, v in enumerate(value)]}
    if isinstance(value, list):
        return [_pack(v, f"{name}.{i}", tensors) for i, v in enumerate(value)]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"checkpoint: {name} is a {type(value).__name__}, which has no JSON form")


def _part(value: object, tensors: Mapping[str, NDArray[np.generic]]) -> dict[str, object]:
    part = _unpack(value, tensors)
    if not isinstance(part, dict):
        raise TypeError("a part of its state is no object")
    return part


def _unpack(value: object, tensors: Mapping[str, NDArray[np.generic]]) -> object:
    """The state dict that `_pack` took apart."""
    if isinstance(value, list):
        return [_unpack(v, tensors) for v in value]
    if isinstance(value, dict):
        ((kind, content),) = value.items()
        if kind == "tensor":
            return torch.from_numpy(tensors[content].copy())  # what safetensors gives is read-only
        if kind == "tuple":
            return tuple(_unpack(v, tensors) for v in content)
        return {key: _unpack(v, tensors) for key, v in content}
    return value
