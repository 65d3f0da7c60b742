"""Rows of the rarer random numbers; `tests/test_random_parity.py` says which bits must agree."""

from __future__ import annotations

from types import ModuleType

from .table import Call, Given, Row, Tensor, X, row

_RATES = Given((3, 4), "positive")


def rows() -> list[Row]:
    """One for each function."""

    def drawn(name: str, draw: Call, *inputs: Given, gradient: bool = False) -> Row:
        def call(lib: ModuleType, *tensors: Tensor) -> Tensor:
            lib.manual_seed(1234)
            return draw(lib, *tensors)

        flags = {"dtypes": False, "layouts": False, "gradient": gradient, "double": gradient}
        return row(name, call, *inputs, **flags)

    return [
        drawn("randint_like", lambda lib, x: lib.randint_like(x, 3, 30), X),
        drawn("bernoulli method", lambda lib, x: x.bernoulli(0.3), X),
        drawn("bernoulli of p", lambda lib, p: lib.bernoulli(p) + p, _RATES, gradient=True),
        drawn("multinomial method", lambda lib, p: p.multinomial(7, replacement=True), _RATES),
        drawn("geometric_", lambda lib, x: x.clone().geometric_(0.3), X),
        drawn("log_normal_", lambda lib, x: x.clone().log_normal_(0.1, 0.4), X),
        drawn("cauchy_", lambda lib, x: x.clone().cauchy_(1.0, 0.5), X),
        drawn("poisson", lambda lib, p: lib.poisson(p * 20) + p, _RATES, gradient=True),
        drawn(
            "binomial",
            lambda lib, n, p: lib.binomial(n * 40, p),
            _RATES,
            Given((3, 4), "positive"),
        ),
        drawn(
            "normal of mean and std",
            lambda lib, m, s: lib.normal(m, s) + m * s,
            X,
            _RATES,
            gradient=True,
        ),
        drawn("normal of size", lambda lib, x: lib.normal(1.0, 2.0, (20,), device=x.device), X),
    ]
