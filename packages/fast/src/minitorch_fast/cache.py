"""Kernel files: where they lie, and how they become functions.

A kernel's source is text, and its file is named by the hash of that text, of the versions and of
the processor. So the folder needs no bookkeeping: a file that exists is the right one, and nothing
is ever stale. The text in a file is there to be read; what runs is the text just generated.

Beside each file lies the machine code that Numba made of it, for the next process: a digest, and
what it is the digest of. Code that is cut off, garbage, or another kernel's is not looked at, but
made again. While one process compiles a kernel the others wait for it, and load what it has made.

The folder is the user's alone. Machine code is run and, before, unpickled, so whoever can write a
file with its digest runs code in this process. No digest helps against that; what does is that a
folder others can write to, or own, is refused. A folder of the user's (or of the administrator's)
that cannot be written to is read from, as in an image in which kernels were compiled beforehand.
"""

from __future__ import annotations

import atexit
import contextlib
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
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

from minitorch_fast import native, numba_config, parts
from minitorch_fast.threads import Kernel

if sys.platform == "win32":
    fcntl = None
else:
    import fcntl

VARIABLE: Final = "MINITORCH_CACHE_DIR"
SLOW: Final = 1.0  # seconds of compiling that are worth a message
PATIENCE: Final = 60.0  # seconds to wait for another process that compiles the same kernel

_log = logging.getLogger("minitorch")


@functools.cache
def folder() -> Path:
    """The folder that kernel files are written to.

    It is `$MINITORCH_CACHE_DIR`, `$XDG_CACHE_HOME/minitorch` or `~/.cache/minitorch`. If that
    cannot be had, or is not safe, a warning says why, and a private folder serves this process.
    """
    wanted = _wanted()
    try:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = _unsafe(wanted) or _closed(wanted)
    except (OSError, RuntimeError) as error:
        reason = str(error)
    if reason is None:
        return wanted
    private = Path(tempfile.mkdtemp(prefix="minitorch-"))
    atexit.register(_remove, private, os.getpid())
    warnings.warn(
        f"compiled kernels cannot be kept in {wanted}: {reason}. Those that are not there already "
        f"are compiled again in each process; set {VARIABLE} to a folder that is yours alone",
        RuntimeWarning,
        stacklevel=2,
    )
    return private


@functools.cache
def _folders() -> tuple[Path, ...]:
    """Where machine code may be loaded from."""
    chosen, wanted = folder(), _wanted()
    try:
        readable = chosen != wanted and _unsafe(wanted) is None
    except OSError:
        readable = False
    return (chosen, wanted) if readable else (chosen,)


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
        if status.st_uid not in (0, getuid()):
            return f"it belongs to user {status.st_uid}, not to user {getuid()}"
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return f"others can write to it (mode {stat.S_IMODE(status.st_mode):o}); chmod 700 it"
    return None


def _closed(path: Path) -> str | None:
    """Why nothing can be written to this folder, or None."""
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
    system = (platform.system(), platform.machine(), platform.python_version())
    return " ".join([*system, *versions, numba_config.processor()])


def path_of(name: str, text: str) -> Path:
    """The file for this text, whether it exists or not."""
    digest = hashlib.sha256(f"{text}\n{machine()}".encode()).hexdigest()[:16]
    return folder() / f"{name}_{digest}.py"


def load(name: str, text: str, signature: str) -> Kernel:
    """The function `kernel` of the source `text`, compiled for `signature`, or found compiled."""
    path = path_of(name, text)
    _write(path, text)
    found = _found(path, signature)
    if found is not None:
        with contextlib.suppress(Exception):  # unpickling may raise anything
            return _execute(path, text, signature, numba_config.Kept(found))
    with _alone(path):
        kept = numba_config.Kept(None if found is not None else _found(path, signature))
        begin = time.perf_counter()
        kernel = _execute(path, text, signature, kept)
        if kept.made is not None:
            _told(name, time.perf_counter() - begin)
            code = path.with_suffix(".code")
            with contextlib.suppress(OSError):  # a full disk: then it is compiled next time too
                _put(code, _digest(path, signature, kept.made) + kept.made)
    return kernel


def _digest(path: Path, signature: str, code: bytes) -> bytes:
    """What tells that `code` is whole, and of this kernel."""
    return hashlib.sha256(f"{path.stem} {signature}\n".encode() + code).digest()


def _found(path: Path, signature: str) -> bytes | None:
    """The machine code that is kept for a kernel file, if there is some, and it is sound."""
    for place in _folders():
        try:
            data = (place / f"{path.stem}.code").read_bytes()
        except OSError:
            continue
        digest, code = data[:32], data[32:]
        if digest == _digest(path, signature, code):
            return code
    return None


class _Spent:
    """What this process has compiled, and whether its user knows."""

    kernels = 0
    seconds = 0.0
    told = False


def compiled() -> int:
    """How many kernels this process has compiled."""
    return _Spent.kernels


def _told(name: str, seconds: float) -> None:
    """Say what takes so long: once to everyone, for each slow kernel to who asks for details."""
    _Spent.kernels += 1
    _Spent.seconds += seconds
    if seconds > SLOW:
        _log.info("compiled %s in %.1f s", name, seconds)
    if _Spent.seconds > SLOW and not _Spent.told:
        _Spent.told = True
        _log.warning(
            "compiling kernels for this processor, which takes some seconds once; the next "
            "process finds them in %s (`python -m minitorch_fast warm` makes the usual ones)",
            folder(),
        )


def _write(path: Path, text: str) -> None:
    """Put `text` into the file, unless it is there."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == text:
            return
    _put(path, text.encode())


def _put(path: Path, data: bytes) -> None:
    """Make a file at once, so that no reader sees half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)  # who may open the folder may read it
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
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


def _execute(path: Path, text: str, signature: str, kept: numba_config.Kept) -> Kernel:
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules[path.stem] = module  # machine code that is loaded looks for its constants there
    exec(compile(text, path, "exec"), vars(module))
    parts.mark(module)
    # The machine code itself, in place of the dispatcher, which would look up the types of the
    # arguments at each call (40% of the time of a small kernel). Who calls it sees to the types:
    # see `kernels`.
    module.kernel._cache = kept
    kernel: Kernel = module.kernel.compile(signature)
    (compiled,) = module.kernel.overloads.values()
    native.register(kernel, compiled, signature)
    return kernel
