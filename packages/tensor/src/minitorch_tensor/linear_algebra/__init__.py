"""`torch.linalg`: the functions of this package, under the names PyTorch has there.

Where PyTorch has another function of the same name outside `torch.linalg`, the one of `linalg` is
called `linalg_...` in its module.
"""

from minitorch_tensor.linalg import matmul
from minitorch_tensor.linear_algebra.chains import multi_dot
from minitorch_tensor.linear_algebra.checks import LinAlgError
from minitorch_tensor.linear_algebra.determinants import linalg_det as det
from minitorch_tensor.linear_algebra.determinants import linalg_slogdet as slogdet
from minitorch_tensor.linear_algebra.eigenvalues import eig, eigh, eigvals, eigvalsh
from minitorch_tensor.linear_algebra.elimination import linalg_lu as lu
from minitorch_tensor.linear_algebra.elimination import linalg_lu_solve as lu_solve
from minitorch_tensor.linear_algebra.elimination import lu_factor, lu_factor_ex
from minitorch_tensor.linear_algebra.indefinite import ldl_factor, ldl_factor_ex, ldl_solve
from minitorch_tensor.linear_algebra.inverses import inv, inv_ex, solve, solve_ex
from minitorch_tensor.linear_algebra.least_squares import lstsq, matrix_rank, pinv
from minitorch_tensor.linear_algebra.matrix_norms import cond, matrix_norm, vector_norm
from minitorch_tensor.linear_algebra.matrix_norms import linalg_norm as norm
from minitorch_tensor.linear_algebra.orthogonal import householder_product
from minitorch_tensor.linear_algebra.orthogonal import linalg_qr as qr
from minitorch_tensor.linear_algebra.powers import linalg_matrix_power as matrix_power
from minitorch_tensor.linear_algebra.powers import matrix_exp
from minitorch_tensor.linear_algebra.products import linalg_cross as cross
from minitorch_tensor.linear_algebra.products import vecdot
from minitorch_tensor.linear_algebra.singular_values import linalg_svd as svd
from minitorch_tensor.linear_algebra.singular_values import svdvals
from minitorch_tensor.linear_algebra.triangles import cholesky_ex, solve_triangular
from minitorch_tensor.linear_algebra.triangles import linalg_cholesky as cholesky
from minitorch_tensor.linear_algebra.unfolded import linalg_diagonal as diagonal
from minitorch_tensor.linear_algebra.unfolded import tensorinv, tensorsolve, vander

__all__ = [
    "LinAlgError",
    "cholesky",
    "cholesky_ex",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "householder_product",
    "inv",
    "inv_ex",
    "ldl_factor",
    "ldl_factor_ex",
    "ldl_solve",
    "lstsq",
    "lu",
    "lu_factor",
    "lu_factor_ex",
    "lu_solve",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_ex",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]
