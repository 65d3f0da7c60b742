"""A module's state as a dictionary from names to tensors, and its way back into a module.

Everything is checked before anything is written: a state that does not fit leaves the module as it
was.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, NamedTuple

from minitorch.nn.parameter import Parameter
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


def _named(module: Module) -> Iterator[tuple[str, Tensor]]:
    """The parameters, then the persistent buffers, of this module alone."""
    for name, parameter in module._parameters.items():
        if parameter is not None:
            yield name, parameter
    for name, buffer in module._buffers.items():
        if buffer is not None and name not in module._non_persistent_buffers_set:
            yield name, buffer


def collect(
    module: Module, destination: MutableMapping[str, Tensor], prefix: str, keep_vars: bool
) -> None:
    """Put the state of `module` and of all below it into `destination`."""
    for name, member in _named(module):
        destination[prefix + name] = member if keep_vars else member.detach()
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(
                destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
            )


def load(module: Module, state: object, strict: bool, assign: bool) -> IncompatibleKeys:
    """Write a state into a module.

    Raises:
        TypeError: if `state` is no mapping.
        RuntimeError: if a shape does not fit, or, if `strict`, a name is missing or unexpected.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state)}.")
    unexpected = OrderedDict.fromkeys(state)
    missing: list[str] = []
    errors: list[str] = []
    fitting: list[tuple[Module, str, Tensor, Tensor]] = []
    for path, owner in module.named_modules(remove_duplicate=False):
        for name, member in _named(owner):
            key = f"{path}.{name}" if path else name
            if key not in state:
                missing.append(key)
                continue
            unexpected.pop(key, None)
            value = state[key]
            if not isinstance(value, Tensor):
                errors.append(
                    f'While copying the parameter named "{key}", expected minitorch.Tensor or '
                    f"Tensor-like object from checkpoint but received {type(value)}"
                )
                continue
            if member.ndim == 0 and value.shape == (1,):
                value = value[0]
            if value.shape != member.shape:
                errors.append(
                    f"size mismatch for {key}: copying a param with shape {value.shape} from "
                    f"checkpoint, the shape in current model is {member.shape}."
                )
                continue
            fitting.append((owner, name, member, value))
    if strict and unexpected:
        errors.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
    if strict and missing:
        errors.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}. ")
    if errors:
        listed = "\n\t".join(errors)
        raise RuntimeError(f"Error(s) in loading state_dict for {module._get_name()}:\n\t{listed}")
    with no_grad():
        for owner, name, member, value in fitting:
            if not assign:
                member.copy_(value)
            elif isinstance(member, Parameter):
                setattr(owner, name, Parameter(value, member.requires_grad))
            else:
                setattr(owner, name, value)
    return IncompatibleKeys(missing, list(unexpected))


def _quoted(names: Mapping[str, None] | list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
