"""What compiled kernels must look like: few registers, no spills, no float64, wide loads.

A GPU is not needed to see most of what makes a kernel slow: the assembler says it. A kernel writes
its promises beside itself, at the end of its module:

    GATES = (
        Gate("matmul float32, tile 16", partial(matmul_kernel, float32, 16), registers=40),
        Gate("copy float32", partial(copy_kernel, float32), registers=16, loads128=1),
    )

Where a plan chooses the kernel, its template parameters are those of a real launch: `launched` says
which kernel an operation on tensors of real sizes would launch, without running it.

    Gate("softmax float32", partial(launched, forward_and_backward, "softmax_rows_kernel"), ...)

That is all: every module here and in `kernels/` that has `GATES` is found (`registry`), its kernels
are compiled for sm_80 and sm_90, assembled and disassembled (`toolkit`), measured (`report`),
compared with their promises (`gate`) and with the table `packages/cuda/gates.md` (`table`).

    python -m minitorch_cuda gates            compile, compare with the promises and with the table
    python -m minitorch_cuda gates --write    write the table; read its diff before you commit it
    python -m minitorch_cuda gates softmax    these rows only, by a part of their names
    python -m minitorch_cuda gates --new      those that have no row yet; with --write they get one

A promise is broken, a row changed or is missing: the command and `tests/test_gates.py` say which.
A kernel without a row is found too: every function in `kernels/` that returns a `Kernel` must be
called by a gate, and every one over pointers must be part of a kernel that has one.

It needs numba-cuda and the wheels nvidia-cuda-nvcc and nvidia-cuda-nvdisasm; no GPU, no toolkit.
"""

from minitorch_cuda.gates.gate import Gate as Gate
