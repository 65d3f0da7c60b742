"""Where a module keeps what is registered with it: ordinary attributes, and a list of their names.

PyTorch keeps parameters in a second dictionary and finds them through `__getattr__`, which Python
tries only after the ordinary lookup has failed. Here they are ordinary attributes, so `self.weight`
costs what any attribute costs; registered is what has its name in a list, and `_parameters`,
`_buffers` and `_modules` are live views of it, for the code that reads or writes those
dictionaries.
"""

from collections.abc import Iterator, MutableMapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(MutableMapping[str, T | None], Generic[T]):
    """Those of the `attributes` that have their name in `names`; writing here writes the attribute.

    >>> attributes: dict[str, object] = {"training": True}
    >>> registry = Registry(int, {}, attributes)
    >>> registry["weight"] = 3
    >>> registry, attributes
    ({'weight': 3}, {'training': True, 'weight': 3})
    >>> del registry["weight"]
    >>> attributes
    {'training': True}
    """

    __slots__ = ("_attributes", "_kind", "_names")

    def __init__(
        self, kind: type[T], names: dict[str, None], attributes: dict[str, object]
    ) -> None:
        self._kind = kind
        self._names = names
        self._attributes = attributes

    def __getitem__(self, name: str) -> T | None:
        if name not in self._names:
            raise KeyError(name)
        value = self._attributes[name]
        if value is None or isinstance(value, self._kind):
            return value
        raise TypeError(
            f"'{name}' is registered as a {self._kind.__name__}, but is of type "
            f"{type(value).__name__}: somebody wrote it past the module, into its __dict__"
        )

    def present(self) -> list[T]:
        """The values that are not None."""
        attributes, kind = self._attributes, self._kind
        found = [value for name in self._names if isinstance(value := attributes[name], kind)]
        if len(found) != len(self._names):
            found = [value for value in self.values() if value is not None]  # raises for strangers
        return found

    def __setitem__(self, name: str, value: T | None) -> None:
        self._names[name] = None
        self._attributes[name] = value

    def __delitem__(self, name: str) -> None:
        del self._names[name]
        del self._attributes[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return repr(dict(self))
