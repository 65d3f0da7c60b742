"""Intel's library of linear algebra: here if NumPy was built with it.

https://docs.pytorch.org/docs/stable/backends.html#module-torch.backends.mkl
"""

from __future__ import annotations

import numpy as np


def is_available() -> bool:
    """Whether matrix products on the CPU come from it; they are those of NumPy's BLAS.

    >>> is_available() in (True, False)
    True
    """
    build = np.show_config(mode="dicts") or {}
    libraries = build.get("Build Dependencies", {})
    return "mkl" in str(libraries.get("blas", {}).get("name", "")).lower()
