"""Exceptions on their way from a worker to the process that trains."""

from __future__ import annotations

import pickle
import traceback
from typing import NoReturn


class Failure:
    """An exception of another process: its type, and its traceback as text."""

    def __init__(self, error: BaseException, where: str) -> None:
        self.name = type(error).__name__
        self.text = "".join(traceback.format_exception(error))
        self.where = where
        try:
            self.kind = pickle.dumps(type(error))
        except Exception:  # a class inside a function
            self.kind = b""

    def raise_again(self) -> NoReturn:
        """Raise it here: of the same type if that can be, else a RuntimeError.

        A StopIteration would end a loop as if nothing had happened; it becomes a RuntimeError too.
        """
        text = f"Caught {self.name} {self.where}.\nOriginal {self.text}"
        error = _made(self.kind, text)
        if error is None or isinstance(error, StopIteration):
            raise RuntimeError(text) from None
        if self.text not in str(error):  # its class has words of its own
            error.add_note(text)
        try:
            raise error
        finally:
            del error  # else it would hold this frame, and so the iterator and its workers


class _Lines(str):
    """A text that a KeyError, which shows the repr of its key, shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _made(kind: bytes, text: str) -> Exception | None:
    """An exception of a pickled type with a text; None if there is no such type here."""
    try:
        make = pickle.loads(kind)
        error: object = make(_Lines(text) if make is KeyError else text)
    except Exception:
        return None
    return error if isinstance(error, Exception) else None
