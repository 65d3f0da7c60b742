"""linear as one launch: a matrix product of any strides that adds the bias to what it writes.

Its gradients are two products more, of transposed operands that are not copied, and a column sum.
"""

from __future__ import annotations

from minitorch_cuda.functional.launching import backend_of, fresh
from minitorch_cuda.kernels.matmul_plan import plan_product
from minitorch_tensor import Tensor
from minitorch_tensor.functional.linear import in_one_kernel, linear, record_linear
from minitorch_tensor.layout import Layout


@linear.override("cuda")
def linear_fused(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Matrices of floats in one operation."""
    if not in_one_kernel(input, weight, bias) or weight.layout.size == 0:
        return linear.composite(input, weight, bias)  # which says what does not fit
    lead, (width, depth) = input.layout.shape[:-1], weight.layout.shape
    y = fresh(input, (*lead, width))
    rows = input.layout.size // depth
    x, merged = input, input.layout.reshape((rows, depth))
    if merged is None:
        x = input.detach().contiguous()
        merged = Layout.contiguous((rows, depth))
    offset = bias
    if bias is not None and bias.layout.strides != (1,):
        offset = bias.detach().contiguous()
    launcher = backend_of(input.storage.device).launcher
    product = plan_product(
        Layout.contiguous((1, rows, width)),
        merged.unsqueeze(0),
        weight.layout.permute((1, 0)).unsqueeze(0),
        input.dtype,
        launcher.limits,
        None if offset is None else offset.layout,
        "" if offset is None else "columns",
    )
    operands = [x.storage.buffer, weight.storage.buffer]
    if offset is not None:
        operands.append(offset.storage.buffer)
    product.run(launcher, y.storage.buffer, *operands)
    return record_linear(y, input, weight, bias)
