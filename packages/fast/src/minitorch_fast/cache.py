"""Kernel files: where they lie, and how they become functions.

A kernel's source is text, and its file is named by the hash of that text, of the versions and of
the processor. So the folder needs no bookkeeping: a file that exists is the right one, and nothing
is ever stale. The text in a file is there to be read; what runs is the text just generated.

Beside each file lies the machine code that Numba made of it, for the next process. It is run and,
before, unpickled: `kernel_folder` says why it can be trusted.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import logging
import platform
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Final

from minitorch_fast import native, numba_config, parts
from minitorch_fast.threads import Kernel
from minitorch_tensor import kernel_folder
from minitorch_tensor.kernel_folder import alone, put
from minitorch_tensor.kernel_folder import folder as folder

SLOW: Final = 1.0  # seconds of compiling that are worth a message

_log = logging.getLogger("minitorch")


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
    with alone(path):
        kept = numba_config.Kept(None if found is not None else _found(path, signature))
        begin = time.perf_counter()
        kernel = _execute(path, text, signature, kept)
        if kept.made is not None:
            _told(name, time.perf_counter() - begin)
            code = path.with_suffix(".code")
            with contextlib.suppress(OSError):  # a full disk: then it is compiled next time too
                put(code, kernel_folder.seal(_named(path, signature), kept.made))
    return kernel


def _named(path: Path, signature: str) -> str:
    """What machine code is sealed with: which kernel it is of, and for which arguments."""
    return f"{path.stem} {signature}"


def _found(path: Path, signature: str) -> bytes | None:
    """The machine code that is kept for a kernel file, if there is some, and it is sound."""
    return kernel_folder.sealed(f"{path.stem}.code", _named(path, signature))


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
    data = text.encode()
    if not path.exists():
        put(path, data, replace=False)
    with contextlib.suppress(OSError):
        if path.read_bytes() == data:
            return
    put(path, data)


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
