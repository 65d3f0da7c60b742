"""The conformance table: one row a function. `test_conformance` runs every row against torch.

The families that came later have files of their own beside this one; all are joined at the end.
"""

from __future__ import annotations

from types import ModuleType

from . import (
    arranging_rows,
    autograd_rows,
    creation_rows,
    elementwise_rows,
    everyday_rows,
    indexing_rows,
    layer_rows,
    linear_algebra_rows,
    memory_rows,
    neural_rows,
    random_rows,
    special_rows,
    statistics_rows,
)
from .table import ABOVE_ONE, MASK, POSITIVE, UNIT, Call, Given, Row, Tensor, X, method, named, row

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


# torch's vectorised fmod gives nan where the quotient overflows; C's, and ours, is exact there.
_NO_EDGES = {"fmod", "remainder"}


def _pointwise() -> list[Row]:
    rows = [
        row(n, named(n), x, gradient=n not in _NO_GRADIENT, edges=True) for n, x in _UNARY.items()
    ]
    for n, x in _BINARY.items():
        grad = n not in _NO_GRADIENT
        rows.append(row(n, named(n), x, Given((3, 4)), gradient=grad, edges=n not in _NO_EDGES))
        other = {"gradient": grad, "dtypes": False, "alike": True}
        rows.append(row(f"{n}, row", named(n), x, Given((4,)), **other))
        rows.append(row(f"{n}, column", named(n), Given((3, 1)), Given((2, 1, 4)), **other))
        rows.append(
            row(
                f"{n}, number",
                lambda lib, x, n=n: getattr(lib, n)(x, lib.tensor(2.5)),
                x,
                gradient=grad,
            )
        )
    return rows


def _arithmetic() -> list[Row]:
    return [
        row("x + 2", lambda lib, x: x + 2),
        row("2 - x", lambda lib, x: 2 - x),
        row("2.5 * x", lambda lib, x: 2.5 * x),
        row("3 / x", lambda lib, x: 3 / x),
        row("x // 2", lambda lib, x: x // 2, gradient=False),
        row("x % 3", lambda lib, x: x % 3),
        row("x ** 2", lambda lib, x: x**2),
        row("x ** 3", lambda lib, x: x**3),
        row("x ** -1.5", lambda lib, x: x**-1.5, POSITIVE),
        row("2 ** x", lambda lib, x: 2**x),
        row("x ** y", lambda lib, x, y: x**y, POSITIVE, X, dtypes=False),
        row("-x", lambda lib, x: -x),
        row("x < 1", lambda lib, x: x < 1, gradient=False),
        row("x == 1", lambda lib, x: x == 1, gradient=False),
        row("alpha", lambda lib, x, y: lib.add(x, y, alpha=2), X, X),
        row("clamp", method("clamp", -0.5, 0.6)),
        row("clamp min", method("clamp", min=-0.5)),
        row("clamp max", method("clamp", max=0.5)),
        row("where", lambda lib, m, x, y: lib.where(m, x, y), MASK, X, X, dtypes=False),
        row("where, number", lambda lib, m, x: lib.where(m, x, 0.0), MASK, X, dtypes=False),
        row(
            "where, broadcast",
            lambda lib, m, x, y: lib.where(m, x, y),
            Given((4,), "mask"),
            Given((3, 1)),
            X,
            dtypes=False,
        ),
        row("lerp", lambda lib, x, y: lib.lerp(x, y, 0.3), X, X, dtypes=False),
        row("xlogy", named("xlogy"), X, POSITIVE, dtypes=False),
        row(
            "div floor",
            lambda lib, x, y: lib.div(x, y, rounding_mode="floor"),
            X,
            X,
            gradient=False,
        ),
        row(
            "div trunc",
            lambda lib, x, y: lib.div(x, y, rounding_mode="trunc"),
            X,
            X,
            gradient=False,
        ),
        row(
            "round decimals", lambda lib, x: lib.round(x, decimals=1), gradient=False, dtypes=False
        ),
        row("masked_fill", lambda lib, x, m: x.masked_fill(m, 2.0), X, MASK, dtypes=False),
        row("isclose", named("isclose"), X, X, gradient=False),
    ]


def _reductions() -> list[Row]:
    rows = []
    for n in ("sum", "mean", "var", "std", "amax", "amin", "norm", "all", "any", "prod"):
        grad = n not in ("all", "any")
        rows.append(row(n, method(n), gradient=grad))
        rows.append(row(f"{n} dim 0", method(n, dim=0), gradient=grad))
        rows.append(row(f"{n} dim -1 keepdim", method(n, dim=-1, keepdim=True), gradient=grad))
        if n != "prod":
            rows.append(row(f"{n} dims", method(n, dim=(0, 2)), Given((2, 3, 4)), gradient=grad))
    for n in ("max", "min"):
        rows.append(row(n, method(n)))
        rows.append(row(f"{n} of ties", method(n), Given((3, 4), "ties")))
        rows.append(row(f"{n} values", lambda lib, x, n=n: getattr(x, n)(1).values))
        rows.append(
            row(
                f"{n} indices",
                lambda lib, x, n=n: getattr(x, n)(0, keepdim=True)[1],
                gradient=False,
            )
        )
        rows.append(row(f"{n} of two", lambda lib, x, y, n=n: getattr(lib, n)(x, y), X, X))
        rows.append(row(f"arg{n}", method(f"arg{n}"), gradient=False))
        rows.append(row(f"arg{n} dim", method(f"arg{n}", 1, keepdim=True), gradient=False))
        rows.append(
            row(f"arg{n} of ties", method(f"arg{n}", 0), Given((3, 4), "ties"), gradient=False)
        )
        rows.append(row(f"a{n} of ties", method(f"a{n}", 0), Given((3, 4), "ties"), double=False))
    rows += [
        row("logsumexp", method("logsumexp", 1)),
        row("logsumexp dims", method("logsumexp", (0, 1), True)),
        row("sum dtype", lambda lib, x: x.sum(0, dtype=lib.float64)),
        row("var unbiased", method("var", 1, unbiased=False)),
        row("var correction", lambda lib, x: lib.var(x, dim=0, correction=0, keepdim=True)),
        row("norm 1", method("norm", 1)),
        row("norm inf", method("norm", float("inf"))),
        row("norm 3", method("norm", 3, 1)),
    ]
    return rows


def _shapes() -> list[Row]:
    cube = Given((2, 3, 4))
    return [
        row("view", method("view", 2, 6), layouts=False),
        row("view -1", method("view", -1, 3), layouts=False),
        row("reshape", method("reshape", (4, 3))),
        row("reshape of transposed", lambda lib, x: x.t().reshape(2, -1)),
        row("permute", method("permute", 2, 0, 1), cube),
        row("transpose", method("transpose", 0, -1), cube),
        row("t", method("t")),
        row("T", lambda lib, x: x.T),
        row("mT", lambda lib, x: x.mT, cube),
        row("movedim", method("movedim", 0, 2), cube),
        row("flatten", method("flatten", 1), cube),
        row("unflatten", method("unflatten", 1, (2, 2))),
        row("squeeze", method("squeeze"), Given((1, 3, 1))),
        row("squeeze dim", method("squeeze", 0), Given((1, 3, 1))),
        row("unsqueeze", method("unsqueeze", -1)),
        row("expand", method("expand", 2, 3, 4)),
        row("expand -1", method("expand", -1, 5), Given((3, 1))),
        row("select", method("select", 1, -1)),
        row("narrow", method("narrow", 1, 1, 2)),
        row("unbind", lambda lib, x: x.unbind(1)[2]),
        row("split", lambda lib, x: x.split(3, 1)[1]),
        row("split sizes", lambda lib, x: x.split([1, 3], 1)[1]),
        row("chunk", lambda lib, x: x.chunk(3, 1)[0]),
        row("contiguous", lambda lib, x: x.t().contiguous()),
        row("clone", method("clone")),
        row("as_strided", method("as_strided", (2, 3), (1, 2), 1), layouts=False),
        row("as_strided overlapping", method("as_strided", (3, 3), (1, 1)), layouts=False),
        row("cat", lambda lib, x, y: lib.cat([x, y], 1), X, Given((3, 2))),
        row("cat of mixed", lambda lib, x: lib.cat([x, lib.ones(1, 4).to(x.device)])),
        row("stack", lambda lib, x, y: lib.stack((x, y), -1), X, X),
        row("flip", method("flip", 0, 1)),
        row("roll", method("roll", 1, 0)),
        row("roll flat", method("roll", 5)),
        row("roll dims", method("roll", (1, -2), (0, 1))),
        row("repeat", method("repeat", 2, 1, 3)),
        row("tril", method("tril")),
        row("triu", method("triu", 1)),
        row("tril below", method("tril", -1), cube),
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
        row("x[1]", lambda lib, x: x[1]),
        row("x[-1, 2]", lambda lib, x: x[-1, 2]),
        row("x[1:, ::2]", lambda lib, x: x[1:, ::2]),
        row("x[..., None, 0]", lambda lib, x: x[..., None, 0]),
        row("x[5:2]", lambda lib, x: x[5:2]),
        row("x[[0, 2, 2]]", lambda lib, x: x[[0, 2, 2]]),
        row("x[[0, 2], [1, 3]]", lambda lib, x: x[[0, 2], [1, 3]]),
        row("x[:, [0, 0, 1]]", lambda lib, x: x[:, [0, 0, 1]]),
        row("x[:, [0, 1], [2, 2]]", lambda lib, x: x[:, [0, 1], [2, 2]], Given((2, 3, 4))),
        row("x[[0, 1], :, [2, 2]]", lambda lib, x: x[[0, 1], :, [2, 2]], Given((2, 3, 4))),
        row("x[[-1]]", lambda lib, x: x[[-1]]),
        row("x[mask]", lambda lib, x, m: x[m], X, MASK),
        row("x[row mask]", lambda lib, x, m: x[m], X, Given((3,), "mask")),
        row("x[index]", lambda lib, x, i: x[i], X, Given((2, 2), "index3")),
        row("x[1] = 2", _assign(1, 2.0)),
        row("x[:, 1:3] = 2", _assign((slice(None), slice(1, 3)), 2.0)),
        row("x[[0, 2]] = 2", _assign([0, 2], 2.0)),
        row("gather", lambda lib, x, i: x.gather(0, i), X, index),
        row("gather small", lambda lib, x, i: x.gather(1, i), X, Given((2, 3), "index4")),
        row(
            "scatter_add",
            lambda lib, x, y, i: x.scatter_add(0, i, y),
            X,
            Given((2, 4)),
            index,
            dtypes=False,
        ),
        row("index_select", lambda lib, x, i: x.index_select(1, i), X, Given((5,), "index4")),
        row(
            "index_add",
            lambda lib, x, y, i: x.index_add(0, i, y),
            X,
            Given((5, 4)),
            Given((5,), "index3"),
            dtypes=False,
        ),
        row(
            "take_along_dim",
            lambda lib, x, i: lib.take_along_dim(x, i, 1),
            X,
            Given((3, 2), "index4"),
        ),
        row("masked_select", lambda lib, x, m: x.masked_select(m), X, MASK),
        row("nonzero", lambda lib, x: x.nonzero(), Given((3, 4), "ties"), gradient=False),
    ]


def _products() -> list[Row]:
    def product(*shapes: tuple[int, ...]) -> Row:
        return row(
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
        row("mm", named("mm"), X, Given((4, 2)), dtypes=False),
        row("bmm", named("bmm"), Given((2, 3, 4)), Given((2, 4, 5)), dtypes=False),
        row("mv", named("mv"), X, Given((4,)), dtypes=False),
        row("dot", named("dot"), Given((4,)), Given((4,)), dtypes=False),
        row("outer", named("outer"), Given((3,)), Given((4,)), dtypes=False),
    ]


def _inplace() -> list[Row]:
    def write(name: str, *args: object) -> Row:
        def call(lib: ModuleType, x: Tensor, y: Tensor) -> Tensor:
            z = x * 1
            getattr(z, name)(*args or (y,))
            return z * z

        return row(name, call, POSITIVE, POSITIVE, dtypes=False)

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
        row("zero_", lambda lib, x: (x * 1).zero_() + x),
        row("exp_", lambda lib, x: (x * 1).exp_()),
        row("tanh_", lambda lib, x: (x * 1).tanh_()),
        row("sigmoid_", lambda lib, x: (x * 1).sigmoid_()),
        row("write into a view", into_view, POSITIVE, POSITIVE, dtypes=False),
        row("several writes", chained, POSITIVE, POSITIVE, dtypes=False),
    ]


# One line a file of rows; a family's name is the file's.
ROWS = [
    *_pointwise(),
    *_arithmetic(),
    *_reductions(),
    *_shapes(),
    *_indexing(),
    *_products(),
    *_inplace(),
    *arranging_rows.rows(),
    *autograd_rows.rows(),
    *creation_rows.rows(),
    *everyday_rows.rows(),
    *memory_rows.rows(),
    *elementwise_rows.rows(),
    *indexing_rows.rows(),
    *layer_rows.rows(),
    *linear_algebra_rows.rows(),
    *neural_rows.rows(),
    *random_rows.rows(),
    *special_rows.rows(),
    *statistics_rows.rows(),
]
