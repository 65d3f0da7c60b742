"""Rows of order statistics, scans, counts, histograms, covariance, differences and integrals."""

from __future__ import annotations

from types import ModuleType

from .table import MASK, POSITIVE, Call, Given, Row, Tensor, X, method, named, row

VECTOR = Given((6,))
TIES = Given((3, 4), "ties")
CUBE = Given((2, 3, 4))


def _item(name: str, index: int, *args: object, **kwargs: object) -> Call:
    """One of the tensors that a function gives."""
    return lambda lib, x: getattr(lib, name)(x, *args, **kwargs)[index]


def _with_nan(call: Call) -> Call:
    """The call on the input with nan where it is above 1."""
    return lambda lib, x: call(lib, lib.where(x > 1, float("nan"), x))


def _order() -> list[Row]:
    rows = [
        row("kthvalue", _item("kthvalue", 0, 2)),
        row("kthvalue dim", lambda lib, x: x.kthvalue(3, 0, True).values, X),
        row("kthvalue indices", _item("kthvalue", 1, 2, dim=0), gradient=False, dtypes=False),
        row("msort", named("msort")),
        row("sort", _item("sort", 0, dim=0)),
        row("sort stable", lambda lib, x: x.sort(stable=True, dim=1, descending=True)[1], TIES,
            gradient=False),
        row("argsort", lambda lib, x: lib.argsort(x, dim=1, stable=True), TIES, gradient=False),
        row("topk", _item("topk", 0, 2, 0)),
        row("topk smallest", _item("topk", 1, 3, largest=False), gradient=False, dtypes=False),
        row("mode", _item("mode", 0), TIES, double=False),
        row("mode indices", _item("mode", 1, 0, True), TIES, gradient=False),
    ]  # fmt: skip
    for name in ("median", "nanmedian"):
        rows += [
            row(name, named(name)),
            row(f"{name} of ties", named(name), TIES, double=False),
            row(f"{name} of nan", _with_nan(named(name)), dtypes=False),
            row(f"{name} dim", _item(name, 0, 1)),
            row(f"{name} dim of nan", _with_nan(_item(name, 0, 0, True)), dtypes=False),
            row(f"{name} indices", _item(name, 1, -1, True), gradient=False, dtypes=False),
        ]
    for name in ("quantile", "nanquantile"):
        rows += [
            row(name, method(name, 0.3)),
            row(f"{name} dim", method(name, 0.6, 1, True), CUBE, dtypes=False),
            row(f"{name} of nan", _with_nan(method(name, 0.4, dim=1)), dtypes=False),
        ]
    rows += [
        row("quantile vector", lambda lib, x, q: lib.quantile(x, q, 0), CUBE,
            Given((5,), "positive"), dtypes=False),
        row("quantile vector keepdim", lambda lib, x, q: lib.quantile(x, q, keepdim=True), X,
            Given((2,), "positive"), dtypes=False),
        *(
            row(f"quantile {how}", method("quantile", 0.4, 1, interpolation=how), dtypes=False)
            for how in ("lower", "higher", "midpoint", "nearest")
        ),
    ]  # fmt: skip
    return rows


def _sums() -> list[Row]:
    return [
        row("nansum", _with_nan(named("nansum")), dtypes=False),
        row("nansum dim", _with_nan(method("nansum", (0, 2), True)), CUBE, dtypes=False),
        row("nansum of any dtype", named("nansum")),
        row("nanmean", _with_nan(method("nanmean"))),
        row("nanmean dim", _with_nan(method("nanmean", -1)), dtypes=False),
        row("aminmax min", lambda lib, x: lib.aminmax(x).min),
        row("aminmax max dim", lambda lib, x: x.aminmax(dim=1, keepdim=True).max),
        row("aminmax of ties", lambda lib, x: sum(lib.aminmax(x, dim=0)), TIES, double=False,
            dtypes=False),
        row("var_mean", lambda lib, x: lib.var_mean(x)[0]),
        row("var_mean mean", lambda lib, x: lib.var_mean(x, (0, 2), keepdim=True)[1], CUBE,
            dtypes=False),
        row("std_mean", lambda lib, x: lib.std_mean(x, dim=1, correction=0)[0]),
        row("std_mean unbiased", lambda lib, x: lib.std_mean(x, 0, False)[0], dtypes=False),
        row("std correction", method("std", 1, correction=2, keepdim=True), dtypes=False),
        row("max other", lambda lib, x, y: lib.max(x, other=y), X, X),
        row("dist", named("dist"), X, Given((4,))),
        *(
            row(f"dist {p}", lambda lib, x, y, p=p: x.dist(y, p), X, X, dtypes=False)
            for p in (1, 3, float("inf"))
        ),
        row("dist 0", lambda lib, x, y: x.dist(y, 0), X, X, dtypes=False, gradient=False),
        row("norm fro", method("norm", "fro", (0, 2)), CUBE, dtypes=False),
        row("norm 0.5", method("norm", 0.5), dtypes=False),
        row("norm -1", method("norm", -1, 1, True), dtypes=False),
        row("norm -inf", method("norm", float("-inf"), 0), dtypes=False),
        row("norm dtype", lambda lib, x: lib.norm(x, dtype=lib.float64)),
        row("renorm", method("renorm", 2, 0, 1.5)),
        row("renorm 1", method("renorm", 1, -1, 2.0), CUBE, dtypes=False),
        row("renorm_", lambda lib, x: (x * 2).renorm_(2, 1, 1.0), dtypes=False),
        row("count_nonzero", named("count_nonzero"), TIES, gradient=False),
        row("count_nonzero dim", method("count_nonzero", (0, 2)), Given((2, 3, 4), "ties"),
            gradient=False),
    ]  # fmt: skip


def _scans() -> list[Row]:
    rows = []
    for name in ("cummax", "cummin"):
        rows += [
            row(name, _item(name, 0, 0)),
            row(f"{name} of ties", lambda lib, x, n=name: getattr(x, n)(1)[1], TIES,
                gradient=False),
            row(f"{name} of nan", _with_nan(_item(name, 0, -1)), dtypes=False),
        ]  # fmt: skip
    for name in ("cumsum", "cumprod"):
        rows += [
            row(name, method(name, 1)),
            row(f"{name} dtype", lambda lib, x, n=name: getattr(x, n)(0, dtype=lib.float64)),
            row(f"{name}_", lambda lib, x, n=name: getattr(x * 1, n + "_")(-1)),
        ]
    rows += [
        row("cumprod of zeros", method("cumprod", 0), TIES, dtypes=False),
        row("logcumsumexp", method("logcumsumexp", 1)),
        row("logcumsumexp dim", lambda lib, x: lib.logcumsumexp(x * 9, 0), CUBE, dtypes=False),
        row("diff", named("diff")),
        row("diff 2", method("diff", 2, 0)),
        row("diff joined", lambda lib, x, a, b: lib.diff(x, prepend=a, append=b), X,
            Given((3, 1)), Given((3, 2))),
        row("gradient", lambda lib, x: lib.gradient(x)[1]),
        row("gradient dim", lambda lib, x: lib.gradient(x, dim=0, edge_order=2)[0]),
        row("gradient spacing", lambda lib, x: lib.gradient(x, spacing=(2.0, 0.5))[1]),
        row("gradient places", _places, VECTOR, Given((6,), "positive"), dtypes=False),
        row("gradient places 2", lambda lib, x, p: lib.gradient(
            x, spacing=(p.cumsum(0),), dim=1, edge_order=2)[0], X, Given((4,), "positive"),
            dtypes=False),
        row("trapezoid", named("trapezoid")),
        row("trapezoid dx", lambda lib, x: lib.trapezoid(x, dx=0.5, dim=0)),
        row("trapezoid x", named("trapezoid"), CUBE, Given((4,))),
        row("trapezoid x dim", lambda lib, y, x: lib.trapezoid(y, x, dim=1), CUBE, Given((3, 4)),
            dtypes=False),
        row("trapz", named("trapz")),
        row("cumulative_trapezoid", named("cumulative_trapezoid")),
        row("cumulative_trapezoid x", lambda lib, y, x: lib.cumulative_trapezoid(y, x, dim=0),
            X, X, dtypes=False),
    ]  # fmt: skip
    return rows


def _places(lib: ModuleType, x: Tensor, p: Tensor) -> Tensor:
    return lib.gradient(x, spacing=(p.cumsum(0),))[0]


def _counts() -> list[Row]:
    index = Given((7,), "index5")
    rows = []
    for i, part in enumerate(("", " inverse", " counts")):
        every = {"return_inverse": True, "return_counts": True}
        rows += [
            row(f"unique{part}", _item("unique", i, **every), TIES, gradient=False),
            row(f"unique{part} dim", _item("unique", i, dim=0, **every), Given((5, 2), "ties"),
                gradient=False),
            row(f"unique_consecutive{part}", _item("unique_consecutive", i, **every), TIES,
                gradient=False),
            row(f"unique_consecutive{part} dim", _item("unique_consecutive", i, dim=1, **every),
                Given((1, 6), "ties"), gradient=False),
        ]  # fmt: skip
    for how in ("sum", "mean", "max", "min", "prod"):
        rows.append(
            row(f"segment_reduce {how}", lambda lib, x, how=how: lib.segment_reduce(
                x, how, lengths=lib.tensor([1, 2, 3]).to(x.device)), Given((6, 2)), double=False)
        )  # fmt: skip
    return [
        *rows,
        row("segment_reduce offsets", lambda lib, x, o: lib.segment_reduce(
            x, "mean", offsets=o.msort(), initial=2.0), Given((6,)), Given((4,), "index6"),
            dtypes=False, double=False),
        row("segment_reduce axis", lambda lib, x: lib.segment_reduce(
            x, "max", lengths=lib.tensor([[1, 3], [4, 0]]).to(x.device), axis=1),
            Given((2, 4, 2)), dtypes=False, double=False),
        row("bincount", named("bincount"), index, gradient=False),
        row("bincount minlength", lambda lib, x: x.bincount(minlength=9), index, gradient=False),
        row("bincount weights", lambda lib, i, w: lib.bincount(i, w), index, Given((7,)),
            gradient=False),
        row("histc", lambda lib, x: lib.histc(x, 5), gradient=False),
        row("histc range", lambda lib, x: x.histc(bins=4, min=-1, max=1), gradient=False),
        row("histogram", lambda lib, x: lib.histogram(x, 5).hist, gradient=False),
        row("histogram edges", lambda lib, x: x.histogram(3, range=(-1.0, 1.0))[1],
            gradient=False),
        row("histogram weight", _weighted, X, POSITIVE, gradient=False, dtypes=False),
        row("histogramdd", lambda lib, x: lib.histogramdd(x, [3, 2], density=True)[0],
            Given((8, 2)), gradient=False),
        row("searchsorted", _search, CUBE, CUBE, gradient=False),
        row("searchsorted right", lambda lib, s, x: lib.searchsorted(
            s.msort(), x, right=True, out_int32=True), Given((5,), "ties"), TIES, gradient=False),
        row("searchsorted sorter", lambda lib, s, x: lib.searchsorted(
            s, x, sorter=s.argsort()), Given((3, 5)), X, gradient=False, dtypes=False),
        row("bucketize", lambda lib, x, b: lib.bucketize(x, b.msort()), X, Given((5,)),
            gradient=False),
        row("bucketize right", lambda lib, x: lib.bucketize(
            x, lib.arange(3, dtype=x.dtype).to(x.device), right=True), TIES, gradient=False),
        row("cov", named("cov")),
        row("cov vector", lambda lib, x: lib.cov(x, correction=0), VECTOR),
        row("cov fweights", lambda lib, x, f: lib.cov(x, fweights=f), X, Given((4,), "index5"),
            dtypes=False),
        row("cov aweights", lambda lib, x, a: x.cov(aweights=a), X, Given((4,), "positive"),
            dtypes=False),
        row("cov both weights", lambda lib, x, f, a: lib.cov(
            x, correction=2, fweights=f + 1, aweights=a), X, Given((4,), "index3"),
            Given((4,), "positive"), dtypes=False),
        row("corrcoef", named("corrcoef"), double=False),
        row("masked sum", lambda lib, x, m: lib.where(m, x, 0.0).sum(1), X, MASK, dtypes=False),
    ]  # fmt: skip


def _weighted(lib: ModuleType, x: Tensor, w: Tensor) -> Tensor:
    edges = lib.tensor([-2.0, -1.0, 0.0, 0.5, 2.0], dtype=x.dtype).to(x.device)
    return lib.histogram(x, edges, weight=w, density=True).hist


def _search(lib: ModuleType, s: Tensor, x: Tensor) -> Tensor:
    return lib.searchsorted(s.sort(-1).values, x)


def rows() -> list[Row]:
    """The rows of this family."""
    return [*_order(), *_sums(), *_scans(), *_counts()]
