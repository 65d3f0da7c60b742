"""`Op`: a composite and its overrides; `FusedNode`: a kernel's gradient, the composite's second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

import minitorch_tensor as mt
from minitorch_tensor import FusedNode, Op, Tensor, record_fused
from minitorch_tensor.autograd import grad
from minitorch_tensor.op import kernels_of


@Op
def cube(input: Tensor, scale: float = 1.0) -> Tensor:
    """scale * input ** 3."""
    return input * input * input * scale


CALLS: list[str] = []


def fused_cube(input: Tensor, scale: float = 1.0) -> Tensor:
    """As `cube`, with a gradient of its own."""
    with mt.no_grad():
        y = input**3 * scale

    def kernel(g: Tensor) -> Sequence[Tensor | None]:
        CALLS.append("backward")
        return (g * input.detach() ** 2 * (3.0 * scale),)

    CALLS.append("forward")
    return record_fused(
        "CubeBackward0", y, [input], kernel, lambda inputs: cube.composite(inputs[0], scale)
    )


@pytest.fixture
def overridden() -> Iterator[None]:
    CALLS.clear()
    cube.override("numpy")(fused_cube)
    yield
    del cube._kernels["numpy"]


def test_the_device_of_the_first_argument_decides(overridden: None) -> None:
    assert cube(mt.tensor([2.0])).tolist() == [8.0]
    assert CALLS == []
    assert cube(mt.tensor([2.0], device="numpy"), 2.0).tolist() == [16.0]
    assert CALLS == ["forward"]
    assert cube.overridden() == ("numpy",)
    assert cube.__doc__ == "scale * input ** 3."


def test_the_kernel_gives_the_gradient_and_the_composite_the_second(overridden: None) -> None:
    x = mt.tensor([2.0], device="numpy", requires_grad=True)
    y = cube(x, 2.0)
    assert isinstance(y.grad_fn, FusedNode)
    assert y.grad_fn.name() == "CubeBackward0"
    y.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [24.0]
    assert CALLS == ["forward", "backward"]
    (g,) = grad(cube(x, 2.0), x, create_graph=True)
    assert g is not None
    (h,) = grad(g, x, create_graph=True)
    assert h is not None
    (third,) = grad(h, x)
    assert third is not None
    assert (g.tolist(), h.tolist(), third.tolist()) == ([24.0], [24.0], [12.0])
    assert CALLS == ["forward", "backward", "forward"]


def test_nothing_is_recorded_without_need(overridden: None) -> None:
    assert not cube(mt.tensor([2.0], device="numpy")).requires_grad
    x = mt.tensor([2.0], device="numpy", requires_grad=True)
    with mt.no_grad():
        assert not cube(x).requires_grad


def product(a: Tensor, b: Tensor) -> Tensor:
    """a * b, fused."""
    with mt.no_grad():
        y = a * b
    return record_fused(
        "ProductBackward0", y, [a, b],
        lambda g: (g * b.detach(), g * a.detach()), lambda inputs: inputs[0] * inputs[1],
    )  # fmt: skip


def test_inputs_that_depend_on_one_another_have_partial_derivatives() -> None:
    x = mt.tensor([3.0], requires_grad=True)
    y = x * x
    (g,) = grad(product(x, y), x, create_graph=True)  # x ** 3
    assert g is not None
    (h,) = grad(g, x)
    assert h is not None
    assert (g.tolist(), h.tolist()) == ([27.0], [18.0])


def test_a_fused_node_notices_writes_and_is_freed() -> None:
    x = mt.tensor([3.0], requires_grad=True)
    y = x * 1
    z = product(y, x)
    y.add_(1)
    with pytest.raises(
        RuntimeError, match="what ProductBackward0 saved is at version 1; expected version 0"
    ):
        z.backward()
    w = product(x, x)
    w.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        w.backward()


def test_a_constant_input_gets_no_gradient() -> None:
    x = mt.tensor([3.0], requires_grad=True)
    constant = mt.tensor([5.0])
    (g,) = grad(product(x, constant), x, create_graph=True)
    assert g is not None
    assert g.tolist() == [5.0]
    assert constant.grad is None


def test_kernels_of_another_device_run_for_a_while(overridden: None) -> None:
    x = Tensor([2.0], device="cpu")

    @cube.override("elsewhere")
    def elsewhere(input: Tensor, scale: float = 1.0) -> Tensor:
        return input * 0.0

    def work() -> None:
        with kernels_of("elsewhere"):
            assert cube(x).tolist() == [0.0]
            assert cube(input=x, scale=2.0).tolist() == [0.0]
            with kernels_of("nowhere"):
                assert cube(x).tolist() == [8.0]
            assert cube(x).tolist() == [0.0]
            raise ValueError("on the way")

    usual = Op.__call__
    with pytest.raises(ValueError, match="on the way"):
        work()
    assert Op.__call__ is usual
    assert cube(x).tolist() == [8.0]
    del cube._kernels["elsewhere"]
