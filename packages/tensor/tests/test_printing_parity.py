"""The numbers of a tensor's text equal live PyTorch's, character for character."""

from collections.abc import Callable, Iterator
from typing import TypedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from minitorch_tensor.printing import format_tensor, set_printoptions

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

DTYPES: list[type[np.generic]] = [
    np.float16, np.float32, np.float64, np.int64, np.int32, np.int16, np.int8, np.uint8, np.bool_,
]  # fmt: skip
SHAPES = [
    (), (1,), (5,), (30,), (100,), (1001,), (2, 3), (1, 1, 1), (3, 4, 5), (40, 30), (7, 7, 30),
    (2, 3, 2, 4), (1001, 1), (1, 1001), (6, 200), (7, 200), (30, 6, 7), (4, 4, 8, 8),
    (0,), (2, 0), (0, 3, 4),
]  # fmt: skip


class Options(TypedDict, total=False):
    """Some of `set_printoptions`' arguments."""

    precision: int
    threshold: float
    edgeitems: int
    linewidth: int
    profile: str
    sci_mode: bool


OPTIONS: list[Options] = [
    {}, {"precision": 0}, {"precision": 2}, {"linewidth": 40}, {"linewidth": 0},
    {"sci_mode": True}, {"sci_mode": False}, {"threshold": 5, "edgeitems": 1},
    {"threshold": 5, "edgeitems": 0}, {"profile": "full"}, {"profile": "short"},
]  # fmt: skip


def _mixed(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    special = rng.choice([np.nan, np.inf, -np.inf, 0.0, 1.0, 2.0], shape)
    return np.where(rng.random(shape) < 0.5, special, rng.integers(-3, 3, shape))


KINDS: dict[
    str, Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]
] = {
    "ones": lambda rng, shape: np.ones(shape),
    "minus zeros": lambda rng, shape: -np.zeros(shape),
    "normal": lambda rng, shape: np.asarray(rng.normal(size=shape)),
    "whole": lambda rng, shape: rng.integers(-999, 999, shape) + np.zeros(shape),
    "halves": lambda rng, shape: rng.integers(0, 9, shape) / np.full(shape, 2.0),
    "wide": lambda rng, shape: 10.0 ** rng.integers(-8, 10, shape) * rng.normal(size=shape),
    "large": lambda rng, shape: rng.integers(1, 5, shape) * np.full(shape, 1e8),
    "tiny": lambda rng, shape: np.asarray(rng.normal(size=shape) * 1e-5),
    "mixed": _mixed,
}  # fmt: skip


@pytest.fixture(params=OPTIONS, ids=str)
def options(request: pytest.FixtureRequest) -> Iterator[Options]:
    """The same options here and in PyTorch, for one test."""
    chosen: Options = request.param
    torch.set_printoptions(**chosen)
    set_printoptions(**chosen)
    yield chosen
    torch.set_printoptions(profile="default")
    set_printoptions(profile="default")


def check(values: NDArray[np.generic]) -> None:
    """Compare the text of these values here and in PyTorch, up to the first suffix."""
    # from_numpy makes a 0-d array's dtype the default one; through one dimension it does not.
    tensor = torch.from_numpy(np.array(values).reshape(-1)).reshape(values.shape)
    text = repr(tensor).removeprefix("tensor(")
    ours = format_tensor(values)
    assert text[: len(ours)] == ours
    assert text[len(ours)] in ",)"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_text_equals_pytorchs(kind: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(len(kind) + sum(shape))
    numbers = np.asarray(KINDS[kind](rng, shape))
    for dtype in DTYPES:
        with np.errstate(all="ignore"):
            check(numbers.astype(dtype))


@pytest.mark.parametrize("kind", KINDS)
def test_text_follows_the_options(kind: str, options: Options) -> None:
    rng = np.random.default_rng(len(kind))
    for shape in [(), (5,), (30,), (2, 3), (3, 4, 5), (7, 8)]:
        check(np.asarray(KINDS[kind](rng, shape), dtype=np.float32))
    check(np.arange(1100))


@given(
    arrays.arrays(
        dtype=st.sampled_from(DTYPES).map(np.dtype),
        shape=arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9),
    )
)
def test_text_of_anything_equals_pytorchs(values: NDArray[np.generic]) -> None:
    check(values)


@given(
    st.lists(st.floats(width=32) | st.sampled_from([0.0, 1.0, 999.0, 1e8, 1e-4]), max_size=12),
    st.floats(1e-12, 1e12),
)
def test_text_of_any_floats_equals_pytorchs(numbers: list[float], scale: float) -> None:
    with np.errstate(all="ignore"):
        check(np.array(numbers, dtype=np.float32))
        check((np.array(numbers) % 1000 * scale).astype(np.float32))
