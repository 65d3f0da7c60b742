"""Recurrent layers and packed sequences: outputs, gradients and errors are those of torch."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch
from minitorch import nn
from minitorch.nn.utils import rnn

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:LSTM with projections"),
]

Array = NDArray[Any]
Make = Callable[[ModuleType], Any]

LAYERS: list[Make] = [
    lambda t: t.nn.RNN(3, 4),
    lambda t: t.nn.RNN(3, 4, 2, "relu", bidirectional=True, batch_first=True),
    lambda t: t.nn.LSTM(3, 4),
    lambda t: t.nn.LSTM(3, 4, num_layers=2, bias=False, bidirectional=True, dropout=0.4),
    lambda t: t.nn.LSTM(3, 4, batch_first=True, proj_size=2, num_layers=2),
    lambda t: t.nn.GRU(3, 4, batch_first=True),
    lambda t: t.nn.GRU(3, 4, num_layers=3, bidirectional=True, dropout=0.2),
]
CELLS: list[Make] = [
    lambda t: t.nn.RNNCell(3, 4),
    lambda t: t.nn.RNNCell(3, 4, bias=False, nonlinearity="relu"),
    lambda t: t.nn.LSTMCell(3, 4),
    lambda t: t.nn.GRUCell(3, 4),
]
LENGTHS = [2, 5, 1, 5]


def floats(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng([1, *shape]).normal(size=shape).astype(np.float32)


def leaf(t: ModuleType, x: NDArray[np.float32]) -> Any:
    return t.tensor(x, requires_grad=True)


def flatten(result: Any) -> list[Any]:
    if isinstance(result, (tuple, list)):
        return [x for each in result for x in flatten(each)]
    return [] if result is None else [result]


def finish(module: Any, outputs: Sequence[Any], inputs: Sequence[Any]) -> list[Array]:
    """The outputs, and the gradients of inputs and parameters."""
    floating = [y for y in outputs if y.is_floating_point()]
    sum((y * (k + 1) * y.cos()).sum() for k, y in enumerate(floating)).backward()
    found = [y.detach().numpy() for y in outputs]
    return found + [x.grad.numpy() for x in (*inputs, *module.parameters())]


def agree(run: Callable[[ModuleType], list[Array]]) -> None:
    minitorch.manual_seed(3)
    torch.manual_seed(3)
    ours, theirs = run(minitorch), run(torch)
    for mine, expected in zip(ours, theirs, strict=True):
        assert mine.shape == expected.shape
        np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-5)
    assert (minitorch.get_rng_state().numpy() == torch.get_rng_state().numpy()).all()


def states(t: ModuleType, module: Any, n: int | None) -> list[Any]:
    count = module.num_layers * (2 if module.bidirectional else 1)
    lead = (count,) if n is None else (count, n)
    h = leaf(t, floats(*lead, module.proj_size or module.hidden_size))
    return [h, leaf(t, floats(*lead, module.hidden_size))] if module.mode == "LSTM" else [h]


@pytest.mark.parametrize("given", ["states", "none", "unbatched"])
@pytest.mark.parametrize("make", LAYERS)
def test_a_layer_computes_what_torch_does(make: Make, given: str) -> None:
    def run(t: ModuleType) -> list[Array]:
        module = make(t)
        x = leaf(t, floats(5, 3) if given == "unbatched" else floats(5, 2, 3))
        inputs = [x]
        if given != "none":
            n = None if given == "unbatched" else 5 if module.batch_first else 2
            inputs += states(t, module, n)
        hx = tuple(inputs[1:]) if len(inputs) > 2 else (inputs[1] if len(inputs) == 2 else None)
        return finish(module, flatten(module(x, hx)), inputs)

    agree(run)


@pytest.mark.parametrize("make", LAYERS)
def test_packed_sequences(make: Make) -> None:
    def run(t: ModuleType) -> list[Array]:
        module = make(t)
        x = leaf(t, floats(4, 5, 3))
        packed = t.nn.utils.rnn.pack_padded_sequence(
            x, LENGTHS, batch_first=True, enforce_sorted=False
        )
        hx = states(t, module, 4)
        y, last = module(packed, tuple(hx) if len(hx) == 2 else hx[0])
        padded, lengths = t.nn.utils.rnn.pad_packed_sequence(y, padding_value=-1.0, total_length=6)
        return finish(module, [padded, lengths, *flatten(last)], [x, *hx])

    agree(run)


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("lead", [(), (2,)])
@pytest.mark.parametrize("make", CELLS)
def test_a_cell_computes_what_torch_does(make: Make, lead: tuple[int, ...], given: bool) -> None:
    def run(t: ModuleType) -> list[Array]:
        module = make(t)
        x, h = leaf(t, floats(*lead, 3)), leaf(t, floats(*lead, 4))
        hx = (h, h * 2) if isinstance(module, t.nn.LSTMCell) else h
        result = module(x, hx) if given else module(x)
        return finish(module, flatten(result), [x, h] if given else [x])

    agree(run)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_and_packing(side: str, batch_first: bool) -> None:
    sequences = [floats(n, 2) for n in (4, 1, 3)]

    def run(t: ModuleType) -> list[Array]:
        utils, given = t.nn.utils.rnn, [leaf(t, x) for x in sequences]
        padded = utils.pad_sequence(given, batch_first, -2.0, side)
        packed = utils.pack_sequence(given, enforce_sorted=False)
        again = utils.unpack_sequence(packed)
        lengths = t.tensor([4, 1, 3])
        apart = utils.unpad_sequence(padded.clone(), lengths, batch_first)
        sums = [padded.sum(), *(x.sum() * (k + 2) for k, x in enumerate(again))]
        sum(sums).backward()
        found = [padded, *packed, *again, *apart]
        return [y.detach().numpy() for y in found] + [x.grad.numpy() for x in given]

    agree(run)


BAD: list[tuple[type[Exception], Callable[[ModuleType], object]]] = [
    (ValueError, lambda t: t.nn.LSTM(3, 0)),
    (ValueError, lambda t: t.nn.LSTM(3, 4, proj_size=4)),
    (ValueError, lambda t: t.nn.GRU(3, 4, num_layers=0)),
    (ValueError, lambda t: t.nn.RNN(3, 4, nonlinearity="cos")),
    (ValueError, lambda t: t.nn.RNN(3, 4, dropout=2.0)),
    (ValueError, lambda t: t.nn.LSTM(3, 4)(t.ones(3))),
    (ValueError, lambda t: t.nn.LSTM(3, 4)(t.ones(2, 2, 3, dtype=t.float64))),
    (RuntimeError, lambda t: t.nn.LSTM(3, 4)(t.ones(2, 2, 5))),
    (RuntimeError, lambda t: t.nn.GRU(3, 4)(t.ones(2, 2, 3), t.ones(1, 2))),
    (RuntimeError, lambda t: t.nn.GRU(3, 4)(t.ones(2, 2, 3), t.ones(1, 3, 4))),
    (RuntimeError, lambda t: t.nn.GRU(3, 4)(t.ones(0, 2, 3))),
    (ValueError, lambda t: t.nn.GRUCell(3, 4)(t.ones(1, 2, 3))),
    (RuntimeError, lambda t: t.nn.GRUCell(3, 4)(t.ones(2, 5))),
    (RuntimeError, lambda t: t.nn.utils.rnn.pack_padded_sequence(t.ones(3, 2), [1, 2])),
    (RuntimeError, lambda t: t.nn.utils.rnn.pack_padded_sequence(t.ones(3, 2), [2, 0])),
    (RuntimeError, lambda t: t.nn.utils.rnn.pack_padded_sequence(t.ones(3, 2), [2])),
    (RuntimeError, lambda t: t.nn.utils.rnn.pad_sequence([t.ones(2)], padding_side="top")),
]


@pytest.mark.parametrize(("error", "call"), BAD)
def test_what_does_not_fit_is_refused(
    error: type[Exception], call: Callable[[ModuleType], object]
) -> None:
    for t in (torch, minitorch):
        with pytest.raises(error):
            call(t)


def test_lengths_beyond_the_padded_ones_are_refused() -> None:
    with pytest.raises(RuntimeError, match="at most 3, the number of steps"):
        rnn.pack_padded_sequence(minitorch.ones(3, 2), [4, 1])  # torch makes parts that do not fit


def test_dropout_of_one_layer_warns() -> None:
    with pytest.warns(UserWarning, match="num_layers greater than 1"):
        nn.LSTM(3, 4, dropout=0.5)


def test_a_packed_sequence_moves_and_casts() -> None:
    packed = rnn.pack_sequence([minitorch.ones(1), minitorch.ones(3)], enforce_sorted=False)
    assert packed.sorted_indices is not None
    assert packed.to(minitorch.float32) is packed
    assert packed.cpu().is_cuda is False
    moved = packed.to(minitorch.float64)
    assert moved.data.dtype is minitorch.float64
    assert moved.sorted_indices is not None
    assert moved.sorted_indices.tolist() == [1, 0]


def test_a_state_of_torch_is_loaded() -> None:
    theirs = torch.nn.LSTM(3, 4, num_layers=2, bidirectional=True)
    ours = nn.LSTM(3, 4, num_layers=2, bidirectional=True)
    state = {k: minitorch.tensor(v.numpy()) for k, v in theirs.state_dict().items()}
    ours.load_state_dict(state, strict=True)
    x = floats(5, 2, 3)
    expected = theirs(torch.tensor(x))[0].detach().numpy()
    mine = np.asarray(ours(minitorch.tensor(x))[0].detach().numpy(), np.float32)
    np.testing.assert_allclose(mine, expected, atol=1e-6)
