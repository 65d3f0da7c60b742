"""A machine for pickles that can run nothing: it knows values, and calls only what it was given.

A pickle is a program for a stack machine. Python's own machine imports whatever the program names
and calls it; this one has the instructions with which containers, numbers and strings are made, and
hands each name to a table of what is allowed. Nothing recurses, a number in the file never decides
how much memory is taken, and a dictionary's keys are simple, as a deeply nested tuple cannot be
hashed without exhausting C's stack.
https://docs.python.org/3/library/pickle.html and pickletools, which describes every instruction
"""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from minitorch.serialization.damage import DamagedError, RefusedError, require
from minitorch_tensor import Device, DType

_CONTAINERS_LIMIT: Final = 5_000_000  # an empty set takes 200 times the byte that makes it
_NAME_LIMIT: Final = 200  # of characters of a name in a message


@dataclass(frozen=True)
class Internal:
    """What only helps to make a value, and is none."""

    name: str


@dataclass(frozen=True)
class Function(Internal):
    """Something that a pickle may name, and call if `call` is not None."""

    call: Callable[[tuple[object, ...]], object] | None


class Stateful:
    """Something that a pickle makes by a call, and gives a state then: all it does is keep that."""

    def __init__(self) -> None:
        self.state: object = None


Resolve = Callable[[str], object]
"""What a full name stands for; raises RefusedError for what is not allowed."""

Persistent = Callable[[object], object]
"""What a persistent id stands for: PyTorch writes the memory of tensors so."""


class Machine:
    """Runs one pickle.

    Args:
        data: the bytes.
        at: where it begins.
        resolve: for the names in it.
        persistent: for the persistent ids in it.
        raw: whether strings of Python 2 stay bytes, as they were there; else they are text.
    """

    def __init__(
        self, data: bytes, at: int, resolve: Resolve, persistent: Persistent, raw: bool = False
    ) -> None:
        self.data, self.at = data, at
        self.resolve, self.persistent, self.raw = resolve, persistent, raw
        self.stack: list[object] = []
        self.outer: list[list[object]] = []  # the stacks below each mark
        self.memo: dict[int, object] = {}
        self.checked: dict[int, tuple[object, ...]] = {}
        self.containers = 0

    def run(self) -> object:
        """The value that the program makes; `at` is then after its end.

        Raises:
            DamagedError: if it is no such program.
            RefusedError: if it names what is not allowed.
        """
        try:
            while True:
                code = self.data[self.at]
                self.at += 1
                if code == _STOP:
                    return self._storable(self.stack.pop())
                _INSTRUCTIONS[code](self)
        except KeyError as error:
            raise DamagedError(f"instruction or memo {error} of its pickle is unknown") from error
        except IndexError as error:
            raise DamagedError("its pickle ends too soon, or takes what is not there") from error
        except (UnicodeDecodeError, TypeError, ValueError, OverflowError) as error:
            raise DamagedError(f"its pickle is wrong: {error}") from error

    # ---- bytes --------------------------------------------------------------------------------

    def _take(self, count: int) -> bytes:
        part = self.data[self.at : self.at + count]
        if len(part) != count:
            raise IndexError
        self.at += count
        return part

    def _number(self, count: int) -> int:
        return int.from_bytes(self._take(count), "little")

    def _line(self) -> str:
        end = self.data.find(b"\n", self.at)
        require(end >= 0, "a name in its pickle has no end")
        line = self.data[self.at : end].decode()
        self.at = end + 1
        return line

    # ---- values -------------------------------------------------------------------------------

    def _push(self, value: object) -> None:
        self.stack.append(value)

    def _text(self, size: int) -> None:
        self._push(str(self._take(self._number(size)), "utf-8", "surrogatepass"))

    def _bytes(self, size: int) -> None:
        self._push(self._take(self._number(size)))

    def _string(self, size: int) -> None:
        if self.raw:
            self._bytes(size)
        else:
            self._text(size)

    def _integer(self, size: int) -> None:
        self._push(int.from_bytes(self._take(self._number(size)), "little", signed=True))

    def _signed(self) -> None:
        self._push(int.from_bytes(self._take(4), "little", signed=True))

    def _float(self) -> None:
        self._push(struct.unpack(">d", self._take(8))[0])

    def _container(self, value: object) -> None:
        self.containers += 1
        require(self.containers <= _CONTAINERS_LIMIT, "its pickle makes too many containers")
        self.stack.append(value)

    def _tuple(self, count: int) -> None:
        if count > len(self.stack):
            raise IndexError
        items = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        self._container(items)

    # ---- the stack and the memo ---------------------------------------------------------------

    def _mark(self) -> None:
        self.containers += 1
        require(self.containers <= _CONTAINERS_LIMIT, "its pickle has too many marks")
        self.outer.append(self.stack)
        self.stack = []

    def _above_mark(self) -> list[object]:
        items = self.stack
        self.stack = self.outer.pop()
        return items

    def _pop(self) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.stack = self.outer.pop()

    def _memoize(self) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _put(self, size: int) -> None:
        self.memo[self._number(size)] = self.stack[-1]

    def _get(self, size: int) -> None:
        self._push(self.memo[self._number(size)])

    # ---- filling containers -------------------------------------------------------------------

    def _storable(self, value: object) -> object:
        """The value, unless it is something internal, or a tuple that has some inside."""
        rest = [value]
        while rest:
            item = rest.pop()
            if isinstance(item, Internal):
                raise RefusedError(f"{item.name} as a value", "replace it before saving")
            if type(item) is tuple and id(item) not in self.checked:
                self.checked[id(item)] = item
                rest += item
        return value

    def _append(self, items: list[object]) -> None:
        target = self.stack[-1]
        if type(target) is not list:
            raise DamagedError(f"its pickle appends to a {type(target).__name__}")
        target.extend([self._storable(item) for item in items])

    def _add(self) -> None:
        items = self._above_mark()
        target = self.stack[-1]
        if type(target) is not set:
            raise DamagedError(f"its pickle adds to a {type(target).__name__}")
        target.update([simple_key(item) for item in items])

    def _set(self, items: list[object]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise DamagedError(f"its pickle sets items of a {type(target).__name__}")
        require(len(items) % 2 == 0, "its pickle has a key without a value")
        for i in range(0, len(items), 2):
            target[simple_key(items[i])] = self._storable(items[i + 1])

    def _set_one(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set([key, value])

    # ---- what is outside: names, calls, states ------------------------------------------------

    def _global(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise DamagedError("its pickle has a name that is no string")
        module = "builtins" if module == "__builtin__" else module  # of Python 2
        self._push(self.resolve(f"{module}.{name}"[:_NAME_LIMIT]))

    def _stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self._global(module, name)

    def _call(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, Function) or function.call is None:
            what = function.name if isinstance(function, Internal) else type(function).__name__
            raise RefusedError(
                f"a call of {what[:_NAME_LIMIT]}", "that is no function which is allowed"
            )
        if type(arguments) is not tuple:
            raise DamagedError(f"its pickle calls {function.name} with no tuple")
        self._container(function.call(arguments))

    def _build(self) -> None:
        """A state of what is stateful, or the metadata of a state dictionary: nothing else."""
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Stateful):
            target.state = self._storable(state)
            return
        if type(target) is not OrderedDict or type(state) is not dict or [*state] != ["_metadata"]:
            raise RefusedError(f"a state for {type(target).__name__}", "it has none that is kept")
        target.__dict__.update(state)

    def _persistent(self) -> None:
        self._push(self.persistent(self.stack.pop()))

    def _protocol(self) -> None:
        version = self._number(1)
        require(version <= 5, f"its pickle is of protocol {version}, which is not known")


def simple_key(key: object) -> object:
    """The key, if it is one that can be hashed safely.

    Raises:
        DamagedError: if it is not.
    """
    for item in key if type(key) is tuple else (key,):
        if item is not None and type(item) not in _KEYS:
            raise DamagedError(
                f"a key of type {type(item).__name__} in its pickle; keys are strings, numbers, or "
                "tuples of them"
            )
    return key


_KEYS: Final = (str, int, float, bool, bytes, complex, DType, Device)
_STOP: Final = pickle.STOP[0]
_INSTRUCTIONS: Final[dict[int, Callable[[Machine], object]]] = {
    code[0]: run
    for code, run in (
        (pickle.PROTO, Machine._protocol),
        (pickle.FRAME, lambda m: m._take(8)),  # the size of a part, for reading in parts
        (pickle.NONE, lambda m: m._push(None)),
        (pickle.NEWTRUE, lambda m: m._push(True)),
        (pickle.NEWFALSE, lambda m: m._push(False)),
        (pickle.BININT, Machine._signed),
        (pickle.BININT1, lambda m: m._push(m._number(1))),
        (pickle.BININT2, lambda m: m._push(m._number(2))),
        (pickle.LONG1, lambda m: m._integer(1)),
        (pickle.LONG4, lambda m: m._integer(4)),
        (pickle.BINFLOAT, Machine._float),
        (pickle.SHORT_BINUNICODE, lambda m: m._text(1)),
        (pickle.BINUNICODE, lambda m: m._text(4)),
        (pickle.BINUNICODE8, lambda m: m._text(8)),
        (pickle.SHORT_BINSTRING, lambda m: m._string(1)),  # of Python 2
        (pickle.BINSTRING, lambda m: m._string(4)),
        (pickle.SHORT_BINBYTES, lambda m: m._bytes(1)),
        (pickle.BINBYTES, lambda m: m._bytes(4)),
        (pickle.BINBYTES8, lambda m: m._bytes(8)),
        (pickle.EMPTY_TUPLE, lambda m: m._push(())),
        (pickle.EMPTY_LIST, lambda m: m._container([])),
        (pickle.EMPTY_DICT, lambda m: m._container({})),
        (pickle.EMPTY_SET, lambda m: m._container(set())),
        (pickle.TUPLE1, lambda m: m._tuple(1)),
        (pickle.TUPLE2, lambda m: m._tuple(2)),
        (pickle.TUPLE3, lambda m: m._tuple(3)),
        (pickle.TUPLE, lambda m: m._container(tuple(m._above_mark()))),
        (pickle.MARK, Machine._mark),
        (pickle.POP, Machine._pop),
        (pickle.POP_MARK, lambda m: m._above_mark().clear()),
        (pickle.DUP, lambda m: m._push(m.stack[-1])),
        (pickle.MEMOIZE, Machine._memoize),
        (pickle.BINPUT, lambda m: m._put(1)),
        (pickle.LONG_BINPUT, lambda m: m._put(4)),
        (pickle.BINGET, lambda m: m._get(1)),
        (pickle.LONG_BINGET, lambda m: m._get(4)),
        (pickle.APPEND, lambda m: m._append([m.stack.pop()])),
        (pickle.APPENDS, lambda m: m._append(m._above_mark())),
        (pickle.ADDITEMS, Machine._add),
        (pickle.SETITEM, Machine._set_one),
        (pickle.SETITEMS, lambda m: m._set(m._above_mark())),
        (pickle.GLOBAL, lambda m: m._global(m._line(), m._line())),
        (pickle.STACK_GLOBAL, Machine._stack_global),
        (pickle.REDUCE, Machine._call),
        (pickle.NEWOBJ, Machine._call),
        (pickle.BUILD, Machine._build),
        (pickle.BINPERSID, Machine._persistent),
    )
}
"""PyTorch writes the binary instructions of protocol 2; those of the later ones are its option."""
