"""Gates: what is counted, what a broken promise says, and that each kernel has a row.

None of it needs a compiler; `test_gates_compiled.py` measures.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType

import pytest

from minitorch_cuda import dsl as cuda
from minitorch_cuda.choice import choice
from minitorch_cuda.compiler import Ptx
from minitorch_cuda.gates import Gate
from minitorch_cuda.gates.command import Findings, compared, in_order
from minitorch_cuda.gates.command import main as command
from minitorch_cuda.gates.gate import CAPABILITIES, architecture
from minitorch_cuda.gates.launched import kernels_of, launched, on_gpu
from minitorch_cuda.gates.registry import (
    Made,
    forget,
    gates,
    kernel_functions,
    make,
    makers,
    modules,
    without_gate,
)
from minitorch_cuda.gates.report import Report, Resources, opcodes_of, resources_of
from minitorch_cuda.gates.table import COLUMNS, Row, differences, parsed, rendered, row
from minitorch_cuda.gates.toolkit import (
    MissingToolError,
    joined,
    measure,
    missing,
    tool,
    versions,
)
from minitorch_cuda.kernel import Kernel, Parameter
from minitorch_cuda.kernels.planning import kernel_of
from minitorch_cuda.simulator import Pointer
from minitorch_tensor.dtype import float32, float64

TABLE = Path(__file__).parents[1] / "gates.md"  # also where the package is an installed wheel

LOG = """\
ptxas info    : 8 bytes gmem
ptxas info    : Compiling entry function 'k0' for 'sm_90'
ptxas info    : Function properties for k0
    1280 bytes stack frame, 300 bytes spill stores, 200 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 1280 bytes cumulative stack size, 64 bytes smem
ptxas info    : Compiling entry function 'k1' for 'sm_90'
ptxas info    : Function properties for k1
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 12 registers, used 0 barriers
"""

LISTING = """\
\t.target\tsm_90
//--------------------- .text.k1 --------------------------
\t.section\t.text.k1,"ax",@progbits
k1:
.text.k1:
        /*0000*/                   LDC R1, c[0x0][0x28] ;
        /*0010*/              @!P0 LDG.E.128.CONSTANT R4, desc[UR4][R2.64] ;
        /*0020*/                   LDGSTS.E.BYPASS.128 [R5], desc[UR4][R2.64] ;
        /*0030*/              @UP1 LDS.128 R8, [R5] ;
        /*0040*/                   LDG.E R4, desc[UR4][R2.64] ;
.L_x_1:
        /*0050*/                   FFMA R4, R4, R5, R6 ;
        /*0060*/              @P12 STG.E.128 desc[UR4][R2.64], R4 ;
        /*0070*/                   DFMA R4, R4, R6, R8 ;
        /*0080*/                   F2F.F32.F64 R4, R4 ;
        /*0090*/                   MUFU.RCP64H R4, R5 ;
        /*00a0*/                   I2F.U64.RP R4, R6 ;
        /*00b0*/                   DEPBAR.LE SB0, 0x1 ;
        /*00c0*/                   EXIT ;
.L_x_2:
        /*00d0*/                   BRA `(.L_x_2);
        /*00e0*/                   NOP;
\t.section\t.text.k0,"ax",@progbits
        /*0000*/                   EXIT ;
"""


def report(registers: int = 20, spills: int = 0, stack: int = 0, **opcodes: int) -> Report:
    named = {name.replace("_", "."): times for name, times in opcodes.items()}
    return Report(Resources(registers, spills, stack, 0), named)


def scale(out: Pointer[float], x: Pointer[float], n: int) -> None:
    i = cuda.grid(1)
    if i < n:
        out[i] = x[i] * cuda.float32(2)


def kernel(value: str = "float32") -> Kernel:
    return replace(kernel_of(scale, "SSi", float32, ()), value=value)


GATE = Gate("scale", kernel, registers=24)


# --- what the programs say -----------------------------------------------------------------------


def test_the_resources_of_several_kernels_are_read() -> None:
    assert resources_of(LOG) == {
        "k0": Resources(registers=255, spills=500, stack=1280, shared=64),
        "k1": Resources(registers=12, spills=0, stack=0, shared=0),
    }


def test_a_log_of_another_kind_is_an_error() -> None:
    log = LOG.replace("spill stores", "spilled")
    with pytest.raises(ValueError, match="ptxas says nothing of k0: is it another version"):
        resources_of(log)


def test_instructions_are_counted_by_kind() -> None:
    opcodes = opcodes_of(LISTING)
    assert opcodes["k0"] == {"EXIT": 1}
    found = Report(Resources(12, 0, 0, 0), opcodes["k1"])
    assert found.instructions == 14  # not the one that fills up the end
    assert (found.loads128, found.stores128, found.lds, found.ffma) == (2, 1, 1, 1)
    assert found.doubles == ("DFMA", "F2F.F32.F64", "MUFU.RCP64H")  # not U64, not DEPBAR
    assert found.float64 == 3


# --- promises ------------------------------------------------------------------------------------


def test_a_kernel_that_keeps_its_promises_breaks_none() -> None:
    assert GATE.broken(kernel(), report(24, LDG_E=1)) == []
    assert GATE.promises(kernel()) == "registers <= 24, no float64"


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (report(25), "25 registers a thread, promised are 24 at most; fewer numbers must be"),
        (report(spills=8), "8 bytes are spilled from registers to memory, promised are 0; a reg"),
        (report(stack=64), "64 bytes of stack a thread, promised are 0; a local.array is kept in"),
        (report(DADD=1, F2F_F32_F64=2), "3 instructions in float64 (DADD, F2F.F32.F64); a bare 1"),
    ],
)
def test_a_broken_promise_is_named(found: Report, message: str) -> None:
    (line,) = GATE.broken(kernel(), found, "sm_90")
    assert line.startswith(f"scale (sm_90): {message}")


def test_accesses_of_128_bits_may_be_promised() -> None:
    gate = Gate("scale", kernel, registers=24, loads128=2, stores128=1)
    assert gate.broken(kernel(), report(LDG_E_128=2, STG_E_128=1)) == []
    lines = gate.broken(kernel(), report(LDG_E_64=2, STG_E=4))
    assert lines[0].startswith("scale: 0 loads of 128 bits, promised are 2; load4 reads four")
    assert lines[1].startswith("scale: 0 stores of 128 bits, promised are 1; store4 writes four")
    assert gate.promises(kernel()) == ("registers <= 24, loads128 >= 2, stores128 >= 1, no float64")


def test_a_promise_may_be_made_weaker() -> None:
    gate = Gate("scale", kernel, registers=24, spills=8, stack=16, float64=True)
    assert gate.broken(kernel(), report(spills=8, stack=16, DADD=1)) == []
    assert gate.promises(kernel()) == "registers <= 24, spills <= 8, stack <= 16"


@pytest.mark.parametrize("value", ["float64", "int64"])
def test_float64_is_allowed_in_a_kernel_of_another_type(value: str) -> None:
    assert GATE.broken(kernel(value), report(DADD=1)) == []
    assert replace(GATE, float64=False).broken(kernel(value), report(DADD=1)) != []


# --- the table -----------------------------------------------------------------------------------

ROWS = [
    row("scale", "sm_80", "registers <= 24", report(20, FFMA=30, LDS=10)),
    row("scale", "sm_90", "registers <= 24", report(22, FFMA=40)),
]
VERSIONS = {"numba-cuda": "0.30.4", "nvidia-nvvm": "13.5.37"}


def test_a_table_is_read_as_it_was_written() -> None:
    assert parsed(rendered(ROWS, VERSIONS)) == (ROWS, VERSIONS)


def test_a_row_of_the_table_has_a_line_of_its_own() -> None:
    # A new row, with a longer name, must leave all others as they are in a diff.
    more = [*ROWS, row("another kernel", "sm_80", "registers <= 100", report(100, FFMA=12345))]
    before, after = rendered(ROWS, VERSIONS), rendered(more, VERSIONS)
    assert set(before.splitlines()) < set(after.splitlines())


def test_a_line_that_is_no_row_is_an_error() -> None:
    text = rendered(ROWS, VERSIONS) + "| scale | sm_90 | 3 |\n"
    with pytest.raises(ValueError, match="not a row of 10 numbers"):
        parsed(text)


def changed(**numbers: int) -> Row:
    measured = [numbers.get(head, n) for head, n in zip(COLUMNS, ROWS[0].numbers, strict=True)]
    return ROWS[0]._replace(numbers=tuple(measured))


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (changed(), []),
        (changed(registers=22, instructions=44, FFMA=33), []),
        (changed(registers=23), ["scale (sm_80): registers 23, in the table 20"]),
        (changed(instructions=45), ["scale (sm_80): instructions 45, in the table 40"]),
        (changed(spills=4, stack=4), ["spills 4, in the table 0", "stack 4, in the table 0"]),
        (changed(loads128=1), ["scale (sm_80): loads128 1, in the table 0"]),
        (
            ROWS[0]._replace(promises="registers <= 9"),
            ["scale (sm_80): promises 'registers <= 9', in the table 'registers <= 24'"],
        ),
        (ROWS[0]._replace(arch="sm_70"), ["scale (sm_70): has no row in the table"]),
    ],
)
def test_what_differs_from_the_table_is_named(found: Row, lines: list[str]) -> None:
    differ = differences(ROWS, [found], whole=False)
    assert len(differ) == len(lines)
    assert all(line.endswith(end) for line, end in zip(differ, lines, strict=True))


def test_a_row_too_many_is_named() -> None:
    assert differences(ROWS, ROWS[:1]) == ["scale (sm_90): is in the table, but no gate"]


def test_numbers_of_other_compilers_are_not_compared() -> None:
    wrong = [changed(registers=99)]
    differ, said = compared(wrong, rendered(ROWS, versions()), whole=False)
    assert len(differ) == 1
    assert said == ""
    other = {**versions(), "nvidia-nvvm": "12.0"}
    differ, said = compared(wrong, rendered(ROWS, other), whole=False)
    assert differ == []
    assert "not compiled by nvidia-nvvm" in said


def test_rows_come_in_the_order_of_the_gates() -> None:
    first = row("first", "sm_90", "", report())
    order = [Gate("first", kernel, registers=1), GATE]
    assert in_order([ROWS[1], first, ROWS[0]], order) == [first, *ROWS]


# --- who has a gate ------------------------------------------------------------------------------


def test_every_kernel_has_a_gate() -> None:
    assert without_gate(modules(), make(gates())) == []


def test_every_gate_has_its_rows_in_the_table() -> None:
    rows, _ = parsed(TABLE.read_text(encoding="utf-8"))
    found = {r.key for r in rows}
    wanted = {(gate.name, architecture(c)) for gate in gates() for c in CAPABILITIES}
    assert wanted - found == set(), "run: python -m minitorch_cuda gates --new --write"
    assert found - wanted == set(), "run: python -m minitorch_cuda gates --new --write"


def double(out: Pointer[float], x: Pointer[float], n: int) -> None:
    copy(out, x, n)


def copy(out: Pointer[float], x: Pointer[float], n: int) -> None:
    out[n] = x[n]


def other(out: Pointer[float], n: int) -> None:
    out[n] = 1.0


def host(pointer: str, n: int) -> None:
    print(pointer, n)


@lru_cache
def double_kernel() -> Kernel:
    return kernel_of(double, "SSi", float32, ())


@lru_cache
def forgotten_kernel(n: int) -> Kernel:
    return kernel_of(other, "Si", float32, (("N", n),))


def planted(*functions: Callable[..., object]) -> ModuleType:
    module = ModuleType("minitorch_cuda.kernels.planted")
    for function in functions:
        plain = getattr(function, "__wrapped__", function)
        plain.__module__ = module.__name__
        vars(module)[plain.__name__] = function
    return module


@pytest.fixture
def module() -> ModuleType:
    return planted(double, copy, other, host, double_kernel, forgotten_kernel)


def test_a_kernel_without_a_gate_is_found(module: ModuleType) -> None:
    double_kernel()  # that it is remembered must not hide that the gate calls it
    forget(function for _, function in makers(module))
    made = make([Gate("double", partial(double_kernel), registers=8)])
    assert without_gate([module], made) == [
        "minitorch_cuda.kernels.planted.forgotten_kernel makes kernels, and no gate calls it",
        "minitorch_cuda.kernels.planted.other is a kernel, and no gate has it",
    ]


def test_what_makes_kernels_and_what_is_one_are_told_apart(module: ModuleType) -> None:
    assert [name for name, _ in makers(module)] == ["double_kernel", "forgotten_kernel"]
    assert [name for name, _ in kernel_functions(module)] == ["double", "copy", "other"]


def test_all_is_forgotten_without_any_gate(module: ModuleType) -> None:
    assert len(without_gate([module], Made((), frozenset()))) == 5


# --- the programs --------------------------------------------------------------------------------


def ptx(name: str) -> Ptx:
    text = f"""\
.version 9.4
.target sm_90
.address_size 64
	// .globl	{name}
.common .global .align 8 .u64 env_{name};
.visible .shared .align 4 .b8 _cudapy_smem_1[64];
.extern .shared .align 16 .b8 dynamic[];
.global .align 4 .b8 table[4] = {{1, 2, 3, 4}};
.weak .func  (.param .b64 func_retval0) slow(
	.param .b64 slow_param_0
)
{{ ret; }}
.visible .entry {name}(
	.param .u64 {name}_param_0
)
{{
	mov.u64 %rd1, _cudapy_smem_1;
	mov.u64 %rd2, table;
	call.uni (retval0), slow, (param0);
	mov.u64 %rd3, dynamic;
	ret;
}}
"""
    return Ptx(name, text)


def test_kernels_are_joined_without_a_clash_of_names() -> None:
    text = joined([ptx("add"), ptx("add")])
    assert text.count(".version") == text.count(".target") == text.count(".address_size") == 1
    for i in (0, 1):
        assert f".entry k{i}(" in text
        assert f"mov.u64 %rd1, k{i}__cudapy_smem_1;" in text
        assert f".b8 k{i}_table[4]" in text
        assert f"call.uni (retval0), k{i}_slow, (param0);" in text
    assert text.count(".extern .shared .align 16 .b8 dynamic[];") == 2  # one, said twice


def test_nothing_is_measured_of_no_kernels() -> None:
    assert measure([], (9, 0)) == []


def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minitorch_cuda.gates.toolkit._found", lambda name: None)
    assert missing() == ["ptxas", "nvdisasm"]
    with pytest.raises(MissingToolError, match=r"nvdisasm .* run: pip install nvidia-cuda-nvdisa"):
        tool("nvdisasm")


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of two gates, in a repository where kernels are compiled in an instant."""
    monkeypatch.setattr("minitorch_cuda.gates.command.gates", lambda: (GATE, NEW))
    monkeypatch.setattr("minitorch_cuda.gates.registry.gates", lambda: (GATE, NEW))
    monkeypatch.setattr("minitorch_cuda.gates.command.without_gate", lambda modules, made: [])

    def look(gates: list[Gate], kernels: object) -> Findings:
        archs = [architecture(capability) for capability in CAPABILITIES]
        return Findings(tuple(row(g.name, a, "", report(21)) for g in gates for a in archs), ())

    monkeypatch.setattr("minitorch_cuda.gates.command.look", look)
    (tmp_path / "pyproject.toml").touch()
    path = tmp_path / "gates.md"
    old = [row("gone", "sm_80", "", report()), *(r._replace(promises="") for r in ROWS)]
    path.write_text(rendered(old, versions()))
    return path


NEW = replace(GATE, name="new")


def test_the_command_writes_all_rows(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["--write"], table) == 0
    rows, _ = parsed(table.read_text())
    assert [r.key for r in rows] == [(n, a) for n in ("scale", "new") for a in ("sm_80", "sm_90")]
    assert "2 of 2 gates, 0 problems" in capsys.readouterr().out
    assert command([], table) == 0


def test_the_command_writes_new_rows_and_leaves_the_others(table: Path) -> None:
    assert command(["--write", "--new"], table) == 0
    rows, _ = parsed(table.read_text())
    assert [r.numbers[0] for r in rows] == [20, 22, 21, 21]  # those of "scale" as they were


def test_the_command_says_what_differs(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["new"], table) == 1
    out = capsys.readouterr().out
    assert "error: new (sm_90): has no row in the table\n1 of 2 gates, 2 problems\n" in out


def test_rows_of_several_compilers_are_not_mixed(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_text(rendered(ROWS, {**versions(), "numba": "0.1"}))
    with pytest.raises(SystemExit):
        command(["--write", "--new"], table)
    assert "the table was compiled by others: write all of it" in capsys.readouterr().err


def test_without_the_repository_there_is_no_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command([], tmp_path / "gates.md") == 1
    assert "lies in the repository of minitorch" in capsys.readouterr().out


def test_two_gates_of_one_name_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("minitorch_cuda.kernels.planted")
    module.__dict__["GATES"] = (GATE, replace(GATE, registers=3))
    monkeypatch.setattr("minitorch_cuda.gates.registry.modules", lambda: [module])
    with pytest.raises(ValueError, match=r"planted.GATES: there is another gate 'scale'"):
        gates.__wrapped__()
    module.__dict__["GATES"] = (kernel,)
    with pytest.raises(TypeError, match=r"planted.GATES: expected a Gate, got <function kernel"):
        gates.__wrapped__()


def test_a_kernel_of_float64_may_be_gated() -> None:
    made = make([Gate("scale", partial(kernel_of, scale, "SSi", float64, ()), registers=8)])
    assert made.kernels[0].parameters[0] == Parameter("out", "float64", pointer=True)


# --- the kernels that an operation launches ------------------------------------------------------


def test_an_operation_is_planned_for_a_gpu_and_not_run() -> None:
    before = choice.put(None)
    choice.put(before)
    found = kernels_of(lambda: on_gpu(4096, 4096) + on_gpu(4096, 4096))
    assert [kernel.name for kernel in found] == ["add_kernel"]
    assert "by fours" in found[0].text  # as for a GPU; the simulator's tensors are too small
    assert choice.put(before) is before  # the device that was chosen is the one again


def test_a_kernel_that_is_not_launched_is_an_error() -> None:
    with pytest.raises(ValueError, match="no kernel mul_kernel is launched, but: add_kernel"):
        launched(lambda: on_gpu(4) + on_gpu(4), "mul_kernel")
