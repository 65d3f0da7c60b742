"""gather and scatter_add: repeated, transposed and bad indices; indices from the end."""

import re
from collections.abc import Callable

import numpy as np
import pytest

import minitorch_tensor as t
from minitorch_cuda.backend import CudaBackend, Temporary
from minitorch_tensor.backend import Backend
from minitorch_tensor.dtype import DType, bool_, float32, float64, int8, int32, int64
from minitorch_tensor.layout import Layout, Shape
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.numpy_backend import view

from .helpers import (
    CUDA,
    LAUNCHER,
    NUMPY,
    WRITABLE,
    Spec,
    compare,
    contents,
    dense,
    numbers,
    plans_of_launches,
)

ATOMIC = CudaBackend(lambda: LAUNCHER, deterministic=False)

CASES: list[tuple[Shape, Shape, int]] = [
    ((5,), (3,), 0),
    ((5,), (9,), 0),
    ((4, 3), (2, 3), 0),
    ((4, 3), (4, 5), 1),
    ((4, 3), (2, 2), 0),
    ((2, 4, 3), (2, 6, 3), 1),
    ((2, 4, 3), (1, 4, 2), 2),
    ((4, 3), (0, 3), 0),
    ((4, 3), (4, 0), 1),
]


def index(shape: Shape, bound: int, into: Callable[..., Spec] = dense, low: int = 0) -> Spec:
    spec = into(shape, int64)
    found = np.random.default_rng(1).integers(low, bound, len(spec.memory))
    return Spec(found, spec.layout)


@pytest.mark.parametrize(("shape", "taken", "dim"), CASES)
@pytest.mark.parametrize("source", WRITABLE)
@pytest.mark.parametrize("into", WRITABLE)
def test_gather_from_every_layout(
    shape: Shape,
    taken: Shape,
    dim: int,
    source: Callable[[Shape], Spec],
    into: Callable[[Shape], Spec],
) -> None:
    def run(backend: Backend, arrays: list[Temporary]) -> None:
        backend.gather(arrays[0], arrays[1], arrays[2], dim)

    compare(run, into(taken), source(shape), index(taken, shape[dim], source))


@pytest.mark.parametrize(("shape", "taken", "dim"), CASES)
@pytest.mark.parametrize("source", WRITABLE)
@pytest.mark.parametrize("into", WRITABLE)
def test_scatter_add_into_every_layout(
    shape: Shape,
    taken: Shape,
    dim: int,
    source: Callable[[Shape], Spec],
    into: Callable[[Shape], Spec],
) -> None:
    def run(backend: Backend, arrays: list[Temporary]) -> None:
        backend.scatter_add(arrays[0], arrays[1], arrays[2], dim)

    # Exact: the order of the sums is the CPU's.
    compare(run, into(shape), index(taken, shape[dim], source), source(taken))


@pytest.mark.parametrize("dtype", [float32, float64, int64, int32, int8], ids=str)
@pytest.mark.parametrize(("shape", "taken", "dim"), CASES)
def test_atomic_scatter_add_gives_the_same_sums(
    dtype: DType, shape: Shape, taken: Shape, dim: int
) -> None:
    def run(backend: Backend, arrays: list[Temporary]) -> None:
        chosen = backend if backend is NUMPY else ATOMIC
        chosen.scatter_add(arrays[0], arrays[1], arrays[2], dim)

    where = index(taken, shape[dim])
    compare(run, dense(shape, dtype), where, dense(taken, dtype), exact=dtype.kind == "int")


@pytest.mark.parametrize("dtype", [float64, int64, int8, bool_], ids=str)
def test_gather_of_every_dtype(dtype: DType) -> None:
    def run(backend: Backend, arrays: list[Temporary]) -> None:
        backend.gather(arrays[0], arrays[1], arrays[2], 0)

    compare(run, dense((6,), dtype), dense((4,), dtype), index((6,), 4))


@pytest.mark.parametrize("bad", [-1, 4, 2**40])
def test_a_bad_index_is_named_and_nothing_is_read_or_written(bad: int) -> None:
    spec = index((3, 2), 4)
    spec.memory[[3, 4]] = bad  # at (1, 1) and (2, 0): the first is named
    message = rf"index {bad} at position \(1, 1\) is out of bounds for dimension 0 with size 4"
    out, x, where = dense((4, 2)).on(CUDA), dense((3, 2)).on(CUDA), spec.on(CUDA)
    before = contents(CUDA, out)
    for backend in (CUDA, ATOMIC):
        with pytest.raises(IndexError, match="scatter_add: " + message):
            backend.scatter_add(out, where, x, 0)
    assert contents(CUDA, out).tolist() == before.tolist()
    with pytest.raises(IndexError, match="gather: " + message):
        CUDA.gather(x, out, where, 0)


def test_a_bad_index_of_a_transposed_index_is_named_by_its_place() -> None:
    layout = Layout.contiguous((2, 3)).permute((1, 0))
    spec = Spec(np.array([0, 1, 9, 0, 1, 0]), layout)
    with pytest.raises(IndexError, match=r"index 9 at position \(2, 0\)"):
        CUDA.gather(dense((3, 2)).on(CUDA), dense((2, 2)).on(CUDA), spec.on(CUDA), 0)


@pytest.mark.parametrize("shape", [(5,), (2, 5), (1, 3)])
@pytest.mark.parametrize("make", WRITABLE)
def test_an_index_counted_from_the_front(shape: Shape, make: Callable[..., Spec]) -> None:
    spec = index(shape, 4, make, low=-4)
    out = index(shape, 1).on(CUDA)
    CUDA.from_front(out, spec.on(CUDA), "x[...]", 4, 1, 12, IndexError)
    assert contents(CUDA, out).tolist() == (view(spec.on(NUMPY)) % 4).reshape(-1).tolist()
    for bad in (-5, 4, -(2**63)):
        spec.memory[spec.layout.offset] = bad
        zeros = (0,) * len(shape)
        place = re.escape(f"index {bad} at position {zeros} is out of bounds for dimension 1")
        with pytest.raises(IndexError, match=place):
            CUDA.from_front(out, spec.on(CUDA), "x[...]", 4, 1, 12, IndexError)
        assert contents(CUDA, out)[0] == -12  # which no kernel follows, whatever is added


def test_picking_at_an_index_tensor_takes_two_launches() -> None:
    with plans_of_launches() as plans:
        x = t.arange(12.0, device="cuda").reshape(4, 3)
        where = t.tensor([[-1, 0], [3, -4]], device="cuda")
        plans.clear()
        assert x[where[0]].tolist() == [[9.0, 10.0, 11.0], [0.0, 1.0, 2.0]]
        assert x.take(where).tolist() == [[11.0, 0.0], [3.0, 8.0]]
    names = [plan.kernel.name for plan in plans]
    assert names == [
        "from_front_kernel",
        "picked_rows_kernel",
        "from_front_kernel",
        "gather_kernel",
    ]


def test_numbers_of_a_generator_of_the_cpu_are_uploaded() -> None:
    def draw(generator: Generator, n: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        return generator.unit32(n)

    for into in WRITABLE:
        compare(
            lambda backend, arrays: backend.random(arrays[0], draw, Generator().manual_seed(3)),
            into((3, 4)),
        )
    compare(
        lambda backend, arrays: backend.random(arrays[0], draw, Generator().manual_seed(3)),
        dense((0,)),
    )


def test_memory_of_another_backend_is_refused() -> None:
    with pytest.raises(TypeError, match="expected memory of the simulator, got ndarray"):
        CUDA.copy(dense((2,)).on(CUDA), Spec(numbers(2), Layout.contiguous((2,))).on(NUMPY))


def test_new_memory_holds_a_pattern_that_is_noticed() -> None:
    assert (CUDA.download(CUDA.empty(3, float32)).astype(np.float32) < -1e36).all()
    assert repr(CUDA.empty(3, float32)) == "SimBuffer(3 of float32)"
    assert len(CUDA.empty(0, float32)) == 0
