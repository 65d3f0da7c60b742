"""LSTM, GRU and RNN sequences in the simulator against their composites."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from minitorch_cuda.functional import recurrent as fused
from minitorch_tensor import Tensor, cat
from minitorch_tensor.dtype import DType, bfloat16, float16, float32, float64
from minitorch_tensor.functional import recurrent_steps as steps
from minitorch_tensor.op import FusedManyNode

from .fused_cases import Values, close, compare, on, random, values

pytestmark = pytest.mark.usefixtures("simulator")
Run = Callable[..., Sequence[Tensor]]

GATES = {"lstm": 4, "gru": 3, "tanh": 1, "relu": 1}


def runs(kind: str) -> tuple[Run, Run]:
    """The kernel and the composite, of (x, h, c, w_ih, w_hh, biases, sizes, reverse)."""

    def run(lstm: Run, gru: Run, rnn: Run) -> Run:
        def call(
            x: Tensor, h: Tensor, c: Tensor, w: Tensor, v: Tensor,
            biases: Sequence[Tensor], sizes: tuple[int, ...], reverse: bool,
        ) -> Sequence[Tensor]:  # fmt: skip
            b_ih, b_hh = biases or (None, None)
            if kind == "lstm":
                return lstm(x, h, c, w, v, b_ih, b_hh, None, sizes, reverse)
            if kind == "gru":
                return gru(x, h, w, v, b_ih, b_hh, sizes, reverse)
            return rnn(x, h, w, v, b_ih, b_hh, sizes, reverse, kind == "tanh")

        return call

    composites = (steps.lstm_direction, steps.gru_direction, steps.rnn_direction)
    return (
        run(fused.lstm_sequence, fused.gru_sequence, fused.rnn_sequence),
        run(*(op.composite for op in composites)),
    )


def arrays(kind: str, sizes: tuple[int, ...], size: int, m: int, bias: bool) -> list[Values]:
    gates = GATES[kind] * m
    shapes: list[tuple[int, ...]] = [
        *((sum(sizes), size), (sizes[0], m), (sizes[0], m), (gates, size), (gates, m)),
        *([(gates,), (gates,)] if bias else []),
    ]
    return [random(*shape, seed=k) * 0.5 for k, shape in enumerate(shapes)]


def joined(run: Run, sizes: tuple[int, ...], reverse: bool) -> Callable[..., Tensor]:
    """All results as one, of arrays."""

    def call(x: Tensor, h: Tensor, c: Tensor, w: Tensor, v: Tensor, *b: Tensor) -> Tensor:
        y, *last = run(x, h, c, w, v, b, sizes, reverse)
        parts = [y, *(each * (k + 2) for k, each in enumerate(last))]
        return cat([*(part.flatten() for part in parts), (c * 0).flatten()])  # c is used always

    return call


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sizes", [(2, 2), (3, 2, 1), (1,)])
@pytest.mark.parametrize("kind", GATES)
def test_same_as_the_composite(kind: str, sizes: tuple[int, ...], reverse: bool) -> None:
    kernel, composite = (joined(run, sizes, reverse) for run in runs(kind))
    second = sizes == (2, 2) and not reverse
    compare(kernel, composite, arrays(kind, sizes, 3, 5, bias=reverse), second=second)


@pytest.mark.parametrize("dtype", [float64, float16, bfloat16], ids=str)
@pytest.mark.parametrize("kind", GATES)
def test_other_floats(kind: str, dtype: DType) -> None:
    kernel, composite = (joined(run, (2, 1), False) for run in runs(kind))
    compare(kernel, composite, arrays(kind, (2, 1), 2, 3, bias=True), dtype)


@pytest.mark.parametrize("used", [0, 1])
@pytest.mark.parametrize("kind", ["lstm", "gru", "relu"])
def test_one_output_is_used(kind: str, used: int) -> None:
    """The gradients of the others are none."""
    found = []
    for run, device in zip(runs(kind), ("cuda", "numpy"), strict=True):
        x, h, c, w, v = (on(device, a) for a in arrays(kind, (3, 2), 4, 3, False))
        x.requires_grad = False
        run(x, h, c, w, v, (), (3, 2), False)[used].sum().backward()
        found.append([h.grad, w.grad, v.grad])
        assert x.grad is None
    for mine, expected in zip(*found, strict=True):
        close(mine, expected, 2e-5)


@pytest.mark.parametrize("kind", GATES)
def test_nan_infinities_and_large_numbers(kind: str) -> None:
    given = arrays(kind, (4,), 3, 2, True)
    given[0][0, 0], given[0][1, 0], given[0][2] = np.nan, np.inf, 1e30
    found = []
    for run, device in zip(runs(kind), ("cuda", "numpy"), strict=True):
        *rest, b, c = (on(device, a, float32) for a in given)
        found.append(run(*rest, (b, c), (4,), False))
    for mine, expected in zip(*found, strict=True):
        np.testing.assert_allclose(values(mine), values(expected), rtol=1e-5, atol=1e-6)


def test_strided_inputs() -> None:
    found = []
    for run, device in zip(runs("lstm"), ("cuda", "numpy"), strict=True):
        given = [on(device, a.T.copy()).permute(*range(a.ndim)[::-1])
                 for a in arrays("lstm", (2, 2), 3, 4, True)]  # fmt: skip
        found.append(run(*given[:5], tuple(given[5:]), (2, 2), False)[0])
    close(found[0], found[1], 1e-5)


def test_what_has_no_kernel_takes_the_way_of_the_composite() -> None:
    x, h, c, w, v = (on("cuda", a) for a in arrays("lstm", (2, 2), 3, 4, False))
    narrow = on("cuda", random(3, 4))
    y, _, _ = fused.lstm_sequence(x, h[:, :3], c, w, v[:, :3], None, None, narrow, (2, 2), False)
    assert y.shape == (4, 3)
    assert not isinstance(y.grad_fn, FusedManyNode)
    empty = fused.gru_sequence(x[:0], h[:0], w[:12], v[:12], None, None, (0, 0), False)
    assert empty[0].shape == (0, 4)


def test_a_result_written_before_backward_is_refused() -> None:
    x, h, _, w, v = (on("cuda", a) for a in arrays("tanh", (2, 2), 3, 4, False))
    y, _ = fused.rnn_sequence(x, h, w, v, None, None, (2, 2), False, True)
    total = (y * 2.0).sum()
    y.detach().add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        total.backward()


def test_the_kernels_are_in_place() -> None:
    for op in (steps.lstm_direction, steps.gru_direction, steps.rnn_direction):
        assert "cuda" in op.overridden()
