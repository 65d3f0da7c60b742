"""The table of all operators, by name."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from minitorch_operators import (
    airy,
    arithmetic,
    bessel,
    bits,
    comparison,
    floating,
    gamma,
    hyperbolic,
    incomplete_gamma,
    logic,
    logistic,
    modified_bessel,
    modified_bessel_second,
    normal,
    piecewise,
    powers,
    rounding,
    smooth,
    transcendental,
    trigonometric,
)
from minitorch_operators.record import Binary, Operator, Ternary, Unary

_MODULES = (
    airy,
    arithmetic,
    bessel,
    bits,
    comparison,
    floating,
    gamma,
    hyperbolic,
    incomplete_gamma,
    logic,
    logistic,
    modified_bessel,
    modified_bessel_second,
    normal,
    piecewise,
    powers,
    rounding,
    smooth,
    transcendental,
    trigonometric,
)


def _records() -> Iterator[Operator]:
    for module in _MODULES:
        for value in vars(module).values():
            if isinstance(value, (Unary, Binary, Ternary)):
                yield value


ALL: Mapping[str, Operator] = MappingProxyType(
    {record.name: record for record in sorted(_records(), key=lambda record: record.name)}
)
"""Each operator under its own name; aliases (`max` of `maximum`) are not listed.

>>> ALL["tanh"]
<operator tanh(x)>
"""
