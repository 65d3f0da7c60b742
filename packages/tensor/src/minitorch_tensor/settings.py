"""What a program asks of all kernels: the same bits each time, and how exact products must be.

Everything here computes in a fixed order and in full precision unless it is told otherwise, so a
program that asks for that gets what it has; one that would allow less is not given less.
"""

from __future__ import annotations

import warnings
from typing import Final

_MODES: Final = ("default", "warn", "error")
_PRECISIONS: Final = ("highest", "high", "medium")


class _Settings:
    """Of this process."""

    deterministic = False
    warn_only = False
    precision = "highest"


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for sums in a fixed order everywhere: the same inputs then give the same bits.

    They come so without asking, but where a backend was told that it may use atomics:
    `minitorch_cuda.CudaBackend(..., deterministic=False)`; while this is on, it does not. There is
    no function that could not keep to it, so nothing raises or warns.
    https://docs.pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html

    Args:
        mode: whether to.
        warn_only: kept, and without effect.

    Raises:
        TypeError: if `mode` is no bool.

    >>> use_deterministic_algorithms(True)
    >>> are_deterministic_algorithms_enabled()
    True
    >>> use_deterministic_algorithms(False)
    """
    if not isinstance(mode, bool):
        raise TypeError(
            "use_deterministic_algorithms: argument 'mode' must be bool, but got "
            f"{type(mode).__name__}; use True or False"
        )
    _Settings.deterministic, _Settings.warn_only = mode, mode and warn_only


def are_deterministic_algorithms_enabled() -> bool:
    """Whether sums in a fixed order were asked for.

    https://docs.pytorch.org/docs/stable/generated/torch.are_deterministic_algorithms_enabled.html
    """
    return _Settings.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether they were asked for with `warn_only`.

    https://docs.pytorch.org/docs/stable/generated/torch.is_deterministic_algorithms_warn_only_enabled.html
    """
    return _Settings.warn_only


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """`use_deterministic_algorithms` by one word: "default", "warn" or "error", or 0, 1 or 2.

    https://docs.pytorch.org/docs/stable/generated/torch.set_deterministic_debug_mode.html

    Raises:
        TypeError: if it is neither a word nor a number.
        RuntimeError: if it is another one.

    >>> set_deterministic_debug_mode("warn")
    >>> get_deterministic_debug_mode()
    1
    >>> set_deterministic_debug_mode(0)
    """
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(
            "set_deterministic_debug_mode: debug_mode must be str or int, but got "
            f"{type(debug_mode).__name__}"
        )
    known: tuple[object, ...] = _MODES if isinstance(debug_mode, str) else (0, 1, 2)
    if debug_mode not in known:
        raise RuntimeError(
            "set_deterministic_debug_mode: invalid value of debug_mode, expected one of "
            f"{', '.join(map(repr, known))}, but got {debug_mode!r}"
        )
    level = known.index(debug_mode)
    use_deterministic_algorithms(level > 0, warn_only=level == 1)


def get_deterministic_debug_mode() -> int:
    """0, 1 (warn) or 2 (error).

    https://docs.pytorch.org/docs/stable/generated/torch.get_deterministic_debug_mode.html
    """
    if not _Settings.deterministic:
        return 0
    return 1 if _Settings.warn_only else 2


def set_float32_matmul_precision(precision: str) -> None:
    """How exact products of float32 matrices must be: at "highest", "high" or "medium".

    The two lower ones allow PyTorch to round the factors to TF32 or bfloat16. Here the factors stay
    float32 at all of them.
    https://docs.pytorch.org/docs/stable/generated/torch.set_float32_matmul_precision.html

    Raises:
        TypeError: if it is no string.

    >>> set_float32_matmul_precision("high")
    >>> get_float32_matmul_precision()
    'high'
    >>> set_float32_matmul_precision("highest")
    """
    if not isinstance(precision, str):
        raise TypeError(
            "set_float32_matmul_precision: expected one of "
            f"{', '.join(map(repr, _PRECISIONS))}, but got {type(precision).__name__}"
        )
    if precision not in _PRECISIONS:
        warnings.warn(
            f"set_float32_matmul_precision: {precision!r} is none of "
            f"{', '.join(map(repr, _PRECISIONS))}; the call has no effect",
            UserWarning,
            stacklevel=2,
        )
        return
    _Settings.precision = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was given last.

    https://docs.pytorch.org/docs/stable/generated/torch.get_float32_matmul_precision.html
    """
    return _Settings.precision


def set_flush_denormal(mode: bool) -> bool:
    """Whether numbers below the normal ones can be set to become 0: no, they are kept.

    PyTorch's answer is True where the processor can.
    https://docs.pytorch.org/docs/stable/generated/torch.set_flush_denormal.html

    >>> set_flush_denormal(True)
    False
    """
    return False
