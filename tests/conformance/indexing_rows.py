"""Rows of reading and writing chosen elements: scatter and gather, masks, positions."""

from __future__ import annotations

import warnings
from types import ModuleType

from .table import MASK, Call, Given, Row, Tensor, X, row

_INDEX = Given((2, 4), "index3")  # rows of X, for scatters along 0
_SRC = Given((2, 4))
_ROWS = Given((5,), "index3")
_FIVE = Given((5, 4))


def _written(name: str, *args: object, **kwargs: object) -> Call:
    """The method in place on a copy, and on a view of one."""

    def call(lib: ModuleType, x: Tensor, *rest: Tensor) -> Tensor:
        y, z = x * 1, x * 1
        getattr(y, name)(*rest, *args, **kwargs)
        getattr(z[:], name)(*rest, *args, **kwargs)
        return y * z

    return call


def _beta(call: Call) -> Call:
    """Without PyTorch's warning, which comes once, that this function is in beta."""

    def quiet(lib: ModuleType, *inputs: Tensor) -> Tensor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call(lib, *inputs)

    return quiet


def _scatters() -> list[Row]:
    def reduce(kind: str, include_self: bool) -> Call:
        return lambda lib, x, i, y: lib.scatter_reduce(x, 0, i, y, kind, include_self=include_self)

    def index_reduce(kind: str, include_self: bool) -> Call:
        return _beta(lambda lib, x, i, y: x.index_reduce(0, i, y, kind, include_self=include_self))

    rows = []
    for kind in ("sum", "prod", "mean", "amax", "amin"):
        for keep in (True, False):
            rest = "" if keep else ", without self"
            call = reduce(kind, keep)
            rows.append(row(f"scatter_reduce {kind}{rest}", call, X, _INDEX, _SRC))
            if kind != "sum":
                call = index_reduce(kind, keep)
                rows.append(row(f"index_reduce {kind}{rest}", call, X, _ROWS, _FIVE, dtypes=keep))
    ties = [Given((3, 4), "ties"), _INDEX, Given((2, 4), "ties")]
    return [
        *rows,
        row("scatter_reduce amax of ties", reduce("amax", True), *ties),
        row("scatter_reduce prod of zeros", reduce("prod", True), *ties, double=False),
        row(
            "scatter_reduce_",
            lambda lib, x, i, y: (x * 1).scatter_reduce_(1, i, y, "prod"),
            X,
            Given((2, 3), "index4"),
            Given((2, 3)),
            dtypes=False,
        ),
        row(
            "index_reduce_",
            _beta(lambda lib, x, i, y: (x * 1).index_reduce_(1, i, y, "mean")),
            X,
            Given((2,), "index4"),
            Given((3, 2)),
            dtypes=False,
        ),
        row("scatter value", lambda lib, x, i: lib.scatter(x, 0, i, 2.0), X, _INDEX),
        row("scatter value=", lambda lib, x, i: x.scatter(1, i, value=3), X, _INDEX),
        row(
            "scatter of one each",
            lambda lib, x, y: x.scatter(0, lib.tensor([[2, 0, 1, 2]]).to(x.device), y),
            X,
            Given((1, 4)),
        ),
        row(
            "scatter reduce=multiply",
            lambda lib, x, i: x.scatter(0, i, 2, reduce="multiply"),
            X,
            _INDEX,
            gradient=False,
        ),
        row(
            "scatter_ reduce=add",
            lambda lib, x, i: (x * 1).scatter_(0, i, 2, reduce="add"),
            X,
            _INDEX,
            gradient=False,
        ),
        row("scatter_add_", lambda lib, x, i, y: (x * 1).scatter_add_(0, i, y), X, _INDEX, _SRC),
        row("index_add_", lambda lib, x, i, y: (x * 1).index_add_(0, i, y), X, _ROWS, _FIVE),
        row("index_fill", lambda lib, x, i: x.index_fill(1, i, 2), X, Given((2,), "index4")),
        row(
            "index_copy",
            lambda lib, x, y: x.index_copy(0, lib.tensor([2, 0]).to(x.device), y),
            X,
            _SRC,
        ),
    ]


def _positions() -> list[Row]:
    flat = Given((2, 3), "index12")
    ties = Given((3, 4), "ties")
    return [
        row("take", lambda lib, x, i: lib.take(x, i), X, flat),
        row("take from the end", lambda lib, x, i: x.take(i - 12), X, flat),
        row("put", lambda lib, x, y: x.put(_some(lib, x), y), X, Given((3,))),
        row("put_", lambda lib, x, y: (x * 1).put_(_some(lib, x), y), X, Given((3,)), dtypes=False),
        row(
            "put, accumulated",
            lambda lib, x, i, y: x.put(i, y, accumulate=True),
            X,
            flat,
            Given((2, 3)),
        ),
        row("masked_scatter", lambda lib, x, m, y: lib.masked_scatter(x, m, y), X, MASK, X),
        row(
            "masked_scatter, row of a mask",
            lambda lib, x, m, y: x.masked_scatter(m, y),
            Given((3, 1)),
            Given((4,), "mask"),
            X,
            dtypes=False,
        ),
        row("masked_scatter_", _written("masked_scatter_"), X, MASK, X, dtypes=False),
        row("masked_fill_", _written("masked_fill_", 2), X, MASK, dtypes=False),
        row("argwhere", lambda lib, x: lib.argwhere(x), ties, gradient=False),
        row("nonzero as_tuple", lambda lib, x: x.nonzero(as_tuple=True)[1], ties, gradient=False),
        row("where of one", lambda lib, x: lib.where(x)[0], ties, gradient=False),
        row(
            "nonzero_static",
            lambda lib, x: x.nonzero_static(size=11, fill_value=7),
            ties,
            gradient=False,
        ),
        row(
            "unravel_index",
            lambda lib, x: lib.stack(lib.unravel_index(x, (2, 3, 2))),
            flat,
            gradient=False,
            dtypes=False,
        ),
        row("isin", lambda lib, x, y: lib.isin(x, y), ties, Given((4,), "ties"), gradient=False),
        row("isin number", lambda lib, x: lib.isin(x, 1, invert=True), ties, gradient=False),
        row(
            "take_along_dim of all",
            lambda lib, x, i: lib.take_along_dim(x, i),
            X,
            Given((4,), "index12"),
        ),
        row(
            "gather of a number",
            lambda lib, x, i: lib.gather(x, 0, i),
            Given(()),
            Given((), "index1"),
        ),
    ]


def _some(lib: ModuleType, x: Tensor) -> Tensor:
    """Three different positions of a (3, 4) tensor, one counted from the end."""
    return lib.tensor([5, 0, -2]).to(x.device)


def _assigned() -> list[Row]:
    def put(lib: ModuleType, x: Tensor, i: Tensor, j: Tensor, y: Tensor) -> Tensor:
        return lib.index_put(x, (i, j), y, True)

    def fill(lib: ModuleType, x: Tensor, m: Tensor, y: Tensor) -> Tensor:
        z = x * 1
        z[m] = y
        return z * z

    def columns(lib: ModuleType, x: Tensor, y: Tensor) -> Tensor:
        z = x * 1
        z[:, [2, 0]] = y
        z[1, [True, False, False, True]] *= 3
        return z * z

    def apart(lib: ModuleType, x: Tensor, y: Tensor) -> Tensor:
        z = x * 1
        z[[0, 1], :, [2, 0]] = y
        return z * z

    pairs = Given((5,), "index3"), Given((5,), "index4")
    return [
        row("index_put, accumulated", put, X, *pairs, Given((5,))),
        row("index_put of rows", lambda lib, x, y: x.index_put(_rows(lib, x), y), X, Given((4,))),
        row(
            "index_put_",
            lambda lib, x, y: (x * 1).index_put_(_rows(lib, x), y, accumulate=True),
            X,
            _SRC,
            dtypes=False,
        ),
        row("x[mask] = y[0]", lambda lib, x, m, y: fill(lib, x, m, y[0]), X, MASK, Given((1,))),
        row("x[:, [2, 0]] = y", columns, X, Given((3, 2)), dtypes=False),
        row("x[[0, 1], :, [2, 0]] = y", apart, Given((2, 3, 4)), Given((2, 3)), dtypes=False),
        row("x[..., i]", lambda lib, x, i: x[..., i], Given((2, 3, 4)), Given((2, 2), "index4")),
        row("x[i, None, j]", lambda lib, x, i, j: x[i, None, j], X, *pairs),
        row("x[:, m]", lambda lib, x, m: x[:, m], Given((2, 3, 4)), MASK),
        row("x[0, :, i]", lambda lib, x, i: x[0, :, i], Given((2, 3, 4)), Given((2,), "index4")),
        row("x[True, i]", lambda lib, x, i: x[True, i], X, Given((2,), "index3")),
    ]


def _rows(lib: ModuleType, x: Tensor) -> tuple[Tensor]:
    return (lib.tensor([2, 0]).to(x.device),)


def rows() -> list[Row]:
    """All of them."""
    return [*_scatters(), *_positions(), *_assigned()]
