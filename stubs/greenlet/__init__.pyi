"""The part of greenlet that minitorch uses; the library ships no types of its own."""

from collections.abc import Callable
from types import TracebackType

__version__: str

class error(Exception): ...
class GreenletExit(BaseException): ...

class greenlet:
    parent: greenlet | None
    run: Callable[..., object]
    def __init__(
        self, run: Callable[..., object] | None = None, parent: greenlet | None = None
    ) -> None: ...
    @property
    def dead(self) -> bool: ...
    def switch(self, *args: object, **kwargs: object) -> object: ...
    def throw(
        self,
        typ: type[BaseException] | BaseException = ...,
        val: BaseException | str | None = None,
        tb: TracebackType | None = None,
        /,
    ) -> object: ...
    def __bool__(self) -> bool: ...

def getcurrent() -> greenlet: ...
