"""Functions are exchanged in place while autocast is on somewhere; else they cost nothing.

A flag that every function asked would cost time in every call at all other times. So a function's
code is exchanged for one that hands the call over (`__code__` belongs to the function itself, so
it does not matter who has imported it under which name), and an `Op` becomes a `ListedOp`. Both are
for all threads; a thread that has autocast on casts, in the others the function runs as it is.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Final

from minitorch_tensor.op import Op

Call = Callable[[Callable[..., object], tuple[object, ...], dict[str, object]], object]
"""What runs instead of a function: it gets that, and the arguments."""


class ListedOp(Op[..., object]):
    """An `Op` while it is exchanged."""

    def __call__(self, /, *args: object, **kwargs: object) -> object:
        """Hand the call over, beside what would have run."""
        return _ops[self](super().__call__, args, kwargs)


class ListedFunction:
    """A plain function that can be exchanged.

    While it is, its code is that of `_handed_over`, whose argument `listed` is a default of this
    function. That default stays: the function's own code has no such argument, and never sees it.
    """

    def __init__(self, function: FunctionType, instead: Call) -> None:
        self.function, self.instead = function, instead
        self.code = function.__code__
        self.original = FunctionType(
            self.code,
            function.__globals__,
            function.__name__,
            function.__defaults__,
            function.__closure__,
        )
        self.original.__kwdefaults__ = function.__kwdefaults__
        function.__kwdefaults__ = {**(function.__kwdefaults__ or {}), "listed": self}
        # Code and closure must have equally many free variables; here nothing reads them.
        self.handing_over = _handed_over.__code__.replace(co_freevars=self.code.co_freevars)

    def put(self) -> None:
        """Exchange it."""
        self.function.__code__ = self.handing_over

    def take_back(self) -> None:
        """Let it be what it was."""
        self.function.__code__ = self.code


def _handed_over(*args: object, listed: ListedFunction, **kwargs: object) -> object:
    return listed.instead(listed.original, args, kwargs)


_ops: Final[dict[Op[..., object], Call]] = {}
_functions: Final[list[ListedFunction]] = []
_lock: Final = threading.RLock()
_living = 0
if hasattr(os, "register_at_fork"):  # a child must not inherit a lock that another thread holds
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )


def _list(calls: Mapping[Callable[..., object], Call]) -> None:
    for function, instead in calls.items():
        if isinstance(function, Op):
            _ops[function] = instead
        elif isinstance(function, FunctionType):
            _functions.append(ListedFunction(function, instead))
        else:
            raise TypeError(f"autocast cannot exchange {function!r}: it is no function in Python")


class Share:
    """As long as one lives, in any thread, the functions are exchanged.

    A thread that ends while it has autocast on drops its share with all else that it has.

    Args:
        calls: what is to run instead of each function; the same each time.
    """

    def __init__(self, calls: Mapping[Callable[..., object], Call]) -> None:
        global _living
        with _lock:
            if not _functions:
                _list(calls)
            _living += 1
            if _living == 1:
                for function in _functions:
                    function.put()
                for op in _ops:
                    op.__class__ = ListedOp

    def __del__(self) -> None:
        global _living
        with _lock:
            _living -= 1
            if _living == 0:
                for op in _ops:
                    op.__class__ = Op
                for function in _functions:
                    function.take_back()
