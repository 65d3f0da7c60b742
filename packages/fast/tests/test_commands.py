"""`python -m minitorch_fast`: what it prints, and what it makes."""

import io

import pytest

import minitorch_fast
import minitorch_operators as op
from minitorch_fast import cache, explanation, steps, warm
from minitorch_fast.__main__ import main
from minitorch_operators import ALL, Binary, Unary
from minitorch_tensor import float64, randn

LISTING = """\
kernel:
.LBB0_1:
        vaddss  (%rdx), %xmm0, %xmm0
        jne     .LBB0_1
.LBB0_2:
        vmovups (%rdx), %ymm0
        vaddps  (%rcx), %ymm0, %ymm0
        jne     .LBB0_2
.LBB0_3:
        jmp     .LBB0_1
{more}
        .globl  _ZN7cpython6kernel
.LBB1_1:
        vmovups %zmm0, (%rsp)
        vmovups %zmm0, 64(%rsp)
        jne     .LBB1_1
"""
WIDER = """\
.LBB0_4:
        vmovups (%rdx), %zmm0
        vaddps  (%rcx), %zmm0, %zmm0
        jb      .LBB0_4
"""


def test_from_the_function_to_the_loop() -> None:
    text = minitorch_fast.explain("relu")
    function, rule, kernel, loop = text.split("\n\n== ")
    assert "def _relu(x: float) -> float:" in function
    assert "def _relu_vjp(g: V, x: V, y: V) -> V:" in rule
    assert "OUT[i] = choose(x < c1, c1, x)" in kernel
    assert loop.startswith("relu: the loop, for ")
    assert len(loop.splitlines()) > 3
    assert repr(text) == str(text)


def test_a_comparison_in_float64() -> None:
    text = minitorch_fast.explain("gt", float64)
    assert "at float64" in text
    assert "rule" not in text


@pytest.mark.parametrize(
    ("name", "near"),
    [("geluu", "gelu"), ("cross_entropy", "there are abs, "), ("sigmod", "sigmoid")],
)
def test_an_unknown_name(name: str, near: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=f"no operator is named '{name}'; .*{near}"):
        minitorch_fast.explain(name)
    assert main(["explain", name]) == main(["steps", name]) == 2
    assert near in capsys.readouterr().err


def test_the_loop_is_the_widest_of_the_kernel() -> None:
    loop, width = explanation.vector_loop(LISTING.format(more=""))
    assert loop.splitlines()[0] == ".LBB0_2:"
    assert width == "vectors of 256 bits"
    loop, width = explanation.vector_loop(LISTING.format(more=WIDER))
    assert loop.splitlines()[0] == ".LBB0_4:"
    assert width == "vectors of 512 bits"
    _, width = explanation.vector_loop(".LBB0_1:\n\tmulss (%rdx), %xmm0\n\tjne .LBB0_1\n")
    assert width == "one element at a time"


def test_what_each_step_gains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_seconds", lambda call: [call(), 1e-6][1])
    lines = steps.report(op.maximum).splitlines()
    assert [line.split()[-1] for line in lines[2:8]] == ["50.00", *["1.00"] * 5]
    assert lines[-1].startswith("turned, in tiles")
    assert len(lines) == 12


def test_warming_compiles_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = iter([2, 1, 0, 0])

    def scene() -> None:
        cache._Spent.kernels += next(made)

    monkeypatch.setattr(warm, "scenes", lambda: {"a": scene, "b": scene})
    report = io.StringIO()
    assert warm.warm(1, report) == 3
    first, second, last = report.getvalue().splitlines()
    assert [first, second] == ["[1/2] a", "[2/2] b"]
    assert last.startswith("3 kernels compiled in ")
    assert last.endswith(f"they are in {cache.folder()}")
    report = io.StringIO()
    assert warm.warm(1, report) == 0
    assert "all kernels were there in" in report.getvalue()


@pytest.mark.parametrize("name", ["neg", "ge", "sgd"])
def test_scenes(name: str) -> None:
    randn(5000)  # after some thousand numbers these have a kernel, too
    warm.perform(name)
    assert warm.perform(name) == 0


def test_the_operators_have_the_operands_that_scenes_give_them() -> None:
    assert all(isinstance(ALL[name], Unary) for name in warm._UNARY)
    assert all(isinstance(ALL[name], Binary) for name in (*warm._BINARY, *warm._COMPARED))
