"""Checkpointing: what lies between the inputs and outputs of a part is computed again in backward.

The part is recorded as usual, but only to see where its graph ends: at its inputs, and at all
parameters it uses. Then one node takes the place of that graph, and the tensors in it are freed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

from minitorch.nn.container import Sequential
from minitorch.nn.module import Module
from minitorch_autodiff import (
    AccumulateGrad,
    Many,
    Node,
    Output,
    Saved,
    enable_grad,
    is_grad_enabled,
    next_sequence,
    no_grad,
)
from minitorch_autodiff import backward as walk
from minitorch_autodiff.saved import FREED
from minitorch_tensor import Tensor
from minitorch_tensor.amp.state import CastAlike
from minitorch_tensor.random import remember
from minitorch_tensor.trees import leaves

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn"]

_R = TypeVar("_R")
_Contexts = tuple[AbstractContextManager[object], AbstractContextManager[object]]


class CheckpointError(RuntimeError):
    """What was computed again is not what was computed first."""


def noop_context_fn() -> _Contexts:
    """_Contexts that do nothing, for the forward and for the recomputation."""
    return nullcontext(), nullcontext()


class _Call:
    """A call that can be made again, with the tensors and the random numbers of the first time."""

    def __init__(
        self,
        function: Callable[..., object],
        args: tuple[object, ...],
        kwargs: dict[str, object],
        preserve_rng_state: bool,
        context: AbstractContextManager[object],
    ) -> None:
        self.function = function
        self.args = [_saved(value) for value in args]
        self.kwargs = {name: _saved(value) for name, value in kwargs.items()}
        self.restore = remember() if preserve_rng_state else None
        self.context = context
        self.autocast = CastAlike()

    def again(self, owner: Node[Tensor]) -> object:
        """The result of calling it again."""
        args = [_unpacked(value, owner) for value in self.args]
        kwargs = {name: _unpacked(value, owner) for name, value in self.kwargs.items()}
        with _drawing_again(self.restore), self.autocast, self.context, enable_grad():
            return self.function(*args, **kwargs)


def _saved(value: object) -> object:
    return Saved(value) if isinstance(value, Tensor) else value


def _unpacked(value: object, owner: Node[Tensor]) -> object:
    return value.unpack(owner) if isinstance(value, Saved) else value


@contextmanager
def _drawing_again(restore: Callable[[], None] | None) -> Iterator[None]:
    """Let the default generators draw from where they were, and afterwards go on where they are."""
    if restore is None:
        yield
        return
    back = remember()
    restore()
    try:
        yield
    finally:
        back()


class _CheckpointNode(Many[Tensor]):
    """In place of the graph of a call: it makes that graph again when a gradient arrives."""

    __slots__ = ("call", "check", "kinds")

    def __init__(
        self, edges: tuple[Node[Tensor], ...], call: _Call, results: list[Tensor], check: bool
    ) -> None:
        super().__init__(edges)
        self.call: _Call | None = call
        self.kinds = [(tuple(y.shape), y.dtype) for y in results]
        self.check = check

    def backward_many(self, grads: Sequence[Tensor | None], /) -> Sequence[Tensor | None]:
        """Compute the part again, recorded, and walk its graph to where it ends.

        Raises:
            CheckpointError: if other tensors come out than the first time.
            RuntimeError: if the graph was freed, or an input has been written in place since.
        """
        if self.call is None:
            raise RuntimeError(FREED.format(self.name()))
        start = next_sequence()
        results = _made_since(start, self.call.again(self))
        kinds = [(tuple(y.shape), y.dtype) for y in results]
        if (self.check and kinds != self.kinds) or len(kinds) != len(self.kinds):
            raise CheckpointError(
                "checkpoint: recomputed values have different metadata than during the forward "
                f"pass: (shape, dtype) were {self.kinds} and are {kinds}; the function must do "
                "the same when it is called again"
            )
        roots = [
            (node, g)
            for y, g in zip(results, [*grads, *[None] * len(results)], strict=False)
            if g is not None and (node := y.gradient_node()) is not None
        ]
        ends = [edge for edge in self.edges if edge is not None]
        found = walk(roots, ends, create_graph=is_grad_enabled(), outward=True)
        return [found.get(edge) for edge in ends]

    def release(self) -> None:
        """Drop the arguments."""
        self.call = None

    def name(self) -> str:
        """As PyTorch calls it."""
        return "CheckpointFunctionBackward"


def _made_since(start: int, result: object) -> list[Tensor]:
    """The tensors in a result that have a history younger than `start`, each once."""
    found: dict[int, Tensor] = {}
    for y in leaves(result):
        if isinstance(y, Tensor) and y.grad_fn is not None and y.grad_fn.sequence > start:
            found[id(y)] = y
    return list(found.values())


def _ends(start: int, results: Sequence[Tensor]) -> tuple[Node[Tensor], ...]:
    """Where the graph of the results leaves what was recorded since `start`, oldest first."""
    ends: set[Node[Tensor]] = set()
    seen = {y.grad_fn for y in results if y.grad_fn is not None}
    stack = list(seen)
    while stack:
        node = stack.pop()
        if node.sequence < start or isinstance(node, AccumulateGrad):
            ends.add(node)
            continue
        for edge in node.edges:
            if edge is not None and edge not in seen:
                seen.add(edge)
                stack.append(edge)
    return tuple(sorted(ends, key=lambda node: node.sequence))


def checkpoint(
    function: Callable[..., _R],
    *args: object,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], _Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: object,
) -> _R:
    """`function(*args, **kwargs)`, whose intermediate results are computed again in backward.

    https://docs.pytorch.org/docs/stable/checkpoint.html

    Both forms of PyTorch's do the same here, except that the reentrant one wants an argument that
    requires grad, and takes no `kwargs`. All of autograd works: `autograd.grad`, second
    derivatives, hooks, checkpoints inside of checkpoints.

    Args:
        function: what to call; it must compute the same when called again.
        args: its arguments.
        use_reentrant: which form; PyTorch warns if it is not said, and so do we.
        context_fn: makes a context manager for the forward, and one for the recomputation.
        determinism_check: "default" compares the shapes and dtypes that are computed again with
            those of the first time, "none" does not.
        debug: for PyTorch's sake; a `CheckpointError` always says what differs.
        early_stop: for PyTorch's sake; we always recompute to the end.
        preserve_rng_state: draw the same random numbers again.
        kwargs: further arguments of the function.

    Raises:
        ValueError: for options that the reentrant form does not have.

    >>> from minitorch_tensor import tensor
    >>> x = tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda x: x.exp().log() * x, x, use_reentrant=False).sum().backward()
    >>> x.grad
    Tensor([2., 4.], requires_grad=False)
    """
    if determinism_check not in ("default", "none"):
        raise ValueError(
            "checkpoint: determinism_check should be one of ['default', 'none'], but got "
            f"{determinism_check}"
        )
    if use_reentrant is None:
        _ask_for_form("checkpoint", stacklevel=3)
        use_reentrant = True
    if use_reentrant:
        if kwargs:
            raise ValueError(
                f"checkpoint: Unexpected keyword arguments: {', '.join(kwargs)}; pass them by "
                "position, or use_reentrant=False"
            )
        if context_fn is not noop_context_fn or debug:
            raise ValueError(
                "checkpoint: Passing `context_fn` or `debug` is only supported when "
                "use_reentrant=False"
            )
        if not any(isinstance(x, Tensor) and x.requires_grad for x in args):
            if is_grad_enabled():
                warnings.warn(
                    "None of the inputs have requires_grad=True. Gradients will be None; "
                    "use_reentrant=False needs none",
                    UserWarning,
                    stacklevel=2,
                )
            with no_grad():
                return function(*args)
    forward_context, recompute_context = context_fn()
    if not is_grad_enabled():
        with forward_context:
            return function(*args, **kwargs)
    call = _Call(function, args, kwargs, preserve_rng_state, recompute_context)
    start = next_sequence()
    with call.autocast, forward_context:
        result = function(*args, **kwargs)
    results = _made_since(start, result)
    if results:
        edges = _ends(start, results)
        node = _CheckpointNode(edges, call, results, determinism_check == "default")
        for slot, y in enumerate(results):
            _replace_history(y, Output(node, slot))
        _let_go(start, results)
    return result


def _replace_history(y: Tensor, node: Node[Tensor]) -> None:
    """Let `node` be what made y."""
    retained = y.retains_grad
    y.node = node
    if retained:
        y.retain_grad()


def _let_go(start: int, results: Sequence[Tensor]) -> None:
    """Cut results off from bases made in the part, which would hold its graph.

    Results that share memory keep their base: a write into one of them changes the others.
    """
    for y in results:
        made_inside = (
            y.base is not None and y.base.grad_fn is not None and y.base.grad_fn.sequence > start
        )
        if made_inside and not any(z.storage is y.storage for z in results if z is not y):
            y.base = None


def _ask_for_form(name: str, stacklevel: int) -> None:
    warnings.warn(
        f"{name}: the use_reentrant parameter should be passed explicitly. "
        "use_reentrant=False is recommended; without it, it is True, as in PyTorch",
        UserWarning,
        stacklevel=stacklevel,
    )


def checkpoint_sequential(
    functions: Sequential | Sequence[Callable[[Tensor], Tensor]],
    segments: int,
    input: Tensor,
    use_reentrant: bool | None = None,
    *,
    preserve_rng_state: bool = True,
    **kwargs: object,
) -> Tensor:
    """Call the functions one after the other, in checkpoints of several; the last is not one.

    https://docs.pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint_sequential

    Args:
        functions: a `Sequential`, or a list of functions or modules.
        segments: how many parts to make of them.
        input: what the first is called with.
        use_reentrant: see `checkpoint`.
        preserve_rng_state: see `checkpoint`.
        kwargs: there are none.

    Raises:
        ValueError: if there are keyword arguments, or not 1 to len(functions) segments.

    >>> from minitorch_tensor import tensor
    >>> x = tensor([1.0, 2.0], requires_grad=True)
    >>> steps = [lambda x: x.exp(), lambda x: x.log(), lambda x: x * 3]
    >>> checkpoint_sequential(steps, 2, x, use_reentrant=False)
    Tensor([3., 6.], requires_grad=True)
    """
    if use_reentrant is None:
        _ask_for_form("checkpoint_sequential", stacklevel=3)
        use_reentrant = True
    if kwargs:
        raise ValueError(
            f"checkpoint_sequential: Unexpected keyword arguments: {', '.join(kwargs)}"
        )
    steps: list[Callable[[Tensor], Tensor]] = [_step(f) for f in functions]
    if not 1 <= segments <= len(steps):
        raise ValueError(
            f"checkpoint_sequential: expected 1 to {len(steps)} segments, one for each of the "
            f"functions at most, but got {segments}"
        )
    size = len(steps) // segments
    first = 0
    for first in range(0, size * (segments - 1), size):
        input = checkpoint(
            _chain(steps[first : first + size]),
            input,
            use_reentrant=use_reentrant,
            preserve_rng_state=preserve_rng_state,
        )
    return _chain(steps[size * (segments - 1) :])(input)


def _step(function: Module | Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return function


def _chain(steps: Sequence[Callable[[Tensor], Tensor]]) -> Callable[[Tensor], Tensor]:
    def run(x: Tensor) -> Tensor:
        for step in steps:
            x = step(x)
        return x

    return run
