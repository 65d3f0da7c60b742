"""Matrix products: one backend method for stacks of matrices, and views for every other form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_autodiff import Node, Saved, is_grad_enabled
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.layout import broadcast_for

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class MatmulNode(Node["Tensor"]):
    """c = a @ b for stacks of matrices: da = g @ b^T, db = a^T @ g."""

    __slots__ = ("a", "b")

    def __init__(self, a: Tensor, b: Tensor) -> None:
        super().__init__((a.gradient_node(), b.gradient_node()))
        edge_a, edge_b = self.edges
        self.a = None if edge_b is None else Saved(a)
        self.b = None if edge_a is None else Saved(b)

    def backward(self, g: Tensor, /) -> Sequence[Tensor | None]:
        """The pair g @ b^T, a^T @ g."""
        da = None if self.b is None else _product(g, views.transpose(self.b.unpack(self), -1, -2))
        db = None if self.a is None else _product(views.transpose(self.a.unpack(self), -1, -2), g)
        return (da, db)

    def release(self) -> None:
        """Drop a and b."""
        for saved in (self.a, self.b):
            if saved is not None:
                saved.release()

    def name(self) -> str:
        """PyTorch's names: one for matrices, one for stacks of them."""
        return "MmBackward0"


def _product(a: Tensor, b: Tensor) -> Tensor:
    """(..., n, k) @ (..., k, m) for equal leading dimensions and one dtype, recorded."""
    y = a._fresh((*a.shape[:-1], b.shape[-1]), a.dtype)
    a.storage.device.backend.matmul(y, a, b)
    if (a.requires_grad or b.requires_grad) and is_grad_enabled():
        y.requires_grad, y.node = True, MatmulNode(a, b)
    return y


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product, with PyTorch's rules for every rank.

    (n) @ (n) -> (); (n, k) @ (k, m) -> (n, m); (n) @ (n, m) -> (m); (n, k) @ (k) -> (n);
    and stacks of matrices, whose leading dimensions are broadcast.
    https://docs.pytorch.org/docs/stable/generated/torch.matmul.html

    Raises:
        RuntimeError: if an operand has 0 dimensions, the inner sizes differ, or dtypes or devices
        do.
    """
    a, b = require_tensor("matmul", "input", input), require_tensor("matmul", "other", other)
    if a.ndim == 0 or b.ndim == 0:
        raise RuntimeError(
            f"matmul: both arguments need at least 1 dimension, but got shapes {a.shape} @ "
            f"{b.shape}; use * for products with a number"
        )
    if a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
        raise RuntimeError(
            f"matmul: inner sizes differ in {a.shape} @ {b.shape}: {a.shape[-1]} columns against "
            f"{b.shape[-2 if b.ndim > 1 else 0]} rows"
        )
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"matmul: expected both operands to have one dtype, but got {a.dtype} and {b.dtype}; "
            "convert one with .to(...)"
        )
    if a.dtype is dtypes.bool_:
        raise RuntimeError(
            "matmul: not defined for bool tensors; convert them with .float() or .long()"
        )
    if a.storage.device is not b.storage.device:
        raise RuntimeError(
            f"matmul: expected both operands on one device, but they are on {a.device} and "
            f"{b.device}"
        )
    row, column = a.ndim == 1, b.ndim == 1
    if row:
        a = views.unsqueeze(a, 0)
    if column:
        b = views.unsqueeze(b, 1)
    if a.ndim > 2 and b.ndim == 2:  # a stack times one matrix is one product of a taller matrix
        lead = a.layout.shape[:-1]
        y = views.reshape(
            _product(
                views.reshape(
                    a, (-1, a.shape[-1]) if a.layout.size else (_count(lead), a.shape[-1])
                ),
                b,
            ),
            (*lead, b.shape[-1]),
        )
    elif a.ndim == 2 and b.ndim == 2:
        y = _product(a, b)
    else:
        lead = broadcast_for("matmul", a.shape[:-2], b.shape[:-2])
        y = _product(
            views.expand_to(a, (*lead, *a.shape[-2:])), views.expand_to(b, (*lead, *b.shape[-2:]))
        )
    if column:
        y = views.squeeze(y, -1)
    return views.squeeze(y, -2 if not column else -1) if row else y


def _count(shape: Sequence[int]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """(n, k) @ (k, m) -> (n, m), without broadcasting.

    https://docs.pytorch.org/docs/stable/generated/torch.mm.html

    Raises:
        RuntimeError: if an operand is no matrix, or the inner sizes differ.
    """
    return _ranked("mm", input, mat2, 2, 2)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """(b, n, k) @ (b, k, m) -> (b, n, m), without broadcasting.

    https://docs.pytorch.org/docs/stable/generated/torch.bmm.html

    Raises:
        RuntimeError: if an operand has not 3 dimensions, or the stacks or inner sizes differ.
    """
    if input.ndim == 3 and mat2.ndim == 3 and input.shape[0] != mat2.shape[0]:
        raise RuntimeError(
            f"bmm: the number of matrices differs in {input.shape} and {mat2.shape}; matmul() "
            "broadcasts"
        )
    return _ranked("bmm", input, mat2, 3, 3)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """(n, k) @ (k) -> (n).

    https://docs.pytorch.org/docs/stable/generated/torch.mv.html
    """
    return _ranked("mv", input, vec, 2, 1)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """(n) @ (n) -> ().

    https://docs.pytorch.org/docs/stable/generated/torch.dot.html
    """
    return _ranked("dot", input, tensor, 1, 1)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """(n), (m) -> (n, m): every product.

    https://docs.pytorch.org/docs/stable/generated/torch.outer.html
    """
    if input.ndim != 1 or vec2.ndim != 1:
        raise RuntimeError(
            f"outer: expected two vectors, but got shapes {input.shape} and {vec2.shape}"
        )
    return views.unsqueeze(input, 1) * vec2


def _ranked(name: str, a: Tensor, b: Tensor, rank_a: int, rank_b: int) -> Tensor:
    if a.ndim != rank_a or b.ndim != rank_b:
        raise RuntimeError(
            f"{name}: expected tensors with {rank_a} and {rank_b} dimensions, but got shapes "
            f"{a.shape} and {b.shape}"
        )
    return matmul(a, b)
