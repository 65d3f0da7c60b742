"""Runs own their folder, files are replaced as a whole, settings are checked when read."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from minitorch_classifier import runs
from minitorch_classifier.errors import UserError
from minitorch_classifier.files import write_atomically
from minitorch_classifier.settings import Settings


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"first", b"second"):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_gets_the_rights_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_atomically(tmp_path / "atomic", b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(UserError, match=r"cannot write .*file: No space left on device"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_process_killed_while_it_writes_leaves_the_old_file(tmp_path: Path, step: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from minitorch_classifier.files import write_atomically\n"
        f"os.{step} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_atomically(Path(sys.argv[1]), b'new')\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"


def test_the_names_of_new_runs_count_on(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "runs"
    assert runs.claim(folder, None, "digits-mlp").name == "digits-mlp-001"
    assert runs.claim(folder, "digits-mlp-007", "digits-mlp").name == "digits-mlp-007"
    assert runs.claim(folder, None, "digits-mlp").name == "digits-mlp-008"
    assert runs.claim(folder, None, "digits").name == "digits-001"


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc", "-x", ".hidden", "a b", "a\n"])
def test_a_name_that_is_no_plain_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"use letters, digits"):
        runs.claim(tmp_path, name, "x")
    assert not os.listdir(tmp_path)


def test_a_taken_name_is_refused(tmp_path: Path) -> None:
    runs.claim(tmp_path, "mine", "x")
    with pytest.raises(
        UserError, match=r"mine exists already: .* or go on with it by --resume mine"
    ):
        runs.claim(tmp_path, "mine", "x")


def test_a_file_in_the_place_of_the_folder_of_runs_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "runs"
    place.write_bytes(b"mine")
    for folder in (place, place / "deeper"):
        with pytest.raises(UserError, match=r"cannot make the folder .*runs"):
            runs.claim(folder, None, "x")
    assert place.read_bytes() == b"mine"


def test_a_run_is_found_by_its_name_or_its_path(tmp_path: Path) -> None:
    folder = runs.claim(tmp_path, "mine", "x")
    Settings().save(folder)
    assert runs.find(tmp_path, "mine") == folder
    assert runs.find(tmp_path / "elsewhere", str(folder)) == folder
    with pytest.raises(UserError, match=r"no run 'yours'; there are: mine"):
        runs.find(tmp_path, "yours")
    with pytest.raises(UserError, match=r"no run 'mine'; .*elsewhere has none; train one first"):
        runs.find(tmp_path / "elsewhere", "mine")


def test_an_abandoned_folder_keeps_what_others_put_there(tmp_path: Path) -> None:
    for name, files in (("empty", []), ("used", ["notes.txt"])):
        folder = runs.claim(tmp_path, name, "x")
        Settings().save(folder)
        for file in files:
            (folder / file).write_bytes(b"")
        runs.abandon(folder)
    assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")] == ["used", "used/notes.txt"]


def test_settings_come_back_as_they_were(tmp_path: Path) -> None:
    settings = Settings("mnist", "data", "mlp", "adam", 0.1, 7, 9, 2**32 - 1, "numpy", 5)
    settings.save(tmp_path)
    assert Settings.load(tmp_path) == settings


def test_settings_of_before_there_were_samples_are_read(tmp_path: Path) -> None:
    Settings().save(tmp_path)
    path = tmp_path / "settings.json"
    found = json.loads(path.read_text())
    del found["samples"]
    path.write_text(json.dumps(found))
    assert Settings.load(tmp_path) == Settings()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"epochs": "many"}, "epochs must be an integer, got 'many'"),
        ({"epochs": True}, "epochs must be an integer, got True"),
        ({"batch_size": -1}, "batch size must be at least 1, got -1"),
        ({"lr": float("nan")}, "lr must be a positive number, got nan"),
        ({"lr": float("inf")}, "lr must be a positive number, got inf"),
        ({"lr": 0}, "lr must be a positive number, got 0"),
        ({"lr": None}, "lr must be an integer, got None"),
        ({"seed": -1}, "seed must be from 0 to 4294967295, got -1"),
        ({"model": "vgg"}, "no model 'vgg'"),
        ({"model": 1}, "model must be a text, got 1"),
        ({"optimizer": "lion"}, "no optimizer 'lion'; there are: sgd, adam, adamw"),
        ({"samples": 0}, "samples must be at least 1, got 0"),
        ({"samples": "all"}, "samples must be an integer, got 'all'"),
        ({"extra": 1}, "missing or unknown: extra"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    Settings().save(tmp_path)
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError, match=rf"settings.json is damaged: .*{message}"):
        Settings.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null", b"{}", b"[" * 100_000])
def test_settings_that_are_no_settings_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "settings.json").write_bytes(content)
    with pytest.raises(UserError, match=r"settings.json is damaged"):
        Settings.load(tmp_path)
