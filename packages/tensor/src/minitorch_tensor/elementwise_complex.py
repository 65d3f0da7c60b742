"""What PyTorch asks of complex tensors, answered for real ones; there are no others here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import minitorch_operators as op
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import pointwise
from minitorch_tensor.arguments import require_tensor

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

angle = pointwise.unary(op.angle)


def isreal(input: Tensor) -> Tensor:
    """Elementwise: whether it is a real number; True.

    https://docs.pytorch.org/docs/stable/generated/torch.isreal.html
    """
    return require_tensor("isreal", "input", input)._full(input.shape, 1, dtypes.bool_)


def real(input: Tensor) -> Tensor:
    """The real part: of a real tensor itself.

    https://docs.pytorch.org/docs/stable/generated/torch.real.html
    """
    return require_tensor("real", "input", input)


def imag(input: Tensor) -> Tensor:
    """The imaginary part, which a real tensor has not.

    https://docs.pytorch.org/docs/stable/generated/torch.imag.html

    Raises:
        RuntimeError: always, as in PyTorch for a real tensor.
    """
    raise RuntimeError(
        f"imag: not defined for {require_tensor('imag', 'input', input).dtype} tensors: complex "
        "numbers are out of scope; keep real and imaginary parts as two tensors"
    )


def conj(input: Tensor) -> Tensor:
    """The complex conjugate: of a real tensor itself.

    https://docs.pytorch.org/docs/stable/generated/torch.conj.html
    """
    return require_tensor("conj", "input", input)


def conj_physical(input: Tensor) -> Tensor:
    """The complex conjugate, computed: of a real tensor itself.

    https://docs.pytorch.org/docs/stable/generated/torch.conj_physical.html
    """
    return require_tensor("conj_physical", "input", input)


def resolve_conj(input: Tensor) -> Tensor:
    """The tensor without a conjugation that is still to be done: itself.

    https://docs.pytorch.org/docs/stable/generated/torch.resolve_conj.html
    """
    return require_tensor("resolve_conj", "input", input)


def resolve_neg(input: Tensor) -> Tensor:
    """The tensor without a negation that is still to be done: itself.

    https://docs.pytorch.org/docs/stable/generated/torch.resolve_neg.html
    """
    return require_tensor("resolve_neg", "input", input)


def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex: False.

    https://docs.pytorch.org/docs/stable/generated/torch.is_complex.html
    """
    require_tensor("is_complex", "input", input)
    return False


def is_conj(input: Tensor) -> bool:
    """Whether a conjugation is still to be done: False.

    https://docs.pytorch.org/docs/stable/generated/torch.is_conj.html
    """
    require_tensor("is_conj", "input", input)
    return False


def is_neg(input: Tensor) -> bool:
    """Whether a negation is still to be done: False.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_neg.html
    """
    require_tensor("is_neg", "input", input)
    return False


def complex(real: Tensor, imag: Tensor) -> NoReturn:
    """A complex tensor of its parts: out of scope.

    https://docs.pytorch.org/docs/stable/generated/torch.complex.html

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(f"complex: {_OUT_OF_SCOPE}")


def polar(abs: Tensor, angle: Tensor) -> NoReturn:
    """A complex tensor of its lengths and angles: out of scope.

    https://docs.pytorch.org/docs/stable/generated/torch.polar.html

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(f"polar: {_OUT_OF_SCOPE}")


_OUT_OF_SCOPE = (
    "complex numbers are out of scope; keep real and imaginary parts as two tensors, or as a last "
    "dimension of size 2"
)
