"""Rows: the special functions, in the main namespace and in `special`."""

from __future__ import annotations

from types import ModuleType

from .table import ABOVE_ONE, POSITIVE, UNIT, Call, Row, Tensor, X, named, row

# PyTorch's derivative by the first input of these is not implemented.
_FIXED = ("igamma", "igammac")
_NO_GRADIENT = (
    "airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "modified_bessel_i0",
    "modified_bessel_i1", "modified_bessel_k0", "modified_bessel_k1", "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1", "spherical_bessel_j0",
)  # fmt: skip
_POLYNOMIALS = (
    "chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v",
    "chebyshev_polynomial_w", "shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u",
    "shifted_chebyshev_polynomial_v", "shifted_chebyshev_polynomial_w", "hermite_polynomial_h",
    "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
)  # fmt: skip


def rows() -> list[Row]:
    """All of them."""
    return [*_gamma(), *_smooth(), *_bessel(), *_polynomials(), *_second_names()]


def special(name: str) -> Call:
    return lambda lib, *inputs: getattr(lib.special, name)(*inputs)


def _gamma() -> list[Row]:
    def fixed(name: str) -> Call:
        return lambda lib, a, x: getattr(lib, name)(a.detach(), x)

    def gamma_in_place(lib: ModuleType, x: Tensor) -> Tensor:
        y = (x * 1).lgamma_() + (x * 1).digamma_() + (x * 1).polygamma_(2) + (x * 1).i0_()
        return y + (x + 1).mvlgamma_(2) + lib.i0_(x * 1)

    def parts_in_place(lib: ModuleType, a: Tensor, x: Tensor) -> Tensor:
        return a.detach().clone().igamma_(x) + 2 * a.detach().clone().igammac_(x)

    return [
        row("lgamma", named("lgamma"), edges=True),
        row("digamma", named("digamma"), edges=True),
        row("polygamma 0", lambda lib, x: lib.polygamma(0, x), layouts=False),
        row("polygamma 1", lambda lib, x: x.polygamma(1)),
        row("polygamma 2", lambda lib, x: lib.polygamma(2, x)),
        row("polygamma 5", lambda lib, x: lib.polygamma(5, x), ABOVE_ONE, layouts=False),
        row("mvlgamma", lambda lib, x: lib.mvlgamma(x, 3), ABOVE_ONE),
        row("mvlgamma 1", lambda lib, x: x.mvlgamma(p=1), edges=True),
        *(row(name, fixed(name), POSITIVE, ABOVE_ONE) for name in _FIXED),
        row("gamma functions in place", gamma_in_place, ABOVE_ONE, dtypes=False, double=False),
        row("igamma in place", parts_in_place, POSITIVE, ABOVE_ONE, dtypes=False, double=False),
        row("zeta", lambda lib, a, x: lib.special.zeta(a.detach() + 1, x), ABOVE_ONE, X),
        row("zeta of a number", lambda lib, x: lib.special.zeta(3.5, x), POSITIVE, layouts=False),
        row("zeta at a number", lambda lib, x: lib.special.zeta(x, 2), ABOVE_ONE, gradient=False),
    ]


def _smooth() -> list[Row]:
    return [
        row("erfinv", named("erfinv"), UNIT, edges=True),
        row("erfinv_", lambda lib, x: (x * 1).erfinv_(), UNIT, dtypes=False, double=False),
        row("i0", named("i0"), edges=True),
        row("special.i0e", special("i0e"), edges=True),
        row("special.i1", special("i1"), edges=True),
        row("special.i1e", special("i1e"), edges=True),
        row("special.entr", special("entr"), POSITIVE, edges=True),
        row("special.erfcx", special("erfcx"), edges=True),
        row("special.ndtr", special("ndtr"), edges=True),
        row("special.log_ndtr", special("log_ndtr"), edges=True),
        row("special.ndtri", special("ndtri"), POSITIVE, edges=True),
        row("special.xlog1py", special("xlog1py"), X, POSITIVE, edges=True),
        row(
            "special.xlog1py of a number",
            lambda lib, x: lib.special.xlog1py(2, x),
            POSITIVE,
            layouts=False,
        ),
        row(
            "special.xlog1py with a number",
            lambda lib, x: lib.special.xlog1py(x, 2.5),
            layouts=False,
        ),
    ]


def _bessel() -> list[Row]:
    return [
        row(f"special.{name}", special(name), gradient=False, edges=True, layouts=False)
        for name in _NO_GRADIENT
    ]


def _polynomials() -> list[Row]:
    """Degrees 0 to 11 in one row: below 9 they are recurrences, above Chebyshev's closed forms."""

    def degrees(name: str, scale: float) -> Call:
        def call(lib: ModuleType, x: Tensor) -> Tensor:
            n = lib.arange(12).reshape(3, 4).to(x.device)
            return getattr(lib.special, name)(x * scale, n)

        return call

    found = [
        row(f"special.{n}", degrees(n, 0.6), gradient=False, dtypes=False, layouts=False)
        for n in _POLYNOMIALS
    ]
    return [
        *found,
        row(
            "legendre_polynomial_p of a number",
            lambda lib, n: lib.special.legendre_polynomial_p(0.3, n * 3),
            gradient=False,
        ),
        row(
            "hermite_polynomial_h, one degree",
            lambda lib, x: lib.special.hermite_polynomial_h(x, 5),
            gradient=False,
        ),
    ]


def _second_names() -> list[Row]:
    """The names of `special` for functions that have rows elsewhere: one call each."""
    unary = {
        "digamma": X, "psi": X, "gammaln": X, "erf": X, "erfc": X, "erfinv": UNIT, "exp2": X,
        "expit": X, "expm1": X, "i0": X, "log1p": POSITIVE, "logit": POSITIVE, "sinc": X,
    }  # fmt: skip
    lean = {"double": False, "layouts": False, "dtypes": False}
    return [
        *(row(f"special.{n}", special(n), x, gradient=False, **lean) for n, x in unary.items()),
        row("special.gammainc", special("gammainc"), POSITIVE, X, gradient=False, **lean),
        row("special.gammaincc", special("gammaincc"), POSITIVE, X, gradient=False, **lean),
        row("special.xlogy", special("xlogy"), X, POSITIVE, **lean),
        row("special.polygamma", lambda lib, x: lib.special.polygamma(1, x), **lean),
        row("special.multigammaln", lambda lib, x: lib.special.multigammaln(x + 1, 2), **lean),
        row("special.logit eps", lambda lib, x: lib.special.logit(x, eps=0.2), **lean),
        row("special.round", lambda lib, x: lib.special.round(x, decimals=1), **lean),
        row("special.softmax", lambda lib, x: lib.special.softmax(x, 1), **lean),
        row("special.log_softmax", lambda lib, x: lib.special.log_softmax(x, dim=-1), **lean),
        row(
            "special.logsumexp",
            lambda lib, x: lib.special.logsumexp(x, (0, 1), keepdim=True),
            **lean,
        ),
    ]
