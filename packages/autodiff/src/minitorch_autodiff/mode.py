"""Whether operations are recorded: one context variable, so each thread and task has its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextvars import ContextVar
from functools import wraps
from inspect import isgeneratorfunction
from types import TracebackType
from typing import ParamSpec, TypeVar, overload

P = ParamSpec("P")
R = TypeVar("R")
Y = TypeVar("Y")
S = TypeVar("S")

_grad_enabled: ContextVar[bool] = ContextVar("grad_enabled", default=True)
_inference: ContextVar[bool] = ContextVar("inference", default=False)

# The built-in method itself, not a Python function around it: it is called for each operation.
is_grad_enabled = _grad_enabled.get


class GradMode:
    """A context manager and decorator inside which operations are recorded, or are not.

    `no_grad`, `enable_grad` and `inference_mode` make one. It may be entered again inside itself.

    Args:
        enabled: whether operations are recorded.
        inference: what `is_inference_mode_enabled` says; None leaves that as it is.
    """

    __slots__ = ("_enabled", "_inference", "_outer", "_previous")

    def __init__(self, enabled: bool, inference: bool | None = None) -> None:
        self._enabled = enabled
        self._inference = inference
        self._previous: list[bool] = []
        self._outer: list[bool] = []

    def __enter__(self) -> None:
        self._previous.append(_grad_enabled.get())
        _grad_enabled.set(self._enabled)
        if self._inference is not None:
            self._outer.append(_inference.get())
            _inference.set(self._inference)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _grad_enabled.set(self._previous.pop())
        if self._inference is not None:
            _inference.set(self._outer.pop())

    @overload
    def __call__(
        self, function: Callable[P, Generator[Y, S, R]], /
    ) -> Callable[P, Generator[Y, S, R]]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]: ...
    def __call__(self, function: Callable[P, object], /) -> Callable[P, object]:
        """Decorate `function`: its body, also that of a generator, runs in this mode."""
        enabled, inference = self._enabled, self._inference
        if isgeneratorfunction(function):
            return _decorate_generator(function, enabled, inference)

        @wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> object:
            with GradMode(enabled, inference):
                return function(*args, **kwargs)

        return wrapped


class _Switching(Generator[Y, S, R]):
    """A generator whose body runs in one mode, while whoever iterates over it keeps their own.

    A generator has no context of its own: what it sets would stay set wherever it yields to.
    """

    def __init__(
        self, body: Generator[Y, S, R], enabled: bool, inference: bool | None = None
    ) -> None:
        self._body = body
        self._enabled = enabled
        self._inference = inference

    def send(self, value: S, /) -> Y:
        with GradMode(self._enabled, self._inference):
            return self._body.send(value)

    def throw(
        self,
        typ: type[BaseException] | BaseException,
        val: object = None,
        tb: TracebackType | None = None,
        /,
    ) -> Y:
        with GradMode(self._enabled, self._inference):
            return self._body.throw(val if isinstance(val, BaseException) else typ)


def _decorate_generator(
    function: Callable[P, Generator[Y, S, R]], enabled: bool, inference: bool | None
) -> Callable[P, Generator[Y, S, R]]:
    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Generator[Y, S, R]:
        return (yield from _Switching(function(*args, **kwargs), enabled, inference))

    return wrapped


@overload
def no_grad() -> GradMode: ...
@overload
def no_grad(function: Callable[P, R], /) -> Callable[P, R]: ...
def no_grad(function: Callable[P, R] | None = None, /) -> GradMode | Callable[P, R]:
    """Record nothing inside the block or the decorated function: `@no_grad` or `@no_grad()`.

    https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html

    >>> with no_grad():
    ...     is_grad_enabled()
    False
    """
    mode = GradMode(False)
    return mode if function is None else mode(function)


@overload
def enable_grad() -> GradMode: ...
@overload
def enable_grad(function: Callable[P, R], /) -> Callable[P, R]: ...
def enable_grad(function: Callable[P, R] | None = None, /) -> GradMode | Callable[P, R]:
    """Record inside the block or the decorated function, also within `no_grad`.

    https://docs.pytorch.org/docs/stable/generated/torch.enable_grad.html

    >>> with no_grad(), enable_grad():
    ...     is_grad_enabled()
    True
    """
    mode = GradMode(True)
    return mode if function is None else mode(function)


@overload
def inference_mode(mode: bool = True) -> GradMode: ...
@overload
def inference_mode(mode: Callable[P, R], /) -> Callable[P, R]: ...
def inference_mode(mode: bool | Callable[P, R] = True) -> GradMode | Callable[P, R]:
    """As `no_grad()` if `mode`, else as `enable_grad()`: values made inside are ordinary ones.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html

    >>> with inference_mode():
    ...     is_grad_enabled()
    False
    """
    if isinstance(mode, bool):
        return GradMode(not mode, mode)
    return GradMode(False, True)(mode)


def is_inference_mode_enabled() -> bool:
    """Whether this is run inside `inference_mode`.

    https://docs.pytorch.org/docs/stable/generated/torch.is_inference_mode_enabled.html

    >>> with inference_mode():
    ...     is_inference_mode_enabled()
    True
    """
    return _inference.get()


class set_grad_enabled(GradMode):
    """Record only if `mode`: from now on when called as a function, else to the end of the block.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.set_grad_enabled.html

    >>> with set_grad_enabled(False):
    ...     is_grad_enabled()
    False
    >>> is_grad_enabled()
    True
    """

    __slots__ = ("_before",)

    def __init__(self, mode: bool) -> None:
        super().__init__(mode)
        self._before: bool | None = _grad_enabled.get()  # None once a block has taken it over
        _grad_enabled.set(mode)

    def __enter__(self) -> None:
        self._previous.append(_grad_enabled.get() if self._before is None else self._before)
        self._before = None
        _grad_enabled.set(self._enabled)

    @overload
    def __call__(
        self, function: Callable[P, Generator[Y, S, R]], /
    ) -> Callable[P, Generator[Y, S, R]]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]: ...
    def __call__(self, function: Callable[P, object], /) -> Callable[P, object]:
        """Decorate `function`; as a decorator it does not change the mode around it."""
        if self._before is not None:
            _grad_enabled.set(self._before)
            self._before = None
        return super().__call__(function)
