"""linear in one launch, in the simulator, against its composite on the CPU."""

from collections.abc import Callable

import pytest

from minitorch_cuda.functional.linear import linear_fused
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import DType, bfloat16, float16, float64
from minitorch_tensor.functional.linear import linear

from .fused_cases import close, compare, on, random

pytestmark = pytest.mark.usefixtures("simulator")


@pytest.mark.parametrize("shape", [(5,), (7, 5), (2, 3, 8), (0, 5), (2, 40)])
@pytest.mark.parametrize("bias", [True, False])
def test_same_as_the_composite(shape: tuple[int, ...], bias: bool) -> None:
    arrays = [random(*shape), random(3, shape[-1]), random(3)]
    compare(linear_fused, linear.composite, arrays[: 2 + bias], second=shape == (7, 5))


def turned(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """All operands the other way round in memory."""

    def call(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return function(x.transpose(0, 1), w.t(), b[::2])

    return call


def test_operands_of_any_strides() -> None:
    arrays = [random(2, 3, 4).transpose(1, 0, 2).copy(), random(4, 5), random(10)]
    compare(turned(linear_fused), turned(linear.composite), arrays)


@pytest.mark.parametrize("dtype", [float64, float16, bfloat16], ids=str)
def test_other_floats(dtype: DType) -> None:
    compare(linear_fused, linear.composite, [random(2, 36), random(4, 36), random(4)], dtype)


def test_what_does_not_fit_is_refused_by_the_composite() -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        linear(on("cuda", random(2, 3)), on("cuda", random(4, 5)))


def test_a_matrix_without_rows() -> None:
    x, w = on("cuda", random(2, 3)), on("cuda", random(0, 3))
    close(linear(x, w), linear.composite(x.to("numpy"), w.to("numpy")), 1e-6)
