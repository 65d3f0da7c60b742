"""The instructions of `instructions`, as the compiler makes them: a few lines of LLVM code each.

An intrinsic is a function that writes LLVM code itself: here an address, then a load of four
elements at once, or one line of PTX where LLVM has no word for it. `named()` has them all, by the
names of their twins. This module is read when the first kernel is compiled, never before.

Sources: https://docs.nvidia.com/cuda/parallel-thread-execution/ and
https://numba.readthedocs.io/en/stable/extending/low-level.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minitorch_cuda import numba_cuda
from minitorch_cuda.llvm import (
    Builder,
    Context,
    Generator,
    Ir,
    LlvmType,
    LlvmValue,
    Signature,
    Typed,
    Typer,
)

LANES = 4
_GLOBAL = 1  # the address space of the memory that all threads share


class Makers:
    """What intrinsics are made with: parts of Numba that are not typed."""

    def __init__(self) -> None:
        self.types: object = numba_cuda.part("types")
        self.intrinsic: Callable[[Typer], object] = numba_cuda.part("extending").intrinsic
        self.ir: Ir = numba_cuda.part("cgutils").ir
        self.make_array: Callable[[object], Callable[[Context, Builder, LlvmValue], object]] = (
            numba_cuda.part("np.arrayobj").make_array
        )

    def type(self, name: str) -> Callable[..., object]:
        """A type of Numba, which makes a signature when it is called."""
        found: Callable[..., object] = getattr(self.types, name)
        return found

    def four(self, element: object) -> Callable[..., object]:
        """The type of four of them."""
        make: Callable[[object, int], Callable[..., object]] = getattr(self.types, "UniTuple")  # noqa: B009
        return make(element, LANES)

    # --- addresses -------------------------------------------------------------------------------

    def start(
        self, context: Context, builder: Builder, memory: Typed, value: LlvmValue, shared: bool
    ) -> LlvmValue:
        """The address of the first element: of a pointer itself, of a shared array its data."""
        if not shared:
            return value
        data: LlvmValue = getattr(self.make_array(memory)(context, builder, value), "data")  # noqa: B009
        return data

    def lane(self, i: int) -> LlvmValue:
        """A number of a lane."""
        return self.ir.Constant(self.ir.IntType(32), i)

    def vector_at(
        self, context: Context, builder: Builder, memory: Typed, address: LlvmValue
    ) -> tuple[LlvmValue, LlvmType, int]:
        """An address as that of a vector, the vector's type, and its size in bytes."""
        vector = self.ir.VectorType(context.get_value_type(memory.dtype), LANES)
        space: int = getattr(address.type, "addrspace", 0)
        pointer = self.ir.PointerType(vector, space)
        return builder.bitcast(address, pointer), vector, self.bytes_of(memory) * LANES

    def bytes_of(self, memory: Typed) -> int:
        """The bytes of an element."""
        bits: int = getattr(memory.dtype, "bitwidth")  # noqa: B009
        return bits // 8

    def asm(
        self,
        result: object,
        text: str,
        constraints: str,
        operands: Sequence[LlvmValue],
        builder: Builder,
        *,
        effect: bool,
    ) -> LlvmValue:
        """One line of PTX."""
        function = self.ir.FunctionType(result, [operand.type for operand in operands])
        line = self.ir.InlineAsm(function, text, constraints, side_effect=effect)
        return builder.call(line, list(operands))

    def memory_at(self) -> object:
        """`memory_at`: a number as an address."""

        def typer(typing: object, like: Typed, address: object) -> tuple[object, Generator]:
            def generate(
                context: Context, builder: Builder, signature: Signature, values: list[LlvmValue]
            ) -> LlvmValue:
                element = context.get_value_type(like.dtype)
                found = builder.inttoptr(values[1], self.ir.PointerType(element, _GLOBAL))
                return builder.addrspacecast(found, values[0].type)

            return like(like, self.type("int64")), generate

        return self.intrinsic(typer)

    # --- four at once ----------------------------------------------------------------------------

    def load4(self, *, shared: bool) -> object:
        """`load4`, or `shared_load4`: one load of a vector."""

        def typer(typing: object, memory: Typed, index: object) -> tuple[object, Generator]:
            def generate(
                context: Context, builder: Builder, signature: Signature, values: list[LlvmValue]
            ) -> LlvmValue:
                start = self.start(context, builder, memory, values[0], shared)
                address = builder.gep(start, [values[1]])
                place, _, size = self.vector_at(context, builder, memory, address)
                vector = builder.load(place, align=min(size, 16))
                elements = [builder.extract_element(vector, self.lane(i)) for i in range(LANES)]
                return context.make_tuple(builder, signature.return_type, elements)

            return self.four(memory.dtype)(memory, self.type("int64")), generate

        return self.intrinsic(typer)

    def store4(self, *, shared: bool) -> object:
        """`store4`, or `shared_store4`: one store of a vector."""

        def typer(
            typing: object, memory: Typed, index: object, a: object, b: object, c: object, d: object
        ) -> tuple[object, Generator]:
            def generate(
                context: Context, builder: Builder, signature: Signature, values: list[LlvmValue]
            ) -> LlvmValue:
                start = self.start(context, builder, memory, values[0], shared)
                address = builder.gep(start, [values[1]])
                place, type_, size = self.vector_at(context, builder, memory, address)
                vector = self.ir.Constant(type_, None)
                for i in range(LANES):
                    vector = builder.insert_element(vector, values[2 + i], self.lane(i))
                builder.store(vector, place, align=min(size, 16))
                return context.get_dummy_value()

            element = memory.dtype
            return (
                self.type("void")(memory, self.type("int64"), *(element,) * LANES),
                generate,
            )

        return self.intrinsic(typer)

    # --- copies that go on by themselves ---------------------------------------------------------

    def copy_async4(self) -> object:
        """16 bytes from global to shared memory, past the registers and the first cache."""

        def typer(
            typing: object, tile: Typed, index: object, memory: Typed, source: object
        ) -> tuple[object, Generator]:
            def generate(
                context: Context, builder: Builder, signature: Signature, values: list[LlvmValue]
            ) -> LlvmValue:
                data = self.start(context, builder, tile, values[0], True)
                to = builder.gep(data, [values[1]])
                at = builder.gep(values[2], [values[3]])
                text = (
                    "{ .reg .u64 s, g; cvta.to.shared.u64 s, $0; cvta.to.global.u64 g, $1; "
                    "cp.async.cg.shared.global [s], [g], 16; }"
                )
                self.asm(self.ir.VoidType(), text, "l,l", [to, at], builder, effect=True)
                return context.get_dummy_value()

            long = self.type("int64")
            return self.type("void")(tile, long, memory, long), generate

        return self.intrinsic(typer)

    def alone(self, text: str) -> object:
        """A function of nothing that is one line of PTX."""

        def typer(typing: object) -> tuple[object, Generator]:
            def generate(
                context: Context, builder: Builder, signature: Signature, values: list[LlvmValue]
            ) -> LlvmValue:
                self.asm(self.ir.VoidType(), text, "", [], builder, effect=True)
                return context.get_dummy_value()

            return self.type("void")(), generate

        return self.intrinsic(typer)

    # --- updates that cannot be interrupted ------------------------------------------------------

    def reduction(self, name: str, instruction: str, kinds: dict[str, tuple[str, str]]) -> object:
        """A function (memory, index, value) that updates global memory and returns nothing."""

        def typer(
            typing: object, memory: Typed, index: object, value: object
        ) -> tuple[object, Generator]:
            suffix, register = _kind(name, kinds, memory)

            def generate(
                context: Context, builder: Builder, signature: Signature, values: list[LlvmValue]
            ) -> LlvmValue:
                address = builder.gep(values[0], [values[1]])
                text = f"{instruction}.{suffix} [$0], $1;"
                operands = [address, values[2]]
                self.asm(self.ir.VoidType(), text, f"l,{register}", operands, builder, effect=True)
                return context.get_dummy_value()

            return self.type("void")(memory, self.type("int64"), memory.dtype), generate

        return self.intrinsic(typer)

    def update(self, name: str, kinds: dict[str, tuple[str, str]], *, shared: bool) -> object:
        """A function (memory, index, value) that adds, and returns what was there."""

        def typer(
            typing: object, memory: Typed, index: object, value: object
        ) -> tuple[object, Generator]:
            suffix, register = _kind(name, kinds, memory)

            def generate(
                context: Context, builder: Builder, signature: Signature, values: list[LlvmValue]
            ) -> LlvmValue:
                start = self.start(context, builder, memory, values[0], shared)
                address = builder.gep(start, [values[1]])
                result = context.get_value_type(memory.dtype)
                text = f"atom.add.{suffix} $0, [$1], $2;"  # the address is of either memory
                operands = [address, values[2]]
                return self.asm(
                    result, text, f"={register},l,{register}", operands, builder, effect=True
                )

            return (
                self.type(str(memory.dtype))(memory, self.type("int64"), memory.dtype),
                generate,
            )

        return self.intrinsic(typer)

    # --- numbers and their bits ------------------------------------------------------------------

    def convert(
        self, parameters: Sequence[str], result: str, text: str, constraints: str
    ) -> object:
        """A function of numbers that is one line of PTX."""

        def generate(
            context: Context, builder: Builder, signature: Signature, values: list[LlvmValue]
        ) -> LlvmValue:
            type_ = context.get_value_type(self.type(result))
            return self.asm(type_, text, constraints, values, builder, effect=False)

        taken = [self.type(name) for name in parameters]

        def unary(typing: object, a: object) -> tuple[object, Generator]:
            return self.type(result)(*taken), generate

        def binary(typing: object, a: object, b: object) -> tuple[object, Generator]:
            return self.type(result)(*taken), generate

        def ternary(typing: object, a: object, b: object, c: object) -> tuple[object, Generator]:
            return self.type(result)(*taken), generate

        return self.intrinsic((unary, binary, ternary)[len(taken) - 1])


_ADD = {
    "float32": ("f32", "f"),
    "float64": ("f64", "d"),
    "int32": ("s32", "r"),
    "uint32": ("u32", "r"),
    "int64": ("u64", "l"),  # two's complement: the same bits as with a sign
    "uint64": ("u64", "l"),
}
_ORDER = {
    "int32": ("s32", "r"),
    "uint32": ("u32", "r"),
    "int64": ("s64", "l"),
    "uint64": ("u64", "l"),
}
_COUNT = {name: _ADD[name] for name in ("int32", "uint32", "int64", "uint64")}


def _kind(name: str, kinds: dict[str, tuple[str, str]], memory: Typed) -> tuple[str, str]:
    """The instruction's suffix and register for the type of the elements."""
    found = kinds.get(str(memory.dtype))
    if found is None:
        raise TypeError(
            f"{name}: no atomic instruction for {memory.dtype}; there is one for {', '.join(kinds)}"
        )
    return found


def named() -> dict[str, object]:
    """All intrinsics, by the names of their twins in `instructions`."""
    make = Makers()
    return {
        "load4": make.load4(shared=False),
        "store4": make.store4(shared=False),
        "shared_load4": make.load4(shared=True),
        "shared_store4": make.store4(shared=True),
        "copy_async4": make.copy_async4(),
        "copy_async_commit": make.alone("cp.async.commit_group;"),
        "copy_async_wait": make.alone("cp.async.wait_group 0;"),
        "copy_async_wait_older": make.alone("cp.async.wait_group 1;"),
        "red_add": make.reduction("red_add", "red.global.add", _ADD),
        "red_min": make.reduction("red_min", "red.global.min", _ORDER),
        "red_max": make.reduction("red_max", "red.global.max", _ORDER),
        "atomic_add": make.update("atomic_add", _COUNT, shared=False),
        "shared_add": make.update("shared_add", _COUNT, shared=True),
        "from_half": make.convert(["uint16"], "float32", "cvt.f32.f16 $0, $1;", "=f,h"),
        "to_half": make.convert(["float32"], "uint16", "cvt.rn.f16.f32 $0, $1;", "=h,f"),
        "from_bfloat": make.convert(["uint16"], "float32", "mov.b32 $0, {0, $1};", "=f,h"),
        "to_bfloat": make.convert(["float32"], "uint16", "cvt.rn.bf16.f32 $0, $1;", "=h,f"),
        "float_bits": make.convert(["float32"], "uint32", "mov.b32 $0, $1;", "=r,f"),
        "bits_float": make.convert(["uint32"], "float32", "mov.b32 $0, $1;", "=f,r"),
        "double_bits": make.convert(["float64"], "uint64", "mov.b64 $0, $1;", "=l,d"),
        "bits_double": make.convert(["uint64"], "float64", "mov.b64 $0, $1;", "=d,l"),
        "memory_at": make.memory_at(),
        "quotient": make.convert(
            ["uint32", "uint32", "uint32"],
            "uint32",
            "{ .reg .u32 t; mul.hi.u32 t, $1, $2; add.u32 t, t, $1; shr.u32 $0, t, $3; }",
            "=r,r,r,r",
        ),
        "mulhi": make.convert(["uint32", "uint32"], "uint32", "mul.hi.u32 $0, $1, $2;", "=r,r,r"),
    }
