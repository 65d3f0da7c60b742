"""embedding: rows copied, and added back; the kernels are in `kernels.embedding`.

An index that is no row is an `IndexError` when the host next waits for the device, as for `gather`.
"""

from __future__ import annotations

from minitorch_cuda.faults import Check
from minitorch_cuda.functional.launching import (
    backend_of,
    computed,
    dense,
    floating,
    fresh,
    limits_of,
    run,
    run_checked,
)
from minitorch_cuda.kernels.embedding import (
    plan_added_by_atomics,
    plan_added_rows,
    plan_picked_rows,
)
from minitorch_tensor import Tensor, int64
from minitorch_tensor.functional.embedding import check_embedding, embedding
from minitorch_tensor.fusing import unchanged
from minitorch_tensor.layout import Layout, Shape
from minitorch_tensor.views import linear


@embedding.override("cuda")
def fused_embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Without norms and frequencies, which take the composite's way."""

    def composite(max_norm: float | None) -> Tensor:
        return embedding.composite(
            input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse
        )

    plain = max_norm is None and not scale_grad_by_freq and not sparse
    if not floating(weight) or not plain or not (input.layout.size and weight.layout.size):
        return composite(max_norm)
    padding = check_embedding(input, weight, padding_idx)
    skipped = -1 if padding is None else padding
    rows, n = weight.layout.shape
    index = dense(input if input.dtype is int64 else input.to(int64))
    flat = _as(index, (index.layout.size,))
    check = Check("embedding", index.layout, rows, 0)
    same = unchanged("EmbeddingBackward0", input)

    def picked(given: Tensor, skip: int) -> Tensor:
        table = dense(given)
        y = fresh(table, (*input.layout.shape, n))
        plan = plan_picked_rows(y.layout, table.layout, flat, skip, y.dtype, limits_of(y))
        run_checked(plan, check, index, y, table, index)
        return y

    def added(given: Tensor) -> Tensor:
        same()
        g = dense(given)
        flat_g = _as(g, (1, flat.size, n))
        dtype = computed(g)
        if backend_of(g.storage.device).in_order:
            table = fresh(g, (rows, n), dtype)
            whole = Layout.contiguous((1, rows, n))
            plan = plan_added_rows(whole, flat_g, flat, skipped, g.dtype, True, limits_of(g))
            run_checked(plan, check, index, table, g, index)
        else:
            table = g._full((rows, n), 0.0, dtype)
            plan = plan_added_by_atomics(table.layout, flat_g, flat, skipped, g.dtype, limits_of(g))
            run(plan, table, g, index)
        return linear(given, table.to(g.dtype), "EmbeddingDenseBackward0", again)

    def again(h: Tensor) -> Tensor:
        return linear(h, picked(h, skipped), "EmbeddingBackward0", added)

    try:
        y = picked(weight, -1)
    except IndexError:
        composite(None)  # says so in the words of this function
        raise
    return linear(weight, y, "EmbeddingBackward0", added)


def _as(x: Tensor, shape: Shape) -> Layout:
    """The layout of a dense tensor in another shape."""
    found = x.layout.reshape(shape)
    assert found is not None
    return found
