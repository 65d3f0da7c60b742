"""Damaged at random, a file loads as a dictionary or fails with the documented error, cheaply.

`MINITORCH_FUZZ=100000 pytest packages/nn/tests/test_serialization_fuzz.py` damages more of them.
"""

from __future__ import annotations

import io
import os
import pickle
import random
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import minitorch as torch

COUNT = int(os.environ.get("MINITORCH_FUZZ", "100"))
SEED = os.environ.get("MINITORCH_FUZZ_SEED", "1")
FORMATS = [".pt", ".pickle", ".stream", ".safetensors"]
INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, *b"PKcRQbq\x8a\x8c(.tu}])")


def example() -> dict[str, object]:
    base = torch.arange(12.0, device="numpy").reshape(3, 4)
    return {
        "view": base.t(), "row": base[1], "half": base.half(), "brain": base.bfloat16(),
        "mask": base > 3, "parameter": torch.nn.Parameter(base.clone()),
        "rest": [1, (2.5, None), {"a": "text", 3: True}], "empty": torch.zeros(0, device="numpy"),
    }  # fmt: skip


def stream_of(archive: bytes) -> bytes:
    """The file that PyTorch before 1.6 would have written instead of an archive."""
    with zipfile.ZipFile(io.BytesIO(archive)) as records:
        prefix = "archive/"
        program = records.read(f"{prefix}data.pkl")
        found = sorted(n for n in records.namelist() if n.startswith(f"{prefix}data/"))
        contents = {name.rpartition("/")[2]: records.read(name) for name in found}
    sizes: dict[str, int] = {}

    class Look(pickle.Unpickler):
        """Only asks how many elements each storage has."""

        def find_class(self, module: str, name: str) -> object:
            return lambda *arguments: None

        def persistent_load(self, identity: tuple[object, ...]) -> None:
            sizes[str(identity[2])] = int(str(identity[4]))

    Look(io.BytesIO(program)).load()
    head = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    parts = [pickle.dumps(value, 2) for value in head]
    parts += [program, pickle.dumps([*sizes], 2)]
    parts += [n.to_bytes(8, "little") + contents[key] for key, n in sizes.items()]
    return b"".join(parts)


def with_program(archive: bytes, program: bytes) -> bytes:
    """The archive with another pickle, and right checksums."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(stream, "w") as new,
    ):
        for name in old.namelist():
            new.writestr(name, program if name.endswith("data.pkl") else old.read(name))
    return stream.getvalue()


def program_of(archive: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as records:
        return records.read("archive/data.pkl")


def damaged(content: bytes, draw: random.Random) -> bytes:
    """The content with a few bytes changed, a part cut out, doubled, or the end cut off."""
    kind = draw.randrange(6)
    at = draw.randrange(len(content))
    if kind == 0:
        return content[:at]
    end = min(len(content), at + draw.randrange(1, 40))
    if kind == 1:
        return content[:at] + content[end:]
    if kind == 2:
        return content[:end] + content[at:]
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 5))):
        place = draw.randrange(len(content))
        changed[place] = (
            draw.choice(INTERESTING)
            if draw.random() < 0.5
            else changed[place] ^ 1 << draw.randrange(8)
        )
    return bytes(changed)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_damaged_file_loads_or_says_so(kind: str, tmp_path: Path) -> None:
    path = tmp_path / ("x.safetensors" if kind == ".safetensors" else "x.pt")
    torch.save(example(), path)
    content = path.read_bytes()
    build: Callable[[bytes], bytes] = bytes
    if kind == ".stream":
        content = stream_of(content)
    if kind == ".pickle":  # the checksum would find any damage
        archive, content = content, program_of(content)

        def build(program: bytes) -> bytes:
            return with_program(archive, program)

    path.write_bytes(build(content))
    whole = torch.load(path, "numpy")
    assert list(whole) == list(example())
    assert kind == ".safetensors" or repr(whole) == repr(example())
    draw = random.Random(f"{kind} {SEED}")
    outcomes = {"loaded": 0, "damaged": 0, "refused": 0}
    tracemalloc.start()
    try:
        for number in range(COUNT):
            broken = build(damaged(content, draw))
            path.write_bytes(broken)
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            mapped = number % 4 == 0 and kind != ".stream"
            try:
                found = torch.load(path, "numpy", mmap=mapped)
                assert isinstance(found, dict)
                for x in found.values():  # an expanded tensor takes no memory until it is read
                    if isinstance(x, torch.Tensor) and x.numel() < 1e4:
                        x.clone().add_(x)
                outcomes["loaded"] += 1
            except pickle.UnpicklingError as error:
                assert str(error).startswith("load: ")  # noqa: PT017
                outcomes["refused"] += 1
            except RuntimeError as error:
                assert "cannot be read as" in str(error)  # noqa: PT017
                outcomes["damaged"] += 1
            assert tracemalloc.get_traced_memory()[1] - before < 3e6, number
    finally:
        tracemalloc.stop()
    assert outcomes["damaged"] > COUNT // 20, outcomes
