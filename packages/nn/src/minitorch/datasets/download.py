"""A published file into a folder: from the first mirror that has it, and only the right one.

The library pooch (https://www.fatiando.org/pooch) does the transfer: into a temporary file of the
same folder, which takes its name only when its checksum is the published one. So a file that is
there is whole, whatever happened before.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from minitorch.datasets.errors import DatasetError
from minitorch.extras import needed_for

__all__ = ["download", "has_checksum"]

ATTEMPTS = 2  # with one server: a transfer that broke off is tried once more
TIMEOUT = 30.0  # seconds without an answer
CHUNK = 1 << 16


def download(
    folder: str | os.PathLike[str],
    name: str,
    urls: Sequence[str],
    checksum: str,
    *,
    progress: bool | None = None,
) -> Path:
    """Make sure that a file is in a folder; nothing is transferred if it is there already.

    Args:
        folder: made if it is not there.
        name: of the file in the folder.
        urls: where it can be had; the next is tried when one does not give the right file.
        checksum: the published one, as "md5:..." or "sha256:...".
        progress: whether to draw a progress bar (library tqdm); None: if standard error is a
            terminal.

    Returns:
        The file's path.

    Raises:
        ImportError: if a library is missing; it names the command that installs it.
        OSError: if the folder cannot be made.
        DatasetError: if no server gave the right file; it names the file, what went wrong with each
            URL, and where to put a copy from elsewhere.
    """
    path = Path(folder)
    if has_checksum(path / name, checksum):
        return path / name
    with needed_for("a download", "datasets"):
        import pooch
    path.mkdir(parents=True, exist_ok=True)
    downloader = pooch.HTTPDownloader(progressbar=_bar(progress), chunk_size=CHUNK, timeout=TIMEOUT)
    failures = []
    for url in urls:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                pooch.retrieve(
                    url, known_hash=checksum, fname=name, path=path, downloader=downloader
                )
                return path / name
            except (OSError, ValueError) as error:  # of the network or the disk; a wrong checksum
                reason = " ".join(str(error).split()) or type(error).__name__
                answered = getattr(error, "response", None) is not None  # 404, say: no use to ask
                if answered or attempt == ATTEMPTS:
                    failures.append(f"  {url}: {reason}")
                    break
    raise DatasetError(
        f"cannot download {name}:\n" + "\n".join(failures) + "\n"
        f"Without a connection: get the file elsewhere ({checksum}) and put it here: {path / name}"
    )


def has_checksum(path: Path, checksum: str) -> bool:
    """Whether a file is there, and the right one: then no library is needed.

    >>> has_checksum(Path("no/such/file"), "md5:00")
    False
    """
    algorithm, _, digest = checksum.partition(":")
    if not path.is_file():
        return False
    with path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False))
    return found.hexdigest() == digest


def _bar(progress: bool | None) -> bool:
    if progress:
        with needed_for("a progress bar", "datasets"):
            import tqdm  # noqa: F401  (pooch draws it, and says less clearly that it is missing)
        return True
    terminal = progress is None and sys.stderr is not None and sys.stderr.isatty()
    return terminal and importlib.util.find_spec("tqdm") is not None
