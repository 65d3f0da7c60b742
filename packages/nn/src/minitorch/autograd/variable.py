"""`Variable`, as tensors with a history were called before PyTorch 0.4; old programs use it."""

from __future__ import annotations

from minitorch_tensor import Tensor

__all__ = ["Variable"]


class _VariableMeta(type):
    """Every tensor is a Variable, and making one gives a tensor."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)

    def __call__(cls, data: Tensor, requires_grad: bool = False) -> Tensor:
        return data.detach().requires_grad_(requires_grad)


class Variable(metaclass=_VariableMeta):
    """A tensor that shares the memory of another, as a leaf of its own.

    https://docs.pytorch.org/docs/stable/autograd.html#variable-deprecated

    Args:
        data: the tensor.
        requires_grad: whether operations on the result are recorded.

    >>> import minitorch as torch
    >>> x = Variable(torch.ones(2), requires_grad=True)
    >>> x, isinstance(x, Variable)
    (Tensor([1., 1.], requires_grad=True), True)
    """
