"""The libraries that PyTorch computes with, and which of their switches mean something here.

Training scripts set a few of them at the start; they may go on doing so. minitorch's kernels are
its own, so no switch changes a number: each module says what it does instead.

https://docs.pytorch.org/docs/stable/backends.html

>>> import minitorch as torch
>>> torch.backends.cudnn.benchmark = False
>>> torch.backends.mps.is_available()
False
"""

from minitorch.backends import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
