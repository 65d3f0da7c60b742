"""Intel's library of network layers (oneDNN), which minitorch does without.

https://docs.pytorch.org/docs/stable/backends.html#module-torch.backends.mkldnn
"""

from __future__ import annotations

enabled = True
"""Whether PyTorch may use it."""


def is_available() -> bool:
    """Whether it is there: never.

    >>> is_available()
    False
    """
    return False
