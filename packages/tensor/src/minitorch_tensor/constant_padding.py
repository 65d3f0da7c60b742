"""`constant_pad_nd`: what `pad` does with a constant, under the name of PyTorch's kernel."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.pad import pad as _pad


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    """input with a constant around its last dimensions: (left, right, top, bottom, ...).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html

    Raises:
        RuntimeError: if there is an odd number of paddings, or too many, or more is cut off than
            there is.

    >>> from minitorch_tensor import ones
    >>> constant_pad_nd(ones(2), (1, 0), 7.0).tolist()
    [7.0, 1.0, 1.0]
    """
    return _pad(input, pad, "constant", value)
