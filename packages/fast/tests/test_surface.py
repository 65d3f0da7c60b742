"""What the package offers, and what it costs to import."""

import minitorch_fast
from minitorch_fast import FastBackend
from minitorch_tensor import Backend, Device


def test_the_list_of_names_is_sorted_and_complete() -> None:
    names = minitorch_fast.__all__
    assert list(names) == sorted(names)
    assert all(hasattr(minitorch_fast, name) for name in names)


def test_it_computes_on_the_cpu() -> None:
    backend: Backend = Device("cpu").backend
    assert isinstance(backend, FastBackend)
    assert backend.name == "fast"
