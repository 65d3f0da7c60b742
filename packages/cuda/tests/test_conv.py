"""Convolutions in the simulator against their composites on the CPU: values and gradients."""

from collections.abc import Callable

import numpy as np
import pytest

from minitorch_cuda.functional.conv import FUSED, FUSED_TRANSPOSED, few, is_product
from minitorch_cuda.kernels.conv_phases import forward_phase, gradient_phases
from minitorch_cuda.kernels.conv_plan import plan_correlation, plan_weight_gradient
from minitorch_cuda.limits import DEVICE, SIMULATOR
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad
from minitorch_tensor.dtype import DType, bfloat16, float16, float32, float64
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.conv import Padding, conv1d, conv2d, conv3d, convolution
from minitorch_tensor.functional.conv_fused import Sizes
from minitorch_tensor.functional.conv_transpose import (
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)
from minitorch_tensor.layout import Shape

from .fused_cases import close, compare, on, random, values

pytestmark = pytest.mark.usefixtures("simulator")

OPS = (conv1d, conv2d, conv3d)
TRANSPOSED_OPS = (conv_transpose1d, conv_transpose2d, conv_transpose3d)
Function = Callable[..., Tensor]

# input, weight, stride, padding, dilation, groups
CASES: list[tuple[Shape, Shape, Ints, Padding, Ints, int]] = [
    ((2, 3, 5, 6), (4, 3, 3, 2), 1, 0, 1, 1),
    ((1, 2, 7, 7), (3, 2, 3, 3), 2, 1, 1, 1),  # phases of 1, 2, 2 and 4 taps
    ((1, 2, 8, 9), (2, 2, 3, 3), (3, 2), (0, 2), (2, 3), 1),
    ((1, 10, 4, 4), (10, 5, 3, 3), 1, "same", 1, 2),  # groups in tiles
    ((2, 3, 5, 4), (3, 1, 3, 3), 1, 1, 1, 3),  # depthwise
    ((1, 4, 6, 5), (8, 2, 2, 3), 2, 1, (1, 2), 2),
    ((1, 3, 5, 5), (2, 3, 2, 1), 3, 0, 1, 1),  # windows that leave gaps
    ((2, 3, 3, 4), (5, 3, 1, 1), 1, 0, 1, 1),  # a product for each image
    ((2, 3, 5, 4), (5, 3, 1, 1), (1, 2), 0, 1, 1),
    ((1, 1, 5, 5), (1, 1, 5, 5), 1, 0, 1, 1),
    ((1, 2, 2, 2), (2, 2, 2, 2), 1, 3, 1, 1),  # more padding than kernel
    ((2, 4, 5), (3, 2, 3, 3), 1, "same", 1, 1),  # without a batch
    ((2, 3, 11), (4, 3, 5), 2, 2, 1, 1),
    ((1, 2, 9), (4, 2, 3), 1, "same", 2, 1),
    ((1, 2, 3, 4, 5), (2, 2, 2, 3, 3), (1, 2, 1), (1, 0, 1), 1, 1),
]


def of(function: Function, *numbers: object) -> Function:
    return lambda *inputs: function(*inputs, *([None] if len(inputs) == 2 else []), *numbers)


def sizes_of(x: Shape, w: Shape, stride: int = 1, padding: int = 0, groups: int = 1) -> Sizes:
    given = [on("numpy", np.ones(shape)) for shape in (x, w)]
    n = len(w) - 2
    made = convolution(f"conv{n}d", n, given[0], given[1], None, stride, padding, 1, groups)
    return Sizes(x[0], w, made.window, groups)


@pytest.mark.parametrize(("x", "w", "stride", "padding", "dilation", "groups"), CASES)
def test_same_as_the_composite(
    x: Shape, w: Shape, stride: Ints, padding: Padding, dilation: Ints, groups: int
) -> None:
    n = len(w) - 3
    arrays = [random(*shape) for shape in (x, w, w[:1])]
    numbers = (stride, padding, dilation, groups)
    compare(of(FUSED[n], *numbers), of(OPS[n].composite, *numbers), arrays)


# input, weight, stride, padding, output padding, groups, dilation
TRANSPOSED: list[tuple[Shape, Shape, Ints, Ints, Ints, int, Ints]] = [
    ((2, 3, 3, 4), (3, 2, 3, 3), 1, 0, 0, 1, 1),
    ((1, 2, 3, 4), (2, 3, 4, 4), 2, 1, 0, 1, 1),
    ((3, 2, 3), (3, 2, 2, 2), 2, 0, 0, 1, 1),  # without a batch
    ((1, 10, 3, 3), (10, 5, 3, 2), (3, 2), (1, 0), (2, 1), 2, (2, 1)),
    ((1, 4, 3, 3), (4, 1, 2, 2), 2, 0, 0, 4, 1),
    ((2, 3, 5), (3, 2, 4), 3, 1, 1, 1, 1),
    ((1, 2, 2, 3, 2), (2, 2, 2, 1, 2), (2, 1, 1), 1, (1, 0, 0), 1, 1),
    ((1, 2, 3, 2), (2, 3, 1, 1), 2, 0, 1, 1, 1),  # most of the result is the bias alone
]


@pytest.mark.parametrize(("x", "w", "stride", "pad", "more", "groups", "dilation"), TRANSPOSED)
def test_transposed(
    x: Shape, w: Shape, stride: Ints, pad: Ints, more: Ints, groups: int, dilation: Ints
) -> None:
    n = len(w) - 3
    arrays = [random(*shape) for shape in (x, w, (w[1] * groups,))]
    numbers = (stride, pad, more, groups, dilation)
    composite = TRANSPOSED_OPS[n].composite
    compare(of(FUSED_TRANSPOSED[n], *numbers), of(composite, *numbers), arrays)


def test_without_a_bias_and_twice_differentiated() -> None:
    arrays = [random(1, 2, 4, 3), random(2, 2, 2, 2)]
    compare(FUSED[1], conv2d.composite, arrays, second=True)


@pytest.mark.parametrize("dtype", [float64, float16, bfloat16], ids=str)
def test_other_floats(dtype: DType) -> None:
    for w, groups in (((3, 2, 2, 2), 1), ((2, 1, 2, 2), 2), ((3, 2, 1, 1), 1)):
        arrays = [random(1, 2, 3, 4), random(*w), random(w[0])]
        numbers = (1, 0, 1, groups)
        compare(of(FUSED[1], *numbers), of(conv2d.composite, *numbers), arrays, dtype)


def test_many_channels_are_shared_out_to_blocks_and_added_in_order() -> None:
    sizes = sizes_of((1, 40, 2, 2), (2, 40, 2, 2), 1, 1)
    (product,) = plan_correlation(sizes, True, True, float32, SIMULATOR)
    assert product.partials == 4 * 18
    arrays = [random(1, 40, 2, 2), random(2, 40, 2, 2), random(2)]
    compare(of(FUSED[1], 1, 1), of(conv2d.composite, 1, 1), arrays)


def test_places_of_many_images_are_shared_out_for_the_weights() -> None:
    sizes = sizes_of((4, 1, 12), (1, 1, 3))
    assert plan_weight_gradient(sizes, float32, SIMULATOR).partials > 3
    compare(FUSED[0], conv1d.composite, [random(4, 1, 12), random(1, 1, 3), random(1)])


def test_any_layout_of_the_operands() -> None:
    x = on("cuda", random(4, 5, 3, 2)).detach().permute(3, 2, 0, 1)
    w, b = on("cuda", random(4, 3, 2, 2)).detach()[1:3], on("cuda", random(5)).detach()[1::2]
    for groups in (1, 3):
        weight = w if groups == 1 else w[:, :1].contiguous()[[0, 1, 1]]
        offset = b if groups == 1 else None
        found = FUSED[1](x, weight, offset, groups=groups)
        there = None if offset is None else offset.to("numpy")
        host = x.to("numpy"), weight.to("numpy")
        close(found, conv2d.composite(*host, there, groups=groups), 1e-5)


def test_operands_that_begin_inside_their_memory() -> None:
    whole = on("cuda", random(3, 2, 4, 4)).detach(), on("cuda", random(3, 2, 3, 3)).detach()
    for w in (whole[1][1:], whole[1][1:, :, :1, :1].contiguous()):
        found = FUSED[1](whole[0][1:], w)
        close(found, conv2d.composite(whole[0][1:].to("numpy"), w.to("numpy")), 1e-5)


def test_only_gradients_that_are_wanted() -> None:
    x, w = on("cuda", random(1, 2, 3, 3)).detach(), on("cuda", random(2, 2, 2, 2))
    FUSED[1](x, w).sum().backward()
    assert x.grad is None
    assert w.grad is not None


def test_infinities_stay_where_they_are() -> None:
    image = np.zeros((1, 1, 6, 6))
    image[0, 0, 5, 5] = np.inf
    y = FUSED[1](on("cuda", image).detach(), on("cuda", np.ones((2, 1, 3, 3))).detach())
    assert np.isinf(values(y)[0, :, 3, 3]).all()
    assert np.isfinite(values(y)).sum() == 30


def test_an_empty_batch_and_integers_take_the_way_of_the_composite() -> None:
    empty = on("cuda", np.zeros((0, 1, 4, 4))).detach()
    w = on("cuda", np.ones((2, 1, 3, 3))).detach()
    assert FUSED[1](empty, w).shape == (0, 2, 2, 2)
    x = on("cuda", np.arange(16).reshape(1, 1, 4, 4))
    assert FUSED[1](x, x[:, :, :3, :3]).tolist() == conv2d.composite(x, x[:, :, :3, :3]).tolist()


def test_bad_arguments_have_the_message_of_the_composite() -> None:
    x, w = (on("cuda", np.zeros(shape)) for shape in ((1, 3, 8, 8), (2, 4, 3, 3)))
    with pytest.raises(RuntimeError, match=r"conv2d: .*to have 4 channels, but got 3 channels"):
        conv2d(x, w)


def test_each_product_of_a_strided_gradient_is_counted_once() -> None:
    sizes = sizes_of((1, 1, 8, 8), (1, 1, 3, 3), 2, 1)
    phases = gradient_phases(sizes.window)
    taps = [line.taps * other.taps for line, other in phases]
    assert sorted(taps) == [1, 2, 2, 4]
    (whole,) = [forward_phase(sizes.window)]
    assert whole[0].taps * whole[1].taps == sum(taps) == 9


def test_what_is_chosen() -> None:
    assert few(sizes_of((1, 8, 4, 4), (8, 1, 3, 3), groups=8))
    assert not few(sizes_of((1, 64, 4, 4), (64, 32, 3, 3), groups=2))
    assert is_product(sizes_of((1, 8, 8, 8), (4, 8, 1, 1)), DEVICE)
    assert not is_product(sizes_of((1, 8, 7, 7), (4, 8, 1, 1)), DEVICE)  # tiles would be empty
    assert not is_product(sizes_of((1, 8, 16, 16), (4, 8, 1, 1), 2), DEVICE)


def test_the_gradient_of_weights_is_the_same_in_one_block_and_in_many() -> None:
    x, w = random(3, 2, 6, 6), random(2, 2, 3, 3)
    found: list[Tensor | None] = []
    for device in ("cuda", "numpy"):
        weight = on(device, w)
        y = conv2d(on(device, x).detach(), weight)
        found += grad(y, [weight], on(device, random(*y.shape, seed=3)).detach())
    close(found[0], found[1], 1e-5)
