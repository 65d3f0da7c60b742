"""Convolutions and transposed ones in 1, 2 and 3 dimensions, and their gradients.

A kernel of one tap that nothing is left out of is a plain product of matrices for each image;
groups of few channels have a kernel that computes each number by itself; all others are a product
with windows that are never built.
"""

from __future__ import annotations

import math

from minitorch_cuda.functional.launching import backend_of, dense, fresh, run
from minitorch_cuda.kernels.conv_direct import plan_direct, plan_direct_weights
from minitorch_cuda.kernels.conv_plan import plan_correlation, plan_weight_gradient
from minitorch_cuda.kernels.matmul_plan import plan_product
from minitorch_cuda.limits import Limits
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.functional.conv_fused import Sizes, override_convolutions
from minitorch_tensor.layout import Layout

FEW = 4
"""Groups of so many channels at most, in and out, are not computed in tiles."""


class CudaConvolver:
    """The kernels of CUDA."""

    def takes(self, dtype: DType, /) -> bool:
        """Floats."""
        return dtype.is_floating_point

    def correlate(
        self,
        forward: bool,
        out: Tensor,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        sizes: Sizes,
        /,
    ) -> None:
        """A launch for the convolution; one for each phase, in strides, for the gradient."""
        launcher = backend_of(out.storage.device).launcher
        given = [dense(weight), dense(x)] + ([] if bias is None else [dense(bias)])
        offsets = tuple([tensor.layout.offset for tensor in given])
        what = (sizes, forward, bias is not None, out.dtype, launcher.limits, offsets)
        if few(sizes):
            for plan in plan_direct(*what):
                run(plan, out, *given, *([] if bias is not None else given[:1]))
            return
        buffers = [tensor.storage.buffer for tensor in (out, *given)]
        if is_product(sizes, launcher.limits):
            layouts = _matrices(sizes, forward, offsets)
            offset = None if bias is None else given[2].layout
            along = "" if bias is None else "rows"
            product = plan_product(*layouts, out.dtype, launcher.limits, offset, along)
            product.run(launcher, *buffers)
            return
        for product in plan_correlation(*what):
            product.run(launcher, *buffers)

    def weight_gradient(
        self, x: Tensor, d: Tensor, weight: Tensor, sizes: Sizes, /
    ) -> tuple[Tensor, None]:
        """A launch, or two: the places of all images are shared out, their sums added in order."""
        dw = fresh(weight, sizes.weight)
        launcher = backend_of(dw.storage.device).launcher
        x, d = dense(x), dense(d)
        what = (sizes, dw.dtype, launcher.limits, (d.layout.offset, x.layout.offset))
        if few(sizes):
            run(plan_direct_weights(*what), dw, d, x)
        else:
            product = plan_weight_gradient(*what)
            product.run(launcher, *(tensor.storage.buffer for tensor in (dw, d, x)))
        return dw, None


def few(sizes: Sizes) -> bool:
    """Whether the groups are too small for tiles."""
    return sizes.groups > 1 and max(sizes.weight[0] // sizes.groups, sizes.weight[1]) <= FEW


def is_product(sizes: Sizes, limits: Limits) -> bool:
    """Whether each image is one product of matrices, with enough columns to fill a tile."""
    window = sizes.window
    one = math.prod(window.kernel) == 1 and max(window.stride) == 1 and not window.padded
    return one and sizes.groups == 1 and math.prod(window.output) >= limits.threads // 4


def _matrices(
    sizes: Sizes, forward: bool, offsets: tuple[int, ...]
) -> tuple[Layout, Layout, Layout]:
    """The layouts of out, the weights and the source, image by image."""
    outputs, inputs = sizes.weight[:2]
    plane, n = math.prod(sizes.window.output), sizes.images
    if forward:
        weight = Layout((n, outputs, inputs), (0, inputs, 1), offsets[0])
        made, given = outputs, inputs
    else:
        weight = Layout((n, inputs, outputs), (0, 1, inputs), offsets[0])
        made, given = inputs, outputs
    source = Layout((n, given, plane), (given * plane, plane, 1), offsets[1])
    return Layout.contiguous((n, made, plane)), weight, source


FUSED, FUSED_TRANSPOSED = override_convolutions("cuda", CudaConvolver())
