"""What tests of processes share: a limit of time, and a look at what they leave behind."""

import gc
import multiprocessing
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

LIMIT = 60  # seconds


@pytest.fixture
def limited() -> Iterator[None]:
    """Fail a test that hangs."""

    def too_late(number: int, frame: FrameType | None) -> None:
        pytest.fail(f"not done after {LIMIT} seconds")

    before = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(LIMIT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def no_process_left(limited: None, settled: None) -> Iterator[None]:
    """Fail a test that hangs, or leaves a process."""
    yield
    gc.collect()
    left = multiprocessing.active_children()
    assert not left, left
