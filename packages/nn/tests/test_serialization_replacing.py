"""A checkpoint is replaced whole or not at all, whatever happens to its writer.

`MINITORCH_KILLS=200 pytest packages/nn/tests/test_serialization_replacing.py` kills more writers.
"""

from __future__ import annotations

import os
import random
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import minitorch as torch

KILLS = int(os.environ.get("MINITORCH_KILLS", "4"))
posix = pytest.mark.skipif(sys.platform == "win32", reason="what it needs is not on Windows")

WRITER = """
import sys, minitorch as torch
path, step = sys.argv[1], int(sys.argv[2])
while True:
    step += 1
    x = torch.full((3, 50_000), float(step), device="numpy")
    torch.save({"x": x, "half": x[:1].half(), "step": step}, path)
    print(step, flush=True)
"""


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.endswith(".tmp")]


@posix
@pytest.mark.parametrize("name", ["run.pt", "run.safetensors"])
def test_a_writer_that_is_killed_leaves_a_whole_checkpoint(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    draw = random.Random(name)
    step, most = 0, 0
    for _ in range(max(1, KILLS // 2)):
        command = [sys.executable, "-c", WRITER, str(path), str(step)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert int(writer.stdout.readline()) == step + 1  # it has begun
            time.sleep(draw.random() * 0.05)
            writer.kill()
            printed = [int(line) for line in writer.stdout if line.endswith("\n")]
        loaded = torch.load(path, "numpy")
        found = loaded["step"]
        assert isinstance(found, int)
        assert found in (max([step + 1, *printed]), max([step + 1, *printed]) + 1)
        step = found
        for key, shape in (("x", (3, 50_000)), ("half", (1, 50_000))):
            x = loaded[key]
            assert isinstance(x, torch.Tensor)
            assert x.shape == shape
            assert bool((x == float(torch.tensor(float(step)).to(x.dtype).item())).all())
        most = max(most, len(leftovers(tmp_path)))
    assert most <= 1  # each writer removed what the one before it had left
    torch.save({}, path)
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_only_files_of_dead_writers_of_the_same_name_are_removed(tmp_path: Path) -> None:
    import fcntl

    path = tmp_path / "run.pt"
    dead, alive, other, longer, near, link, folder = (
        tmp_path / name
        for name in (
            ".run.pt.0123456789abcdef.tmp", ".run.pt.aaaaaaaaaaaaaaaa.tmp",
            ".run.pth.0123456789abcdef.tmp", ".run.pt.pt.0123456789abcdef.tmp", ".run.pt.tmp",
            ".run.pt.bbbbbbbbbbbbbbbb.tmp", ".run.pt.cccccccccccccccc.tmp",
        )
    )  # fmt: skip
    for file in (dead, alive, other, longer, near):
        file.write_bytes(b"a part")
    link.symlink_to(other)
    folder.mkdir()
    with open(alive, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        torch.save({"a": 1}, path)
        assert {*tmp_path.iterdir()} == {path, alive, other, longer, near, link, folder}
    torch.save({"a": 1}, path)
    assert not alive.exists()


def test_many_writers_of_one_name_do_not_disturb_one_another(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    errors: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for _ in range(20):
                torch.save({"x": torch.full((100,), float(number), device="numpy")}, path)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert list(tmp_path.iterdir()) == [path]
    assert list(torch.load(path)) == ["x"]


@posix
def test_a_disk_that_is_full_leaves_the_old_file(tmp_path: Path) -> None:
    code = (
        "import resource, sys, minitorch as torch\n"
        "for name in sys.argv[1:]: torch.save({'step': 1}, name)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "for name in sys.argv[1:]:\n"
        "    try: torch.save({'x': torch.zeros(100_000, device='numpy')}, name)\n"
        "    except OSError as error: print(error.strerror, torch.load(name))\n"
    )
    names = [str(tmp_path / name) for name in ("run.pt", "run.safetensors")]
    run = subprocess.run(
        [sys.executable, "-c", code, *names], capture_output=True, text=True, check=True
    )
    assert run.stdout == "File too large {'step': 1}\n" * 2
    assert sorted(map(str, tmp_path.iterdir())) == names


@posix
def test_rights_and_links_are_kept(tmp_path: Path) -> None:
    path, link, broken = tmp_path / "x.pt", tmp_path / "link.pt", tmp_path / "broken.pt"
    torch.save({"a": 1}, path)
    path.chmod(0o600)
    link.symlink_to("x.pt")
    torch.save({"a": 2}, link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert torch.load(path) == {"a": 2}
    broken.symlink_to("later.pt")
    torch.save({"a": 3}, broken)
    assert torch.load(tmp_path / "later.pt") == {"a": 3}


def test_a_protected_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.pt"
    torch.save({"a": 1}, path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everything
    with pytest.raises(
        PermissionError, match=r"save: the file is protected from writing: '.*x.pt'"
    ):
        torch.save({"a": 2}, path)
    assert torch.load(path) == {"a": 1}
    assert leftovers(tmp_path) == []


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "x.pt").mkdir()
    with pytest.raises(OSError, match=r"x\.pt"):
        torch.save({}, tmp_path / "x.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["x.pt"]


@posix
@pytest.mark.parametrize("name", ["x.pt", "x.safetensors"])
def test_a_pipe_is_written_not_replaced(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    os.mkfifo(path)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()), daemon=True)
    reader.start()
    torch.save({"a": torch.ones(3, device="numpy")}, path)
    reader.join(10)
    assert stat.S_ISFIFO(path.stat().st_mode)
    (tmp_path / "copy").write_bytes(received[0])
    x = torch.load(tmp_path / "copy")["a"]
    assert isinstance(x, torch.Tensor)
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_the_longest_name_can_be_saved(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 120 + "x" * 12 + ".pt")  # 255 bytes, all that a file system allows
    torch.save({"a": 1}, path)
    assert torch.load(path) == {"a": 1}


def test_an_interruption_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.pt"
    torch.save({"a": 1}, path)

    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        torch.save({"a": 2}, path)
    assert list(tmp_path.iterdir()) == [path]
    assert torch.load(path) == {"a": 1}
