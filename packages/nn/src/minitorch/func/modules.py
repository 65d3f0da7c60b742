"""Modules as functions of their parameters: `functional_call`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar, overload

from minitorch.nn.module import Module
from minitorch_tensor import Tensor, stack

R_co = TypeVar("R_co", covariant=True)
State = Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]]


class _Computes(Protocol[R_co]):
    """A module whose `forward` gives this."""

    def forward(self, *args: object, **kwargs: object) -> R_co:
        """Compute the output."""
        ...


@overload
def functional_call(
    module: _Computes[R_co],
    parameter_and_buffer_dicts: State,
    args: object = None,
    kwargs: Mapping[str, object] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> R_co: ...
@overload
def functional_call(
    module: Module,
    parameter_and_buffer_dicts: State,
    args: object = None,
    kwargs: Mapping[str, object] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Tensor: ...
def functional_call(
    module: object,
    parameter_and_buffer_dicts: State,
    args: object = None,
    kwargs: Mapping[str, object] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> object:
    """Call a module with other tensors in the places of its parameters and buffers.

    https://docs.pytorch.org/docs/stable/generated/torch.func.functional_call.html

    Args:
        module: what to call; it has its own parameters again afterwards.
        parameter_and_buffer_dicts: the tensors by the names of `named_parameters` and
            `named_buffers`: one dict, or several without a name in common.
        args: what to call it with: a tuple, or one argument.
        kwargs: what to call it with by name.
        tie_weights: a parameter that the module has in several places is replaced in all of them.
        strict: raise unless exactly all parameters and buffers are given.

    Raises:
        TypeError: if the module is none, or anything but a tensor is given for a parameter.
        ValueError: for anything but dicts, or a name in two of them.
        RuntimeError: if strict, and names are missing or unknown.

    >>> import minitorch as torch
    >>> line = torch.nn.Linear(1, 1)
    >>> state = {"weight": torch.tensor([[2.0]]), "bias": torch.tensor([1.0])}
    >>> functional_call(line, state, torch.tensor([3.0]))
    Tensor([7.], requires_grad=False)
    """
    if not isinstance(module, Module):
        raise TypeError(f"functional_call: expected a Module, but got {type(module).__name__}")
    given = _merged(parameter_and_buffer_dicts)
    positional = args if isinstance(args, tuple) else () if args is None else (args,)
    with _with_tensors(module, given, tie_weights, strict):
        call: Callable[..., object] = module.__call__
        return call(*positional, **(kwargs or {}))


def _merged(state: object) -> dict[str, Tensor]:
    """All names with their tensors.

    Raises:
        TypeError: for anything but tensors.
        ValueError: for anything but dicts, or a name in two of them.
    """
    dicts = [state] if isinstance(state, Mapping) else state
    if not isinstance(dicts, (list, tuple)) or not all(isinstance(d, Mapping) for d in dicts):
        raise ValueError(
            "functional_call: Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of "
            f"dicts, but got {type(state)}"
        )
    given: dict[str, Tensor] = {}
    for d in dicts:
        for name, value in d.items():
            if name in given:
                raise ValueError(
                    f"functional_call: {[name]} appeared in multiple dictionaries; behavior of "
                    "functional call is ambiguous"
                )
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"functional_call: {value!r}, given for '{name}', is not an instance of Tensor"
                )
            given[name] = value
    return given


@contextmanager
def _with_tensors(
    module: Module, given: dict[str, Tensor], tie_weights: bool, strict: bool
) -> Iterator[None]:
    """Let the module have other tensors under these names."""
    own = {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }
    wanted = {name: value for name, value in given.items() if name in own}
    if tie_weights:
        by_owner: dict[int, Tensor] = {}
        for name, value in wanted.items():
            if by_owner.setdefault(id(own[name]), value) is not value:
                raise ValueError(
                    f"functional_call got different tensors for '{name}' and for another name of "
                    "the same parameter; give one, or tie_weights=False"
                )
        wanted = {name: by_owner[id(x)] for name, x in own.items() if id(x) in by_owner} | wanted
    if strict:
        unknown = sorted(f"'{name}'" for name in given.keys() - own.keys())
        missing = sorted(f"'{name}'" for name in own.keys() - wanted.keys())
        found = [f"\n\tUnexpected key(s): {', '.join(unknown)}."] if unknown else []
        found += [f"\n\tMissing key(s): {', '.join(missing)}."] if missing else []
        if found:
            raise RuntimeError(
                f"Error(s) in reparametrizing for {type(module).__name__}:{''.join(found)}"
            )
    before: list[tuple[dict[str, object], str, object]] = []
    try:
        for name, value in wanted.items():
            path, _, attribute = name.rpartition(".")
            attributes = module.get_submodule(path).__dict__
            before.append((attributes, attribute, attributes[attribute]))
            attributes[attribute] = value  # past the module, which would want a Parameter
        yield
    finally:
        for attributes, attribute, own_value in reversed(before):
            attributes[attribute] = own_value


def stack_module_state(
    models: Iterable[Module],
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of several equal modules, those of one name stacked.

    https://docs.pytorch.org/docs/stable/generated/torch.func.stack_module_state.html

    Args:
        models: modules of one class and one form; `vmap` can call them all.

    Returns:
        A dict of parameters, which are leaves that require grad as those of the models do, and
        one of buffers.

    Raises:
        RuntimeError: if there are none, or they differ in class or mode.

    >>> import minitorch as torch
    >>> parameters, buffers = stack_module_state([torch.nn.Linear(2, 3) for _ in range(4)])
    >>> parameters["weight"].shape, buffers
    (torch.Size([4, 3, 2]), {})
    """
    found = list(models)
    if not found:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({m.training for m in found}) > 1:
        raise RuntimeError(
            "stack_module_state: Expected all models to have the same training/eval mode."
        )
    if len({type(m) for m in found}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    parameters = {}
    for name, first in found[0].named_parameters():
        rows = [dict(m.named_parameters())[name].detach() for m in found]
        parameters[name] = stack(rows).requires_grad_(first.requires_grad)
    buffers: dict[str, Tensor] = {
        name: stack([dict(m.named_buffers())[name].detach() for m in found])
        for name, _ in found[0].named_buffers()
    }
    return parameters, buffers
