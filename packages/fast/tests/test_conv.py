"""Convolutions and transposed convolutions against their composites.

A kernel is compiled for each size of tile, so the shapes are chosen to need few of them.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from minitorch_fast import threads
from minitorch_fast.functional import conv, conv_loops, conv_plan, gradient_loops, plane_loops
from minitorch_fast.functional.conv import (
    conv1d_fused,
    conv2d_fused,
    conv3d_fused,
    conv_transpose1d_fused,
    conv_transpose2d_fused,
    conv_transpose3d_fused,
)
from minitorch_fast.functional.conv_plan import Tables, tables
from minitorch_tensor import Tensor, from_numpy, no_grad
from minitorch_tensor.autograd import grad
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.conv import Padding, conv1d, conv2d, conv3d, convolution
from minitorch_tensor.functional.conv_transpose import (
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)

from .fused_cases import close, compare, random, values

Shape = tuple[int, ...]

FUSED = {1: conv1d_fused, 2: conv2d_fused, 3: conv3d_fused}
COMPOSITE = {1: conv1d.composite, 2: conv2d.composite, 3: conv3d.composite}
FUSED_T = {1: conv_transpose1d_fused, 2: conv_transpose2d_fused, 3: conv_transpose3d_fused}
COMPOSITE_T = {
    1: conv_transpose1d.composite, 2: conv_transpose2d.composite, 3: conv_transpose3d.composite,
}  # fmt: skip

# input, weight, stride, padding, dilation, groups
CASES: list[tuple[Shape, Shape, Ints, Padding, Ints, int]] = [
    ((3, 8, 9, 11), (10, 8, 3, 2), 1, 0, 1, 1),
    ((3, 8, 9, 11), (10, 8, 3, 2), (2, 3), (1, 0), 1, 1),
    ((2, 8, 12, 15), (8, 8, 3, 3), (3, 2), (0, 2), (2, 3), 1),
    ((3, 16, 9, 11), (16, 8, 3, 3), 1, "same", 1, 2),
    ((2, 4, 9, 11), (4, 1, 3, 3), 2, 1, 1, 4),  # one channel a group
    ((2, 3, 9, 11), (3, 1, 3, 3), 1, "same", 2, 3),
    ((3, 8, 9, 11), (8, 8, 2, 1), 3, 0, 1, 1),  # windows that leave gaps
    ((3, 5, 9, 11), (7, 5, 1, 1), 1, 0, 1, 1),  # by BLAS, as the next two
    ((3, 5, 19, 21), (7, 5, 1, 1), (1, 2), 0, 1, 1),
    ((3, 5, 90), (7, 5, 1), 2, 0, 1, 1),
    ((1, 1, 5, 5), (1, 1, 5, 5), 1, 0, 1, 1),
    ((2, 8, 2, 2), (8, 8, 2, 2), 1, 3, 1, 1),  # more padding than kernel
    ((8, 8, 9), (8, 8, 3, 3), 1, "same", 1, 1),  # without a batch
    ((1, 8, 60, 300), (8, 8, 3, 3), 1, 1, 1, 1),  # bands of rows
    ((1, 8, 61, 150), (8, 8, 3, 3), 2, 1, 1, 1),
    ((2, 1, 61, 150), (1, 1, 2, 3), 2, 1, 1, 1),
    ((9, 8, 4, 4), (8, 8, 2, 2), 1, 0, 1, 1),  # several images a block, not all full
    ((3, 8, 20), (8, 8, 5), 2, 2, 1, 1),
    ((3, 8, 6, 7, 8), (16, 8, 2, 3, 3), (1, 2, 1), (1, 0, 1), 1, 1),
    ((2, 8, 9, 30, 31), (8, 8, 3, 3, 3), (2, 1, 2), 1, 1, 1),  # bands of depth
]


def first_order(
    fused: Callable[..., Tensor],
    composite: Callable[..., Tensor],
    arrays: Sequence[npt.NDArray[np.generic]],
    tolerance: float = 2e-5,
) -> None:
    """Values and gradients, the composite's on the NumPy backend: it compiles nothing."""
    results = []
    for function, device in ((fused, "cpu"), (composite, "numpy")):
        inputs = [from_numpy(a.copy()).to(device) for a in arrays]
        for x in inputs:
            x.requires_grad = True
        y = function(*inputs)
        seed = from_numpy(random(*y.shape, seed=7).astype(y.dtype.numpy)).to(device)
        results.append([None if t is None else t.to("cpu") for t in (y, *grad(y, inputs, seed))])
    for mine, expected in zip(*results, strict=True):
        close(mine, expected, tolerance)


@pytest.mark.parametrize(("x", "w", "stride", "padding", "dilation", "groups"), CASES)
def test_same_as_the_composite(
    x: Shape, w: Shape, stride: Ints, padding: Padding, dilation: Ints, groups: int
) -> None:
    dims = len(w) - 2
    arrays = [random(*shape).astype(np.float32) for shape in (x, w, (w[0],))]

    def fused(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
        return FUSED[dims](x, w, b, stride, padding, dilation, groups)

    def composite(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
        return COMPOSITE[dims](x, w, b, stride, padding, dilation, groups)

    first_order(fused, composite, arrays)
    first_order(fused, composite, arrays[:2])


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_rows_next_to_the_padding(stride: int) -> None:
    arrays = [random(*s).astype(np.float32) for s in ((200, 8, 10, 9), (8, 8, 5, 3), (8,))]

    def fused(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return conv2d_fused(x, w, b, stride, (3, 1))

    def composite(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return conv2d.composite(x, w, b, stride, (3, 1))

    first_order(fused, composite, arrays)


# input, weight, stride, padding, output padding, groups, dilation
TRANSPOSED: list[tuple[Shape, Shape, Ints, Ints, Ints, int, Ints]] = [
    ((3, 8, 5, 6), (8, 8, 3, 3), 1, 0, 0, 1, 1),
    ((3, 8, 5, 6), (8, 8, 4, 4), 2, 1, 0, 1, 1),
    ((8, 5, 6), (8, 8, 2, 2), 2, 0, 0, 1, 1),  # without a batch
    ((2, 16, 9, 7), (16, 8, 3, 2), (3, 2), (1, 0), (2, 1), 2, (2, 1)),
    ((2, 16, 20), (16, 8, 4), 3, 1, 1, 1, 1),
    ((2, 8, 4, 6, 7), (8, 8, 3, 2, 3), (2, 1, 2), 1, (1, 0, 0), 1, 1),
    ((3, 4, 9, 6), (4, 5, 1, 1), 2, 0, 1, 1, 1),
]


@pytest.mark.parametrize(("x", "w", "stride", "pad", "more", "groups", "dilation"), TRANSPOSED)
def test_transposed(
    x: Shape, w: Shape, stride: Ints, pad: Ints, more: Ints, groups: int, dilation: Ints
) -> None:
    dims = len(w) - 2
    arrays = [random(*shape).astype(np.float32) for shape in (x, w, (w[1] * groups,))]

    def fused(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
        return FUSED_T[dims](x, w, b, stride, pad, more, groups, dilation)

    def composite(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
        return COMPOSITE_T[dims](x, w, b, stride, pad, more, groups, dilation)

    first_order(fused, composite, arrays)


def test_second_gradients() -> None:
    arrays = [random(*shape).astype(np.float32) for shape in ((2, 8, 4, 5), (8, 8, 3, 2), (8,))]
    compare(conv2d_fused, conv2d.composite, arrays)
    compare(conv_transpose2d_fused, conv_transpose2d.composite, arrays)


def test_float64_and_a_large_one_by_wide_tiles() -> None:
    arrays = [random(5, 32, 28, 28), random(32, 32, 3, 3), random(32)]
    first_order(conv2d_fused, conv2d.composite, arrays, tolerance=1e-12)


@pytest.mark.parametrize(
    ("x", "w", "groups"), [((19, 8, 14, 14), (8, 8, 5, 5), 1), ((7, 40, 40, 40), (40, 1, 3, 3), 40)]
)
def test_no_number_depends_on_the_threads(
    x: Shape, w: Shape, groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conv, "PARALLEL", 1)
    inputs = [from_numpy(random(*shape).astype(np.float32)) for shape in (x, w, w[:1])]
    for t in inputs:
        t.requires_grad = True
    before = threads.get_num_threads()
    found: list[list[bytes]] = []
    try:
        for large in (1 << 18, 0):  # the images are shared out, or the outputs
            monkeypatch.setattr(conv, "LARGE", large)
            for n in (1, 2, 4):
                threads.set_num_threads(n)
                y = conv2d_fused(inputs[0], inputs[1], inputs[2], padding=1, groups=groups)
                seed = from_numpy(random(*y.shape, seed=1).astype(np.float32))
                results = [t for t in (y, *grad(y, inputs, seed)) if t is not None]
                found.append([values(t).tobytes() for t in results])
    finally:
        threads.set_num_threads(before)
    assert all(one == found[0] for one in found[:3])
    assert all(one == found[3] for one in found[3:])
    assert [one[:2] for one in found] == [found[0][:2]] * 6


def _plain(
    x: Shape, w: Shape, padding: int, role: conv_plan.Role, monkeypatch: pytest.MonkeyPatch
) -> Tables:
    """The tables for vectors of four, which is what the loops have in plain Python."""
    monkeypatch.setattr(conv_plan, "vector_bytes", lambda: 16)
    arrays = [from_numpy(np.zeros(shape, np.float32)) for shape in (x, w)]
    window = convolution("conv2d", 2, arrays[0], arrays[1], None, 1, padding, 1, 1).window
    return tables.__wrapped__(x[0], w, window, 1, role, 4)


@pytest.mark.parametrize(("outputs", "planes"), [(4, False), (1, True)])
def test_the_loops_run_as_they_stand(
    outputs: int, planes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, w, b = random(2, 2, 5, 6), random(outputs, 2, 3, 2), random(outputs)
    expected = conv2d.composite(from_numpy(x), from_numpy(w), from_numpy(b), padding=1)
    plan = _plain(x.shape, w.shape, 1, "forward", monkeypatch)
    assert plan.planes is planes
    out = np.zeros(expected.shape)
    loop = plane_loops.correlate_planes if planes else conv_loops.correlate_pixels
    loop(
        out.reshape(-1), x.reshape(-1), w.reshape(-1), b, plan.starts, plan.places, plan.taps,
        plan.weights, plan.phases, plan.numbers, 0, plan.units,
    )  # fmt: skip
    np.testing.assert_allclose(out, values(expected), rtol=1e-12, atol=1e-12)

    d = random(*expected.shape, seed=1)
    plan = _plain(x.shape, w.shape, 1, "weight", monkeypatch)
    made = np.zeros((outputs, w[0].size + 1))
    gradient = gradient_loops.gradient_planes if plan.planes else gradient_loops.gradient_pixels
    gradient(
        made.reshape(-1), x.reshape(-1), d.reshape(-1), plan.starts, plan.places, plan.taps,
        plan.phases, plan.numbers, 0, plan.units, 0, outputs if plan.planes else outputs // 4,
    )  # fmt: skip
    weight = from_numpy(w)
    weight.requires_grad = True
    y = conv2d.composite(from_numpy(x), weight, padding=1)
    (dw,) = grad(y, [weight], from_numpy(d))
    assert dw is not None
    np.testing.assert_allclose(made[:, :-1].reshape(w.shape), values(dw), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(made[:, -1], d.sum((0, 2, 3)), rtol=1e-12, atol=1e-12)


def test_any_layout_of_the_operands() -> None:
    x = from_numpy(random(6, 7, 3, 2).astype(np.float32)).permute(3, 2, 0, 1)
    w = from_numpy(random(11, 3, 3, 3).astype(np.float32))[1:9]
    found, expected = conv2d_fused(x, w), conv2d.composite(x, w)
    np.testing.assert_allclose(values(found), values(expected), rtol=1e-5, atol=1e-5)


def test_only_gradients_that_are_wanted() -> None:
    x, w = (from_numpy(random(*shape)) for shape in ((2, 8, 5, 5), (8, 8, 3, 3)))
    w.requires_grad = True
    conv2d_fused(x, w).sum().backward()
    assert x.grad is None
    assert w.grad is not None


@pytest.mark.parametrize("outputs", [1, 8])
def test_infinities_stay_where_they_are(outputs: int) -> None:
    image = np.zeros((1, 1, 6, 6), np.float32)
    image[0, 0, 5, 5] = np.inf
    y = conv2d_fused(from_numpy(image), from_numpy(np.ones((outputs, 1, 3, 3), np.float32)))
    assert np.isinf(values(y)[0, :, 3, 3]).all()
    assert np.isfinite(values(y)).sum() == 15 * outputs


def test_the_gradient_of_weights_is_infinite_where_the_input_is() -> None:
    """What lies past the end of a row is multiplied by 0: an infinity there must not make nan."""
    x, d = random(2, 1, 6, 11).astype(np.float32), random(2, 1, 4, 9).astype(np.float32)
    x[0, 0, 2, 1], x[1, 0, 3, 2] = np.inf, -np.inf
    w = random(1, 1, 3, 3).astype(np.float32)
    found = []
    for function in (conv2d_fused, conv2d.composite):
        weight = from_numpy(w.copy())
        weight.requires_grad = True
        (dw,) = grad(function(from_numpy(x), weight), [weight], from_numpy(d))
        assert dw is not None
        found.append(values(dw))
    assert np.isinf(found[1]).any()
    assert np.array_equal(np.isnan(found[0]), np.isnan(found[1]))
    assert np.array_equal(found[0][np.isinf(found[1])], found[1][np.isinf(found[1])])


@pytest.mark.parametrize("dtype", [np.int64, np.int32])
def test_integers_take_the_way_of_the_composite(dtype: type[np.generic]) -> None:
    x, w = (from_numpy(np.arange(16).reshape(1, 1, 4, 4).astype(dtype)) for _ in range(2))
    assert conv2d_fused(x, w).tolist() == conv2d.composite(x, w).tolist()


def test_an_empty_batch() -> None:
    y = conv2d_fused(from_numpy(np.zeros((0, 1, 4, 4))), from_numpy(np.zeros((2, 1, 3, 3))))
    assert y.shape == (0, 2, 2, 2)


def test_bad_arguments_have_the_message_of_the_composite() -> None:
    x, w = from_numpy(np.zeros((1, 3, 8, 8))), from_numpy(np.zeros((2, 4, 3, 3)))
    with pytest.raises(RuntimeError, match=r"conv2d: .*to have 4 channels, but got 3 channels"):
        conv2d_fused(x, w)


def test_these_are_what_runs() -> None:
    for op in (conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d):
        assert "cpu" in op.overridden()
    with no_grad():
        y = conv2d(from_numpy(np.ones((1, 8, 3, 3))), from_numpy(np.ones((8, 8, 3, 3))))
    assert y.tolist() == [[[[72.0]]] * 8]
