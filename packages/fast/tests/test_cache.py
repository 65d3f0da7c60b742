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
from minitorch_tensor import float32

TEXT = '''"""A kernel."""
from numba import njit
@njit(cache=True)
def kernel(OUT, n):
    for i in range(n):
        OUT[i] = {value}
'''
SIGNATURE = "void(float32[::1], int64)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache."""
    path = tmp_path / "kernels"
    monkeypatch.setenv(cache.VARIABLE, str(path))
    cache.folder.cache_clear()
    yield path
    cache.folder.cache_clear()


def result(text: str) -> float:
    out = np.zeros(2, np.float32)
    cache.load("fill", text, SIGNATURE)(out, 2)
    return float(out[1])


def machine_code(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").glob("*.nb?"))


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


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize(
    "garbage", [b"", b"garbage", b"\x80\x04K\x01.", b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff"]
)
def test_broken_machine_code_is_thrown_away(folder: Path, suffix: str, garbage: bytes) -> None:
    text = TEXT.format(value=5.0)
    assert result(text) == 5.0
    for path in machine_code(folder):
        if path.suffix == suffix:
            path.write_bytes(garbage)
    assert result(text) == 5.0
    assert result(text) == 5.0


def test_garbage_beside_the_files_does_no_harm(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / "fill_0000.py").write_text("1 / 0")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "fill_0000.kernel-4.py311.nbi").write_bytes(b"\0")
    assert result(TEXT.format(value=6.0)) == 6.0


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
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    with pytest.warns(RuntimeWarning, match="it belongs to user"):
        assert cache.folder() != folder


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
    monkeypatch.setenv(cache.VARIABLE, "~/somewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache._wanted() == tmp_path / "somewhere"
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache._wanted() == tmp_path / "xdg" / "minitorch"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache._wanted() == tmp_path / ".cache" / "minitorch"


def test_a_slow_compilation_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cache, "SLOW", 0.0)
    with caplog.at_level(logging.INFO, "minitorch"):
        result(TEXT.format(value=9.0))
    assert "compiled fill in" in caplog.text


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
    processes = [subprocess.Popen([sys.executable, "-c", SCRIPT]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert not list(folder.glob("*.tmp"))


def test_the_next_process_compiles_nothing(folder: Path) -> None:
    begin = "import logging; logging.basicConfig(level='INFO')"
    script = f"{begin}\nimport minitorch_fast.cache as c; c.SLOW = 0.03\n{SCRIPT}"
    runs = [
        subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True
        ).stderr
        for _ in range(2)
    ]
    assert "compiled add_float32" in runs[0]
    assert "compiled mul_float32" not in runs[1]


def test_importing_does_not_import_numba() -> None:
    script = "import minitorch_fast, sys; assert not {'numba', 'llvmlite'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_name_without_a_definition_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from minitorch_fast import templates

    with pytest.raises(TypeError, match="no function `gamma` for float32 kernels"):
        templates.definition("gamma", "float32")
    assert add.fn is not mul.fn
