"""Sums of products, and factorisations of matrices, as methods."""

from __future__ import annotations

from minitorch_tensor.linear_algebra import (
    added,
    determinants,
    elimination,
    inverses,
    least_squares,
    matrix_norms,
    orthogonal,
    powers,
    products,
    singular_values,
    triangles,
)


class LinearAlgebraMethods:
    """Sums of products, and factorisations of matrices, as methods."""

    __slots__ = ()

    addbmm = added.addbmm
    addbmm_ = added.addbmm_
    addmm = added.addmm
    addmm_ = added.addmm_
    addmv = added.addmv
    addmv_ = added.addmv_
    addr = added.addr
    addr_ = added.addr_
    baddbmm = added.baddbmm
    baddbmm_ = added.baddbmm_
    cholesky = triangles.cholesky
    cholesky_inverse = triangles.cholesky_inverse
    cholesky_solve = triangles.cholesky_solve
    cross = products.cross
    det = determinants.det
    geqrf = orthogonal.geqrf
    ger = products.ger
    inner = products.inner
    inverse = inverses.inverse
    kron = products.kron
    logdet = determinants.logdet
    lu = elimination.lu
    lu_solve = elimination.lu_solve
    matrix_exp = powers.matrix_exp
    matrix_power = powers.matrix_power
    norm = matrix_norms.norm
    orgqr = orthogonal.orgqr
    ormqr = orthogonal.ormqr
    pinverse = least_squares.pinverse
    qr = orthogonal.qr
    slogdet = determinants.slogdet
    svd = singular_values.svd
    triangular_solve = triangles.triangular_solve
    vdot = products.vdot
