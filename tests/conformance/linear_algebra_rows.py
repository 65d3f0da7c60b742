"""Rows of products of tensors, einsum, factorisations, systems of equations and norms.

A factorisation is unique up to signs at best, so its rows call what does not depend on them. The
matrices are far from singular, so that float32 can be compared.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from types import ModuleType

from .table import Call, Given, Row, Tensor, named, row

VECTOR = Given((3,))
MATRIX = Given((3, 3))
STACK = Given((2, 3, 3))
TALL = Given((4, 3))
WIDE = Given((3, 4))
LEFT, RIGHT = Given((2, 3)), Given((3, 4))


def _linalg(name: str, *args: object, **kwargs: object) -> Call:
    return lambda lib, *inputs: getattr(lib.linalg, name)(*inputs, *args, **kwargs)


def _quiet(call: Call) -> Call:
    """The call without PyTorch's advice to use a newer function."""

    def quiet(lib: ModuleType, *inputs: Tensor) -> Tensor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return call(lib, *inputs)

    return quiet


def _regular(lib: ModuleType, x: Tensor) -> Tensor:
    """x made diagonally dominant: far from singular."""
    return x + 6 * lib.eye(x.shape[-1], dtype=x.dtype, device=x.device)


def _of_regular(call: Call) -> Call:
    return lambda lib, x, *rest: call(lib, _regular(lib, x), *rest)


def _positive(lib: ModuleType, x: Tensor) -> Tensor:
    """A positive-definite matrix with different eigenvalues."""
    return x @ x.mT + lib.eye(x.shape[-1], dtype=x.dtype, device=x.device)


def _of_positive(call: Call) -> Call:
    return lambda lib, x, *rest: call(lib, _positive(lib, x), *rest)


def _einsum(equation: str, *shapes: tuple[int, ...], double: bool = True) -> Row:
    inputs = [Given(shape) for shape in shapes]
    return row(
        f"einsum {equation}",
        lambda lib, *x: lib.einsum(equation, *x),
        *inputs,
        dtypes=equation in ("ij,jk->ik", "ij->j", "i,j->ij"),
        double=double,
    )


def _einsums() -> list[Row]:
    return [
        _einsum("ij,jk->ik", (2, 3), (3, 4)),
        _einsum("ij->j", (2, 3)),
        _einsum("i,j->ij", (2,), (3,)),
        _einsum("ii", (3, 3)),
        _einsum("...ii->...i", (2, 3, 3)),
        _einsum("iij->j", (2, 2, 3)),
        _einsum("...ij,...jk->...ik", (5, 2, 3), (2, 1, 3, 2)),
        _einsum("bij,bjk,bkl->bil", (2, 3, 4), (2, 4, 5), (2, 5, 2)),
        _einsum("aB,Ba", (2, 3), (3, 2)),
        _einsum("Ba", (2, 3)),
        _einsum("ij,jk", (2, 1), (3, 4)),
        _einsum("ij,ij->", (2, 3), (2, 3)),
        _einsum("i...->...", (2, 3, 2)),
        _einsum("i,ij,j", (2,), (2, 3), (3,)),
        row(
            "einsum, lists",
            lambda lib, x, y: lib.einsum(x, [0, ..., 1], y, [1, 2], [2, ..., 0]),
            Given((2, 2, 3)),
            RIGHT,
            dtypes=False,
        ),
    ]


def _products() -> list[Row]:
    batch1, batch2 = Given((2, 2, 3)), Given((2, 3, 4))
    half = {"beta": 0.5, "alpha": 2.0}
    added = {
        "addmm": (Given((4,)), LEFT, RIGHT),
        "addmv": (Given(()), LEFT, VECTOR),
        "addr": (Given((3,)), Given((2,)), VECTOR),
        "addbmm": (Given((2, 4)), batch1, batch2),
        "baddbmm": (Given((2, 4)), batch1, batch2),
    }
    rows = [row(name, named(name), *inputs) for name, inputs in added.items()]
    rows += [
        row(f"{name} beta alpha", lambda lib, *x, n=name: getattr(lib, n)(*x, **half), *inputs,
            dtypes=False, layouts=False)
        for name, inputs in added.items()
    ]  # fmt: skip
    whole = {"addmm": (2, 4), "addmv": (2,), "addr": (2, 3), "addbmm": (2, 4), "baddbmm": (2, 2, 4)}
    rows += [
        row(f"{name}_", lambda lib, x, *y, n=name: getattr(x.clone(), n + "_")(*y, beta=2),
            Given(whole[name]), *added[name][1:], dtypes=False, layouts=False)
        for name in added
    ]  # fmt: skip
    return [
        *rows,
        row("addmm beta 0", lambda lib, x, *y: lib.addmm(x / 0, *y, beta=0), *added["addmm"],
            dtypes=False, gradient=False),
        row("inner", named("inner"), LEFT, Given((4, 3))),
        row("inner 0-d", named("inner"), LEFT, Given(())),
        row("kron", named("kron"), LEFT, Given((2, 1, 2))),
        row("vdot", named("vdot"), VECTOR, VECTOR),
        row("ger", named("ger"), VECTOR, Given((2,))),
        row("tensordot", lambda lib, x, y: lib.tensordot(x, y, 1), LEFT, RIGHT),
        row("tensordot dims", lambda lib, x, y: lib.tensordot(x, y, ([2, 0], [0, 1])),
            Given((2, 3, 4)), Given((4, 2, 3)), dtypes=False),
        row("tensordot, size 1", lambda lib, x, y: lib.tensordot(x, y, dims=([1], [0])),
            Given((2, 1)), RIGHT, dtypes=False),
        row("cross", lambda lib, x, y: lib.cross(x, y, dim=1), LEFT, LEFT),
        row("cross, any dim", _quiet(named("cross")), LEFT, LEFT, dtypes=False),
        row("linalg.cross", _linalg("cross"), LEFT, Given((1, 3)), dtypes=False),
        row("linalg.vecdot", _linalg("vecdot"), Given((2, 1, 3)), LEFT),
        row("linalg.vecdot dim", _linalg("vecdot", dim=0), LEFT, LEFT, dtypes=False),
        row("linalg.matmul", _linalg("matmul"), LEFT, RIGHT, dtypes=False),
        row("bilinear", named("bilinear"), Given((2, 3)), Given((2, 4)), Given((2, 3, 4)),
            Given((2,)), dtypes=False),
        row("chain_matmul", _quiet(named("chain_matmul")), LEFT, RIGHT, Given((4, 2)),
            dtypes=False),
        row("linalg.multi_dot", lambda lib, *x: lib.linalg.multi_dot(x), VECTOR, RIGHT,
            Given((4, 2)), dtypes=False),
    ]  # fmt: skip


def _distances() -> list[Row]:
    rows = [
        row(f"cdist {p}", lambda lib, x, y, p=p: lib.cdist(x, y, p), LEFT, Given((4, 3)),
            dtypes=p == 1, double=False)
        for p in (0.0, 0.5, 1.0, 2.0, 3.0, math.inf)
    ]  # fmt: skip
    return [
        *rows,
        row("cdist, batch", named("cdist"), Given((2, 1, 2, 3)), Given((3, 1, 3)), dtypes=False,
            double=False),
        row("cdist, product", lambda lib, x, y: lib.cdist(
            x, y, compute_mode="use_mm_for_euclid_dist"), LEFT, Given((4, 3)), dtypes=False,
            double=False),
    ]  # fmt: skip


def _systems() -> list[Row]:
    solve = _of_regular(_linalg("solve"))
    right = _of_regular(_linalg("solve", left=False))
    pivots = _of_regular(_linalg("lu_factor"))

    def lu_solve(lib: ModuleType, a: Tensor, b: Tensor, **sides: bool) -> Tensor:
        return lib.linalg.lu_solve(*pivots(lib, a), b, **sides)

    return [
        row("linalg.inv", _of_regular(_linalg("inv")), STACK),
        row("inverse", _of_regular(named("inverse")), MATRIX, dtypes=False),
        row("linalg.inv_ex", lambda lib, x: lib.linalg.inv_ex(_regular(lib, x)).inverse, MATRIX,
            dtypes=False),
        row("linalg.solve", solve, STACK, WIDE),
        row("linalg.solve vector", solve, STACK, Given((2, 3)), dtypes=False),
        row("linalg.solve right", right, MATRIX, Given((2, 2, 3)), dtypes=False),
        row("linalg.solve_ex", lambda lib, x, b: lib.linalg.solve_ex(_regular(lib, x), b).result,
            MATRIX, VECTOR, dtypes=False),
        row("linalg.det", _linalg("det"), STACK),
        row("det", named("det"), MATRIX, dtypes=False),
        row("linalg.slogdet", lambda lib, x: lib.linalg.slogdet(_regular(lib, x)).logabsdet, STACK,
            dtypes=False),
        row("slogdet sign", lambda lib, x: lib.slogdet(x).sign, STACK, gradient=False),
        row("logdet", _of_regular(named("logdet")), MATRIX, dtypes=False),
        row("linalg.solve_triangular", _of_regular(_linalg("solve_triangular", upper=True)), STACK,
            WIDE),
        row("linalg.solve_triangular lower", _of_regular(_linalg(
            "solve_triangular", upper=False, left=False, unitriangular=True)), MATRIX,
            Given((2, 3)), dtypes=False),
        row("triangular_solve", _quiet(lambda lib, x, b: lib.triangular_solve(
            b, _regular(lib, x), False, True).solution), MATRIX, WIDE, dtypes=False),
        row("linalg.lu", lambda lib, x: lib.linalg.lu(_regular(lib, x)).U, Given((2, 4, 4))),
        row("linalg.lu tall", lambda lib, x: lib.linalg.lu(x).L, TALL, dtypes=False),
        row("linalg.lu wide", lambda lib, x: lib.linalg.lu(x).U, WIDE, dtypes=False),
        row("linalg.lu P", lambda lib, x: lib.linalg.lu(x).P, STACK, dtypes=False, gradient=False),
        row("linalg.lu_factor", lambda lib, x: pivots(lib, x).LU, STACK, dtypes=False),
        row("linalg.lu_factor pivots", lambda lib, x: lib.linalg.lu_factor(x).pivots, STACK,
            dtypes=False, gradient=False),
        row("linalg.lu_factor_ex", lambda lib, x: lib.linalg.lu_factor_ex(x * 0).info, STACK,
            dtypes=False, gradient=False),
        row("linalg.lu_solve", lu_solve, MATRIX, Given((3, 2)), dtypes=False),
        row("linalg.lu_solve adjoint", lambda lib, x, b: lu_solve(
            lib, x, b, left=False, adjoint=True), MATRIX, Given((2, 3)), dtypes=False),
        row("lu", _quiet(lambda lib, x: lib.lu(_regular(lib, x))[0]), MATRIX, dtypes=False),
        row("lu_solve", _quiet(lambda lib, x, b: lib.lu_solve(b, *pivots(lib, x))), MATRIX,
            Given((3, 2)), dtypes=False),
        row("lu_unpack", lambda lib, x: lib.lu_unpack(*pivots(lib, x)).L, MATRIX, dtypes=False),
        row("linalg.tensorinv", lambda lib, x: lib.linalg.tensorinv(
            _regular(lib, x).reshape(2, 2, 4)), Given((4, 4)), dtypes=False),
        row("linalg.tensorsolve", lambda lib, x, b: lib.linalg.tensorsolve(
            _regular(lib, x).reshape(2, 2, 4), b), Given((4, 4)), Given((2, 2)), dtypes=False),
    ]  # fmt: skip


def _factorisations() -> list[Row]:
    def fitted(index: int, **options: object) -> Call:
        return lambda lib, x, b: lib.linalg.lstsq(x, b, **options)[index]

    def from_symmetric(lib: ModuleType, x: Tensor) -> Tensor:
        values, vectors = lib.linalg.eigh(_positive(lib, x))
        return (vectors * values.log().unsqueeze(-2)) @ vectors.mT  # the logarithm of the matrix

    def polar(lib: ModuleType, x: Tensor) -> Tensor:
        u, _, vh = lib.linalg.svd(x, full_matrices=False)
        return u @ vh

    return [
        row("linalg.cholesky", _of_positive(_linalg("cholesky")), STACK, dtypes=False),
        row("linalg.cholesky upper", _of_positive(_linalg("cholesky", upper=True)), MATRIX,
            dtypes=False),
        row("linalg.cholesky_ex", lambda lib, x: lib.linalg.cholesky_ex(_positive(lib, x)).L,
            MATRIX, dtypes=False),
        row("linalg.cholesky_ex info", lambda lib, x: lib.linalg.cholesky_ex(
            -_positive(lib, x)).info, STACK, dtypes=False, gradient=False),
        row("cholesky", _quiet(_of_positive(named("cholesky"))), MATRIX, dtypes=False),
        row("cholesky_inverse", lambda lib, x: lib.cholesky_inverse(
            lib.linalg.cholesky(_positive(lib, x))), MATRIX, dtypes=False),
        row("cholesky_solve", lambda lib, x, b: lib.cholesky_solve(
            b, lib.linalg.cholesky(_positive(lib, x), upper=True), upper=True), MATRIX,
            Given((3, 2)), dtypes=False),
        row("linalg.qr R", lambda lib, x: lib.linalg.qr(x).R.abs(), Given((2, 4, 3)),
            dtypes=False),
        row("linalg.qr Q", lambda lib, x: lib.linalg.qr(x).Q ** 2, WIDE, dtypes=False),
        row("linalg.qr complete", lambda lib, x: lib.linalg.qr(x, "complete").Q.abs(), TALL,
            dtypes=False, gradient=False),
        row("linalg.qr r", lambda lib, x: lib.linalg.qr(x, mode="r").R.abs(), TALL, gradient=False),
        row("qr", _quiet(lambda lib, x: lib.qr(x)[0] ** 2), TALL, dtypes=False),
        row("geqrf", lambda lib, x: lib.geqrf(x).tau, TALL, dtypes=False, gradient=False),
        row("linalg.householder_product", _linalg("householder_product"), Given((2, 4, 3)),
            Given((2, 3)), dtypes=False),
        row("orgqr", named("orgqr"), TALL, Given((2,)), dtypes=False),
        row("ormqr", lambda lib, x, tau, y: lib.ormqr(x, tau, y, False, True), TALL, VECTOR,
            Given((2, 4)), dtypes=False),
        row("linalg.eigh", from_symmetric, STACK, dtypes=False),
        row("linalg.eigh vectors", lambda lib, x: lib.linalg.eigh(x, "U").eigenvectors ** 2,
            MATRIX, dtypes=False),
        row("linalg.eigvalsh", _linalg("eigvalsh"), STACK),
        row("linalg.svd", polar, Given((2, 4, 3)), dtypes=False),
        row("linalg.svd vectors", lambda lib, x: lib.linalg.svd(x).U ** 2, WIDE, dtypes=False),
        row("linalg.svdvals", _linalg("svdvals"), Given((2, 3, 4))),
        row("svd", lambda lib, x: lib.svd(x).V ** 2, TALL, dtypes=False),
        row("svd, values", lambda lib, x: lib.svd(x, compute_uv=False).S, TALL, dtypes=False),
        row("linalg.pinv", _linalg("pinv"), Given((2, 4, 3))),
        row("linalg.pinv hermitian", _of_positive(_linalg("pinv", hermitian=True)), MATRIX,
            dtypes=False),
        row("pinverse", named("pinverse"), WIDE, dtypes=False),
        row("linalg.lstsq", fitted(0), TALL, Given((4, 2)), dtypes=False),
        row("linalg.lstsq wide", fitted(0), WIDE, VECTOR, dtypes=False),
        row("linalg.lstsq residuals", fitted(1, driver="gelsd"), TALL, Given((4, 2)),
            dtypes=False),
        row("linalg.lstsq rank", fitted(2), TALL, Given((4, 2)), dtypes=False,
            gradient=False),
        row("linalg.matrix_rank", _linalg("matrix_rank"), STACK, gradient=False),
        row("linalg.matrix_rank atol", _linalg("matrix_rank", atol=1.5), STACK, dtypes=False,
            gradient=False),
    ]  # fmt: skip


def _indefinite() -> list[Row]:
    def symmetric(x: Tensor) -> Tensor:
        return x + x.mT

    def solved(lib: ModuleType, x: Tensor, b: Tensor) -> Tensor:
        return lib.linalg.ldl_solve(*lib.linalg.ldl_factor(symmetric(x)), b)

    def drawn(name: str) -> Call:
        def call(lib: ModuleType, x: Tensor) -> Tensor:
            lib.manual_seed(0)
            u, s, v = getattr(lib, name)(x, 3)
            return (u * s.unsqueeze(-2)) @ v.mT

        return call

    return [
        row("linalg.ldl_factor", lambda lib, x: lib.linalg.ldl_factor(symmetric(x)).LD, STACK,
            gradient=False),
        row("linalg.ldl_factor pivots", lambda lib, x: lib.linalg.ldl_factor(x).pivots, STACK,
            dtypes=False, gradient=False),
        row("linalg.ldl_factor_ex", lambda lib, x: lib.linalg.ldl_factor_ex(x * 0).info, STACK,
            dtypes=False, gradient=False),
        row("linalg.ldl_solve", solved, STACK, Given((2, 3, 2)), dtypes=False, gradient=False),
        row("svd_lowrank", drawn("svd_lowrank"), Given((5, 3)), dtypes=False),
        row("pca_lowrank", drawn("pca_lowrank"), Given((2, 5, 3)), dtypes=False),
        row("addmv_ of torch", lambda lib, x, a, b: lib.addmv_(x.clone(), a, b), VECTOR, MATRIX,
            VECTOR, dtypes=False),
    ]  # fmt: skip


def _norms() -> list[Row]:
    rows = [
        row(f"linalg.vector_norm {order}", _linalg("vector_norm", order, 0), LEFT,
            dtypes=order == 2)
        for order in (0, 0.5, 1, 2, 3, math.inf, -math.inf)
    ]  # fmt: skip
    rows += [
        row(f"linalg.matrix_norm {order}", _linalg("matrix_norm", order), Given((2, 3, 4)),
            dtypes=order == "fro")
        for order in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)
    ]  # fmt: skip
    return [
        *rows,
        row("linalg.matrix_norm dim", _linalg("matrix_norm", 1, dim=(2, 0), keepdim=True),
            Given((2, 3, 4)), dtypes=False),
        row("linalg.norm", _linalg("norm", keepdim=True), LEFT),
        row("linalg.norm 2", _linalg("norm", 2), LEFT, dtypes=False),
        row("linalg.norm dtype", lambda lib, x: lib.linalg.norm(x, 1, 1, dtype=lib.float64), LEFT),
        row("norm nuc", lambda lib, x: lib.norm(x, "nuc"), LEFT, dtypes=False),
        row("frobenius_norm", _quiet(lambda lib, x: lib.frobenius_norm(x, [0, 1])), LEFT,
            dtypes=False),
        row("nuclear_norm", _quiet(named("nuclear_norm")), LEFT, dtypes=False),
        row("linalg.cond", _linalg("cond"), Given((2, 3, 4))),
        row("linalg.cond 1", _of_regular(_linalg("cond", 1)), STACK, dtypes=False, gradient=False),
        row("linalg.cond -2", _linalg("cond", -2), Given((4, 3)), dtypes=False),
    ]  # fmt: skip


def _powers() -> list[Row]:
    return [
        row("matrix_power", lambda lib, x: lib.matrix_power(x, 5), STACK),
        row("linalg.matrix_power", _of_regular(_linalg("matrix_power", -2)), MATRIX, dtypes=False),
        row("linalg.matrix_power 0", _linalg("matrix_power", 0), MATRIX, dtypes=False),
        # Of 16 bits PyTorch's gradient is nan.
        row("matrix_exp", named("matrix_exp"), STACK, dtypes=False),
        row("linalg.matrix_exp", _linalg("matrix_exp"), MATRIX, dtypes=False),
        row("linalg.vander", _linalg("vander"), Given((2, 4))),
        row("linalg.vander N", _linalg("vander", N=3), Given((4,)), dtypes=False),
        row("linalg.diagonal", _linalg("diagonal", offset=1), Given((2, 3, 4))),
    ]


def rows() -> list[Row]:
    """All rows of linear algebra; of those that vary another, one layout is enough."""
    table = [
        *_einsums(),
        *_products(),
        *_distances(),
        *_systems(),
        *_factorisations(),
        *_indefinite(),
        *_norms(),
        *_powers(),
    ]
    return [each if each.dtypes else replace(each, layouts=False) for each in table]
