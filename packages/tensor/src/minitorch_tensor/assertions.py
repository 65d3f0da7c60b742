"""What must hold of a tensor's elements: asked at once on the CPU, without waiting on a GPU.

A host that asks a GPU whether all labels are right waits for it, at every step. So there a kernel
looks, and the host is told when it waits anyway; PyTorch does the same ("device-side assert").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor.accelerator import is_accelerator

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def require_all(
    ok: Tensor,
    rule: str,
    found: Callable[[], str] | None = None,
    error: type[Exception] = RuntimeError,
) -> None:
    """Raise unless all elements are true; on a GPU when the host next waits for it.

    Args:
        ok: bools.
        rule: what must hold, which is the message on a GPU.
        found: the message where the elements can be looked at.
        error: what is raised.

    Raises:
        Exception: `error`, if one is false.

    >>> from minitorch_tensor import tensor
    >>> x = tensor([1.0, -2.0])
    >>> require_all(x >= 0, "x must not be negative", lambda: f"x must not be negative: {x}")
    Traceback (most recent call last):
    RuntimeError: x must not be negative: Tensor([ 1., -2.], requires_grad=False)
    """
    backend = ok.device.backend
    if is_accelerator(backend):
        if ok.layout.size:
            backend.require_zeros(ok.logical_not().to(dtypes.int64), rule, error)
    elif not ok.all():
        raise error(rule if found is None else found())
