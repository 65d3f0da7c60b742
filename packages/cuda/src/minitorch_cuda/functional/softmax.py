"""softmax and log_softmax over any dimension; the kernels are in `kernels.softmax`."""

from __future__ import annotations

from minitorch_cuda.functional.launching import dense, floating, fresh, limits_of, run
from minitorch_cuda.kernels.softmax import plan_softmax
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.exponentials import log_softmax, softmax, softmax_arguments
from minitorch_tensor.fusing import record_softmax


@softmax.override("cuda")
def fused_softmax(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """exp(x - m) / sum(exp(x - m)) in one launch; backward in one, from the result alone."""
    x, i = softmax_arguments("softmax", input, dim, dtype)
    if not floating(x) or x.layout.size == 0:
        return softmax.composite(x, i)

    def kernel(g: Tensor, y: Tensor) -> Tensor:
        return _launched(i, False, y, g)

    return record_softmax(x, _launched(i, False, x), i, kernel, logarithm=False)


@log_softmax.override("cuda")
def fused_log_softmax(
    input: Tensor, dim: int | None = None, *, dtype: DType | None = None
) -> Tensor:
    """(x - m) - log(sum(exp(x - m))), likewise."""
    x, i = softmax_arguments("log_softmax", input, dim, dtype)
    if not floating(x) or x.layout.size == 0:
        return log_softmax.composite(x, i)

    def kernel(g: Tensor, y: Tensor) -> Tensor:
        return _launched(i, True, y, g)

    return record_softmax(x, _launched(i, True, x), i, kernel, logarithm=True)


def _launched(dim: int, logarithm: bool, *given: Tensor) -> Tensor:
    """The result for x; or the gradient for y and g."""
    made = fresh(given[0], given[0].layout.shape)
    tensors = (made, *(dense(x) for x in given))
    layouts = tuple([x.layout for x in tensors])
    run(plan_softmax(layouts, dim, made.dtype, logarithm, limits_of(made)), *tensors)
    return made
