"""Values kept for backward, and the two ways in which they can be gone when they are needed."""

from __future__ import annotations

from typing import Generic

from minitorch_autodiff.graph import D, Node

FREED = (
    "Trying to backward through the graph a second time: the saved values of {} were freed when "
    "it was first walked; pass retain_graph=True to the first backward"
)
STALE = (
    "one of the variables needed for gradient computation has been modified by an inplace "
    "operation: what {0} saved is at version {2}; expected version {1} instead; use an "
    "out-of-place operation, or clone() it first (detect_anomaly() names the line {0} comes from)"
)


class Saved(Generic[D]):
    """A value kept for backward, guarded against in-place writes in the meantime.

    An output is kept without its node, so that no node owns itself; `unpack` attaches it again.
    """

    __slots__ = ("_is_output", "_value", "_version")

    def __init__(self, value: D, *, is_output: bool = False) -> None:
        self._value: D | None = value.detach() if is_output else value
        self._is_output = is_output
        self._version = value.version

    def unpack(self, owner: Node[D]) -> D:
        """The value; RuntimeError if it was freed or written since."""
        value = self._value
        if value is None:
            raise RuntimeError(FREED.format(owner.name()))
        if value.version != self._version:
            raise RuntimeError(STALE.format(owner.name(), self._version, value.version))
        if self._is_output:
            value = value.detach()
            value.requires_grad, value.node = True, owner
        return value

    def release(self) -> None:
        """Drop the value."""
        self._value = None
