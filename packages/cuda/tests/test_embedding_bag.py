"""embedding_bag in the simulator against its composite: values, gradients, errors, no waiting."""

from collections.abc import Callable

import numpy as np
import pytest

import minitorch_cuda
from minitorch_cuda.functional.embedding_bag import fused_embedding_bag
from minitorch_cuda.kernels.embedding_bag_plan import is_sorted_first
from minitorch_cuda.limits import SIMULATOR
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.dtype import DType, bfloat16, float16, float64
from minitorch_tensor.functional import top_level
from minitorch_tensor.functional.embedding_bag import embedding_bag

from .fused_cases import close, compare, on, random

pytestmark = pytest.mark.usefixtures("simulator")
Function = Callable[..., Tensor]

INDEX = np.array([1, 4, 2, 2, 0, 4, 2, 3, 1])
OFFSETS = np.array([0, 2, 2, 7])  # the second bag is empty
PLACES = {
    "offsets": (INDEX, OFFSETS),
    "last offset": (INDEX, np.array([0, 3, 5, 8])),
    "rows": (INDEX.reshape(3, 3), None),
}


def bags(
    function: Function, places: str, mode: str, padding: int | None = None, by_use: bool = False
) -> Function:
    index, offsets = PLACES[places]

    def call(weight: Tensor, factors: Tensor | None = None) -> Tensor:
        begins = None if offsets is None else from_numpy(offsets.copy()).to(weight.device)
        return function(
            from_numpy(index.copy()).to(weight.device), weight, begins, mode=mode,
            padding_idx=padding, scale_grad_by_freq=by_use, per_sample_weights=factors,
            include_last_offset=places == "last offset",
        )  # fmt: skip

    return call


def same(
    places: str,
    mode: str,
    padding: int | None = None,
    by_use: bool = False,
    *,
    arrays: int = 1,
    n: int = 3,
    second: bool = False,
) -> None:
    given = [random(5, n), random(*PLACES[places][0].shape, seed=3)][:arrays]
    fused, composite = (
        bags(function, places, mode, padding, by_use)
        for function in (fused_embedding_bag, embedding_bag.composite)
    )
    compare(fused, composite, given, second=second)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("places", PLACES)
def test_same_as_the_composite(places: str, mode: str) -> None:
    same(places, mode, second=mode == "mean")
    same(places, mode, -3, n=4)


@pytest.mark.parametrize("places", PLACES)
def test_weights_of_samples_and_their_gradients(places: str) -> None:
    same(places, "sum", 4, arrays=2, second=True)


def test_gradients_by_use() -> None:
    same("offsets", "mean", 1, True)


@pytest.mark.parametrize("n", [4, 3])
def test_many_indices_are_sorted_first(n: int) -> None:
    index = np.random.default_rng(1).integers(0, 7, 300)
    assert is_sorted_first(index.size, SIMULATOR)
    run = [
        lambda weight, factors, f=f: f(
            from_numpy(index).to(weight.device), weight,
            from_numpy(np.arange(0, 300, 30)).to(weight.device), mode="sum",
            per_sample_weights=factors, padding_idx=2,
        )
        for f in (fused_embedding_bag, embedding_bag.composite)
    ]  # fmt: skip
    compare(run[0], run[1], [random(9, n), random(300)])


@pytest.mark.parametrize("dtype", [float64, float16, bfloat16], ids=str)
def test_other_floats(dtype: DType) -> None:
    for mode in ("sum", "max"):
        run = [bags(f, "offsets", mode) for f in (fused_embedding_bag, embedding_bag.composite)]
        compare(run[0], run[1], [random(5, 4)], dtype)


def test_nan_is_the_largest() -> None:
    table = random(5, 4)
    table[2, 1] = np.nan
    found = [
        bags(embedding_bag, "offsets", "max")(on(device, table).detach())
        for device in ("cuda", "numpy")
    ]
    np.testing.assert_array_equal(found[0].to("cpu").numpy(), found[1].to("cpu").numpy())


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_what_was_found_on_the_way(mode: int) -> None:
    found = []
    for device in ("cuda", "numpy"):
        index, offsets = (from_numpy(x).to(device) for x in (INDEX, OFFSETS))
        weight = on(device, random(5, 3)).detach()
        found.append(top_level.embedding_bag(weight, index, offsets, mode=mode, padding_idx=2))
    for mine, expected in zip(*found, strict=True):
        close(mine, expected, 1e-6)


def test_rows_are_shrunk_first() -> None:
    tables = [on(device, random(5, 3)).detach() for device in ("cuda", "numpy")]
    for table in tables:
        embedding_bag(
            from_numpy(INDEX[1:4]).to(table.device), table,
            from_numpy(OFFSETS[:1]).to(table.device), 0.5,
        )  # fmt: skip
    close(tables[0], tables[1], 1e-5)


def test_small_integers_and_nothing() -> None:
    weight = on("cuda", random(5, 3)).detach()
    index, offsets = (from_numpy(x).to("cuda") for x in (INDEX, OFFSETS))
    expected = embedding_bag(index, weight, offsets)
    close(embedding_bag(index.int(), weight, offsets.int()), expected, 0.0)
    assert embedding_bag(index[:0], weight, offsets[:1]).tolist() == [[0.0] * 3]
    assert embedding_bag(index, weight, offsets[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    ("index", "offsets", "message"),
    [
        ([1, 5], [0], r"index 5 is not in the valid range \[0, 5\)"),
        ([1, -1], [0, 1], "index -1 is not in"),
        ([1, 2], [1], r"offsets\[0\] has to be 0.*However, got 1"),
        ([1, 2], [0, 3], r"offsets\[-1\] can not be greater than input's length 2"),
        ([1, 2], [0, 2, 1], "offsets must not decrease"),
    ],
)
def test_what_is_bad_is_named(index: list[int], offsets: list[int], message: str) -> None:
    weight = on("cuda", random(5, 3)).detach()
    for mode in ("sum", "max"):
        with pytest.raises(RuntimeError, match=f"embedding_bag: {message}"):
            embedding_bag(
                from_numpy(np.array(index)).to("cuda"), weight,
                from_numpy(np.array(offsets)).to("cuda"), mode=mode,
            )  # fmt: skip


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_the_host_does_not_wait(mode: str) -> None:
    weight, factors = on("cuda", random(5, 3)), on("cuda", random(9))
    index, offsets = (from_numpy(x).to("cuda") for x in (INDEX, OFFSETS))
    with minitorch_cuda.count_synchronizations() as waited:
        y = embedding_bag(
            index, weight, offsets, 9.0, mode=mode, scale_grad_by_freq=mode != "max",
            per_sample_weights=factors if mode == "sum" else None, padding_idx=1,
        )  # fmt: skip
        (y * top_level.embedding_bag(weight, index, offsets)[0]).sum().backward()
    assert waited.total == 0, waited
