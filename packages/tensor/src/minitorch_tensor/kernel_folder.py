"""The folder that compiled kernels are kept in, and how files in it are written and trusted.

A file is named by the hash of all that it was made from. So the folder needs no bookkeeping: a file
that exists is the right one, and nothing is ever stale. Machine code lies behind a digest of itself
and of its name: code that is cut off, garbage, or another kernel's is not looked at, but made
again. While one process compiles a kernel the others wait for it, and load what it has made.

The folder is the user's alone. Machine code is run, so whoever can write a file with its digest
runs code in this process. No digest helps against that; what does is that a folder others can write
to, or own, is refused. A folder of the user's (or of the administrator's) that cannot be written to
is read from, as in an image in which kernels were compiled beforehand.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    fcntl = None
else:
    import fcntl

VARIABLE: Final = "MINITORCH_CACHE_DIR"
PATIENCE: Final = 60.0  # seconds to wait for another process that compiles the same kernel
DIGEST: Final = 32  # bytes


@functools.cache
def folder() -> Path:
    """The folder that kernel files are written to.

    It is `$MINITORCH_CACHE_DIR`, `$XDG_CACHE_HOME/minitorch` or `~/.cache/minitorch`. If that
    cannot be had, or is not safe, a warning says why, and a private folder serves this process.
    """
    place = wanted()
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = unsafe(place) or closed(place)
    except (OSError, RuntimeError) as error:
        reason = str(error)
    if reason is None:
        return place
    private = Path(tempfile.mkdtemp(prefix="minitorch-"))
    atexit.register(_remove, private, os.getpid())
    warnings.warn(
        f"compiled kernels cannot be kept in {place}: {reason}. Those that are not there already "
        f"are compiled again in each process; set {VARIABLE} to a folder that is yours alone",
        RuntimeWarning,
        stacklevel=2,
    )
    return private


@functools.cache
def folders() -> tuple[Path, ...]:
    """Where machine code may be loaded from."""
    chosen, place = folder(), wanted()
    try:
        readable = chosen != place and unsafe(place) is None
    except OSError:
        readable = False
    return (chosen, place) if readable else (chosen,)


def wanted() -> Path:
    """Where the folder is to be: what the environment says, or among the user's caches."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache").absolute() / "minitorch"


def unsafe(path: Path) -> str | None:
    """Why code must not be loaded from this folder, or None."""
    status = path.stat()
    if not stat.S_ISDIR(status.st_mode):
        return "it is not a folder"
    getuid = getattr(os, "getuid", None)
    if getuid is not None:
        if status.st_uid not in (0, getuid()):
            return f"it belongs to user {status.st_uid}, not to user {getuid()}"
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return f"others can write to it (mode {stat.S_IMODE(status.st_mode):o}); chmod 700 it"
    return None


def closed(path: Path) -> str | None:
    """Why nothing can be written to this folder, or None."""
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return "it is not writable"
    with tempfile.NamedTemporaryFile(dir=path):
        return None  # a read-only file system says so only now


def _remove(path: Path, pid: int) -> None:
    if os.getpid() == pid:  # not in a forked child
        shutil.rmtree(path, ignore_errors=True)


def seal(name: str, code: bytes) -> bytes:
    """Machine code behind what tells that it is whole, and of this name.

    >>> opened("add", seal("add", b"code")), opened("mul", seal("add", b"code"))
    (b'code', None)
    """
    return _digest(name, code) + code


def opened(name: str, data: bytes) -> bytes | None:
    """The machine code that `seal` wrote; None if it is not whole, or of another name."""
    digest, code = data[:DIGEST], data[DIGEST:]
    return code if digest == _digest(name, code) else None


def _digest(name: str, code: bytes) -> bytes:
    return hashlib.sha256(f"{name}\n".encode() + code).digest()


def sealed(file: str, name: str) -> bytes | None:
    """The sound machine code of a name in a file of any of the folders, or None."""
    for place in folders():
        try:
            data = (place / file).read_bytes()
        except OSError:
            continue
        code = opened(name, data)
        if code is not None:
            return code
    return None


def put(path: Path, data: bytes, *, replace: bool = True) -> None:
    """Make a file at once, so that no reader sees half of it.

    With `replace=False` a file that another process has made meanwhile stays: it may be locked, and
    a lock belongs to the file, not to its name.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(0o644)  # who may open the folder may read it
        if replace or not _linked(temporary, path):
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _linked(temporary: Path, path: Path) -> bool:
    """Give a file its name unless there is one of that name; False where that cannot be done."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return True
    except OSError:  # a file system that knows no second names
        return False
    return True


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other process compiles this kernel; but not for ever, as it may hang."""
    if fcntl is None:
        yield
        return
    with path.open("rb") as file:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                break  # not on this file system: then several compile it, and one is kept
            else:
                break
        yield  # closing the file lets the next one go on
