"""`python -m minitorch_cuda explain`: a kernel's source, and what compilers make of it."""

import importlib.util

import pytest

from minitorch_cuda.__main__ import main
from minitorch_cuda.compiler import Ptx
from minitorch_cuda.gates import explained as room
from minitorch_cuda.gates.explained import excerpt, explained, named, statistics
from minitorch_cuda.gates.report import Report, Resources
from minitorch_cuda.gates.toolkit import missing

COMPILER = importlib.util.find_spec("numba_cuda") is not None

PTX = Ptx(
    "_Z3addv",
    """\
.version 9.4
.visible .entry _Z3addv(
\t.param .u64 _Z3addv_param_0
)
{
\t.reg .f32 \t%f<4>;

\tld.param.u64 \t%rd1, [_Z3addv_param_0];
\t// a comment
$L__BB0_2:
\tret;

}
.func other() { ret; }
""",
)


def test_an_operator_is_found_by_its_name() -> None:
    assert named("exp").name == "exp_kernel"


def test_a_gate_is_found_by_a_part_of_its_name() -> None:
    assert named("nll_loss float32, gradient").name == "picked_gradient_kernel"
    assert named("sum_by_shuf").name == "sum_by_shuffle_kernel"


def test_a_part_of_several_names_is_refused() -> None:
    with pytest.raises(KeyError, match=r"'layer_norm' may be 'layer_norm float32', 'layer_norm fl"):
        named("layer_norm")


def test_the_command_refuses_a_name_that_nobody_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "no", "such", "kernel"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("explain: no operator and no gate is called 'no such kernel'; ")


def test_the_source_is_shown_as_it_was_written() -> None:
    out = explained("mm_practice")
    assert out.startswith("<kernel mm_practice_kernel(out: *float32, a: *float32, b: *float32, n: ")
    assert "    a_shared = cuda.shared.array((BLOCK, BLOCK), T)\n" in out


def test_ptx_is_shown_without_declarations_and_the_long_name() -> None:
    assert excerpt(PTX) == "    ld.param.u64    %rd1, [kernel_param_0];\n$L__BB0_2:\n    ret;"
    assert excerpt(PTX, lines=1).endswith("kernel_param_0];\n    ... and 2 lines more")


def test_what_is_counted_is_said_in_words() -> None:
    text = statistics(Report(Resources(12, 0, 0, 64), {"LDG.E.128": 2, "FFMA": 4, "DADD": 1}))
    assert "registers 12, spills 0 bytes, stack 0 bytes, shared 64 bytes a block" in text
    assert "instructions 7: 4 FFMA, 0 LDS, 2 loads and 0 stores of 128 bits, 1 in float64" in text
    assert text.endswith("most of them: 4 FFMA, 2 LDG.E.128, 1 DADD")


def test_without_a_compiler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    out = explained("relu")
    assert "return T(0.0) if x < T(0.0) else x" in out
    assert out.endswith('is not installed; run: pip install "minitorch-cuda[cuda]"')


def test_without_an_assembler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(room, "compile_ptx", lambda kernel, capability: PTX)
    monkeypatch.setattr(room, "missing", lambda: ["nvdisasm"])
    out = explained("relu")
    assert "PTX for sm_90:\n    ld.param.u64" in out
    assert out.endswith("not read without nvdisasm; pip install nvidia-cuda-nvdisasm")


@pytest.mark.skipif(not COMPILER or bool(missing()), reason="needs numba-cuda, ptxas, nvdisasm")
@pytest.mark.filterwarnings("default")
def test_all_of_it_is_shown_where_the_tools_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "relu"]) == 0
    out = capsys.readouterr().out
    assert "PTX for sm_90:\n    ld.param.u64" in out
    assert "    ld.global.f32" in out
    assert "Machine code for sm_90:\nregisters " in out
