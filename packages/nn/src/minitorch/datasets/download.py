"""A published file into a folder: from the first mirror that has it, and only the right one.

The library pooch (https://www.fatiando.org/pooch) does the transfer: into a file beside it, whose
name ends in `.part`, which takes its own name only when its checksum is the published one. So a
file that is there is whole, whatever happened before; and what came before a transfer broke off is
not asked for again.
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

ATTEMPTS = 3  # with one server: one that goes on where the first broke off, one from the start
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
    downloader = _Downloader(path / f"{name}.part", _bar(progress))
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
                if (answered and not downloader.resumed) or attempt == ATTEMPTS:
                    failures.append(f"  {url}: {reason}")
                    break
    raise DatasetError(
        f"cannot download {name}:\n" + "\n".join(failures) + "\n"
        f"Without a connection: get the file elsewhere ({checksum}) and put it here: {path / name}"
    )


class _Downloader:
    """A transfer that goes on where the last one broke off, if the server can do that.

    If it cannot, it sends all anew, behind what is there. The checksum tells, and the next transfer
    is one from the start.
    """

    def __init__(self, part: Path, bar: bool) -> None:
        self.part = part
        self.bar = bar
        self.resumed = False

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        """What pooch calls; the file is where pooch wants it, and checks it, when all has come."""
        from pooch import HTTPDownloader

        begun = self.part.stat().st_size if self.part.is_file() else 0
        self.resumed = begun > 0
        headers = {"Range": f"bytes={begun}-"} if begun else {}
        transfer = HTTPDownloader(self.bar, CHUNK, timeout=TIMEOUT, headers=headers)
        try:
            with self.part.open("ab") as file:
                transfer(url, file, pooch)
        except Exception as error:
            refused = getattr(error, "response", None) is not None
            if refused or not self.part.stat().st_size:
                self.part.unlink()
            raise
        os.replace(self.part, output_file)


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
