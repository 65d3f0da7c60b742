"""Saving and loading: everything comes back, and nothing is lost when something goes wrong."""

import io
import math
import os
import stat
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn, optim

KINDS = [
    torch.float32,
    torch.float64,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
]


@pytest.mark.parametrize("dtype", KINDS, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 4)], ids=str)
def test_tensors_come_back(tmp_path: Path, dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    x = torch.randint(0, 2, shape).to(dtype)
    torch.save({"x": x}, tmp_path / "x.safetensors")
    y = torch.load(tmp_path / "x.safetensors")["x"]
    assert torch.is_tensor(y)
    assert y.dtype is dtype
    assert y.shape == shape
    assert y.tolist() == x.tolist()
    assert not y.requires_grad


def test_a_view_comes_back_dense(tmp_path: Path) -> None:
    x = torch.arange(12.0).reshape(3, 4)
    torch.save({"t": x.t(), "row": x[1], "wide": x[:1].expand(2, 4)}, tmp_path / "x")
    loaded = torch.load(tmp_path / "x")
    for name, view in (("t", x.t()), ("row", x[1]), ("wide", x[:1].expand(2, 4))):
        y = loaded[name]
        assert torch.is_tensor(y)
        assert y.tolist() == view.tolist()
        assert y.is_contiguous()


def test_a_model_comes_back(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    torch.save(model.state_dict(), tmp_path / "model.safetensors")
    twin = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    state = torch.load(tmp_path / "model.safetensors")
    assert list(state) == list(model.state_dict())
    twin.load_state_dict(state)
    for key, value in model.state_dict().items():
        assert twin.state_dict()[key].tolist() == value.tolist()


def test_a_state_dict_is_a_plain_file_of_safetensors(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    model = nn.Linear(2, 1)
    torch.save(model.state_dict(), tmp_path / "model.safetensors")
    arrays = load_file(tmp_path / "model.safetensors")
    assert sorted(arrays) == ["bias", "weight"]
    assert arrays["weight"].tolist() == model.weight.tolist()


def test_files_of_others_are_read(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"a": np.ones((2, 2), dtype=np.float32)}, tmp_path / "a", {"format": "np"})
    loaded = torch.load(tmp_path / "a")
    assert attrgetter("tolist")(loaded["a"])() == [[1.0, 1.0], [1.0, 1.0]]


def test_a_whole_run_comes_back(tmp_path: Path) -> None:
    def train(
        model: nn.Linear, optimizer: optim.Optimizer, schedule: optim.lr_scheduler.StepLR
    ) -> None:
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.ones(4, 2)).square().sum().backward()
            optimizer.step()
            schedule.step()

    def build() -> tuple[nn.Linear, optim.AdamW, optim.lr_scheduler.StepLR]:
        model = nn.Linear(2, 1)
        optimizer = optim.AdamW(model.parameters(), lr=0.1, amsgrad=True)
        return model, optimizer, optim.lr_scheduler.StepLR(optimizer, 2)

    model, optimizer, schedule = build()
    train(model, optimizer, schedule)
    checkpoint = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "epoch": 3,
    }
    torch.save(checkpoint, tmp_path / "run")
    twin, other, resumed = build()
    loaded = torch.load(tmp_path / "run")
    twin.load_state_dict(loaded["model"])
    other.load_state_dict(loaded["optimizer"])
    resumed.load_state_dict(loaded["schedule"])
    assert loaded["epoch"] == 3
    assert other.param_groups[0]["betas"] == (0.9, 0.999)
    train(model, optimizer, schedule)
    train(twin, other, resumed)
    assert twin.weight.tolist() == model.weight.tolist()
    assert resumed.get_last_lr() == schedule.get_last_lr()


def test_everything_around_tensors_comes_back(tmp_path: Path) -> None:
    tree: dict[str, object] = {
        "none": None,
        "flags": [True, False],
        "pair": (1, 2.5),
        "nested": {"a": {"b": [(), [], {}]}, "tensor": "not one"},
        "large": 2**70,
        "text": "ünïcode \n",
        "infinite": [math.inf, -math.inf],
        "": 1,
        "__metadata__": 2,
        "number": 1e-300,
    }
    torch.save(tree, tmp_path / "tree")
    assert torch.load(tmp_path / "tree") == tree
    torch.save(
        {"nan": math.nan, "keys": {3: 1, 0.5: 2}, "numpy": np.float32(0.5)}, tmp_path / "tree"
    )
    loaded = torch.load(tmp_path / "tree")
    assert math.isnan(float(str(loaded["nan"])))
    assert loaded["keys"] == {3: 1, 0.5: 2}
    assert loaded["numpy"] == 0.5


def test_names_that_collide_are_kept_apart(tmp_path: Path) -> None:
    one, two, three = (torch.tensor(float(i)) for i in range(3))
    tree = {"a.b": one, "a": {"b": two}, "__metadata__": three, "": one}
    torch.save(tree, tmp_path / "x")
    loaded = torch.load(tmp_path / "x")
    assert repr(loaded) == repr(tree)
    assert loaded[""] is loaded["a.b"]


def test_map_location_says_where(tmp_path: Path) -> None:
    torch.save({"x": torch.ones(2, device="numpy")}, tmp_path / "x")
    for place in (None, "cpu", "numpy"):
        x = torch.load(tmp_path / "x", map_location=place, weights_only=True)["x"]
        assert torch.is_tensor(x)
        assert x.device.type == (place or "cpu")


def test_open_files_work_too() -> None:
    stream = io.BytesIO()
    torch.save({"x": torch.ones(2)}, stream)
    stream.seek(0)
    assert list(torch.load(stream)) == ["x"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"a": {"b": [object()]}},
            r"cannot save a value of type object at 'a.b.0'.*state_dict\(\)",
        ),
        ({"model": nn.Linear(1, 1)}, r"cannot save a value of type .*Linear at 'model'"),
        ({("a", "b"): 1}, r"cannot save the key \('a', 'b'\) of type tuple at the top"),
        ([1, 2], r"expected a dictionary, but got list"),
        (torch.ones(1), r"expected a dictionary, but got minitorch.Tensor"),
    ],
)
def test_what_cannot_be_saved_is_named_and_nothing_is_written(
    tmp_path: Path, value: object, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        attrgetter("save")(torch)(value, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_dictionary_that_contains_itself_is_refused(tmp_path: Path) -> None:
    loop: dict[str, object] = {}
    loop["a"] = {"b": loop}
    with pytest.raises(ValueError, match=r"the value at a.b contains itself"):
        torch.save(loop, tmp_path / "x")


@pytest.mark.parametrize("name", ["x.pt", "x.safetensors"])
def test_what_is_nested_too_deeply_is_refused(name: str, tmp_path: Path) -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="the dictionary is nested too deeply"):
        torch.save({"a": deep}, tmp_path / name)


def test_an_old_file_survives_a_failed_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    torch.save({"x": torch.ones(2)}, path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        torch.save({"x": torch.zeros(1000)}, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"does not exist; make it first: '.*/missing'"):
        torch.save({}, tmp_path / "missing" / "x")
    with pytest.raises(FileNotFoundError, match="missing"):
        torch.load(tmp_path / "missing")


def test_a_saved_file_has_the_usual_rights_and_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "x", tmp_path / "link"
    (tmp_path / "plain").touch()
    torch.save({}, path)
    usual = stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == usual
    link.symlink_to(path)
    torch.save({"a": 1}, link)
    assert link.is_symlink()
    assert torch.load(path) == {"a": 1}


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "header", "tree", "pickle"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "run.safetensors"
    torch.save({"x": torch.ones(100), "y": [1, 2]}, path)
    content = path.read_bytes()
    damaged = {
        "cut": content[:-8],
        "empty": b"",
        "text": b"this is a text, not a file of tensors",
        "header": b"\xff" * 8 + content[8:],
        "tree": content.replace(b"tensor", b"tensoR"),
        "pickle": b"PK\x03\x04" + b"\0" * 100,
    }[damage]
    path.write_bytes(damaged)
    with pytest.raises(
        RuntimeError, match=r"load: '.*run.safetensors' cannot be read as (safetensors|a file of P)"
    ):
        torch.load(path)
    assert path.read_bytes() == damaged


def test_every_cut_and_flip_is_an_error_or_a_dictionary(tmp_path: Path) -> None:
    path = tmp_path / "x"
    torch.save({"x": torch.ones(2), "y": [1, (2.5, None)]}, path)
    content = path.read_bytes()
    for i in range(len(content)):
        for damaged in (content[:i], content[:i] + bytes([content[i] ^ 4]) + content[i + 1 :]):
            path.write_bytes(damaged)
            try:
                assert isinstance(torch.load(path), dict)
            except RuntimeError as error:
                assert "load: " in str(error)  # noqa: PT017
