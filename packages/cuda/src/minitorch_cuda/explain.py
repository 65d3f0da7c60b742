"""The source of the kernel that an operator becomes: what runs, to be read."""

from __future__ import annotations

from minitorch_cuda.backend import plain
from minitorch_cuda.kernel import Kernel
from minitorch_cuda.kernels.pointwise import pointwise_kernel
from minitorch_operators import Binary, Ternary, Unary
from minitorch_tensor.dtype import DType, bool_, float32


def explain(operator: Unary | Binary | Ternary, dtype: DType = float32) -> str:
    """The kernel of an operator for operands of one dtype that all lie in order.

    Raises:
        TypeError: if the operator needs a function that integers have not.

    >>> from minitorch_operators import add
    >>> print(explain(add))
    \"\"\"add: float32, float32 -> float32; in order; positions of uint32.\"\"\"
    <BLANKLINE>
    def add(a, b):
        return a + b
    <BLANKLINE>
    <BLANKLINE>
    def add_kernel(out, a, b, n):
        i = I(cuda.grid(1))
        step = I(cuda.gridsize(1))
        while i < n:
            out[i] = add(a[i], b[i])
            i = I(i + step)
    <BLANKLINE>
    """
    return kernel_of_operator(operator, dtype).text


def kernel_of_operator(operator: Unary | Binary | Ternary, dtype: DType = float32) -> Kernel:
    """The plain kernel of an operator, where all operands lie in order."""
    operands = 1 if isinstance(operator, Unary) else 2 if isinstance(operator, Binary) else 3
    out = bool_ if operator.result == "bool" else dtype
    dtypes = (out, *(dtype,) * operands)
    return pointwise_kernel(
        plain(operator.fn), dtype, dtypes, ("i",) * operands, rank=1, index="uint32"
    )
