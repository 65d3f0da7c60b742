"""`backward` from several tensors at once."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_tensor import Tensor


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    *,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradients of the sum of the tensors to the `.grad` of every leaf.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html

    Args:
        tensors: what to differentiate.
        grad_tensors: for each of them, of its shape, the gradient to begin with; None stands for 1
            where there is one element.
        retain_graph: keep the graph for another backward; by default as `create_graph`.
        create_graph: record the backward itself, for second derivatives.
        inputs: the only leaves to give gradients to; all if omitted.

    Raises:
        RuntimeError: if the numbers of tensors and gradients differ, or a tensor has no history.
    """
    ys = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if grad_tensors is None or isinstance(grad_tensors, Tensor):
        seeds: list[Tensor | None] = [grad_tensors] * (len(ys) if grad_tensors is None else 1)
    else:
        seeds = list(grad_tensors)
    if len(seeds) != len(ys):
        raise RuntimeError(f"got {len(ys)} tensors and {len(seeds)} gradients")
    keep = create_graph if retain_graph is None else retain_graph
    for i, (y, seed) in enumerate(zip(ys, seeds, strict=True)):
        # They may share a part of the graph: all but the last must leave it whole.
        y.backward(seed, keep or i + 1 < len(ys), create_graph, inputs)
