"""Methods that write in place."""

from __future__ import annotations

from minitorch_tensor import (
    inplace,
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
