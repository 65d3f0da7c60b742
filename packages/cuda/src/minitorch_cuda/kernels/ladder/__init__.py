"""From first kernels to fast ones, a small step at a time. Nothing here is used by the backend.

Read `practice` (beside this folder) first, then

    course         map, zip and reduce for tensors of any strides, as the course has them
    convolution    conv1d and conv2d, a thread an output
    matmul         a thread an element; a tile in shared memory; a column, a square of registers
    vectors        four numbers an instruction; a second tile, filled while the first is used
    rungs          the steps as a list: what each is launched with, and what it promises

`packages/cuda/README.md` has them as a table with the gain of each.
"""
