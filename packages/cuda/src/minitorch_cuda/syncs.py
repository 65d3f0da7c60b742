"""Where the host waits for a GPU: counted, and if wanted told or forbidden.

A GPU is fast while the host runs ahead of it. Each number that the host asks for makes it wait
until all that was launched before has ended, and the GPU then waits for the host in its turn.

https://docs.pytorch.org/docs/stable/generated/torch.cuda.set_sync_debug_mode.html
"""

from __future__ import annotations

import sys
import warnings
from types import TracebackType
from typing import Final

MODES: Final = ("default", "warn", "error")


class Synchronizations:
    """How often the host waited: a context manager that counts while it is entered.

    Attributes:
        downloads: values that were asked for (`item()`, `tolist()`, `x.to("cpu")`, printing).
        waits: `synchronize()` of a device, a stream or an event; copies of pinned memory that were
            not to go on by themselves.
        places: the line of the program that caused each: file and number.

    >>> from minitorch_cuda import use_simulator
    >>> from minitorch_tensor import ones
    >>> with use_simulator(), count_synchronizations() as counted:
    ...     x = ones(2, device="cuda") + 1
    ...     y = x.sum().item()
    >>> counted.downloads, counted.waits
    (1, 0)
    """

    def __init__(self) -> None:
        self.downloads = 0
        self.waits = 0
        self.places: list[str] = []

    @property
    def total(self) -> int:
        """All of them."""
        return self.downloads + self.waits

    def __enter__(self) -> Synchronizations:
        _counting.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop counting."""
        _counting.remove(self)

    def __repr__(self) -> str:
        return f"<{self.downloads} downloads, {self.waits} waits: {', '.join(self.places)}>"


count_synchronizations = Synchronizations
_counting: list[Synchronizations] = []


class _Mode:
    """What is done when the host has to wait though nobody said so."""

    value = 0


def set_sync_debug_mode(debug_mode: int | str) -> None:
    """Say what happens when an operation makes the host wait: nothing, a warning, or an error.

    Waiting that is asked for by name, as by `synchronize()`, is always allowed.
    https://docs.pytorch.org/docs/stable/generated/torch.cuda.set_sync_debug_mode.html

    Raises:
        RuntimeError: if it is not 0 or "default", 1 or "warn", 2 or "error".
    """
    found = MODES.index(debug_mode) if debug_mode in MODES else debug_mode
    if isinstance(found, str) or found not in (0, 1, 2):
        raise RuntimeError(
            "invalid value of debug_mode, expected one of `default`, `warn`, `error` or 0, 1, 2, "
            f"but got {debug_mode!r}"
        )
    _Mode.value = int(found)


def get_sync_debug_mode() -> int:
    """What happens when an operation makes the host wait: 0 nothing, 1 a warning, 2 an error.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_sync_debug_mode.html
    """
    return _Mode.value


def downloading() -> None:
    """Note that the host is about to wait for values.

    Raises:
        RuntimeError: if that is forbidden.
    """
    if _Mode.value == 2:
        raise RuntimeError(
            "called a synchronizing CUDA operation (set_sync_debug_mode('error') forbids it): the "
            "host needs a value and waits for the GPU"
        )
    if _Mode.value == 1:
        warnings.warn("called a synchronizing CUDA operation", UserWarning, stacklevel=4)
    for counted in _counting:
        counted.downloads += 1
        counted.places.append(place())


def waiting() -> None:
    """Note that the host waits because it was told to."""
    for counted in _counting:
        counted.waits += 1
        counted.places.append(place())


def place() -> str:
    """The line of the program that is running: the nearest caller outside of minitorch."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _ours(str(frame.f_globals.get("__name__", ""))):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _ours(module: str) -> bool:
    top = module.partition(".")[0]
    return top == "minitorch" or top.startswith("minitorch_")
