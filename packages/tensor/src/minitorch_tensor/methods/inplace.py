"""Methods that write in place."""

from __future__ import annotations

from minitorch_tensor import (
    inplace,
    random,
)


class InplaceMethods:
    """Methods that write in place."""

    __slots__ = ()

    add_ = inplace.add_
    sub_ = inplace.sub_
    mul_ = inplace.mul_
    div_ = inplace.div_
    pow_ = inplace.pow_
    copy_ = inplace.copy_
    fill_ = inplace.fill_
    zero_ = inplace.zero_
    clamp_ = inplace.clamp_
    addcdiv_ = inplace.addcdiv_
    addcmul_ = inplace.addcmul_
    clamp_max_ = inplace.clamp_max_
    clamp_min_ = inplace.clamp_min_
    floor_divide_ = inplace.floor_divide_
    lerp_ = inplace.lerp_
    remainder_ = inplace.remainder_
    abs_ = inplace.abs_
    ceil_ = inplace.ceil_
    cos_ = inplace.cos_
    exp_ = inplace.exp_
    floor_ = inplace.floor_
    log_ = inplace.log_
    logical_not_ = inplace.logical_not_
    neg_ = inplace.neg_
    reciprocal_ = inplace.reciprocal_
    relu_ = inplace.relu_
    round_ = inplace.round_
    rsqrt_ = inplace.rsqrt_
    sigmoid_ = inplace.sigmoid_
    sin_ = inplace.sin_
    sqrt_ = inplace.sqrt_
    square_ = inplace.square_
    tanh_ = inplace.tanh_
    trunc_ = inplace.trunc_

    uniform_ = random.uniform_
    normal_ = random.normal_
    bernoulli_ = random.bernoulli_
    random_ = random.random_
    exponential_ = random.exponential_
