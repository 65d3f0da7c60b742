"""First values: the numbers of torch, from the same seed, and the same generator afterwards."""

import math
from collections.abc import Callable
from operator import attrgetter
from types import ModuleType

import numpy as np
import pytest

import minitorch
from minitorch import nn

torch = pytest.importorskip("torch")
from .parity_helpers import both_seeded, same_generator  # noqa: E402

pytestmark = pytest.mark.parity

UNIFORM: list[Callable[[ModuleType], nn.Module]] = [
    lambda t: t.nn.Linear(3, 5),
    lambda t: t.nn.Linear(1, 1),
    lambda t: t.nn.Linear(784, 128),
    lambda t: t.nn.Linear(20, 30, bias=False),
    lambda t: t.nn.Linear(7, 9, dtype=t.float64),
    lambda t: t.nn.Conv1d(2, 4, 3),
    lambda t: t.nn.Conv2d(1, 6, 5),
    lambda t: t.nn.Conv2d(6, 16, (3, 5), groups=2, bias=False),
    lambda t: t.nn.Sequential(t.nn.Conv2d(1, 2, 3), t.nn.BatchNorm2d(2), t.nn.Linear(8, 4)),
    lambda t: t.nn.LayerNorm((2, 3)),
    lambda t: t.nn.GroupNorm(2, 4),
    lambda t: t.nn.RMSNorm(4),
    lambda t: t.nn.RNN(3, 4, 2, "relu", bidirectional=True),
    lambda t: t.nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2),
    lambda t: t.nn.GRU(20, 30, bias=False),
    lambda t: t.nn.RNNCell(3, 4),
    lambda t: t.nn.LSTMCell(3, 4, bias=False),
    lambda t: t.nn.GRUCell(3, 4),
    lambda t: t.nn.MultiheadAttention(8, 2),
    lambda t: t.nn.MultiheadAttention(8, 2, bias=False, kdim=3, vdim=5),
    lambda t: t.nn.TransformerEncoderLayer(8, 2, 16),
    lambda t: t.nn.TransformerDecoderLayer(8, 2, 16, bias=False),
    lambda t: t.nn.Transformer(8, 2, 2, 1, 16, batch_first=True),
]
NORMAL: list[Callable[[ModuleType], nn.Module]] = [
    lambda t: t.nn.Embedding(2, 3),
    lambda t: t.nn.Embedding(100, 7, padding_idx=3),
    lambda t: t.nn.MultiheadAttention(8, 2, add_bias_kv=True),
]
INITS: list[tuple[str, dict[str, object], int]] = [
    ("uniform_", {"a": -0.3, "b": 0.7}, 0),
    ("normal_", {"mean": 1.0, "std": 0.1}, 2),
    ("xavier_uniform_", {"gain": 5 / 3}, 0),
    ("xavier_normal_", {}, 2),
    ("kaiming_uniform_", {}, 0),
    ("kaiming_uniform_", {"mode": "fan_out", "nonlinearity": "relu"}, 0),
    ("kaiming_normal_", {"nonlinearity": "relu"}, 2),
    ("trunc_normal_", {}, 2),
    ("trunc_normal_", {"mean": 0.5, "std": 0.2, "a": 0.4, "b": 0.6}, 2),
    ("trunc_normal_", {"a": 1.5, "b": 2.0}, 0),
    ("constant_", {"val": 3.5}, 0),
    ("ones_", {}, 0),
    ("zeros_", {}, 0),
    ("eye_", {}, 0),
    ("sparse_", {"sparsity": 0.3}, 2),
    ("sparse_", {"sparsity": 0.85, "std": 2.0}, 2),
]


def states(make: Callable[[ModuleType], nn.Module], seed: int) -> tuple[nn.Module, object]:
    both_seeded(seed)
    return make(minitorch), make(torch)


@pytest.mark.parametrize("make", UNIFORM)
@pytest.mark.parametrize("seed", [0, 1234])
def test_layers_start_with_the_very_numbers_of_torch(
    make: Callable[[ModuleType], nn.Module], seed: int
) -> None:
    ours, theirs = states(make, seed)
    expected = attrgetter("state_dict")(theirs)()
    assert list(ours.state_dict()) == list(expected)
    for key, value in ours.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), expected[key].numpy(), err_msg=key)
    assert same_generator()


@pytest.mark.parametrize("make", NORMAL)
def test_normal_layers_start_with_the_numbers_of_torch_within_2_ulp(
    make: Callable[[ModuleType], nn.Module],
) -> None:
    ours, theirs = states(make, 3)
    expected = attrgetter("state_dict")(theirs)()
    for key, value in ours.state_dict().items():
        ulp = np.spacing(np.abs(expected[key].numpy()))
        assert (np.abs(value.numpy() - expected[key].numpy()) <= 2 * ulp).all()
    assert same_generator()


@pytest.mark.parametrize("shape", [(3, 5), (20, 30), (7, 7)])
@pytest.mark.parametrize(("name", "options", "ulp"), INITS)
def test_init_functions_give_the_numbers_of_torch(
    name: str, options: dict[str, object], ulp: int, shape: tuple[int, int]
) -> None:
    torch.manual_seed(5)
    minitorch.manual_seed(5)
    ours = getattr(nn.init, name)(minitorch.empty(*shape), **options).numpy()
    theirs = getattr(torch.nn.init, name)(torch.empty(*shape), **options).numpy()
    np.testing.assert_array_max_ulp(ours, theirs, maxulp=ulp or 1)
    if not ulp:
        np.testing.assert_array_equal(ours, theirs)
    assert same_generator()


@pytest.mark.parametrize("shape", [(3, 5), (20, 6), (7, 7), (4, 3, 2)])
@pytest.mark.parametrize(("dtype", "limit"), [("float32", 1e-5), ("float64", 1e-12)])
def test_orthogonal_matrices_are_those_of_torch(
    dtype: str, limit: float, shape: tuple[int, ...]
) -> None:
    torch.manual_seed(5)
    minitorch.manual_seed(5)
    ours = nn.init.orthogonal_(minitorch.empty(*shape, dtype=getattr(minitorch, dtype)), 1.5)
    theirs = torch.nn.init.orthogonal_(torch.empty(*shape, dtype=getattr(torch, dtype)), 1.5)
    assert ours.flatten().tolist() == pytest.approx(theirs.flatten().tolist(), limit, limit)
    assert same_generator()


@pytest.mark.parametrize(
    ("shape", "groups"), [((4, 4, 3), 1), ((6, 2, 2, 4), 3), ((2, 5, 1, 2, 3), 1), ((4, 1, 3), 2)]
)
def test_dirac_kernels_are_those_of_torch(shape: tuple[int, ...], groups: int) -> None:
    ours = nn.init.dirac_(minitorch.ones(*shape), groups)
    assert ours.tolist() == torch.nn.init.dirac_(torch.ones(*shape), groups).tolist()


DEPRECATED: list[tuple[str, tuple[object, ...], tuple[int, ...]]] = [
    ("uniform", (), (3, 4)),
    ("normal", (), (3, 4)),
    ("constant", (2.0,), (3, 4)),
    ("eye", (), (3, 4)),
    ("dirac", (), (3, 4, 5)),
    ("xavier_uniform", (), (3, 4)),
    ("xavier_normal", (), (3, 4)),
    ("kaiming_uniform", (), (3, 4)),
    ("kaiming_normal", (), (3, 4)),
    ("orthogonal", (), (3, 4)),
    ("sparse", (0.3,), (3, 4)),
]


@pytest.mark.parametrize(("name", "args", "shape"), DEPRECATED)
def test_deprecated_names_warn_as_in_torch(
    name: str, args: tuple[object, ...], shape: tuple[int, ...]
) -> None:
    found = []
    for t in (minitorch, torch):
        t.manual_seed(2)
        with pytest.warns(FutureWarning, match="is now deprecated in favor of") as warned:
            values = getattr(t.nn.init, name)(t.zeros(*shape), *args).numpy()
        assert warned[0].filename == __file__
        found.append((str(warned[0].message), values))
    assert found[0][0] == found[1][0]
    np.testing.assert_allclose(found[0][1], found[1][1], 1e-5, 1e-6)


def test_init_functions_take_a_generator() -> None:
    generator = minitorch.Generator().manual_seed(8)
    theirs = torch.nn.init.uniform_(torch.empty(4), generator=torch.Generator().manual_seed(8))
    ours = nn.init.uniform_(minitorch.empty(4), generator=generator)
    assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize(
    ("nonlinearity", "param"),
    [("linear", None), ("sigmoid", None), ("tanh", None), ("relu", None), ("leaky_relu", None),
     ("leaky_relu", 0.2), ("selu", None), ("conv2d", None)],
)  # fmt: skip
def test_gains_are_those_of_torch(nonlinearity: str, param: float | None) -> None:
    ours = attrgetter("calculate_gain")(nn.init)(nonlinearity, param)
    assert ours == torch.nn.init.calculate_gain(nonlinearity, param)


def test_bad_arguments_raise_as_in_torch() -> None:
    gain = attrgetter("calculate_gain")(nn.init)
    with pytest.raises(ValueError, match="Unsupported nonlinearity nothing"):
        gain("nothing")
    with pytest.raises(ValueError, match="negative_slope x not a valid number"):
        gain("leaky_relu", "x")
    with pytest.raises(ValueError, match="fewer than 2 dimensions"):
        nn.init.xavier_uniform_(minitorch.empty(3))
    with pytest.raises(ValueError, match="Mode fan_up not supported"):
        attrgetter("kaiming_normal_")(nn.init)(minitorch.empty(2, 2), mode="fan_up")
    with pytest.raises(ValueError, match="Only tensors with 2 dimensions"):
        nn.init.eye_(minitorch.empty(3))
    with pytest.raises(ValueError, match="Only tensors with 3, 4, or 5 dimensions"):
        nn.init.dirac_(minitorch.empty(3, 3))
    with pytest.raises(ValueError, match="dim 0 must be divisible by groups"):
        nn.init.dirac_(minitorch.empty(3, 3, 3), 2)
    with pytest.raises(ValueError, match="Only tensors with 2 or more dimensions"):
        nn.init.orthogonal_(minitorch.empty(3))
    with pytest.raises(ValueError, match="Only tensors with 2 dimensions"):
        nn.init.sparse_(minitorch.empty(3), 0.5)
    with pytest.warns(UserWarning, match="zero-element tensors is a no-op"):
        nn.init.kaiming_uniform_(minitorch.empty(0, 2))
    with pytest.warns(UserWarning, match="more than 2 std"):
        nn.init.trunc_normal_(minitorch.empty(2), mean=5.0)


def test_a_leaf_is_initialised_without_history() -> None:
    weight = nn.Parameter(minitorch.zeros(2, 2))
    nn.init.normal_(weight)
    assert weight.is_leaf
    assert weight.requires_grad
    assert math.isfinite(weight.sum().item())
