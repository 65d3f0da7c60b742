"""Batches: torch's order for a seed, and torch's generator afterwards."""

from collections.abc import Callable
from operator import attrgetter
from types import ModuleType

import numpy as np
import pytest

import minitorch
from minitorch.utils import data

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

N = 23

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


def both_seeded(seed: int) -> None:
    torch.manual_seed(seed)
    minitorch.manual_seed(seed)


def same_generator() -> bool:
    ours = minitorch.get_rng_state().numpy()
    return bool((ours == torch.get_rng_state().numpy()).all())


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
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
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
