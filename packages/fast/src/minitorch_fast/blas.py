"""Products of matrices by BLAS, called from compiled code: threads make them without Python.

NumPy does not show the function of its BLAS, but the library that it loads has it, under a name
that its builders chose. Where that name is not found, products are NumPy's (see `linalg`). The
matrices are NumPy's objects, whose fields are read as in `native`.
https://www.netlib.org/blas/blast-forum/cinterface.pdf
"""

from __future__ import annotations

import ctypes
import functools
from typing import Final

from minitorch_fast import native, threads
from minitorch_fast.threads import Kernel
from minitorch_tensor.dtype import HostArray

_NAMES: Final = {"f": "scipy_cblas_sgemm64_", "d": "scipy_cblas_dgemm64_"}
"""By NumPy's letter of the dtype; with lengths of 64 bits, as in the wheels of NumPy."""


@functools.cache
def product_of(letter: str) -> Kernel | None:
    """out = a @ b (+ bias) for matrices of this dtype, or for stacks of them; None without BLAS.

    Of the strides of a matrix of a, and of b, one is that of an element, and the other reaches past
    a row (or a column); out has its rows in order. A stack has three dimensions; one of results
    that all lie in the same place gets their sum.

    Raises:
        ValueError: (the function) for other strides.
    """
    symbol = getattr(threads.blas_library(), _NAMES.get(letter, ""), None)
    if symbol is None or not native.fields_are_known() or not threads.blas_is_serial():
        return None
    from minitorch_fast import cache

    address = ctypes.cast(symbol, ctypes.c_void_p).value or 0
    dtype, size = ("float32", 4) if letter == "f" else ("float64", 8)
    text = _SOURCE.format(SIZE=size, FIELDS=native.FIELDS, dtype=dtype)
    kernel = cache.load(f"product_{dtype}", text, "void(int64, int64, int64, int64, int64)")

    def product(a: HostArray, b: HostArray, out: HostArray, bias: HostArray | None = None) -> None:
        kernel(address, id(a), id(b), id(out), 0 if bias is None else id(bias))

    entry = native.entries.get(kernel)
    if entry is not None:
        native.entries[product] = entry.starting_with(address)
    return product


_SOURCE = '''\
"""A product of matrices of {dtype}, by the function of BLAS at an address."""

from llvmlite import ir
from numba import njit
from numba.core import types
from numba.extending import intrinsic

WORD, ENUM, SIZE = ir.IntType(64), ir.IntType(32), {SIZE}
NUMBER = ir.FloatType() if SIZE == 4 else ir.DoubleType()
ROWS, AS_IT_IS, TURNED = 101, 111, 112


@intrinsic
def word(typing, address):
    """What lies there."""

    def code(context, builder, signature, args):
        return builder.load(builder.inttoptr(args[0], WORD.as_pointer()))

    return types.int64(types.int64), code


@intrinsic
def add(typing, to, x):
    """The number at an address, and that at another, to the former."""

    def code(context, builder, signature, args):
        where, other = (builder.inttoptr(arg, NUMBER.as_pointer()) for arg in args)
        builder.store(builder.fadd(builder.load(where), builder.load(other)), where)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), code


@intrinsic
def call(typing, blas, how_a, how_b, n, m, k, a, lda, b, ldb, more, c, ldc):
    """c = a @ b + more * c, where more is 0 or 1."""

    def code(context, builder, signature, args):
        blas, how_a, how_b, n, m, k, a, lda, b, ldb, more, c, ldc = args
        one, more = ir.Constant(NUMBER, 1.0), builder.sitofp(more, NUMBER)
        kinds = [ENUM] * 3 + [WORD] * 3 + [NUMBER, WORD, WORD, WORD, WORD, NUMBER, WORD, WORD]
        function = ir.FunctionType(ir.VoidType(), kinds).as_pointer()
        how_a, how_b = builder.trunc(how_a, ENUM), builder.trunc(how_b, ENUM)
        given = [ir.Constant(ENUM, ROWS), how_a, how_b, n, m, k, one, a, lda, b, ldb, more, c, ldc]
        builder.call(builder.inttoptr(blas, function), given)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 13), code


@njit(nogil=True, no_cfunc_wrapper=True)
def field(x, which, i):
    """The size (2) or stride (3) of an array's dimension, counted from the last but one."""
    dimensions = word(x + {FIELDS} + 8) & 0xFFFFFFFF
    return word(word(x + {FIELDS} + 8 * which) + 8 * (dimensions - 2 + i))


@njit(nogil=True, no_cfunc_wrapper=True)
def layout(x):
    """Whether a matrix lies in rows or in columns, and how far they are apart, in numbers."""
    rows, columns = field(x, 2, 0), field(x, 2, 1)
    down, along = field(x, 3, 0), field(x, 3, 1)
    if along == SIZE or columns == 1:
        if rows == 1:
            return AS_IT_IS, columns
        if down >= columns * SIZE and down % SIZE == 0:
            return AS_IT_IS, down // SIZE
    if down == SIZE or rows == 1:
        if columns == 1:
            return TURNED, rows
        if along >= rows * SIZE and along % SIZE == 0:
            return TURNED, along // SIZE
    raise ValueError("a matrix whose strides BLAS cannot read")


@njit(nogil=True, no_cfunc_wrapper=True)
def kernel(blas, a, b, out, bias):
    n, m, k = field(out, 2, 0), field(out, 2, 1), field(a, 2, 1)
    how_a, lda = layout(a)
    how_b, ldb = layout(b)
    how_c, ldc = layout(out)
    if how_c != AS_IT_IS:
        raise ValueError("a result whose rows are not in order")
    x, y, c = word(a + {FIELDS}), word(b + {FIELDS}), word(out + {FIELDS})
    if word(out + {FIELDS} + 8) & 0xFFFFFFFF == 3:
        for i in range(field(out, 2, -1)):
            more = 1 if i > 0 and field(out, 3, -1) == 0 else 0
            call(blas, how_a, how_b, n, m, k, x, lda, y, ldb, more, c, ldc)
            x += field(a, 3, -1)
            y += field(b, 3, -1)
            c += field(out, 3, -1)
        return
    call(blas, how_a, how_b, n, m, k, x, lda, y, ldb, 0, c, ldc)
    if bias != 0:
        step = word(word(bias + {FIELDS} + 24))
        for i in range(n):
            for j in range(m):
                add(c + (i * ldc + j) * SIZE, word(bias + {FIELDS}) + j * step)
'''
