"""Worker processes: torch's batches, order and seeds, and torch's generator afterwards."""

import multiprocessing
import random
import sys
from collections.abc import Callable, Iterator
from operator import attrgetter
from types import ModuleType

import numpy as np
import pytest

import minitorch

torch = pytest.importorskip("torch")
from .parity_helpers import both_seeded, same_generator  # noqa: E402

if "fork" not in multiprocessing.get_all_start_methods() or sys.platform == "darwin":
    pytest.skip("workers are not forked on this system", allow_module_level=True)

N = 13
LIBRARIES: list[ModuleType] = [minitorch, torch]
pytestmark = [
    pytest.mark.parity,
    pytest.mark.usefixtures("limited"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),  # torch
]


class Draws:
    """An index, and numbers of all generators of the process that is asked."""

    def __init__(self, t: ModuleType) -> None:
        self.t = t

    def __len__(self) -> int:
        return N

    def __getitem__(self, i: int) -> tuple[int, float, float, float, int]:
        seed = self.t.utils.data.get_worker_info().seed
        return i, random.random(), np.random.rand(), self.t.rand(1).item(), seed % 1_000_003


class Eager:
    """A sampler that draws when an epoch is begun."""

    def __init__(self, t: ModuleType) -> None:
        self.t = t

    def __iter__(self) -> Iterator[int]:
        return iter(self.t.randperm(N).tolist())

    def __len__(self) -> int:
        return N


def shares(t: ModuleType, lengths: list[int]) -> object:
    """A stream that gives so many items in each worker."""

    def begin(self: object) -> Iterator[int]:
        number: int = t.utils.data.get_worker_info().id
        return iter([100 * number + i for i in range(lengths[number])])

    made: object = type("Shares", (t.utils.data.IterableDataset,), {"__iter__": begin})()
    return made


def plain(batch: object) -> object:
    if isinstance(batch, (list, tuple)):
        return [plain(item) for item in batch]
    return attrgetter("tolist")(batch)() if hasattr(batch, "tolist") else batch


def loader(t: ModuleType, dataset: object, **options: object) -> Iterator[object]:
    settings = {"num_workers": 2, "multiprocessing_context": "fork", **options}
    made: Iterator[object] = t.utils.data.DataLoader(dataset, **settings)
    return made


OPTIONS: list[dict[str, object]] = [
    {"batch_size": 3, "shuffle": True},
    {"batch_size": 3, "shuffle": True, "persistent_workers": True, "prefetch_factor": 1},
    {"batch_size": None, "shuffle": True, "drop_last": False},
    {"batch_size": 4, "drop_last": True, "num_workers": 1},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_batches_and_the_numbers_that_workers_draw(options: dict[str, object]) -> None:
    both_seeded(7)
    ours, theirs = (loader(t, Draws(t), **options) for t in LIBRARIES)
    for _ in range(3):
        assert [plain(batch) for batch in ours] == [plain(batch) for batch in theirs]
        assert same_generator()


@pytest.mark.parametrize("persistent", [False, True])
def test_a_sampler_that_draws_when_it_begins(persistent: bool) -> None:
    both_seeded(5)
    options = {"batch_size": None, "persistent_workers": persistent}
    ours, theirs = (loader(t, range(N), sampler=Eager(t), **options) for t in LIBRARIES)
    for _ in range(2):
        assert [plain(batch) for batch in ours] == [plain(batch) for batch in theirs]
        assert same_generator()


def test_the_order_with_workers_is_that_without_and_torchs() -> None:
    found = []
    for t in LIBRARIES:
        for workers in (0, 2):
            both_seeded(11)
            context = "fork" if workers else None
            options = {"num_workers": workers, "multiprocessing_context": context, "shuffle": True}
            made = loader(t, range(N), batch_size=4, **options)
            found.append([plain(batch) for _ in range(3) for batch in made])
    assert found[0] == found[1] == found[2] == found[3]


@pytest.mark.parametrize("stop", [0, 2])
@pytest.mark.parametrize("persistent", [False, True])
def test_an_epoch_broken_off_with_a_generator_of_its_own(stop: int, persistent: bool) -> None:
    def run(t: ModuleType) -> tuple[list[object], bytes]:
        generator = t.Generator().manual_seed(3)
        options = {"shuffle": True, "generator": generator, "persistent_workers": persistent}
        made = loader(t, Draws(t), batch_size=2, **options)
        found = []
        for _ in range(2):
            for i, batch in enumerate(made):
                found.append(plain(batch))
                if i == stop:
                    break
        return found, np.asarray(generator.get_state()).tobytes()

    both_seeded(2)
    assert run(minitorch) == run(torch)
    assert same_generator()


@pytest.mark.parametrize("lengths", [[6, 6], [2, 9], [0, 3], [0, 0]])
@pytest.mark.parametrize("options", [{"batch_size": 2}, {"batch_size": 4, "drop_last": True}])
def test_streams(lengths: list[int], options: dict[str, object]) -> None:
    both_seeded(1)
    found = []
    for t in LIBRARIES:
        made = loader(t, shares(t, lengths), persistent_workers=True, **options)
        found.append([plain(batch) for _ in range(2) for batch in made])
    assert found[0] == found[1]
    assert same_generator()


def test_an_exception_has_torchs_message() -> None:
    class Bad(Draws):
        def __getitem__(self, i: int) -> tuple[int, float, float, float, int]:
            raise KeyError("missing")

    with pytest.raises(KeyError) as ours:
        next(iter(loader(minitorch, Bad(minitorch), num_workers=1)))
    try:
        raise KeyError("missing")
    except KeyError:
        wrapped = torch._utils.ExceptionWrapper(where="in DataLoader worker process 0")
    with pytest.raises(KeyError) as theirs:
        wrapped.reraise()
    lines = [str(caught.value).splitlines() for caught in (ours, theirs)]
    assert [lines[0][i] for i in (0, 1, -1)] == [lines[1][i] for i in (0, 1, -1)]


@pytest.mark.parametrize(
    "options",
    [
        {"num_workers": -1},
        {"timeout": -1},
        {"multiprocessing_context": "threads"},
        {"multiprocessing_context": 3},
        {"num_workers": 0, "multiprocessing_context": "spawn"},
        {"num_workers": 0, "multiprocessing_context": None, "persistent_workers": True},
        {"num_workers": 0, "multiprocessing_context": None, "prefetch_factor": 2},
    ],
)
def test_what_torch_refuses_is_refused(options: dict[str, object]) -> None:
    make: Callable[..., object] = loader
    kinds = []
    for t in LIBRARIES:
        with pytest.raises((ValueError, TypeError)) as caught:
            make(t, range(N), **options)
        kinds.append((type(caught.value), str(caught.value).replace("=", " ").split()[0]))
    assert kinds[0] == kinds[1]
