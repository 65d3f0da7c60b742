"""Batches in pinned memory, from which a GPU copies while the host goes on.

https://docs.pytorch.org/docs/stable/data.html#memory-pinning
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter, methodcaller
from typing import TypeVar

from minitorch import cuda
from minitorch_tensor import Tensor

B = TypeVar("B")


def can_pin() -> bool:
    """Whether there is a GPU to pin memory for; a warning if not."""
    if cuda.is_available():
        return True
    warnings.warn(
        "'pin_memory' argument is set as true but no accelerator is found, then device pinned "
        "memory won't be used.",
        UserWarning,
        stacklevel=3,
    )
    return False


def pinned(batch: object) -> object:
    """A batch whose tensors, at any depth, are pinned; what has a method `pin_memory` says how.

    Tuples become lists, as in PyTorch, but for named ones.
    """
    if isinstance(batch, Tensor):
        return batch.pin_memory()
    if isinstance(batch, (str, bytes)):
        return batch
    if isinstance(batch, Mapping):
        return _like(batch, {key: pinned(value) for key, value in batch.items()})
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        make: Callable[..., object] = type(batch)
        return make(*map(pinned, batch))
    if isinstance(batch, tuple):
        return [pinned(value) for value in batch]
    if isinstance(batch, Sequence):
        return _like(batch, [pinned(value) for value in batch])
    if hasattr(batch, "pin_memory"):
        made: object = methodcaller("pin_memory")(batch)
        return made
    return batch


def _like(batch: object, content: object) -> object:
    """The content in a collection of the class of the batch, if that can be made of it."""
    make: Callable[[object], object] = type(batch)
    try:
        return make(content)
    except TypeError:
        return content


def pinner() -> Callable[[B], B]:
    """`pinned` as what it is to a caller: a batch becomes one of its type."""
    # By name, for a type checker cannot follow it through the collections.
    found: Callable[[B], B] = attrgetter("pinned")(sys.modules[__name__])
    return found
