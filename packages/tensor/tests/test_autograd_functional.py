"""`autograd.functional`: the same programs here and in PyTorch give the same, errors included."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import minitorch_tensor as mt
from minitorch_tensor import autograd_jacobians, autograd_products
from minitorch_tensor.autograd_jacobians import hessian, jacobian
from minitorch_tensor.autograd_products import hvp, jvp, vhp, vjp

OURS = SimpleNamespace(
    jacobian=autograd_jacobians.jacobian,
    hessian=autograd_jacobians.hessian,
    vjp=autograd_products.vjp,
    jvp=autograd_products.jvp,
    vhp=autograd_products.vhp,
    hvp=autograd_products.hvp,
)

Program = Callable[[ModuleType, SimpleNamespace], object]


def x(lib: ModuleType) -> mt.Tensor:
    made: mt.Tensor = lib.tensor([0.5, 2.0, -1.0], dtype=lib.float64)
    return made


def m(lib: ModuleType) -> mt.Tensor:
    made: mt.Tensor = lib.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]], dtype=lib.float64)
    return made


def v(lib: ModuleType) -> mt.Tensor:
    made: mt.Tensor = lib.tensor([1.0, -2.0, 3.0], dtype=lib.float64)
    return made


def ones(lib: ModuleType, *shape: int) -> mt.Tensor:
    made: mt.Tensor = lib.ones(*shape, dtype=lib.float64)
    return made


PROGRAMS: dict[str, Program] = {
    "jacobian": lambda t, F: F.jacobian(lambda a: a * a, x(t)),
    "jacobian of a tuple of inputs": lambda t, F: F.jacobian(lambda a, b: b @ a, (x(t), m(t))),
    "jacobian of a tuple of outputs": lambda t, F: F.jacobian(lambda a: (a.exp(), a.sum()), x(t)),
    "jacobian of both": lambda t, F: F.jacobian(lambda a, b: (a * b, b * 2), (x(t), v(t))),
    "jacobian of a number": lambda t, F: F.jacobian(lambda a: a.sum(), x(t)),
    "jacobian independent": lambda t, F: F.jacobian(lambda a: a.detach(), x(t)),
    "jacobian vectorized": lambda t, F: F.jacobian(lambda a: a.sin(), x(t), vectorize=True),
    "jacobian strict": lambda t, F: F.jacobian(lambda a: a.detach(), x(t), strict=True),
    "jacobian strict input": lambda t, F: F.jacobian(lambda a, b: a, (x(t), x(t)), strict=True),
    "jacobian strict linear": lambda t, F: F.jacobian(
        lambda a: a * 2, x(t), strict=True, create_graph=True
    ),
    "jacobian of a list": lambda t, F: F.jacobian(lambda a: [a], x(t)),
    "jacobian at a list": lambda t, F: F.jacobian(lambda a: a, [x(t)]),
    "jacobian at a number": lambda t, F: F.jacobian(lambda a: a, (x(t), 3)),
    "jacobian create_graph": lambda t, F: F.jacobian(
        lambda a: a**3, x(t).requires_grad_(), create_graph=True
    ).sum(),
    "hessian": lambda t, F: F.hessian(lambda a: (a**3).sum(), x(t)),
    "hessian of two": lambda t, F: F.hessian(lambda a, b: (b @ a).pow(2).sum(), (x(t), m(t))),
    "hessian linear": lambda t, F: F.hessian(lambda a: a.sum(), x(t)),
    "hessian one element": lambda t, F: F.hessian(lambda a: (a**2).sum().view(1), x(t)),
    "hessian strict": lambda t, F: F.hessian(lambda a: a.sum(), x(t), strict=True),
    "hessian of several": lambda t, F: F.hessian(lambda a: a, x(t)),
    "hessian of a tuple": lambda t, F: F.hessian(lambda a: (a, a), x(t)),
    "vjp": lambda t, F: F.vjp(lambda a: a * a, x(t), v(t)),
    "vjp of a number": lambda t, F: F.vjp(lambda a: a.prod(), x(t)),
    "vjp of tuples": lambda t, F: F.vjp(
        lambda a, b: (a * b, b.sum()), (x(t), v(t)), (v(t), x(t).sum())
    ),
    "vjp independent": lambda t, F: F.vjp(lambda a: a.detach(), x(t), v(t)),
    "vjp strict": lambda t, F: F.vjp(lambda a, b: a, (x(t), x(t)), v(t), strict=True),
    "vjp without v": lambda t, F: F.vjp(lambda a: a, x(t)),
    "vjp another v": lambda t, F: F.vjp(lambda a: a, x(t), ones(t, 2)),
    "vjp too few v": lambda t, F: F.vjp(lambda a: (a, a), x(t), v(t)),
    "vjp of a number given": lambda t, F: F.vjp(lambda a: a, 3, v(t)),
    "jvp": lambda t, F: F.jvp(lambda a: a * a, x(t), v(t)),
    "jvp of tuples": lambda t, F: F.jvp(lambda a, b: (a * b, b.sum()), (x(t), v(t)), (v(t), x(t))),
    "jvp of a number": lambda t, F: F.jvp(lambda a: a.exp(), ones(t, 1)),
    "jvp independent": lambda t, F: F.jvp(lambda a: a.detach(), x(t), v(t)),
    "jvp linear": lambda t, F: F.jvp(lambda a: a * 2, x(t), v(t)),
    "jvp strict": lambda t, F: F.jvp(lambda a: a.detach(), x(t), v(t), strict=True),
    "jvp strict linear": lambda t, F: F.jvp(
        lambda a: a * 2, x(t), v(t), strict=True, create_graph=True
    ),
    "jvp without v": lambda t, F: F.jvp(lambda a: a, x(t)),
    "vhp": lambda t, F: F.vhp(lambda a: (a**3).sum(), x(t), v(t)),
    "vhp of two": lambda t, F: F.vhp(lambda a, b: (b @ a).pow(2).sum(), (x(t), m(t)), (v(t), m(t))),
    "vhp of several": lambda t, F: F.vhp(lambda a: a, x(t), v(t)),
    "hvp": lambda t, F: F.hvp(lambda a: (a**3).prod(), x(t), v(t)),
    "hvp of two": lambda t, F: F.hvp(lambda a, b: (b @ a).pow(2).sum(), (x(t), m(t)), (v(t), m(t))),
    "hvp linear": lambda t, F: F.hvp(lambda a: a.sum(), x(t), v(t)),
    "hvp strict": lambda t, F: F.hvp(lambda a: a.sum(), x(t), v(t), strict=True),
    "hvp one number": lambda t, F: F.hvp(lambda a: (a**3).sum(), ones(t, 1)),
    "hvp without v": lambda t, F: F.hvp(lambda a: (a**3).sum(), x(t)),
}


def plain(value: Any) -> object:
    """Numbers, shape and requires_grad of what was returned, in its structure."""
    if isinstance(value, (tuple, list)):
        return type(value)(plain(part) for part in value)
    if hasattr(value, "requires_grad"):
        array = value.detach().numpy()
        numbers = [round(float(number), 8) + 0.0 for number in array.reshape(-1)]
        return tuple(array.shape), numbers, value.requires_grad
    return value


def outcome(program: Program, lib: ModuleType, functional: SimpleNamespace) -> object:
    try:
        return plain(program(lib, functional))
    except (RuntimeError, TypeError) as error:
        return type(error)


def text_of(program: Program, lib: ModuleType, functional: SimpleNamespace) -> str:
    with pytest.raises((RuntimeError, TypeError)) as caught:
        program(lib, functional)
    return str(caught.value)


@pytest.mark.parity
@pytest.mark.parametrize("name", PROGRAMS)
def test_parity(name: str) -> None:
    torch = pytest.importorskip("torch")
    program = PROGRAMS[name]
    expected = outcome(program, torch, torch.autograd.functional)
    found = outcome(program, mt, OURS)
    if isinstance(expected, type):
        assert found is expected
        theirs = text_of(program, torch, torch.autograd.functional)
        ours = text_of(program, mt, OURS)
        # Where a type or a shape is named, its spelling is ours.
        first = theirs.partition("<class")[0].partition("torch.Size")[0].rstrip(". \n")
        assert ours.startswith(first)
    else:
        assert found == expected


def test_the_result_can_be_differentiated() -> None:
    a = mt.tensor([1.0, 2.0], requires_grad=True)
    for result in (
        jacobian(lambda a: a**3, a, create_graph=True).sum(),
        vjp(lambda a: (a**3).sum(), a, create_graph=True)[1].sum(),
        jvp(lambda a: a**3, a, mt.ones(2), create_graph=True)[1].sum(),
    ):
        a.grad = None
        result.backward()
        assert a.grad is not None
        assert a.grad.tolist() == [6.0, 12.0]
    for result in (
        hessian(lambda a: (a**3).sum(), a, create_graph=True).sum(),
        vhp(lambda a: (a**3).sum(), a, mt.ones(2), create_graph=True)[1].sum(),
        hvp(lambda a: (a**3).sum(), a, mt.ones(2), create_graph=True)[1].sum(),
    ):
        a.grad = None
        result.backward()
        assert a.grad is not None
        assert a.grad.tolist() == [6.0, 6.0]


def test_they_work_within_no_grad_and_touch_no_grad() -> None:
    a = mt.tensor([1.0, 2.0], requires_grad=True)
    with mt.no_grad():
        assert jacobian(lambda a: a * a, a).tolist() == [[2.0, 0.0], [0.0, 4.0]]
        assert hvp(lambda a: (a**3).sum(), a, mt.ones(2))[1].tolist() == [6.0, 12.0]
    assert a.grad is None


def test_a_function_may_give_nothing() -> None:
    assert jacobian(lambda a: a[:0], mt.ones(3)).shape == (0, 3)
    assert hvp(lambda a: a.sum(), mt.ones(0), mt.ones(0))[1].shape == (0,)


def test_options_are_checked() -> None:
    a = mt.ones(2)
    with pytest.raises(ValueError, match="'reverse-mode' or 'forward-mode', but got 'sideways'"):
        jacobian(lambda a: a, a, strategy="sideways")  # type: ignore[call-overload]
    with pytest.raises(RuntimeError, match="not supported together"):
        jacobian(lambda a: a, a, strict=True, vectorize=True)
