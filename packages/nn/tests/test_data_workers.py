"""Batches made by forked worker processes: all of them, once, in order, and no process afterwards.

Every test has a limit of time, and ends with no process left.
"""

import copy
import gc
import multiprocessing
import os
import pickle
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from operator import attrgetter

import numpy as np
import pytest

import minitorch as torch
from minitorch import Tensor
from minitorch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    Sampler,
    TensorDataset,
    get_worker_info,
)

if "fork" not in multiprocessing.get_all_start_methods():
    pytest.skip("this system cannot fork", allow_module_level=True)
if sys.platform == "darwin":
    pytest.skip("a fork is not safe on this system", allow_module_level=True)

LIMIT = 10  # seconds
SOAK = int(os.environ.get("MINITORCH_SOAK_EPOCHS", "30"))  # how many epochs
pytestmark = [
    pytest.mark.usefixtures("no_process_left"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
]


class Numbers(Dataset[int]):
    """The numbers 0, 1, ...; `each` may do something else."""

    def __init__(self, n: int, each: Callable[[int], int] = lambda i: i) -> None:
        self.n = n
        self.each = each

    def __getitem__(self, index: int, /) -> int:
        return self.each(index)

    def __len__(self) -> int:
        return self.n


class Plain(Dataset[int]):
    """Five numbers, and nothing that cannot be pickled."""

    def __getitem__(self, index: int, /) -> int:
        return index

    def __len__(self) -> int:
        return 5


class Shares(IterableDataset[int]):
    """The numbers 0, 1, ... of which each worker gives every n-th; worker 0 ends first."""

    def __init__(self, n: int, said: int | None = None) -> None:
        self.n = n
        self.said = n if said is None else said

    def __iter__(self) -> Iterator[int]:
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        return iter(range(first, self.n, step))

    def __len__(self) -> int:
        return self.said


def forked(dataset: Dataset[int], batch_size: int = 2, **options: object) -> DataLoader[Tensor]:
    """A loader with two forked workers, whatever Python's default is."""
    make: Callable[..., DataLoader[Tensor]] = DataLoader
    settings = {"num_workers": 2, "multiprocessing_context": "fork", **options}
    return make(dataset, batch_size=batch_size, **settings)


def numbers(batches: Iterator[Tensor] | DataLoader[Tensor]) -> list[int]:
    return [int(i) for batch in batches for i in batch]


def table() -> TensorDataset:
    x = torch.arange(46.0, device="numpy").reshape(23, 2)
    return TensorDataset(x, torch.arange(23, device="numpy"))


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 4},
        {"batch_size": 4, "shuffle": True, "drop_last": True},
        {"batch_size": None, "shuffle": True},
        {"batch_size": None, "sampler": [5, 2, -1]},
        {"batch_sampler": [[3, 1], [], [22], [0, 0, 5]]},
        {"batch_size": 100},
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_batches_and_their_order_are_those_without_workers(
    options: dict[str, object], workers: int
) -> None:
    make: Callable[..., DataLoader[list[Tensor]]] = DataLoader
    found = []
    for settings in ({}, {"num_workers": workers, "multiprocessing_context": "fork"}):
        torch.manual_seed(3)
        loader = make(table(), **options, **settings)
        found.append([[x.tolist() for x in batch] for _ in range(2) for batch in loader])
    assert found[0] == found[1]


def test_no_sample_is_lost_and_none_repeated_over_many_epochs() -> None:
    loader = forked(Numbers(23), 3, shuffle=True, persistent_workers=True)
    orders = set()
    for _ in range(SOAK):
        order = numbers(loader)
        assert sorted(order) == list(range(23))
        orders.add(tuple(order))
    assert len(orders) == SOAK


def test_workers_are_seeded_by_the_base_seed_and_their_number() -> None:
    def seed(index: int) -> int:
        info = get_worker_info()
        assert info is not None
        assert info.num_workers == 2
        assert isinstance(info.dataset, Numbers)
        assert torch.initial_seed() == info.seed
        assert index == info.id
        return info.seed

    torch.manual_seed(0)
    loader = forked(Numbers(2, seed), 1)
    first, second = numbers(loader)
    assert second == first + 1
    torch.manual_seed(0)
    assert first == torch.empty(1, dtype=torch.int64).random_().item()
    assert get_worker_info() is None


def test_worker_init_fn_is_called_with_the_number_after_seeding() -> None:
    seen: list[int] = []

    def init(number: int) -> None:
        info = get_worker_info()
        assert info is not None
        assert info.id == number
        seen.append(number)

    loader = forked(Numbers(4, lambda i: seen[0]), 1, worker_init_fn=init)
    assert numbers(loader) == [0, 1, 0, 1]
    assert seen == []


def test_workers_compute_on_one_thread() -> None:
    assert numbers(forked(Numbers(2, lambda i: torch.get_num_threads()))) == [1, 1]


def test_workers_are_started_beside_threads_that_draw_and_from_a_thread() -> None:
    found: list[list[int]] = []
    drawing = threading.Event()

    def draw() -> None:
        with torch.default_generator.lock:
            drawing.set()
            time.sleep(0.5)

    def load() -> None:
        generator = torch.Generator().manual_seed(0)
        found.append(numbers(forked(Numbers(6), generator=generator)))

    for work in (draw, load):
        threading.Thread(target=work).start()
        assert drawing.wait(LIMIT)
    until = time.monotonic() + LIMIT
    while not found and time.monotonic() < until:
        time.sleep(0.01)
    assert found == [list(range(6))]


def test_persistent_workers_stay_and_others_do_not() -> None:
    for persistent in (True, False):
        loader = forked(Numbers(4, lambda i: os.getpid()), persistent_workers=persistent)
        first, second = set(numbers(loader)), set(numbers(loader))
        assert len(first | second) == (2 if persistent else 4)
        assert os.getpid() not in first


def test_an_epoch_broken_off_leaves_nothing_in_the_next() -> None:
    loader = forked(Numbers(40), 1, persistent_workers=True, shuffle=True)
    for stop in (0, 3, 7):
        for i, _ in enumerate(loader):
            if i == stop:
                break
    assert sorted(numbers(loader)) == list(range(40))


def test_dropping_an_iterator_half_way_ends_its_workers() -> None:
    for batch in forked(Numbers(100), 1):
        assert batch.item() == 0
        break
    assert not multiprocessing.active_children()
    coming = iter(forked(Numbers(100), 1))
    assert len(multiprocessing.active_children()) == 2
    del coming
    assert not multiprocessing.active_children()


def test_an_iterator_in_another() -> None:
    loader = forked(Numbers(3), 1)
    assert [(a.item(), b.item()) for a in loader for b in loader] == [
        (a, b) for a in range(3) for b in range(3)
    ]


def test_lengths() -> None:
    loader = forked(Numbers(5), 2, drop_last=True)
    assert len(loader) == 2
    coming = iter(loader)
    assert attrgetter("__len__")(coming)() == 2
    assert len(list(coming)) == 2
    assert list(coming) == []
    with pytest.raises(TypeError, match="has no len"):
        attrgetter("__len__")(iter(forked(Shares(4))))()


def test_prefetch_factor_is_how_far_workers_run_ahead() -> None:
    begun: list[int] = []

    def order() -> Iterator[list[int]]:
        for i in range(20):
            begun.append(i)
            yield [i]

    class Order(Sampler[list[int]]):
        def __iter__(self) -> Iterator[list[int]]:
            return order()

    loader = forked(Numbers(20), 1, batch_sampler=Order(), prefetch_factor=3)
    coming = iter(loader)
    assert len(begun) == 6
    next(coming)
    assert len(begun) == 7


def test_a_quicker_worker_goes_ahead_only_if_it_may() -> None:
    def slow_zero(i: int) -> int:
        if i == 0:
            time.sleep(0.5)
        return i

    assert numbers(forked(Numbers(6, slow_zero), 1)) == list(range(6))
    out_of_order = numbers(forked(Numbers(6, slow_zero), 1, in_order=False))
    assert out_of_order[0] == 1
    assert sorted(out_of_order) == list(range(6))


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("persistent", [True, False])
def test_a_stream_whose_items_are_shared_out(in_order: bool, persistent: bool) -> None:
    loader = forked(Shares(11), 2, in_order=in_order, persistent_workers=persistent)
    for _ in range(2):
        batches = [numbers(iter([batch])) for batch in loader]
        if in_order:
            assert batches == [[0, 2], [1, 3], [4, 6], [5, 7], [8, 10], [9]]
        assert sorted(batch[0] for batch in batches) == [0, 1, 4, 5, 8, 9]
        assert sorted(i for batch in batches for i in batch) == list(range(11))


def test_a_stream_that_ends_much_earlier_in_one_worker() -> None:
    class Uneven(Shares):
        def __iter__(self) -> Iterator[int]:
            info = get_worker_info()
            assert info is not None
            return iter(range(100, 102)) if info.id else iter(range(10))

    assert numbers(forked(Uneven(12), 1)) == [0, 100, 1, 101, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_stream_with_more_items_than_it_said_is_warned_of() -> None:
    loader = forked(Shares(3, said=2), 1)
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="reported to be 2.*but 3 samples.*replica at each worker"):
        assert sorted(numbers(loader)) == [0, 1, 2]


def _mixed(big: int) -> dict[str, object]:
    x = torch.arange(float(big), device="numpy")
    return {
        "x": x,
        "turned": x.reshape(2, -1).t(),
        "half": torch.tensor([1.0, -2.5], dtype=torch.bfloat16),
        "none": torch.empty(0, 3, device="numpy"),
        "grad": torch.ones(2, device="numpy", requires_grad=True),
        "array": np.arange(big)[::2],
        "text": "ö" * big,
    }


@pytest.mark.parametrize("big", [4, 50_000])
def test_tensors_arrive_as_they_were(big: int) -> None:
    def collate(items: list[int]) -> dict[str, object]:
        return _mixed(big)

    make: Callable[..., DataLoader[dict[str, object]]] = DataLoader
    settings = {"num_workers": 1, "multiprocessing_context": "fork", "collate_fn": collate}
    for batch in make(Numbers(2), **settings):
        for name, expected in _mixed(big).items():
            value = batch[name]
            assert type(value) is type(expected)
            if isinstance(value, Tensor) and isinstance(expected, Tensor):
                assert value.tolist() == expected.tolist()
                assert (value.dtype, value.device) == (expected.dtype, expected.device)
                assert value.requires_grad == expected.requires_grad
            elif isinstance(value, np.ndarray) and isinstance(expected, np.ndarray):
                assert (value == expected).all()
                value[:] = 0  # it can be written
            else:
                assert value == expected
        x = batch["x"]
        assert isinstance(x, Tensor)
        x.add_(1)  # and touches nothing else


@pytest.mark.skipif(sys.platform != "linux", reason="memory is handed over on Linux")
def test_large_batches_lie_in_memory_that_was_handed_over_up_to_a_number_of_files() -> None:
    make: Callable[..., DataLoader[Tensor]] = forked
    loader = make(Numbers(80), 1, collate_fn=lambda items: torch.full((20_000,), items[0]))
    gc.collect()
    open_files = len(os.listdir("/dev/fd"))
    batches = list(loader)
    assert [int(batch.numpy().sum()) for batch in batches] == [20_000 * i for i in range(80)]
    shared = [batch.is_shared() for batch in batches]
    assert 50 < sum(shared) <= 64  # an earlier test may hold one
    assert len(os.listdir("/dev/fd")) == open_files + sum(shared)
    batches.clear()
    assert len(os.listdir("/dev/fd")) == open_files


def test_a_loader_with_workers_can_be_copied_but_not_its_iterator() -> None:
    loader = forked(Plain(), persistent_workers=True)
    assert numbers(loader) == list(range(5))
    assert numbers(copy.copy(loader)) == list(range(5))
    for again in (pickle.loads(pickle.dumps(loader)), copy.deepcopy(loader)):
        assert numbers(again) == list(range(5))
    with pytest.raises(TypeError, match="cannot be copied or pickled, for it has worker"):
        copy.copy(iter(loader))


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"prefetch_factor": 0}, ValueError, "prefetch_factor option should be positive.* got 0"),
        ({"multiprocessing_context": "threads"}, ValueError, "valid start method in .*'threads'"),
        ({"multiprocessing_context": 3}, TypeError, "should be a valid context object or a string"),
        ({"timeout": -1}, ValueError, "timeout option should be non-negative"),
    ],
)
def test_options_of_workers_are_checked(
    options: dict[str, object], kind: type[Exception], message: str
) -> None:
    make: Callable[..., DataLoader[Tensor]] = forked
    with pytest.raises(kind, match=message):
        make(Numbers(3), **options)


def test_more_workers_than_cores_are_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="will create 5000 worker processes in total"):
            forked(Numbers(3), num_workers=5000)
