"""Checkpoints go both ways between PyTorch and minitorch, in both formats, bit for bit."""

from __future__ import annotations

import io
import struct
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from pickle import UnpicklingError
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

import minitorch
from minitorch import Tensor

torch = pytest.importorskip("torch")
ours = pytest.importorskip("minitorch")  # as untyped as torch: one code for both

pytestmark = pytest.mark.parity


@pytest.fixture(autouse=True)
def _no_kernels() -> Iterator[None]:
    before = minitorch.get_default_device()
    minitorch.set_default_device("numpy")
    yield
    minitorch.set_default_device(before)


class Run(NamedTuple):
    """What a program saves."""

    model: Any
    optimizer: Any
    schedule: Any


MODULES = {
    "linear": lambda t: t.nn.Linear(3, 4),
    "conv": lambda t: t.nn.Conv2d(2, 4, 3, groups=2),
    "transposed": lambda t: t.nn.ConvTranspose1d(2, 3, 2),
    "norm": lambda t: t.nn.Sequential(t.nn.BatchNorm1d(3), t.nn.LayerNorm(3)),
    "lstm": lambda t: t.nn.LSTM(3, 4, num_layers=2, bidirectional=True),
    "embedding": lambda t: t.nn.Embedding(5, 3, padding_idx=0),
    "attention": lambda t: t.nn.TransformerEncoderLayer(4, 2, 8),
    "half": lambda t: t.nn.Linear(3, 4).half(),
    "bfloat16": lambda t: t.nn.Linear(3, 4).bfloat16(),
    "double": lambda t: t.nn.Linear(3, 4).double(),
}
OPTIMIZERS = {
    "momentum": lambda t, p: t.optim.SGD(p, lr=0.1, momentum=0.9),
    "adam": lambda t, p: t.optim.Adam(p, lr=0.1, amsgrad=True),
    "adamw": lambda t, p: t.optim.AdamW([{"params": list(p), "weight_decay": 0.3}], lr=0.1),
    "adagrad": lambda t, p: t.optim.Adagrad(p, lr=0.1),
}
SCHEDULES = {
    "step": lambda t, o: t.optim.lr_scheduler.StepLR(o, 2),
    "milestones": lambda t, o: t.optim.lr_scheduler.MultiStepLR(o, [1, 1, 3]),
    "cosine": lambda t, o: t.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 4),
    "plateau": lambda t, o: t.optim.lr_scheduler.ReduceLROnPlateau(o),
}
DTYPES = (
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
)  # fmt: skip


def bits(x: Any) -> object:
    """A tensor of either library as dtype, shape and bytes; a container as one of those."""
    if isinstance(x, Mapping):
        return {key: bits(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x).__name__, [bits(value) for value in x]
    if isinstance(x, Tensor):
        dense = x.detach().contiguous()
        start = dense.storage_offset()
        memory = dense.storage.host()[start : start + dense.numel()]
        return x.dtype.name, tuple(x.shape), memory.tobytes()
    if torch.is_tensor(x):
        dense = x.detach().contiguous().reshape(-1)
        return str(dense.dtype)[6:], tuple(x.shape), dense.view(torch.uint8).numpy().tobytes()
    return x


def ours_in_torch(saved: Mapping[str, object], path: Path) -> Any:
    minitorch.save(saved, path)
    if path.suffix == ".safetensors":
        return pytest.importorskip("safetensors.torch").load_file(path)
    return torch.load(path, weights_only=True)


def theirs_here(saved: Mapping[str, object], path: Path) -> dict[str, Any]:
    if path.suffix == ".safetensors":
        pytest.importorskip("safetensors.torch").save_file(saved, path)
    else:
        torch.save(saved, path, _use_new_zipfile_serialization=path.suffix == ".pt")
    return minitorch.load(path)


@pytest.mark.parametrize("name", MODULES)
def test_states_of_modules_go_both_ways(name: str, tmp_path: Path) -> None:
    for suffix in (".pt", ".safetensors", ".pth"):
        mine, theirs = (MODULES[name](t) for t in (ours, torch))
        loaded = theirs_here(theirs.state_dict(), tmp_path / f"theirs{suffix}")
        if suffix != ".safetensors":  # the library writes them in an order of its own
            assert list(loaded) == list(theirs.state_dict())
        mine.load_state_dict(loaded, strict=True)
        assert bits(mine.state_dict()) == bits(theirs.state_dict())
        if suffix == ".pth":
            continue  # written in the archive's format anyway
        mine = MODULES[name](ours)
        given = ours_in_torch(mine.state_dict(), tmp_path / f"ours{suffix}")
        assert "matched" in repr(theirs.load_state_dict(given, strict=True))
        assert bits(mine.state_dict()) == bits(theirs.state_dict())


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_and_shapes_go_both_ways(dtype: str, suffix: str, tmp_path: Path) -> None:
    for shape in ((), (0,), (5,), (2, 0, 3), (2, 3, 4)):
        theirs = {"x": torch.randint(0, 2, shape).to(getattr(torch, dtype))}
        loaded = theirs_here(theirs, tmp_path / f"theirs{suffix}")
        assert bits(loaded) == bits(theirs)
        assert bits(ours_in_torch(loaded, tmp_path / f"ours{suffix}")) == bits(theirs)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_runs_go_on_in_the_other_library(optimizer: str, schedule: str, tmp_path: Path) -> None:
    def start(t: ModuleType) -> Run:
        model = t.nn.Linear(3, 2)
        steps = OPTIMIZERS[optimizer](t, model.parameters())
        return Run(model, steps, SCHEDULES[schedule](t, steps))

    def train(t: ModuleType, run: Run) -> tuple[object, ...]:
        for _ in range(3):
            run.optimizer.zero_grad()
            loss = run.model(t.ones(4, 3)).square().mean()
            loss.backward()
            run.optimizer.step()
            run.schedule.step(*([loss.item()] if schedule == "plateau" else []))
        numbers = [p.detach().reshape(-1).tolist() for p in run.model.parameters()]
        return *chain(*numbers), *(group["lr"] for group in run.optimizer.param_groups)

    for one, other, load, path in (
        (torch, ours, minitorch.load, tmp_path / "theirs.pt"),
        (ours, torch, torch.load, tmp_path / "ours.pt"),
        (ours, ours, minitorch.load, tmp_path / "ours.safetensors"),
    ):
        run, resumed = start(one), start(other)
        train(one, run)
        states = {key: part.state_dict() for key, part in run._asdict().items()}
        one.save({**states, "epoch": 3, "best": (0.5, None)}, path)
        loaded = load(path)
        assert (loaded["epoch"], loaded["best"]) == (3, (0.5, None))
        for key, part in resumed._asdict().items():
            part.load_state_dict(loaded[key])
        assert train(one, run) == pytest.approx(train(other, resumed), rel=1e-5, abs=1e-7)


def views(t: ModuleType) -> dict[str, Any]:
    base = t.arange(24.0)
    x = base.reshape(4, 6)
    return {
        "base": base, "t": x.t(), "row": x[1], "part": x[1:3, 2:5], "steps": x[::2, ::3],
        "wide": t.tensor([1.0, 2.0]).unsqueeze(1).expand(2, 3), "none": x[:0],
        "grad": t.ones(2, requires_grad=True), "parameter": t.nn.Parameter(t.ones(2)),
        "frozen": t.nn.Parameter(t.ones(2), requires_grad=False),
    }  # fmt: skip


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_views_stay_views_of_one_memory(suffix: str, tmp_path: Path) -> None:
    theirs = views(torch)
    loaded = theirs_here(theirs, tmp_path / f"theirs{suffix}")
    again = ours_in_torch(loaded, tmp_path / "ours.pt")
    for read, library in ((loaded, ours), (again, torch)):
        assert bits(read) == bits(theirs)
        for key, x in views(library).items():
            y = read[key]
            assert type(y) is type(x)
            assert (y.stride(), y.storage_offset()) == (x.stride(), x.storage_offset())
            assert (y.requires_grad, y.is_leaf) == (x.requires_grad, x.is_leaf)
        read["base"][7] = 70.0
        assert (read["t"][1, 1], read["row"][1]) == (70.0, 70.0)


def values(t: ModuleType) -> dict[str, Any]:
    shared = [1, 2]
    metadata = OrderedDict([("weight", 1)])
    metadata._metadata = {"": {"version": 2}}  # type: ignore[attr-defined]
    return {
        "none": None, "flags": [True, False], "pair": (1, 2.5), "empty": [(), [], {}, set()],
        "integers": [0, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1,
                     2**63, -(2**63), 2**70, -(2**70), 2**2000],
        "floats": [0.5, -0.0, 1e300, float("inf"), 5e-324],
        "text": "ünïcode \n \U0001f600", "long": "x" * 300, "bytes": bytes(range(256)),
        "size": t.Size([2, 3]), "dtypes": [t.float32, t.bfloat16, t.bool, t.int64],
        "device": t.device("cpu"), "set": {1, "a"}, "counter": Counter({3: 1, 5: 2}),
        "keys": {1: 2, 0.5: 3, (1, "a"): 4}, "deep": {"a": {"b": {"c": [1, [2, [3]]]}}},
        "twice": [shared, shared], "ordered": metadata, "many": list(range(3000)),
    }  # fmt: skip


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_values_that_are_no_tensors_go_both_ways(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    torch.save(values(torch), path, pickle_protocol=protocol)
    mine, theirs = values(ours), values(torch)
    found = ours.load(path)
    assert found == mine
    again = ours_in_torch(found, path)
    assert again == theirs
    for read in (found, again):
        assert isinstance(read, dict)
        assert [type(x).__name__.lower() for x in read.values()] == [
            type(x).__name__.lower() for x in mine.values()
        ]
        assert read["twice"][0] is read["twice"][1]
        assert read["ordered"]._metadata == {"": {"version": 2}}


def test_the_order_of_bytes_in_the_file_does_not_matter(tmp_path: Path) -> None:
    x = {name: torch.arange(5).to(getattr(torch, name)) for name in DTYPES}
    torch.save(x, tmp_path / "x.pt")
    with (
        zipfile.ZipFile(tmp_path / "x.pt") as old,
        zipfile.ZipFile(tmp_path / "big.pt", "w") as new,
    ):
        for record in old.namelist():
            content = old.read(record)
            key = record.rpartition("data/")[2]
            if key.isdigit() and record.endswith(f"/data/{key}"):
                size = x[DTYPES[int(key)]].element_size()
                parts = [content[i : i + size][::-1] for i in range(0, len(content), size)]
                content = b"".join(parts)
            new.writestr(record, b"big" if record.endswith("byteorder") else content)
    assert bits(minitorch.load(tmp_path / "big.pt")) == bits(x)
    assert bits(torch.load(tmp_path / "big.pt")) == bits(x)


def test_mapped_files_of_torch(tmp_path: Path) -> None:
    theirs = {"x": torch.arange(1000.0).reshape(10, 100).t(), "y": torch.ones(3, dtype=torch.bool)}
    torch.save(theirs, tmp_path / "x.pt")
    before = (tmp_path / "x.pt").read_bytes()
    loaded = ours.load(tmp_path / "x.pt", mmap=True)
    assert bits(loaded) == bits(theirs)
    loaded["x"].zero_()
    assert (tmp_path / "x.pt").read_bytes() == before
    minitorch.save(minitorch.load(tmp_path / "x.pt"), tmp_path / "ours.pt")
    assert bits(torch.load(tmp_path / "ours.pt", mmap=True)) == bits(theirs)


@pytest.mark.parametrize("limit", [2**31 - 1, 100])
def test_storages_lie_at_multiples_of_64_and_may_be_large(
    limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)  # that of a large file, for a small one
    path = tmp_path / "x.pt"
    minitorch.save({str(i): minitorch.full((10 * i + 1,), float(i)) for i in range(20)}, path)
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        for info in archive.infolist():
            file.seek(info.header_offset + 26)
            starts = info.header_offset + 30 + sum(struct.unpack("<2H", file.read(4)))
            assert starts % 64 == 0
    for mapped in (False, True):
        found = bits(minitorch.load(path, mmap=mapped))
        assert found == bits(torch.load(path, mmap=mapped))


def test_torch_reads_what_is_written_to_an_open_file(tmp_path: Path) -> None:
    with open(tmp_path / "x.pt", "wb") as file:
        minitorch.save({"x": minitorch.ones(2)}, file)
    assert torch.load(tmp_path / "x.pt")["x"].tolist() == [1.0, 1.0]
    stream = io.BytesIO()
    torch.save({"x": torch.ones(2)}, stream)
    stream.seek(0)
    assert bits(minitorch.load(stream)) == bits({"x": torch.ones(2)})


REFUSED: dict[str, tuple[Any, str]] = {
    "model": (lambda: torch.nn.Linear(1, 1), r"torch.nn.modules.linear.Linear; loading it would"),
    "function": (lambda: print, r"builtins.print; loading it would run code"),
    "class": (lambda: torch.nn.Linear, r"torch.nn.modules.linear.Linear"),
    "storage type": (lambda: [torch.FloatStorage], r"torch.FloatStorage as a value"),
    "storage": (lambda: torch.ones(2).untyped_storage(), r"a storage as a value"),
    "complex": (
        lambda: torch.ones(1, dtype=torch.complex64),
        r"torch.ComplexFloatStorage; .*no complex.*view_as_real",
    ),
    "negative": (
        lambda: torch.ones(1, dtype=torch.complex64).conj().imag,
        r"a tensor that is the negative",
    ),
    "sparse": (
        lambda: torch.eye(2).to_sparse(),
        r"torch.*sparse_tensor; .*no sparse tensors: save x.to_dense",
    ),
    "uint16": (lambda: torch.ones(1, dtype=torch.uint16), r"torch.uint16; minitorch has no such"),
    "float8": (lambda: torch.ones(1).to(torch.float8_e5m2), r"torch.float8_e5m2; minitorch has no"),
    "numpy": (lambda: np.float64(1.5), r"numpy.*x.item\(\)"),
    "path": (lambda: Path("x"), r"pathlib.*; loading it would run code"),
    "slice": (lambda: slice(1), r"builtins.slice"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_what_is_not_loaded_is_named(name: str, suffix: str, tmp_path: Path) -> None:
    make, message = REFUSED[name]
    with pytest.raises(UnpicklingError, match=rf"load: '.*theirs{suffix}' holds {message}"):
        theirs_here({"a": [make()]}, tmp_path / f"theirs{suffix}")


def test_single_tensors_are_refused(tmp_path: Path) -> None:
    torch.save(torch.ones(2), tmp_path / "x.pt")
    with pytest.raises(UnpicklingError, match="no dictionary, but a value of type minitorch"):
        minitorch.load(tmp_path / "x.pt")


def test_attributes_of_tensors_are_kept(tmp_path: Path) -> None:
    x = torch.ones(2)
    x.note = "mine"
    loaded = theirs_here({"x": x}, tmp_path / "x.pt")
    assert getattr(loaded["x"], "note") == "mine"  # noqa: B009
    x.storage = 3
    with pytest.raises(UnpicklingError, match="a tensor's attribute 'storage'"):
        theirs_here({"x": x}, tmp_path / "x.pt")
