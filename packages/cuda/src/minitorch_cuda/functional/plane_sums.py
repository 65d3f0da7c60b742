"""The gradients of weight and bias where a channel of a sample is a plane of elements.

First the sums of each plane, then over the samples of each channel. Batch norm needs the second
also for the gradient of its input.
"""

from __future__ import annotations

from minitorch_cuda.functional.launching import fresh, limits_of, run
from minitorch_cuda.kernels import norm_planes as planes
from minitorch_cuda.kernels.planning import planned
from minitorch_cuda.kernels.rows import RowShape, aligned, row_shape
from minitorch_tensor import Tensor


def shape_of(rows: int, n: int, arrays: int, *dense_: Tensor) -> RowShape:
    """How rows of these tensors are shared out."""
    layouts = [x.layout for x in dense_]
    return row_shape(rows, n, aligned(*layouts), limits_of(dense_[0]), arrays)


def plane_sums(
    x: Tensor, g: Tensor, mean: Tensor, rstd: Tensor, n: int, pieces: int, units: int
) -> tuple[Tensor, Tensor]:
    """The sums of g * xhat and of g over each plane of n elements."""
    count = x.layout.size // n
    products, sums = (fresh(x, (count,), mean.dtype) for _ in range(2))
    tensors = (products, sums, x, g, mean, rstd)
    layouts, shape = tuple([t.layout for t in tensors]), shape_of(count, n, 2, x, g)
    numbers, launch = (count, n, pieces, units), shape.launch(count)
    run(
        planned(planes.plane_sums, "TTSSTTiiii", layouts, numbers, launch, x.dtype, shape.flags),
        *tensors,
    )
    return products, sums


def channel_sums(
    x: Tensor, channels: int, products: Tensor, sums: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sums of planes added up over samples: of x's dtype, and as they were computed."""
    samples = products.layout.size // channels
    dw, db = (fresh(x, (channels,)) for _ in range(2))
    product, total = (fresh(x, (channels,), products.dtype) for _ in range(2))
    tensors = (dw, db, product, total, products, sums)
    layouts = tuple([t.layout for t in tensors])
    shape = row_shape(channels, samples, False, limits_of(x))
    numbers, launch = (channels, samples), shape.launch(channels)
    run(
        planned(planes.channel_sums, "SSTTTTii", layouts, numbers, launch, x.dtype, shape.flags),
        *tensors,
    )
    return dw, db, product, total
