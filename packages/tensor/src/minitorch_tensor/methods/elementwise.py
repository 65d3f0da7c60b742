"""Bits, second names, and every pointwise function in place, as methods and operators."""

from __future__ import annotations

from minitorch_tensor import (
    elementwise,
    elementwise_complex,
    elementwise_inplace,
    elementwise_integers,
)


class ElementwiseMethods:
    """Bits, second names, and every pointwise function in place, as methods and operators."""

    __slots__ = ()

    angle = elementwise_complex.angle
    arccos = elementwise.arccos
    arccosh = elementwise.arccosh
    arcsin = elementwise.arcsin
    arcsinh = elementwise.arcsinh
    arctan = elementwise.arctan
    arctan2 = elementwise.arctan2
    arctanh = elementwise.arctanh
    bitwise_and = elementwise_integers.bitwise_and
    bitwise_left_shift = elementwise_integers.bitwise_left_shift
    bitwise_not = elementwise_integers.bitwise_not
    bitwise_or = elementwise_integers.bitwise_or
    bitwise_right_shift = elementwise_integers.bitwise_right_shift
    bitwise_xor = elementwise_integers.bitwise_xor
    conj = elementwise_complex.conj
    conj_physical = elementwise_complex.conj_physical
    fix = elementwise.fix
    float_power = elementwise.float_power
    frexp = elementwise.frexp
    gcd = elementwise_integers.gcd
    greater = elementwise.greater
    greater_equal = elementwise.greater_equal
    heaviside = elementwise.heaviside
    is_complex = elementwise_complex.is_complex
    is_conj = elementwise_complex.is_conj
    is_neg = elementwise_complex.is_neg
    is_nonzero = elementwise.is_nonzero
    is_same_size = elementwise.is_same_size
    isneginf = elementwise.isneginf
    isposinf = elementwise.isposinf
    isreal = elementwise_complex.isreal
    lcm = elementwise_integers.lcm
    ldexp = elementwise.ldexp
    less = elementwise.less
    less_equal = elementwise.less_equal
    logaddexp2 = elementwise.logaddexp2
    logit = elementwise.logit
    nextafter = elementwise.nextafter
    not_equal = elementwise.not_equal
    positive = elementwise.positive
    resolve_conj = elementwise_complex.resolve_conj
    resolve_neg = elementwise_complex.resolve_neg
    sgn = elementwise.sgn
    signbit = elementwise.signbit
    sinc = elementwise.sinc

    __and__ = __rand__ = elementwise_integers.and_
    __or__ = __ror__ = elementwise_integers.or_
    __xor__ = __rxor__ = elementwise_integers.xor
    __lshift__ = elementwise_integers.lshift
    __rshift__ = elementwise_integers.rshift
    __rlshift__ = elementwise_integers.rlshift
    __rrshift__ = elementwise_integers.rrshift
    __invert__ = elementwise_integers.invert
    __iand__ = elementwise_inplace.bitwise_and_
    __ior__ = elementwise_inplace.bitwise_or_
    __ixor__ = elementwise_inplace.bitwise_xor_
    __ilshift__ = elementwise_inplace.bitwise_left_shift_
    __irshift__ = elementwise_inplace.bitwise_right_shift_

    abs_ = elementwise_inplace.abs_
    absolute_ = elementwise_inplace.absolute_
    acos_ = elementwise_inplace.acos_
    acosh_ = elementwise_inplace.acosh_
    arccos_ = elementwise_inplace.arccos_
    arccosh_ = elementwise_inplace.arccosh_
    arcsin_ = elementwise_inplace.arcsin_
    arcsinh_ = elementwise_inplace.arcsinh_
    arctan2_ = elementwise_inplace.arctan2_
    arctan_ = elementwise_inplace.arctan_
    arctanh_ = elementwise_inplace.arctanh_
    asin_ = elementwise_inplace.asin_
    asinh_ = elementwise_inplace.asinh_
    atan2_ = elementwise_inplace.atan2_
    atan_ = elementwise_inplace.atan_
    atanh_ = elementwise_inplace.atanh_
    bitwise_and_ = elementwise_inplace.bitwise_and_
    bitwise_left_shift_ = elementwise_inplace.bitwise_left_shift_
    bitwise_not_ = elementwise_inplace.bitwise_not_
    bitwise_or_ = elementwise_inplace.bitwise_or_
    bitwise_right_shift_ = elementwise_inplace.bitwise_right_shift_
    bitwise_xor_ = elementwise_inplace.bitwise_xor_
    ceil_ = elementwise_inplace.ceil_
    clip_ = elementwise_inplace.clip_
    conj_physical_ = elementwise_inplace.conj_physical_
    copysign_ = elementwise_inplace.copysign_
    cos_ = elementwise_inplace.cos_
    cosh_ = elementwise_inplace.cosh_
    deg2rad_ = elementwise_inplace.deg2rad_
    divide_ = elementwise_inplace.divide_
    eq_ = elementwise_inplace.eq_
    erf_ = elementwise_inplace.erf_
    erfc_ = elementwise_inplace.erfc_
    exp2_ = elementwise_inplace.exp2_
    exp_ = elementwise_inplace.exp_
    expm1_ = elementwise_inplace.expm1_
    fix_ = elementwise_inplace.fix_
    float_power_ = elementwise_inplace.float_power_
    floor_ = elementwise_inplace.floor_
    fmod_ = elementwise_inplace.fmod_
    frac_ = elementwise_inplace.frac_
    gcd_ = elementwise_inplace.gcd_
    ge_ = elementwise_inplace.ge_
    greater_ = elementwise_inplace.greater_
    greater_equal_ = elementwise_inplace.greater_equal_
    gt_ = elementwise_inplace.gt_
    heaviside_ = elementwise_inplace.heaviside_
    hypot_ = elementwise_inplace.hypot_
    lcm_ = elementwise_inplace.lcm_
    ldexp_ = elementwise_inplace.ldexp_
    le_ = elementwise_inplace.le_
    less_ = elementwise_inplace.less_
    less_equal_ = elementwise_inplace.less_equal_
    log10_ = elementwise_inplace.log10_
    log1p_ = elementwise_inplace.log1p_
    log2_ = elementwise_inplace.log2_
    log_ = elementwise_inplace.log_
    logical_and_ = elementwise_inplace.logical_and_
    logical_not_ = elementwise_inplace.logical_not_
    logical_or_ = elementwise_inplace.logical_or_
    logical_xor_ = elementwise_inplace.logical_xor_
    logit_ = elementwise_inplace.logit_
    lt_ = elementwise_inplace.lt_
    multiply_ = elementwise_inplace.multiply_
    nan_to_num_ = elementwise_inplace.nan_to_num_
    ne_ = elementwise_inplace.ne_
    neg_ = elementwise_inplace.neg_
    negative_ = elementwise_inplace.negative_
    nextafter_ = elementwise_inplace.nextafter_
    not_equal_ = elementwise_inplace.not_equal_
    rad2deg_ = elementwise_inplace.rad2deg_
    reciprocal_ = elementwise_inplace.reciprocal_
    relu_ = elementwise_inplace.relu_
    round_ = elementwise_inplace.round_
    rsqrt_ = elementwise_inplace.rsqrt_
    sgn_ = elementwise_inplace.sgn_
    sigmoid_ = elementwise_inplace.sigmoid_
    sign_ = elementwise_inplace.sign_
    sin_ = elementwise_inplace.sin_
    sinc_ = elementwise_inplace.sinc_
    sinh_ = elementwise_inplace.sinh_
    sqrt_ = elementwise_inplace.sqrt_
    square_ = elementwise_inplace.square_
    subtract_ = elementwise_inplace.subtract_
    tan_ = elementwise_inplace.tan_
    tanh_ = elementwise_inplace.tanh_
    true_divide_ = elementwise_inplace.true_divide_
    trunc_ = elementwise_inplace.trunc_
    xlogy_ = elementwise_inplace.xlogy_
