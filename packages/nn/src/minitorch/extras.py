"""Libraries that only a few functions need: imported there, or an error that names them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needed_for(what: str, extra: str) -> Iterator[None]:
    """Around an `import`: say how to install what is not there.

    Args:
        what: the call that needs it.
        extra: the extra of minitorch that has it.

    Raises:
        ImportError: if the module is not there.

    >>> with needed_for("paint", "art"):
    ...     import no_such_brush
    Traceback (most recent call last):
        ...
    ImportError: paint needs the library no_such_brush; run: pip install "minitorch[art]"
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or str(error)).partition(".")[0]
        raise ImportError(
            f'{what} needs the library {library}; run: pip install "minitorch[{extra}]"',
            name=error.name,
        ) from error
