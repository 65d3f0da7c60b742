"""What the tests of this package share."""

import pytest

from minitorch_fast import FastBackend
from minitorch_tensor.numpy_backend import NumpyBackend


@pytest.fixture(scope="session")
def fast() -> FastBackend:
    return FastBackend()


@pytest.fixture(scope="session")
def reference() -> NumpyBackend:
    return NumpyBackend()
