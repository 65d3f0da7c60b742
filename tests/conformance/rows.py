"""The conformance table: one row a function. `test_conformance` runs every row against torch.

A row calls the function as PyTorch code would: `lib` is torch or minitorch. Its inputs are arrays
of a few kinds; floating ones get gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Tensor = Any  # of either library
Call = Callable[..., Tensor]


@dataclass(frozen=True)
class Given:
    """One input: its shape and where its numbers lie."""

    shape: tuple[int, ...]
    kind: str = "real"  # real, positive, unit (inside (-1, 1)), above_one, index<n>, mask, ties

    def array(self, seed: int, dtype: str = "float64") -> Array:
        """The numbers; never within 0.05 of an integer or of zero, where functions have kinks."""
        rng = np.random.default_rng([seed, *self.shape])
        if self.kind.startswith("index"):
            return rng.integers(0, int(self.kind[5:]), self.shape)
        if self.kind == "mask":
            return rng.random(self.shape) < 0.5
        if self.kind == "ties":
            return rng.integers(0, 3, self.shape).astype(dtype)
        x = rng.uniform(0.05, 0.95, self.shape)
        if self.kind == "real":
            x = x + rng.integers(-2, 2, self.shape)
        elif self.kind == "unit":
            x = 2 * x - 1
            x = np.where(np.abs(x) < 0.05, 0.3, x)
        elif self.kind == "above_one":
            x = x + 1
        elif self.kind != "positive":
            raise ValueError(self.kind)
        return x.astype(dtype)

    @property
    def floating(self) -> bool:
        """Whether a gradient is wanted for it."""
        return self.kind != "mask" and not self.kind.startswith("index")


@dataclass(frozen=True)
class Row:
    """One function with its inputs."""

    name: str
    call: Call
    inputs: tuple[Given, ...]
    dtypes: bool = True  # also try integers and bools in the first inputs
    layouts: bool = True
    gradient: bool = True
    double: bool = True
    edges: bool = False  # a pointwise function: nan, infinities, signed zeros, huge and tiny too


X = Given((3, 4))
POSITIVE = Given((3, 4), "positive")
UNIT = Given((3, 4), "unit")
ABOVE_ONE = Given((3, 4), "above_one")
MASK = Given((3, 4), "mask")

_UNARY = {
    "abs": X,
    "acos": UNIT,
    "acosh": ABOVE_ONE,
    "asin": UNIT,
    "asinh": X,
    "atan": X,
    "atanh": UNIT,
    "ceil": X,
    "cos": X,
    "cosh": X,
    "deg2rad": X,
    "erf": X,
    "erfc": X,
    "exp": X,
    "exp2": X,
    "expm1": X,
    "floor": X,
    "frac": X,
    "isfinite": X,
    "isinf": X,
    "isnan": X,
    "log": POSITIVE,
    "log10": POSITIVE,
    "log1p": POSITIVE,
    "log2": POSITIVE,
    "logical_not": X,
    "neg": X,
    "rad2deg": X,
    "reciprocal": X,
    "relu": X,
    "round": X,
    "rsqrt": POSITIVE,
    "sigmoid": X,
    "sign": X,
    "sin": X,
    "sinh": X,
    "sqrt": POSITIVE,
    "square": X,
    "tan": X,
    "tanh": X,
    "trunc": X,
}

_BINARY = {
    "add": X,
    "sub": X,
    "mul": X,
    "div": X,
    "true_divide": X,
    "maximum": X,
    "minimum": X,
    "atan2": X,
    "fmax": X,
    "fmin": X,
    "fmod": X,
    "remainder": X,
    "hypot": X,
    "copysign": X,
    "logaddexp": X,
    "eq": X,
    "ne": X,
    "lt": X,
    "le": X,
    "gt": X,
    "ge": X,
    "logical_and": X,
    "logical_or": X,
    "logical_xor": X,
    "floor_divide": X,
}

_NO_GRADIENT = {
    "isfinite",
    "isinf",
    "isnan",
    "logical_not",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "logical_and",
    "logical_or",
    "logical_xor",
    "floor_divide",
}


def _named(name: str) -> Call:
    return lambda lib, *inputs: getattr(lib, name)(*inputs)


def _method(name: str, *args: object, **kwargs: object) -> Call:
    return lambda lib, x, *rest: getattr(x, name)(*rest, *args, **kwargs)


def _row(name: str, call: Call, *inputs: Given, **flags: bool) -> Row:
    return Row(name, call, inputs or (X,), **flags)


# torch's vectorised fmod gives nan where the quotient overflows; C's, and ours, is exact there.
_NO_EDGES = {"fmod", "remainder"}


def _pointwise() -> list[Row]:
    rows = [
        _row(n, _named(n), x, gradient=n not in _NO_GRADIENT, edges=True) for n, x in _UNARY.items()
    ]
    for n, x in _BINARY.items():
        grad = n not in _NO_GRADIENT
        rows.append(_row(n, _named(n), x, Given((3, 4)), gradient=grad, edges=n not in _NO_EDGES))
        rows.append(_row(f"{n}, row", _named(n), x, Given((4,)), gradient=grad, dtypes=False))
        rows.append(
            _row(
                f"{n}, column",
                _named(n),
                Given((3, 1)),
                Given((2, 1, 4)),
                gradient=grad,
                dtypes=False,
            )
        )
        rows.append(
            _row(
                f"{n}, number",
                lambda lib, x, n=n: getattr(lib, n)(x, lib.tensor(2.5)),
                x,
                gradient=grad,
            )
        )
    return rows


def _arithmetic() -> list[Row]:
    return [
        _row("x + 2", lambda lib, x: x + 2),
        _row("2 - x", lambda lib, x: 2 - x),
        _row("2.5 * x", lambda lib, x: 2.5 * x),
        _row("3 / x", lambda lib, x: 3 / x),
        _row("x // 2", lambda lib, x: x // 2, gradient=False),
        _row("x % 3", lambda lib, x: x % 3),
        _row("x ** 2", lambda lib, x: x**2),
        _row("x ** 3", lambda lib, x: x**3),
        _row("x ** -1.5", lambda lib, x: x**-1.5, POSITIVE),
        _row("2 ** x", lambda lib, x: 2**x),
        _row("x ** y", lambda lib, x, y: x**y, POSITIVE, X, dtypes=False),
        _row("-x", lambda lib, x: -x),
        _row("x < 1", lambda lib, x: x < 1, gradient=False),
        _row("x == 1", lambda lib, x: x == 1, gradient=False),
        _row("alpha", lambda lib, x, y: lib.add(x, y, alpha=2), X, X),
        _row("clamp", _method("clamp", -0.5, 0.6)),
        _row("clamp min", _method("clamp", min=-0.5)),
        _row("clamp max", _method("clamp", max=0.5)),
        _row("where", lambda lib, m, x, y: lib.where(m, x, y), MASK, X, X, dtypes=False),
        _row("where, number", lambda lib, m, x: lib.where(m, x, 0.0), MASK, X, dtypes=False),
        _row(
            "where, broadcast",
            lambda lib, m, x, y: lib.where(m, x, y),
            Given((4,), "mask"),
            Given((3, 1)),
            X,
            dtypes=False,
        ),
        _row("lerp", lambda lib, x, y: lib.lerp(x, y, 0.3), X, X, dtypes=False),
        _row("xlogy", _named("xlogy"), X, POSITIVE, dtypes=False),
        _row(
            "div floor",
            lambda lib, x, y: lib.div(x, y, rounding_mode="floor"),
            X,
            X,
            gradient=False,
        ),
        _row(
            "div trunc",
            lambda lib, x, y: lib.div(x, y, rounding_mode="trunc"),
            X,
            X,
            gradient=False,
        ),
        _row(
            "round decimals", lambda lib, x: lib.round(x, decimals=1), gradient=False, dtypes=False
        ),
        _row("masked_fill", lambda lib, x, m: x.masked_fill(m, 2.0), X, MASK, dtypes=False),
        _row("isclose", _named("isclose"), X, X, gradient=False),
    ]


def _reductions() -> list[Row]:
    rows = []
    for n in ("sum", "mean", "var", "std", "amax", "amin", "norm", "all", "any", "prod"):
        grad = n not in ("all", "any")
        rows.append(_row(n, _method(n), gradient=grad))
        rows.append(_row(f"{n} dim 0", _method(n, dim=0), gradient=grad))
        rows.append(_row(f"{n} dim -1 keepdim", _method(n, dim=-1, keepdim=True), gradient=grad))
        if n != "prod":
            rows.append(_row(f"{n} dims", _method(n, dim=(0, 2)), Given((2, 3, 4)), gradient=grad))
    for n in ("max", "min"):
        rows.append(_row(n, _method(n)))
        rows.append(_row(f"{n} of ties", _method(n), Given((3, 4), "ties")))
        rows.append(_row(f"{n} values", lambda lib, x, n=n: getattr(x, n)(1).values))
        rows.append(
            _row(
                f"{n} indices",
                lambda lib, x, n=n: getattr(x, n)(0, keepdim=True)[1],
                gradient=False,
            )
        )
        rows.append(_row(f"{n} of two", lambda lib, x, y, n=n: getattr(lib, n)(x, y), X, X))
        rows.append(_row(f"arg{n}", _method(f"arg{n}"), gradient=False))
        rows.append(_row(f"arg{n} dim", _method(f"arg{n}", 1, keepdim=True), gradient=False))
        rows.append(
            _row(f"arg{n} of ties", _method(f"arg{n}", 0), Given((3, 4), "ties"), gradient=False)
        )
        rows.append(_row(f"a{n} of ties", _method(f"a{n}", 0), Given((3, 4), "ties"), double=False))
    rows += [
        _row("logsumexp", _method("logsumexp", 1)),
        _row("logsumexp dims", _method("logsumexp", (0, 1), True)),
        _row("sum dtype", lambda lib, x: x.sum(0, dtype=lib.float64)),
        _row("var unbiased", _method("var", 1, unbiased=False)),
        _row("var correction", lambda lib, x: lib.var(x, dim=0, correction=0, keepdim=True)),
        _row("norm 1", _method("norm", 1)),
        _row("norm inf", _method("norm", float("inf"))),
        _row("norm 3", _method("norm", 3, 1)),
    ]
    return rows


def _shapes() -> list[Row]:
    cube = Given((2, 3, 4))
    return [
        _row("view", _method("view", 2, 6), layouts=False),
        _row("view -1", _method("view", -1, 3), layouts=False),
        _row("reshape", _method("reshape", (4, 3))),
        _row("reshape of transposed", lambda lib, x: x.t().reshape(2, -1)),
        _row("permute", _method("permute", 2, 0, 1), cube),
        _row("transpose", _method("transpose", 0, -1), cube),
        _row("t", _method("t")),
        _row("T", lambda lib, x: x.T),
        _row("mT", lambda lib, x: x.mT, cube),
        _row("movedim", _method("movedim", 0, 2), cube),
        _row("flatten", _method("flatten", 1), cube),
        _row("unflatten", _method("unflatten", 1, (2, 2))),
        _row("squeeze", _method("squeeze"), Given((1, 3, 1))),
        _row("squeeze dim", _method("squeeze", 0), Given((1, 3, 1))),
        _row("unsqueeze", _method("unsqueeze", -1)),
        _row("expand", _method("expand", 2, 3, 4)),
        _row("expand -1", _method("expand", -1, 5), Given((3, 1))),
        _row("select", _method("select", 1, -1)),
        _row("narrow", _method("narrow", 1, 1, 2)),
        _row("unbind", lambda lib, x: x.unbind(1)[2]),
        _row("split", lambda lib, x: x.split(3, 1)[1]),
        _row("split sizes", lambda lib, x: x.split([1, 3], 1)[1]),
        _row("chunk", lambda lib, x: x.chunk(3, 1)[0]),
        _row("contiguous", lambda lib, x: x.t().contiguous()),
        _row("clone", _method("clone")),
        _row("as_strided", _method("as_strided", (2, 3), (1, 2), 1), layouts=False),
        _row("as_strided overlapping", _method("as_strided", (3, 3), (1, 1)), layouts=False),
        _row("cat", lambda lib, x, y: lib.cat([x, y], 1), X, Given((3, 2))),
        _row("cat of mixed", lambda lib, x: lib.cat([x, lib.ones(1, 4).to(x.device)])),
        _row("stack", lambda lib, x, y: lib.stack((x, y), -1), X, X),
        _row("flip", _method("flip", 0, 1)),
        _row("roll", _method("roll", 1, 0)),
        _row("roll flat", _method("roll", 5)),
        _row("roll dims", _method("roll", (1, -2), (0, 1))),
        _row("repeat", _method("repeat", 2, 1, 3)),
        _row("tril", _method("tril")),
        _row("triu", _method("triu", 1)),
        _row("tril below", _method("tril", -1), cube),
    ]


def _assign(index: Tensor, value: float) -> Call:
    def call(lib: ModuleType, x: Tensor) -> Tensor:
        y = x * 1
        y[index] = value
        return y * y

    return call


def _indexing() -> list[Row]:
    index = Given((2, 4), "index3")
    return [
        _row("x[1]", lambda lib, x: x[1]),
        _row("x[-1, 2]", lambda lib, x: x[-1, 2]),
        _row("x[1:, ::2]", lambda lib, x: x[1:, ::2]),
        _row("x[..., None, 0]", lambda lib, x: x[..., None, 0]),
        _row("x[5:2]", lambda lib, x: x[5:2]),
        _row("x[[0, 2, 2]]", lambda lib, x: x[[0, 2, 2]]),
        _row("x[[0, 2], [1, 3]]", lambda lib, x: x[[0, 2], [1, 3]]),
        _row("x[:, [0, 0, 1]]", lambda lib, x: x[:, [0, 0, 1]]),
        _row("x[:, [0, 1], [2, 2]]", lambda lib, x: x[:, [0, 1], [2, 2]], Given((2, 3, 4))),
        _row("x[[0, 1], :, [2, 2]]", lambda lib, x: x[[0, 1], :, [2, 2]], Given((2, 3, 4))),
        _row("x[[-1]]", lambda lib, x: x[[-1]]),
        _row("x[mask]", lambda lib, x, m: x[m], X, MASK),
        _row("x[row mask]", lambda lib, x, m: x[m], X, Given((3,), "mask")),
        _row("x[index]", lambda lib, x, i: x[i], X, Given((2, 2), "index3")),
        _row("x[1] = 2", _assign(1, 2.0)),
        _row("x[:, 1:3] = 2", _assign((slice(None), slice(1, 3)), 2.0)),
        _row("x[[0, 2]] = 2", _assign([0, 2], 2.0)),
        _row("gather", lambda lib, x, i: x.gather(0, i), X, index),
        _row("gather small", lambda lib, x, i: x.gather(1, i), X, Given((2, 3), "index4")),
        _row(
            "scatter_add",
            lambda lib, x, y, i: x.scatter_add(0, i, y),
            X,
            Given((2, 4)),
            index,
            dtypes=False,
        ),
        _row("index_select", lambda lib, x, i: x.index_select(1, i), X, Given((5,), "index4")),
        _row(
            "index_add",
            lambda lib, x, y, i: x.index_add(0, i, y),
            X,
            Given((5, 4)),
            Given((5,), "index3"),
            dtypes=False,
        ),
        _row(
            "take_along_dim",
            lambda lib, x, i: lib.take_along_dim(x, i, 1),
            X,
            Given((3, 2), "index4"),
        ),
        _row("masked_select", lambda lib, x, m: x.masked_select(m), X, MASK),
        _row("nonzero", lambda lib, x: x.nonzero(), Given((3, 4), "ties"), gradient=False),
    ]


def _products() -> list[Row]:
    def product(*shapes: tuple[int, ...]) -> Row:
        return _row(
            f"{shapes[0]} @ {shapes[1]}",
            lambda lib, a, b: a @ b,
            *(Given(s) for s in shapes),
            dtypes=False,
        )

    return [
        product((3, 4), (4, 2)),
        product((4,), (4,)),
        product((3, 4), (4,)),
        product((4,), (4, 2)),
        product((2, 3, 4), (4, 5)),
        product((2, 3, 4), (2, 4, 5)),
        product((2, 1, 3, 4), (3, 4, 2)),
        product((2, 3, 4), (4,)),
        product((4,), (2, 4, 3)),
        product((3, 0), (0, 2)),
        _row("mm", _named("mm"), X, Given((4, 2)), dtypes=False),
        _row("bmm", _named("bmm"), Given((2, 3, 4)), Given((2, 4, 5)), dtypes=False),
        _row("mv", _named("mv"), X, Given((4,)), dtypes=False),
        _row("dot", _named("dot"), Given((4,)), Given((4,)), dtypes=False),
        _row("outer", _named("outer"), Given((3,)), Given((4,)), dtypes=False),
    ]


def _inplace() -> list[Row]:
    def write(name: str, *args: object) -> Row:
        def call(lib: ModuleType, x: Tensor, y: Tensor) -> Tensor:
            z = x * 1
            getattr(z, name)(*args or (y,))
            return z * z

        return _row(name, call, POSITIVE, POSITIVE, dtypes=False)

    def into_view(lib: ModuleType, x: Tensor, y: Tensor) -> Tensor:
        z = x * 1
        column, other = z[:, 1], z.t()
        column.mul_(y[:, 0])
        return other * other + z.t()

    def chained(lib: ModuleType, x: Tensor, y: Tensor) -> Tensor:
        z = x * 1
        z += y
        z[0] *= 3
        z[:, 2] = y[:, 1]
        z -= 1
        return z.exp()

    return [
        *(write(n) for n in ("add_", "sub_", "mul_", "div_", "copy_")),
        *(write(n, 2.0) for n in ("add_", "mul_", "pow_", "fill_")),
        write("clamp_", 0.2, 0.7),
        _row("zero_", lambda lib, x: (x * 1).zero_() + x),
        _row("exp_", lambda lib, x: (x * 1).exp_()),
        _row("tanh_", lambda lib, x: (x * 1).tanh_()),
        _row("sigmoid_", lambda lib, x: (x * 1).sigmoid_()),
        _row("write into a view", into_view, POSITIVE, POSITIVE, dtypes=False),
        _row("several writes", chained, POSITIVE, POSITIVE, dtypes=False),
    ]


ROWS = [
    *_pointwise(),
    *_arithmetic(),
    *_reductions(),
    *_shapes(),
    *_indexing(),
    *_products(),
    *_inplace(),
]
