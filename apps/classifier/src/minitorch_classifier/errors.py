"""One kind of error for everything the user can mend: a sentence, no traceback, exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class UserError(Exception):
    """What went wrong and what to do about it, in one line."""


class Stopped(Exception):
    """The user pressed Ctrl-C; the message says how to go on."""


@contextmanager
def explain_os_errors(what: str, path: Path) -> Iterator[None]:
    """Turn an OSError of the block into "cannot <what> <path>: <reason>".

    >>> with explain_os_errors("read", Path("nowhere.png")):
    ...     Path("nowhere.png").read_bytes()
    Traceback (most recent call last):
    ...
    minitorch_classifier.errors.UserError: cannot read nowhere.png: No such file or directory
    """
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot {what} {path}: {error.strerror or error}") from error


def one_line(error: BaseException) -> str:
    """The message of another library's exception on one line.

    >>> one_line(ValueError("two        lines"))
    'two lines'
    """
    return " ".join(str(error).split()) or type(error).__name__
