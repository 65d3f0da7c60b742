"""A tensor of a module as a function of what is learnt: `module.weight` computes it at each use.

The module gets a class of its own, derived from its class, with a property for each parametrized
tensor. What is learnt moves to `module.parametrizations`. Such a class is never changed: whatever
is registered or removed gives the module another one, so that copies of it, which share the class,
stay as they are.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from minitorch.nn.container import ModuleDict
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.nn.utils.parametrization_list import ParametrizationList, inverse_of, register
from minitorch_autodiff import no_grad
from minitorch_tensor import Tensor

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

_M = TypeVar("_M", bound=Module)
_Values = dict[tuple[Module, str], Tensor]
_cache: ContextVar[_Values | None] = ContextVar("parametrize_cache", default=None)


@contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrized tensor once inside: for one that is used several times.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.cached.html

    >>> import minitorch as torch
    >>> layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(2, 3))
    >>> with cached():
    ...     layer.weight is layer.weight
    True
    >>> layer.weight is layer.weight
    False
    """
    if _cache.get() is not None:
        yield
        return
    token = _cache.set({})
    try:
        yield
    finally:
        _cache.reset(token)


def _lists_of(module: Module) -> ModuleDict[ParametrizationList]:
    """The `parametrizations` of a module that has some."""
    found: ModuleDict[ParametrizationList] = module.__dict__["parametrizations"]
    return found


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a tensor of a module is parametrized; without a name, whether any is.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.is_parametrized.html
    """
    lists = module.__dict__.get("parametrizations")
    if not isinstance(lists, ModuleDict):
        return False
    return len(lists) > 0 if tensor_name is None else tensor_name in lists


def type_before_parametrizations(module: Module) -> type[Module]:
    """The class that a module had before anything of it was parametrized.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.type_before_parametrizations.html
    """
    found: type[Module] = type(module).__bases__[0] if is_parametrized(module) else type(module)
    return found


def _property(name: str) -> property:
    def value(self: Module) -> Tensor:
        values = _cache.get()
        if values is None:
            return _lists_of(self)[name]()
        if (self, name) not in values:
            values[self, name] = _lists_of(self)[name]()
        return values[self, name]

    def assign(self: Module, value: Tensor) -> None:
        _lists_of(self)[name].right_inverse(value)

    return property(value, assign)


def _deepcopy(self: Module, memo: dict[int, object]) -> Module:
    replica = type(self).__new__(type(self))
    memo[id(self)] = replica
    replica.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return replica


def _no_state(self: Module) -> object:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(): save that "
        "of this module, and load it into one that is parametrized in the same way"
    )


def _become(module: Module, base: type[Module], names: Iterable[str]) -> None:
    """Give a module the class that computes these tensors, or, if there are none, its own."""
    properties: dict[str, object] = {name: _property(name) for name in names}
    kind: type = base
    if properties:
        methods: dict[str, Callable[..., object]] = {"__getstate__": _no_state}
        if not hasattr(base, "__deepcopy__"):
            methods["__deepcopy__"] = _deepcopy
        kind = type(f"Parametrized{base.__name__}", (base,), {**methods, **properties})
        kind.__module__ = base.__module__
    object.__setattr__(module, "__class__", kind)


def register_parametrization(
    module: _M, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> _M:
    """Let `module.weight` be `parametrization(original)` from now on.

    What was the weight is learnt on as `module.parametrizations.weight.original`. If the
    parametrization has a method `right_inverse`, it gives the first value of the original, and
    that of any tensor that is assigned to `module.weight`; it may give several tensors, which
    become `original0`, `original1`, ..., and arguments of the parametrization. Several
    parametrizations of one tensor are applied one after the other.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html

    Args:
        module: what has the tensor; its class changes to one derived from it.
        tensor_name: of a parameter or buffer.
        parametrization: a module; it takes over the training mode of `module`.
        unsafe: whether it may change the shape and dtype; nothing is checked then.

    Returns:
        The module.

    Raises:
        ValueError: if there is no such tensor, or if the parametrization changes its shape or
            dtype.

    >>> import minitorch as torch
    >>> class Symmetric(torch.nn.Module):
    ...     def forward(self, x: torch.Tensor) -> torch.Tensor:
    ...         return x.triu() + x.triu(1).T
    >>> layer = register_parametrization(torch.nn.Linear(3, 3), "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all())
    True
    >>> list(layer.state_dict())
    ['bias', 'parametrizations.weight.original']
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_next(module, tensor_name, parametrization)
        parametrizations = _lists_of(module)[tensor_name].append(parametrization)
        parametrizations.unsafe |= unsafe
        return module
    if tensor_name not in module._buffers and tensor_name not in module._parameters:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element "
            f"with name '{tensor_name}'"
        )
    original = getattr(module, tensor_name)
    parametrizations = ParametrizationList([parametrization], original, unsafe)
    base = type_before_parametrizations(module)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        module.add_module("parametrizations", ModuleDict())
    lists = _lists_of(module)
    lists[tensor_name] = parametrizations
    _become(module, base, lists)
    return module


def _check_next(module: Module, name: str, parametrization: Module) -> None:
    """Raise unless a further parametrization keeps the shape and dtype of a tensor."""
    before: Tensor = getattr(module, name)
    after = parametrization(before)
    _check_kept("Registering a parametrization", "A parametrization", after, before, name)
    inverse = inverse_of(parametrization)
    if inverse is not None:
        what = "parametrization.right_inverse"
        try:
            _check_kept(f"The tensor returned by {what}", what, inverse(after), before, name)
        except NotImplementedError:
            return


def _check_kept(act: str, what: str, found: object, wanted: Tensor, name: str) -> None:
    if not isinstance(found, Tensor):
        raise ValueError(f"{what} must return a tensor. Got {type(found).__name__}.")
    for kind, is_now, was in (
        ("dtype", found.dtype, wanted.dtype),
        ("shape", found.shape, wanted.shape),
    ):
        if is_now != was:
            raise ValueError(
                f"{act} may not change the {kind} of the tensor, unless the `unsafe` flag is "
                f"enabled.\nmodule.{name}.{kind}: {was}\nreturned {kind}: {is_now}"
            )


def remove_parametrizations(module: _M, tensor_name: str, leave_parametrized: bool = True) -> _M:
    """Let a tensor be an ordinary one again.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.remove_parametrizations.html

    Args:
        module: what has the tensor.
        tensor_name: its name.
        leave_parametrized: whether it keeps its present value; else it becomes its original.

    Returns:
        The module, of its former class if nothing else of it is parametrized.

    Raises:
        ValueError: if the tensor is not parametrized; or if it is to become its original, but is
            computed from several.

    >>> import minitorch as torch
    >>> layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(2, 3))
    >>> remove_parametrizations(layer, "weight")
    Linear(in_features=2, out_features=3, bias=True)
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    lists = _lists_of(module)
    parametrizations = lists[tensor_name]
    (restored, *several) = parametrizations.originals()
    if parametrizations.is_tensor:
        if leave_parametrized:
            with no_grad():
                restored.data = parametrizations().detach()
    elif leave_parametrized:
        value = parametrizations()
        restored = Parameter(value) if value.requires_grad else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is "
            f"parametrized in terms of a sequence of tensors; '{tensor_name}' has "
            f"{1 + len(several)}."
        )
    base = type_before_parametrizations(module)
    del lists[tensor_name]
    _become(module, base, lists)
    if not lists:
        del module.parametrizations
    register(module, tensor_name, restored)
    return module


def transfer_parametrizations_and_params(
    from_module: Module, to_module: _M, tensor_name: str | None = None
) -> _M:
    """Let the tensors of one module be parametrized as those of another, sharing the originals.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.transfer_parametrizations_and_params.html

    Args:
        from_module: whose parametrizations to take; if it has none, nothing happens.
        to_module: what gets them; a tensor that it lacks is made.
        tensor_name: of the one tensor to transfer; all that are parametrized if omitted.

    Returns:
        `to_module`.
    """
    if not is_parametrized(from_module):
        return to_module
    for name in list(_lists_of(from_module)) if tensor_name is None else [tensor_name]:
        source = _lists_of(from_module)[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        for parametrization in source:
            register_parametrization(to_module, name, parametrization)
        target = _lists_of(to_module)[name]
        originals = {key for key in source.__dict__ if key.startswith("original")}
        for key in originals:
            setattr(target, key, source.__dict__[key])
    return to_module
