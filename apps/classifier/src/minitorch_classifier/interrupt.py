"""Ctrl-C, taken at the end of a step.

Python raises KeyboardInterrupt wherever it happens to be. In a function that the interpreter calls
by itself, such as a destructor or the callback of a weak reference, the exception is printed and
lost, and the training would go on for ever; in the middle of a step it would leave half of one.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Whether Ctrl-C was pressed.

    >>> interrupt = Interrupt()
    >>> interrupt.press(signal.SIGINT, None)
    >>> interrupt.pressed
    True
    """

    def __init__(self) -> None:
        self.pressed = False

    def press(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal: remember it; the second time, raise KeyboardInterrupt at once."""
        if self.pressed:
            signal.default_int_handler(number, frame)
        self.pressed = True

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed."""
        if self.pressed:
            raise KeyboardInterrupt


@contextmanager
def deferred() -> Iterator[Interrupt]:
    """Within, Ctrl-C waits for `check`; in the main thread only, where Python handles signals.

    Where it is handled in another way, or ignored as in a job of the background, it stays so.
    """
    interrupt = Interrupt()
    before = signal.getsignal(signal.SIGINT)
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or before is not signal.default_int_handler:
        yield interrupt
        return
    signal.signal(signal.SIGINT, interrupt.press)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
