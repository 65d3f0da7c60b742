"""Lazy layers, before and after they know their sizes, beside torch's."""

import copy
import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import nn

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore:Lazy modules are a new")]

SHAPES = {1: (2, 4, 9), 2: (2, 4, 7, 6), 3: (2, 4, 5, 4, 6)}
LAYERS: list[tuple[Callable[[ModuleType], Any], tuple[int, ...]]] = [
    (lambda t: t.nn.LazyLinear(3), (2, 5)),
    (lambda t: t.nn.LazyLinear(3, bias=False), (2, 4, 5)),
    *[(lambda t, d=d: getattr(t.nn, f"LazyConv{d}d")(6, 3), SHAPES[d]) for d in SHAPES],
    (lambda t: t.nn.LazyConv2d(6, (2, 3), 2, "valid", groups=2, bias=False), SHAPES[2]),
    (lambda t: t.nn.LazyConv1d(6, 3, padding_mode="reflect", padding=1), SHAPES[1][1:]),
    *[(lambda t, d=d: getattr(t.nn, f"LazyConvTranspose{d}d")(6, 3), SHAPES[d]) for d in SHAPES],
    (lambda t: t.nn.LazyConvTranspose2d(6, 3, 2, 1, 1, 2, False, 2), SHAPES[2]),
    *[(lambda t, d=d: getattr(t.nn, f"LazyBatchNorm{d}d")(), SHAPES[d]) for d in SHAPES],
    (lambda t: t.nn.LazyBatchNorm2d(0.1, None, bias=False), SHAPES[2]),
    (lambda t: t.nn.LazyBatchNorm2d(affine=False, track_running_stats=True), SHAPES[2]),
    *[(lambda t, d=d: getattr(t.nn, f"LazyInstanceNorm{d}d")(), SHAPES[d]) for d in SHAPES],
]


def sizes(module: Any) -> list[Any]:
    exact = [(name, tuple(x.shape), x.tolist()) for name, x in module.named_parameters()]
    return exact + [(name, np.round(x.tolist(), 4).tolist()) for name, x in module.named_buffers()]


def given(t: ModuleType, shape: tuple[int, ...]) -> Any:
    x = t.tensor(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    return x.to("numpy") if t is minitorch else x


@pytest.mark.parametrize(
    ("make", "shape"), LAYERS, ids=[type(m(torch)).__name__ for m, _ in LAYERS]
)
def test_a_lazy_layer_becomes_that_of_torch(make: Any, shape: tuple[int, ...]) -> None:
    found = []
    for t in (minitorch, torch):
        t.manual_seed(0)
        module = make(t)
        before = [repr(module), list(module.state_dict()), module.has_uninitialized_params()]
        module.to("numpy" if t is minitorch else "cpu")
        y = module(given(t, shape))
        after = [repr(module), type(module).__name__, sizes(module), hasattr(module, "_load_hook")]
        found.append((before, after, y.detach().numpy(), t.get_rng_state().tolist()))
    ours, theirs = found
    assert ours[:2] == theirs[:2]
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-5, atol=1e-5)
    assert ours[3] == theirs[3]


def test_a_lazy_layer_waits_for_its_dtype_and_device() -> None:
    layer = nn.LazyBatchNorm1d(dtype=minitorch.float64).to("numpy").float()
    members = [*layer.parameters(), *list(layer.buffers())[:2]]
    assert {str(x.device) for x in members} == {"numpy"}
    layer(minitorch.ones(2, 3, device="numpy"))
    assert {(x.dtype, str(x.device)) for x in members} == {(minitorch.float32, "numpy")}
    assert len({id(x) for x in members}) == 4
    assert type(layer.running_mean) is minitorch.Tensor


def test_a_lazy_layer_loads_the_state_of_an_ordinary_one_and_the_other_way_round() -> None:
    def run(t: ModuleType) -> list[Any]:
        t.manual_seed(3)
        lazy, made = t.nn.LazyLinear(2), t.nn.Linear(3, 2)
        first = str(lazy.load_state_dict(made.state_dict()))
        name = type(lazy).__name__
        y = lazy(t.ones(1, 3))
        with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized") as e:
            t.nn.Linear(3, 2).load_state_dict(t.nn.LazyLinear(2).state_dict())
        both = t.nn.LazyLinear(2)
        both.load_state_dict(t.nn.LazyLinear(2).state_dict())
        wrong = t.nn.LazyLinear(2)
        wrong.load_state_dict(made.state_dict())
        with pytest.raises(AssertionError, match="from input: 5 is not equal to in_features from"):
            wrong(t.ones(1, 5))
        return [first, name, repr(lazy), np.round(y.tolist(), 5).tolist(), str(e.value), repr(both)]

    assert run(minitorch) == run(torch)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_lazy_layer_can_be_copied_and_pickled(again: Callable[[Any], Any]) -> None:
    layer = again(nn.Sequential(nn.LazyLinear(2, dtype=minitorch.float64), nn.LazyBatchNorm1d()))
    assert repr(layer.state_dict()["0.weight"]) == "<UninitializedParameter>"
    assert repr(layer.state_dict()["1.running_mean"]) == "<UninitializedBuffer>"
    layer[0](minitorch.ones(4, 3, dtype=minitorch.float64))
    assert repr(layer[0]) == "Linear(in_features=3, out_features=2, bias=True)"
    assert again(layer)[0].weight.tolist() == layer[0].weight.tolist()


def test_a_parameter_without_a_shape_cannot_be_used() -> None:
    weight = nn.UninitializedParameter()
    for use in (
        lambda: weight + 1,
        lambda: weight @ weight,
        lambda: weight.relu(),
        lambda: minitorch.exp(weight),
        lambda: weight.tolist(),
        lambda: nn.functional.linear(minitorch.ones(2), weight),
    ):
        with pytest.raises(ValueError, match="Attempted to use an uninitialized parameter in"):
            use()
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized"):
        _ = weight.shape
    assert weight.requires_grad
    assert weight.grad is None


def test_a_parameter_without_a_shape_becomes_a_parameter() -> None:
    weight = nn.UninitializedParameter(dtype=minitorch.float64)
    weight.materialize((2, 3))
    assert type(weight) is nn.Parameter
    assert (weight.shape, weight.dtype, weight.requires_grad) == ((2, 3), minitorch.float64, True)
    buffer = nn.UninitializedBuffer()
    buffer.materialize((2,), dtype=minitorch.int64)
    assert type(buffer) is minitorch.Tensor
    assert (buffer.shape, buffer.dtype, buffer.requires_grad) == ((2,), minitorch.int64, False)


@pytest.mark.parametrize("t", [minitorch, torch])
def test_a_lazy_convolution_wants_its_number_of_dimensions(t: Any) -> None:
    with pytest.raises(RuntimeError, match=r"Expected 3D \(unbatched\) or 4D \(batched\) input to"):
        t.nn.LazyConv2d(4, 3)(t.ones(2, 2))
    with pytest.raises(ValueError, match="in_channels must be divisible by groups"):
        t.nn.LazyConv2d(4, 3, groups=4)(t.ones(1, 6, 5, 5))
