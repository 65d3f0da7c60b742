"""Normal numbers by the Box-Muller transform: the same bits as `minitorch_tensor.normals`.

The logarithm, sine and cosine are those of `minitorch_tensor.cephes`, operation for operation. What
is fused there is fused here; nothing else can be, because each product is rounded before it enters
an explicit `fma`, or is exact.
"""

from __future__ import annotations

from minitorch_fast.functional.random_loops import TWO_TO_MINUS_24
from minitorch_fast.loops import Floats, Words, choose, fma, real, separate
from minitorch_fast.primitives import exponent, mantissa
from minitorch_operators.ieee import sqrt, trunc

TWO_PI = 6.283185307179586
FOUR_OVER_PI = 1.27323954473516


def logarithm(x: float) -> float:
    """ln x for normal x > 0: e ln 2 + ln(1 + f), where x = 2**e (1 + f)."""
    e = exponent(x)
    f = mantissa(x) - 1.0
    s = f * f
    p = fma(7.0376836292e-2, f, -1.1514610310e-1)
    p = fma(p, f, 1.1676998740e-1)
    p = fma(p, f, -1.2420140846e-1)
    p = fma(p, f, 1.4249322787e-1)
    p = fma(p, f, -1.6668057665e-1)
    p = fma(p, f, 2.0000714765e-1)
    p = fma(p, f, -2.4999993993e-1)
    p = fma(p, f, 3.3333331174e-1) * f
    y = fma(p, s, e * -2.12194440e-4) - 0.5 * s
    return fma(e, 0.693359375, f + y)


def reduced(x: float, eighths: float) -> float:
    """x minus so many eighths of a turn, in three parts."""
    r = fma(-0.78515625, eighths, x)
    r = fma(-2.4187564849853515625e-4, eighths, r)
    return fma(-3.77489497744594108e-8, eighths, r)


def sine(r: float) -> float:
    """sin r for |r| <= pi / 4."""
    s = r * r
    p = fma(-1.9515295891e-4, s, 8.3321608736e-3)
    return fma(fma(p, s, -1.6666654611e-1) * s, r, r)


def cosine(r: float) -> float:
    """cos r for |r| <= pi / 4."""
    s = r * r
    p = fma(2.443315711809948e-5, s, -1.388731625493765e-3)
    return fma(fma(p, s, 4.166664568298827e-2) * s, s, -0.5 * s) + 1.0


@separate
def normals(
    out: Floats, draws: Words, radii: Floats, angles: Floats,
    mean: float, std: float, blocks: int,
) -> None:  # fmt: skip
    """Blocks of 16 normals: radii from the first eight uniforms, angles from the last eight."""
    for b in range(blocks):
        for k in range(8):
            u = real(draws[16 * b + k] & 0xFFFFFF) * TWO_TO_MINUS_24
            v = real(draws[16 * b + 8 + k] & 0xFFFFFF) * TWO_TO_MINUS_24
            radii[8 * b + k] = 1.0 - u
            angles[8 * b + k] = TWO_PI * v
    for j in range(8 * blocks):
        radius = sqrt(-2.0 * logarithm(radii[j]))
        x = angles[j]
        # An even number of eighths, 0 to 8: it says which of the two functions, and its sign.
        eighths = trunc((trunc(x * FOUR_OVER_PI) + 1.0) * 0.5) * 2.0
        r = reduced(x, eighths)
        s = sine(r)
        c = cosine(r)
        swapped = (eighths == 2.0) | (eighths == 6.0)
        up = choose(swapped, c, s)
        along = choose(swapped, s, c)
        up = choose((eighths == 4.0) | (eighths == 6.0), -up, up)
        along = choose((eighths == 2.0) | (eighths == 4.0), -along, along)
        radii[j] = fma(radius * along, std, mean)
        angles[j] = fma(radius * up, std, mean)
    for b in range(blocks):
        for k in range(8):
            out[16 * b + k] = radii[8 * b + k]
            out[16 * b + 8 + k] = angles[8 * b + k]
