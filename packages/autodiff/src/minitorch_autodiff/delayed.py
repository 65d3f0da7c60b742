"""The history of a value that nothing is known about: it can be reached, but not walked."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_autodiff.graph import D, Node


class DelayedError(Node[D]):
    """The record of a computation that was not recorded: an error, if a gradient ever needs it.

    Args:
        title: the name of the node.
        message: the error.
        edges: the nodes of what the value was computed from, so that a walk to them comes here.
    """

    __slots__ = ("message", "title")

    def __init__(self, title: str, message: str, edges: tuple[Node[D] | None, ...]) -> None:
        super().__init__(edges)
        self.title = title
        self.message = message

    def backward(self, g: D, /) -> Sequence[D | None]:
        """Raise the error."""
        raise RuntimeError(self.message)

    def name(self) -> str:
        """For example `CubeBackwardBackward`."""
        return self.title
