"""The kernels of the course give NumPy's numbers for any strides, and the course's convolutions."""

import numpy as np
import pytest
from numpy.typing import NDArray

from minitorch_cuda.kernels.ladder.convolution import conv1d, conv1d_shared, conv2d
from minitorch_cuda.kernels.ladder.course import BLOCK, fold_kernel, map_kernel, zip_kernel
from minitorch_cuda.simulator import OutOfBoundsError, simulate
from minitorch_operators import add, maximum, mul, neg

Floats = NDArray[np.float32]
Arguments = list[NDArray[np.generic] | float]


def numbers(*shape: int) -> Floats:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)


def storage(x: Floats) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """A tensor as the course's kernels take it; all of its base, if it is a view of another one."""
    base = x if x.base is None else x.base
    strides = [stride // x.itemsize for stride in x.strides]
    assert isinstance(base, np.ndarray)
    return base.reshape(-1), np.array(x.shape, np.int64), np.array(strides, np.int64)


def blocks(size: int, threads: int = 8) -> int:
    return -(-size // threads)


@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 1, 3)], ids=str)
def test_map_takes_any_strides_and_broadcasts(shape: tuple[int, ...]) -> None:
    for x in (numbers(*shape), numbers(*shape[::-1]).T):
        out = np.zeros((2, *shape), np.float32)
        y, out_shape, out_strides = storage(out)
        data, *layout = storage(x)
        arguments: Arguments = [y, data, out_shape, out_strides, *layout]
        arguments += [out.size, out.ndim, x.ndim]
        simulate(map_kernel(neg.fn).function, blocks(out.size), 8, *arguments)
        np.testing.assert_array_equal(out, np.broadcast_to(-x, out.shape))


@pytest.mark.parametrize(
    ("left", "right"), [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 2))], ids=str
)
def test_zip_broadcasts_both(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    a, b = numbers(*left), numbers(*right)
    expected = a * b
    out = np.zeros(expected.shape, np.float32)
    y, *layout = storage(out)
    x, *layout_a = storage(a)
    z, *layout_b = storage(b)
    arguments: Arguments = [y, x, z, *layout, *layout_a, *layout_b]
    arguments += [out.size, out.ndim, a.ndim, b.ndim]
    simulate(zip_kernel(mul.fn).function, blocks(out.size), 8, *arguments)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("along", [0, 1, 2])
@pytest.mark.parametrize("shape", [(2, 3, 2), (2, 1, 3)], ids=str)
def test_reduce_folds_one_dimension(shape: tuple[int, ...], along: int) -> None:
    x = numbers(*shape[::-1]).transpose(2, 1, 0)
    for operator, start, fold in ((add, 0.0, np.sum), (maximum, -np.inf, np.max)):
        expected: Floats = np.asarray(fold(x, axis=along, keepdims=True))
        out = np.zeros(expected.shape, np.float32)
        y, *layout = storage(out)
        data, *layout_x = storage(x)
        arguments: Arguments = [y, data, *layout, *layout_x, x.ndim, along, start]
        simulate(fold_kernel(operator.fn).function, out.size, BLOCK, *arguments)
        np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-6)


def test_reduce_folds_more_than_a_block_has_threads() -> None:
    x, out = numbers(70), np.zeros(1, np.float32)
    y, *layout = storage(out)
    data, *layout_x = storage(x)
    simulate(fold_kernel(add.fn).function, 1, BLOCK, y, data, *layout, *layout_x, 1, 0, 0.0)
    np.testing.assert_allclose(out[0], x.sum(), rtol=1e-5)


def windows1d(x: Floats, weight: Floats, reverse: bool) -> Floats:
    """The course's convolution, by slices."""
    outputs, _, taps = weight.shape
    length = x.shape[2]
    out = np.zeros((len(x), outputs, length), np.float32)
    for k in range(taps):
        here, there = slice(0, max(length - k, 0)), slice(k, None)
        target, source = (there, here) if reverse else (here, there)
        out[:, :, target] += np.einsum("oc,bci->boi", weight[:, :, k], x[:, :, source])
    return out


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("length", "taps"), [(6, 3), (2, 4), (1, 1)])
def test_conv1d(length: int, taps: int, reverse: bool) -> None:
    x, weight = numbers(2, 3, length), numbers(4, 3, taps)
    out = np.empty((2, 4, length), np.float32)
    simulate(conv1d, blocks(out.size), 8, out, x, weight, 2, 3, length, 4, taps, int(reverse))
    np.testing.assert_allclose(out, windows1d(x, weight, reverse), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("length", "taps"), [(40, 3), (6, 8)])
def test_conv1d_with_a_shared_window(length: int, taps: int) -> None:
    x, weight = numbers(1, 2, length), numbers(2, 2, taps)
    out = np.empty((1, 2, length), np.float32)
    grid = (blocks(length, 32), 2, 1)
    simulate(conv1d_shared, grid, 32, out, x, weight, 2, length, 2, taps)
    np.testing.assert_allclose(out, windows1d(x, weight, False), rtol=1e-5, atol=1e-5)


def test_a_window_longer_than_its_tile_is_found() -> None:
    x, weight = numbers(1, 1, 40), numbers(1, 1, 9)
    with pytest.raises(OutOfBoundsError, match=r"writes window\[40\], but its shape is \(40,\)"):
        simulate(conv1d_shared, (1, 1, 1), 32, np.empty(40, np.float32), x, weight, 1, 40, 1, 9)


@pytest.mark.parametrize("reverse", [False, True])
def test_conv2d(reverse: bool) -> None:
    x, weight = numbers(1, 2, 4, 5), numbers(3, 2, 2, 3)
    out = np.empty((1, 3, 4, 5), np.float32)
    simulate(conv2d, blocks(out.size), 8, out, x, weight, 1, 2, 4, 5, 3, 2, 3, int(reverse))
    expected = np.zeros_like(out)
    for k in range(2):
        for q in range(3):
            here, there = (slice(0, 4 - k), slice(0, 5 - q)), (slice(k, None), slice(q, None))
            target, source = (there, here) if reverse else (here, there)
            part = np.einsum("oc,bcij->boij", weight[:, :, k, q], x[:, :, source[0], source[1]])
            expected[:, :, target[0], target[1]] += part
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


def test_the_gradient_of_conv1d_is_conv1d_reversed() -> None:
    """<conv(x), g> = <x, conv(g) reversed with the transposed weight>."""
    x, weight, g = numbers(1, 2, 6), numbers(3, 2, 2), numbers(1, 3, 6)
    out, back = np.empty((1, 3, 6), np.float32), np.empty((1, 2, 6), np.float32)
    simulate(conv1d, 3, 8, out, x, weight, 1, 2, 6, 3, 2, 0)
    turned = np.ascontiguousarray(weight.transpose(1, 0, 2))
    simulate(conv1d, 2, 8, back, g, turned, 1, 3, 6, 2, 2, 1)
    np.testing.assert_allclose((out * g).sum(), (x * back).sum(), rtol=1e-5)
