"""Checks of the derivatives of functions of Scalars, and the plain central difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from minitorch_autodiff.differences import GradcheckError, check_backward, check_double_backward
from minitorch_autodiff.scalar import Scalar

V = TypeVar("V", float, Scalar)


def central_difference(f: Callable[..., V], *vals: V, arg: int = 0, epsilon: float = 1e-6) -> V:
    r"""The slope of f by its argument number `arg`, measured: `(f(x + e) - f(x - e)) / 2e`.

    Its error is of order e^2, where that of `(f(x + e) - f(x)) / e` is of order e.

    Args:
        f: a function of numbers (or Scalars).
        vals: where to measure: the arguments of f.
        arg: by which of them.
        epsilon: the step e.

    Raises:
        IndexError: if there is no argument with that number.

    >>> round(central_difference(lambda x, y: x * x * y, 3.0, 2.0), 6)
    12.0
    """
    if not -len(vals) <= arg < len(vals):
        raise IndexError(f"central_difference: arg={arg}, but f was given {len(vals)} values")
    above, below = list(vals), list(vals)
    above[arg] = vals[arg] + epsilon
    below[arg] = vals[arg] - epsilon
    return (f(*above) - f(*below)) / (2.0 * epsilon)


class _Float:
    """A Scalar has one component."""

    def read(self, value: Scalar, /) -> list[float]:
        return [value.data]

    def build(self, like: Scalar, numbers: Sequence[float], requires_grad: bool, /) -> Scalar:
        return Scalar(numbers[0], name=like.name, requires_grad=requires_grad)


def gradcheck(
    f: Callable[..., Scalar | Sequence[Scalar]],
    inputs: Scalar | Sequence[Scalar],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    fast_mode: bool = False,
) -> bool:
    """Whether the derivatives of f agree with central differences, for Scalars.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html

    Args:
        f: a function of Scalars that gives one, or several.
        inputs: where to check; derivatives by those that require grad are compared.
        eps: the step of the differences.
        atol: how far a derivative may be from the difference d: `atol + rtol * abs(d)`.
        rtol: see `atol`.
        raise_exception: raise the error that explains what is wrong; otherwise return False.
        fast_mode: check one random combination of the outputs only.

    Raises:
        ValueError: if no input requires grad.
        GradcheckError: if a derivative is wrong, f has a kink here, or f is random.

    >>> gradcheck(lambda x, y: x * y, [Scalar(2.0, requires_grad=True), Scalar(3.0)])
    True
    """
    xs = [inputs] if isinstance(inputs, Scalar) else list(inputs)
    try:
        check_backward(f, xs, _Float(), eps=eps, atol=atol, rtol=rtol, fast_mode=fast_mode)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    f: Callable[..., Scalar | Sequence[Scalar]],
    inputs: Scalar | Sequence[Scalar],
    grad_outputs: Scalar | Sequence[Scalar] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether the second derivatives of f agree with differences of first ones, for Scalars.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html

    Args:
        f: as in `gradcheck`.
        inputs: as in `gradcheck`.
        grad_outputs: gradients of the outputs to start from; random ones if omitted.
        eps: as in `gradcheck`.
        atol: as in `gradcheck`.
        rtol: as in `gradcheck`.
        raise_exception: as in `gradcheck`.

    Raises:
        ValueError: if no input requires grad.
        GradcheckError: as in `gradcheck`.

    >>> gradgradcheck(lambda x: x.exp() * x, Scalar(0.5, requires_grad=True))
    True
    """
    xs = [inputs] if isinstance(inputs, Scalar) else list(inputs)
    gs = [grad_outputs] if isinstance(grad_outputs, Scalar) else grad_outputs
    try:
        check_double_backward(f, xs, _Float(), grad_outputs=gs, eps=eps, atol=atol, rtol=rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True
