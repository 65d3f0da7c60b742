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
