"""Batches: torch's order for a seed, and torch's generator afterwards."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from types import MappingProxyType, ModuleType

import numpy as np
import pytest

import minitorch
from minitorch.utils import data

torch = pytest.importorskip("torch")
from .parity_helpers import both_seeded, same_generator  # noqa: E402

pytestmark = pytest.mark.parity

N = 23
LIBRARIES: list[ModuleType] = [minitorch, torch]

LOADERS: list[dict[str, object]] = [
    {},
    {"batch_size": 4},
    {"batch_size": 4, "drop_last": True},
    {"batch_size": 4, "shuffle": True},
    {"batch_size": 4, "shuffle": True, "drop_last": True},
    {"batch_size": N, "shuffle": True},
    {"batch_size": 100, "shuffle": True},
    {"batch_size": None, "shuffle": True},
]


def tensors(t: ModuleType) -> object:
    x = np.arange(N * 6, dtype=np.float32).reshape(N, 2, 3)
    y = np.arange(N, dtype=np.int64) * 10
    return t.utils.data.TensorDataset(t.tensor(x), t.tensor(y))


class Squares:
    """A dataset of tuples of a number and a string."""

    def __len__(self) -> int:
        return N

    def __getitem__(self, i: int) -> tuple[int, float, str]:
        return i, i * 0.5, str(i)


def batches(loader: object) -> list[object]:
    """Everything in a loader, as plain lists."""
    return [plain(batch) for batch in attrgetter("__iter__")(loader)()]


def plain(value: object) -> object:
    if isinstance(value, (minitorch.Tensor, torch.Tensor)):
        return str(value.dtype).partition(".")[2], value.tolist()
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *(plain(item) for item in value)]
    if isinstance(value, Mapping):
        return type(value).__name__, {key: plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.tolist()
    return value


@pytest.mark.parametrize("dataset", [tensors, lambda t: Squares()])
@pytest.mark.parametrize("options", LOADERS)
def test_batches_are_those_of_torch(
    options: dict[str, object], dataset: Callable[[ModuleType], object]
) -> None:
    both_seeded(7)
    loaders = [t.utils.data.DataLoader(dataset(t), **options) for t in (minitorch, torch)]
    assert len(loaders[0]) == len(loaders[1])
    for _ in range(3):
        ours, theirs = map(batches, loaders)
        assert ours == theirs
        assert same_generator()
    assert minitorch.rand(3).tolist() == torch.rand(3).tolist()


def test_a_loader_that_is_broken_off_has_drawn_what_torch_has() -> None:
    both_seeded(1)
    for t in (minitorch, torch):
        for _ in t.utils.data.DataLoader(tensors(t), batch_size=4, shuffle=True):
            break
    assert same_generator()
    for t in (minitorch, torch):
        iter(t.utils.data.DataLoader(tensors(t), batch_size=4, shuffle=True))
    assert same_generator()


@pytest.mark.parametrize("break_off", [False, True])
def test_a_generator_of_its_own(break_off: bool) -> None:
    def run(t: ModuleType) -> tuple[list[object], bytes]:
        generator = t.Generator().manual_seed(3)
        options = {"batch_size": 5, "shuffle": True, "generator": generator}
        loader = t.utils.data.DataLoader(tensors(t), **options)
        found = []
        for _ in range(2):
            for batch in loader:
                found.append(plain(batch))
                if break_off:
                    break
        return found, np.asarray(generator.get_state()).tobytes()

    both_seeded(5)
    assert run(minitorch) == run(torch)
    assert same_generator()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"replacement": True},
        {"replacement": True, "num_samples": 70},
        {"num_samples": 50},
        {"num_samples": 5},
    ],
)
def test_a_random_sampler_draws_as_in_torch(options: dict[str, object]) -> None:
    both_seeded(11)
    for _ in range(2):
        ours = list(attrgetter("RandomSampler")(data)(range(N), **options))
        assert ours == list(torch.utils.data.RandomSampler(range(N), **options))
    assert same_generator()


def test_a_subset_sampler_draws_as_in_torch() -> None:
    both_seeded(2)
    chosen = [3, 1, 4, 15, 9, 2, 6]
    ours = list(data.SubsetRandomSampler(chosen))
    assert ours == list(torch.utils.data.SubsetRandomSampler(chosen))
    assert same_generator()


@pytest.mark.parametrize("lengths", [[15, 8], [0.5, 0.3, 0.2], [0.8, 0.2], [23]])
def test_random_split_is_that_of_torch(lengths: list[float]) -> None:
    both_seeded(4)
    ours = data.random_split(Squares(), lengths)
    theirs = torch.utils.data.random_split(Squares(), lengths)
    assert [part.indices for part in ours] == [part.indices for part in theirs]
    assert same_generator()


def test_a_part_of_a_split_is_batched_as_in_torch() -> None:
    both_seeded(9)
    found = []
    for t in (minitorch, torch):
        part, _ = t.utils.data.random_split(tensors(t), [0.8, 0.2])
        found.append(batches(t.utils.data.DataLoader(part, batch_size=4, shuffle=True)))
    assert found[0] == found[1]
    assert same_generator()


class Chars(list[str]):
    """A list of a kind of its own."""


class Table(OrderedDict[str, object]):
    """A dictionary of a kind of its own."""


ITEMS: list[Callable[[ModuleType], list[object]]] = [
    lambda t: [t.ones(2), t.zeros(2)],
    lambda t: [t.tensor(1), t.tensor(2)],
    lambda t: [1, 2, 3],
    lambda t: [True, False],
    lambda t: [1.5, 2.5],
    lambda t: ["a", "b"],
    lambda t: [np.array([1.0, 2.0]), np.array([3.0, 4.0])],
    lambda t: [np.float32(1.5), np.float32(2.5)],
    lambda t: [(1, t.ones(2)), (2, t.zeros(2))],
    lambda t: [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
    lambda t: [[1, 2.0], [3, 4.0]],
    lambda t: [{"a": (1, 2)}, {"a": (3, 4)}],
    lambda t: [np.str_("a"), np.str_("b")],
    lambda t: [np.True_, np.False_],
    lambda t: [np.float64(1.5), np.float64(2.5)],
    lambda t: [b"a", b"b"],
    lambda t: [Chars("ab"), Chars("cd")],
    lambda t: [Table(a=1, b=2.0), Table(a=3, b=4.0)],
    lambda t: [MappingProxyType({"a": 1}), MappingProxyType({"a": 2})],
    lambda t: [range(3), range(3)],
    lambda t: [(), ()],
]


@pytest.mark.parametrize("items", ITEMS)
def test_default_collate_gives_what_torch_gives(
    items: Callable[[ModuleType], list[object]],
) -> None:
    ours = plain(data.default_collate(items(minitorch)))
    assert ours == plain(torch.utils.data.default_collate(items(torch)))


@pytest.mark.parametrize("items", ITEMS)
def test_default_convert_gives_what_torch_gives(
    items: Callable[[ModuleType], list[object]],
) -> None:
    ours = plain(data.default_convert(items(minitorch)[0]))
    assert ours == plain(torch.utils.data.default_convert(items(torch)[0]))


def test_what_collate_refuses_and_convert_leaves_alone() -> None:
    for t in (minitorch, torch):
        with pytest.raises(TypeError, match="must contain tensors, numpy arrays, numbers"):
            t.utils.data.default_collate([np.array(["a"]), np.array(["b"])])
        with pytest.raises(RuntimeError, match="each element in list of batch should be of equal"):
            t.utils.data.default_collate([[1], [1, 2]])
        array = np.array(["a", "b"])
        assert t.utils.data.default_convert(array) is array


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": 3},
        {"batch_size": 3, "drop_last": True},
        {"batch_size": 7},
        {"batch_size": None},
        {"batch_size": None, "collate_fn": str},
        {"batch_size": 2, "collate_fn": sum, "shuffle": False},
    ],
)
def test_streams_are_batched_as_in_torch(options: dict[str, object]) -> None:
    def run(t: ModuleType) -> list[object]:
        base: type = t.utils.data.IterableDataset

        def count(self: object) -> Iterator[int]:
            assert t.utils.data.get_worker_info() is None
            return iter(range(7))

        Count = type("Count", (base,), {"__iter__": count})
        Sized = type("Sized", (Count,), {"__len__": lambda self: 7})
        loader = t.utils.data.DataLoader(Count() + Count(), **options)
        found = [batches(loader), batches(loader)]
        sized = t.utils.data.DataLoader(Sized(), **options)
        return [*found, len(sized), batches(sized), len(Sized() + Sized())]

    both_seeded(3)
    assert run(minitorch) == run(torch)
    assert same_generator()


@pytest.mark.parametrize(
    "options",
    [{"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}, {"batch_size": None}],
)
def test_a_stream_has_its_own_order(options: dict[str, object]) -> None:
    def error(t: ModuleType) -> str:
        Stream = type(
            "Stream", (t.utils.data.IterableDataset,), {"__iter__": lambda self: iter([])}
        )
        with pytest.raises((ValueError, TypeError)) as caught:
            len(t.utils.data.DataLoader(Stream(), **options))
        return str(caught.value)

    assert error(minitorch) == error(torch)


def test_more_items_than_a_stream_told_warn() -> None:
    for t in (minitorch, torch):
        told = {"__iter__": lambda self: iter([1, 2, 3]), "__len__": lambda self: 2}
        Stream = type("Stream", (t.utils.data.IterableDataset,), told)
        loader = t.utils.data.DataLoader(Stream())
        assert len(loader) == 2
        with pytest.warns(UserWarning, match="but 3 samples have been fetched"):
            assert len(list(loader)) == 3


def test_single_items_are_collated_as_in_torch() -> None:
    for t in (minitorch, torch):
        loader = t.utils.data.DataLoader(range(3), batch_size=None, collate_fn=str)
        assert list(loader) == ["0", "1", "2"]


def test_what_makes_the_batches_stays() -> None:
    for t in (minitorch, torch):
        loader = t.utils.data.DataLoader(range(3))
        with pytest.raises(ValueError, match="batch_size attribute should not be set after"):
            loader.batch_size = 2
        loader.pin_memory = False


def test_stacked_and_added_datasets() -> None:
    def run(t: ModuleType) -> list[object]:
        data = t.utils.data
        x, y = t.arange(6), t.arange(6) * 10
        pairs = data.StackDataset(data.TensorDataset(x), data.Subset(range(8), [0, 2, 4, 6, 1, 3]))
        named = data.StackDataset(x=data.TensorDataset(x), y=data.TensorDataset(y))
        added = data.TensorDataset(x) + data.TensorDataset(y)
        every = (pairs, named, added, data.Subset(pairs, [5, 0]))
        found: list[object] = [len(each) for each in every]
        found += [plain(each[1]) for each in every]
        return found + [batches(data.DataLoader(each, batch_size=4)) for each in every]

    assert run(minitorch) == run(torch)


@pytest.mark.parametrize(
    ("weights", "options"),
    [
        ([0.1, 0.9, 0.4], {}),
        ([0.1, 0.9, 0.4, 3.0, 1.0], {"replacement": False}),
        ([1.0, 0.0, 5.0], {}),
    ],
)
def test_weighted_samples_are_those_of_torch(
    weights: list[float], options: dict[str, object]
) -> None:
    both_seeded(6)
    n = 4 if options else 50
    samplers = [t.utils.data.WeightedRandomSampler(weights, n, **options) for t in LIBRARIES]
    assert len(samplers[0]) == len(samplers[1])
    for _ in range(2):
        assert list(samplers[0]) == list(samplers[1])
    assert same_generator()


@pytest.mark.parametrize("options", [{}, {"shuffle": False}, {"drop_last": True}, {"seed": 5}])
@pytest.mark.parametrize(("n", "replicas"), [(10, 3), (9, 3), (2, 5)])
def test_shares_of_an_epoch_are_those_of_torch(
    n: int, replicas: int, options: dict[str, object]
) -> None:
    for rank in range(replicas):
        kinds = [t.utils.data.DistributedSampler for t in LIBRARIES]
        ours, theirs = (kind(range(n), replicas, rank, **options) for kind in kinds)
        for epoch in range(2):
            for sampler in (ours, theirs):
                sampler.set_epoch(epoch)
            assert list(ours) == list(theirs)
            assert len(ours) == len(theirs)


REFUSED: list[Callable[[ModuleType], object]] = [
    lambda data: data.WeightedRandomSampler([0.5], 0),
    lambda data: data.WeightedRandomSampler([0.5], True),
    lambda data: data.WeightedRandomSampler([0.5], 1, replacement=1),
    lambda data: data.WeightedRandomSampler([[0.5]], 1),
    lambda data: data.DistributedSampler(range(3), 2, 2),
    lambda data: data.StackDataset(),
    lambda data: data.StackDataset([1], a=[1]),
    lambda data: data.ConcatDataset([]),
    lambda data: list(data.ChainDataset([[1]])),
    lambda data: data.RandomSampler([1], num_samples=0),
    lambda data: data.BatchSampler([1], True, False),
    lambda data: data.random_split(range(3), [0.5, -0.5, 1.0]),
]


@pytest.mark.parametrize("index", range(len(REFUSED)))
def test_what_torch_refuses_is_refused_likewise(index: int) -> None:
    def error(t: ModuleType) -> tuple[str, str]:
        with pytest.raises((ValueError, TypeError, AssertionError)) as caught:
            REFUSED[index](t.utils.data)
        return caught.type.__name__, str(caught.value)

    (ours, said), (theirs, wanted) = error(minitorch), error(torch)
    assert ours == theirs
    assert said.startswith(wanted)
