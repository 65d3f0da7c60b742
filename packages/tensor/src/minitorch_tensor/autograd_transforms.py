"""Functions to functions: `grad(f)` is the gradient of f. They can be nested, and lose no history.

Each call differentiates by fresh leaves, or aliases where an argument has a history of its own.
What comes out keeps a history only if it leads to something outside, be it an argument, a captured
tensor, or the leaf of an enclosing transform; otherwise it is a constant, as what went in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Concatenate, Literal, ParamSpec, TypeVar, overload
from weakref import WeakKeyDictionary

from minitorch_autodiff import AccumulateGrad, GradMode, Node, is_grad_enabled, youngest_first
from minitorch_tensor import views
from minitorch_tensor.autograd_partials import filled, partials
from minitorch_tensor.core import Tensor
from minitorch_tensor.trees import leaves, mapped, structure

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U")
A = TypeVar("A")
Argnums = int | tuple[int, ...]
Tensors = tuple[Tensor, ...]


_depth: ContextVar[int] = ContextVar("depth", default=0)
_depths: WeakKeyDictionary[Node[Tensor], int] = WeakKeyDictionary()  # of the leaves of all calls


class Level:
    """One call of a transform: its leaves, and those of calls within it, lead nowhere outside."""

    def __init__(self) -> None:
        self.recording = is_grad_enabled()  # around the call
        self.depth = _depth.get()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Here the function is run, recorded; transforms that it calls are one level deeper."""
        token = _depth.set(self.depth + 1)
        try:
            with GradMode(True):
                yield
        finally:
            _depth.reset(token)

    def enter(self, tree: object) -> object:
        """The tree with tensors to differentiate by in the places of its tensors.

        Raises:
            ValueError: if there is anything else in it.
            RuntimeError: if a tensor holds no floating point numbers.
        """
        return mapped(self._fresh, tree)

    def _fresh(self, x: object) -> Tensor:
        if not isinstance(x, Tensor):
            raise ValueError(
                f"Thing passed to transform API must be Tensor, got {type(x)}; leave out what "
                "shall not be differentiated by with argnums"
            )
        if x.requires_grad and self.recording:
            with GradMode(True):
                return views.alias(x)
        y = x.detach().requires_grad_()
        node = y.gradient_node()
        if node is not None:
            _depths[node] = self.depth
        return y

    def leads_out(self, xs: Sequence[Tensor]) -> bool:
        """Whether the history of one of them goes beyond this call."""
        if not self.recording:
            return False
        roots = [x.node for x in xs if x.requires_grad and x.node is not None]
        return any(
            isinstance(node, AccumulateGrad) and _depths.get(node, -1) < self.depth
            for node in youngest_first(roots)
        )

    def leave(self, tree: object) -> object:
        """The tree, its tensors without history unless that goes beyond this call."""
        return mapped(self._kept, tree)

    def _kept(self, x: object) -> object:
        if not isinstance(x, Tensor) or not x.requires_grad or self.leads_out([x]):
            return x
        return x.detach()


def tensors_of(name: str, tree: object) -> Tensors:
    """The tensors of a tree.

    Raises:
        RuntimeError: if there is anything else in it.
    """
    found = []
    for leaf in leaves(tree):
        if not isinstance(leaf, Tensor):
            raise RuntimeError(
                f"{name}: Expected f(*args) to return Tensors, got unsupported type {type(leaf)}"
            )
        found.append(leaf)
    return tuple(found)


def numbers_of(argnums: Argnums, count: int) -> tuple[int, ...]:
    """The places of the arguments, from 0.

    Raises:
        RuntimeError: if there is no such argument, or it is named twice.
    """
    wanted = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for n in wanted:
        if not isinstance(n, int):
            raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(n)}")
        if not -count <= n < count:
            raise RuntimeError(f"Got argnum={n}, but only {count} positional inputs")
    places = tuple(n % count for n in wanted)
    if not places or len(set(places)) < len(places):
        raise RuntimeError(f"argnums must be non-empty and each of them unique, got {argnums}")
    return places


def split_aux(name: str, result: object, has_aux: bool) -> tuple[object, object]:
    """The output and what is only passed on.

    Raises:
        RuntimeError: if they were promised, but are not there.
    """
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise RuntimeError(
            f"{name}(f)(*args): output of function f should be a tuple: (output, aux) if has_aux "
            "is True"
        )
    return result[0], result[1]


def put(args: tuple[object, ...], places: Sequence[int], values: Sequence[object]) -> list[object]:
    """The arguments with other values in some places."""
    changed = list(args)
    for place, value in zip(places, values, strict=True):
        changed[place] = value
    return changed


@overload
def grad_and_value(
    func: Callable[Concatenate[T, P], Tensor],
    argnums: Literal[0] = 0,
    has_aux: Literal[False] = False,
) -> Callable[Concatenate[T, P], tuple[T, Tensor]]: ...
@overload
def grad_and_value(
    func: Callable[Concatenate[T, P], tuple[Tensor, A]],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[True],
) -> Callable[Concatenate[T, P], tuple[T, tuple[Tensor, A]]]: ...
@overload
def grad_and_value(
    func: Callable[Concatenate[T, U, P], Tensor],
    argnums: tuple[Literal[0], Literal[1]],
    has_aux: Literal[False] = False,
) -> Callable[Concatenate[T, U, P], tuple[tuple[T, U], Tensor]]: ...
@overload
def grad_and_value(
    func: Callable[..., object], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., tuple[object, object]]: ...
def grad_and_value(
    func: Callable[..., object], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., tuple[object, object]]:
    """The function that gives the gradient of func, and its value.

    https://docs.pytorch.org/docs/stable/generated/torch.func.grad_and_value.html

    Args:
        func: as in `grad`.
        argnums: as in `grad`.
        has_aux: as in `grad`; the value is a pair then.

    Raises:
        RuntimeError: as `grad`, when it is called.
        ValueError: as `grad`, when it is called.

    >>> def square(x: Tensor) -> Tensor:
    ...     return x * x
    >>> grad_and_value(square)(Tensor(3.0))
    (Tensor(6.0, requires_grad=False), Tensor(9.0, requires_grad=False))
    """

    def transformed(*args: object, **kwargs: object) -> tuple[object, object]:
        level = Level()
        places = numbers_of(argnums, len(args))
        with level.inside():
            fresh = [level.enter(args[n]) for n in places]
            result = func(*put(args, places, fresh), **kwargs)
            y, aux = split_aux("grad_and_value", result, has_aux)
            if not isinstance(y, Tensor):
                raise RuntimeError(
                    f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(y)}"
                )
            if y.ndim:
                raise RuntimeError(
                    "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got "
                    f"tensor with {y.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs "
                    "instead?"
                )
            xs = tensors_of("grad", fresh)
            found = iter(gradients(level, (y,), xs, [None]))
        derivatives = [mapped(lambda x: next(found), tree) for tree in fresh]
        derivative = derivatives[0] if isinstance(argnums, int) else tuple(derivatives)
        value = level.leave(y)
        return derivative, (value, level.leave(aux)) if has_aux else value

    return transformed


def gradients(
    level: Level, ys: Tensors, xs: Tensors, seeds: Sequence[Tensor | None], *also: Tensor
) -> Tensors:
    """The gradients of ys by xs, recorded if they lead out of the level."""
    graph = level.leads_out([*ys, *also])
    found = filled(partials(ys, xs, seeds, graph), xs, False, graph, "back")
    return tuple(g if level.leads_out([g]) else g.detach() for g in found)


@overload
def grad(
    func: Callable[Concatenate[T, P], Tensor],
    argnums: Literal[0] = 0,
    has_aux: Literal[False] = False,
) -> Callable[Concatenate[T, P], T]: ...
@overload
def grad(
    func: Callable[Concatenate[T, P], tuple[Tensor, A]],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[True],
) -> Callable[Concatenate[T, P], tuple[T, A]]: ...
@overload
def grad(
    func: Callable[Concatenate[T, U, P], Tensor],
    argnums: tuple[Literal[0], Literal[1]],
    has_aux: Literal[False] = False,
) -> Callable[Concatenate[T, U, P], tuple[T, U]]: ...
@overload
def grad(
    func: Callable[..., object], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., object]: ...
def grad(
    func: Callable[..., object], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., object]:
    """The function that gives the gradient of func by its arguments `argnums`.

    https://docs.pytorch.org/docs/stable/generated/torch.func.grad.html

    Args:
        func: a function that returns a 0-d tensor.
        argnums: the place of the argument to differentiate by, or several. An argument may be a
            tree of tensors: tuples, lists and dicts in any nesting. So is its gradient then.
        has_aux: func returns a pair, and its second part is passed on: the result is
            `(gradient, aux)`.

    Raises:
        RuntimeError: when it is called, if func returns no 0-d tensor, or argnums do not fit.
        ValueError: when it is called, if there is no tensor to differentiate by.

    >>> def cube(x: Tensor) -> Tensor:
    ...     return x * x * x
    >>> grad(cube)(Tensor(2.0)), grad(grad(cube))(Tensor(2.0))
    (Tensor(12.0, requires_grad=False), Tensor(12.0, requires_grad=False))
    """
    both = grad_and_value(func, argnums, has_aux)

    def transformed(*args: object, **kwargs: object) -> object:
        derivative, value = both(*args, **kwargs)
        if has_aux and isinstance(value, tuple):
            return derivative, value[1]
        return derivative

    return transformed


@overload
def vjp(
    func: Callable[..., T], *primals: object, has_aux: Literal[False] = False
) -> tuple[T, Callable[..., tuple[Tensor, ...]]]: ...
@overload
def vjp(
    func: Callable[..., tuple[T, A]], *primals: object, has_aux: Literal[True]
) -> tuple[T, Callable[..., tuple[Tensor, ...]], A]: ...
def vjp(func: Callable[..., object], *primals: object, has_aux: bool = False) -> tuple[object, ...]:
    """The value of func, and the function that multiplies its Jacobian by vectors from the left.

    https://docs.pytorch.org/docs/stable/generated/torch.func.vjp.html

    Args:
        func: a function that returns a tensor or a tree of tensors.
        primals: its arguments: tensors or trees of them.
        has_aux: func returns a pair, and its second part is passed on, as a third result.

    Returns:
        The output, and a function of one vector for each output, in their structure. It gives one
        for each of the primals, in theirs (a type checker takes each for a Tensor).

    Raises:
        RuntimeError: if func returns anything but tensors; when that function is called, if the
            vectors do not fit.
        ValueError: if there are other primals than tensors.

    >>> y, pull = vjp(lambda x: x * x, Tensor([1.0, 2.0]))
    >>> pull(Tensor([1.0, 10.0]))
    (Tensor([ 2., 40.], requires_grad=False),)
    """
    level = Level()
    with level.inside():
        fresh = [level.enter(primal) for primal in primals]
        output, aux = split_aux("vjp", func(*fresh), has_aux)
        ys = tensors_of("vjp(f, *primals)", output)
    xs = tensors_of("vjp", fresh)

    def pull(
        cotangents: object, retain_graph: bool = True, create_graph: bool | None = None
    ) -> tuple[object, ...]:
        if structure(cotangents) != structure(output):
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of "
                f"outputs to the function. cotangents: {structure(cotangents)}, primal output: "
                f"{structure(output)}"
            )
        vs = tensors_of("vjp", cotangents)
        found = iter(gradients(level, ys, xs, vs, *vs))
        return tuple(mapped(lambda x: next(found), tree) for tree in fresh)

    results = (level.leave(output), pull)
    return (*results, level.leave(aux)) if has_aux else results
