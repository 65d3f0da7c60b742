"""Kernel files: where they lie, and how they become functions.

A kernel's source is text, and its file is named by the hash of that text. So the folder needs no
bookkeeping: a file that exists is the right one, several processes may write it at once, and
nothing is ever stale (Numba's own cache looks at the file it compiled, not at the modules that file
imports). Beside the files, in `__pycache__`, Numba keeps the machine code it made of them, for the
next process.

The folder is the user's alone. Numba's machine code is loaded without questions, so a folder that
others can write to would let them run code in this process: it is refused. The text in a file is
never run, either: what runs is the text just generated, under the file's name.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import importlib.metadata
import logging
import os
import platform
import shutil
import stat
import sys
import tempfile
import time
import warnings
from pathlib import Path
from types import ModuleType
from typing import Final

from minitorch_fast import numba_config
from minitorch_fast.threads import Kernel

VARIABLE: Final = "MINITORCH_CACHE_DIR"
SLOW: Final = 1.0  # seconds to compile that are worth a message

_log = logging.getLogger("minitorch")


@functools.cache
def folder() -> Path:
    """The folder of kernel files.

    It is `$MINITORCH_CACHE_DIR`, `$XDG_CACHE_HOME/minitorch` or `~/.cache/minitorch`. If that
    cannot be had, or is not safe, a warning says why, and a private folder serves this process.
    """
    wanted = _wanted()
    try:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = _unsafe(wanted)
    except (OSError, RuntimeError) as error:
        reason = str(error)
    if reason is None:
        return wanted
    private = Path(tempfile.mkdtemp(prefix="minitorch-"))
    atexit.register(_remove, private, os.getpid())
    warnings.warn(
        f"compiled kernels cannot be kept in {wanted}: {reason}. They are compiled again in each "
        f"process; set {VARIABLE} to a folder that is yours alone",
        RuntimeWarning,
        stacklevel=2,
    )
    return private


def _wanted() -> Path:
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache").absolute() / "minitorch"


def _unsafe(path: Path) -> str | None:
    """Why code must not be loaded from this folder, or None."""
    status = path.stat()
    if not stat.S_ISDIR(status.st_mode):
        return "it is not a folder"
    getuid = getattr(os, "getuid", None)
    if getuid is not None:
        if status.st_uid != getuid():
            return f"it belongs to user {status.st_uid}, not to user {getuid()}"
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return f"others can write to it (mode {stat.S_IMODE(status.st_mode):o}); chmod 700 it"
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return "it is not writable"
    with tempfile.NamedTemporaryFile(dir=path):
        return None  # a read-only file system says so only now


def _remove(path: Path, pid: int) -> None:
    if os.getpid() == pid:  # not in a forked child
        shutil.rmtree(path, ignore_errors=True)


@functools.cache
def machine() -> str:
    """What compiled code depends on besides its source: versions and the processor."""
    versions = (importlib.metadata.version(name) for name in ("numba", "llvmlite", "numpy"))
    return " ".join([platform.python_version(), *versions, numba_config.processor()])


def path_of(name: str, text: str) -> Path:
    """The file for this text, whether it exists or not."""
    digest = hashlib.sha256(f"{text}\n{machine()}".encode()).hexdigest()[:16]
    return folder() / f"{name}_{digest}.py"


def load(name: str, text: str, signature: str) -> Kernel:
    """The function `kernel` of the source `text`, compiled for `signature`, or found compiled."""
    path = path_of(name, text)
    _write(path, text)
    begin = time.perf_counter()
    kernel = _compile(path, text, signature)
    seconds = time.perf_counter() - begin
    if seconds > SLOW:
        _log.info("compiled %s in %.1f s; the next process finds it in %s", name, seconds, path)
    return kernel


def _write(path: Path, text: str) -> None:
    """Put `text` into the file, unless it is there; at once, so that no reader sees half of it."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (OSError, UnicodeDecodeError):
        pass
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _compile(path: Path, text: str, signature: str) -> Kernel:
    try:
        return _execute(path, text, signature)
    except Exception:
        # Machine code of an earlier process that cannot be read, most likely: once more without it.
        # Unpickling garbage can raise anything. What else may be wrong is wrong the second time
        # too.
        for stale in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            stale.unlink(missing_ok=True)
        return _execute(path, text, signature)


def _execute(path: Path, text: str, signature: str) -> Kernel:
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules[path.stem] = module  # machine code that Numba loads looks for its constants there
    exec(compile(text, path, "exec"), vars(module))
    # The machine code itself, in place of the dispatcher, which would look up the types of the
    # arguments at each call (40% of the time of a small kernel). Who calls it sees to the types:
    # see `kernels`.
    kernel: Kernel = module.kernel.compile(signature)
    return kernel
