"""The pointwise functions as methods."""

from __future__ import annotations

from minitorch_tensor import (
    pointwise,
)


class PointwiseMethods:
    """The pointwise functions as methods."""

    __slots__ = ()

    abs = absolute = pointwise.abs
    acos = pointwise.acos
    acosh = pointwise.acosh
    add = pointwise.add
    addcdiv = pointwise.addcdiv
    addcmul = pointwise.addcmul
    allclose = pointwise.allclose
    asin = pointwise.asin
    asinh = pointwise.asinh
    atan = pointwise.atan
    atan2 = pointwise.atan2
    atanh = pointwise.atanh
    ceil = pointwise.ceil
    clamp = clip = pointwise.clamp
    clamp_max = pointwise.clamp_max
    clamp_min = pointwise.clamp_min
    copysign = pointwise.copysign
    cos = pointwise.cos
    cosh = pointwise.cosh
    deg2rad = pointwise.deg2rad
    div = pointwise.div
    divide = pointwise.divide
    eq = pointwise.eq
    equal = pointwise.equal
    erf = pointwise.erf
    erfc = pointwise.erfc
    exp = pointwise.exp
    exp2 = pointwise.exp2
    expm1 = pointwise.expm1
    floor = pointwise.floor
    floor_divide = pointwise.floor_divide
    fmax = pointwise.fmax
    fmin = pointwise.fmin
    fmod = pointwise.fmod
    frac = pointwise.frac
    ge = pointwise.ge
    gt = pointwise.gt
    hypot = pointwise.hypot
    isclose = pointwise.isclose
    isfinite = pointwise.isfinite
    isinf = pointwise.isinf
    isnan = pointwise.isnan
    le = pointwise.le
    lerp = pointwise.lerp
    log = pointwise.log
    log10 = pointwise.log10
    log1p = pointwise.log1p
    log2 = pointwise.log2
    logaddexp = pointwise.logaddexp
    logical_and = pointwise.logical_and
    logical_not = pointwise.logical_not
    logical_or = pointwise.logical_or
    logical_xor = pointwise.logical_xor
    lt = pointwise.lt
    maximum = pointwise.maximum
    minimum = pointwise.minimum
    mul = pointwise.mul
    multiply = pointwise.multiply
    nan_to_num = pointwise.nan_to_num
    ne = pointwise.ne
    neg = negative = pointwise.neg
    pow = pointwise.pow
    rad2deg = pointwise.rad2deg
    reciprocal = pointwise.reciprocal
    relu = pointwise.relu
    remainder = pointwise.remainder
    round = pointwise.round
    rsqrt = pointwise.rsqrt
    sigmoid = pointwise.sigmoid
    sign = pointwise.sign
    sin = pointwise.sin
    sinh = pointwise.sinh
    sqrt = pointwise.sqrt
    square = pointwise.square
    sub = subtract = pointwise.sub
    tan = pointwise.tan
    tanh = pointwise.tanh
    true_divide = pointwise.true_divide
    trunc = pointwise.trunc
    where = pointwise.where_of
    xlogy = pointwise.xlogy
