"""What linear algebra asks of its operands, and the error for those without an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.dtype import DType

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class LinAlgError(RuntimeError):
    """The numbers have no such answer: the matrix is singular, or not positive-definite.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.LinAlgError.html
    """


def matrices(name: str, A: Tensor, argument: str = "A") -> Tensor:
    """A, which must be a stack of matrices of float32 or float64.

    Raises:
        RuntimeError: if it has fewer than 2 dimensions, or another dtype.
    """
    require_tensor(name, argument, A)
    if A.ndim < 2:
        raise RuntimeError(
            f"{name}: the input tensor {argument} must have at least 2 dimensions, but its shape "
            f"is {A.shape}"
        )
    return precise(name, A)


def squares(name: str, A: Tensor, argument: str = "A") -> Tensor:
    """A, which must be a stack of square matrices of float32 or float64.

    Raises:
        RuntimeError: if it is not.
    """
    matrices(name, A, argument)
    n, m = A.shape[-2:]
    if n != m:
        raise RuntimeError(
            f"{name}: {argument} must be batches of square matrices, but they are {n} by {m} "
            f"matrices (shape {A.shape})"
        )
    return A


def floating(name: str, x: Tensor) -> Tensor:
    """x, which must have a floating dtype.

    Raises:
        RuntimeError: if it has not.
    """
    if not require_tensor(name, "input", x).dtype.is_floating_point:
        raise RuntimeError(
            f"{name}: expected a floating point tensor as input, but got {x.dtype}; use .float()"
        )
    return x


def precise(name: str, x: Tensor) -> Tensor:
    """x, which must be float32 or float64: LAPACK knows no other real numbers.

    Raises:
        RuntimeError: if it has another dtype.
    """
    floating(name, x)
    if x.dtype is not dtypes.float32 and x.dtype is not dtypes.float64:
        raise RuntimeError(
            f"{name}: low precision dtypes are not supported, and this tensor is {x.dtype}; use "
            ".float()"
        )
    return x


def one_dtype(name: str, **tensors: Tensor) -> DType:
    """The dtype that all of these have.

    Raises:
        TypeError: if one is no tensor.
        RuntimeError: if they differ.
    """
    found = {argument: require_tensor(name, argument, x).dtype for argument, x in tensors.items()}
    first = next(iter(found.values()))
    if any(dtype is not first for dtype in found.values()):
        listed = ", ".join(f"{argument} {dtype}" for argument, dtype in found.items())
        raise RuntimeError(
            f"{name}: expected all tensors to have the same dtype, but got {listed}; convert them "
            "with .to(...)"
        )
    return first


def ranks(name: str, **wanted: tuple[Tensor, int]) -> None:
    """Raise unless each tensor has as many dimensions as is said beside it.

    Raises:
        RuntimeError: if one has not.
    """
    for argument, (x, ndim) in wanted.items():
        if require_tensor(name, argument, x).ndim != ndim:
            raise RuntimeError(
                f"{name}: expected a {ndim}-D tensor for {argument}, but got shape {x.shape}"
            )
