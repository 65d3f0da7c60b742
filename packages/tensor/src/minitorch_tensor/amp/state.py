"""Where autocast is on, and to which dtype: one state for each thread, off in a new one.

What `autocast` sets is here, and so is what it keeps: the weights it has cast, until the outermost
region is left. https://docs.pytorch.org/docs/stable/amp.html
"""

from __future__ import annotations

import threading
from typing import Final

from minitorch_autodiff import is_grad_enabled
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.amp.exchange import Share
from minitorch_tensor.core import Tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.storage import Storage

DEFAULT: Final[dict[str, DType]] = {
    "cpu": dtypes.bfloat16,
    "cuda": dtypes.float16,
    "numpy": dtypes.bfloat16,
}
"""The device types that have autocast, each with the dtype it casts to unless told otherwise."""

_Cast = tuple[Tensor, Storage, int, Tensor]  # the weight, its memory, its version; the cast one
_Casts = dict[tuple[int, DType, bool], _Cast]


class _State(threading.local):
    """What a thread has set."""

    def __init__(self) -> None:
        self.enabled: frozenset[str] = frozenset()  # device types
        self.dtypes: dict[str, DType] = dict(DEFAULT)
        self.nesting = 0  # regions that the thread is in
        self.cache_enabled = True
        self.casts: _Casts = {}
        self.inside = False  # a function that autocast has cast for, which computes as it is
        self.share: Share | None = None  # in the exchange of functions, while something is on


state: Final = _State()


def enable(devices: frozenset[str]) -> None:
    """Let autocast be on for these device types, and for no others, in this thread."""
    state.enabled = devices
    if not devices:
        state.share = None
    elif state.share is None:
        from minitorch_tensor.amp import lists  # which need all functions, and those need tensors

        state.share = Share(lists.calls())


def require(function: str, device_type: str) -> None:
    """Refuse a device type that has no autocast.

    Raises:
        RuntimeError: if it has none.
        TypeError: if it is no string.
    """
    if not isinstance(device_type, str):
        raise TypeError(
            f"{function}(): argument 'device_type' must be str, not {type(device_type).__name__}"
        )
    if device_type not in DEFAULT:
        raise RuntimeError(
            f"{function}: unknown device type for autocast: '{device_type}'; it must be one of "
            f"{', '.join(sorted(DEFAULT))}"
        )


def is_autocast_available(device_type: str) -> bool:
    """Whether there is autocast for tensors on this type of device.

    https://docs.pytorch.org/docs/stable/amp.html#torch.amp.is_autocast_available

    >>> is_autocast_available("cpu"), is_autocast_available("abacus")
    (True, False)
    """
    return device_type in DEFAULT


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Whether autocast is on in this thread; for "cuda" if no type of device is named.

    https://docs.pytorch.org/docs/stable/amp.html

    Raises:
        RuntimeError: if there is no autocast for such devices.

    >>> is_autocast_enabled("cpu")
    False
    """
    require("is_autocast_enabled", kind := "cuda" if device_type is None else device_type)
    return kind in state.enabled


def set_autocast_enabled(device_type: str, enabled: bool) -> None:
    """Turn autocast on or off in this thread, from here on; `autocast` does it for a block.

    https://docs.pytorch.org/docs/stable/amp.html

    Raises:
        RuntimeError: if there is no autocast for such devices.

    >>> set_autocast_enabled("cpu", True)
    >>> is_autocast_enabled("cpu")
    True
    >>> set_autocast_enabled("cpu", False)
    """
    require("set_autocast_enabled", device_type)
    enable(state.enabled | {device_type} if enabled else state.enabled - {device_type})


def get_autocast_dtype(device_type: str) -> DType:
    """What autocast casts to on such devices, in this thread.

    https://docs.pytorch.org/docs/stable/amp.html

    Raises:
        RuntimeError: if there is no autocast for such devices.

    >>> get_autocast_dtype("cpu"), get_autocast_dtype("cuda")
    (minitorch.bfloat16, minitorch.float16)
    """
    require("get_autocast_dtype", device_type)
    return state.dtypes[device_type]


def set_autocast_dtype(device_type: str, dtype: DType) -> None:
    """Set what autocast casts to on such devices, in this thread, from here on.

    https://docs.pytorch.org/docs/stable/amp.html

    Raises:
        RuntimeError: if there is no autocast for such devices.
        TypeError: if `dtype` is no dtype.

    >>> set_autocast_dtype("cpu", dtypes.float16)
    >>> get_autocast_dtype("cpu")
    minitorch.float16
    >>> set_autocast_dtype("cpu", dtypes.bfloat16)
    """
    require("set_autocast_dtype", device_type)
    if not isinstance(dtype, DType):
        raise TypeError(
            "set_autocast_dtype(): argument 'dtype' must be minitorch.dtype, not "
            f"{type(dtype).__name__}"
        )
    state.dtypes[device_type] = dtype


def is_autocast_cache_enabled() -> bool:
    """Whether a weight that was cast is kept for its next use; see `autocast`.

    https://docs.pytorch.org/docs/stable/amp.html

    >>> is_autocast_cache_enabled()
    True
    """
    return state.cache_enabled


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Keep weights that were cast, or do not, in this thread, from here on.

    https://docs.pytorch.org/docs/stable/amp.html

    >>> set_autocast_cache_enabled(True)
    """
    state.cache_enabled = enabled


def clear_autocast_cache() -> None:
    """Forget the weights that were cast, as leaving the outermost region does.

    https://docs.pytorch.org/docs/stable/amp.html

    >>> clear_autocast_cache()
    """
    state.casts.clear()


def autocast_increment_nesting() -> int:
    """Count one region more; the number of them.

    https://docs.pytorch.org/docs/stable/amp.html

    >>> autocast_increment_nesting(), autocast_decrement_nesting()
    (1, 0)
    """
    state.nesting += 1
    return state.nesting


def autocast_decrement_nesting() -> int:
    """Count one region less; the number of them.

    https://docs.pytorch.org/docs/stable/amp.html
    """
    state.nesting -= 1
    return state.nesting


def cast(x: Tensor, dtype: DType, keep: bool) -> Tensor:
    """x in another dtype, recorded; a weight that is cast is kept, if `keep`, for its next use.

    A weight is a float32 leaf that requires grad. It is cast anew after a write into it, and
    where gradients are recorded if it was cast where they were not.
    """
    weight = (
        keep
        and state.cache_enabled
        and x.requires_grad
        and x.dtype is dtypes.float32
        and x.is_leaf
        and x.base is None
    )
    if not weight:
        return x.to(dtype)
    key = (id(x), dtype, is_grad_enabled())
    found = state.casts.get(key)
    if found is not None:
        source, storage, version, y = found
        if source is x and storage is x.storage and version == storage.version:
            return y
    y = x.to(dtype)
    state.casts[key] = (x, x.storage, x.storage.version, y)
    return y


class CastAlike:
    """Autocast as it is when this is made, in each block that it opens: for what is done twice.

    A checkpoint is. Weights that are cast in a block are kept for that block alone: what is cast
    in one must not have its history in another.
    """

    def __init__(self) -> None:
        self._kept = state.enabled, dict(state.dtypes), state.cache_enabled
        self._outer: list[tuple[frozenset[str], dict[str, DType], bool, _Casts]] = []

    def __enter__(self) -> None:
        self._outer.append((state.enabled, state.dtypes, state.cache_enabled, state.casts))
        enabled, kinds, state.cache_enabled = self._kept
        state.dtypes, state.casts = dict(kinds), {}
        state.nesting += 1  # a region inside must not forget what the one around has cast
        enable(enabled)

    def __exit__(self, *error: object) -> None:
        state.nesting -= 1
        enabled, state.dtypes, state.cache_enabled, state.casts = self._outer.pop()
        enable(enabled)
