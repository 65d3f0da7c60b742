"""What is asked of arguments, for callers whom no type checker warned."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from minitorch_autodiff import Variable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from minitorch_tensor.core import Tensor

T = TypeVar("T")


def require_tensor(function: str, argument: str, value: T) -> T:
    """`value`, which must be a tensor.

    Raises:
        TypeError: if it is none.
    """
    if not isinstance(value, Variable):
        raise TypeError(
            f"{function}: argument '{argument}' must be a Tensor, not {type(value).__name__}; "
            "tensor(...) makes one"
        )
    return value


def require_tensors(function: str, values: Sequence[Tensor]) -> list[Tensor]:
    """`values` as a list; they must be tensors.

    Raises:
        TypeError: if they are no sequence, or one of them is no tensor.
    """
    if isinstance(values, Variable) or not hasattr(values, "__iter__"):
        raise TypeError(
            f"{function}: expected a sequence of Tensors, but got {type(values).__name__}"
        )
    return [require_tensor(function, f"tensors[{i}]", x) for i, x in enumerate(values)]


def require_floating(name: str, x: Tensor) -> None:
    """Refuse integers and bools.

    Raises:
        RuntimeError: if x is not floating.
        TypeError: if it is no tensor.
    """
    if not require_tensor(name, "input", x).dtype.is_floating_point:
        raise RuntimeError(
            f"{name}: expected a floating point tensor, but got {x.dtype}; convert it with .float()"
        )


def require_alike(name: str, input: Tensor, what: str, other: Tensor | None) -> None:
    """Refuse another dtype or device than that of the input.

    Raises:
        RuntimeError: if dtypes or devices differ.
        TypeError: if the other is no tensor.
    """
    if other is None:
        return
    require_tensor(name, what, other)
    if other.dtype is not input.dtype:
        raise RuntimeError(
            f"{name}: expected input and {what} to have the same dtype, but got {input.dtype} and "
            f"{other.dtype}; convert one with .to(...)"
        )
    if other.storage.device is not input.storage.device:
        raise RuntimeError(
            f"{name}: expected input and {what} on one device, but they are on {input.device} and "
            f"{other.device}; move one with .to(...)"
        )
