"""What each instruction with numbers is as a line of NumPy: sums, comparisons, moves.

Source: https://docs.nvidia.com/cuda/parallel-thread-execution/#instructions
"""

from __future__ import annotations

from typing import Final

from minitorch_cuda.ptx.flow import CARRY
from minitorch_cuda.ptx.text import SIZES
from minitorch_cuda.ptx.writer import Writer, bits, dtype, writes

_OPERATORS: Final = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}
_ORDERED: Final = {"eq": "==", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_NEGATED: Final = {"neu": "eq", "ltu": "ge", "leu": "gt", "gtu": "le", "geu": "lt"}
_UNSIGNED: Final = {"lo": "<", "ls": "<=", "hi": ">", "hs": ">="}


def _float(writer: Writer, expression: str, *operands: str) -> str:
    """A line with floats; `{0}` in the expression is the first operand."""
    flush = writer.take("ftz")
    values = [f"flush({value})" if flush else value for value in operands]
    made = expression.format(*values)
    if flush:
        made = f"flush({made})"
    if writer.take("sat"):
        made = f"saturate({made})"
    return writer.result(made, writer.type)


# --- sums and products -----------------------------------------------------------------------


@writes("add", "sub")
def _sum(writer: Writer) -> str | list[str]:
    sign = _OPERATORS[writer.code.base]
    if writer.floating:
        if writer.take("rn", "rz") == "rz":
            return _float(writer, f"fma32_zero({{0}}, F32_1, {sign}{{1}})", *writer.values())
        return _float(writer, f"{{0}} {sign} {{1}}", *writer.values())
    a, b = writer.values(bits(writer.type))
    if writer.take("cc"):
        return _carry(writer, a, b, "", "carried" if sign == "+" else "borrowed")
    return writer.result(f"{a} {sign} {b}", bits(writer.type))


@writes("addc", "subc")
def _with_carry(writer: Writer) -> list[str]:
    writer.take("cc")
    a, b = writer.values(bits(writer.type))
    how = "carried" if writer.code.base == "addc" else "borrowed"
    return _carry(writer, a, b, _CARRY, how)


@writes("mul", "mad", "madc")
def _product(writer: Writer) -> str | list[str]:
    type_ = writer.type
    if writer.floating:
        if writer.code.base == "mul":
            writer.take("rn")
            return _float(writer, "{0} * {1}", *writer.values())
        return _fused(writer)
    part = writer.take("lo", "hi", "wide")
    wide = f"{type_[0]}{16 * SIZES[type_]}"
    if part == "wide":
        a, b = (
            f"{writer.value(operand, type_)}.astype({dtype(wide)})"
            for operand in writer.operands[1:3]
        )
        product, type_ = f"{a} * {b}", wide
    elif part == "hi":
        a, b = (writer.value(operand, type_) for operand in writer.operands[1:3])
        product = f"high({a}, {b})"
    elif part == "lo":
        type_ = bits(type_)
        a, b = (writer.value(operand, type_) for operand in writer.operands[1:3])
        product = f"{a} * {b}"
    else:
        raise writer.unknown()
    if writer.code.base == "mul":
        return writer.result(product, type_)
    addend = writer.value(writer.operands[3], type_)
    if writer.code.base == "madc" or writer.take("cc"):
        writer.take("cc")
        return _carry(writer, product, addend, _CARRY if writer.code.base == "madc" else "")
    return writer.result(f"{product} + {addend}", type_)


_CARRY: Final = CARRY.removeprefix("%")


def _carry(writer: Writer, a: str, b: str, carry: str, how: str = "carried") -> list[str]:
    """A sum or difference that leaves its carry for the next instruction."""
    plus = f", {carry}" if carry else ""
    made = writer.result("sum_", bits(writer.type))
    return [f"sum_, {_CARRY} = {how}({a}, {b}{plus})", made]


_FUSED: Final = {"f32rn": "fma32", "f32rm": "fma32_down", "f32rz": "fma32_zero", "f64rn": "fma64"}


@writes("fma")
def _fused(writer: Writer) -> str:
    how = writer.take("rn", "rm", "rz")
    name = _FUSED.get(writer.type + how)
    if name is None:
        raise writer.unknown()
    return _float(writer, f"{name}({{0}}, {{1}}, {{2}})", *writer.values())


@writes("div", "rem")
def _quotient(writer: Writer) -> str:
    a, b = writer.values()
    if writer.floating:
        writer.take("rn", "full", "approx")
        return _float(writer, "{0} / {1}", a, b)
    name = "quotient" if writer.code.base == "div" else "remainder"
    return writer.result(f"{name}({a}, {b}, {writer.number})", writer.type)


_FUNCTIONS: Final = {
    **{"rcp": "one_over({0})", "sqrt": "sqrt({0})", "rsqrt": "inverse_root({0})"},
    **{"ex2": "exp2({0})", "lg2": "log2({0})", "sin": "sin({0})", "cos": "cos({0})"},
    "tanh": "tanh({0})",
}


@writes(*_FUNCTIONS)
def _function(writer: Writer) -> str:
    if writer.take("rn", "approx") == "approx" and writer.type == "f64":
        writer.take("ftz")  # `.approx.ftz` for float64: the upper half of the result alone
        made = _FUNCTIONS[writer.code.base].format(*writer.values())
        return writer.result(f"upper_half({made})", "f64")
    return _float(writer, _FUNCTIONS[writer.code.base], *writer.values())


@writes("abs", "neg")
def _sign(writer: Writer) -> str:
    if writer.floating:
        return _float(
            writer, {"abs": "abs({0})", "neg": "-{0}"}[writer.code.base], *writer.values()
        )
    (a,) = writer.values()
    return writer.result(f"abs({a})" if writer.code.base == "abs" else f"-{a}", writer.type)


@writes("min", "max")
def _extreme(writer: Writer) -> str:
    a, b = writer.values()
    if writer.floating:
        name = {"min": "least", "max": "most"}[writer.code.base]
        return _float(writer, f"{name}({{0}}, {{1}})", a, b)
    name = {"min": "minimum", "max": "maximum"}[writer.code.base]
    return writer.result(f"{name}({a}, {b})", writer.type)


@writes("copysign")
def _copysign(writer: Writer) -> str:
    return _float(writer, "sign_from({0}, {1})", *writer.values())


# --- bits ------------------------------------------------------------------------------------


@writes("and", "or", "xor")
def _logic(writer: Writer) -> str:
    a, b = writer.values()
    return writer.result(f"{a} {_OPERATORS[writer.code.base]} {b}", writer.type)


@writes("not")
def _not(writer: Writer) -> str:
    return writer.result(f"~{writer.values()[0]}", writer.type)


@writes("shl", "shr")
def _shift(writer: Writer) -> str:
    name = {"shl": "left", "shr": "right"}[writer.code.base]
    a, by = writer.value(writer.operands[1], writer.type), writer.value(writer.operands[2], "u32")
    return writer.result(f"{name}({a}, {by})", writer.type)


@writes("bfi")
def _insert(writer: Writer) -> str:
    a, b = (writer.value(operand, writer.type) for operand in writer.operands[1:3])
    c, d = (writer.value(operand, "u32") for operand in writer.operands[3:5])
    return writer.result(f"insert({a}, {b}, {c}, {d})", writer.type)


@writes("bfe")
def _extract(writer: Writer) -> str:
    a = writer.value(writer.operands[1], bits(writer.type))
    c, d = (writer.value(operand, "u32") for operand in writer.operands[2:4])
    signed = writer.type[0] == "s"
    return writer.result(f"extract({a}, {c}, {d}, {signed})", bits(writer.type))


@writes("popc", "clz")
def _count(writer: Writer) -> str:
    name = {"popc": "count", "clz": "leading"}[writer.code.base]
    return writer.result(f"{name}({writer.values()[0]})", "u32")


@writes("brev")
def _reverse(writer: Writer) -> str:
    return writer.result(f"reversed_bits({writer.values()[0]})", writer.type)


@writes("shf")
def _funnel(writer: Writer) -> str:
    to_left, wrap = writer.take("l", "r") == "l", writer.take("wrap", "clamp") == "wrap"
    low, up, by = writer.values()
    return writer.result(f"funnel({low}, {up}, {by}, {to_left}, {wrap})", writer.type)


@writes("lop3")
def _table(writer: Writer) -> str:
    a, b, c = (writer.value(operand, writer.type) for operand in writer.operands[1:4])
    return writer.result(f"table({a}, {b}, {c}, {int(writer.operands[4], 0)})", writer.type)


@writes("prmt")
def _permute(writer: Writer) -> str:
    return writer.result(f"permuted({', '.join(writer.values())})", writer.type)


# --- comparisons and choices -----------------------------------------------------------------


@writes("setp")
def _compare(writer: Writer) -> str:
    signs = (*_ORDERED, *_NEGATED, *_UNSIGNED, "ne", "num", "nan", "equ")
    how = writer.take(*signs)
    a, b = (writer.value(operand, writer.type) for operand in writer.operands[1:3])
    if len(writer.operands) != 3:
        raise writer.unknown()
    if writer.take("ftz"):
        a, b = f"flush({a})", f"flush({b})"
    if how in _ORDERED:
        made = f"{a} {_ORDERED[how]} {b}"
    elif how in _UNSIGNED:
        made = f"{a} {_UNSIGNED[how]} {b}"
    elif how in _NEGATED:
        made = f"~({a} {_ORDERED[_NEGATED[how]]} {b})"
    elif how == "ne":
        made = f"({a} < {b}) | ({a} > {b})" if writer.floating else f"{a} != {b}"
    elif how == "equ":
        made = f"~(({a} < {b}) | ({a} > {b}))"
    elif how in ("num", "nan"):
        made = f"({a} == {a}) & ({b} == {b})"
        made = made if how == "num" else f"~({made})"
    else:
        raise writer.unknown()
    return writer.result(made, "pred")


@writes("selp")
def _select(writer: Writer) -> str:
    a, b = (writer.value(operand, writer.type) for operand in writer.operands[1:3])
    condition = writer.value(writer.operands[3], "pred")
    return writer.result(f"where({condition}, {a}, {b})", writer.type)


@writes("testp")
def _test(writer: Writer) -> str:
    how = writer.take("finite", "infinite", "number", "notanumber")
    names = {"finite": "isfinite({})", "infinite": "isinf({})"}
    names |= {"number": "~isnan({})", "notanumber": "isnan({})"}
    if not how:
        raise writer.unknown()
    return writer.result(names[how].format(writer.values()[0]), "pred")


# --- moves and conversions ---------------------------------------------------------------------


@writes("mov")
def _move(writer: Writer) -> str | list[str]:
    to, source = writer.operands
    if source[0] == "{":  # several registers as one
        parts = writer.parts(source)
        narrow = f"u{8 * SIZES[writer.type] // len(parts)}"
        values = ", ".join(writer.value(part, narrow) for part in parts)
        return writer.result(f"packed({dtype(bits(writer.type))}, {values})", bits(writer.type))
    if to[0] == "{":
        parts = writer.parts(to)
        narrow = f"u{8 * SIZES[writer.type] // len(parts)}"
        value = writer.value(source, bits(writer.type))
        lines = [f"parts_ = unpacked({value}, {dtype(narrow)}, {len(parts)})"]
        return lines + [
            writer.result(f"parts_[{i}]", narrow, part)
            for i, part in enumerate(parts)
            if part != "_"
        ]
    if writer.type == "pred" and source in ("0", "1"):
        return writer.result(writer.names.constant(int(source), "pred"), "pred")
    return writer.result(writer.value(source, writer.type), writer.type)


@writes("cvta")
def _address(writer: Writer) -> str:
    to = bool(writer.take("to"))
    space = writer.take("global", "shared", "local", "const")
    (a,) = writer.values()
    if space in ("shared", "local"):
        return writer.result(f"{a} {'-' if to else '+'} {space}_window", writer.type)
    return writer.result(a, writer.type)


@writes("cvt")
def _convert(writer: Writer) -> str:
    to, of = writer.code.types
    a = writer.value(writer.operands[1], of)
    flush, saturate = writer.take("ftz"), writer.take("sat")
    if of in ("f16", "bf16"):
        a, of = f"from_{'half' if of == 'f16' else 'bfloat'}({a})", "f32"
    if flush and of == "f32":
        a = f"flush({a})"
    whole = writer.take("rni", "rzi", "rmi", "rpi")
    if of[0] == "f" and to[0] in "us":
        if not whole:
            raise writer.unknown()
        whole_type = f"{'uint' if to[0] == 'u' else 'int'}{8 * SIZES[to]}"
        return writer.result(f"to_whole({a}, {whole!r}, {whole_type!r})", to)
    if of[0] in "us" and to[0] in "us":
        if saturate:
            raise writer.unknown()
        return writer.result(_resized(a, of, to), to)
    if to[0] in "us":
        raise writer.unknown()
    writer.take("rn")
    made = f"whole({a}, {whole!r})" if whole else a
    if to in ("f16", "bf16"):
        made = f"to_{'half' if to == 'f16' else 'bfloat'}({made})"
    elif of != to:
        made = f"{made}.astype({dtype(to)})"
    if flush and to == "f32":
        made = f"flush({made})"
    return writer.result(f"saturate({made})" if saturate else made, to)


def _resized(a: str, of: str, to: str) -> str:
    """Whole numbers: the sign, if the source has one, fills what is new."""
    if SIZES[to] <= SIZES[of]:
        return f"{a}.astype({dtype(to)})"
    wide = f"{of[0]}{8 * SIZES[to]}"
    return f"{a}.astype({dtype(wide)})" + (f".view({dtype(to)})" if wide != to else "")
