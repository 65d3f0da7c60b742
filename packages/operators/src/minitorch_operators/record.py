"""The record of a pointwise operator: one function on floats and the rule of its derivative.

Everything above this layer is built from such records. The function is written once, on floats,
and compiled by every backend. The rule (a vector-Jacobian product) is polymorphic in its value
type: it runs on `Scalar`, on `Tensor` (then it is recorded, which gives second derivatives), and
its source is compiled into one fused backward loop by the CPU and the GPU backend.

How to write one (`tests/test_form.py` checks it):

* the function is straight-line code: assignments and one `return`; a choice is `a if c else b`;
* it calls the C library's functions through `ieee`, so that it never raises:
  `ieee.log(0.0) == -inf`;
* only a function on integers (`result="integer"`) uses `& | ^ ~ << >>`, on `whole.integer(x)`;
* the rule is a formula in `+ - * /`, float literals and constants, and other operators, each with
  a value among its operands; intermediate results may have a name. No `if`, no shapes, no devices;
* a rule chooses with `where`, and what is not chosen must be finite there: its derivative is
  multiplied by 0 in a second derivative, and 0 * inf is nan. So choose the argument, not only the
  result: `where(c, 1.0, log(where(c, 1.0, x)))`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, Self, TypeVar, overload

Result = Literal["same", "float", "bool", "integer"]
"""What dtype a tensor result has: that of the operands, a floating one, or bool.

"integer" is that of the operands too, but they must be integers: such a function is on their bits.
"""


class Liftable(Protocol):
    """A value that operators can be applied to, and the arithmetic a rule may use.

    `Scalar` and `Tensor` satisfy it; the layer above implements it once, in `autodiff.Variable`.
    """

    def apply_unary(self, operator: "Unary", /) -> Self:
        """`operator` of this value."""
        ...

    def apply_binary(self, operator: "Binary", other: Self | float, /) -> Self:
        """`operator(self, other)`."""
        ...

    def apply_reflected(self, operator: "Binary", other: float, /) -> Self:
        """`operator(other, self)` for a plain number `other`."""
        ...

    def apply_ternary(self, operator: "Ternary", b: Self | float, c: Self | float, /) -> Self:
        """`operator(self, b, c)`."""
        ...

    def __add__(self, other: Self | float, /) -> Self: ...
    def __radd__(self, other: float, /) -> Self: ...
    def __sub__(self, other: Self | float, /) -> Self: ...
    def __rsub__(self, other: float, /) -> Self: ...
    def __mul__(self, other: Self | float, /) -> Self: ...
    def __rmul__(self, other: float, /) -> Self: ...
    def __truediv__(self, other: Self | float, /) -> Self: ...
    def __rtruediv__(self, other: float, /) -> Self: ...
    def __neg__(self) -> Self: ...


V = TypeVar("V", bound=Liftable)


class Rule(Protocol):
    """`rule(g, a, b)`: the gradient of one input of a unary (a=x, b=y) or binary operator."""

    __name__: str

    def __call__(self, g: V, a: V, b: V, /) -> V:
        """The gradient, from the gradient g of the result."""
        ...


class TernaryRule(Protocol):
    """`rule(g, a, b, c)`: the gradient of one input of a ternary operator."""

    __name__: str

    def __call__(self, g: V, a: V, b: V, c: V, /) -> V:
        """The gradient, from the gradient g of the result."""
        ...


def identity(g: V, a: V, b: V, /) -> V:
    """The rule of an operator that passes its gradient through. Callers skip it: costs nothing."""
    return g


@dataclass(frozen=True, eq=False, slots=True)
class Unary:
    """y = fn(x), with dx = vjp(dy, x, y), which reads only those of x and y named in `needs`.

    `vjp` is None where the derivative is zero or undefined everywhere (sign, floor, logical_not).
    """

    name: str
    fn: Callable[[float], float]
    vjp: Rule | None
    needs: Literal["", "x", "y", "xy"] = ""
    result: Result = "same"

    @overload
    def __call__(self, x: float, /) -> float: ...
    @overload
    def __call__(self, x: V, /) -> V: ...
    def __call__(self, x: V | float, /) -> V | float:
        """`fn(x)` of a number; of a Scalar or Tensor a new, recorded one."""
        return self.fn(x) if isinstance(x, (int, float)) else x.apply_unary(self)

    def __repr__(self) -> str:
        return f"<operator {self.name}(x)>"


@dataclass(frozen=True, eq=False, slots=True)
class Binary:
    """y = fn(a, b), with one rule `vjp(dy, a, b)` for each of its two inputs.

    `needs[i]` names the operands that rule i reads: only those are kept until backward.
    """

    name: str
    fn: Callable[[float, float], float]
    vjps: tuple[Rule | None, Rule | None]
    needs: tuple[Literal["", "a", "b", "ab"], Literal["", "a", "b", "ab"]] = ("", "")
    result: Result = "same"

    @overload
    def __call__(self, a: float, b: float, /) -> float: ...
    @overload
    def __call__(self, a: V, b: V | float, /) -> V: ...
    @overload
    def __call__(self, a: float, b: V, /) -> V: ...
    def __call__(self, a: V | float, b: V | float, /) -> V | float:
        """`fn(a, b)` of numbers; else a new, recorded Scalar or Tensor."""
        if isinstance(a, (int, float)):
            return self.fn(a, b) if isinstance(b, (int, float)) else b.apply_reflected(self, a)
        return a.apply_binary(self, b)

    def __repr__(self) -> str:
        return f"<operator {self.name}(a, b)>"


@dataclass(frozen=True, eq=False, slots=True)
class Ternary:
    """y = fn(a, b, c), with one rule `vjp(dy, a, b, c)` for each of its three inputs."""

    name: str
    fn: Callable[[float, float, float], float]
    vjps: tuple[TernaryRule | None, TernaryRule | None, TernaryRule | None]
    needs: tuple[str, str, str] = ("", "", "")  # each a subset of "abc", in that order
    result: Result = "same"

    @overload
    def __call__(self, a: float, b: float, c: float, /) -> float: ...
    @overload
    def __call__(self, a: V, b: V | float, c: V | float, /) -> V: ...
    def __call__(self, a: V | float, b: V | float, c: V | float, /) -> V | float:
        """`fn(a, b, c)` of numbers; else a new, recorded Scalar or Tensor.

        Raises:
            TypeError: if a is a number, but b or c is not.
        """
        if isinstance(a, (int, float)):
            if isinstance(b, (int, float)) and isinstance(c, (int, float)):
                return self.fn(a, b, c)
            raise TypeError(
                f"{self.name}: the first operand must be a Scalar or Tensor, not a number"
            )
        return a.apply_ternary(self, b, c)

    def __repr__(self) -> str:
        return f"<operator {self.name}(a, b, c)>"


Operator = Unary | Binary | Ternary
"""Any record of a pointwise operator."""
