"""The Numba CPU backend and fused CPU kernels."""
