"""LSTM, GRU and RNN sequences against their composites."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from minitorch_fast import get_num_threads, set_num_threads
from minitorch_fast.functional import recurrent as fused
from minitorch_tensor import Tensor, cat, from_numpy
from minitorch_tensor.functional import recurrent_steps as steps
from minitorch_tensor.op import FusedManyNode

from .fused_cases import Values, close, compare, leaves, random, values

Run = Callable[..., Sequence[Tensor]]

GATES = {"lstm": 4, "gru": 3, "tanh": 1, "relu": 1}
SIZES: list[tuple[int, ...]] = [(3, 3, 3, 3), (4, 4, 2, 1), (1,)]


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
        (sum(sizes), size),
        (sizes[0], m),
        (sizes[0], m),
        (gates, size),
        (gates, m),
    ]
    shapes += [(gates,), (gates,)] if bias else []
    return [random(*shape, seed=k) * 0.5 for k, shape in enumerate(shapes)]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("kind", GATES)
def test_same_as_the_composite(kind: str, sizes: tuple[int, ...], reverse: bool) -> None:
    kernel, composite = runs(kind)

    def joined(run: Run) -> Callable[..., Tensor]:
        def call(x: Tensor, h: Tensor, c: Tensor, w: Tensor, v: Tensor, *b: Tensor) -> Tensor:
            y, *last = run(x, h, c, w, v, b, sizes, reverse)
            parts = [y, *(each * (k + 2) for k, each in enumerate(last))]
            used = cat([part.flatten() for part in parts])
            return cat([used, (c * 0).flatten()])  # c is used in any case

        return call

    dtype = np.float64 if len(sizes) == 1 else np.float32
    given = [a.astype(dtype) for a in arrays(kind, sizes, 5, 19, bias=reverse)]
    tolerance = 2e-5 if dtype is np.float32 else 1e-11
    second = sizes == (4, 4, 2, 1) and not reverse
    compare(joined(kernel), joined(composite), given, tolerance, second)


@pytest.mark.parametrize("used", [0, 1])
@pytest.mark.parametrize("kind", ["lstm", "gru", "relu"])
def test_one_output_is_used(kind: str, used: int) -> None:
    """The gradients of the others are none."""
    found = []
    for run in runs(kind):
        x, h, c, w, v = leaves([a.astype(np.float32) for a in arrays(kind, (3, 2), 4, 6, False)])
        x.requires_grad = False
        run(x, h, c, w, v, (), (3, 2), False)[used].sum().backward()
        found.append([h.grad, w.grad, v.grad])
        assert x.grad is None
    for mine, expected in zip(*found, strict=True):
        close(mine, expected, 2e-5)


@pytest.mark.parametrize("kind", GATES)
def test_nan_infinities_and_large_numbers(kind: str) -> None:
    kernel, composite = runs(kind)
    given = [from_numpy(a.astype(np.float32)) for a in arrays(kind, (4, 4), 3, 5, True)]
    given[0][0, 0] = np.nan
    given[0][1, 0] = np.inf
    given[0][2] = 1e30
    *rest, b, c = given
    for mine, expected in zip(
        kernel(*rest, (b, c), (4, 4), False), composite(*rest, (b, c), (4, 4), False), strict=True
    ):
        np.testing.assert_allclose(values(mine), values(expected), rtol=1e-5, atol=1e-6)


def test_strided_inputs_and_any_number_of_threads() -> None:
    kernel, composite = runs("lstm")
    given = arrays("lstm", (8, 8, 8), 6, 20, True)
    x, h, c, w, v, b, d = (from_numpy(a.T.astype(np.float32).copy()).T for a in given)
    before, found = get_num_threads(), []
    try:
        for team in (1, 2, 4):
            set_num_threads(team)
            found.append(values(kernel(x, h, c, w, v, (b, d), (8, 8, 8), False)[0]))
    finally:
        set_num_threads(before)
    expected = composite(x, h, c, w, v, (b, d), (8, 8, 8), False)[0]
    np.testing.assert_allclose(found[0], values(expected), rtol=1e-5, atol=1e-6)
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()


def test_what_has_no_kernel_takes_the_way_of_the_composite() -> None:
    x, h, c, w, v = leaves([a.astype(np.float32) for a in arrays("lstm", (2, 2), 3, 4, False)])
    narrow = from_numpy(random(3, 4).astype(np.float32))
    y, _, _ = fused.lstm_sequence(x, h[:, :3], c, w, v[:, :3], None, None, narrow, (2, 2), False)
    assert y.shape == (4, 3)
    assert not isinstance(y.grad_fn, FusedManyNode)
    empty = fused.gru_sequence(x[:0], h[:0], w[:12], v[:12], None, None, (0, 0), False)
    assert empty[0].shape == (0, 4)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [((), "larger than 0"), ((2, 1), "expected an input with 3 rows"), ((1, 3), "must not grow")],
)
def test_steps_that_do_not_fit(sizes: tuple[int, ...], message: str) -> None:
    x, h, _, w, v = leaves(arrays("tanh", (2, 2), 3, 4, False))
    for run in runs("tanh"):
        with pytest.raises(RuntimeError, match=message):
            run(x, h, h, w, v, (), sizes, False)


def test_the_kernels_are_in_place() -> None:
    for op in (steps.lstm_direction, steps.gru_direction, steps.rnn_direction):
        assert "cpu" in op.overridden()
