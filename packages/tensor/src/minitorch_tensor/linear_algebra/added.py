"""beta * input + alpha * product: the family of addmm, for every kind of product."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import inplace, linalg, reductions, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Shape
from minitorch_tensor.linear_algebra import checks
from minitorch_tensor.linear_algebra.recorded import independent

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def added(name: str, input: Tensor, product: Tensor, beta: float, alpha: float) -> Tensor:
    """beta * input + alpha * product; where beta is 0, nan and inf in the input do not spread.

    Raises:
        RuntimeError: if input cannot be expanded to the shape of the product, or a factor is a
            fraction beside integers.
    """
    factors(name, product.dtype, beta, alpha)
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        if not input.requires_grad:
            return product
        zeros = product._full(product.shape, 0.0, product.dtype)
        return product + independent(zeros, input, "MulBackward0")
    try:
        expanded = views.expand_to(input, product.shape)
    except RuntimeError:
        raise RuntimeError(
            f"{name}: input of shape {input.shape} cannot be expanded to the shape "
            f"{product.shape} of the product"
        ) from None
    return (expanded if beta == 1 else expanded * beta) + product


def factors(name: str, dtype: DType, beta: float, alpha: float) -> None:
    """Raise unless alpha and beta suit the dtype.

    Raises:
        RuntimeError: if one of them is a float beside integers, or a number beside bools.
    """
    for what, factor in (("beta", beta), ("alpha", alpha)):
        if isinstance(factor, float) and not dtype.is_floating_point:
            raise RuntimeError(
                f"{name}: for integral input tensors, argument {what} must not be a floating "
                f"point number, but it is {factor}"
            )
        if isinstance(factor, bool) and dtype.kind != "bool":
            raise RuntimeError(f"{name}: argument {what} must not be a bool beside {dtype}")


def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2), with input expanded to (n, m).

    https://docs.pytorch.org/docs/stable/generated/torch.addmm.html

    Raises:
        RuntimeError: if mat1 or mat2 is no matrix, inner sizes or dtypes differ, or input does not
            fit.

    >>> from minitorch_tensor import ones
    >>> addmm(ones(2), ones(2, 3), ones(3, 2), beta=2)
    Tensor([[5., 5.],
            [5., 5.]], requires_grad=False)
    """
    checks.one_dtype("addmm", input=input, mat1=mat1, mat2=mat2)
    return added("addmm", input, linalg.mm(mat1, mat2), beta, alpha)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec), with input expanded to (n,).

    https://docs.pytorch.org/docs/stable/generated/torch.addmv.html

    Raises:
        RuntimeError: if mat is no matrix or vec no vector, or sizes or dtypes differ.

    >>> from minitorch_tensor import ones
    >>> addmv(ones(2), ones(2, 3), ones(3), alpha=2)
    Tensor([7., 7.], requires_grad=False)
    """
    checks.one_dtype("addmv", input=input, mat=mat, vec=vec)
    return added("addmv", input, linalg.mv(mat, vec), beta, alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (the products of every pair of vec1 and vec2), input expanded.

    It promotes dtypes, as the others do not. For bools it is `or` of `and`s.
    https://docs.pytorch.org/docs/stable/generated/torch.addr.html

    Raises:
        RuntimeError: if vec1 or vec2 is no vector, or input does not fit.

    >>> from minitorch_tensor import tensor, zeros
    >>> addr(zeros(2, 2), tensor([1.0, 2.0]), tensor([3.0, 4.0]))
    Tensor([[3., 4.],
            [6., 8.]], requires_grad=False)
    """
    require_tensor("addr", "input", input)
    checks.ranks("addr", vec1=(vec1, 1), vec2=(vec2, 1))
    dtype = dtypes.promote_types(input.dtype, dtypes.promote_types(vec1.dtype, vec2.dtype))
    product = linalg.outer(vec1.to(dtype), vec2.to(dtype))
    if dtype.kind != "bool":
        return added("addr", input.to(dtype), product, beta, alpha)
    product = product if alpha else product._full(product.shape, 0, dtype)
    return product | views.expand_to(input, product.shape) if beta else product


def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta * input + alpha * sum_i (batch1[i] @ batch2[i]), with input expanded to (n, m).

    https://docs.pytorch.org/docs/stable/generated/torch.addbmm.html

    Raises:
        RuntimeError: if batch1 or batch2 has not 3 dimensions, or sizes or dtypes differ.

    >>> from minitorch_tensor import ones
    >>> addbmm(ones(2, 2), ones(5, 2, 3), ones(5, 3, 2))
    Tensor([[16., 16.],
            [16., 16.]], requires_grad=False)
    """
    dtype = checks.one_dtype("addbmm", input=input, batch1=batch1, batch2=batch2)
    product = reductions.sum(linalg.bmm(batch1, batch2), 0, dtype=dtype)
    return added("addbmm", input, product, beta, alpha)


def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta * input[i] + alpha * (batch1[i] @ batch2[i]), with input expanded to (b, n, m).

    https://docs.pytorch.org/docs/stable/generated/torch.baddbmm.html

    Raises:
        RuntimeError: if batch1 or batch2 has not 3 dimensions, or sizes or dtypes differ.

    >>> from minitorch_tensor import ones
    >>> baddbmm(ones(1), ones(5, 2, 3), ones(5, 3, 2)).shape
    torch.Size([5, 2, 2])
    """
    checks.one_dtype("baddbmm", input=input, batch1=batch1, batch2=batch2)
    return added("baddbmm", input, linalg.bmm(batch1, batch2), beta, alpha)


def _into(name: str, x: Tensor, compute: Callable[[Tensor], Tensor], *others: Tensor) -> Tensor:
    """x = compute(x), with the shape of the result checked first."""

    def fitting(old: Tensor) -> Tensor:
        y = compute(old)
        return _fits(name, y, x.shape)

    return inplace.write(name, x, fitting, *others)


def _fits(name: str, y: Tensor, shape: Shape) -> Tensor:
    if y.shape != shape:
        raise RuntimeError(
            f"{name}: bad in-place call: input tensor size {shape} and output tensor size "
            f"{y.shape} should match"
        )
    return y


def addmm_(x: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """x = beta * x + alpha * (mat1 @ mat2).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.addmm_.html

    Raises:
        RuntimeError: as `addmm`, and if x has not the shape of the result.
    """
    return _into(
        "addmm_", x, lambda old: addmm(old, mat1, mat2, beta=beta, alpha=alpha), mat1, mat2
    )


def addmv_(x: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """x = beta * x + alpha * (mat @ vec).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.addmv_.html

    Raises:
        RuntimeError: as `addmv`, and if x has not the shape of the result.
    """
    return _into("addmv_", x, lambda old: addmv(old, mat, vec, beta=beta, alpha=alpha), mat, vec)


def addr_(x: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """x = beta * x + alpha * (the products of every pair of vec1 and vec2).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.addr_.html

    Raises:
        RuntimeError: as `addr`, and if x has not the shape of the result.
    """
    return _into("addr_", x, lambda old: addr(old, vec1, vec2, beta=beta, alpha=alpha), vec1, vec2)


def addbmm_(
    x: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """x = beta * x + alpha * sum_i (batch1[i] @ batch2[i]).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.addbmm_.html

    Raises:
        RuntimeError: as `addbmm`, and if x has not the shape of the result.
    """
    return _into(
        "addbmm_", x, lambda old: addbmm(old, batch1, batch2, beta=beta, alpha=alpha), batch1,
        batch2,
    )  # fmt: skip


def baddbmm_(
    x: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """x[i] = beta * x[i] + alpha * (batch1[i] @ batch2[i]).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.baddbmm_.html

    Raises:
        RuntimeError: as `baddbmm`, and if x has not the shape of the result.
    """
    return _into(
        "baddbmm_", x, lambda old: baddbmm(old, batch1, batch2, beta=beta, alpha=alpha), batch1,
        batch2,
    )  # fmt: skip
