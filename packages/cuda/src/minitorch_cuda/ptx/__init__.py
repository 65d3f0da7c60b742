"""Compiled kernels, run on the CPU: an interpreter of PTX, which compilers for GPUs write.

The simulator runs a kernel's Python. What the compiler makes of it is another program: integers of
fixed widths, instructions in place of names, CUDA's own mathematics. Here that program runs, with
all threads in step: a register is an array with an element for each thread.

Reading order: `text` (what PTX looks like), `flow` (blocks of instructions, which registers live
where), `translate` (a block as a function of NumPy), `writer`, `numbers` and `effects` (each
instruction as a line of it), `arithmetic`, `floats` and `convert` (what NumPy has no word for),
`memory` (addresses), `machine` (threads, and the lanes of a warp), `run` (who runs next, barriers).

Source: https://docs.nvidia.com/cuda/parallel-thread-execution/
"""

from minitorch_cuda.ptx.errors import PtxError
from minitorch_cuda.ptx.run import Loaded, interpret, loaded

__all__ = ["Loaded", "PtxError", "interpret", "loaded"]
