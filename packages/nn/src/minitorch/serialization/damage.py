"""What is wrong with a file: that it is damaged, or that it wants what is not loaded."""

from __future__ import annotations

_LIMIT = 500  # of characters: what a file holds may be as long as the file


class DamagedError(Exception):
    """The file breaks the rules of its format; the message says which."""

    def __init__(self, what: str) -> None:
        super().__init__(what[:_LIMIT])


class RefusedError(Exception):
    """The file names something that is not loaded.

    Args:
        what: its full name.
        remedy: what its owner can do.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what[:_LIMIT], remedy


def require(holds: bool, what: str) -> None:
    """Raise unless it holds.

    Raises:
        DamagedError: saying `what` is wrong.
    """
    if not holds:
        raise DamagedError(what)
