"""The public names, and the functions that a device may override."""

import re
from collections.abc import Sequence
from types import FunctionType

import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Op, Tensor
from minitorch_tensor.functional.pool import max_pool1d_values, max_pool2d_values
from minitorch_tensor.functional.pool3d import max_pool3d_values

OPS = [
    "avg_pool2d", "avg_pool3d", "batch_norm", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
    "conv_transpose2d", "conv_transpose3d", "cross_entropy", "ctc_loss", "dropout", "embedding",
    "embedding_bag", "group_norm", "instance_norm", "layer_norm", "linear", "log_softmax",
    "rms_norm", "scaled_dot_product_attention", "softmax",
]  # fmt: skip


def test_the_list_of_names_is_sorted_and_complete() -> None:
    functions = {
        name
        for name, value in vars(F).items()
        if isinstance(value, (FunctionType, Op)) and not name.startswith("_")
    }
    assert list(F.__all__) == sorted(functions)


def test_those_worth_a_kernel_can_be_overridden() -> None:
    assert [name for name in F.__all__ if isinstance(getattr(F, name), Op)] == OPS
    assert isinstance(max_pool1d_values, Op)
    assert isinstance(max_pool2d_values, Op)
    assert isinstance(max_pool3d_values, Op)


@pytest.mark.parametrize("name", F.__all__)
def test_every_function_says_what_it_computes_and_where_it_is_specified(name: str) -> None:
    text = getattr(F, name).__doc__
    assert text is not None
    page = name.removesuffix("_with_indices")
    assert re.search(
        rf"https://docs\.pytorch\.org/docs/stable/generated/torch\.nn\.functional\.{page}\.html",
        text,
    )


def test_max_pool2d_uses_the_override_of_its_values() -> None:
    kernels = max_pool2d_values._kernels
    x = mt.zeros(1, 2, 2, device="numpy")

    @max_pool2d_values.override("numpy")
    def kernel(
        input: Tensor,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        ceil_mode: bool = False,
    ) -> Tensor:
        return input + 1.0

    try:
        assert F.max_pool2d(x, 2).tolist() == [[[1.0, 1.0], [1.0, 1.0]]]
    finally:
        del kernels["numpy"]
    assert F.max_pool2d(x, 2).tolist() == [[[0.0]]]


@pytest.mark.parity
@pytest.mark.parametrize("name", F.__all__)
def test_every_name_is_one_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    assert hasattr(torch.nn.functional, name)
