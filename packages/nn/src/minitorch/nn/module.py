"""A module is a tree of parameters with a `forward`.

What a call means to a type checker: `Module.__call__` takes its signature from the `forward` of the
class, so `self.linear("x")` and `x, (h, c) = self.lstm(x)` are checked exactly. Of a plain
`Module`, say an argument `model: nn.Module` or an item of an `nn.ModuleList` of several kinds, no
`forward` is known: such a call takes tensors and gives a Tensor. Annotate a module of another kind
as what it is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, MutableMapping
from typing import ClassVar, ParamSpec, Protocol, Self, TypeVar, overload

from minitorch.nn import conversion, hooks, state, walk
from minitorch.nn.hookable import Hookable
from minitorch.nn.members import Members
from minitorch.nn.parameter import Parameter, typename
from minitorch.nn.registration import Registered
from minitorch.nn.registry import Registry
from minitorch_tensor import (
    Device,
    DType,
    MemoryFormat,
    Tensor,
    bfloat16,
    empty_like,
    float16,
    float32,
    float64,
)

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
D = TypeVar("D", bound=MutableMapping[str, Tensor])


class HasForward(Protocol[P, R_co]):
    """A class with a `forward`, whose signature a call has too."""

    def forward(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Compute the output."""


class Module(Registered, Hookable):
    """The base of all networks and layers.

    Assigning a `Parameter` or a `Module` to an attribute registers it; `register_buffer` registers
    state that is not learnt. Call `super().__init__()` first, and write a `forward`.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html

    >>> import minitorch as torch
    >>> class Line(torch.nn.Module):
    ...     def __init__(self) -> None:
    ...         super().__init__()
    ...         self.slope = torch.nn.Parameter(torch.tensor([2.0]))
    ...
    ...     def forward(self, x: torch.Tensor) -> torch.Tensor:
    ...         return self.slope * x
    >>> line = Line()
    >>> line(torch.tensor([3.0])).tolist()
    [6.0]
    >>> [name for name, _ in line.named_parameters()]
    ['slope']
    """

    _version: ClassVar[int] = 1
    _optional_state: ClassVar[frozenset[str]] = frozenset()  # names that old states lack

    @property
    def _modules(self) -> Registry[Module]:
        return Registry(Module, self._module_names, self.__dict__)

    # ---- the call -------------------------------------------------------------------------------

    @overload
    def __call__(self: HasForward[P, R_co], *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, *args: Tensor, **kwargs: Tensor) -> Tensor: ...
    def __call__(self: hooks.Hooked, *args: object, **kwargs: object) -> object:
        """`forward`, between the hooks."""
        if (
            self._forward_hooks
            or self._forward_pre_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
        ):
            return hooks.call(self, args, kwargs)
        return self.forward(*args, **kwargs)

    def add_module(self, name: str, module: Module | None) -> None:
        """Register a child module as the attribute `name`.

        Raises:
            KeyError: if the name is empty, contains a dot, or belongs to an attribute of another
                kind.
            TypeError: if `module` is neither a Module nor None.
        """
        if "_module_names" not in self.__dict__:
            raise AttributeError("cannot assign module before Module.__init__() call")
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self._check_name("module", name, self._module_names)
        self._modules[name] = module

    def register_module(self, name: str, module: Module | None) -> None:
        """Alias of `add_module`."""
        self.add_module(name, module)

    # ---- walking the tree -----------------------------------------------------------------------

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, each with its name: `""`, `"0"`, `"0.conv"`; parents first.

        A module that appears twice is given once, unless `remove_duplicate` is False.
        """
        seen = set() if memo is None else memo
        if self in seen:
            return
        if remove_duplicate:
            seen.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(
                    seen, f"{prefix}.{name}" if prefix else name, remove_duplicate
                )

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all below it, parents first; each once unless told otherwise."""
        if remove_duplicate:
            return iter(walk.unique(self))
        return (module for _, module in self.named_modules(remove_duplicate=False))

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly below this one, each once, with their names."""
        seen: set[Module] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly below this one, each once."""
        return (module for _, module in self.named_children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their names, such as `"0.weight"`; a shared one once."""
        return walk.named(self, walk.parameters, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Members[Parameter]:
        """All parameters, each once: what an optimizer is given. The iterator has a length."""
        owners = walk.unique(self) if recurse else [self]
        found = dict.fromkeys(p for owner in owners for p in owner._parameters.present())
        return Members(list(found))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their names, such as `"1.running_mean"`; a shared one once."""
        return walk.named(self, walk.buffers, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Members[Tensor]:
        """All buffers, each once."""
        owners = walk.unique(self) if recurse else [self]
        found = dict.fromkeys(b for owner in owners for b in owner._buffers.present())
        return Members(list(found))

    def get_submodule(self, target: str) -> Module:
        """The module called `target`, a name such as `"features.0"`; this one for `""`.

        Raises:
            AttributeError: if there is none, or if it is not a module.
        """
        module = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
            found = getattr(module, name)
            if not isinstance(found, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
            module = found
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module where one is called `target`, or, unless `strict`, where nothing is.

        Raises:
            ValueError: if `target` is empty, or `module` is no module.
            AttributeError: if what is there is no module, or, if `strict`, nothing is there.
        """
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Module):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter called `target`, a name such as `"features.0.weight"`.

        Raises:
            AttributeError: if there is none, or if it is not a parameter.
        """
        module, name = self._owner(target)
        found = getattr(module, name)
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer called `target`, a name such as `"features.1.running_mean"`.

        Raises:
            AttributeError: if there is none, or if it is not a buffer.
        """
        module, name = self._owner(target)
        found = module._buffers.get(name)
        if found is None:
            raise AttributeError(f"`{name}` is not a buffer")
        return found

    def _owner(self, target: str) -> tuple[Module, str]:
        """The module that has the attribute called `target`, and the attribute's name there."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        return module, name

    def apply(self, fn: Callable[[Module], None]) -> Self:
        """Call `fn` with each module below and with this one, children first."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # ---- modes and gradients --------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set the training mode of this module and of all below: dropout and batch norm look at it.

        Raises:
            ValueError: if `mode` is not a bool.
        """
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, but got {mode!r}")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """`train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set `requires_grad` of all parameters: freeze the module, or thaw it."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or write zeros into them."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                if set_to_none:
                    parameter.grad = None
                else:
                    if parameter.grad.grad_fn is not None:
                        parameter.grad.detach_()
                    else:
                        parameter.grad.requires_grad_(False)
                    parameter.grad.zero_()

    # ---- conversion -----------------------------------------------------------------------------

    def to(
        self,
        *args: str | Device | DType | Tensor | bool | None,
        device: str | Device | None = None,
        dtype: DType | None = None,
        non_blocking: bool = False,
        memory_format: MemoryFormat | None = None,
    ) -> Self:
        """Move and cast all parameters and buffers: `to(device)`, `to(dtype)`, `to(tensor)`.

        Integer buffers move, but are not cast. A memory format is for those of 4 and 5 dimensions.
        Returns this module.
        https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html

        Raises:
            TypeError: if the dtype is not floating.
        """
        return self._apply(conversion.parse(args, device, dtype, memory_format))

    def to_empty(self, *, device: str | Device | None, recurse: bool = True) -> Self:
        """Move all parameters and buffers to a device without their values."""
        return self._apply(lambda x: empty_like(x, device=device), recurse)

    def type(self, dst_type: DType) -> Self:
        """Cast all parameters and buffers, integers too."""
        return self._apply(lambda x: x.to(dst_type))

    def cpu(self) -> Self:
        """Move all parameters and buffers to the CPU."""
        return self.to("cpu")

    def cuda(self, device: int | str | Device | None = None) -> Self:
        """Move all parameters and buffers to a GPU: the current one, unless another is named."""
        return self._apply(lambda x: x.cuda(device))

    def half(self) -> Self:
        """Cast all floating parameters and buffers to float16."""
        return self.to(float16)

    def bfloat16(self) -> Self:
        """Cast all floating parameters and buffers to bfloat16."""
        return self.to(bfloat16)

    def double(self) -> Self:
        """Cast all floating parameters and buffers to float64."""
        return self.to(float64)

    def float(self) -> Self:
        """Cast all floating parameters and buffers to float32."""
        return self.to(float32)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        conversion.apply(self, fn, recurse)
        return self

    # ---- state ----------------------------------------------------------------------------------

    @overload
    def state_dict(self, *, destination: D, prefix: str = "", keep_vars: bool = False) -> D: ...
    @overload
    def state_dict(
        self, *, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Tensor]: ...
    def state_dict(
        self,
        *,
        destination: MutableMapping[str, Tensor] | None = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> MutableMapping[str, Tensor]:
        """All parameters and persistent buffers by name, sharing their memory, without history.

        Args:
            destination: where to put them; a new dictionary if omitted.
            prefix: what to put before each name.
            keep_vars: give the parameters themselves.
        """
        if destination is None:
            destination = OrderedDict()
        state.collect(self, destination, prefix, keep_vars)
        return destination

    def load_state_dict(
        self, state_dict: object, strict: bool = True, assign: bool = False
    ) -> state.IncompatibleKeys:
        """Copy a state, such as `state_dict` gives and `minitorch.load` reads, into this module.

        A state that does not fit is refused as a whole, and the module stays as it was.

        Args:
            state_dict: a mapping from names to tensors. (An `object` to the type checker, so that a
                part of a loaded checkpoint can be passed on.)
            strict: whether the names must be exactly those of this module.
            assign: use the given tensors themselves, with their dtypes and devices, instead of
                copying.

        Returns:
            `missing_keys` and `unexpected_keys`; both are empty if `strict`.

        Raises:
            TypeError: if `state_dict` is no mapping.
            RuntimeError: if a shape does not fit, or, if `strict`, a name is missing or unexpected.
        """
        return state.load(self, state_dict, strict, assign)

    get_extra_state = state.no_extra_state
    set_extra_state = state.set_no_extra_state

    # ---- text -----------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands between the parentheses of this module when it is printed; for subclasses."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [
            f"({name}): {walk.indent(repr(module))}" for name, module in self._modules.items()
        ]
        if len(lines) == 1 and not children:
            return f"{self._get_name()}({extra})"
        inner = "".join(f"\n  {line}" for line in lines + children)
        return f"{self._get_name()}({inner}\n)" if inner else f"{self._get_name()}()"

    def __dir__(self) -> list[str]:
        # Without the items of containers, which are no names: "0", "1".
        return sorted(name for name in object.__dir__(self) if not name[0].isdigit())
