"""Random numbers whose distribution tensors describe; and what a generator hands out of itself."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import Generator, Tensor
from minitorch_tensor.autograd import grad


def same(a: Tensor, b: Tensor) -> bool:
    return a.tolist() == b.tolist()


def test_the_state_of_a_generator_is_a_tensor_of_bytes() -> None:
    generator = Generator().manual_seed(3)
    assert generator.device == mt.Device("cpu")
    state = generator.get_state()
    assert (state.shape, state.dtype) == ((5056,), mt.uint8)
    first = mt.randn(7, generator=generator)
    assert same(mt.randn(7, generator=Generator().set_state(state)), first)
    assert generator.set_state(state) is generator
    assert same(mt.randn(7, generator=generator), first)


def test_copies_of_a_generator_go_on_alone() -> None:
    generator = Generator().manual_seed(3)
    mt.randn(3, generator=generator)
    twins = [generator.clone_state(), copy.deepcopy(generator),
             pickle.loads(pickle.dumps(generator))]  # fmt: skip
    expected = mt.randn(5, generator=generator)
    for twin in twins:
        assert type(twin) is Generator
        assert same(mt.randn(5, generator=twin), expected)


def test_a_state_that_is_none_is_refused() -> None:
    generator = Generator()
    before = generator.get_state()
    with pytest.raises(
        TypeError, match=r"expected a tensor of dtype uint8, but got minitorch\.float32"
    ):
        generator.set_state(mt.zeros(5056))
    with pytest.raises(TypeError, match="expected a tensor of dtype uint8, but got uint8"):
        eval("g.set_state(s)", {"g": generator, "s": np.zeros(5056, np.uint8)})
    with pytest.raises(RuntimeError, match=r"state of shape \(5056,\), but got \(3,\)"):
        generator.set_state(mt.zeros(3, dtype=mt.uint8))
    with pytest.raises(RuntimeError, match="invalid mt19937 state"):
        generator.set_state(mt.zeros(5056, dtype=mt.uint8))
    assert same(generator.get_state(), before)


def test_moments_are_those_of_the_distributions() -> None:
    mt.manual_seed(0)
    n = 4000
    for rate in (0.5, 9.0, 200.0):
        drawn = mt.poisson(mt.full((n,), rate))
        assert drawn.mean().item() == pytest.approx(rate, rel=0.1)
        assert drawn.var().item() == pytest.approx(rate, rel=0.1)
    for count, p in ((5.0, 0.3), (5.0, 0.8), (300.0, 0.3), (300.0, 0.8)):
        drawn = mt.binomial(mt.full((n,), count), mt.full((n,), p))
        assert drawn.mean().item() == pytest.approx(count * p, rel=0.1)
        assert drawn.var().item() == pytest.approx(count * p * (1 - p), rel=0.1)


def test_edges_of_the_counts() -> None:
    assert mt.poisson(mt.zeros(2, 2)).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert mt.poisson(mt.zeros(0)).shape == (0,)
    n = mt.tensor([10.0, 10.0, 10.0, -3.0, 0.0])
    p = mt.tensor([0.0, 1.0, 1.5, 0.5, 0.5])
    assert mt.binomial(n, p).tolist() == [0.0, 10.0, 10.0, 0.0, 0.0]
    assert math.isnan(mt.binomial(mt.ones(1), mt.tensor([math.nan])).item())
    assert mt.binomial(mt.ones(2, 1), mt.ones(3)).shape == (2, 3)


def test_a_sample_does_not_move_with_its_parameters() -> None:
    p = mt.full((3,), 0.5, requires_grad=True)
    q = mt.full((3,), 0.25, requires_grad=True)
    samples = [
        mt.bernoulli(p), p.bernoulli(), mt.poisson(p), mt.binomial(q, p), mt.normal(p, q),
        mt.normal(p, 1.0), mt.normal(0.0, p),
    ]  # fmt: skip
    for sample in samples:
        assert sample.requires_grad
        (g,) = grad(sample.sum(), p, materialize_grads=True)
        assert g is not None
        assert g.tolist() == [0.0, 0.0, 0.0]


def test_the_forms_of_normal_and_randint_like() -> None:
    mean = mt.zeros(2, 1, dtype=mt.float64)
    assert (mt.normal(mean, mt.ones(3)).shape, mt.normal(mean, 1.0).dtype) == ((2, 3), mt.float64)
    assert mt.normal(mean).shape == (2, 1)
    assert mt.normal(1.0, 0.0, (2,)).tolist() == [1.0, 1.0]
    assert mt.normal(mt.tensor(1.0), mt.tensor(0.0), (2,)).tolist() == [1.0, 1.0]
    x = mt.zeros(50, dtype=mt.int8)
    for drawn in (mt.randint_like(x, 3), mt.randint_like(x, 0, 3), mt.randint_like(x, high=3)):
        assert (drawn.shape, drawn.dtype) == ((50,), mt.int8)
        assert set(drawn.numpy().tolist()) == {0, 1, 2}
    assert mt.randint_like(x, 2, 3, dtype=mt.float32).tolist() == [2.0] * 50


def test_what_is_drawn_like_a_transposed_tensor_lies_in_memory_like_it() -> None:
    x = mt.zeros(15, 4).t()
    mt.manual_seed(0)
    plain = mt.rand(60)
    mt.manual_seed(0)
    like = mt.rand_like(x)
    assert like.stride() == x.stride()
    assert same(like.t().reshape(60), plain)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ("mt.poisson(mt.tensor([1, 2]))", RuntimeError, "expected rates of a floating dtype"),
        ("mt.poisson(mt.tensor([1.0, -2.0]))", RuntimeError, "rates of at least 0, but got -2"),
        ("mt.poisson([1.0])", TypeError, "argument 'input' must be a Tensor"),
        ("mt.binomial(mt.tensor([1]), x)", ValueError, "expected count of a floating dtype"),
        ("mt.binomial(x, x.double())", RuntimeError, "count and prob must have one dtype"),
        ("mt.binomial(x, mt.ones(2))", RuntimeError, "cannot broadcast"),
        ("mt.bernoulli(mt.tensor([2.0]))", RuntimeError, r"all p to be in \[0, 1\], but got p=2"),
        ("x.bernoulli(1.5)", RuntimeError, r"p to be in \[0, 1\], but got p=1\.5"),
        ("x.clone().bernoulli_(x.long())", RuntimeError, "probabilities in a floating dtype"),
        ("mt.normal(x, -1.0)", RuntimeError, "normal expects std >= 0.0, but found std -1"),
        ("mt.normal(x, -x)", RuntimeError, "expects all elements of std >= 0.0"),
        ("mt.normal(x.long(), 1.0)", RuntimeError, "pass a floating one"),
        ("mt.normal(x, mt.ones(2))", RuntimeError, "normal: cannot broadcast shapes"),
        ("mt.randint_like(x)", TypeError, "expected high, as in"),
        ("mt.randint_like(x, 3, 3)", RuntimeError, "but got from=3 >= to=3"),
        ("x.clone().geometric_(1.0)", RuntimeError, r"p to be in \(0, 1\), but got p=1"),
        ("x.clone().log_normal_(0, 0)", RuntimeError, "expects std > 0.0, but found std=0"),
        ("x.clone().cauchy_(0, -1)", RuntimeError, "expects sigma > 0.0, but found sigma=-1"),
        ("x.clone().random_(5, 5)", RuntimeError, "but got from=5 >= to=5"),
        ("x.multinomial(4)", RuntimeError, "cannot sample 4 of 3 categories without replacement"),
        (
            "mt.rand(3, requires_grad=True).uniform_()",
            RuntimeError,
            "a leaf Variable that",
        ),
        ("mt.zeros(1).expand(3).normal_()", RuntimeError, "more than one element"),
    ],
)
def test_bad_arguments_are_refused(wrong: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        eval(wrong, {"mt": mt, "x": mt.ones(3)})
