"""Walking the tree of modules: all of them, and what is registered with each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from minitorch.nn.parameter import Parameter
from minitorch.nn.registry import Registry
from minitorch_tensor import Tensor

if TYPE_CHECKING:
    from minitorch.nn.module import Module

M = TypeVar("M", bound=Tensor)


def indent(text: str) -> str:
    """`text` with all lines but the first moved two columns to the right."""
    return text.replace("\n", "\n  ")


def unique(root: Module) -> list[Module]:
    """A module and all below it, each once, in the order of `named_modules`."""
    seen: dict[Module, None] = {}
    stack = [root]
    while stack:
        module = stack.pop()
        if module not in seen:
            seen[module] = None
            if module._module_names:
                stack += reversed(module._modules.present())
    return list(seen)


def parameters(module: Module) -> Registry[Parameter]:
    """The parameters registered with this module alone."""
    return module._parameters


def buffers(module: Module) -> Registry[Tensor]:
    """The buffers registered with this module alone."""
    return module._buffers


def named(
    module: Module,
    registry: Callable[[Module], Registry[M]],
    prefix: str,
    recurse: bool,
    remove_duplicate: bool,
) -> Iterator[tuple[str, M]]:
    """The members of one kind, of a module and, with `recurse`, of all below it, by name."""
    seen: set[M] = set()
    modules = (
        module.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        if recurse
        else iter([(prefix, module)])
    )
    for path, owner in modules:
        for name, member in registry(owner).items():
            if member is None or member in seen:
                continue
            if remove_duplicate:
                seen.add(member)
            yield f"{path}.{name}" if path else name, member
