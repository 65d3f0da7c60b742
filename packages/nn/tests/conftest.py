"""What tests share: limits of time and a look at the processes they leave, and where to compute."""

import gc
import multiprocessing
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

import minitorch

# No tests of its own: it needs torch, and would be in the way where that is missing.
collect_ignore = ["parity_helpers.py"]

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


@pytest.fixture
def reference_device() -> Iterator[None]:
    """NumPy computes, from the same seed."""
    minitorch.set_default_device("numpy")
    minitorch.manual_seed(0)
    yield
    minitorch.set_default_device("cpu")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Torch's threads wait for work busily: for small tensors that is most of its time."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
