"""Threads in the interpreter: ways that part and meet, barriers, shuffles, memory, functions."""

import numpy as np
import pytest

from minitorch_cuda.ptx import PtxError, interpret, loaded
from minitorch_cuda.simulator import (
    DivergenceError,
    MisalignedAccessError,
    OutOfBoundsError,
    SimulationError,
    UndefinedShuffleError,
)
from minitorch_tensor.dtype import HostArray

HEAD = """
  .reg .pred %p<9>; .reg .b32 %r<30>; .reg .f32 %f<9>; .reg .b64 %rd<20>; .reg .f64 %fd<9>;
  ld.param.u64 %rd1, [k_0];
  mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x;
  mad.lo.s32 %r4, %r2, %r3, %r1;
  mul.wide.u32 %rd2, %r4, 4;
  add.s64 %rd3, %rd1, %rd2;
"""
TAIL = "\n$end:\n  ret;\n"


def kernel(code: str, before: str = "", inside: str = "", parameters: int = 1) -> str:
    declared = ", ".join(f".param .u64 k_{i}" for i in range(parameters))
    return f"{before}\n.visible .entry k({declared})\n{{\n{inside}{HEAD}{code}{TAIL}}}"


def run(
    code: str, grid: int, block: int, *more: HostArray, before: str = "", inside: str = ""
) -> list[int]:
    out = np.full(grid * block, 77, np.uint32)
    interpret(kernel(code, before, inside, 1 + len(more)), grid, block, out, *more)
    return out.tolist()


STORE = "st.global.u32 [%rd3], %r10;"
SHARED = ".visible .shared .align 4 .b8 tile[128];"
REVERSE = (
    """
  mov.u64 %rd4, tile;
  mul.wide.u32 %rd5, %r1, 4;
  add.s64 %rd6, %rd4, %rd5;
  st.shared.u32 [%rd6], %r4;
  {barrier}
  not.b32 %r5, %r1;
  add.s32 %r6, %r5, %r3;
  mul.wide.u32 %rd7, %r6, 4;
  add.s64 %rd8, %rd4, %rd7;
  ld.shared.u32 %r10, [%rd8];
"""
    + STORE
)


# --- ways that part ----------------------------------------------------------------------------


def test_each_thread_goes_round_as_often_as_it_wants() -> None:
    code = """
      mov.u32 %r10, 0; mov.u32 %r11, 0;
    $loop:
      setp.ge.u32 %p1, %r11, %r4;
      @%p1 bra $done;
      add.s32 %r10, %r10, %r11; add.s32 %r11, %r11, 1;
      bra.uni $loop;
    $done:
    """
    assert run(code + STORE, 2, 5) == [i * (i - 1) // 2 for i in range(10)]


def test_ways_that_part_meet_again() -> None:
    code = """
      and.b32 %r5, %r1, 1; setp.eq.s32 %p1, %r5, 0;
      @!%p1 bra $odd;
      mov.u32 %r10, 1; bra.uni $both;
    $odd:
      mov.u32 %r10, 2;
    $both:
      add.s32 %r10, %r10, 10;
    """
    assert run(code + STORE, 1, 4) == [11, 12, 11, 12]
    assert run("setp.gt.u32 %p1, %r4, 1; @%p1 bra $end; mov.u32 %r10, 5;" + STORE, 1, 4) == [
        *(5, 5, 77, 77)
    ]


def test_registers_that_change_places() -> None:
    code = """
      mov.u32 %r10, 3; mov.u32 %r11, 4; mov.u32 %r12, 0;
      add.s32 %r10, %r10, %r1;
    $loop:
      mov.u32 %r13, %r10; mov.u32 %r10, %r11; mov.u32 %r11, %r13;
      add.s32 %r12, %r12, 1; setp.lt.u32 %p1, %r12, 3;
      @%p1 bra $loop;
    """
    assert run(code + STORE, 1, 3) == [4, 4, 4]


def test_more_threads_than_run_in_step() -> None:
    assert run("mov.u32 %r10, %r4;" + STORE, 50, 100) == list(range(5000))


# --- barriers ----------------------------------------------------------------------------------


def test_a_barrier_lets_a_block_see_what_it_wrote() -> None:
    code = REVERSE.format(barrier="bar.sync 0;")
    assert run(code, 2, 4, before=SHARED) == [3, 2, 1, 0, 7, 6, 5, 4]


def test_a_barrier_that_some_never_reach() -> None:
    code = "setp.eq.u32 %p1, %r1, 2; @%p1 bra $end; bar.sync 0; mov.u32 %r10, 1;" + STORE
    with pytest.raises(
        DivergenceError,
        match=r"k: thread \(0, 0, 0\) of block \(1, 0, 0\) waits for ever at PTX line \d+: "
        r".*bar\.sync[\s\S]*thread \(2, 0, 0\) of block \(1, 0, 0\) has ended",
    ):
        run("setp.eq.u32 %p2, %r2, 0; @%p2 bra $end;" + code, 2, 4)


def test_two_barriers_at_once() -> None:
    code = """
      setp.eq.u32 %p1, %r1, 0; @%p1 bra $other;
      bar.sync 0; bra.uni $end;
    $other:
      bar.sync 0;
    """
    with pytest.raises(DivergenceError, match=r"waits for ever .*[\s\S]*waits at line"):
        run(code, 1, 2)


# --- warps -------------------------------------------------------------------------------------


def shuffled(how: str, by: int, clamp: int, block: int = 32) -> list[int]:
    code = f"shfl.sync.{how}.b32 %r10|%p1, %r1, {by}, {clamp}, -1;"
    return run(code + STORE, 1, block)


def test_shuffles() -> None:
    lanes = range(32)
    assert shuffled("bfly", 5, 31) == [i ^ 5 for i in lanes]
    assert shuffled("down", 3, 31) == [min(i + 3, i + 3 if i < 29 else i) for i in lanes]
    assert shuffled("up", 3, 0) == [i - 3 if i >= 3 else i for i in lanes]
    assert shuffled("idx", 9, 31) == [9] * 32
    groups_of_8 = 31 | (24 << 8)
    assert shuffled("bfly", 4, groups_of_8) == [i ^ 4 for i in lanes]
    assert shuffled("down", 6, 7 | groups_of_8) == [i + 6 if i % 8 < 2 else i for i in lanes]


def test_a_sum_over_a_warp_in_a_loop() -> None:
    code = """
      mov.u32 %r10, %r1; mov.u32 %r11, 16;
    $loop:
      shfl.sync.bfly.b32 %r12, %r10, %r11, 31, -1;
      add.s32 %r10, %r10, %r12; shr.u32 %r11, %r11, 1;
      setp.ne.s32 %p1, %r11, 0;
      @%p1 bra $loop;
    """
    got = run(code + STORE, 2, 64)
    assert got == ([sum(range(32))] * 32 + [sum(range(32, 64))] * 32) * 2


def test_a_shuffle_of_lanes_that_come_later() -> None:
    code = """
      mov.u32 %r10, %r1; setp.lt.u32 %p1, %r1, 16;
      @%p1 bra $low;
      add.s32 %r10, %r10, 100;
    $low:
      shfl.sync.bfly.b32 %r10, %r10, 16, 31, -1;
    """
    assert run(code + STORE, 1, 32) == [i + 116 if i < 16 else i - 16 for i in range(32)]


def test_a_shuffle_from_a_lane_that_takes_no_part() -> None:
    code = "shfl.sync.idx.b32 %r10, %r1, 5, 31, 15;" + STORE
    with pytest.raises(
        UndefinedShuffleError, match=r"asks for the value of lane 5, which takes no"
    ):
        run(code, 1, 4)
    gone = "setp.eq.u32 %p1, %r1, 1; @%p1 bra $end; shfl.sync.bfly.b32 %r10, %r1, 1, 31, -1;"
    with pytest.raises(UndefinedShuffleError, match=r"thread \(0, 0, 0\) .* lane 1"):
        run(gone + STORE, 1, 32)


def test_votes() -> None:
    code = "and.b32 %r5, %r1, 1; setp.eq.s32 %p1, %r5, 0;"
    ballot = run(code + "vote.sync.ballot.b32 %r10, %p1, -1;" + STORE, 1, 40)
    assert ballot == [0x55555555] * 32 + [0x55] * 8
    every = "vote.sync.all.pred %p2, %p1, -1; selp.u32 %r10, 1, 0, %p2;"
    assert run(code + every + STORE, 1, 32) == [0] * 32
    some = every.replace("all", "any")
    assert run(code + some + "bar.warp.sync -1;" + STORE, 1, 32) == [1] * 32


# --- memory ------------------------------------------------------------------------------------


def test_beyond_an_array_is_a_fault_that_names_the_instruction() -> None:
    with pytest.raises(
        OutOfBoundsError,
        match=r"k: thread \(3, 0, 0\) of block \(0, 0, 0\) writes 4 bytes of global memory at "
        r"0x[0-9a-f]+, byte 16 of an array; only 0 to 15 are its own\n  PTX line \d+: st\.global",
    ):
        run("setp.lt.u32 %p1, %r1, 3; @%p1 bra $end;\nst.global.u32 [%rd3+4], %r1;", 1, 4)
    with pytest.raises(OutOfBoundsError, match=r"at 0x8, where there is none"):
        run("mov.u64 %rd9, 8; ld.global.u32 %r10, [%rd9];", 1, 1)
    with pytest.raises(OutOfBoundsError, match=r"of shared memory at 0x84, where there is none"):
        run(REVERSE.format(barrier="").replace("[%rd6]", "[%rd6+128]"), 1, 2, before=SHARED)


def test_a_vector_at_a_crooked_address_is_a_fault() -> None:
    load = "ld.global.v4.u32 {%r10, %r11, %r12, %r13}, [%rd3];"
    with pytest.raises(MisalignedAccessError, match=r"thread \(1, .* no multiple of 16"):
        run(load, 1, 8)


def test_vectors() -> None:
    code = """
      ld.param.u64 %rd4, [k_1]; mul.wide.u32 %rd5, %r4, 16; add.s64 %rd6, %rd4, %rd5;
      ld.global.v4.u32 {%r10, %r11, %r12, %r13}, [%rd6];
      st.global.v4.u32 [%rd6], {%r13, %r12, %r11, %r10};
    """
    x = np.arange(8, dtype=np.uint32)
    run(code, 1, 2, x)
    assert x.tolist() == [3, 2, 1, 0, 7, 6, 5, 4]


def test_threads_that_read_two_arrays() -> None:
    code = """
      ld.param.u64 %rd4, [k_1]; ld.param.u64 %rd5, [k_2];
      setp.eq.u32 %p1, %r1, 1; selp.b64 %rd6, %rd4, %rd5, %p1;
      ld.global.u32 %r10, [%rd6+4];
    """
    x, y = np.array([1, 2], np.uint32), np.array([3, 4], np.uint32)
    assert run(code + STORE, 1, 3, x, y) == [4, 2, 4]


def test_memory_of_a_thread_alone_and_generic_addresses() -> None:
    local = ".local .align 8 .b8 depot[16]; .reg .b64 %SP; .reg .b64 %SPL;\n"
    code = """
      mov.u64 %SPL, depot; cvta.local.u64 %SP, %SPL;
      st.local.u32 [%SPL+4], %r4;
      ld.u32 %r10, [%SP+4];
    """
    assert run(code + STORE, 2, 3, inside=local) == list(range(6))
    tile = """
      mov.u64 %rd4, tile; cvta.shared.u64 %rd5, %rd4;
      setp.ne.u32 %p1, %r1, 0; @%p1 bra $wait;
      st.shared.u32 [tile], 10;
    $wait:
      bar.sync 0;
      atom.add.u32 %r11, [%rd5], %r1;
      bar.sync 0;
      ld.shared.u32 %r10, [tile];
    """
    assert run(tile + STORE, 2, 4, before=SHARED) == [16] * 8


def test_atomics_add_one_after_the_other() -> None:
    code = "ld.param.u64 %rd4, [k_1]; atom.global.add.u32 %r10, [%rd4], 2;" + STORE
    count = np.array([5], np.uint32)
    assert run(code, 2, 3, count) == [5, 7, 9, 11, 13, 15]
    assert count.tolist() == [17]
    least = "ld.param.u64 %rd4, [k_1]; cvt.u64.u32 %rd5, %r4; neg.s64 %rd6, %rd5;"
    place = np.array([9], np.int64)
    run(least + "red.global.min.s64 [%rd4], %rd6;", 1, 4, place)
    assert place.tolist() == [-3]


def test_an_asynchronous_copy_arrives_when_it_is_waited_for() -> None:
    code = """
      ld.param.u64 %rd4, [k_1]; mov.u64 %rd5, tile;
      cp.async.cg.shared.global [%rd5], [%rd4], 16;
      cp.async.commit_group;
      ld.shared.u32 %r10, [tile+8];
      {wait}
      ld.shared.u32 %r11, [tile+8];
      st.global.u32 [%rd3], {which};
    """
    x = np.arange(4, dtype=np.uint32)
    aligned = SHARED.replace("align 4", "align 16")
    for wait, which, wanted in (
        ("cp.async.wait_group 0;", "%r11", 2),
        ("cp.async.wait_group 1;", "%r11", 0xFBFBFBFB),
        ("cp.async.wait_all;", "%r10", 0xFBFBFBFB),
    ):
        made = code.replace("{wait}", wait).replace("{which}", which)
        assert run(made, 1, 1, x, before=aligned) == [wanted]


def test_tables_are_in_memory_from_the_start() -> None:
    table = ".global .align 4 .b32 table[4] = {7, 0x10, 3, 4294967295};"
    code = """
      mov.u64 %rd4, table; mul.wide.u32 %rd5, %r1, 4; add.s64 %rd6, %rd4, %rd5;
      ld.global.nc.u32 %r10, [%rd6];
    """
    assert run(code + STORE, 1, 4, before=table) == [7, 16, 3, 2**32 - 1]


# --- functions ---------------------------------------------------------------------------------

FUNCTION = """
.func (.param .align 8 .b8 func_retval0[16]) power(.param .b32 power_0, .param .b64 power_1);
.func (.param .align 8 .b8 func_retval0[16]) power(
  .param .b32 power_0,
  .param .b64 power_1
) {
  .reg .b32 %r<9>; .reg .f64 %fd<9>; .reg .pred %p<3>;
  ld.param.b32 %r1, [power_0]; ld.param.f64 %fd1, [power_1];
  mov.f64 %fd2, 0d3FF0000000000000; mov.u32 %r2, 0;
$loop:
  setp.ge.u32 %p1, %r2, %r1; @%p1 bra $done;
  mul.f64 %fd2, %fd2, %fd1; add.s32 %r2, %r2, 1; bra.uni $loop;
$done:
  st.param.f64 [func_retval0+0], %fd2; st.param.b32 [func_retval0+8], %r2;
  ret;
}
"""
CALL = """
  setp.eq.u32 %p1, %r4, 1; @%p1 bra $end;
  mov.f64 %fd1, 0d4008000000000000;
  { // callseq 0, 0
  .reg .b32 temp_param_reg;
  .param .b32 param0; st.param.b32 [param0+0], %r4;
  .param .b64 param1; st.param.f64 [param1+0], %fd1;
  .param .align 8 .b8 retval0[16];
  call.uni (retval0), power, (param0, param1);
  ld.param.f64 %fd2, [retval0+0]; ld.param.b32 %r11, [retval0+8];
  }
  cvt.rzi.u32.f64 %r12, %fd2; mad.lo.s32 %r10, %r11, 1000, %r12;
"""


def test_a_function_is_called_by_some_threads() -> None:
    assert run(CALL + STORE, 1, 4, before=FUNCTION) == [1, 77, 2009, 3027]


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(PtxError, match=r"no kernel"):
        interpret("  .version 9.0", 1, 1)
    with pytest.raises(PtxError, match=r"only at a launch: .*dynamic"):
        run("", 1, 1, before=".extern .shared .align 4 .b8 dynamic[];")
    with pytest.raises(PtxError, match=r"no place to jump to: bra \$nowhere"):
        run("bra $nowhere;", 1, 1)
    with pytest.raises(PtxError, match=r"only jumps may have a condition: @%p1 mov"):
        run("@%p1 mov.u32 %r5, 1;", 1, 1)
    with pytest.raises(PtxError, match=r"function power is called, and not there"):
        run(CALL, 1, 1)
    with pytest.raises(SimulationError, match=r"comes to an instruction that stops the kernel"):
        run("trap;", 1, 1)


def test_the_python_of_a_kernel_can_be_read() -> None:
    source = loaded(kernel("mov.u32 %r10, %r4;" + STORE)).source
    assert "r4 = r2 * r3 + r1" in source
    assert "M.store('global', [r10], rd3, at, " in source
