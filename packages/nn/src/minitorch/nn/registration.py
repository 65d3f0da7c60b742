"""Assigning an attribute registers a parameter, a buffer or a child: that half of `Module`."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from minitorch.nn import hooks
from minitorch.nn.parameter import Buffer, Parameter, typename
from minitorch.nn.registry import Registry
from minitorch_tensor import Tensor

if TYPE_CHECKING:
    from minitorch.nn.module import Module


class Registered:
    """Attributes, of which some are registered by name: parameters, buffers, child modules.

    `Module` is the only class derived from this one.
    """

    training: bool
    _parameter_names: dict[str, None]
    _buffer_names: dict[str, None]
    _module_names: dict[str, None]
    _non_persistent_buffers_set: set[str]

    def __init__(self) -> None:
        # Past __setattr__, which would look each of them up in the lists that are not there yet.
        self.__dict__.update(
            training=True,
            _parameter_names={},
            _buffer_names={},
            _module_names={},
            _non_persistent_buffers_set=set(),
        )
        self.__dict__.update((name, OrderedDict()) for name in hooks.TABLES)

    @property
    def _parameters(self) -> Registry[Parameter]:
        return Registry(Parameter, self._parameter_names, self.__dict__)

    @property
    def _buffers(self) -> Registry[Tensor]:
        return Registry(Tensor, self._buffer_names, self.__dict__)

    def __getattr__(self, name: str) -> Tensor | Module:
        # Only what is missing comes here. The type is for checkers: a plain Module's `model.conv`.
        if name == "forward":
            raise NotImplementedError(
                f'Module [{type(self).__name__}] is missing the required "forward" function'
            )
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: object) -> None:
        attributes = self.__dict__
        parameters = attributes.get("_parameter_names")
        if isinstance(value, Parameter):
            if parameters is None:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            if name not in parameters:
                self._forget(name)
            self.register_parameter(name, value)
        elif parameters is not None and name in parameters:
            if value is not None:
                raise _misfit(value, f"parameter '{name}'", "minitorch.nn.Parameter")
            attributes[name] = None
        elif isinstance(value, Registered):
            if parameters is None:
                raise AttributeError("cannot assign module before Module.__init__() call")
            if name not in self._module_names:
                self._forget(name)
                self._module_names[name] = None
            attributes[name] = value
        elif parameters is not None and name in self._module_names:
            if value is not None:
                raise _misfit(value, f"child module '{name}'", "minitorch.nn.Module")
            attributes[name] = None
        elif isinstance(value, Buffer):
            self.register_buffer(name, value, value.persistent)
        elif parameters is not None and name in self._buffer_names:
            if value is not None and not isinstance(value, Tensor):
                raise _misfit(value, f"buffer '{name}'", "minitorch.Tensor")
            attributes[name] = value
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if (
            name in self._parameter_names
            or name in self._buffer_names
            or name in self._module_names
        ):
            self._forget(name)
        else:
            object.__delattr__(self, name)

    def _forget(self, name: str) -> None:
        """Let `name` be no attribute of any kind."""
        self.__dict__.pop(name, None)
        self._parameter_names.pop(name, None)
        self._buffer_names.pop(name, None)
        self._module_names.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def _check_name(self, kind: str, name: str, registered: dict[str, None]) -> None:
        """Raise unless `name` may be registered."""
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain ".", got: {name}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if name not in registered and (name in self.__dict__ or hasattr(type(self), name)):
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Register `param` as the attribute `name`; None keeps the name, and is in no `state_dict`.

        Raises:
            KeyError: if the name is empty, contains a dot, or belongs to an attribute of another
                kind.
            TypeError: if `param` is not a `Parameter`.
            ValueError: if `param` is the result of a recorded operation.
        """
        if "_parameter_names" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_name("parameter", name, self._parameter_names)
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"cannot assign '{typename(param)}' object to parameter '{name}' "
                    "(minitorch.nn.Parameter or None required)"
                )
            if param.grad_fn is not None:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must "
                    f"be created explicitly. To express '{name}' as a function of another Tensor, "
                    "compute the value in the forward() method."
                )
        self._parameters[name] = param

    def add_parameter(self, k: str, v: Tensor | float) -> Parameter:
        """Register `Parameter(v)` as `k`, and return it: the course's name for this."""
        value = Parameter(v, k)
        self.register_parameter(k, value)
        return value

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Register state that is not learnt; it is in the `state_dict` if it is `persistent`.

        Raises:
            KeyError: if the name is empty, contains a dot, or belongs to an attribute of another
                kind.
            TypeError: if `tensor` is neither a Tensor nor None.
        """
        if "_buffer_names" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_name("buffer", name, self._buffer_names)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' "
                "(minitorch.Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)


def _misfit(value: object, place: str, wanted: str) -> TypeError:
    return TypeError(f"cannot assign '{typename(value)}' as {place} ({wanted} or None expected)")
