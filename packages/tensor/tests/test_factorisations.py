"""Factorisations: what they promise, their derivatives, and the matrices they are refused for."""

from __future__ import annotations

import gc
from collections.abc import Callable
from weakref import ref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor import linear_algebra as linalg
from minitorch_tensor.autograd import grad
from minitorch_tensor.autograd_check import gradcheck, gradgradcheck

NAN = float("nan")
SINGULAR = mt.tensor([[[2.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [2.0, 4.0]]])  # the second one

stacks = st.sampled_from([(), (2,), (0,), (2, 1)])
sizes = st.integers(0, 4)


def random(*shape: int, seed: int = 0) -> Tensor:
    return mt.tensor(np.random.default_rng([seed, *shape]).standard_normal(shape))


def close(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and mt.allclose(a, b, rtol=1e-8, atol=1e-8)


def units(lead: tuple[int, ...], n: int) -> Tensor:
    return mt.eye(n, dtype=mt.float64).expand(*lead, n, n)


@given(stacks, sizes, sizes, st.integers(0, 99))
def test_what_the_factorisations_promise(lead: tuple[int, ...], m: int, n: int, seed: int) -> None:
    a = random(*lead, m, n, seed=seed)
    k = min(m, n)
    q, r = linalg.qr(a)
    assert close(q @ r, a)
    assert close(q.mT @ q, units(lead, k))
    assert close(r.triu(), r)
    full_q, full_r = linalg.qr(a, mode="complete")
    assert close(full_q @ full_r, a)
    assert full_q.shape == (*lead, m, m)
    u, s, vh = linalg.svd(a, full_matrices=False)
    assert close((u * s.unsqueeze(-2)) @ vh, a)
    assert bool((s >= 0).all())
    assert close(linalg.svdvals(a), s)
    whole = linalg.svd(a)
    assert close(whole.U.mT @ whole.U, units(lead, m))
    assert close(whole.Vh @ whole.Vh.mT, units(lead, n))
    p, low, up = linalg.lu(a)
    assert close(p @ low @ up, a)
    assert close(low.tril(), low)
    assert close(up.triu(), up)
    inverse = linalg.pinv(a)
    assert close(a @ inverse @ a, a)
    assert close(inverse @ a @ inverse, inverse)


@given(stacks, st.integers(1, 4), st.integers(0, 99))
def test_what_square_matrices_promise(lead: tuple[int, ...], n: int, seed: int) -> None:
    a = random(*lead, n, n, seed=seed)
    positive = a @ a.mT + mt.eye(n, dtype=mt.float64)
    low = linalg.cholesky(positive)
    assert close(low @ low.mT, positive)
    assert close(linalg.cholesky(positive, upper=True), low.mT)
    values, vectors = linalg.eigh(positive)
    assert close((vectors * values.unsqueeze(-2)) @ vectors.mT, positive)
    assert close(linalg.eigvalsh(positive), values)
    assert close(values.prod(-1), linalg.det(positive))
    assert close(linalg.slogdet(positive).logabsdet, values.log().sum(-1))
    assert close(linalg.inv(positive) @ positive, units(lead, n))
    b = random(*lead, n, 2, seed=seed)
    assert close(positive @ linalg.solve(positive, b), b)
    assert close(linalg.solve(positive, b.mT, left=False) @ positive, b.mT)
    assert close(mt.cholesky_solve(b, low), linalg.solve(positive, b))
    assert close(linalg.lu_solve(*linalg.lu_factor(positive), b), linalg.solve(positive, b))
    assert close(linalg.matrix_exp(a) @ linalg.matrix_exp(-a), units(lead, n))
    h, tau = mt.geqrf(a)
    assert close(mt.orgqr(h, tau), linalg.qr(a).Q)
    assert close(mt.ormqr(h, tau, b), linalg.qr(a).Q @ b)
    lower = (positive - a.tril()).tril()  # real eigenvalues: those on the diagonal
    assert close(linalg.eigvals(lower).sort().values, lower.diagonal(0, -2, -1).sort().values)
    found = linalg.eig(lower)
    assert close(lower @ found.eigenvectors, found.eigenvectors * found.eigenvalues.unsqueeze(-2))


def regular(x: Tensor) -> Tensor:
    return x + mt.tensor(np.diag([3.0, -4.0, 6.0]))


DIFFERENTIABLE: dict[str, Callable[[Tensor], Tensor]] = {
    "inv": lambda x: linalg.inv(regular(x)),
    "det": linalg.det,
    "det, singular": lambda x: linalg.det(x - x[:1] * mt.tensor([[1.0], [0.0], [0.0]])),
    "slogdet": lambda x: linalg.slogdet(regular(x)).logabsdet,
    "cholesky": lambda x: linalg.cholesky(x @ x.mT + mt.eye(3, dtype=mt.float64)),
    "qr": lambda x: mt.cat(list(linalg.qr(regular(x)))),
    "qr, wide": lambda x: mt.cat(list(linalg.qr(regular(x)[:2])), -1),
    "qr, tall": lambda x: mt.cat(list(linalg.qr(regular(x)[:, :2]))),
    "lu": lambda x: linalg.lu_factor(regular(x)).LU,
    "lu, tall": lambda x: linalg.lu(regular(x)[:, :2]).L,
    "lu, wide": lambda x: linalg.lu(regular(x)[:2]).U,
    "eigh": lambda x: linalg.eigh(regular(x + x.mT)).eigenvectors ** 2,
    "eig": lambda x: linalg.eig(regular(x).tril()).eigenvectors ** 2,
    "svd": lambda x: linalg.svd(regular(x)).U ** 2,
    "svd, tall": lambda x: linalg.svd(regular(x)[:, :2], full_matrices=False).Vh ** 2,
    "pinv": lambda x: linalg.pinv(regular(x)[:2]),
    "cholesky_inverse": lambda x: mt.cholesky_inverse(regular(x)),
    "cholesky_solve": lambda x: mt.cholesky_solve(x[:, :2], regular(x), upper=True),
    "matrix_exp": linalg.matrix_exp,
    "cond": lambda x: linalg.cond(regular(x), 1),
    "nuc": lambda x: linalg.matrix_norm(x, "nuc"),
    "householder_product": lambda x: linalg.householder_product(x, x[0]),
    "lu_solve": lambda x: linalg.lu_solve(*linalg.lu_factor(regular(x)), x[:, :1], adjoint=True),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_the_derivatives_are_those_of_differences(name: str) -> None:
    x = random(3, 3, seed=7).requires_grad_()
    assert gradcheck(DIFFERENTIABLE[name], (x,))
    if name != "det, singular":  # its singular values meet at 0, where vectors have no derivative
        assert gradgradcheck(DIFFERENTIABLE[name], (x,))


def test_a_solution_has_derivatives_by_both() -> None:
    a, b = regular(random(3, 3)).requires_grad_(), random(2, 3, 2).requires_grad_()
    assert gradcheck(linalg.solve, (a, b))
    assert gradgradcheck(linalg.solve, (a, b))
    assert gradcheck(lambda a, b: linalg.lstsq(a[:, :2], b).solution, (a, b[0]))


def test_the_gradient_of_a_determinant_exists_where_the_inverse_does_not() -> None:
    x = mt.ones(2, 2, dtype=mt.float64, requires_grad=True)
    (g,) = grad(linalg.det(x), [x])
    assert g is not None
    assert close(g, mt.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=mt.float64))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linalg.inv(SINGULAR),
         r"linalg.inv: \(Batch element 1\): The diagonal element 2 is zero, the inversion could"),
        (lambda: linalg.inv(SINGULAR[1]), r"linalg.inv: The diagonal element 2 is zero"),
        (lambda: linalg.inv_ex(SINGULAR, check_errors=True), r"linalg.inv_ex: \(Batch element 1\)"),
        (lambda: linalg.solve(SINGULAR, mt.ones(2)),
         r"linalg.solve: \(Batch element 1\): The solver failed because the input matrix is sing"),
        (lambda: linalg.cholesky(mt.tensor([[1.0, 2.0], [2.0, 1.0]])),
         r"linalg.cholesky: The factorization could not be completed .* minor of order 2 is not"),
        (lambda: linalg.cholesky(mt.stack([mt.eye(3), -mt.eye(3)])),
         r"linalg.cholesky: \(Batch element 1\): .* minor of order 1 is not positive-definite"),
        (lambda: linalg.lu_factor(SINGULAR),
         r"linalg.lu_factor: \(Batch element 1\): U\[2,2\] is zero"),
        (lambda: linalg.svd(mt.full((2, 2), NAN)), r"linalg.svd: The algorithm failed to converge"),
        (lambda: linalg.svdvals(mt.stack([mt.eye(2), mt.full((2, 2), NAN)])),
         r"linalg.svdvals: \(Batch element 1\): .* contained non-finite values"),
        (lambda: linalg.eigvals(mt.full((2, 2), NAN)), r"should not contain infs or NaNs"),
        (lambda: linalg.lstsq(mt.ones(3, 2), mt.ones(3, 1), driver="gels"),
         r"linalg.lstsq: .* does not have full rank \(shape \(3, 2\), rank 1\)"),
        (lambda: linalg.matrix_power(SINGULAR, -1), r"linalg.inv: \(Batch element 1\)"),
    ],
)  # fmt: skip
def test_matrices_without_an_answer_are_refused(call: Callable[[], Tensor], message: str) -> None:
    with pytest.raises(linalg.LinAlgError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linalg.inv(mt.ones(2, 3)),
         r"linalg.inv: A must be batches of square matrices, but they are 2 by 3 matrices"),
        (lambda: linalg.inv(mt.ones(2)), r"linalg.inv: the input tensor A must have at least 2 d"),
        (lambda: linalg.inv(mt.ones(2, 2).long()), r"linalg.inv: expected a floating point tensor"),
        (lambda: linalg.qr(mt.ones(2, 2).half()), r"linalg.qr: low precision dtypes are not supp"),
        (lambda: linalg.solve(mt.eye(2), mt.ones(3)),
         r"linalg.solve: incompatible shapes of A and B for the equation AX = B"),
        (lambda: linalg.solve(mt.eye(2), mt.ones(2).double()),
         r"linalg.solve: expected all tensors to have the same dtype, but got A minitorch.float32"),
        (lambda: linalg.solve(mt.eye(2), mt.ones(2), left=False),
         r"linalg.solve: vectors .* are solved for with left=True only"),
        (lambda: linalg.qr(mt.eye(2), mode="full"),  # type: ignore[arg-type]
         r"linalg.qr: received unrecognized mode 'full', but expected one of 'reduced'"),
        (lambda: linalg.eigh(mt.eye(2), "x"), r"linalg.eigh: expected UPLO to be 'L' or 'U'"),
        (lambda: linalg.eigvals(mt.tensor([[0.0, 1.0], [-1.0, 0.0]])),
         r"linalg.eigvals: A has the complex eigenvalue 1j, and complex numbers are out of scope"),
        (lambda: linalg.lu(mt.eye(2), pivot=False), r"LU without pivoting is not implemented"),
        (lambda: linalg.svd(mt.eye(2), driver="gesvd"),
         r"keyword argument `driver=` is only supported on CUDA inputs"),
        (lambda: linalg.lstsq(mt.eye(2), mt.ones(3, 1)), r"linalg.lstsq: .* same number of rows"),
        (lambda: linalg.lstsq(mt.eye(2), mt.eye(2), driver="qr"), r"driver 'qr' should be one of"),
        (lambda: mt.lu_unpack(mt.eye(2), mt.tensor([1, 2])), r"lu_unpack: expected int32 pivots"),
        (lambda: mt.lu_unpack(mt.eye(2), mt.tensor([1, 3], dtype=mt.int32)),
         r"lu_unpack: expected pivots of shape \(2,\) with numbers from 1 to 2"),
        (lambda: linalg.householder_product(mt.ones(2, 3), mt.ones(2)),
         r"expected A \(..., m, n\) with m >= n and tau"),
        (lambda: linalg.matrix_norm(mt.eye(2), 3), r"linalg.matrix_norm: order 3 is not supported"),
        (lambda: linalg.matrix_norm(mt.eye(2), dim=(0, 0)), r"two dimensions must be different"),
        (lambda: linalg.norm(mt.ones(2, 2, 2), 2), r"linalg.norm: .* the input must be 1D or 2D"),
        (lambda: linalg.vector_norm(mt.ones(2, dtype=mt.float64), dtype=mt.float32),
         r"linalg.vector_norm: .* should be convertible without narrowing"),
        (lambda: linalg.cond(mt.eye(2), 3), r"linalg.cond: got an invalid norm type: 3"),
        (lambda: linalg.matrix_power(mt.ones(2, 3), 2), r"linalg.matrix_power: A must be batches"),
        (lambda: linalg.tensorinv(mt.eye(4).reshape(2, 2, 4), 1),
         r"linalg.tensorinv: .* \(2,\) has 2 and \(2, 4\) has 8"),
        (lambda: linalg.tensorsolve(mt.eye(4), mt.ones(3)), r"linalg.tensorsolve: A of shape"),
        (lambda: linalg.vander(mt.ones(1)), r"linalg.vander: N must be greater than 1, but it"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Callable[[], Tensor], message: str) -> None:
    with pytest.raises(RuntimeError, match=message) as caught:
        call()
    assert not isinstance(caught.value, linalg.LinAlgError)


def test_the_ex_forms_say_which_matrix_has_no_answer() -> None:
    found = linalg.inv_ex(SINGULAR)
    assert found.info.dtype is mt.int32
    assert found.info.tolist() == [0, 2]
    assert found.inverse[0].tolist() == [[0.5, 0.0], [0.0, 1.0]]
    assert bool(mt.isnan(found.inverse[1]).all())
    assert linalg.solve_ex(SINGULAR, mt.ones(2)).info.tolist() == [0, 2]
    assert linalg.cholesky_ex(SINGULAR - 1.5 * mt.eye(2)).info.tolist() == [2, 1]
    assert linalg.lu_factor_ex(SINGULAR).info.tolist() == [0, 2]


def test_gradients_that_depend_on_a_choice_are_refused() -> None:
    x = random(4, 3).requires_grad_()
    with pytest.raises(RuntimeError, match="not differentiable when mode='complete' and nrows >"):
        linalg.qr(x, mode="complete").R.sum().backward()
    with pytest.raises(RuntimeError, match="depends on Q, which is not computed when mode='r'"):
        linalg.qr(x, mode="r").R.sum().backward()
    with pytest.raises(RuntimeError, match="geqrf: the derivative is not implemented"):
        mt.geqrf(x).a.sum().backward()


def test_what_is_computed_on_the_host_is_no_view_of_the_input() -> None:
    x = mt.eye(2)
    for y in (linalg.matrix_power(x, 1), mt.cholesky(x), mt.lu(x)[0], linalg.matrix_power(x, 0)):
        y.fill_(7)
    assert x.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_result_written_over_is_noticed_in_backward() -> None:
    x = regular(random(3, 3)).requires_grad_()
    y = linalg.inv(x)
    with mt.no_grad():
        y.fill_(0)
    with pytest.raises(RuntimeError, match="LinalgInvExBackward0 saved is at version 1; expected"):
        y.sum().backward()


@pytest.mark.parametrize(
    "function",
    [
        linalg.inv, lambda x: linalg.qr(x).R, linalg.svdvals, linalg.eigvalsh,
        lambda x: linalg.lu_factor(x).LU,
    ],
)  # fmt: skip
def test_an_input_that_no_derivative_reads_may_be_written_over(
    function: Callable[[Tensor], Tensor],
) -> None:
    x = regular(random(3, 3)).requires_grad_()
    expected = grad(function(x).sum(), [x])[0]
    y = x * 1
    z = function(y)
    y.fill_(0)
    found = grad(z.sum(), [x])[0]
    assert found is not None
    assert expected is not None
    assert close(found, expected)


def test_a_gradient_can_be_asked_for_at_a_result() -> None:
    # The gradient of the gradient reads Q again: it must be the Q that we hold.
    x = regular(random(3, 3)).requires_grad_()
    q, r = linalg.qr(x)
    (g,) = grad((q * r).sum(), [x], create_graph=True)
    assert g is not None
    by_q, by_r = grad((g * g).sum(), [q, r])
    assert by_q is not None
    assert by_r is not None
    assert bool((by_q != 0).any())


def test_the_graph_of_a_factorisation_is_freed_without_the_collector() -> None:
    gc.disable()
    try:
        x = regular(random(3, 3)).requires_grad_()
        q, r = linalg.qr(x)
        nodes = [ref(q.node), ref(r.node)]
        assert all(node() is not None for node in nodes)
        del q, r
        assert all(node() is None for node in nodes)
    finally:
        gc.enable()


def test_matrices_of_one_stack_are_halved_as_often_as_each_needs() -> None:
    scales = [1e-6, 1.0, 30.0]
    stack = mt.stack([random(3, 3) * scale for scale in scales])
    together = linalg.matrix_exp(stack)
    for i in range(3):
        assert mt.allclose(together[i], linalg.matrix_exp(stack[i]), rtol=1e-12, atol=0)


def test_the_exponential_of_what_is_not_finite_is_not_a_number_but_ends() -> None:
    assert bool(mt.isnan(linalg.matrix_exp(mt.full((2, 2), NAN))).all())
    assert not bool(mt.isfinite(linalg.matrix_exp(mt.full((2, 2), 1e30))).any())


def test_limits_of_ranks_may_differ_from_matrix_to_matrix() -> None:
    a = mt.stack([mt.eye(2), mt.eye(2)]) * mt.tensor([1.0, 0.1])
    assert linalg.matrix_rank(a, atol=mt.tensor([0.05, 0.5])).tolist() == [2, 1]
    assert linalg.matrix_rank(a, 0.5).tolist() == [1, 1]
    assert linalg.matrix_rank(a, rtol=0.5).tolist() == [1, 1]
    assert linalg.matrix_rank(a, atol=0.05, rtol=0.5).tolist() == [1, 1]


def test_a_triangular_system_with_a_zero_pivot_gives_infinities_not_errors() -> None:
    x = linalg.solve_triangular(mt.tensor([[1.0, 0.0], [0.0, 0.0]]), mt.ones(2, 1), upper=True)
    assert x[1].item() == float("inf")


@given(stacks, st.integers(0, 6), st.booleans(), st.integers(0, 99))
def test_what_symmetric_indefinite_matrices_promise(
    lead: tuple[int, ...], n: int, hollow: bool, seed: int
) -> None:
    a = random(*lead, n, n, seed=seed)
    a = a + a.mT
    if hollow and n > 1:  # zeros on the diagonal need blocks of 2 by 2
        a = a * (1 - mt.eye(n, dtype=mt.float64))
    b = random(*lead, n, 2, seed=seed)
    factors = linalg.ldl_factor(a)
    assert mt.allclose(a @ linalg.ldl_solve(*factors, b), b, atol=1e-6)


def test_indefinite_factors_have_a_gradient_by_the_right_side_only() -> None:
    a = regular(random(3, 3))
    ld, pivots = linalg.ldl_factor(a)
    assert gradcheck(lambda b: linalg.ldl_solve(ld, pivots, b), (random(3, 2).requires_grad_(),))
    with pytest.raises(RuntimeError, match="ldl_solve: the derivative by LD is not implemented"):
        linalg.ldl_solve(ld.requires_grad_(), pivots, random(3, 2)).sum().backward()
    with pytest.raises(RuntimeError, match="ldl_factor: the derivative is not implemented"):
        linalg.ldl_factor(a.requires_grad_()).LD.sum().backward()
    with pytest.raises(linalg.LinAlgError, match="ldl_factor: The diagonal block 1 is zero"):
        linalg.ldl_factor(mt.zeros(2, 2))
    with pytest.raises(RuntimeError, match="pivots must be numbers from 1 to 2"):
        linalg.ldl_solve(mt.eye(2), mt.tensor([0, 1]), mt.eye(2))


def test_the_largest_singular_values_are_found_in_a_random_subspace() -> None:
    generator = mt.manual_seed(0)
    u, s, v = mt.svd_lowrank(random(30, 4) @ random(4, 20), q=6)
    assert generator is mt.default_generator
    assert (u.shape, s.shape, v.shape) == ((30, 6), (6,), (20, 6))
    assert mt.allclose((u * s) @ v.mT, random(30, 4) @ random(4, 20))
    rows = random(50, 3)
    centred = rows - rows.mean(0)
    assert mt.allclose(mt.pca_lowrank(rows).S, linalg.svdvals(centred))
    assert mt.allclose(mt.svd_lowrank(rows, 3, M=rows.mean(0)).S, linalg.svdvals(centred))
    with pytest.raises(ValueError, match=r"q\(=9\) must be a non-negative integer and not greater"):
        mt.pca_lowrank(rows, 9)
    with pytest.raises(ValueError, match="niter"):
        mt.pca_lowrank(rows, 2, niter=-1)


def test_results_are_printed_on_lines_of_their_own() -> None:
    assert repr(linalg.slogdet(mt.eye(2))) == (
        "SignLogabsdet(\nsign=Tensor(1.0, requires_grad=False),\n"
        "logabsdet=Tensor(0.0, requires_grad=False))"
    )
