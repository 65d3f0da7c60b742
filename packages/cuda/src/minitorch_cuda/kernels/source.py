"""What generated kernels are made of: conversions, and the way from a count to a position.

A kernel for one pattern of access is a few lines of text, made once and kept. What the text says is
all that runs: `print(minitorch_cuda.explain(...))` shows it.
"""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_cuda import dsl
from minitorch_cuda.instructions import from_bfloat, from_half, quotient, to_bfloat, to_half
from minitorch_cuda.kernel import INDEX_TYPES, Parameter, computing_type, storage_type
from minitorch_tensor.dtype import DType, bfloat16, float32, promote_types


def load(element: str, source: DType, compute: DType) -> str:
    """An element as a number to compute with: cast to `compute`, held in the type `T`.

    A 16-bit float lies in memory as its bits, and is computed with as a float32.

    >>> from minitorch_tensor.dtype import bool_, float16, float32, int8
    >>> load("x[i]", int8, float32), load("x[i]", float32, int8), load("x[i]", float32, bool_)
    ('T(x[i])', 'T(int8(T(x[i])))', 'T(x[i] != float32(0))')
    >>> load("x[i]", float16, float16), load("x[i]", float16, bool_)
    ('from_half(x[i])', 'T(from_half(x[i]) != float32(0))')
    """
    if source.half:
        return load(f"from_{_short(source)}({element})", float32, compute)
    if compute.half:
        compute = float32
    if source is compute and compute.kind == "float":
        return element
    if compute.kind == "bool":
        return f"T({element})" if source is compute else f"T({element} != {source.name}(0))"
    if compute.kind == "int" and promote_types(source, compute) is not compute:
        return f"T({compute.name}(T({element})))"
    return f"T({element})"


def store(value: str, dtype: DType, compute: DType) -> str:
    """A number of type `T` as an element of `dtype`."""
    if dtype.half:
        single = value if computing_type(compute) == "float32" else f"float32({value})"
        return f"to_{_short(dtype)}({single})"
    if dtype.kind == "bool":
        return f"uint8({value} != T(0))"
    return value if storage_type(dtype) == computing_type(compute) else f"{dtype.name}({value})"


def _short(dtype: DType) -> str:
    """How the instructions for a 16-bit float call it."""
    return "bfloat" if dtype is bfloat16 else "half"


def scope(value: str, index: str, *dtypes: DType) -> dict[str, object]:
    """The names that generated text uses: the dsl, `T`, `I`, and the types of the elements."""
    names: dict[str, object] = {
        "cuda": dsl,
        "T": dsl.TYPES[value],
        "I": INDEX_TYPES[index],
        "from_half": from_half,
        "to_half": to_half,
        "from_bfloat": from_bfloat,
        "to_bfloat": to_bfloat,
        "quotient": quotient,
    }
    for name in {"uint8", "int64", "float32", *(storage_type(dtype) for dtype in dtypes)}:
        names[name] = dsl.TYPES[name]
    return names


class Position:
    """Text that turns the number of an element into its position in each operand.

    Args:
        names: the operands.
        prefix: tells two walks of one kernel apart.
        rank: the number of dimensions.
        fast: divide numbers of 32 bits by a multiplication; see `divider`.

    >>> print(Position(["x", "y"], "i", 2).text("i"))
    i1 = I(i % i_n1)
    i0 = I(i // i_n1)
    x_i = I(i0 * x_i0 + i1 * x_i1)
    y_i = I(i0 * y_i0 + i1 * y_i1)
    >>> print(Position(["x"], "i", 2, fast=True).text("i"))
    i0 = I(quotient(i, i_m1, i_s1))
    i1 = I(i - I(i0 * i_n1))
    x_i = I(i0 * x_i0 + i1 * x_i1)
    """

    def __init__(self, names: Sequence[str], prefix: str, rank: int, *, fast: bool = False) -> None:
        self.names = names
        self.prefix = prefix
        self.rank = rank
        self.fast = fast

    def text(self, count: str) -> str:
        """Assign the position in operand x to `x_<prefix>`, for the element number `count`."""
        p = self.prefix
        lines: list[str] = []
        for i in range(self.rank - 1, 0, -1):
            rest = f"{p}0" if i == 1 else f"{p}_rest{i}"
            if self.fast:
                lines.append(f"{rest} = I(quotient({count}, {p}_m{i}, {p}_s{i}))")
                lines.append(f"{p}{i} = I({count} - I({rest} * {p}_n{i}))")
            else:
                lines.append(f"{p}{i} = I({count} % {p}_n{i})")
                lines.append(f"{rest} = I({count} // {p}_n{i})")
            count = rest
        if self.rank == 1:
            lines.append(f"{p}0 = {count}")
        for name in self.names:
            terms = " + ".join(f"{p}{i} * {name}_{p}{i}" for i in range(self.rank))
            lines.append(f"{name}_{p} = I({terms or 0})")
        return "\n".join(lines)

    def parameters(self, index: str) -> list[Parameter]:
        """The sizes (but the first: nothing divides by it), then the strides of each operand."""
        letters = "nms" if self.fast else "n"
        sizes = [
            Parameter(f"{self.prefix}_{letter}{i}", index)
            for i in range(1, self.rank)
            for letter in letters
        ]
        strides = [
            Parameter(f"{name}_{self.prefix}{i}", index)
            for name in self.names
            for i in range(self.rank)
        ]
        return sizes + strides


def numbers(
    shape: tuple[int, ...], strides: Sequence[tuple[int, ...]], *, fast: bool = False
) -> list[int]:
    """The arguments for `Position.parameters`."""
    sizes = [number for n in shape[1:] for number in ((n, *divider(n)) if fast else (n,))]
    return [*sizes, *(stride for operand in strides for stride in operand)]


def divider(d: int) -> tuple[int, int]:
    """The factor m and the shift s for which i // d is `quotient(i, m, s)`, if i < 2**31.

    GPUs have no instruction that divides; a compiler makes some twenty of it, and these are three:
    (mulhi(i, m) + i) >> s.
    m is 2**32 (2**s - d) / d, rounded up, so that (2**32 + m) / 2**(32 + s) is a little above 1 / d
    by less than 1 / (2**31 d): too little to reach the next whole number.

    Source: Granlund and Montgomery, Division by invariant integers using multiplication, PLDI 1994

    >>> divider(7)
    (613566757, 3)
    >>> quotient(2**31 - 1, *divider(7)) == (2**31 - 1) // 7
    True
    """
    shift = (d - 1).bit_length()
    return ((1 << 32) * ((1 << shift) - d)) // d + 1, shift


def indent(text: str, levels: int) -> str:
    """Each line but the first moved to the right, for a place in a template."""
    return text.replace("\n", "\n" + "    " * levels)
