"""`==` and `!=` that give a value instead of a bool, told to type checkers without a lie.

`object` promises that `==` gives a bool, and a checker holds every class to it. In PyTorch it gives
a tensor. `Comparison` tells the checker which values do so: those with a `detach()`, and they give
what that gives. So it is to be written in an abstract class without `detach()`, which then keeps
the promise; its subclasses `Scalar` and `Tensor` write nothing, and `x == y` is a Tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, overload

from minitorch_operators import Binary

D = TypeVar("D")


class _Concrete(Protocol[D]):
    """A value with history: what is written for `Variable` becomes an operation of these."""

    def detach(self) -> D:
        """The same value without history."""
        ...

    def apply_binary(self, operator: Binary, other: D | float, /) -> D:
        """`operator(self, other)`."""
        ...


class Comparison:
    """In a class body `__eq__ = Comparison(eq)`; it leaves a plain method there, as fast as any.

    Operands that cannot be compared are unequal, as Python has it: `x == None` is False.
    """

    def __init__(self, operator: Binary) -> None:
        self.operator = operator

    def __set_name__(self, owner: type[object], name: str) -> None:
        operator = self.operator

        def compare(self: _Concrete[D], other: D | float, /) -> object:
            try:
                return self.apply_binary(operator, other)
            except TypeError:
                return NotImplemented

        compare.__name__, compare.__doc__ = name, f"`{operator.name}(self, other)`, elementwise."
        setattr(owner, name, compare)

    @overload
    def __get__(self, value: _Concrete[D], owner: type[object], /) -> Callable[[D | float], D]: ...
    @overload
    def __get__(self, value: object, owner: type[object], /) -> Callable[[object], bool]: ...
    def __get__(self, value: object, owner: type[object], /) -> object:
        """What a checker sees: when a program runs, `__set_name__` has put a method in its place.

        Raises:
            TypeError: if it was not written in a class body, but put into the class later.
        """
        raise TypeError(f"Comparison: write `__eq__ = {self!r}` in the body of {owner.__name__}")

    def __repr__(self) -> str:
        return f"Comparison({self.operator.name})"
