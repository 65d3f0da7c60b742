"""Writing at index tensors: the host does not wait, and of places that meet the last stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

import minitorch_cuda
import minitorch_tensor as torch
from minitorch_cuda.choice import choice
from minitorch_cuda.simulated import SimulatorLauncher
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import DType

Case = Callable[[Tensor, str], Tensor]


@pytest.fixture(autouse=True)
def simulator() -> Iterator[None]:
    with minitorch_cuda.use_simulator():
        yield


def at(device: str, *index: int) -> Tensor:
    return torch.tensor(index).to(device)


def counted(device: str, *shape: int) -> Tensor:
    return (torch.arange(float(np.prod(shape))) + 100).reshape(shape).to(device)


def rows(x: Tensor, device: str) -> Tensor:
    x[at(device, 0, -1, 0)] = counted(device, 3, 5, 3)
    return x


def a_transposed_view(x: Tensor, device: str) -> Tensor:
    x.permute(2, 0, 1)[:, at(device, 1, 1, 3, 1)] = counted(device, 3, 4, 5)
    return x


def two_dimensions(x: Tensor, device: str) -> Tensor:
    x[at(device, 0, 1), :, at(device, 2, -3).reshape(2, 1)] = 7.0
    return x


def a_view_that_is_no_line(x: Tensor, device: str) -> Tensor:
    x[:, 1:3][at(device, 0, 3, 0), at(device, 1, 0, 1)] = counted(device, 3, 3)
    return x


def its_own_rows(x: Tensor, device: str) -> Tensor:
    x[at(device, 0, 1, 2)] = x[1:]
    return x


def scattered(x: Tensor, device: str) -> Tensor:
    index = at(device, 0, 1, 4, 4, 4, 0).reshape(1, 3, 2).expand(2, 3, 2)
    return x.scatter(1, index, counted(device, 3, 4, 2))


def a_number_scattered(x: Tensor, device: str) -> Tensor:
    return x.scatter_(2, at(device, 2).reshape(1, 1, 1).expand(4, 2, 1), 9.0)


def copied(x: Tensor, device: str) -> Tensor:
    return x.index_copy(1, at(device, 1, 1, 0), counted(device, 4, 3, 3))


def filled(x: Tensor, device: str) -> Tensor:
    return x.index_fill(2, at(device, -1, 0), 3.0)


def at_flat_positions(x: Tensor, device: str) -> Tensor:
    return x.put_(at(device, 1, -1, 1), counted(device, 3))


def added(x: Tensor, device: str) -> Tensor:
    index = at(device, 0, -1, 0), at(device, 1, 1, 1)
    return x.index_put(index, counted(device, 3, 3), accumulate=True)


def under_a_mask(x: Tensor, device: str) -> Tensor:
    return x.masked_scatter(x > 0, counted(device, 60))


def largest(x: Tensor, device: str) -> Tensor:
    index = at(device, 0, 2, 0, 0).reshape(4, 1, 1).expand(4, 5, 3)
    return x.scatter_reduce(0, index, x * 2, "amax")


def multiplied(x: Tensor, device: str) -> Tensor:
    return x.index_reduce(0, at(device, 3, 1, 1, 1), x + 1, "prod", include_self=False)


def nowhere(x: Tensor, device: str) -> Tensor:
    x[at(device).to(torch.int64)] = 1.0
    return x


CASES = [
    rows, a_transposed_view, two_dimensions, a_view_that_is_no_line, its_own_rows, scattered,
    a_number_scattered, copied, filled, at_flat_positions, added, under_a_mask, largest,
    multiplied, nowhere,
]  # fmt: skip

VALUES = np.random.default_rng(5).standard_normal((4, 5, 3)).astype(np.float32)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_it_is_what_the_cpu_writes_and_the_host_does_not_wait(case: Case) -> None:
    x = torch.tensor(VALUES).to("cuda")
    with minitorch_cuda.count_synchronizations() as waited:
        y = case(x, "cuda")
    assert waited.total == 0, waited
    assert y.tolist() == case(torch.tensor(VALUES), "cpu").tolist()


@pytest.mark.parametrize("case", [rows, two_dimensions, scattered, under_a_mask, largest])
def test_gradients_are_the_cpu_s(case: Case) -> None:
    found = []
    for device in ("cuda", "cpu"):
        x = torch.tensor(VALUES).to(device).requires_grad_()
        y = case(x * 2, device)
        (y * y).sum().backward()
        assert x.grad is not None
        found.append(x.grad.tolist())
    assert found[0] == found[1]


@pytest.mark.parametrize("dtype", [torch.bool_, torch.int8, torch.bfloat16, torch.float64])
def test_elements_of_any_dtype_are_moved_as_they_are(dtype: DType) -> None:
    x, values = torch.tensor(VALUES).to(dtype), counted("cpu", 3, 5, 3).to(dtype)
    y = x.to("cuda")
    for z in (x, y):
        z[at(str(z.device), 2, 0, 2)] = values.to(z.device)
    assert y.tolist() == x.tolist()


READING: list[Callable[[Tensor, Tensor], object]] = [
    lambda x, i: x[i],
    lambda x, i: x.__setitem__(i, 1.0),
    lambda x, i: x.index_copy(0, i, x[:2]),
    lambda x, i: x.scatter(0, i.reshape(2, 1, 1), 9.0),
    lambda x, i: x.scatter_reduce(0, i.reshape(2, 1, 1), x, "sum"),
    lambda x, i: x[:, 0, 0].put_(i, counted("cuda", 2)),
]


@pytest.mark.parametrize("bad", [4, -5])
@pytest.mark.parametrize("use", READING)
def test_a_bad_index_is_named_and_nothing_is_written(
    use: Callable[[Tensor, Tensor], object], bad: int
) -> None:
    x = torch.tensor(VALUES).to("cuda")
    with pytest.raises((IndexError, RuntimeError), match=rf"index {bad} at position \(1, ?"):
        use(x, at("cuda", 0, bad))
    assert x.tolist() == torch.tensor(VALUES).tolist()


def test_dividing_integers_by_zero_is_refused_without_waiting() -> None:
    x = at("cuda", 5, -7)
    with minitorch_cuda.count_synchronizations() as waited:
        y = x // 2 + x % at("cuda", 3, 4)
    assert waited.total == 0
    assert y.tolist() == [4, -3]
    with pytest.raises(RuntimeError, match="ZeroDivisionError: remainder of integers by zero"):
        x % at("cuda", 1, 0)
    with pytest.raises(RuntimeError, match="ZeroDivisionError: floor_divide of integers by zero"):
        x // 0


def test_a_mask_with_more_places_than_numbers_is_refused() -> None:
    x = torch.tensor(VALUES).to("cuda")
    with pytest.raises(RuntimeError, match="source has 3 elements, fewer than the places"):
        x.masked_scatter(x > 0, counted("cuda", 3))


class Late(SimulatorLauncher):
    """As a GPU does, it says later what was wrong."""

    @property
    def immediate(self) -> bool:
        return False


@pytest.mark.parametrize("bad", [6, -7, 2**40, -(2**62)])
@pytest.mark.parametrize("where", ["first", "middle", "two", "outer"])
def test_an_index_that_is_found_bad_later_has_written_nowhere(bad: int, where: str) -> None:
    late = Late()
    before = choice.put([late])
    try:
        x = counted("cuda", 4, 6, 4)
        expected = np.array(x.tolist())
        if where == "first":
            x[at("cuda", 1, bad)] = -1.0
            expected[1] = -1.0
        elif where == "middle":
            x[:, at("cuda", 2, bad)] = -1.0
            expected[:, 2] = -1.0
        elif where == "two":
            x[at("cuda", 0, 3), at("cuda", 1, bad)] = -1.0
            expected[0, 1] = -1.0
        else:
            x[at("cuda", 0, 3), :, at("cuda", 1, bad)] = -1.0
            expected[0, :, 1] = -1.0
        with pytest.raises(IndexError, match=r"index .*at position .* is out of bounds for"):
            late.look()
        assert x.tolist() == expected.tolist()
    finally:
        choice.put(before)
