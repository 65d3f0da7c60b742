"""Datasets and loaders without torch at hand: what they accept, refuse and promise."""

import pickle
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import pytest

import minitorch as torch
from minitorch import Tensor
from minitorch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    RandomSampler,
    Subset,
    TensorDataset,
    default_collate,
    random_split,
)


class Point(NamedTuple):
    x: int
    y: float


class Doubles(Dataset[tuple[Tensor, int]]):
    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def __getitem__(self, index: int, /) -> tuple[Tensor, int]:
        return torch.tensor([index * 2.0]), index

    def __len__(self) -> int:
        return 5


class Together(Doubles):
    def __getitems__(self, indices: list[int]) -> list[tuple[Tensor, int]]:
        self.asked.append(indices)
        return [self[i] for i in indices]


def test_every_index_comes_once_an_epoch() -> None:
    loader = DataLoader(TensorDataset(torch.arange(10)), batch_size=3, shuffle=True)
    assert len(loader) == 4
    for _ in range(2):
        seen = [int(i) for (batch,) in loader for i in batch]
        assert sorted(seen) == list(range(10))


def test_the_order_of_a_seed_is_fixed() -> None:
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(torch.arange(10)), batch_size=10, shuffle=True)
    (batch,) = next(iter(loader))
    assert batch.tolist() == [6, 7, 1, 4, 2, 0, 9, 8, 3, 5]


def test_a_dataset_of_ones_own() -> None:
    batches = list(DataLoader(Doubles(), batch_size=2))
    assert [y.tolist() for _, y in batches] == [[0, 1], [2, 3], [4]]
    assert batches[0][0].tolist() == [[0.0], [2.0]]


def test_items_are_fetched_together_where_a_dataset_can() -> None:
    dataset = Together()
    list(DataLoader(dataset, batch_size=2))
    assert dataset.asked == [[0, 1], [2, 3], [4]]


def test_a_batch_shares_no_memory_with_the_dataset() -> None:
    x = torch.zeros(4, 2)
    (batch,) = next(iter(DataLoader(TensorDataset(x), batch_size=4)))
    batch.fill_(7)
    assert x.sum().item() == 0.0


def test_gathering_gives_what_stacking_gives() -> None:
    x = torch.arange(24.0).reshape(6, 2, 2).transpose(1, 2)
    dataset = TensorDataset(x, torch.arange(6))
    sampler = [5, 0, 3]
    quick = next(iter(DataLoader(dataset, batch_size=3, sampler=sampler)))
    slow = default_collate([dataset[i] for i in sampler])
    assert [q.tolist() for q in quick] == [s.tolist() for s in slow]
    assert [q.stride() for q in quick] == [s.stride() for s in slow]


def test_a_sampler_may_count_from_the_end() -> None:
    dataset = TensorDataset(torch.arange(6))
    (batch,) = next(iter(DataLoader(dataset, batch_size=2, sampler=[-1, -6])))
    assert batch.tolist() == [5, 0]
    with pytest.raises(IndexError):
        next(iter(DataLoader(dataset, sampler=[6])))


def test_a_subclass_of_a_tensor_dataset_has_its_own_items() -> None:
    class Negated(TensorDataset):
        def __getitem__(self, index: int, /) -> tuple[Tensor, ...]:
            return tuple(-x for x in super().__getitem__(index))

    (batch,) = next(iter(DataLoader(Negated(torch.arange(3)), batch_size=3)))
    assert batch.tolist() == [0, -1, -2]


def test_gradients_flow_through_a_batch() -> None:
    x = torch.ones(3, 2, requires_grad=True)
    (batch,) = next(iter(DataLoader(TensorDataset(x), batch_size=2)))
    batch.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]


def test_collate_fn_makes_the_batch() -> None:
    def join(items: list[int]) -> str:
        return "-".join(map(str, items))

    loader: DataLoader[str] = DataLoader(range(5), batch_size=2, collate_fn=join)
    assert list(loader) == ["0-1", "2-3", "4"]


def test_batch_sampler_gives_the_batches() -> None:
    loader = DataLoader(range(5), batch_sampler=[[4, 0], [1]])
    assert [batch.tolist() for batch in loader] == [[4, 0], [1]]
    assert len(loader) == 2


def test_named_tuples_stay_named() -> None:
    batch = default_collate([Point(1, 2.0), Point(3, 4.0)])
    assert isinstance(batch, Point)
    assert attrgetter("tolist")(batch.x)() == [1, 3]


def test_concat_and_subset() -> None:
    both = ConcatDataset([range(3), range(10, 12)])
    assert [both[i] for i in range(5)] == [0, 1, 2, 10, 11]
    assert both[-1] == 11
    assert [Subset(both, [4, 0])[i] for i in range(2)] == [11, 0]
    with pytest.raises(IndexError, match="index 5 is out of range for 5 items"):
        _ = both[5]
    with pytest.raises(ValueError, match="absolute value of index should not exceed"):
        _ = both[-6]
    with pytest.raises(AssertionError, match="should not be an empty iterable"):
        ConcatDataset([])


def test_tensor_datasets_want_equal_lengths() -> None:
    with pytest.raises(AssertionError, match=r"Size mismatch between tensors.*\(3,\), \(4, 2\)"):
        TensorDataset(torch.zeros(3), torch.zeros(4, 2))
    with pytest.raises(ValueError, match="expected at least one tensor"):
        TensorDataset()
    with pytest.raises(AssertionError, match="Size mismatch"):
        TensorDataset(torch.tensor(1.0))


def test_random_split_wants_lengths_that_fit() -> None:
    with pytest.raises(ValueError, match=r"does not equal the length.*\[3, 3\] and 5"):
        random_split(range(5), [3, 3])
    with pytest.raises(ValueError, match=r"Fraction at index 0 is not between 0 and 1"):
        random_split(range(5), [-0.5, 1.5])
    with pytest.warns(UserWarning, match="Length of split at index 2 is 0"):
        random_split(range(3), [0.5, 0.4, 0.1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shuffle": True, "sampler": [0]}, "sampler option is mutually exclusive with shuffle"),
        ({"batch_sampler": [[0]], "shuffle": True}, "batch_sampler option is mutually exclusive"),
        ({"batch_size": None, "drop_last": True}, "mutually exclusive with drop_last"),
        ({"num_workers": -1}, "num_workers option should be non-negative"),
        ({"timeout": -1}, "timeout option should be non-negative"),
        ({"prefetch_factor": 2}, "prefetch_factor option could only be specified in multi"),
        ({"persistent_workers": True}, "persistent_workers option needs num_workers > 0"),
        ({"multiprocessing_context": "spawn"}, "can only be used with multi-process loading"),
        ({"batch_size": 0}, "batch_size should be a positive integer value, but got batch_size=0"),
    ],
)
def test_arguments_that_exclude_one_another(options: dict[str, object], message: str) -> None:
    make = attrgetter("DataLoader")(torch.utils.data)
    with pytest.raises(ValueError, match=message):
        make(range(5), **options)


def test_a_loader_wants_a_dataset_with_a_length() -> None:
    make = attrgetter("DataLoader")(torch.utils.data)
    with pytest.raises(TypeError, match="must have __getitem__ and __len__, but generator has not"):
        make(i for i in range(3))
    loader = DataLoader(range(3), batch_sampler=iter([[0]]))
    with pytest.raises(TypeError, match="the length is not known"):
        len(loader)


def test_samplers_check_their_arguments() -> None:
    with pytest.raises(ValueError, match="num_samples should be a positive integer"):
        RandomSampler([])
    with pytest.raises(ValueError, match="drop_last should be a boolean value"):
        attrgetter("BatchSampler")(torch.utils.data)([1], 1, "no")
    with pytest.raises(TypeError, match="replacement should be a boolean value"):
        attrgetter("RandomSampler")(torch.utils.data)([1], 3)
    with pytest.raises(TypeError, match="the length is not known"):
        len(BatchSampler(iter([1]), 1, False))


def test_collate_refuses_what_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="found <class 'set'>"):
        default_collate([{1}, {2}])
    with pytest.raises(RuntimeError, match=r"should be of equal size.*\[1, 2\]"):
        default_collate([(1,), (1, 2)])
    stacked = default_collate([np.array([1, 2]), np.array([3, 4])])
    assert stacked.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("batch_size", [2, None])
def test_a_loader_can_be_pickled(batch_size: int | None) -> None:
    loader = DataLoader(TensorDataset(torch.arange(5)), batch_size=batch_size)
    again = pickle.loads(pickle.dumps(loader))
    assert [x.tolist() for [x] in again] == [x.tolist() for [x] in loader]
