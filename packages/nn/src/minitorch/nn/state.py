"""A module's state as a dictionary from names to tensors, and its way back into a module.

Everything is checked before anything is written: a state that does not fit leaves the module as it
was.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, NamedTuple

from minitorch.nn import hooks
from minitorch.nn.parameter import Parameter
from minitorch.nn.uninitialized import is_lazy
from minitorch_autodiff import no_grad
from minitorch_tensor import Tensor

if TYPE_CHECKING:
    from minitorch.nn.module import Module


class IncompatibleKeys(NamedTuple):
    """Names that the module has and the state lacks, and the other way round."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return (
            f"_IncompatibleKeys(missing_keys={self.missing_keys}, "
            f"unexpected_keys={self.unexpected_keys})"
        )


EXTRA = "_extra_state"
_GET_EXTRA = "get_extra_state"
_State = OrderedDict[str, object]


def _named(module: Module) -> Iterator[tuple[str, Tensor]]:
    """The parameters, then the persistent buffers, of this module alone."""
    for name, parameter in module._parameters.items():
        if parameter is not None:
            yield name, parameter
    for name, buffer in module._buffers.items():
        if buffer is not None and name not in module._non_persistent_buffers_set:
            yield name, buffer


def no_extra_state(module: Module) -> object:
    """What a module wants in its state beside tensors: for subclasses to define.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
    """
    raise RuntimeError(f"{module._get_name()} has no extra state: it defines no get_extra_state")


def set_no_extra_state(module: Module, state: object) -> None:
    """Take what `get_extra_state` gave back out of a state: for subclasses to define."""
    raise RuntimeError(f"{module._get_name()} has no extra state: it defines no set_extra_state")


def collect(
    module: Module, destination: MutableMapping[str, Tensor], prefix: str, keep_vars: bool
) -> None:
    """Put the state of `module` and of all below it into `destination`."""
    hooks.run(module._state_dict_pre_hooks, module, prefix, keep_vars)
    for name, member in _named(module):
        shown = keep_vars or is_lazy(member)
        destination[prefix + name] = member if shown else member.detach()
    if type(module).get_extra_state is not no_extra_state:
        # Whatever it is: to the type checker a state has tensors only.
        destination[prefix + EXTRA] = getattr(module, _GET_EXTRA)()
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(
                destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
            )
    for hook in tuple(module._state_dict_hooks.values()):
        metadata = {"version": module._version}
        if hook.function(module, destination, prefix, metadata) is not None:
            raise RuntimeError("state_dict post-hook must return None")


class _Plan:
    """What loading a state would do, found out before anything is written."""

    def __init__(self, state: _State, strict: bool, assign: bool) -> None:
        self.state, self.strict, self.assign = state, strict, assign
        self.unused = OrderedDict.fromkeys(state)
        self.missing: list[str] = []
        self.unexpected: list[str] = []
        self.errors: list[str] = []
        self.fitting: list[tuple[Module, str, Tensor, Tensor]] = []
        self.extra: list[tuple[Module, object]] = []
        self.order: list[Module] = []  # children first, as their hooks run after loading

    def visit(self, module: Module, prefix: str) -> None:
        """Find out what a module, and all below it, gets from the state."""
        self._let_hooks_change(module, prefix)
        for name, member in _named(module):
            key = prefix + name
            if key in self.state:
                self.unused.pop(key, None)
                self._fit(module, name, key, member)
            elif name not in module._optional_state:
                self.missing.append(key)
        if type(module).set_extra_state is not set_no_extra_state:
            if prefix + EXTRA in self.state:
                self.unused.pop(prefix + EXTRA, None)
                self.extra.append((module, self.state[prefix + EXTRA]))
            else:
                self.missing.append(prefix + EXTRA)
        for name, child in module._modules.items():
            if child is not None:
                self.visit(child, f"{prefix}{name}.")
        self.order.append(module)

    def _let_hooks_change(self, module: Module, prefix: str) -> None:
        if not module._load_state_dict_pre_hooks:
            return
        before = set(self.state)
        metadata: dict[str, object] = {"assign_to_params_buffers": True} if self.assign else {}
        lists = (self.missing, self.unexpected, self.errors)
        given = (module, self.state, prefix, metadata, self.strict, *lists)
        hooks.run(module._load_state_dict_pre_hooks, *given)
        for key in before - set(self.state):
            self.unused.pop(key, None)
        for key in self.state:
            if key not in before:
                self.unused[key] = None

    def _fit(self, module: Module, name: str, key: str, member: Tensor) -> None:
        value = self.state[key]
        if not isinstance(value, Tensor):
            self.errors.append(
                f'While copying the parameter named "{key}", expected minitorch.Tensor or '
                f"Tensor-like object from checkpoint but received {type(value)}"
            )
            return
        if is_lazy(member):
            self.fitting.append((module, name, member, value))
            return
        if member.ndim == 0 and value.shape == (1,):
            value = value[0]
        if value.shape != member.shape:
            self.errors.append(
                f"size mismatch for {key}: copying a param with shape {value.shape} from "
                f"checkpoint, the shape in current model is {member.shape}."
            )
            return
        self.fitting.append((module, name, member, value))

    def carry_out(self) -> None:
        """Write what fits."""
        with no_grad():
            for module, name, member, value in self.fitting:
                if self.assign and isinstance(member, Parameter):
                    setattr(module, name, Parameter(value, member.requires_grad))
                elif self.assign:
                    setattr(module, name, value)
                elif is_lazy(value):
                    continue  # neither has a shape yet
                else:
                    if is_lazy(member):
                        member.materialize(value.shape)
                    member.copy_(value)
        for module, extra in self.extra:
            module.set_extra_state(extra)


def load(module: Module, state: object, strict: bool, assign: bool) -> IncompatibleKeys:
    """Write a state into a module.

    Names are judged before anything is written, unless a module has hooks that run after loading:
    these may forgive names, so it is done after them.

    Raises:
        TypeError: if `state` is no mapping.
        RuntimeError: if a shape does not fit, or, if `strict`, a name is missing or unexpected.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state)}.")
    plan = _Plan(OrderedDict(state), strict, assign)
    plan.visit(module, "")
    keys = IncompatibleKeys(plan.missing, [*plan.unexpected, *plan.unused])
    forgiving = [each for each in plan.order if each._load_state_dict_post_hooks]
    if plan.errors or not forgiving:
        _judge(module, keys, strict, plan.errors)
    plan.carry_out()
    for each in forgiving:
        for hook in tuple(each._load_state_dict_post_hooks.values()):
            if hook.function(each, keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected "
                    "to return new values, if incompatible_keys need to be modified, it should be "
                    "done inplace."
                )
    _judge(module, keys, strict, [])
    return keys


def _judge(module: Module, keys: IncompatibleKeys, strict: bool, errors: list[str]) -> None:
    """Raise if there are errors, or, if `strict`, names that do not match."""
    lines = list(errors)
    if strict and keys.unexpected_keys:
        lines.insert(0, f"Unexpected key(s) in state_dict: {_quoted(keys.unexpected_keys)}. ")
    if strict and keys.missing_keys:
        lines.insert(0, f"Missing key(s) in state_dict: {_quoted(keys.missing_keys)}. ")
    if lines:
        listed = "\n\t".join(lines)
        raise RuntimeError(f"Error(s) in loading state_dict for {module._get_name()}:\n\t{listed}")


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
