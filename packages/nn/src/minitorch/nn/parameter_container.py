"""Modules that hold parameters: in a list, in a dictionary."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, KeysView, Mapping
from operator import index as to_index
from typing import NoReturn, Self, overload

from minitorch.nn.container import pair_of
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch_tensor import Tensor


def _parameter(value: Tensor) -> Parameter:
    return value if isinstance(value, Parameter) else Parameter(value)


def _line(name: str | int, parameter: Tensor) -> str:
    sizes = "x".join(map(str, parameter.shape))
    device = f" ({parameter.device})" if parameter.is_cuda else ""
    return f"  ({name}): Parameter containing: [{parameter.dtype} of size {sizes}{device}]"


class ParameterList(Module):
    """A list of parameters, registered as `0`, `1`, ...; a Tensor in it becomes a Parameter.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterList.html

    Args:
        values: those to begin with.

    >>> parameters = ParameterList([Tensor([1.0]), Tensor([2.0])])
    >>> [(name, p.tolist()) for name, p in parameters.named_parameters()]
    [('0', [1.0]), ('1', [2.0])]
    """

    def __init__(self, values: Iterable[Tensor] | None = None) -> None:
        super().__init__()
        if values is not None:
            self.extend(values)

    def __len__(self) -> int:
        return len(self._parameter_names)

    def __iter__(self) -> Iterator[Parameter]:
        attributes = self.__dict__
        return iter([attributes[name] for name in self._parameter_names])

    def _key(self, idx: int) -> str:
        idx = to_index(idx)
        if not -len(self) <= idx < len(self):
            raise IndexError(f"index {idx} is out of range for {len(self)} parameters")
        return str(idx % len(self))

    @overload
    def __getitem__(self, idx: int) -> Parameter: ...
    @overload
    def __getitem__(self, idx: slice) -> Self: ...
    def __getitem__(self, idx: int | slice) -> Parameter | Self:
        if isinstance(idx, slice):
            return type(self)(list(self)[idx])
        found: Parameter = self.__dict__[self._key(idx)]
        return found

    def __setitem__(self, idx: int, param: Tensor) -> None:
        setattr(self, self._key(idx), _parameter(param))

    def __iadd__(self, parameters: Iterable[Tensor]) -> Self:
        return self.extend(parameters)

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
        """Raise: a list of parameters computes nothing."""
        raise RuntimeError("ParameterList should not be called.")

    def append(self, value: Tensor) -> Self:
        """Add a parameter at the end."""
        self.register_parameter(str(len(self)), _parameter(value))
        return self

    def extend(self, values: Iterable[Tensor]) -> Self:
        """Add several parameters at the end."""
        if isinstance(values, Tensor) or not isinstance(values, Iterable):
            raise TypeError(
                "ParameterList.extend should be called with an iterable, but got "
                f"{type(values).__name__}"
            )
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        """A line for each parameter."""
        return "\n".join(_line(i, parameter) for i, parameter in enumerate(self))


class ParameterDict(Module):
    """A dictionary of parameters, registered under their keys; a Tensor becomes a Parameter.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html

    Args:
        parameters: those to begin with: a mapping, or pairs of a key and a tensor.

    >>> parameters = ParameterDict({"left": Tensor([1.0])})
    >>> [(name, p.tolist()) for name, p in parameters.named_parameters()]
    [('left', [1.0])]
    """

    def __init__(
        self, parameters: Mapping[str, Tensor] | Iterable[tuple[str, Tensor]] | None = None
    ) -> None:
        super().__init__()
        if parameters is not None:
            self.update(parameters)

    def _dict(self) -> dict[str, Parameter]:
        attributes = self.__dict__
        return {name: attributes[name] for name in self._parameter_names}

    def __getitem__(self, key: str) -> Parameter:
        if key not in self._parameter_names:
            raise KeyError(key)
        found: Parameter = self.__dict__[key]
        return found

    def __setitem__(self, key: str, value: Tensor) -> None:
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a string (type "
                f"is '{type(key).__name__}')."
            )
        self.register_parameter(key, _parameter(value))

    def __delitem__(self, key: str) -> None:
        del self._parameters[key]

    def __len__(self) -> int:
        return len(self._parameter_names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameter_names)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._parameter_names))

    def __contains__(self, key: str) -> bool:
        return key in self._parameter_names

    def clear(self) -> None:
        """Take all parameters away."""
        self._parameters.clear()

    def pop(self, key: str) -> Parameter:
        """Take a parameter away, and return it."""
        taken = self[key]
        del self[key]
        return taken

    def popitem(self) -> tuple[str, Parameter]:
        """Take the last parameter away, and return it with its key."""
        key = list(self)[-1] if len(self) else ""
        return key, self.pop(key)

    def copy(self) -> ParameterDict:
        """Another dictionary of the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key: str, default: Tensor) -> Parameter:
        """The parameter of a key; if there is none, `default` is put there first."""
        if key not in self:
            self[key] = default
        return self[key]

    def fromkeys(self, keys: Iterable[str], default: Tensor) -> ParameterDict:
        """Another dictionary, with `default` under each of the keys."""
        return ParameterDict([(key, default) for key in keys])

    def get(self, key: str, default: Tensor | None = None) -> Tensor | None:
        """The parameter of a key; `default` if there is none."""
        return self._dict().get(key, default)

    def keys(self) -> KeysView[str]:
        """The keys."""
        return self._dict().keys()

    def items(self) -> Iterable[tuple[str, Parameter]]:
        """The keys with their parameters."""
        return self._dict().items()

    def values(self) -> Iterable[Parameter]:
        """The parameters."""
        return self._dict().values()

    def update(
        self, parameters: Mapping[str, Tensor] | Iterable[tuple[str, Tensor]] | ParameterDict
    ) -> None:
        """Add parameters from a mapping or from pairs; those of an equal key are replaced.

        Those of a mapping that is neither an OrderedDict nor a ParameterDict are added in the order
        of their keys, as in PyTorch.

        Raises:
            TypeError: if this is neither a mapping nor an iterable of iterables.
            ValueError: if an iterable has other than two items.
        """
        if not isinstance(parameters, (Mapping, Iterable, ParameterDict)):
            raise TypeError(
                "ParameterDict.update should be called with an iterable of key/value pairs, but "
                f"got {type(parameters).__name__}"
            )
        pairs: Iterable[tuple[str, Tensor]]
        if isinstance(parameters, (OrderedDict, ParameterDict)):
            pairs = parameters.items()
        elif isinstance(parameters, Mapping):
            pairs = sorted(parameters.items(), key=lambda item: item[0])
        else:
            pairs = parameters
        for position, pair in enumerate(list(pairs)):
            key, value = pair_of("ParameterDict", position, pair)
            self[key] = value

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
        """Raise: a dictionary of parameters computes nothing."""
        raise RuntimeError("ParameterDict should not be called.")

    def __or__(self, other: ParameterDict) -> ParameterDict:
        both = self.copy()
        both.update(other)
        return both

    def __ior__(self, other: ParameterDict) -> Self:
        self.update(other)
        return self

    def extra_repr(self) -> str:
        """A line for each parameter."""
        return "\n".join(_line(name, parameter) for name, parameter in self.items())
