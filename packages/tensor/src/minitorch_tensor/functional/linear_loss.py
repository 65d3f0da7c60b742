"""A classifier's last layer and its loss in one function."""

from __future__ import annotations

from minitorch_tensor import views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.linear import linear
from minitorch_tensor.functional.loss import cross_entropy


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: None = None,
) -> Tensor:
    """`cross_entropy(linear(input, linear_weight, linear_bias), target)`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear_cross_entropy.html

    Args:
        input: (n, features) or (features,).
        linear_weight: (classes, ..., features): more dimensions are those of a target of several.
        target: class indices, (n, ...) or (); or probabilities, (n, classes, ...) or (classes,).
        linear_bias: (classes, ...).
        weight: of each class, (classes,).
        reduction: "mean", "sum", or "none" for the loss of each target.
        ignore_index: a target that does not count; -100 if omitted.
        label_smoothing: which part of the target is spread evenly over the classes, in [0, 1].
        options: must be None: PyTorch's others cut the work into pieces, for less memory.

    Raises:
        IndexError: if a target is no class.
        ValueError: if the batch sizes differ, or for another reduction or options.
        RuntimeError: if shapes, dtypes, devices or numbers do not fit.
    """
    if options is not None:
        raise ValueError("linear_cross_entropy: options are not supported; leave options=None")
    *out, features = linear_weight.shape
    rows = views.reshape(linear_weight, (-1, features))
    bias = None if linear_bias is None else views.reshape(linear_bias, (-1,))
    scores = linear(input, rows, bias)
    if len(out) > 1:
        scores = views.reshape(scores, (*input.shape[:-1], *out))
    ignored = -100 if ignore_index is None else ignore_index
    return cross_entropy(
        scores,
        target,
        weight,
        ignore_index=ignored,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
