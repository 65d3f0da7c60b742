"""Compiled kernels keep their promises, are what the table says, and planted faults are caught.

Needs numba-cuda, and the wheels that bring the assembler and the disassembler; but no GPU.
"""

import importlib.util
import re
from dataclasses import replace

import pytest

from minitorch_cuda import dsl as cuda
from minitorch_cuda.compiler import Ptx, compile_for, compile_ptx
from minitorch_cuda.gates import Gate
from minitorch_cuda.gates.command import TABLE, look
from minitorch_cuda.gates.command import main as command
from minitorch_cuda.gates.gate import CAPABILITIES, Capability, architecture
from minitorch_cuda.gates.registry import gates, make
from minitorch_cuda.gates.report import Report
from minitorch_cuda.gates.table import differences, parsed
from minitorch_cuda.gates.toolkit import joined, measure, missing, versions
from minitorch_cuda.kernel import Kernel, from_text
from minitorch_cuda.kernels.matmul import matmul_kernel
from minitorch_cuda.kernels.planning import kernel_of
from minitorch_cuda.simulator import Pointer
from minitorch_tensor.dtype import float32

if importlib.util.find_spec("numba_cuda") is None:  # `numba.cuda` is there with Numba alone
    pytest.skip("numba-cuda is not installed", allow_module_level=True)
if missing():
    pytest.skip(f"{' and '.join(missing())} are not installed", allow_module_level=True)
pytestmark = pytest.mark.filterwarnings("default")  # numba-cuda's own

T: cuda.ValueType = cuda.float32
LAST: Capability = CAPABILITIES[-1]


@pytest.mark.parametrize("part", range(4))
def test_all_promises_hold_and_the_table_says_what_was_measured(part: int) -> None:
    ours = gates()[part::4]  # several workers share the minutes
    found = look(ours, make(ours).kernels)
    written, by = parsed(TABLE.read_text(encoding="utf-8"))
    names = {gate.name for gate in ours}
    assert list(found.broken) == []
    assert by == versions(), "those of the table and of the step gpu-code in .ci/run must agree"
    differ = differences([r for r in written if r.name in names], found.rows)
    assert differ == [], "run: python -m minitorch_cuda gates --write, and read the diff"


# --- planted faults ------------------------------------------------------------------------------


def broken(gate: Gate, *, most_registers: int = 0) -> list[str]:
    """What the gate says of its kernel."""
    kernel = gate.make()
    (report,) = measure([compile_ptx(kernel, LAST)], LAST, most_registers=most_registers)
    return gate.broken(kernel, report, architecture(LAST))


def clean(out: Pointer[float], x: Pointer[float], n: int) -> None:
    i = cuda.grid(1)
    if i < n:
        out[i] = x[i] * T(1.5)


def with_a_float64(out: Pointer[float], x: Pointer[float], n: int) -> None:
    i = cuda.grid(1)
    if i < n:
        out[i] = x[i] * 0.1  # which float32 cannot hold: 0.5 would be narrowed by the compiler


def with_an_array(out: Pointer[float], x: Pointer[float], n: int) -> None:
    held = cuda.local.array(64, T)
    for i in range(n):
        held[i % 64] += x[i]
    for i in range(n):
        out[i] = held[i * 7 % 64]


def with_many_registers(most: int) -> Kernel:
    """So many numbers loaded before a barrier, all of them needed after it."""
    load = "\n".join(f"    a{i} = x[n + {i}]" for i in range(most))
    use = "\n".join(f"    out[n + {i}] = a{i} * a{(i + 7) % most}" for i in range(most))
    text = f"def many(out, x, n):\n{load}\n    cuda.syncthreads()\n{use}\n"
    return from_text("many", text, kernel_of(clean, "SSi", float32, ()).parameters, {"cuda": cuda})


def of(function: object) -> Gate:
    assert callable(function)
    return Gate("planted", lambda: kernel_of(function, "SSi", float32, ()), registers=64)


def test_a_clean_kernel_passes() -> None:
    assert broken(of(clean)) == []


def test_a_planted_float64_constant_is_caught() -> None:
    (line,) = broken(of(with_a_float64))
    assert line.startswith("planted (sm_90): 3 instructions in float64 (DMUL, F2F.F32.F64, F2F.F6")
    assert line.endswith("a bare 1.0 in a float32 kernel is a float64: write T(1.0)")


def test_a_planted_register_array_in_memory_is_caught() -> None:
    (line,) = broken(of(with_an_array))
    assert line.startswith("planted (sm_90): 256 bytes of stack a thread, promised are 0; a local")


def test_planted_spills_are_caught() -> None:
    gate = Gate("planted", lambda: with_many_registers(272), registers=255)
    line = broken(gate)[0]
    assert line.startswith("planted (sm_90): ")
    assert " bytes are spilled from registers to memory, promised are 0; a register array" in line


def test_spills_that_a_cap_of_registers_causes_are_caught() -> None:
    gate = Gate("planted", lambda: with_many_registers(40), registers=64)
    assert broken(gate) == []
    assert "bytes are spilled" in broken(gate, most_registers=32)[0]


def test_planted_loads_one_by_one_are_caught() -> None:
    (line,) = broken(replace(of(clean), loads128=1))
    assert line.startswith("planted (sm_90): 0 loads of 128 bits, promised are 1; load4 reads four")


def test_too_many_registers_are_caught() -> None:
    (line,) = broken(Gate("planted", lambda: with_many_registers(40), registers=32))
    assert " registers a thread, promised are 32 at most" in line


# --- measuring many at once ----------------------------------------------------------------------


def test_one_compilation_serves_all_architectures() -> None:
    kernel = kernel_of(clean, "SSi", float32, ())
    for ptx, capability in zip(compile_for(kernel, CAPABILITIES), CAPABILITIES, strict=True):
        alone = compile_ptx(kernel, capability)
        assert re.sub(r"_Z\w+", "name", ptx.text) == re.sub(r"_Z\w+", "name", alone.text)
        assert f".target {architecture(capability)}" in ptx.text


def test_kernels_that_are_joined_are_measured_as_alone() -> None:
    kernels = [
        matmul_kernel(float32, 16),
        kernel_of(clean, "SSi", float32, ()),
        matmul_kernel(float32, 8),  # its shared arrays have the names of those of the first
    ]
    compiled = [compile_ptx(kernel, LAST) for kernel in kernels]
    alone: list[Report] = [measure([ptx], LAST)[0] for ptx in compiled]
    assert measure(compiled, LAST) == alone
    assert [report.shared for report in alone] == [2048, 0, 512]
    assert joined(compiled).count(".entry") == 3


def test_what_the_assembler_refuses_is_shown() -> None:
    text = ".version 9.0\n.target sm_90\n.address_size 64\n.visible .entry bad() { nonsense; }\n"
    with pytest.raises(RuntimeError, match=r"(?s)ptxas failed:.*instruction: 'nonsense'"):
        measure([Ptx("bad", text)], LAST)


def test_the_command_compares_some_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["check of an index"]) == 0
    out = capsys.readouterr().out
    assert out.count("| check of an index") == len(CAPABILITIES)
    assert f"1 of {len(gates())} gates, 0 problems" in out
