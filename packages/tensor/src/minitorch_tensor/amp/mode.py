"""`autocast`: the region in which each function computes in the dtype that its list names."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Final, ParamSpec, TypeVar

from minitorch_tensor import dtype as dtypes
from minitorch_tensor.amp import state as states
from minitorch_tensor.amp.state import state
from minitorch_tensor.device import registered
from minitorch_tensor.dtype import DType

P = ParamSpec("P")
R = TypeVar("R")

_cuda: list[Callable[[], bool]] = [lambda: "cuda" in registered()]


def ask_for_cuda(available: Callable[[], bool]) -> None:
    """Let `available` say whether tensors can be on "cuda": a layer above knows it better."""
    _cuda[:] = [available]


def has_cuda() -> bool:
    """Whether tensors can be on "cuda"."""
    return _cuda[0]()


SUPPORTED: Final = (dtypes.bfloat16, dtypes.float16)


class autocast:
    """A context manager and decorator inside which functions choose their dtype.

    https://docs.pytorch.org/docs/stable/amp.html#torch.autocast

    Products, convolutions and attention compute in the lower dtype, losses and what overflows in
    float32, what puts tensors together in the widest dtype among them, and everything else in the
    dtype that it gets; `amp/lists.py` has the lists. Parameters stay float32: they are cast where
    they are used, once in a region, and their gradients are cast back. Run the forward pass and the
    loss in it, `backward()` after it. The state belongs to the thread. Regions nest; one that is
    not enabled turns autocast off inside another.

    Args:
        device_type: of the tensors that it is for: "cpu", "cuda" or "numpy".
        dtype: the lower dtype, bfloat16 or float16; if omitted, `get_autocast_dtype(device_type)`:
            float16 for "cuda", else bfloat16.
        enabled: whether the region casts.
        cache_enabled: whether a weight that was cast is kept for its next use, until the outermost
            region is left; as it is around the region if omitted, which is True at first.

    Raises:
        RuntimeError: if there is no autocast for such devices.
        ValueError: if `device_type` is no string.

    >>> from minitorch_tensor import Tensor, dtype
    >>> a = Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> with autocast("cpu"):
    ...     y = a @ a
    ...     y.dtype, (y + a).dtype, a.exp().dtype
    (minitorch.bfloat16, minitorch.float32, minitorch.float32)
    >>> @autocast("cpu", dtype=dtype.float16)
    ... def square(x: Tensor) -> Tensor:
    ...     return x @ x
    >>> square(a).dtype
    minitorch.float16
    """

    def __init__(
        self,
        device_type: str,
        dtype: DType | None = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        if not states.is_autocast_available(device_type):
            raise RuntimeError(
                f"User specified an unsupported autocast device_type '{device_type}'; it must be "
                f"one of {', '.join(sorted(states.DEFAULT))}"
            )
        self.device = device_type
        self.fast_dtype = states.get_autocast_dtype(device_type) if dtype is None else dtype
        self._cache_enabled = state.cache_enabled if cache_enabled is None else cache_enabled
        self._enabled = enabled and self._possible()
        self._before: list[tuple[frozenset[str], DType, bool]] = []

    def _possible(self) -> bool:
        """Whether it can be enabled; if not, a warning says why."""
        if self.device == "cuda" and not has_cuda():
            warnings.warn("CUDA is not available. Disabling autocast.", stacklevel=3)
            return False
        if self.fast_dtype not in SUPPORTED:
            warnings.warn(
                f"In {self.device.upper()} autocast, but the target dtype is not supported. "
                f"Disabling autocast.\n{self.device.upper()} Autocast only supports dtypes of "
                f"{', '.join(f'minitorch.{kind.name}' for kind in SUPPORTED)} currently.",
                stacklevel=3,
            )
            return False
        return True

    def __enter__(self) -> autocast:
        kinds = state.dtypes
        self._before.append((state.enabled, kinds[self.device], state.cache_enabled))
        kinds[self.device] = self.fast_dtype
        state.cache_enabled = self._cache_enabled
        states.autocast_increment_nesting()
        states.set_autocast_enabled(self.device, self._enabled)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if states.autocast_decrement_nesting() == 0:
            states.clear_autocast_cache()
        enabled, state.dtypes[self.device], state.cache_enabled = self._before.pop()
        states.set_autocast_enabled(self.device, self.device in enabled)

    def __call__(self, func: Callable[P, R], /) -> Callable[P, R]:
        """Decorate `func`: each call is a region.

        Raises:
            TypeError: if it is no function.
        """
        if not callable(func):
            raise TypeError(
                f"autocast()(func) requires a callable, but got {type(func).__name__}. "
                "Did you mean to use autocast as a context manager? For example:\n"
                "    with torch.autocast(device_type=...):\n"
                "        output = model(input)"
            )

        @wraps(func)
        def decorated(*args: P.args, **kwargs: P.kwargs) -> R:
            with self:
                return func(*args, **kwargs)

        return decorated
