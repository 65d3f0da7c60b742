"""Replacing a file in one step: at no time is it incomplete, and nothing is left behind for long.

The new content goes to a file beside the old one, `.name.<random>.tmp`, and is on the disk before
that file takes the old one's name. A process that is killed meanwhile leaves such a file; the next
save of the same name removes it. A writer holds a lock on its file as long as it lives, which
tells a leftover from a file that is being written.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO


def replace(path: str, write: Callable[[BinaryIO], object]) -> None:
    """Let a file have the content that `write` writes; a link stays a link.

    What is no regular file, such as /dev/null or a pipe, is written as it is.

    Raises:
        OSError: if it cannot be written; it is then as it was.
    """
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    if not os.path.isdir(folder):
        raise FileNotFoundError(
            errno.ENOENT, "save: the folder of the file does not exist; make it first", folder
        )
    old = os.stat(target) if os.path.exists(target) else None
    if old is not None and not stat.S_ISREG(old.st_mode):
        with open(target, "wb") as file:
            write(file)
        return
    if old is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "save: the file is protected from writing", target)
    start = _start_of_names(name)
    _remove_leftovers(folder, start)
    temporary, descriptor = _new_file(folder, start)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if old is not None:
                os.chmod(temporary, stat.S_IMODE(old.st_mode))
            write(file)
            file.flush()
            os.fsync(file.fileno())
            if sys.platform != "win32":  # while the lock is held
                os.replace(temporary, target)
        if sys.platform == "win32":
            os.replace(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if sys.platform != "win32":  # makes the new name survive a power cut
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _start_of_names(name: str) -> str:
    """How the temporary files for a name begin; a long name is cut, for names have a limit."""
    whole = os.fsencode(name)
    short = name if len(whole) <= 200 else f"{name[:40]}.{zlib.crc32(whole):08x}"
    return f".{short}."


def _new_file(folder: str, start: str) -> tuple[str, int]:
    """A new file that is locked, and still there: it might have been taken for a leftover."""
    while True:
        temporary = os.path.join(folder, f"{start}{os.urandom(8).hex()}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(temporary, flags, 0o666)
        _lock(descriptor, wait=True)  # as long as somebody looks whether it is a leftover
        with suppress(FileNotFoundError):
            if os.path.samestat(os.stat(temporary), os.fstat(descriptor)):
                return temporary, descriptor
        os.close(descriptor)


def _lock(descriptor: int, *, wait: bool) -> bool:
    """Lock a file; whether that worked. Closing it, or dying, lets it go."""
    if sys.platform == "win32":  # there a file that is open cannot be removed anyway
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_leftovers(folder: str, start: str) -> None:
    """Remove the files of writers that died; to fail at it is no reason not to save."""
    ours = re.compile(re.escape(start) + r"[0-9a-f]{16}\.tmp")
    with suppress(OSError):
        found = [name for name in os.listdir(folder) if ours.fullmatch(name)]
        for leftover in (os.path.join(folder, name) for name in found):
            with suppress(OSError):
                _remove_leftover(leftover)


def _remove_leftover(path: str) -> None:
    if not stat.S_ISREG(os.lstat(path).st_mode):
        return
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    try:
        alone = _lock(descriptor, wait=False)
        if alone and sys.platform != "win32":  # while the lock is held
            os.unlink(path)
    finally:
        os.close(descriptor)
    if sys.platform == "win32":
        os.unlink(path)
