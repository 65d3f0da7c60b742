"""Whether operations are recorded: one context variable, so each thread and task has its own."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from types import TracebackType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_grad_enabled: ContextVar[bool] = ContextVar("grad_enabled", default=True)

# The built-in method itself, not a Python function around it: it is called once for each operation.
is_grad_enabled = _grad_enabled.get


class _Mode:
    """A context manager and decorator that records operations only if `_enabled`."""

    _enabled: bool

    def __init__(self) -> None:
        self._previous: list[bool] = []  # a stack: one instance may be entered again inside itself

    def __enter__(self) -> None:
        self._previous.append(_grad_enabled.get())
        _grad_enabled.set(self._enabled)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _grad_enabled.set(self._previous.pop())

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate `function`, so that its body runs in this mode."""

        @wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            previous = _grad_enabled.get()
            _grad_enabled.set(self._enabled)
            try:
                return function(*args, **kwargs)
            finally:
                _grad_enabled.set(previous)

        return wrapped


class no_grad(_Mode):  # noqa: N801 - PyTorch's name
    """Record nothing inside the block or the decorated function.

    https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html

    >>> with no_grad():
    ...     is_grad_enabled()
    False
    """

    _enabled = False


class enable_grad(_Mode):  # noqa: N801 - PyTorch's name
    """Record inside the block, also within `no_grad`.

    https://docs.pytorch.org/docs/stable/generated/torch.enable_grad.html

    >>> with no_grad(), enable_grad():
    ...     is_grad_enabled()
    True
    """

    _enabled = True


class inference_mode(_Mode):  # noqa: N801 - PyTorch's name
    """As `no_grad` if `mode`, else no change of what is recorded.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html

    >>> with inference_mode():
    ...     is_grad_enabled()
    False
    """

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self._enabled = not mode


class set_grad_enabled(_Mode):  # noqa: N801 - PyTorch's name
    """Record only if `mode`: at once when called as a function, and until the end of a `with` block.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.set_grad_enabled.html

    >>> with set_grad_enabled(False):
    ...     is_grad_enabled()
    False
    >>> is_grad_enabled()
    True
    """

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self._enabled = mode
        self._before = _grad_enabled.get()
        _grad_enabled.set(mode)

    def __enter__(self) -> None:
        self._previous.append(self._before)
        _grad_enabled.set(self._enabled)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate `function`; as a decorator it does not change the mode around it."""
        _grad_enabled.set(self._before)
        return super().__call__(function)
