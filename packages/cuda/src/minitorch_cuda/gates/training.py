"""Gates for attention, embedding and optimizer steps, as a small GPT's training launches them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from minitorch_cuda.functional.attention import attention_in_tiles
from minitorch_cuda.functional.embedding import fused_embedding
from minitorch_cuda.functional.optim_steps import adam_launch, sgd_launch
from minitorch_cuda.gates.gate import Gate
from minitorch_cuda.gates.launched import launched, on_gpu
from minitorch_cuda.kernel import Kernel
from minitorch_cuda.kernels.embedding import plan_added_by_atomics
from minitorch_cuda.limits import DEVICE
from minitorch_tensor import no_grad
from minitorch_tensor.dtype import DType, bfloat16, float32, int64
from minitorch_tensor.functional.optim_steps import Parameters
from minitorch_tensor.layout import Layout


def _attention(dtype: DType = float32) -> None:
    """8 sequences of 1024, 6 heads of 64 columns, causal; forward and backward."""
    q, k, v = (on_gpu(8, 6, 1024, 64, dtype=dtype, requires_grad=True) for _ in range(3))
    out = attention_in_tiles(q, k, v, None, 0.0, True)
    out.backward(on_gpu(8, 6, 1024, 64, dtype=dtype))


def _embedding() -> None:
    """8 sequences of 1024 out of 50,304 words with 768 columns; forward and backward."""
    words = on_gpu(50304, 768, requires_grad=True)
    found = fused_embedding(on_gpu(8, 1024, dtype=int64), words)
    found.backward(on_gpu(8, 1024, 768))


def _sgd() -> None:
    params, grads, momenta = ([on_gpu(768, 768) for _ in range(4)] for _ in range(3))
    with no_grad():
        sgd_launch(
            Parameters(params), grads, momenta, lr=0.1, momentum=0.9, dampening=0.0,
            weight_decay=0.0, nesterov=False, maximize=False,
        )  # fmt: skip


def _adam() -> None:
    params, grads, means, squares = ([on_gpu(768, 768) for _ in range(4)] for _ in range(4))
    steps = [on_gpu() for _ in range(4)]
    with no_grad():
        adam_launch(
            Parameters(params), grads, means, squares, [], steps, lr=1e-3, beta1=0.9, beta2=0.999,
            eps=1e-8, weight_decay=0.1, decoupled_weight_decay=True, amsgrad=False, maximize=False,
        )  # fmt: skip


def _by_atomics() -> Kernel:
    table, g = Layout.contiguous((50304, 768)), Layout.contiguous((8192, 768))
    index = Layout.contiguous((8192,))
    return plan_added_by_atomics(table, g, index, -1, float32, DEVICE).kernel


def _of(action: Callable[[], None], name: str) -> partial[Kernel]:
    return partial(launched, action, f"{name}_kernel")


# Attention keeps tiles of scores and of the result in registers, in blocks of few threads.
GATES: Final = (
    Gate("attention float32", _of(_attention, "attention"), registers=168, loads128=1),
    Gate(
        "attention bfloat16",
        _of(partial(_attention, bfloat16), "attention"),
        registers=168,
    ),
    Gate("attention float32, deltas", _of(_attention, "attention_deltas"), registers=40),
    Gate(
        "attention float32, gradient of queries",
        _of(_attention, "queries_gradient"),
        registers=240,
        loads128=1,
    ),
    Gate(
        "attention float32, gradients of keys and values",
        _of(_attention, "keys_gradient"),
        registers=248,
        loads128=1,
    ),
    Gate(
        "embedding float32",
        _of(_embedding, "picked_rows"),
        registers=32,
        loads128=1,
        stores128=1,
    ),
    Gate("embedding float32, gradient", _of(_embedding, "added_rows"), registers=48),
    Gate("embedding float32, gradient by atomics", _by_atomics, registers=32),
    Gate(
        "SGD float32, all parameters",
        _of(_sgd, "sgd_many"),
        registers=64,
        loads128=3,
        stores128=2,
    ),
    Gate(
        "Adam float32, all parameters",
        _of(_adam, "adam_many"),
        registers=64,
        loads128=4,
        stores128=3,
    ),
    Gate("Adam, counts of steps", _of(_adam, "adam_counts"), registers=64),
)
