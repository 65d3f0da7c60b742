"""The special functions that are methods."""

from __future__ import annotations

from minitorch_tensor import (
    gamma_functions,
)


class SpecialMethods:
    """The special functions that are methods."""

    __slots__ = ()

    digamma = gamma_functions.digamma
    digamma_ = gamma_functions.digamma_
    erfinv = gamma_functions.erfinv
    erfinv_ = gamma_functions.erfinv_
    i0 = gamma_functions.i0
    i0_ = gamma_functions.i0_
    igamma = gamma_functions.igamma
    igamma_ = gamma_functions.igamma_
    igammac = gamma_functions.igammac
    igammac_ = gamma_functions.igammac_
    lgamma = gamma_functions.lgamma
    lgamma_ = gamma_functions.lgamma_
    mvlgamma = gamma_functions.mvlgamma
    mvlgamma_ = gamma_functions.mvlgamma_
    polygamma = gamma_functions.polygamma_of
    polygamma_ = gamma_functions.polygamma_
