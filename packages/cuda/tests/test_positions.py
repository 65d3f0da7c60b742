"""arange, isin and mode on the device: the CPU's answers, and the host does not wait."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

import minitorch_cuda
import minitorch_tensor as t
from minitorch_tensor import Tensor

pytestmark = pytest.mark.usefixtures("simulator")

NAN = float("nan")
FLOATS = [3.0, -0.0, NAN, 1.5, 3.0, 0.0, -2.0]
TIES = [[2, 1, 2, 3], [3, 1, 3, 1], [4, 5, 6, 7]]

CASES: dict[str, Callable[[str], Tensor]] = {
    "arange": lambda d: t.arange(70, device=d),
    "arange of bytes": lambda d: t.arange(250, 260, dtype=t.uint8, device=d),
    "arange of whole floats": lambda d: t.arange(2**24 - 2, 2**24 + 4, dtype=t.float32, device=d),
    "arange of floats": lambda d: t.arange(1, 0, -0.1, device=d),
    "arange of doubles": lambda d: t.arange(0.5, 3, 0.25, dtype=t.float64, device=d),
    "arange of 16 bits": lambda d: t.arange(0, 1, 0.1, dtype=t.bfloat16, device=d),
    "arange of none": lambda d: t.arange(0, device=d),
    "isin": lambda d: t.isin(at(FLOATS, d), at([0.0, NAN, 3.0, 9.0, -2.0], d)),
    "isin, inverted": lambda d: t.isin(at(FLOATS, d), at([NAN, 3.0], d), invert=True),
    "isin, infinite": lambda d: t.isin(at([math.inf, NAN, 1.0], d), at([NAN, 1.0], d)),
    "isin of rows": lambda d: t.isin(at(TIES, d), at(TIES, d)[:, 2:], assume_unique=False),
    "isin of a number": lambda d: t.isin(at(TIES, d), 3),
    "isin for a number": lambda d: t.isin(3, at(TIES, d)),
    "isin of nothing": lambda d: t.isin(at(TIES, d), at(TIES, d)[:0], invert=True),
    "isin for nothing": lambda d: t.isin(at(TIES, d)[:0], at(TIES, d)),
    "isin of bytes": lambda d: t.isin(at(TIES, d).to(t.int8), at([3, 4], d).to(t.int8)),
    "mode": lambda d: t.mode(at(TIES, d)).values,
    "mode, where": lambda d: t.mode(at(TIES, d), 0, True).indices,
    "mode of nan": lambda d: t.mode(at([NAN, 2.0, NAN, 1.0], d)).indices,
    "mode of nan alone": lambda d: t.mode(at([NAN, NAN], d)).indices,
    "mode of bools": lambda d: t.mode(at(TIES, d) > 2).indices,
    "mode of a number": lambda d: t.mode(at(TIES, d)[0, 0]).indices,
}


def at(numbers: Sequence[float] | Sequence[Sequence[int]], device: str) -> Tensor:
    return t.tensor(np.array(numbers)).to(device)


@pytest.mark.parametrize("name", CASES)
def test_it_is_what_the_cpu_finds_and_the_host_does_not_wait(name: str) -> None:
    with minitorch_cuda.count_synchronizations() as waited:
        found = CASES[name]("cuda")
    assert waited.total == 0, waited
    expected = CASES[name]("cpu")
    assert found.dtype is expected.dtype
    assert found.shape == expected.shape
    assert found.tolist() == expected.tolist()
