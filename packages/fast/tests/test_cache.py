"""Kernel files: where they lie, what is in them, and what happens if someone else was there."""

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from minitorch_fast import cache, kernels
from minitorch_operators import ALL, add, mul
from minitorch_tensor import float32, kernel_folder

TEXT = '''"""A kernel."""
from numba import njit
@njit()
def kernel(OUT, n):
    for i in range(n):
        OUT[i] = {value}
'''
SIGNATURE = "void(float32[::1], int64)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache."""
    path = tmp_path / "kernels"
    monkeypatch.setenv(kernel_folder.VARIABLE, str(path))
    forget()
    yield path
    forget()


def forget() -> None:
    """As a new process would."""
    kernel_folder.folder.cache_clear()
    kernel_folder.folders.cache_clear()


def result(text: str) -> float:
    out = np.zeros(2, np.float32)
    cache.load("fill", text, SIGNATURE)(out, 2)
    return float(out[1])


def machine_code(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.code"))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the kernels that are compiled, not loaded."""
    names: list[str] = []
    monkeypatch.setattr(cache, "_told", lambda name, seconds: names.append(name))
    return names


def test_the_folder_is_made_for_the_user_alone(folder: Path) -> None:
    assert result(TEXT.format(value=3.0)) == 3.0
    assert cache.folder() == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert machine_code(folder)


def test_another_text_is_another_file(folder: Path) -> None:
    assert result(TEXT.format(value=3.0)) == 3.0
    assert result(TEXT.format(value=4.0)) == 4.0
    assert len(list(folder.glob("fill_*.py"))) == 2


def test_a_file_is_what_its_name_says_or_is_written_again(folder: Path) -> None:
    text = TEXT.format(value=3.0)
    assert result(text) == 3.0
    path = cache.path_of("fill", text)
    path.write_text("raise SystemExit('not this')")
    assert result(text) == 3.0
    assert path.read_text() == text


def test_machine_code_is_loaded_the_second_time(folder: Path, made: list[str]) -> None:
    text = TEXT.format(value=5.0)
    assert result(text) == 5.0
    assert result(text) == 5.0
    assert made == ["fill"]


@pytest.mark.parametrize(
    "garbage", [b"", b"garbage", b"\x80\x04K\x01.", b"\x80\x04\x95" + b"\xff" * 8, b"\0" * 5000]
)
def test_broken_machine_code_is_thrown_away(folder: Path, made: list[str], garbage: bytes) -> None:
    text = TEXT.format(value=5.0)
    assert result(text) == 5.0
    (path,) = machine_code(folder)
    sound = path.read_bytes()
    kept = cache.path_of("fill", text)
    signed = kernel_folder.seal(
        cache._named(kept, SIGNATURE), garbage
    )  # whole, but not what Numba wrote
    for data in (garbage, sound[:-1], sound[:40] + garbage + b"x" + sound[40:], signed):
        path.write_bytes(data)
        made.clear()
        assert result(text) == 5.0
        assert made == ["fill"]
        assert path.read_bytes() != data


def test_machine_code_of_another_kernel_is_not_run(folder: Path, made: list[str]) -> None:
    one, two = TEXT.format(value=1.0), TEXT.format(value=2.0)
    assert result(one) == 1.0
    assert result(two) == 2.0
    first, second = machine_code(folder)
    first.write_bytes(second.read_bytes())
    assert result(one) == 1.0
    assert result(two) == 2.0
    assert made == ["fill"] * 3


def test_garbage_beside_the_files_does_no_harm(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / "fill_0000.py").write_text("1 / 0")
    (folder / "fill_0000.code").write_bytes(b"\0")
    text = TEXT.format(value=6.0)
    path = cache.path_of("fill", text)
    path.write_bytes(b"\xff\xfe")
    path.with_suffix(".code").mkdir()
    assert result(text) == 6.0
    assert path.read_text() == text


def test_numbas_own_cache_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = folder.parent / "elsewhere"
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(elsewhere))
    assert result(TEXT.format(value=6.5)) == 6.5
    assert len(machine_code(folder)) == 1
    assert not elsewhere.exists()


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_can_write_to_is_refused(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    with pytest.warns(RuntimeWarning, match=r"others can write to it \(mode 77"):
        used = cache.folder()
    assert used != folder
    assert stat.S_IMODE(used.stat().st_mode) == 0o700
    assert result(TEXT.format(value=7.0)) == 7.0
    assert not list(folder.iterdir())


def test_a_folder_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(mode=0o700)
    if os.getuid() == 0:
        os.chown(folder, 4321, 4321)
    else:
        monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    with pytest.warns(RuntimeWarning, match="it belongs to user"):
        assert cache.folder() != folder


def test_a_folder_that_can_only_be_read_serves(
    folder: Path, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = TEXT.format(value=7.5), TEXT.format(value=7.25)
    assert result(old) == 7.5
    forget()
    monkeypatch.setattr(kernel_folder, "closed", lambda path: "it is not writable")
    with pytest.warns(RuntimeWarning, match="cannot be kept in .*: it is not writable"):
        assert cache.folder() != folder
    made.clear()
    assert result(old) == 7.5
    assert made == []
    assert result(new) == 7.25
    assert made == ["fill"]
    assert len(machine_code(folder)) == 1
    assert len(machine_code(cache.folder())) == 1


def test_a_file_in_place_of_the_folder(folder: Path) -> None:
    folder.write_text("")
    with pytest.warns(RuntimeWarning, match="compiled kernels cannot be kept in"):
        assert cache.folder() != folder


def test_a_folder_that_cannot_be_written_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.warns(RuntimeWarning, match="Read-only file system"):
        used = cache.folder()
    assert used != folder
    assert result(TEXT.format(value=8.0)) == 8.0


def test_where_the_folder_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kernel_folder.VARIABLE, "~/somewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert kernel_folder.wanted() == tmp_path / "somewhere"
    monkeypatch.delenv(kernel_folder.VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert kernel_folder.wanted() == tmp_path / "xdg" / "minitorch"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert kernel_folder.wanted() == tmp_path / ".cache" / "minitorch"


def test_slow_compilation_is_told_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cache, "SLOW", 0.0)
    monkeypatch.setattr(cache._Spent, "told", False)
    with caplog.at_level(logging.WARNING, "minitorch"):
        result(TEXT.format(value=9.0))
        result(TEXT.format(value=9.5))
    assert caplog.text.count("compiling kernels for this processor") == 1
    assert str(folder) in caplog.text
    with caplog.at_level(logging.INFO, "minitorch"):
        result(TEXT.format(value=9.75))
    assert "compiled fill in" in caplog.text


def test_a_user_sees_it(folder: Path) -> None:
    script = "import minitorch_fast.cache as c; c.SLOW = 0.0\n" + SCRIPT
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert run.stderr.count("compiling kernels for this processor") == 1
    assert run.stdout == ""


def test_a_kernel_file_says_what_it_is(folder: Path) -> None:
    name, text, _ = kernels.source(ALL["silu"].fn, float32, float32, [float32], "flat_v")
    assert name == "silu_float32_flat_v"
    assert text.startswith('"""minitorch_operators.smooth: _silu(x,) at float32')
    assert "# exp" in text


SCRIPT = """
import minitorch_tensor, minitorch_fast, sys
x = minitorch_tensor.arange(10.0)
assert ((x + x) * x).tolist() == [2.0 * i * i for i in range(10)]
"""


def test_several_processes_may_start_with_an_empty_folder(folder: Path) -> None:
    script = "import logging; logging.basicConfig(level='INFO')\n"
    script += "import minitorch_fast.cache as c; c.SLOW = 0.0\n" + SCRIPT
    processes = [
        subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = "".join(process.communicate()[1] for process in processes)
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert not list(folder.glob("*.tmp"))
    assert told.count("compiled add_float32") == told.count("compiled mul_float32") == 1


def test_a_file_that_another_process_has_just_made_and_locked_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock belongs to the file: who came second would lock a file of its own, and compile."""
    path = folder / "kernel.py"
    folder.mkdir(exist_ok=True)
    path.write_text("text")
    theirs = path.stat().st_ino
    monkeypatch.setattr(Path, "exists", lambda self: False)  # it looked a moment too early
    cache._write(path, "text")
    assert path.stat().st_ino == theirs
    cache._write(path, "another text")
    assert path.read_text() == "another text"
    assert not list(folder.glob("*.tmp"))


def test_a_process_that_hangs_is_not_waited_for_for_ever(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(kernel_folder, "PATIENCE", 0.05)
    text = TEXT.format(value=11.0)
    path = cache.path_of("fill", text)
    path.write_text(text)
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert result(text) == 11.0


def test_importing_does_not_import_numba() -> None:
    script = "import minitorch_fast, sys; assert not {'numba', 'llvmlite'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_name_without_a_definition_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from minitorch_fast import templates

    with pytest.raises(TypeError, match="no function `gamma` for float32 kernels"):
        templates.definition("gamma", "float32")
    assert add.fn is not mul.fn
