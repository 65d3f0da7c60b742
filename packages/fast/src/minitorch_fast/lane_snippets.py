"""The vector type of `lanes` and its operations, as the text of a kernel file.

Numba has no vectors, but lets one define a type and say which LLVM code its operations are.
"""

from __future__ import annotations

from typing import Final

TEXT: Final = '''
LANES = {lanes}


class Lanes(types.Type):
    """A vector of LANES numbers, in one register."""


NUMBER = {number}
VECTOR = ir.VectorType(NUMBER, LANES)
INDEX = ir.IntType(64)
lanes = Lanes("lanes")


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """What LLVM calls it."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, VECTOR)


def pointer(context, builder, kind, array, index):
    """The address of a vector in a flat array."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), VECTOR.as_pointer())


def shuffled(builder, a, b, mask):
    """The lanes of a and b (numbered from LANES on) that `mask` names."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), LANES), mask))


@intrinsic
def load(typing, a, i):
    """The elements from i on."""

    def code(context, builder, signature, args):
        return builder.load(
            pointer(context, builder, signature.args[0], *args), align={itemsize}
        )

    return lanes(a, types.int64), code


@intrinsic
def store(typing, a, i, v):
    """Write a vector."""

    def code(context, builder, signature, args):
        where = pointer(context, builder, signature.args[0], *args[:2])
        builder.store(args[2], where, align={itemsize})
        return context.get_dummy_value()

    return types.void(a, types.int64, v), code


@intrinsic
def spread(typing, x):
    """One number in all lanes."""

    def code(context, builder, signature, args):
        nothing = ir.Constant(VECTOR, ir.Undefined)
        one = builder.insert_element(nothing, args[0], ir.Constant(ir.IntType(32), 0))
        return shuffled(builder, one, nothing, [0] * LANES)

    return lanes({kind}), code


@intrinsic
def fma(typing, a, b, c):
    """a * b + c."""

    def code(context, builder, signature, args):
        # fmuladd, not fma: without such an instruction that one calls libm for each lane.
        kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
        name = f"llvm.fmuladd.v{{LANES}}f{bits}"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)

    return lanes(a, b, c), code


@intrinsic
def across(typing, a):
    """The sum of the lanes: halves are added, then halves of that."""

    def code(context, builder, signature, args):
        value, width = args[0], LANES
        while width > 1:
            width //= 2
            mask = [lane + width if lane < width else lane for lane in range(LANES)]
            value = builder.fadd(value, shuffled(builder, value, value, mask))
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return {kind}(a), code


@intrinsic
def turn(typing, a, i, step, out, o, out_step):
    """Transpose a square of LANES by LANES: exchange halves, then quarters, and so on."""

    def code(context, builder, signature, args):
        def place(array, first, step, line):
            at = builder.add(args[first], builder.mul(args[step], ir.Constant(INDEX, line)))
            return pointer(context, builder, signature.args[array], args[array], at)

        rows = [builder.load(place(0, 1, 2, line), align={itemsize}) for line in range(LANES)]
        half = LANES // 2
        while half:
            for line in range(LANES):
                if not line & half:
                    x, y = rows[line], rows[line | half]
                    low = [k if not k & half else (k ^ half) + LANES for k in range(LANES)]
                    high = [k | half if not k & half else k + LANES for k in range(LANES)]
                    rows[line] = shuffled(builder, x, y, low)
                    rows[line | half] = shuffled(builder, x, y, high)
            half //= 2
        for line in range(LANES):
            builder.store(rows[line], place(3, 4, 5, line), align={itemsize})
        return context.get_dummy_value()

    ints = types.int64
    return types.void(a, ints, ints, out, ints, ints), code


@intrinsic
def aligned(typing, a):
    """The first element at a multiple of 64 bytes."""

    def code(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        bytes_before = builder.and_(
            builder.neg(builder.ptrtoint(data, INDEX)), ir.Constant(INDEX, 63)
        )
        return builder.udiv(bytes_before, ir.Constant(INDEX, {itemsize}))

    return types.int64(a), code
'''


def text(kind: str, lanes: int) -> str:
    """The definitions for one dtype and one number of lanes."""
    itemsize = 4 if kind == "float32" else 8
    number = "ir.FloatType()" if kind == "float32" else "ir.DoubleType()"
    imports = "from numba.core import cgutils\nfrom numba.extending import models, register_model\n"
    return imports + TEXT.format(
        lanes=lanes, itemsize=itemsize, kind=f"types.{kind}", number=number, bits=8 * itemsize
    )
