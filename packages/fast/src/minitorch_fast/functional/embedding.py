"""embedding: rows copied, and added back; the loops are in `embedding_loops`."""

from __future__ import annotations

from typing import Final

from minitorch_fast import fused, threads
from minitorch_fast.functional import embedding_loops as loops
from minitorch_fast.functional.memory import flat, fresh, kind, shares
from minitorch_tensor import Tensor, int64
from minitorch_tensor.functional.embedding import check_embedding, embedding
from minitorch_tensor.fusing import unchanged
from minitorch_tensor.views import linear

PARALLEL: Final = 200_000
"""From so many elements on, the work is shared out to threads."""


@embedding.override("cpu")
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
    found = kind(weight.dtype)
    plain = max_norm is None and not scale_grad_by_freq and not sparse
    if found is None or not plain or not (input.layout.size and weight.layout.size):
        return _composite(
            input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse
        )
    computed = found
    padding = check_embedding(input, weight, padding_idx)
    skipped = -1 if padding is None else padding
    rows, n = weight.layout.shape
    index = flat(input if input.dtype is int64 else input.to(int64))
    count = index.size
    same = unchanged("EmbeddingBackward0", input)

    def picked(table: Tensor, skip: int) -> Tensor | None:
        y, out = fresh(table, (*input.layout.shape, n))
        arrays = (out, flat(table), index, rows, n, skip)
        kernel = fused.compiled(loops.picked_rows, computed)
        calls = [(*arrays, a, b) for a, b in shares(count, out.size, PARALLEL)]
        return None if any(threads.run(kernel, calls)) else y

    def added(g: Tensor) -> Tensor:
        same()
        table, out = fresh(g, (rows, n))
        arrays = (out, flat(g), index, rows, n, skipped, count)
        kernel = fused.compiled(loops.added_rows, computed)
        ranges = shares(n, max(out.size, count * n), PARALLEL)
        threads.run(kernel, [(*arrays, a, b) for a, b in ranges])
        return linear(g, table, "EmbeddingDenseBackward0", again)

    def again(h: Tensor) -> Tensor:
        y = picked(h, skipped)
        assert y is not None
        return linear(h, y, "EmbeddingBackward0", added)

    y = picked(weight, -1)
    if y is None:  # an index is no row: the composite says which
        return _composite(input, weight, padding_idx, None, 2.0, False, False)
    return linear(weight, y, "EmbeddingBackward0", added)


_composite = embedding.composite
