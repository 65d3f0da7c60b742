"""What `module.parameters()` gives: an iterator, as in PyTorch, that also knows its length."""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Members(Iterator[T], Generic[T]):
    """The parameters or buffers of a module: `next(...)` and `len(...)` both work.

    >>> members = Members([1, 2, 3])
    >>> next(members), len(members), list(members)
    (1, 2, [2, 3])
    """

    __slots__ = ("_items", "_position")

    def __init__(self, items: Sequence[T]) -> None:
        self._items = items
        self._position = 0

    def __next__(self) -> T:
        if self._position == len(self._items):
            raise StopIteration
        item = self._items[self._position]
        self._position += 1
        return item

    def __len__(self) -> int:
        """How many are still to come."""
        return len(self._items) - self._position
