"""Which minitorch this is: `torch.version`.

>>> from minitorch import version
>>> version.cuda is None
True
"""

from __future__ import annotations

from minitorch import __version__ as __version__

cuda: str | None = None
"""PyTorch's: what its kernels were built with. Ours are compiled where they run, by the CUDA that
is installed there; `python -m minitorch_cuda doctor` names it."""

hip: str | None = None
"""None: there are no kernels for AMD's GPUs."""

debug = False
"""Whether this was built with checks for its own developers."""

git_version: str | None = None
"""None: nothing is built, so what is installed is the source."""
