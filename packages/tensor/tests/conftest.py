"""Here the NumPy backend computes on "cpu", also where a faster one was imported meanwhile.

These are the tests of this layer. The other backends are held to the same numbers in their own
tests and in the conformance table.
"""

from collections.abc import Iterator

import pytest

from minitorch_tensor import Device, NumpyBackend, register_backend

# No tests of its own: it needs torch, and would be in the way where that is missing.
collect_ignore = ["functional_oracle.py"]


# Not scope="package": that means a folder with an __init__.py, and where there is none it lasts to
# the end of the run, so that every later test would compute on NumPy too.
@pytest.fixture(autouse=True, scope="module")
def _numpy_on_cpu() -> Iterator[None]:
    before = Device("cpu").backend
    register_backend("cpu", NumpyBackend())
    yield
    register_backend("cpu", before)
