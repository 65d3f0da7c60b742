"""Random tensors: PyTorch's numbers from its seeds, stored here and beside PyTorch itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import Generator, Tensor

Fill = Callable[[Tensor], Tensor]


def test_seed_0_gives_the_numbers_everybody_knows() -> None:
    mt.manual_seed(0)
    assert mt.rand(5).tolist() == pytest.approx(
        [0.4962565898, 0.7682217955, 0.0884774327, 0.1320304871, 0.3074228168], abs=1e-9
    )
    mt.manual_seed(0)
    assert mt.randperm(10).tolist() == [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]
    mt.manual_seed(0)
    assert mt.randint(0, 10, (5,)).tolist() == [4, 9, 3, 0, 3]
    mt.manual_seed(0)
    assert mt.randn(3).tolist() == pytest.approx([1.54099607, -0.29342890, -2.17878938])


def test_the_default_generator_is_seeded_by_nobody() -> None:
    # Each process starts it anywhere, as PyTorch does; a generator of one's own always alike.
    assert Generator().initial_seed() == 67280421310721
    assert mt.manual_seed(3) is mt.default_generator
    assert mt.initial_seed() == 3
    assert mt.seed() == mt.initial_seed()


def test_a_generator_of_ones_own_leaves_the_default_alone() -> None:
    mt.manual_seed(1)
    first = mt.rand(2).tolist()
    mt.manual_seed(1)
    own = Generator().manual_seed(0)
    assert mt.rand(2, generator=own).tolist() == pytest.approx([0.49625659, 0.76822180])
    assert mt.rand(2).tolist() == first
    with pytest.raises(TypeError, match="expected a Generator, but got int"):
        eval("mt.rand(2, generator=3)", {"mt": mt})


def test_what_is_drawn_needs_no_history() -> None:
    assert not mt.rand(2).requires_grad
    assert mt.randn(2, requires_grad=True).is_leaf


FILLS: dict[str, Fill] = {
    "uniform_": lambda x: x.uniform_(-1, 2),
    "bernoulli_": lambda x: x.bernoulli_(0.3),
    "exponential_": lambda x: x.exponential_(2.0),
    "random_": lambda x: x.random_(0, 100),
}


@pytest.mark.parametrize("name", FILLS)
def test_a_tensor_is_filled_in_the_order_of_its_memory(name: str) -> None:
    fill = FILLS[name]
    mt.manual_seed(0)
    plain = fill(mt.zeros(60)).tolist()
    mt.manual_seed(0)
    transposed = fill(mt.zeros(4, 15).t())
    assert transposed.t().reshape(60).tolist() == plain
    mt.manual_seed(0)
    stepped = fill(mt.zeros(4, 30)[:, ::2])
    assert stepped.reshape(60).tolist() == plain
    mt.manual_seed(0)
    permuted = fill(mt.zeros(3, 4, 5).permute(2, 0, 1))
    assert permuted.permute(1, 2, 0).reshape(60).tolist() == plain


def test_a_recorded_fill_draws_the_same_numbers() -> None:
    mt.manual_seed(0)
    plain = mt.zeros(3, 4).t().uniform_().tolist()
    mt.manual_seed(0)
    x = (mt.ones(3, 4, requires_grad=True) * 1).t()
    assert x.uniform_().tolist() == plain


def test_bernoulli_of_probabilities() -> None:
    p = mt.tensor([0.0, 1.0, 0.0, 1.0])
    assert mt.bernoulli(p).tolist() == [0.0, 1.0, 0.0, 1.0]
    assert mt.bernoulli(mt.zeros(3, dtype=mt.int64), 1.0).tolist() == [1, 1, 1]
    assert mt.zeros(2, 4, dtype=mt.bool_).bernoulli_(p).tolist() == [[False, True] * 2] * 2
    with pytest.raises(RuntimeError, match="expected probabilities in a floating dtype"):
        mt.bernoulli(mt.tensor([0, 1]))


def test_normal_of_tensors() -> None:
    mt.manual_seed(0)
    drawn = mt.randn(20)
    mt.manual_seed(0)
    mean = mt.full((20,), 2.0)
    assert mt.normal(mean, 3.0).tolist() == pytest.approx((drawn * 3 + 2).tolist())
    assert mt.normal(0.0, mt.ones(2, 3)).shape == (2, 3)
    assert mt.normal(0.0, 1.0, (2, 3)).shape == (2, 3)
    with pytest.raises(RuntimeError, match="all elements of std"):
        mt.normal(0.0, mt.tensor([1.0, -1.0]))
    with pytest.raises(TypeError, match="expected tensors, or two numbers and a size"):
        mt.normal(0.0, 1.0)


def test_the_forms_of_randint() -> None:
    for x in (
        mt.randint(5, (3,)), mt.randint(0, 5, (3,)), mt.randint(5, size=(3,)),
        mt.randint(high=5, size=(3,)), mt.randint(low=2, high=5, size=(3,)), mt.randint(5, [3]),
    ):  # fmt: skip
        assert (x.shape, x.dtype) == ((3,), mt.int64)
        assert all(0 <= value < 5 for value in x.numpy())
    assert mt.randint(0, 2, (3,), dtype=mt.float32).dtype is mt.float32
    for wrong in ("5", "0, 5", "size=(3,)", "5, (3,), (4,)"):
        with pytest.raises(TypeError, match="randint: "):
            eval(f"mt.randint({wrong})", {"mt": mt})
    with pytest.raises(RuntimeError, match=r"from|low|to"):
        mt.randint(5, 5, (3,))


def test_multinomial_draws_without_replacement_from_what_has_weight() -> None:
    drawn = mt.multinomial(mt.tensor([[0.0, 1.0, 2.0], [1.0, 0.0, 1.0]]), 2)
    assert (drawn.shape, drawn.dtype) == ((2, 2), mt.int64)
    assert [sorted(row) for row in drawn.numpy().tolist()] == [[1, 2], [0, 2]]
    with pytest.raises(RuntimeError, match="expected weights of a floating point dtype"):
        mt.multinomial(mt.tensor([1, 2]), 1)


# ---- beside PyTorch ----------------------------------------------------------------------------

EXACT = [
    "T.rand({n})", "T.rand({n},dtype=T.float64)", "T.randint(0,10,({n},))",
    "T.randint(-5,2**40,({n},))", "T.randint(0,2,({n},),dtype=T.uint8)", "T.randperm({n})",
    "T.zeros({n}).uniform_(-3,5)", "T.zeros({n},dtype=T.float64).uniform_(-3,5)",
    "T.zeros({n}).bernoulli_(0.3)", "T.zeros({n},dtype=T.int64).bernoulli_(0.5)",
    "T.bernoulli(T.linspace(0,1,{n}))", "T.zeros({n}).random_(0,100)",
    "T.zeros({n},dtype=T.int64).random_()", "T.zeros({n}).exponential_()",
    "T.zeros({n},{n}).t().uniform_()", "T.zeros({n},2*{n})[:,::2].uniform_()",
    "T.zeros({n},3,2).permute(2,0,1).bernoulli_(0.5)", "T.zeros({n},3).t().random_(0,50)",
    "T.zeros({n},3).t().bernoulli_(T.full(({n},3),0.5).t())",
    "T.multinomial(T.arange(1.,{n}+1),{n})", "T.multinomial(T.ones(3,{n}),5,True)",
    "[T.rand({n}),T.randperm({n}),T.rand(1)][2]",
]  # fmt: skip
CLOSE = [
    "T.randn({n})", "T.randn({n},dtype=T.float64)", "T.zeros({n}).normal_(2,3)",
    "T.zeros({n},3).t().normal_()", "T.zeros({n},6)[:,::2].normal_()", "T.normal(T.ones({n}),2.0)",
    "[T.randn({n}),T.randn(3)][1]",
]  # fmt: skip


@pytest.mark.parity
@pytest.mark.parametrize("n", [1, 7, 16, 100])
@pytest.mark.parametrize("seed", [0, 42, 2**40 + 1])
def test_the_numbers_are_pytorchs(n: int, seed: int) -> None:
    torch = pytest.importorskip("torch")
    for source in [*EXACT, *CLOSE]:
        if n < 5 and "5,True" not in source and "multinomial" in source:
            continue
        call = source.format(n=n)
        mt.manual_seed(seed)
        torch.manual_seed(seed)
        ours = eval(call, {"T": mt}).numpy()
        theirs = eval(call, {"T": torch}).numpy()
        assert ours.dtype == theirs.dtype, call
        if source in EXACT and "exponential" not in source:
            np.testing.assert_array_equal(ours, theirs, err_msg=call)
        else:
            np.testing.assert_array_max_ulp(ours, theirs, 3)
