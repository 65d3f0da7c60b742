"""Attention and the Transformer: outputs, gradients and random numbers are those of torch."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch
from minitorch import nn

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:enable_nested_tensor is True"),
]

Run = Callable[[ModuleType, Any], Any]
Make = Callable[[ModuleType], Any]


def floats(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng([1, *shape]).normal(size=shape).astype(np.float32)


def causal(t: ModuleType, n: int) -> Any:
    return t.nn.Transformer.generate_square_subsequent_mask(n)


def padding(t: ModuleType) -> Any:
    return t.tensor([[False, False, False, True], [False, False, False, False]])


def cell(t: ModuleType) -> Any:
    return t.nn.MultiheadAttention(6, 2, batch_first=True)


def attention(*shapes: tuple[int, ...], **options: object) -> Run:
    """Attention of tensors of these shapes; of one to itself if there is one."""

    def run(t: ModuleType, module: Any) -> Any:
        inputs = [t.tensor(floats(*shape), requires_grad=True) for shape in shapes]
        q, k, v = inputs * 3 if len(inputs) == 1 else inputs
        given = {name: o(t) if callable(o) else o for name, o in options.items()}
        return inputs, module(q, k, v, **given)

    return run


def masked(t: ModuleType) -> Any:
    return causal(t, 4)


def banned(t: ModuleType) -> Any:
    return causal(t, 4) < 0


def model(*shapes: tuple[int, ...], **options: object) -> Run:
    def run(t: ModuleType, module: Any) -> Any:
        inputs = [t.tensor(floats(*shape), requires_grad=True) for shape in shapes]
        given = {name: o(t) if callable(o) else o for name, o in options.items()}
        return inputs, (module(*inputs, **given),)

    return run


CASES: list[tuple[Make, Run]] = [
    (cell, attention((2, 4, 6))),
    (cell, attention((2, 4, 6), need_weights=False)),
    (cell, attention((2, 4, 6), need_weights=False, attn_mask=masked, is_causal=True)),
    (cell, attention((2, 4, 6), attn_mask=banned, average_attn_weights=False)),
    (cell, attention((2, 4, 6), key_padding_mask=padding)),
    (cell, attention((2, 4, 6), key_padding_mask=padding, attn_mask=banned, need_weights=False)),
    (cell, attention((4, 6))),
    (
        lambda t: t.nn.MultiheadAttention(6, 3, 0.3, False, True, True, kdim=4, vdim=5),
        attention((4, 2, 6), (3, 2, 4), (3, 2, 5)),
    ),
    (lambda t: t.nn.MultiheadAttention(6, 3, dropout=0.5), attention((4, 2, 6))),
    (lambda t: t.nn.TransformerEncoderLayer(6, 2, 8), model((4, 2, 6))),
    (
        lambda t: t.nn.TransformerEncoderLayer(6, 2, 8, 0.3, "gelu", norm_first=True, bias=False),
        model((4, 2, 6), src_mask=masked),
    ),
    (
        lambda t: t.nn.TransformerEncoderLayer(6, 2, 8, activation=t.nn.Tanh(), batch_first=True),
        model((2, 4, 6), src_key_padding_mask=padding),
    ),
    (
        lambda t: t.nn.TransformerEncoder(
            t.nn.TransformerEncoderLayer(6, 2, 8), 2, t.nn.LayerNorm(6)
        ),
        model((4, 2, 6), mask=masked),
    ),
    (
        lambda t: t.nn.TransformerEncoder(t.nn.TransformerEncoderLayer(6, 2, 8), 2),
        model((4, 2, 6), mask=banned, src_key_padding_mask=padding),
    ),
    (
        lambda t: t.nn.TransformerDecoder(t.nn.TransformerDecoderLayer(6, 2, 8), 2),
        model((4, 2, 6), (3, 2, 6), tgt_mask=masked),
    ),
    (
        lambda t: t.nn.Transformer(6, 2, 1, 2, 8, norm_first=True),
        model((4, 2, 6), (4, 2, 6), tgt_mask=masked, src_key_padding_mask=padding),
    ),
    (
        lambda t: t.nn.Transformer(6, 2, 2, 1, 8, 0.0, batch_first=True),
        model((2, 3, 6), (2, 4, 6), tgt_mask=masked, tgt_is_causal=True),
    ),
]


@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("make", "run"), CASES)
def test_it_computes_what_torch_does(make: Make, run: Run, train: bool) -> None:
    results = []
    for t in (minitorch, torch):
        t.manual_seed(3)
        module = make(t).train(train)
        inputs, outputs = run(t, module)
        outputs = [y for y in outputs if y is not None]
        sum((y * (k + 1) * y.cos()).sum() for k, y in enumerate(outputs)).backward()
        grads = [x.grad for x in (*inputs, *module.parameters())]
        results.append([y.detach().numpy() for y in outputs] + [g.numpy() for g in grads])
    for mine, expected in zip(*results, strict=True):
        assert mine.shape == expected.shape
        np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=2e-5)
    assert (minitorch.get_rng_state().numpy() == torch.get_rng_state().numpy()).all()


BAD: list[tuple[type[Exception], Callable[[ModuleType], object]]] = [
    (ValueError, lambda t: t.nn.MultiheadAttention(0, 1)),
    (AssertionError, lambda t: t.nn.MultiheadAttention(5, 2)),
    (RuntimeError, lambda t: t.nn.TransformerEncoderLayer(4, 2, 8, activation="cos")),
    (RuntimeError, lambda t: t.nn.Transformer(4, 2, 1, 1, 8)(t.ones(2, 3, 4), t.ones(2, 2, 4))),
    (RuntimeError, lambda t: t.nn.Transformer(4, 2, 1, 1, 8)(t.ones(2, 3, 5), t.ones(2, 3, 5))),
    (ValueError, lambda t: t.nn.GroupNorm(3, 4)),
]


@pytest.mark.parametrize(("error", "call"), BAD)
def test_what_does_not_fit_is_refused(
    error: type[Exception], call: Callable[[ModuleType], object]
) -> None:
    for t in (torch, minitorch):
        with pytest.raises(error):
            call(t)


def test_copies_of_a_layer_are_their_own() -> None:
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2)
    first, second = encoder.layers
    assert first.linear1.weight is not second.linear1.weight
    assert first.linear1.weight.tolist() == second.linear1.weight.tolist()
