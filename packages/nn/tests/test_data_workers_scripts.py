"""Whole programs with workers: started in every way, interrupted, killed, left without care.

Each program has a limit of time, and none of its processes may stay.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("looks at processes as on Linux", allow_module_level=True)

LIMIT = 30  # seconds
HEAD = """
import multiprocessing, os, signal, sys, time, warnings
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in background
import minitorch as torch
from minitorch.utils.data import DataLoader, Dataset, get_worker_info
warnings.filterwarnings("ignore", "This DataLoader will create")

class Numbers:
    def __len__(self):
        return 6
    def __getitem__(self, i):
        return i

class Hangs(Numbers):
    def __getitem__(self, i):
        if i == 2:
            time.sleep(1000)
        return i

def pids():
    print(*(p.pid for p in multiprocessing.active_children()), flush=True)
"""


def begin(folder: Path, body: str) -> "subprocess.Popen[str]":
    script = folder / "script.py"
    script.write_text(HEAD + body)
    return subprocess.Popen(
        [sys.executable, "-W", "error", str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def end(program: "subprocess.Popen[str]") -> tuple[str, str]:
    try:
        return program.communicate(timeout=LIMIT)
    except BaseException:  # who holds its output may have outlived it
        os.killpg(program.pid, signal.SIGKILL)
        program.communicate()
        raise


def first_line(program: "subprocess.Popen[str]") -> list[int]:
    """The process numbers that the program prints."""
    assert program.stdout is not None
    found = [int(word) for word in program.stdout.readline().split()]
    assert found, program.communicate(timeout=LIMIT)
    return found


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def gone_within(seconds: float, pids: list[int]) -> bool:
    until = time.monotonic() + seconds
    while any(map(lives, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(lives, pids))


NOT_FORKED = """
class Counting(Numbers):
    def __init__(self, context):
        self.asked = context.Value("i", 0)
    def __getitem__(self, i):
        with self.asked.get_lock():
            self.asked.value += 1
        assert "numba" not in sys.modules, "a worker is to start quickly"
        return torch.full((2,), i, device="numpy"), i

def where(i):
    raise ValueError("in the worker")

if __name__ == "__main__":
    class OnlyMain(Numbers):
        pass

    for way, workers in (("forkserver", 1), ("spawn", 2)):
        context = multiprocessing.get_context(way)
        data = Counting(context)
        settings = dict(num_workers=workers, multiprocessing_context=context, timeout=30)
        loader = DataLoader(data, batch_size=2, shuffle=True, persistent_workers=True, **settings)
        orders = [[i for _, y in loader for i in y.tolist()] for _ in range(2)]
        assert [sorted(order) for order in orders] == [list(range(6))] * 2, orders
        assert data.asked.value == 12
        del loader
    settings["num_workers"] = 1
    for dataset, options, words in (
        (Numbers(), dict(collate_fn=lambda items: items), "the collate_fn cannot be sent to a"),
        (Numbers(), dict(worker_init_fn=lambda i: i), "the worker_init_fn cannot be sent to a"),
        ([lambda: 0], {}, "the dataset cannot be sent to a"),
    ):
        try:
            iter(DataLoader(dataset, **options, **settings))
            raise AssertionError(words)
        except multiprocessing.reduction.pickle.PicklingError as error:
            assert words in str(error), error
            for remedy in ("not lambdas or local ones", "='fork'", "num_workers=0"):
                assert remedy in str(error), error
    try:
        next(iter(DataLoader(OnlyMain(), **settings)))
        raise AssertionError("it cannot be found in the worker")
    except AttributeError as error:
        assert "OnlyMain" in str(error) and "in DataLoader worker process 0" in str(error)
    assert not multiprocessing.active_children()
"""


def test_workers_that_are_not_forked(tmp_path: Path) -> None:
    program = begin(tmp_path, NOT_FORKED)
    _, errors = end(program)
    assert program.returncode == 0, errors
    assert not errors


def test_a_script_without_a_guard_is_told_of_it(tmp_path: Path) -> None:
    body = """
for batch in DataLoader(Numbers(), num_workers=1, multiprocessing_context="spawn"):
    print("a batch")
"""
    program = begin(tmp_path, body)
    output, errors = end(program)
    assert program.returncode == 1
    assert not output
    assert "exited unexpectedly with exit code 1" in errors.splitlines()[-1]
    assert "if __name__ == '__main__'" in errors.splitlines()[-1]


INTERRUPTED = {
    "waiting for a batch": """
for batch in DataLoader(Hangs(), num_workers=2, multiprocessing_context="fork"):
    if batch.item() == 1:
        pids()
""",
    "training, with persistent workers": """
settings = dict(num_workers=1, multiprocessing_context="fork")
loader = DataLoader(Numbers(), persistent_workers=True, **settings)
assert len(list(loader)) == 6
for batch in DataLoader(Numbers(), **settings):
    pids()
    time.sleep(1000)
""",
}


@pytest.mark.parametrize("when", INTERRUPTED)
def test_ctrl_c_ends_everything(when: str, tmp_path: Path) -> None:
    program = begin(tmp_path, INTERRUPTED[when])
    workers = first_line(program)
    assert len(workers) == 2
    time.sleep(0.2)
    pressed = time.monotonic()
    os.killpg(program.pid, signal.SIGINT)
    _, errors = end(program)
    assert time.monotonic() - pressed < 4
    assert program.returncode == -signal.SIGINT
    assert errors.count("Traceback") == 1, errors
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert gone_within(1, workers)


KILLED = """
from minitorch.utils.data import worker_loop
worker_loop.GRACE = 0.3
settings = dict(multiprocessing_context="fork", persistent_workers=True)
outer = iter(DataLoader(Hangs(), num_workers=2, **settings))
inner = DataLoader(Numbers(), num_workers=2, **settings)
assert len(list(inner)) == 6
next(outer)
pids()
time.sleep(1000)
"""


TOO_LATE = """
from minitorch.utils.data import worker_loop
worker_loop.GRACE = 0.3
worker_loop._leave_signals_to_the_parent = lambda: time.sleep(1)  # the first that a worker does
workers = iter(DataLoader(Hangs(), num_workers=2, multiprocessing_context="fork"))
pids()
time.sleep(1000)
"""


@pytest.mark.parametrize(
    ("body", "count"), [(KILLED, 4), (TOO_LATE, 2)], ids=["at work", "before they looked"]
)
def test_workers_end_when_their_parent_is_killed(body: str, count: int, tmp_path: Path) -> None:
    program = begin(tmp_path, body)
    workers = first_line(program)
    assert len(workers) == count
    program.kill()
    end(program)
    assert gone_within(8, workers)


LEFT = """
settings = dict(num_workers=2, multiprocessing_context="fork")
persistent = DataLoader(Numbers(), persistent_workers=True, **settings)
assert len(list(persistent)) == 6
half = iter(DataLoader(Numbers(), **settings))
next(half)
child = os.fork()  # which has them too, and does not end them
if child == 0:
    del half
    assert len(list(persistent)) == 6  # by workers of its own
    del persistent
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert len(list(half)) == 5
half = iter(DataLoader(Numbers(), **settings))
pids()
"""


def test_a_program_that_ends_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    body = 'warnings.filterwarnings("ignore", ".*multi-threaded, use of fork")\n' + LEFT
    program = begin(tmp_path, body)
    workers = first_line(program)
    begun = time.monotonic()
    _, errors = end(program)
    assert time.monotonic() - begun < 4
    assert not errors
    assert program.returncode == 0
    assert len(workers) == 4
    assert gone_within(1, workers)
