"""Products of a Jacobian or a Hessian with a vector, which need no whole matrix.

Everything is made of reverse mode. A product with a vector from the right is the derivative of the
product from the left, which is linear in its vector (the double backward trick:
https://j-towns.github.io/2017/06/12/A-new-trick.html).
"""

from __future__ import annotations

from collections.abc import Callable

from minitorch_autodiff import GradMode, is_grad_enabled
from minitorch_tensor.autograd_partials import (
    ONE_INPUT,
    ONE_OUTPUT,
    X,
    Y,
    alike,
    as_tuple,
    filled,
    finished,
    one_number,
    partials,
    prepared,
    pushed,
    require_grad,
    vectors,
)
from minitorch_tensor.core import Tensor


def vjp(
    func: Callable[..., Y],
    inputs: X,
    v: Y | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Y, X]:
    """The outputs, and v^T J: the vector v times the Jacobian of func.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.vjp.html

    Args:
        func: a function of tensors that returns a tensor or a tuple.
        inputs: its arguments: a tensor or a tuple.
        v: shaped as the outputs; may be omitted if there is one number.
        create_graph: record the result, to be differentiated again.
        strict: raise if an output does not depend on an input, instead of giving zeros.

    Raises:
        RuntimeError: if v does not fit, and in strict mode.
        TypeError: if there is anything but tensors.

    >>> x = Tensor([1.0, 2.0])
    >>> vjp(lambda x: x * x, x, Tensor([1.0, 10.0]))[1]
    Tensor([ 2., 40.], requires_grad=False)
    """
    with GradMode(True):
        xs = prepared(as_tuple("vjp", "inputs", inputs), create_graph)
        result = func(*xs)
        ys = as_tuple("vjp", "outputs", result)
        require_grad(ys, "outputs", strict)
        vs = vectors(v, ys, isinstance(result, Tensor), "vjp", ONE_OUTPUT)
    with GradMode(create_graph or is_grad_enabled()):
        found = filled(partials(ys, xs, vs, create_graph), xs, strict, create_graph, "back")
    return alike(result, finished(ys, create_graph)), alike(inputs, finished(found, create_graph))


def jvp(
    func: Callable[..., Y],
    inputs: X,
    v: X | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Y, Y]:
    """The outputs, and J v: the Jacobian of func times the vector v.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.jvp.html

    Args:
        func: as in `vjp`.
        inputs: as in `vjp`.
        v: shaped as the inputs; may be omitted if there is one number.
        create_graph: as in `vjp`.
        strict: as in `vjp`.

    Raises:
        RuntimeError: as `vjp`.
        TypeError: as `vjp`.

    >>> jvp(lambda x: x * x, Tensor([1.0, 2.0]), Tensor([1.0, 10.0]))[1]
    Tensor([ 2., 40.], requires_grad=False)
    """
    with GradMode(True):
        xs = prepared(as_tuple("jvp", "inputs", inputs), create_graph)
        vs = vectors(v, xs, isinstance(inputs, Tensor), "jvp", ONE_INPUT)
        result = func(*xs)
        ys = as_tuple("jvp", "outputs", result)
        require_grad(ys, "outputs", strict)
        found = filled(pushed(ys, xs, vs, create_graph, strict), ys, strict, create_graph, "trick")
    return alike(result, finished(ys, create_graph)), alike(result, finished(found, create_graph))


def vhp(
    func: Callable[..., Tensor],
    inputs: X,
    v: X | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Tensor, X]:
    """The output, and v^T H: the vector v times the Hessian of func.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.vhp.html

    Args:
        func: as in `hessian`.
        inputs: as in `vjp`.
        v: shaped as the inputs; may be omitted if there is one number.
        create_graph: as in `vjp`.
        strict: as in `vjp`.

    Raises:
        RuntimeError: as `hessian`, and if v does not fit.
        TypeError: if there is anything but tensors.

    >>> vhp(lambda x: (x * x * x).sum(), Tensor([1.0, 2.0]), Tensor([1.0, 10.0]))[1]
    Tensor([  6., 120.], requires_grad=False)
    """
    return _hessian_product("vhp", func, inputs, v, create_graph, strict)


def hvp(
    func: Callable[..., Tensor],
    inputs: X,
    v: X | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Tensor, X]:
    """The output, and H v: the Hessian of func times the vector v.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.hvp.html

    A Hessian is symmetric, so this is `vhp`, which is the cheaper one in PyTorch too.

    Args:
        func: as in `hessian`.
        inputs: as in `vjp`.
        v: shaped as the inputs; may be omitted if there is one number.
        create_graph: as in `vjp`.
        strict: as in `vjp`.

    Raises:
        RuntimeError: as `hessian`, and if v does not fit.
        TypeError: if there is anything but tensors.

    >>> hvp(lambda x: (x * x * x).sum(), Tensor([1.0, 2.0]), Tensor([1.0, 10.0]))[1]
    Tensor([  6., 120.], requires_grad=False)
    """
    return _hessian_product("hvp", func, inputs, v, create_graph, strict)


def _hessian_product(
    name: str,
    func: Callable[..., Tensor],
    inputs: X,
    v: X | None,
    create_graph: bool,
    strict: bool,
) -> tuple[Tensor, X]:
    with GradMode(True):
        xs = prepared(as_tuple(name, "inputs", inputs), create_graph)
        vs = vectors(v, xs, isinstance(inputs, Tensor), name, ONE_INPUT)
        result = func(*xs)
        y = one_number(name, result)
        require_grad((y,), "outputs", strict)
        first = filled(partials((y,), xs, graph=True), xs, strict, False, "back")
        require_grad(first, "jacobian", strict)
        second = partials(first, xs, vs, create_graph)
        found = filled(second, xs, strict, create_graph, "double")
    return finished((result,), create_graph)[0], alike(inputs, finished(found, create_graph))
