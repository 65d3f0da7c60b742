"""Whole expressions on "cuda", in the simulator: values and gradients are the NumPy device's."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

import minitorch_tensor as t
from minitorch_cuda import numbers_of_the_cpu, use_simulator
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F
from minitorch_tensor.autograd import grad

Program = Callable[[str], list[Tensor]]


@pytest.fixture(autouse=True)
def simulator() -> Iterator[None]:
    with use_simulator(), numbers_of_the_cpu():
        yield


def leaves(device: str, *shapes: tuple[int, ...]) -> list[Tensor]:
    return [t.randn(*shape, device=device, requires_grad=True) for shape in shapes]


def with_gradients(loss: Tensor, *inputs: Tensor) -> list[Tensor]:
    loss.backward()
    gradients = [x.grad for x in inputs]
    return [loss, *(g for g in gradients if g is not None)]


def broadcasting(device: str) -> list[Tensor]:
    a, b, c = leaves(device, (4, 5), (5, 1), (1, 3))
    y = ((a @ b + c) * a.sum(1, keepdim=True)).tanh()
    picked = y.gather(0, t.tensor([[0, 2, 1], [1, 1, 0]], device=device))
    return with_gradients((picked * picked).mean() + y.max(), a, b, c)


def batched_products(device: str) -> list[Tensor]:
    a, b = leaves(device, (2, 1, 3, 4), (3, 4, 2))
    return with_gradients((a @ b).square().sum() + (a.transpose(2, 3) @ a).sum(), a, b)


def views(device: str) -> list[Tensor]:
    (x,) = leaves(device, (4, 5))
    rows = x[t.tensor([0, 0, 3], device=device)]
    return with_gradients((x[1:, ::2] * 2).sum() + rows.square().sum() + x[2, 3], x)


def reductions(device: str) -> list[Tensor]:
    (x,) = leaves(device, (4, 5))
    largest, where = x.max(1)
    return [
        where,
        *with_gradients(x.var(0).sum() + largest.sum() + x.prod(1).sum() + x.mean(), x),
    ]


def choices(device: str) -> list[Tensor]:
    (x,) = leaves(device, (4, 5))
    return with_gradients(t.where(x > 0, x, x * 0.1).square().sum() + x.clamp(-1, 1).sum(), x)


def convolution(device: str) -> list[Tensor]:
    x, w, b = leaves(device, (1, 2, 4, 4), (2, 2, 3, 3), (2,))
    y = F.conv2d(x, w, b, padding=1)
    return with_gradients(F.max_pool2d(y, 2).square().sum(), x, w, b)


def losses(device: str) -> list[Tensor]:
    (x,) = leaves(device, (4, 5))
    labels = t.tensor([0, 3, 4, 1], device=device)
    return with_gradients(F.cross_entropy(x, labels) + F.softmax(x, 1).square().sum(), x)


def normalised(device: str) -> list[Tensor]:
    x, w, b = leaves(device, (3, 9), (9,), (9,))
    return with_gradients((F.layer_norm(x, (9,), w, b) ** 3).sum(), x, w, b)


def second_derivatives(device: str) -> list[Tensor]:
    (x,) = leaves(device, (3, 4))
    (first,) = grad((x.tanh() * x).sum(), [x], create_graph=True)
    assert first is not None
    return with_gradients((first * first).sum(), x)


def integers_and_bools(device: str) -> list[Tensor]:
    x = t.arange(12, device=device).reshape(3, 4)
    y = x.float()
    return [
        *(x + 1, x // 5, x % 5, x.sum(), (x > 3).any(0), x.argmax(1), y.std(), x.to(t.int8)),
        *(t.cat([y, y]), t.stack([y, y]), t.eye(3, device=device), t.tril(y), y.flip(0)),
        *(t.full((2,), 7, device=device), y.T @ y, y.nonzero(), y.masked_select(y > 3)),
    ]


def random_numbers(device: str) -> list[Tensor]:
    return [
        t.rand(3, 4, device=device),
        t.randn(20, device=device),
        t.randperm(7, device=device),
        t.randint(0, 9, (5,), device=device),
        t.zeros(3, 2, device=device).t().uniform_(),
    ]


def in_place(device: str) -> list[Tensor]:
    x = t.zeros(3, 4, device=device)
    x[1] = 2
    x.add_(1)
    x[:, 2] *= 3
    x.t().mul_(2)
    x[0, 0] = 5
    return [x]


PROGRAMS = [
    *(broadcasting, batched_products, views, reductions, choices, convolution, losses),
    *(normalised, second_derivatives, integers_and_bools, random_numbers, in_place),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_program_gives_the_numpy_devices_numbers(program: Program) -> None:
    results = []
    for device in ("numpy", "cuda"):
        t.manual_seed(0)
        results.append(program(device))
    for expected, got in zip(*results, strict=True):
        assert got.device.type == "cuda"
        assert got.dtype is expected.dtype
        assert got.shape == expected.shape
        np.testing.assert_allclose(
            got.detach().to("cpu").numpy(), expected.detach().numpy(), rtol=1e-4, atol=1e-5
        )


def test_a_tensor_goes_there_and_back() -> None:
    x = t.tensor([[1.0, 2.0], [3.0, 4.0]])
    there = x.to("cuda")
    assert str(there.device) == "cuda:0"
    assert there.t().to("cpu").tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert there[1, 0].item() == 3.0
    assert "device='cuda:0'" in repr(there)


def test_a_bad_index_is_refused() -> None:
    x = t.zeros(3, device="cuda")
    with pytest.raises(IndexError, match="index 3 at position"):
        x.index_select(0, t.tensor([1, 3], device="cuda"))
    with pytest.raises(RuntimeError, match="index 3 at position"):  # as PyTorch has it
        x.gather(0, t.tensor([1, 3], device="cuda"))


def test_devices_do_not_mix() -> None:
    with pytest.raises(RuntimeError, match="cuda:0"):
        t.zeros(3, device="cuda") + t.zeros(3)


@pytest.mark.parametrize("dtype", [t.float16, t.bfloat16], ids=["float16", "bfloat16"])
def test_16_bit_floats_live_there_too(dtype: t.DType) -> None:
    x = t.tensor([[1.5, -2.0], [0.25, 4.0]], dtype=dtype)
    there = x.to("cuda").requires_grad_()
    assert there.dtype is dtype
    y = (there * there + 1).sum()
    y.backward()
    assert there.grad is not None
    assert there.grad.dtype is dtype
    assert there.grad.to("cpu").tolist() == [[3.0, -4.0], [0.5, 8.0]]
    assert there.detach().float().to("cpu").tolist() == x.tolist()
    assert there.detach().to("cpu").to(t.int64).tolist() == x.to(t.int64).tolist()
    assert (there @ there.T).to("cpu").tolist() == (x @ x.T).tolist()
