"""Modules that hold modules: in a row (`Sequential`), in a list, in a dictionary."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from operator import index as to_index
from typing import Generic, Self, TypeVar, overload

from minitorch.nn.module import Module
from minitorch.nn.walk import indent
from minitorch_tensor import Tensor

M = TypeVar("M", bound=Module)
T = TypeVar("T")


class Numbered(Module, Generic[M]):
    """What `Sequential` and `ModuleList` share: children in order, found by their position."""

    def __len__(self) -> int:
        return len(self._module_names)

    def __iter__(self) -> Iterator[M]:
        return iter(self._items())

    def _items(self) -> list[M]:
        # __dict__ gives whatever is there; __init__ and add_module have seen to it that it is an M.
        attributes = self.__dict__
        return [attributes[name] for name in self._module_names]

    def _key(self, idx: int) -> str:
        """The name of the child at a position, which may be negative."""
        idx = to_index(idx)
        if not -len(self) <= idx < len(self):
            raise IndexError(f"index {idx} is out of range for {len(self)} modules")
        return list(self._module_names)[idx]

    def __setitem__(self, idx: int, module: M) -> None:
        setattr(self, self._key(idx), module)

    def __delitem__(self, idx: int | slice) -> None:
        """Take modules away; those that are left are numbered anew."""
        names = list(self._module_names)
        gone = set(names[idx]) if isinstance(idx, slice) else {self._key(idx)}
        kept = [module for name, module in self._modules.items() if name not in gone]
        self._modules.clear()
        for position, module in enumerate(kept):
            self._modules[str(position)] = module

    @overload
    def pop(self, key: int) -> M: ...
    @overload
    def pop(self, key: slice) -> Self: ...
    def pop(self, key: int | slice) -> M | Self:
        """Take a module, or several, away, and return what was taken."""
        taken = self[key]
        del self[key]
        return taken

    @overload
    def __getitem__(self, idx: int) -> M: ...
    @overload
    def __getitem__(self, idx: slice) -> Self: ...
    def __getitem__(self, idx: int | slice) -> M | Self:
        if isinstance(idx, slice):
            return self._slice(idx)
        found: M = self.__dict__[self._key(idx)]
        return found

    def _slice(self, idx: slice) -> Self:
        part = type(self)()
        for module in self._items()[idx]:
            part.append(module)
        return part

    def append(self, module: M) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[M]) -> Self:
        """Add several modules at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"{self._get_name()}.extend should be called with an iterable, but got "
                f"{type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: M) -> Self:
        """Add a module before a position; those from there on move up."""
        if not isinstance(module, Module):
            raise TypeError(f"module should be of type: {Module}, but got {type(module)}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}, for {len(self)} modules")
        modules: list[Module] = list(self._items())
        modules.insert(index, module)
        for position, each in enumerate(modules):
            self._modules[str(position)] = each
        return self


class Sequential(Numbered[Module]):
    """Modules in a row, each given what the one before returned.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html

    Args:
        args: the modules; or one OrderedDict of them, whose keys become their names.

    >>> import minitorch as torch
    >>> Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    @overload
    def __init__(self, *args: Module) -> None: ...
    @overload
    def __init__(self, args: OrderedDict[str, Module], /) -> None: ...
    def __init__(self, *args: Module | OrderedDict[str, Module]) -> None:
        super().__init__()
        for position, module in enumerate(args):
            if not isinstance(module, OrderedDict):
                self.add_module(str(position), module)
            elif len(args) == 1:
                for name, each in module.items():
                    self.add_module(name, each)
            else:
                raise TypeError("Sequential: an OrderedDict of modules must be the only argument")

    def forward(self, input: Tensor) -> Tensor:
        """The last module's output."""
        attributes = self.__dict__
        for name in self._module_names:
            input = attributes[name](input)
        return input

    def _slice(self, idx: slice) -> Self:
        part = type(self)()
        for name, module in list(self._modules.items())[idx]:
            part.add_module(name, module)
        return part

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(
                "add operator supports only objects of Sequential class, but "
                f"{type(other)} is given."
            )
        return Sequential(*self, *other)

    def __iadd__(self, other: Sequential) -> Self:
        if not isinstance(other, Sequential):
            raise ValueError(
                "add operator supports only objects of Sequential class, but "
                f"{type(other)} is given."
            )
        return self.extend(other)

    def __mul__(self, other: int) -> Sequential:
        """The same modules, `other` times in a row."""
        return Sequential(*list(self) * self._times(other))

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Self:
        modules = list(self)
        for _ in range(self._times(other) - 1):
            self.extend(modules)
        return self

    def _times(self, other: int) -> int:
        if not isinstance(other, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(other)}")
        if other <= 0:
            raise ValueError(f"Non-positive multiplication factor {other} for {type(self)}")
        return other


class ModuleList(Numbered[M], Generic[M]):
    """A list of modules, registered as children `0`, `1`, ...

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html

    Args:
        modules: those to begin with.

    >>> import minitorch as torch
    >>> layers = ModuleList([torch.nn.Linear(2, 2) for _ in range(3)])
    >>> layers
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    >>> [name for name, _ in layers.named_parameters()][:2]
    ['0.weight', '0.bias']
    """

    def __init__(self, modules: Iterable[M] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __add__(self, other: Iterable[M]) -> ModuleList[M]:
        return ModuleList([*self, *other])

    def __iadd__(self, modules: Iterable[M]) -> Self:
        return self.extend(modules)

    def __repr__(self) -> str:
        """The tree, with equal neighbours on one line: `(0-2): 3 x Linear(...)`."""
        blocks: list[tuple[int, int, str]] = []
        for position, text in enumerate(map(repr, self)):
            if blocks and blocks[-1][2] == text:
                blocks[-1] = (blocks[-1][0], position, text)
            else:
                blocks.append((position, position, text))
        if not blocks:
            return f"{self._get_name()}()"
        lines = [
            f"({first}): {text}"
            if first == last
            else f"({first}-{last}): {last - first + 1} x {text}"
            for first, last, text in blocks
        ]
        inner = "".join(f"\n  {indent(line)}" for line in lines)
        return f"{self._get_name()}({inner}\n)"


class ModuleDict(Module, Generic[M]):
    """A dictionary of modules, registered as children under their keys, in the order of insertion.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html

    Args:
        modules: those to begin with: a mapping, or pairs of a key and a module.

    >>> import minitorch as torch
    >>> choices = ModuleDict({"relu": torch.nn.ReLU(), "tanh": torch.nn.Tanh()})
    >>> choices["tanh"], list(choices)
    (Tanh(), ['relu', 'tanh'])
    """

    def __init__(self, modules: Mapping[str, M] | Iterable[tuple[str, M]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def _dict(self) -> dict[str, M]:
        attributes = self.__dict__
        return {name: attributes[name] for name in self._module_names}

    def __getitem__(self, key: str) -> M:
        if key not in self._module_names:
            raise KeyError(key)
        found: M = self.__dict__[key]
        return found

    def __setitem__(self, key: str, module: M) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._module_names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._module_names)

    def __contains__(self, key: str) -> bool:
        return key in self._module_names

    def clear(self) -> None:
        """Take all modules away."""
        self._modules.clear()

    def pop(self, key: str) -> M:
        """Take a module away, and return it."""
        taken = self[key]
        del self[key]
        return taken

    def keys(self) -> KeysView[str]:
        """The keys."""
        return self._dict().keys()

    def items(self) -> ItemsView[str, M]:
        """The keys with their modules."""
        return self._dict().items()

    def values(self) -> ValuesView[M]:
        """The modules."""
        return self._dict().values()

    def update(self, modules: Mapping[str, M] | Iterable[tuple[str, M]]) -> None:
        """Add modules from a mapping or from pairs; those of an equal key are replaced.

        Raises:
            TypeError: if this is neither a mapping nor an iterable of iterables.
            ValueError: if an iterable has other than two items.
        """
        if not isinstance(modules, (Mapping, Iterable)):
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(modules).__name__}"
            )
        pairs = modules.items() if isinstance(modules, (Mapping, ModuleDict)) else modules
        for position, pair in enumerate(list(pairs)):
            key, module = pair_of("ModuleDict", position, pair)
            self[key] = module


def pair_of(kind: str, position: int, pair: tuple[str, T]) -> tuple[str, T]:
    """The pair itself, if it is one.

    Raises:
        TypeError: if it is not iterable.
        ValueError: if it has other than two items.
    """
    if not isinstance(pair, Iterable):
        raise TypeError(
            f"{kind} update sequence element #{position} should be Iterable; is "
            f"{type(pair).__name__}"
        )
    if len(pair) != 2:
        raise ValueError(
            f"{kind} update sequence element #{position} has length {len(pair)}; 2 is required"
        )
    return pair
