"""Apple's GPUs, for which there are no kernels.

https://docs.pytorch.org/docs/stable/backends.html#module-torch.backends.mps
"""

from __future__ import annotations


def is_available() -> bool:
    """Whether one can be used: no.

    >>> is_available()
    False
    """
    return False


def is_built() -> bool:
    """Whether there are kernels for them: no."""
    return False
