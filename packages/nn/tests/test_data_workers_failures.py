"""What a worker raises arrives with its traceback; one that dies or hangs is reported.

Every test has a limit of time, and ends with no process left.
"""

import gc
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

import minitorch as torch
from minitorch import Tensor
from minitorch.utils.data import DataLoader, Dataset, IterableDataset

if "fork" not in multiprocessing.get_all_start_methods() or sys.platform == "darwin":
    pytest.skip("workers are not forked on this system", allow_module_level=True)

pytestmark = [
    pytest.mark.usefixtures("no_process_left"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
]


class Does(Dataset[object]):
    """Twelve numbers; a function makes something else of number 5."""

    def __init__(self, five: Callable[[], object]) -> None:
        self.five = five

    def __getitem__(self, index: int, /) -> object:
        return self.five() if index == 5 else index

    def __len__(self) -> int:
        return 12


class TwoArguments(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(one, two)


class OwnWords(Exception):
    def __str__(self) -> str:
        return "own words"


class NotHere:
    """It can be pickled, but not unpickled."""

    def __reduce__(self) -> tuple[Callable[[], object], tuple[object, ...]]:
        return broken, ()


def broken() -> object:
    raise ArithmeticError("cannot be made again")


def throwing(error: BaseException) -> Callable[[], object]:
    def throw() -> object:
        raise error

    return throw


def forked(dataset: Dataset[object], **options: object) -> DataLoader[object]:
    make: Callable[..., DataLoader[object]] = DataLoader
    settings = {"num_workers": 2, "multiprocessing_context": "fork", **options}
    return make(dataset, **settings)


def numbers(coming: Iterator[object]) -> list[int]:
    return [int(batch) for batch in coming if isinstance(batch, Tensor)]


def local_error() -> Exception:
    class Local(Exception):
        pass

    return Local("only here")


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (ValueError("a bad sample"), ValueError, "a bad sample"),
        (KeyError("no such key"), KeyError, "Caught KeyError in DataLoader worker process 1.\nOr"),
        (FileNotFoundError(2, "missing", "x.png"), FileNotFoundError, "x.png"),
        (TwoArguments(1, 2), RuntimeError, "Caught TwoArguments"),
        (local_error(), RuntimeError, "Caught Local in DataLoader worker process 1"),
        (StopIteration(), RuntimeError, "Caught StopIteration"),
        (UnicodeDecodeError("utf8", b"\xff", 0, 1, "why"), RuntimeError, "Caught UnicodeDecode"),
    ],
)
def test_an_exception_arrives_with_its_type_and_the_workers_traceback(
    error: Exception, kind: type[Exception], text: str
) -> None:
    coming = iter(forked(Does(throwing(error))))
    first = [next(coming) for _ in range(5)]
    with pytest.raises(kind) as caught:
        next(coming)
    assert type(caught.value) is kind
    for part in (text, "Caught ", "Original Traceback", "in throw"):
        assert part in str(caught.value)
    assert numbers(iter([*first, *coming])) == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]


def test_workers_end_with_the_last_reference_even_after_an_exception() -> None:
    class Broken(Does):
        def __iter__(self) -> Iterator[int]:
            yield 5
            raise OverflowError("no more")

    def run() -> None:
        coming = iter(forked(Does(throwing(ValueError("bad"))), sampler=Broken(int)))
        try:
            next(coming)
        except ValueError:
            return

    gc.disable()
    try:
        run()
        assert not multiprocessing.active_children()
    finally:
        gc.enable()


def test_an_exception_with_words_of_its_own_has_the_traceback_as_a_note() -> None:
    coming = iter(forked(Does(throwing(OwnWords())), batch_size=6))
    with pytest.raises(OwnWords, match="own words") as caught:
        next(coming)
    assert "in throw" in "\n".join(caught.value.__notes__)


def test_failures_of_collate_fn_and_of_pickling_both_ways() -> None:
    def collate(items: list[object]) -> object:
        raise LookupError("no batch of this")

    with pytest.raises(LookupError, match="in collate"):
        next(iter(forked(Does(int), collate_fn=collate)))
    coming = iter(forked(Does(lambda: lambda: 0), batch_size=None))
    first = [next(coming) for _ in range(5)]
    with pytest.raises((AttributeError, RuntimeError), match="pickle"):
        next(coming)
    assert [*first, *coming] == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
    coming = iter(forked(Does(NotHere), batch_size=None))
    first = [next(coming) for _ in range(5)]
    with pytest.raises(ArithmeticError, match="cannot be made again"):
        next(coming)
    assert [*first, *coming] == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]


def test_a_failure_of_worker_init_fn_arrives() -> None:
    def init(number: int) -> None:
        if number == 1:
            raise OSError("no such camera")

    coming = iter(forked(Does(int), worker_init_fn=init))
    assert numbers(iter([next(coming)])) == [0]
    for _ in range(2):
        with pytest.raises(OSError, match="no such camera"):
            next(coming)
        next(coming)


def test_a_failure_of_a_stream_arrives_each_time_it_is_begun() -> None:
    class Closed(IterableDataset[object]):
        def __iter__(self) -> Iterator[object]:
            raise PermissionError("the stream is closed")

    loader = forked(Closed(), persistent_workers=True)
    for _ in range(2):
        with pytest.raises(PermissionError, match="the stream is closed"):
            next(iter(loader))


def test_a_failure_of_the_sampler_comes_after_what_it_gave() -> None:
    def order() -> Iterator[int]:
        yield from (3, 1)
        raise OverflowError("no more")

    class Broken(Does):
        def __iter__(self) -> Iterator[int]:
            return order()

    coming = iter(forked(Does(int), sampler=Broken(int)))
    assert numbers(iter([next(coming), next(coming)])) == [3, 1]
    with pytest.raises(OverflowError, match="no more") as caught:
        next(coming)
    assert "in order" in "\n".join(caught.value.__notes__)


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "is killed by signal: SIGKILL.*memory"),
        (lambda: os._exit(3), "exited unexpectedly with exit code 3.*num_workers=0"),
        (throwing(SystemExit(4)), "exited unexpectedly with exit code 4"),
    ],
)
@pytest.mark.parametrize("persistent", [False, True])
def test_a_worker_that_dies_is_reported(
    end: Callable[[], object], message: str, persistent: bool
) -> None:
    loader = forked(Does(end), persistent_workers=persistent)
    coming = iter(loader)
    begin = time.monotonic()
    with pytest.raises(RuntimeError, match=r"DataLoader worker \(pid \d+\) " + message):
        list(coming)
    assert time.monotonic() - begin < 5
    assert not multiprocessing.active_children()
    with pytest.raises(RuntimeError, match="has no workers any more: DataLoader worker"):
        next(coming)
    assert numbers(iter([next(iter(loader))])) == [0]  # new workers


def test_a_worker_killed_from_outside_while_it_sends_is_reported() -> None:
    def collate(items: list[object]) -> object:
        return "x" * 10_000_000  # more than fits a pipe

    coming = iter(forked(Does(int), collate_fn=collate, num_workers=1))
    time.sleep(0.3)
    (worker,) = multiprocessing.active_children()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match=f"pid {worker.pid}.*is killed by signal: SIGKILL"):
        list(coming)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_worker_that_dies_is_reported_though_a_process_of_its_own_keeps_its_files_open() -> None:
    get, put = os.pipe()

    def fork_and_die() -> object:
        child = os.fork()
        if child == 0:
            time.sleep(1000)
        os.write(put, str(child).encode())
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    begin = time.monotonic()
    with pytest.raises(RuntimeError, match="is killed by signal: SIGKILL"):
        list(forked(Does(fork_and_die)))
    assert time.monotonic() - begin < 4
    os.kill(int(os.read(get, 100)), signal.SIGKILL)
    os.close(get)
    os.close(put)


def test_a_worker_killed_while_it_waits_does_not_stop_the_epoch_that_it_finished() -> None:
    loader = forked(Does(lambda: 5), persistent_workers=True)
    coming = iter(loader)
    found = [next(coming) for _ in range(12)]
    for worker in multiprocessing.active_children():
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
    assert [*found, *coming] == found
    with pytest.raises(RuntimeError, match="is killed by signal: SIGKILL"):
        list(loader)
    assert len(list(loader)) == 12


@pytest.mark.parametrize("deaf", [False, True])
def test_a_worker_that_never_returns_is_reported_within_the_timeout(deaf: bool) -> None:
    def hang() -> object:
        if deaf:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(100)

    begin = time.monotonic()
    coming = iter(forked(Does(hang), timeout=1))
    assert numbers(iter([next(coming) for _ in range(5)])) == [0, 1, 2, 3, 4]
    with pytest.raises(RuntimeError, match=r"timed out after 1 seconds: no worker \(pid\(s\) \d+"):
        next(coming)
    assert time.monotonic() - begin < 3
    begin = time.monotonic()
    del coming
    gc.collect()
    assert time.monotonic() - begin < 3
    assert not multiprocessing.active_children()


def test_after_a_timeout_one_may_wait_again() -> None:
    def slow() -> int:
        time.sleep(1)
        return 5

    coming = iter(forked(Does(slow), timeout=0.3))
    found: list[object] = []
    late: list[str] = []
    while len(found) < 12:
        try:
            found.append(next(coming))
        except RuntimeError as error:
            late.append(str(error))
    assert late
    assert all("timed out after 0.3 seconds" in text for text in late)
    assert numbers(iter(found)) == list(range(12))


def test_a_busy_worker_may_finish_when_the_iterator_is_dropped(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("cache") / "written"

    def write() -> int:
        time.sleep(0.5)
        file.write_text("whole")
        return 5

    coming = iter(forked(Does(write)))
    for _ in range(4):
        next(coming)
    time.sleep(0.1)
    del coming
    assert file.read_text() == "whole"


def test_an_interrupt_while_waiting_loses_nothing_and_ends_a_hanging_worker_at_once() -> None:
    def slow() -> int:
        time.sleep(1)
        return 5

    class Stop(Exception):
        pass

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stop

    coming = iter(forked(Does(slow)))
    found = [next(coming) for _ in range(5)]
    before = signal.signal(signal.SIGUSR1, stop)
    try:
        child = os.fork()
        if child == 0:
            time.sleep(0.2)
            os.kill(os.getppid(), signal.SIGUSR1)
            os._exit(0)
        with pytest.raises(Stop):
            next(coming)
        os.waitpid(child, 0)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert numbers(iter([*found, *coming])) == list(range(12))


def test_training_on_two_threads_while_workers_compute() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        x = torch.ones(300, 300, device="cpu")
        for _ in range(3):
            expected = (x @ x + x).sum().item()  # the threads of this process are there

        class Products(Does):
            def __getitem__(self, index: int, /) -> object:
                return (x @ x + x).sum().item() + index

        loader = forked(Products(int), batch_size=3)
        for epoch in range(2):
            sums = []
            for batch in loader:
                assert (x @ x + x).sum().item() == expected
                assert isinstance(batch, Tensor)
                sums += [float(y) - expected for y in batch]
            assert sums == list(range(12)), epoch
    finally:
        torch.set_num_threads(before)
