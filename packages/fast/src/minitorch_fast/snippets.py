"""Pieces of kernel files: the functions a kernel may call that are no source of ours elsewhere.

Each is text, because a kernel file stands alone: it holds all that Numba compiles, so that the hash
of its text says everything, and its reader sees everything. Most are one or two machine
instructions with a name (Numba calls that an intrinsic); as such they cost no call and a loop
around them still vectorises.
"""

from __future__ import annotations

CHOOSE = """\
@intrinsic
def choose(typing, c, a, b):
    \"\"\"a if c else b, without a branch.\"\"\"

    def code(context, builder, signature, args):
        return builder.select(*args)

    common = typing.unify_types(a, b)
    return common(types.boolean, common, common), code
"""

FMA = """\
@intrinsic
def fma(typing, a, b, c):
    \"\"\"a * b + c, rounded once.\"\"\"

    def code(context, builder, signature, args):
        number = args[0].type
        kind = ir.FunctionType(number, [number] * 3)
        return builder.call(builder.module.declare_intrinsic("llvm.fma", [number], kind), args)

    return a(a, a, a), code
"""

LARGER = """\
@intrinsic
def larger(typing, a, b):
    \"\"\"The larger of two numbers, nan if one is.\"\"\"

    def code(context, builder, signature, args):
        number = args[0].type
        kind = ir.FunctionType(number, [number, number])
        return builder.call(builder.module.declare_intrinsic("llvm.maximum", [number], kind), args)

    return a(a, a), code
"""

WIDE = """\
@intrinsic
def wide(typing):
    \"\"\"Lets LLVM use vectors of 512 bits; by default it prefers 256.\"\"\"

    def code(context, builder, signature, args):
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), code
"""

APART = """\
@intrinsic
def apart(typing):
    \"\"\"Tells LLVM that OUT shares no memory with the operands, so that it need not check that.

    An operand may still be OUT itself: an element is written once, with a number that was made of
    what was read there before. That order follows from the numbers, whatever LLVM believes.
    \"\"\"

    def code(context, builder, signature, args):
        for argument in builder.function.args:
            if argument.name == "arg.OUT.4":  # where its elements lie
                argument.add_attribute("noalias")
        return context.get_dummy_value()

    return types.void(), code
"""

SEPARATE = """\
@intrinsic
def separate(typing):
    \"\"\"Tells LLVM that no two arrays share memory, if one of them is written.\"\"\"

    def code(context, builder, signature, args):
        for argument in builder.function.args:
            if argument.name.endswith(".4"):  # where the elements of an array lie
                argument.add_attribute("noalias")
        return context.get_dummy_value()

    return types.void(), code
"""

_BUFFER = """\
from numba.core import cgutils


@intrinsic
def buffer_{side}(typing, like):
    \"\"\"Memory on the stack for {side} x {side} elements of the array `like`.\"\"\"

    def code(context, builder, signature, args):
        element = context.get_data_type(signature.return_type.dtype)
        return cgutils.alloca_once(builder, element, size={side} * {side})

    return types.CPointer(like.dtype)(like), code
"""

_EXP2I = """\
@intrinsic
def exp2i(typing, n):
    \"\"\"2**n for a whole n: the last bits of n + {shift} + {bias} are its exponent.\"\"\"

    def code(context, builder, signature, args):
        number, bits = ir.{ir_float}(), ir.IntType({width})
        shifted = builder.fadd(args[0], ir.Constant(number, {shift} + {bias}.0))
        exponent = builder.shl(builder.bitcast(shifted, bits), ir.Constant(bits, {mantissa}))
        return builder.bitcast(exponent, number)

    return types.float{width}(types.float{width}), code
"""

_EXPONENT = """\
@intrinsic
def exponent(typing, x):
    \"\"\"The whole e with x / 2**e in [sqrt(1/2), sqrt(2)): its bits, as if 1 were sqrt(1/2).\"\"\"

    def code(context, builder, signature, args):
        number, bits = ir.{ir_float}(), ir.IntType({width})
        shift = ir.Constant(bits, {one} - {sqrt_half})
        shifted = builder.add(builder.bitcast(args[0], bits), shift)
        biased = builder.lshr(shifted, ir.Constant(bits, {mantissa}))
        # An integer to a float: as the last bits of 2**{mantissa}.
        whole = builder.bitcast(builder.or_(biased, ir.Constant(bits, {big})), number)
        return builder.fsub(whole, ir.Constant(number, {two_to_mantissa} + {bias}.0))

    return types.float{width}(types.float{width}), code
"""

_MANTISSA = """\
@intrinsic
def mantissa(typing, x):
    \"\"\"x / 2**exponent(x), in [sqrt(1/2), sqrt(2)).\"\"\"

    def code(context, builder, signature, args):
        number, bits = ir.{ir_float}(), ir.IntType({width})
        shift = ir.Constant(bits, {one} - {sqrt_half})
        shifted = builder.add(builder.bitcast(args[0], bits), shift)
        fraction = builder.and_(shifted, ir.Constant(bits, {mask}))
        return builder.bitcast(builder.add(fraction, ir.Constant(bits, {sqrt_half})), number)

    return types.float{width}(types.float{width}), code
"""

_LLVM_UNARY = """\
@intrinsic
def {name}(typing, x):
    \"\"\"LLVM's {llvm}: one instruction.\"\"\"

    def code(context, builder, signature, args):
        number = args[0].type
        kind = ir.FunctionType(number, [number])
        return builder.call(builder.module.declare_intrinsic("llvm.{llvm}", [number], kind), args)

    return x(x), code
"""

_COPYSIGN = """\
@intrinsic
def copysign(typing, x, y):
    \"\"\"The magnitude of x with the sign bit of y.\"\"\"

    def code(context, builder, signature, args):
        number = args[0].type
        kind = ir.FunctionType(number, [number, number])
        return builder.call(builder.module.declare_intrinsic("llvm.copysign", [number], kind), args)

    return x(x, x), code
"""

_FMOD = """\
@intrinsic
def fmod(typing, x, y):
    \"\"\"The remainder of x / y with the sign of x, as libm's.\"\"\"

    def code(context, builder, signature, args):
        return builder.frem(*args)

    return x(x, x), code
"""

_LOGB = """\
from math import frexp


@njit(**OPTIONS)
def logb(x):
    \"\"\"The exponent of x, whose mantissa is from 1 to 2: -inf at 0.\"\"\"
    if x == 0:
        return {short}(-np.inf)
    m, e = frexp(x)
    return x * x if x - x != 0 else {short}(e - 1)
"""

_LDEXP = """\
from math import ldexp as scaled


@njit(**OPTIONS)
def ldexp(x, n):
    \"\"\"x * 2**n, rounded once.\"\"\"
    return scaled(x, np.int32(n))
"""

_PLAIN = {"choose": CHOOSE, "apart": APART, "separate": SEPARATE}
_PLAIN |= {f"buffer_{side}": _BUFFER.format(side=side) for side in (32, 64)}

_LLVM_NAMES = {name: name for name in ("floor", "ceil", "trunc", "rint", "sqrt", "fabs")}

_FLOAT32 = {
    "width": 32, "ir_float": "FloatType", "mantissa": 23, "bias": 127, "shift": "12582912.0",
    "two_to_mantissa": "8388608.0", "big": "0x4B000000", "one": "0x3F800000",
    "sqrt_half": "0x3F3504F3", "mask": "0x007FFFFF",
}  # fmt: skip
_FLOAT64 = {
    "width": 64, "ir_float": "DoubleType", "mantissa": 52, "bias": 1023, "shift":
    "6755399441055744.0", "two_to_mantissa": "4503599627370496.0", "big": "0x4330000000000000",
    "one": "0x3FF0000000000000", "sqrt_half": "0x3FE6A09E667F3BCD", "mask": "0x000FFFFFFFFFFFFF",
}  # fmt: skip

# From libm, for one element at a time. Numba takes the float32 version for a float32.
_LIBM = (
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh", "erf", "erfc", "exp",
    "expm1", "hypot", "lgamma", "log", "log10", "log1p", "log2", "pow", "sin", "sinh", "tan",
    "tanh",
)  # fmt: skip

_INTEGER = {
    "div": """\
@njit(**OPTIONS)
def div(a, b):
    \"\"\"The quotient towards zero; 0 for b = 0, and no trap for the smallest integer by -1.\"\"\"
    if b == 0:
        return 0
    if b == -1:
        return -a
    q = a // b
    return q + 1 if q < 0 and q * b != a else q
""",
    "fmod": """\
@njit(**OPTIONS)
def fmod(a, b):
    \"\"\"The remainder with the sign of a; 0 for b = 0, and no trap for the smallest by -1.\"\"\"
    if b == 0 or b == -1:
        return 0
    m = a % b
    return m - b if m != 0 and (m < 0) != (a < 0) else m
""",
    "pow": """\
@njit(**OPTIONS)
def pow(a, b):
    \"\"\"a**b by squaring, wrapping around; for b < 0 what remains of 1 / a**-b.\"\"\"
    if b < 0:
        if a == 1:
            return 1
        if a == -1:
            return 1 if b % 2 == 0 else -1
        return 0
    result = 1
    while b > 0:
        if b & 1:
            result *= a
        a *= a
        b >>= 1
    return result
""",
    "fabs": """\
@njit(**OPTIONS)
def fabs(x):
    \"\"\"The absolute value.\"\"\"
    return -x if x < 0 else x
""",
    "copysign": """\
@njit(**OPTIONS)
def copysign(x, y):
    \"\"\"The magnitude of x with the sign of y.\"\"\"
    return -x if (x < 0) != (y < 0) else x
""",
    "gcd": """\
@njit(**OPTIONS)
def gcd(a, b):
    \"\"\"The largest integer that divides both, by Euclid: gcd(a, b) = gcd(b, a mod b).\"\"\"
    while b != 0:
        a, b = b, 0 if b == -1 else a % b
    return -a if a < 0 else a
""",
} | {
    name: f"""\
@njit(**OPTIONS)
def {name}(x):
    \"\"\"An integer is rounded already.\"\"\"
    return x
"""
    for name in ("floor", "ceil", "trunc", "rint", "integer")
}


def snippet(name: str, kind: str) -> str | None:
    """The text that defines `name` for the dtype `kind` (float32, float64 or int64), or None.

    >>> print(snippet("sin", "float32"))
    from math import sin
    <BLANKLINE>
    """
    if name in _PLAIN:
        return _PLAIN[name]
    if name == "larger":
        return LARGER
    if name == "fma":
        return FMA
    if kind == "int64":
        return _INTEGER.get(name)
    if name in _LLVM_NAMES:
        return _LLVM_UNARY.format(name=name, llvm=_LLVM_NAMES[name])
    if name == "copysign":
        return _COPYSIGN
    if name == "fmod":
        return _FMOD
    parameters = _FLOAT32 if kind == "float32" else _FLOAT64
    for known, template in (("exp2i", _EXP2I), ("exponent", _EXPONENT), ("mantissa", _MANTISSA)):
        if name == known:
            return template.format(**parameters)
    if name in ("logb", "ldexp"):
        short = "f32" if kind == "float32" else "f64"
        return (_LOGB if name == "logb" else _LDEXP).format(short=short)
    if name in ("exp2", "nextafter"):
        return f"from numpy import {name}\n"
    return f"from math import {name}\n" if name in _LIBM else None
