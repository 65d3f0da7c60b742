"""What each instruction with memory, or with other threads, is as a call of the machine.

Source: https://docs.nvidia.com/cuda/parallel-thread-execution/#instructions
"""

from __future__ import annotations

from typing import Final

from minitorch_cuda.ptx.text import SIZES
from minitorch_cuda.ptx.writer import Writer, bits, dtype, local, stored, writes

# --- memory ----------------------------------------------------------------------------------


@writes("ld")
def _load(writer: Writer) -> str | list[str]:
    space, lanes = writer.space(), int((writer.take("v2", "v4") or "v1")[1])
    address, parameter = writer.address(writer.operands[1])
    if parameter:
        writer.take("param")
        held = writer.module.variables[parameter].type
        if SIZES[held] != SIZES[writer.type]:
            raise writer.unknown()
        return writer.result(f"M.parameters[{parameter!r}].view({_kept(writer.type)})", writer.type)
    call = f"M.load({space!r}, {_kept(writer.type)}, {lanes}, {address}, at, {writer.number})"
    if lanes == 1:
        return writer.result(f"{call}[0]", writer.type)
    lines = [f"parts_ = {call}"]
    return lines + [
        writer.result(f"parts_[{i}]", writer.type, part)
        for i, part in enumerate(writer.parts(writer.operands[0]))
    ]


@writes("st")
def _store(writer: Writer) -> str:
    space = writer.space()
    writer.take("v2", "v4")
    address, parameter = writer.address(writer.operands[0])
    if parameter:
        raise writer.unknown()
    values = [writer.value(part, writer.type) for part in writer.parts(writer.operands[1])]
    return f"M.store({space!r}, [{', '.join(values)}], {address}, at, {writer.number})"


def _kept(type_: str) -> str:
    """The dtype of what is read."""
    return dtype(type_ if type_[0] == "s" or type_ in ("f32", "f64") else bits(type_))


_UPDATES: Final = {"add": "add", "min": "minimum", "max": "maximum", "and": "bitwise_and"} | {
    "or": "bitwise_or",
    "xor": "bitwise_xor",
}


@writes("red", "atom")
def _update(writer: Writer) -> str:
    space = writer.space()
    writer.take("relaxed")
    how = writer.take(*_UPDATES, "exch", "cas")
    answer = writer.code.base == "atom"
    place, *values = writer.operands[1 if answer else 0 :]
    address, _ = writer.address(place)
    kept = [writer.value(value, writer.type) for value in values]
    if not how:
        raise writer.unknown()
    than = ""
    if how == "cas":
        than = f", {kept[0]}"
        kept = kept[1:]
    ufunc = _UPDATES.get(how)
    call = f"M.update({space!r}, {ufunc}, {kept[0]}, {address}, at, {writer.number}{than})"
    return writer.result(call, writer.type) if answer else call


# --- threads among themselves ------------------------------------------------------------------


@writes("shfl")
def _shuffle(writer: Writer) -> list[str]:
    writer.take("sync")
    how = writer.take("up", "down", "bfly", "idx")
    to, *flag = writer.operands[0].split("|")
    a = writer.value(writer.operands[1], "b32")
    b, c, mask = (writer.value(operand, "u32") for operand in writer.operands[2:5])
    call = f"M.shuffle({how!r}, {a}, {b}, {c}, {mask}, at, {writer.number})"
    lines = [f"parts_ = {call}", writer.result("parts_[0]", "u32", to)]
    return lines + [writer.result("parts_[1]", "pred", name) for name in flag if name != "_"]


@writes("vote")
def _vote(writer: Writer) -> str:
    writer.take("sync")
    how = writer.take("ballot", "any", "all", "uni")
    a = writer.value(writer.operands[1], "pred")
    mask = writer.value(writer.operands[2], "u32")
    call = f"M.vote({how!r}, {a}, {mask}, at, {writer.number})"
    return writer.result(call, "u32" if how == "ballot" else "pred")


@writes("activemask")
def _active(writer: Writer) -> str:
    return writer.result("M.active(at)", "u32")


@writes("bar", "barrier", "membar", "fence")
def _barrier(writer: Writer) -> list[str]:
    """Nothing to do: `run` lets threads go on when all have come."""
    writer.modifiers -= {"sync", "cta", "aligned", "warp", "gl", "sc", "acq_rel", "gpu", "sys"}
    whole = writer.code.base == "bar" and "warp" not in writer.code.modifiers
    if whole and writer.operands != ("0",):
        raise writer.unknown("; only barriers of all threads of a block are")
    return []


@writes("cp")
def _copy(writer: Writer) -> str:
    writer.modifiers -= {"async", "cg", "ca"}
    if writer.take("commit_group"):
        return "M.copies.commit(at)"
    if writer.take("wait_group"):
        return f"M.copies.wait(at, {int(writer.operands[0])})"
    if writer.take("wait_all"):
        return "M.copies.wait(at, 0)"
    if not (writer.take("shared") and writer.take("global")):
        raise writer.unknown()
    to, of = (writer.address(operand)[0] for operand in writer.operands[:2])
    return f"M.copies.start({to}, {of}, {int(writer.operands[2])}, at, {writer.number})"


@writes("trap")
def _trap(writer: Writer) -> str:
    return f"M.trap(at, {writer.number})"


@writes("call")
def _call(writer: Writer) -> list[str]:
    """A function: what it takes and gives goes by the place of a parameter, and an offset in it."""
    gives, name, takes = writer.operands
    module = writer.module
    passed = [
        f"({i}, {_offset(register)}): {local(register)}"
        for i, parameter in enumerate(takes.strip("{}").split(","))
        for register in module.passed(parameter)
    ]
    results = module.passed(gives)
    wanted = ", ".join(_offset(register) for register in results)
    lines = [f"parts_ = M.call({name!r}, {{{', '.join(passed)}}}, [{wanted}], at)"]
    return lines + [
        f"{local(register)} = parts_[{i}].view({dtype(stored(module.type_of(register)))})"
        for i, register in enumerate(results)
    ]


def _offset(register: str) -> str:
    return register.rpartition("__at__")[2].strip("_")
