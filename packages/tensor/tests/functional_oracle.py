"""Holds a function of `minitorch_tensor.functional` against PyTorch's of the same name.

Values, gradients of every floating input, and, where asked, the gradients of these gradients: with
respect to the inputs, and to the gradient that came in, which tests the transposes of linear maps.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad

torch = pytest.importorskip("torch")

Array = NDArray[Any]


def normal(*shape: int) -> NDArray[np.float64]:
    """Numbers that depend on the shape alone."""
    return np.random.default_rng(zlib.crc32(repr(shape).encode())).standard_normal(shape)


def positive(*shape: int) -> NDArray[np.float64]:
    """Numbers in (0, 1)."""
    return 1.0 / (1.0 + np.exp(-normal(*shape)))


def whole(high: int, *shape: int) -> NDArray[np.int64]:
    """Integers in [0, high)."""
    return np.random.default_rng(zlib.crc32(repr(shape).encode())).integers(0, high, shape)


@dataclass(frozen=True)
class Case:
    """One call, written for both modules: `call(F, *inputs)`.

    Args:
        label: the name of the test.
        call: takes a functional module and tensors, and returns a tensor.
        inputs: arrays; the floating ones get gradients, but those in `constant`.
        second: whether second derivatives are compared.
        tolerance: relative and absolute, of values and first gradients; ten times that for second.
        constant: the inputs that need no gradient.
        gradients: whether gradients are compared at all.
    """

    label: str
    call: Callable[..., Any]
    inputs: Sequence[Array]
    second: bool = True
    tolerance: float = 1e-9
    constant: tuple[int, ...] = ()
    gradients: bool = True

    def needs(self) -> list[bool]:
        """Which inputs get a gradient."""
        return [
            self.gradients and x.dtype.kind == "f" and i not in self.constant
            for i, x in enumerate(self.inputs)
        ]


def parametrize(cases: Sequence[Case]) -> pytest.MarkDecorator:
    """One test a case."""
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.label)


def values(x: Any) -> Array:
    """The elements of a tensor of either kind."""
    array: Array = x.detach().numpy() if isinstance(x, Tensor) else x.detach().numpy(force=True)
    return array


def near(case: Case, what: str, ours: Any, theirs: Any, factor: float = 1.0) -> None:
    """Equal shape, dtype and numbers."""
    a, b = values(ours), values(theirs)
    assert a.shape == b.shape, f"{case.label}: {what}"
    assert a.dtype == b.dtype, f"{case.label}: {what}"
    limit = case.tolerance * factor
    if a.dtype == np.float32:  # of integers: another backend may compute on the CPU
        limit = max(limit, 4 * float(np.finfo(np.float32).eps))
    np.testing.assert_allclose(a, b, rtol=limit, atol=limit, err_msg=f"{case.label}: {what}")


def assert_like_torch(case: Case) -> None:
    """The case gives PyTorch's numbers."""
    needs = case.needs()
    xs = [mt.tensor(a, requires_grad=n) for a, n in zip(case.inputs, needs, strict=True)]
    ts = [torch.tensor(a, requires_grad=n) for a, n in zip(case.inputs, needs, strict=True)]
    functional: ModuleType = torch.nn.functional
    y, z = case.call(F, *xs), case.call(functional, *ts)
    near(case, "value", y, z)
    assert y.requires_grad == z.requires_grad
    if not z.requires_grad:
        return
    seed = normal(*y.shape).astype(values(y).dtype)
    g = mt.tensor(seed, requires_grad=case.second)
    h = torch.tensor(seed, requires_grad=case.second)
    x_wanted = [x for x, n in zip(xs, needs, strict=True) if n]
    t_wanted = [t for t, n in zip(ts, needs, strict=True) if n]
    ours = grad(y, x_wanted, g, create_graph=case.second, allow_unused=True)
    theirs = torch.autograd.grad(z, t_wanted, h, create_graph=case.second, allow_unused=True)
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        assert (a is None) == (b is None), f"{case.label}: gradient {i}"
        if a is not None:
            near(case, f"gradient {i}", a, b)
    if case.second:
        _compare_second(case, ours, theirs, [*x_wanted, g], [*t_wanted, h])


def _compare_second(
    case: Case,
    ours: Sequence[Tensor | None],
    theirs: Sequence[Any],
    x_wanted: Sequence[Tensor],
    t_wanted: Sequence[Any],
) -> None:
    y, z = mt.zeros((), dtype=mt.float64), torch.zeros((), dtype=torch.float64)
    for k, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a is not None:
            weights = normal(*a.shape, k + 1)[..., 0]
            y = y + (a * mt.tensor(weights)).sum()
            z = z + (b * torch.tensor(weights)).sum()
    first = grad(y, x_wanted, allow_unused=True, materialize_grads=True)
    second = torch.autograd.grad(z, t_wanted, allow_unused=True, materialize_grads=True)
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        near(case, f"second gradient {i}", a, b, 10.0)
