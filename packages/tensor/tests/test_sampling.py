"""Every distribution gives the numbers that PyTorch 2.13 gave for the seed, stored here."""

import math
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from minitorch_tensor.choices import draw_seed, multinomial, randint, random_, randperm
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.normals import log_normal, normal
from minitorch_tensor.sampling import bernoulli, cauchy, exponential, geometric, uniform

Draw = Callable[[Generator], NDArray[np.generic]]


def f32(numbers: Sequence[float] | Sequence[Sequence[float]]) -> NDArray[np.float32]:
    """An array of float32."""
    return np.array(numbers, dtype=np.float32)


def zero() -> Generator:
    """A generator seeded with 0."""
    return Generator().manual_seed(0)


RANDN_20 = [
    *(-1.1258398294448853, -1.152360200881958, -0.2505785822868347, -0.4338788092136383),
    *(0.5988394618034363, -1.5550950765609741, -0.3413603901863098, 1.85300612449646),
    *(0.46809640526771545, -0.1577124446630478, 1.4436601400375366, 0.26604941487312317),
    *(1.3893661499023438, 1.586334228515625, 0.946298360824585, -0.843676745891571),
    *(0.9318265914916992, 1.2590092420578003, 2.0049805641174316, 0.05373690277338028),
]
RANDN_20_HALF = [
    *(-1.1259765625, -1.15234375, -0.25048828125, -0.433837890625, -1.3525390625),
    *(-1.6962890625, 0.56689453125, 0.79345703125, 0.5986328125, -1.5546875),
    *(-0.34130859375, 1.8525390625, 0.75, -0.58544921875, -0.17333984375),
    *(0.1834716796875, 1.3896484375, 1.5859375, 0.9462890625, -0.84375),
]

STORED: list[tuple[Draw, list[float]]] = [
    (
        lambda g: uniform(g, 4, np.float32),
        [0.49625658988952637, 0.7682217955589294, 0.08847743272781372, 0.13203048706054688],
    ),
    (
        lambda g: uniform(g, 4, np.float64),
        [0.9700530018065531, 0.707819864399788, 0.45938294312745087, 0.9207476841219603],
    ),
    (
        lambda g: uniform(g, 4, np.float16),
        [0.496337890625, 0.76806640625, 0.0885009765625, 0.132080078125],
    ),
    (
        lambda g: uniform(g, 4, np.float32, -0.1, 0.1),
        [-0.0007486820104531944, 0.05364435911178589, -0.08230451494455338, -0.07359390705823898],
    ),
    (
        lambda g: uniform(g, 4, np.float64, -0.1, 0.1),
        [0.09401060036131062, 0.04156397287995759, -0.008123411374509826, 0.08414953682439207],
    ),
    (
        lambda g: normal(g, 3, np.float32),
        [1.5409960746765137, -0.293428897857666, -2.1787893772125244],
    ),
    (lambda g: normal(g, 20, np.float32), RANDN_20),
    (lambda g: normal(g, 20, np.float16), RANDN_20_HALF),
    (
        lambda g: normal(g, 18, np.float32, 2.0, 0.5)[-4:],
        [2.473149299621582, 1.578161597251892, 2.4659132957458496, 2.629504680633545],
    ),
    (lambda g: bernoulli(g, 12, np.int64, 0.5), [0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1]),
    (
        lambda g: bernoulli(g, 8, np.float32, np.linspace(0, 1, 8, dtype=np.float32)),
        [0, 0, 1, 1, 1, 1, 1, 1],
    ),
    (lambda g: bernoulli(g, 8, np.bool_, np.linspace(0, 1, 8)), [0, 0, 0, 0, 0, 0, 1, 1]),
    (
        lambda g: exponential(g, 3, np.float32, 2.0),
        [1.754163146018982, 0.6151923537254333, 0.3075220584869385],
    ),
    (lambda g: geometric(g, 6, np.int64, 0.3), [1, 1, 3, 1, 2, 1]),
    (
        lambda g: cauchy(g, 3, np.float32, 1.0, 2.0),
        [22.195459365844727, 2.5295345783233643, 0.743401288986206],
    ),
    (
        lambda g: log_normal(g, 3, np.float32),
        [59.2634162902832, 1.5115599632263184, 0.03481946140527725],
    ),
    (lambda g: randint(g, 10, np.int64, -3, 7), [1, 6, 0, -3, 0, 6, 4, 0, 4, 0]),
    (lambda g: randint(g, 2, np.int64, 0, 2**28 - 1), [209652404, 130329144]),
    (lambda g: randint(g, 2, np.int64, 0, 2**28), [130329135, 136432832]),
    (
        lambda g: randint(g, 2, np.int64, -(2**62), 2**62),
        [-3711235831533098449, -642142871786238784],
    ),
    (lambda g: random_(g, 2, np.int64), [900450186894289455, 3969543146641149120]),
    (lambda g: random_(g, 2, np.int32), [209652396, 398764591]),
    (lambda g: random_(g, 2, np.int16), [2732, 10799]),
    (lambda g: random_(g, 2, np.int8), [44, 47]),
    (lambda g: random_(g, 2, np.uint8), [172, 47]),
    (lambda g: random_(g, 6, np.bool_), [0, 1, 1, 0, 1, 1]),
    (lambda g: random_(g, 2, np.float16), [1277, 1017]),
    (lambda g: random_(g, 2, np.float32), [8325664, 12888472]),
    (lambda g: random_(g, 2, np.float64), [8737460674930124, 6375474555111176]),
    (
        lambda g: random_(g, 2, np.int64, -(2**63)),
        [-8322921849960486353, -5253828890213626688],
    ),
    (lambda g: random_(g, 3, np.uint8, 250), [252, 253, 255]),
    (lambda g: randperm(g, 10, np.int64), [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]),
    (lambda g: multinomial(g, f32([0.1, 0.2, 0.3, 0.4]), 3), [2, 1, 3]),
    (lambda g: multinomial(g, f32([0.1, 0.2, 0.3, 0.4]), 6, True), [3, 3, 2, 3, 3, 3]),
]


@pytest.mark.parametrize(("draw", "stored"), STORED)
def test_numbers_of_seed_0_are_pytorchs(draw: Draw, stored: list[float]) -> None:
    assert draw(zero()).tolist() == stored


@pytest.mark.parametrize(
    ("draw", "stored"),
    [
        (
            lambda g: normal(g, 20, np.float64)[-6:],
            [
                *(-0.4484158047114511, -0.8910030351707375, 0.6748575435940039),
                *(1.0468653769814655, 0.15429517864658948, -0.7498915228391941),
            ],
        ),
        (
            lambda g: normal(g, 3, np.float64, 2.0, 0.5),
            [2.7704980541220214, 1.8532855471195269, 0.9106053089627213],
        ),
    ],
)
def test_float64_normals_of_seed_0_are_pytorchs_to_the_last_bits(
    draw: Draw, stored: list[float]
) -> None:
    # NumPy's float64 sine may differ from the C library's in the last bit.
    np.testing.assert_array_max_ulp(draw(zero()).astype(np.float64), np.array(stored), maxulp=2)


def test_rows_of_weights_are_drawn_one_after_the_other() -> None:
    weights = f32([[0.1, 0.9], [0.9, 0.1]])
    assert multinomial(zero(), weights, 5, True).tolist() == [[1] * 5, [0] * 5]
    assert multinomial(zero(), weights, 1).tolist() == [[1], [0]]


def test_calls_follow_one_another_as_in_pytorch() -> None:
    generator = zero()
    assert normal(generator, 5, np.float32).tolist()[-1] == -1.0845223665237427
    assert uniform(generator, 3, np.float32).tolist() == [
        *(0.022325754165649414, 0.16885894536972046, 0.2938884496688843),
    ]
    # Sixteen or more leave the normal kept from the first call for the last.
    assert normal(generator, 20, np.float32).tolist()[0] == 0.8503773808479309
    assert normal(generator, 2, np.float32).tolist() == [-1.3985954523086548, 1.2333362102508545]


def test_order_of_a_shuffled_epoch() -> None:
    """The recipe in the docstring of `choices`, against a DataLoader of 10 items after seed 5."""
    generator = Generator().manual_seed(5)
    draw_seed(generator)
    order = randperm(Generator().manual_seed(draw_seed(generator)), 10, np.int64)
    assert order.tolist() == [8, 3, 0, 5, 9, 1, 6, 2, 4, 7]


# What every distribution keeps

FLOATING: list[Callable[[Generator, int, np.dtype[np.generic]], NDArray[np.generic]]] = [
    uniform,
    normal,
    log_normal,
    exponential,
    cauchy,
]
ALL = [
    *FLOATING,
    bernoulli,
    random_,
    lambda g, n, dtype: geometric(g, n, dtype, 0.5),
    lambda g, n, dtype: randint(g, n, dtype, 0, 9),
    randperm,
]


@pytest.mark.parametrize("draw", ALL)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 40])
def test_result_is_flat_and_of_the_dtype(
    draw: Callable[[Generator, int, np.dtype[np.generic]], NDArray[np.generic]],
    dtype: type[np.generic],
    n: int,
) -> None:
    result = draw(zero(), n, np.dtype(dtype))
    assert (result.shape, result.dtype) == ((n,), np.dtype(dtype))


@pytest.mark.parametrize("draw", ALL)
def test_nothing_is_drawn_for_nothing(
    draw: Callable[[Generator, int, np.dtype[np.generic]], NDArray[np.generic]],
) -> None:
    generator = zero()
    draw(generator, 0, np.dtype(np.float32))
    assert (generator.save() == zero().save()).all()


@pytest.mark.parametrize("draw", FLOATING)
def test_integer_dtype_is_refused(
    draw: Callable[[Generator, int, np.dtype[np.generic]], NDArray[np.generic]],
) -> None:
    with pytest.raises(
        RuntimeError, match="dtype must be float16, float32 or float64, but got int"
    ):
        draw(zero(), 3, np.dtype(np.int64))


def test_strided_tensor_takes_its_normals_one_by_one() -> None:
    one_by_one = zero()
    expected = [x for _ in range(20) for x in normal(one_by_one, 1, np.float32).tolist()]
    assert normal(zero(), 20, np.float32, contiguous=False).tolist() == expected


def test_uniform_never_reaches_its_upper_bound() -> None:
    # The only float16 numbers here are 1 and 1 + 2**-10: half of the draws would round up.
    numbers = uniform(zero(), 1000, np.float16, 1.0, 1.0 + 2.0**-10)
    assert set(numbers.tolist()) == {1.0}


def test_uniform_of_an_empty_range_is_its_bound() -> None:
    assert uniform(zero(), 2, np.float32, 0.1, 0.1).tolist() == f32([0.1, 0.1]).tolist()


def test_normal_without_width_is_its_mean() -> None:
    assert normal(zero(), 20, np.float32, 3.0, 0.0).tolist() == [3.0] * 20
    assert normal(zero(), 2, np.float64, 3.0, 0.0).tolist() == [3.0] * 2


@pytest.mark.parametrize("n", [3, 40])
def test_infinite_width_gives_infinite_normals_without_a_warning(n: int) -> None:
    assert np.isinf(normal(zero(), n, np.float32, 0.0, math.inf)).all()


def test_what_is_too_large_for_the_dtype_is_infinite() -> None:
    assert np.isinf(exponential(zero(), 5, np.float16, 1e-9)).all()
    assert np.isinf(cauchy(zero(), 5, np.float32, 0.0, 1e300)).all()


@pytest.mark.parametrize("n", [0, 1, 2, 1000])
def test_randperm_is_a_permutation(n: int) -> None:
    assert sorted(randperm(zero(), n, np.int32).tolist()) == list(range(n))


def test_large_permutations_take_64_bit_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    # PyTorch changes its method at 214,748,364 elements, too many for a test: the numbers were
    # compared once. Here, the same method for fewer.
    monkeypatch.setattr("minitorch_tensor.choices._MANY", 10)
    monkeypatch.setattr("minitorch_tensor.choices._CHUNK", 7)
    order, generator = list[int](), zero()
    for i, draw in enumerate(generator.random64(30).tolist()):
        z = draw % (i + 1)
        order.append(i)
        order[i], order[z] = order[z], i
    again = zero()
    assert randperm(again, 30, np.int64).tolist() == order
    assert (again.save() == generator.save()).all()


@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_categories_of_weight_0_are_not_drawn(replacement: bool, dtype: type[np.floating]) -> None:
    weights = np.array([0, 1, 0, 2, 0], dtype=dtype)
    drawn = [multinomial(zero(), weights, 2, replacement) for _ in range(50)]
    assert set(np.concatenate(drawn).tolist()) <= {1, 3}


def test_categories_of_weight_0_come_when_no_others_are_left() -> None:
    assert multinomial(zero(), f32([0, 1, 0]), 3).tolist() == [1, 0, 2]


def test_no_rows_of_weights_give_no_categories() -> None:
    assert multinomial(zero(), np.ones((0, 3), np.float32), 2).shape == (0, 2)


def test_integers_do_not_leave_their_range_when_rounded_to_float16() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        numbers = randint(zero(), 2000, np.float16, 0, 65504)
    assert 0 <= numbers.min() < numbers.max() < 65504


def test_integers_that_a_dtype_skips_come_with_a_warning() -> None:
    with pytest.warns(UserWarning, match=r"to - 1=16777217 is out of bounds \[-\(2\^24\), 2\^24\]"):
        numbers = randint(zero(), 3, np.float32, 0, 2**24 + 2)
    assert numbers.tolist() == [8325524.0, 12888321.0, 1484039.0]


N = 100_000


@pytest.mark.parametrize(
    ("draw", "mean", "std"),
    [
        (lambda g: uniform(g, N, np.float32, -1.0, 3.0), 1.0, 4 / math.sqrt(12)),
        (lambda g: normal(g, N, np.float32, 2.0, 3.0), 2.0, 3.0),
        (lambda g: normal(g, N, np.float64, contiguous=False), 0.0, 1.0),
        (lambda g: bernoulli(g, N, np.float64, 0.3), 0.3, math.sqrt(0.21)),
        (lambda g: exponential(g, N, np.float32, 0.5), 2.0, 2.0),
        (lambda g: geometric(g, N, np.int64, 0.25), 4.0, math.sqrt(12)),
        (lambda g: randint(g, N, np.int64, 0, 10), 4.5, math.sqrt(8.25)),
        (lambda g: randint(g, N, np.int64, -(2**40), 2**40 + 1), 0, 2**40 / math.sqrt(3)),
        (lambda g: np.log(log_normal(g, N, np.float64, 0.5, 0.7)), 0.5, 0.7),
        (lambda g: multinomial(g, f32([1, 3]), N, True), 0.75, math.sqrt(3 / 16)),
    ],
)
def test_distribution_has_its_mean_and_width(draw: Draw, mean: float, std: float) -> None:
    numbers = draw(Generator().manual_seed(1)).astype(np.float64)
    assert abs(numbers.mean() - mean) < 4 * std / math.sqrt(N)
    assert abs(numbers.std() / std - 1) < 0.03
