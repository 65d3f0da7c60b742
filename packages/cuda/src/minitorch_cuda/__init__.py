"""The Numba CUDA backend, and a simulator that runs its kernels without a GPU."""
