"""A file is replaced as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from minitorch_classifier.errors import explain_os_errors


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` into `path`; a reader sees the old file or the new one, never a part.

    The bytes go to a temporary file of the same folder, reach the disk, and take the name in one
    step (`os.replace`). Killed at any moment, the process leaves the old file as it was.

    Raises:
        UserError: if the folder cannot be written or the disk is full; the old file is intact.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "settings.json")
    ...     write_atomically(path, b"{}")
    ...     path.read_text()
    '{}'
    """
    with explain_os_errors("write", path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.chmod(0o666 & ~_umask())  # mkstemp makes it private
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _umask() -> int:
    """The process's mask: it can be read only by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
