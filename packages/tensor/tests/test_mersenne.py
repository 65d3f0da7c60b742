"""The generator: its draws, its seeds, and a state that can be saved, copied and shared."""

import copy
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from minitorch_tensor import normals
from minitorch_tensor.mersenne import DEFAULT_SEED, Generator

# 10,000 draws after seed 5489, from the C++ standard (std::mt19937, [rand.predef]).
STANDARD_SEED, STANDARD_10000TH = 5489, 4123659995


def same_future(a: Generator, b: Generator) -> bool:
    """Whether two generators are in one state."""
    return bool((a.save() == b.save()).all())


def test_draws_are_those_of_the_cpp_standard() -> None:
    assert Generator().manual_seed(STANDARD_SEED).random32(10_000)[-1] == STANDARD_10000TH


def test_draws_of_a_seed_are_pytorchs() -> None:
    assert Generator().manual_seed(0).random32(3).tolist() == [2357136044, 2546248239, 3071714933]
    assert Generator().manual_seed(1234).random32(2).tolist() == [822569775, 2137449171]


def test_first_of_two_draws_is_the_high_half_of_64_bits() -> None:
    high, low = Generator().manual_seed(7).random32(2).tolist()
    assert Generator().manual_seed(7).random64(1).tolist() == [(high << 32) | low]


def test_uniforms_use_the_low_bits_of_a_draw() -> None:
    draws = Generator().manual_seed(3).random32(5) & np.uint32(2**24 - 1)
    assert Generator().manual_seed(3).unit32(5).tolist() == (draws * 2.0**-24).tolist()
    wide = Generator().manual_seed(3).random64(5) & np.uint64(2**53 - 1)
    assert Generator().manual_seed(3).unit64(5).tolist() == (wide * 2.0**-53).tolist()


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 700), max_size=6))
def test_draws_do_not_depend_on_how_they_are_grouped(seed: int, sizes: list[int]) -> None:
    grouped, at_once = Generator().manual_seed(seed), Generator().manual_seed(seed)
    parts = [grouped.random32(n) for n in sizes]
    together = at_once.random32(sum(sizes))
    assert np.concatenate([*parts, np.empty(0, np.uint32)]).tolist() == together.tolist()
    assert same_future(grouped, at_once)


@pytest.mark.parametrize("draw", ["random32", "random64", "unit32", "unit64"])
def test_no_draws_leave_the_state_alone(draw: str) -> None:
    generator = Generator().manual_seed(2)
    assert getattr(generator, draw)(0).shape == (0,)
    assert same_future(generator, Generator().manual_seed(2))


# Seeds


def test_unseeded_generator_starts_from_pytorchs_default() -> None:
    assert Generator().initial_seed() == DEFAULT_SEED == 67280421310721
    assert same_future(Generator(), Generator().manual_seed(DEFAULT_SEED))


@pytest.mark.parametrize(
    ("seed", "remembered"),
    [(0, 0), (-1, 2**64 - 1), (-(2**63), 2**63), (2**64 - 1, 2**64 - 1), (np.int32(5), 5)],
)
def test_negative_seed_stands_for_its_value_modulo_2_to_the_64(seed: int, remembered: int) -> None:
    generator = Generator()
    assert generator.manual_seed(seed) is generator
    assert generator.initial_seed() == remembered


def test_only_the_low_32_bits_of_a_seed_choose_the_stream() -> None:
    small, large = Generator().manual_seed(9), Generator().manual_seed(9 + 2**40)
    assert small.random32(4).tolist() == large.random32(4).tolist()


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1])
def test_seed_out_of_range_is_refused(seed: int) -> None:
    generator = Generator().manual_seed(4)
    message = rf"manual_seed: seed must be from -2\*\*63 to 2\*\*64 - 1, but got {seed}; take it"
    with pytest.raises(ValueError, match=message):
        generator.manual_seed(seed)
    assert generator.initial_seed() == 4


@pytest.mark.parametrize(("seed", "name"), [(1.5, "float"), ("1", "str"), (True, "bool")])
def test_seed_that_is_no_integer_is_refused(seed: int, name: str) -> None:
    with pytest.raises(RuntimeError, match=f"manual_seed expected a long, but got {name}"):
        Generator().manual_seed(seed)


def test_seeding_forgets_the_kept_normal() -> None:
    generator = Generator().manual_seed(1)
    normals.normal(generator, 1, np.float32)
    assert generator.next_double_normal_sample is not None
    assert same_future(generator.manual_seed(1), Generator().manual_seed(1))


def test_seed_chooses_a_new_seed_each_time() -> None:
    generator = Generator()
    first, second = generator.seed(), generator.seed()
    assert first != second == generator.initial_seed()
    assert 0 <= second < 2**64


# Device


def test_device_is_the_cpu_whatever_its_index() -> None:
    assert Generator("cpu:1").initial_seed() == Generator().initial_seed()
    assert repr(Generator().manual_seed(3)) == "Generator(device='cpu', initial_seed=3)"


def test_other_device_is_refused() -> None:
    with pytest.raises(RuntimeError, match="device must be 'cpu', but got 'cuda:0'; the Mersenne"):
        Generator("cuda:0")


# State


def test_state_of_a_fresh_generator_has_pytorchs_bytes() -> None:
    state = Generator().manual_seed(5).save()
    assert (state.dtype, state.shape) == (np.dtype(np.uint8), (5056,))
    assert state[:24].tolist() == [5, *[0] * 7, 1, 0, 0, 0, 1, 0, 0, 0, *[0] * 8]
    assert state[24:40].view(np.uint64).tolist() == [5, 1812433253 * 5 + 1 & 0xFFFFFFFF]
    assert not state[5016:].any()


@pytest.mark.parametrize("drawn", [0, 1, 623, 624, 625, 1248, 2000])
def test_state_continues_the_stream_wherever_it_was_saved(drawn: int) -> None:
    generator = Generator().manual_seed(8)
    generator.random32(drawn)
    saved = generator.save()
    expected = generator.random32(1000).tolist()
    assert Generator().restore(saved).random32(1000).tolist() == expected
    assert (Generator().restore(saved).save() == saved).all()


def test_state_carries_the_kept_normal() -> None:
    generator = Generator().manual_seed(8)
    normals.normal(generator, 3, np.float64)
    restored = Generator().restore(generator.save())
    expected = normals.normal(generator, 3, np.float64).tolist()
    assert normals.normal(restored, 3, np.float64).tolist() == expected


def test_state_carries_pytorchs_unused_float_normal() -> None:
    state = Generator().save()
    state[5048:5052] = np.array([0.5], dtype=np.float32).view(np.uint8)
    state[5052] = 1
    assert (Generator().restore(state).save() == state).all()


def test_saved_state_is_a_copy() -> None:
    generator = Generator().manual_seed(8)
    saved = generator.save()
    restored = Generator().restore(saved)
    saved[:] = 0
    assert same_future(generator, restored)


def test_state_may_be_a_strided_view() -> None:
    state = Generator().manual_seed(6).save()
    wide = np.stack([state, state], axis=1)
    assert same_future(Generator().restore(wide[:, 0]), Generator().manual_seed(6))


@pytest.mark.parametrize(("state", "name"), [(np.zeros(5056), "float64"), (b"", "bytes")])
def test_state_that_is_no_array_of_bytes_is_refused(state: NDArray[np.uint8], name: str) -> None:
    with pytest.raises(TypeError, match=f"set_state: expected an array of uint8, but got {name}"):
        Generator().restore(state)


def test_state_of_another_shape_is_refused() -> None:
    with pytest.raises(
        RuntimeError, match=r"shape \(5056,\), but got \(10,\); pass what get_state"
    ):
        Generator().restore(np.zeros(10, np.uint8))


@pytest.mark.parametrize(
    ("left", "position", "seeded"),
    [(0, 0, 1), (1, 3, 1), (5, 5, 1), (625, 0, 1), (-1, 626, 1), (1, 0, 0), (1, 2**40, 1)],
)
def test_impossible_state_is_refused_and_changes_nothing(
    left: int, position: int, seeded: int
) -> None:
    generator = Generator().manual_seed(4)
    state = Generator().save()
    state[8:12].view(np.int32)[:] = left
    state[12:16].view(np.int32)[:] = seeded
    state[16:24].view(np.uint64)[:] = position
    with pytest.raises(
        RuntimeError, match=rf"invalid mt19937 state .*next {position}, left {left}"
    ):
        generator.restore(state)
    assert same_future(generator, Generator().manual_seed(4))


def _pickled(generator: Generator) -> Generator:
    restored = pickle.loads(pickle.dumps(generator))
    assert isinstance(restored, Generator)
    return restored


@pytest.mark.parametrize("duplicate", [Generator.clone_state, copy.copy, copy.deepcopy, _pickled])
def test_copy_goes_on_alone(duplicate: Callable[[Generator], Generator]) -> None:
    generator = Generator().manual_seed(8)
    normals.normal(generator, 3, np.float32)
    twin = duplicate(generator)
    assert same_future(generator, twin)
    twin.random32(1)
    assert not same_future(generator, twin)


def test_threads_share_the_draws_of_one_stream() -> None:
    generator, serial = Generator().manual_seed(1), Generator().manual_seed(1)
    start = threading.Barrier(4)

    def work(_: int) -> list[int]:
        start.wait()
        return [int(x) for _ in range(500) for x in generator.random64(1)]

    with ThreadPoolExecutor(4) as pool:
        drawn = [x for part in pool.map(work, range(4)) for x in part]
    assert sorted(drawn) == sorted(serial.random64(2000).tolist())


def test_threads_keep_their_normals_whole() -> None:
    generator, serial = Generator().manual_seed(1), Generator().manual_seed(1)

    def work(_: int) -> list[float]:
        return [x for _ in range(100) for x in normals.normal(generator, 17, np.float32).tolist()]

    with ThreadPoolExecutor(4) as pool:
        drawn = [x for part in pool.map(work, range(4)) for x in part]
    expected = [x for _ in range(400) for x in normals.normal(serial, 17, np.float32).tolist()]
    assert sorted(drawn) == sorted(expected)
