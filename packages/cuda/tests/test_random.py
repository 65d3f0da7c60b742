"""Random numbers: the words of Philox they are made of, and how they are spread."""

import copy
import math
import pickle

import numpy as np
import numpy.typing as npt
import pytest

import minitorch_tensor as t
from minitorch_cuda import philox
from minitorch_cuda.generators import PhiloxGenerator, defaults, numbers_of_the_cpu
from minitorch_cuda.kernels import random as random_kernel
from minitorch_cuda.kernels.random_plan import Source, drawn_by
from minitorch_cuda.limits import DEVICE
from minitorch_cuda.simulated import SimulatorLauncher
from minitorch_tensor import Tensor, draws, random
from minitorch_tensor.dtype import DType
from minitorch_tensor.functional.dropout import dropout
from minitorch_tensor.layout import Layout

from .fused_cases import values
from .helpers import plans_of_launches

pytestmark = pytest.mark.usefixtures("simulator")

Floats = npt.NDArray[np.float64]
F64 = np.dtype("float64")


def words(n: int, seed: int = 1, call: int = 0) -> npt.NDArray[np.uint64]:
    return philox.words(seed, call, n).astype(np.uint64)


def drawn(size: int, dtype: DType = t.float32) -> Tensor:
    _ = t.manual_seed(1)
    return t.empty(size, dtype=dtype, device="cuda")


# --- the words ------------------------------------------------------------------------------------


def test_known_answers() -> None:
    # From Random123's own tests (kat_vectors, philox 4x32 10).
    digits = [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344]
    counter = [np.array([digit], np.uint64) for digit in digits]
    found = philox.block(counter, [0xA4093822, 0x299F31D0])[0]
    assert found.tolist() == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]


def test_a_kernel_makes_the_same_words() -> None:
    for seed, call in ((1, 0), (2**64 - 3, 5), (1 << 33, 1 << 40)):
        whole = draws.Integers(np.dtype("int64"), 0, 1 << 28)
        found = drawn_by(whole, t.int64)
        assert found is not None
        launcher = SimulatorLauncher()
        buffer = launcher.empty(10, t.int64)
        plan = found.plan(Layout.contiguous((10,)), launcher.limits)
        launcher.launch(plan, [buffer], found.numbers(Source(seed, call)))
        expected = words(10, seed, call) >> np.uint64(4)
        assert launcher.download(buffer).tolist() == expected.tolist()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 300])
def test_uniform_numbers_of_any_length(size: int) -> None:
    exact = (words(size) >> np.uint64(8)) * 2.0**-24
    assert values(drawn(size).uniform_()).tolist() == exact.tolist()
    u = words(2 * size).reshape(-1, 2)
    wide = ((u[:, 0] >> np.uint64(5)) * 2.0**26 + (u[:, 1] >> np.uint64(6))) * 2.0**-53
    assert values(drawn(size, t.float64).uniform_()).tolist() == wide.tolist()


def test_strided_memory_is_filled_in_the_order_of_memory() -> None:
    expected = values(drawn(6).uniform_()).reshape(3, 2)
    _ = t.manual_seed(1)
    x = t.zeros(2, 3, device="cuda").T
    x.copy_(t.zeros(3, 2, device="cuda"))
    x = t.zeros(6, 2, device="cuda")[:, 0].reshape(3, 2)
    assert values(x.uniform_()).tolist() == expected.tolist()
    y = t.zeros(3, 4, device="cuda")
    _ = t.manual_seed(1)
    y[:, ::2].uniform_()
    assert values(y[:, ::2]).tolist() == expected.tolist()
    assert values(y[:, 1::2]).tolist() == [[0.0, 0.0]] * 3


# --- distributions --------------------------------------------------------------------------------


def normals(n: int) -> Floats:
    """Box-Muller of words, in float64."""
    w = words(n + n % 2).reshape(-1, 2)
    radius = np.sqrt(-2 * np.log(w[:, 0] * 2.0**-32 + 2.0**-33))
    angle = 2 * np.pi * (w[:, 1] >> np.uint64(8)) * 2.0**-24
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)[:n]


def test_normal_numbers() -> None:
    found = values(drawn(501).normal_(2.0, 3.0))
    np.testing.assert_allclose(found, normals(501) * 3 + 2, atol=1e-3)
    wide = values(drawn(200, t.float64).normal_())
    w = words(400).reshape(-1, 4)
    u = [
        ((w[:, i] >> np.uint64(5)) * 2.0**26 + (w[:, i + 1] >> np.uint64(6))) * 2.0**-53
        for i in (0, 2)
    ]
    radius = np.sqrt(-2 * np.log(1 - u[0]))
    pairs = np.stack([radius * np.cos(2 * np.pi * u[1]), radius * np.sin(2 * np.pi * u[1])], 1)
    np.testing.assert_allclose(wide, pairs.reshape(-1)[:200], atol=1e-13)


@pytest.mark.parametrize("dtype", [t.float16, t.bfloat16], ids=["float16", "bfloat16"])
def test_16_bits(dtype: DType) -> None:
    found = values(drawn(400, dtype).uniform_(1.0, 2.0))
    assert found.min() >= 1.0
    assert found.max() < 2.0  # although rounding would reach it
    exact = 1 + (words(400) >> np.uint64(8)) * 2.0**-24
    below = found > 1.0
    assert below.sum() > 380
    np.testing.assert_allclose(found[below], exact[below], atol=2.0**-8)
    np.testing.assert_allclose(values(drawn(40, dtype).normal_()), normals(40), atol=0.02)


def test_chances() -> None:
    for p in (0.0, 0.3, 1.0):
        expected = (words(50) < math.ceil(p * 2**32)).astype(float)
        assert values(drawn(50).bernoulli_(p)).tolist() == expected.tolist()
    assert drawn(50, t.bool_).bernoulli_(0.5).dtype is t.bool_


@pytest.mark.parametrize("dtype", [t.int64, t.int8, t.float32], ids=str)
def test_integers(dtype: DType) -> None:
    found = values(drawn(60, dtype).random_(-3, 5))
    exact = -3.0 + (words(60) * np.uint64(8) >> np.uint64(32))
    assert found.tolist() == exact.tolist()


def test_integers_of_a_wide_range() -> None:
    span = 10**12
    found = drawn(30, t.int64).random_(-5, span - 5).to("cpu").tolist()
    w = [int(x) for x in words(60)]
    pairs = zip(w[::2], w[1::2], strict=True)
    assert found == [((a & 0x7FFFFFFF) * 2**32 + b) % span - 5 for a, b in pairs]
    most = drawn(10, t.int64).random_(-(2**63), 2**63 - 1)  # made on the CPU
    assert len(set(values(most).tolist())) == 10


def test_exponential_numbers() -> None:
    u = 1 - (words(50) >> np.uint64(8)) * 2.0**-24
    np.testing.assert_allclose(values(drawn(50).exponential_(2.0)), -np.log(u) / 2, rtol=1e-5)


def test_numbers_whose_logarithm_is_normal() -> None:
    found = values(drawn(101).log_normal_(0.5, 0.25))
    np.testing.assert_allclose(found, np.exp(normals(101) * 0.25 + 0.5), rtol=1e-4)


def wide(n: int) -> Floats:
    """Uniform numbers of two words each."""
    u = words(2 * n).reshape(-1, 2)
    return ((u[:, 0] >> np.uint64(5)) * 2.0**26 + (u[:, 1] >> np.uint64(6))) * 2.0**-53


def test_cauchys_numbers() -> None:
    u = (words(300) >> np.uint64(8)) * 2.0**-24 + 2.0**-25
    found = values(drawn(300).cauchy_(3.0, 0.5))
    np.testing.assert_allclose(found, 3 + 0.5 * np.tan(np.pi * (u - 0.5)), rtol=1e-5, atol=1e-5)
    found = values(drawn(100, t.float64).cauchy_())
    np.testing.assert_allclose(found, np.tan(np.pi * (wide(100) - 0.5)), rtol=1e-9)


def test_the_farthest_of_cauchys_numbers_are_finite() -> None:
    ends = [random_kernel.cauchy(word, 0, 0, 0, 0, 0.0, 1.0) for word in (0, 0xFFFFFFFF)]
    farthest = 2.0**25 / math.pi
    assert ends == pytest.approx([-farthest, farthest], rel=1e-6)


def test_tries_until_the_first_success() -> None:
    u = 1 - (words(200) >> np.uint64(8)) * 2.0**-24
    expected = np.maximum(np.ceil(np.log(u) / np.log(0.7)), 1)
    assert values(drawn(200).geometric_(0.3)).tolist() == expected.tolist()
    for dtype in (t.int64, t.int8):
        expected = np.maximum(np.ceil(np.log(1 - wide(60)) / np.log(0.7)), 1)
        assert values(drawn(60, dtype).geometric_(0.3)).tolist() == expected.tolist()
    assert values(drawn(9).geometric_(1 - 1e-9)).tolist() == [1.0] * 9
    with pytest.raises(RuntimeError, match=r"expects p to be in \(0, 1\), but got p=1"):
        drawn(3).geometric_(1.0)


def test_any_integers_of_a_dtype() -> None:
    w = [int(x) for x in words(60)]
    bits = [((a & 0x7FFFFFFF) << 32) + b for a, b in zip(w[::2], w[1::2], strict=True)]
    assert drawn(30, t.int64).random_().tolist() == bits
    assert drawn(30, t.int32).random_().tolist() == [n % 2**31 for n in bits]
    assert drawn(30, t.float32).random_().tolist() == [n * (2**24 + 1) >> 32 for n in w[:30]]
    assert drawn(30, t.uint8).random_().tolist() == [n >> 24 for n in w[:30]]
    assert sorted(set(values(drawn(30, t.bool_).random_()).tolist())) == [0.0, 1.0]
    assert drawn(30, t.float64).random_().tolist() == [n % (2**53 + 1) for n in bits]


def test_bad_arguments_are_refused_before_anything_is_drawn() -> None:
    x = drawn(3)
    state = defaults[0].save()
    with pytest.raises(RuntimeError, match=r"normal expects std >= 0\.0"):
        x.normal_(0.0, -1.0)
    with pytest.raises(RuntimeError, match="bernoulli_ expects p to be in"):
        x.bernoulli_(2.0)
    assert defaults[0].save().tolist() == state.tolist()


# --- generators -----------------------------------------------------------------------------------


def test_calls_follow_one_another_and_start_again() -> None:
    x = drawn(4)
    first, second = values(x.uniform_()), values(x.uniform_())
    assert second.tolist() == ((words(4, 1, 1) >> np.uint64(8)) * 2.0**-24).tolist()
    again = values(drawn(4).uniform_())
    assert again.tolist() == first.tolist()


def test_the_cpu_and_the_device_draw_apart() -> None:
    _ = t.manual_seed(3)
    alone = t.rand(3).tolist()
    _ = t.manual_seed(3)
    t.rand(5, device="cuda")
    assert t.rand(3).tolist() == alone


def test_a_generator_for_a_device() -> None:
    generator = t.Generator(device="cuda")
    assert isinstance(generator, PhiloxGenerator)
    assert repr(generator) == f"Generator(device='cuda:0', initial_seed={generator.initial_seed()})"
    assert str(generator.device) == "cuda:0"
    generator.manual_seed(1)
    found = t.empty(3, device="cuda").uniform_(generator=generator)
    assert values(found).tolist() == ((words(3) >> np.uint64(8)) * 2.0**-24).tolist()
    state = generator.get_state()
    copied = [copy.deepcopy(generator), pickle.loads(pickle.dumps(generator))]
    expected = generator.random32(5).tolist()
    for other in (*copied, generator.clone_state().set_state(state)):
        assert other.random32(5).tolist() == expected
    with pytest.raises(RuntimeError, match="16 bytes, but got 5056; pass what get_state of such"):
        generator.set_state(t.Generator().get_state())
    with pytest.raises(RuntimeError, match="offset must be a multiple of 4, but got 3"):
        generator.set_state(t.tensor([0] * 8 + [3] + [0] * 7, dtype=t.uint8))


def test_a_generator_of_the_cpu_gives_its_numbers_everywhere() -> None:
    def draw(device: str) -> Tensor:
        return t.empty(7, device=device).normal_(generator=t.Generator().manual_seed(2))

    assert values(draw("cuda")).tolist() == values(draw("cpu")).tolist()


def test_the_numbers_of_the_cpu_if_they_are_wished_for() -> None:
    with numbers_of_the_cpu():
        _ = t.manual_seed(2)
        there = [t.rand(3, device="cuda"), dropout(t.ones(20, device="cuda"), 0.5)]
        _ = t.manual_seed(2)
        here = [t.rand(3), dropout(t.ones(20), 0.5)]
    for a, b in zip(there, here, strict=True):
        assert values(a).tolist() == values(b).tolist()


def test_what_is_remembered_comes_again() -> None:
    _ = t.manual_seed(4)
    restore = random.remember()
    first = [t.rand(2, device="cuda").tolist(), t.rand(2).tolist()]
    restore()
    assert [t.rand(2, device="cuda").tolist(), t.rand(2).tolist()] == first


def test_the_grid_does_not_matter() -> None:
    found = drawn_by(draws.Uniform(np.dtype("float32"), 0.0, 1.0), t.float32)
    assert found is not None
    plan = found.plan(Layout.contiguous((1 << 26,)), DEVICE)
    assert plan.grid == (65536, 1, 1)


def test_draws_of_a_shape_have_one_plan() -> None:
    with plans_of_launches() as plans:
        for low in (0.0, 1.0):
            _ = t.rand(8, device="cuda")
            _ = t.empty(8, device="cuda").uniform_(low, 3.0)
            _ = dropout(t.ones(8, device="cuda"), 0.25 + low / 4)
    drawn = [plan for plan in plans if plan.given]
    assert [plan.kernel.name for plan in drawn[:3]] == 2 * ["uniform_kernel"] + ["dropout_kernel"]
    assert drawn[0] is drawn[1]
    assert drawn[3:] == drawn[:3]


# --- dropout --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [3, 64, 135])
@pytest.mark.parametrize("dtype", [t.float32, t.float64, t.bfloat16], ids=str)
def test_dropout_and_its_gradient_drop_the_same(size: int, dtype: DType) -> None:
    _ = t.manual_seed(1)
    x = (t.arange(float(size)) % 7 + 1).to(dtype).to("cuda").requires_grad_()
    y = dropout(x, 0.25)
    kept = words(size) < 3 * 2**30
    expected = np.where(kept, values(x) / 0.75, 0.0)
    np.testing.assert_allclose(values(y), expected, rtol=2e-2 if dtype.half else 1e-6)
    y.backward(t.ones(size, dtype=dtype).to("cuda"))
    assert x.grad is not None
    np.testing.assert_allclose(values(x.grad), np.where(kept, 4 / 3, 0.0), rtol=5e-3)
    assert y.node is not None
    assert y.node.name() == "NativeDropoutBackward0"


def test_dropout_of_views_and_nan() -> None:
    _ = t.manual_seed(1)
    x = t.arange(24.0).reshape(4, 6).to("cuda")
    kept = (words(24) < 2**31).reshape(6, 4)
    assert values(dropout(x.T, 0.5)).tolist() == (values(x).T * 2 * kept).tolist()
    _ = t.manual_seed(1)
    part = x.reshape(-1)[1:9]
    assert values(dropout(part, 0.5)).tolist() == (values(part) * 2 * kept.reshape(-1)[:8]).tolist()
    bad = t.full((8,), math.nan, device="cuda")
    assert np.isnan(values(dropout(bad, 0.5))).all()


def test_dropout_that_has_no_kernel() -> None:
    x = t.ones(6, device="cuda")
    assert values(dropout(x, 1.0)).tolist() == [0.0] * 6
    assert dropout(x, 0.0) is x
    assert dropout(x, 0.5, training=False) is x
    assert dropout(x, 0.5, inplace=True) is x
    assert set(values(x).tolist()) <= {0.0, 2.0}
