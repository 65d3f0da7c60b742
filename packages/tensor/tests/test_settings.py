"""What a program may ask of all kernels, and what it is told."""

from collections.abc import Callable, Iterator

import pytest

import minitorch_tensor.settings as t

# Seen without their types, so that wrong arguments may be passed.
use: Callable[..., None] = t.use_deterministic_algorithms
set_mode: Callable[..., None] = t.set_deterministic_debug_mode
set_precision: Callable[..., None] = t.set_float32_matmul_precision


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    t.use_deterministic_algorithms(False)
    t.set_float32_matmul_precision("highest")


def test_determinism_is_asked_for_in_two_ways() -> None:
    assert not t.are_deterministic_algorithms_enabled()
    assert t.get_deterministic_debug_mode() == 0
    for mode, words in enumerate(("default", "warn", "error")):
        for word in (mode, words):
            t.set_deterministic_debug_mode(word)
            assert t.get_deterministic_debug_mode() == mode
            assert t.are_deterministic_algorithms_enabled() is (mode > 0)
            assert t.is_deterministic_algorithms_warn_only_enabled() is (mode == 1)
    t.use_deterministic_algorithms(True, warn_only=True)
    assert t.get_deterministic_debug_mode() == 1
    t.use_deterministic_algorithms(True)
    assert t.get_deterministic_debug_mode() == 2
    t.use_deterministic_algorithms(False, warn_only=True)
    assert t.get_deterministic_debug_mode() == 0


def test_other_modes_are_refused() -> None:
    with pytest.raises(TypeError, match=r"'mode' must be bool, but got int; use True or False"):
        use(1)
    with pytest.raises(RuntimeError, match=r"one of 'default', 'warn', 'error', but got 'never'"):
        t.set_deterministic_debug_mode("never")
    with pytest.raises(RuntimeError, match=r"expected one of 0, 1, 2, but got 3"):
        t.set_deterministic_debug_mode(3)
    with pytest.raises(TypeError, match=r"must be str or int, but got float"):
        set_mode(1.5)
    assert t.get_deterministic_debug_mode() == 0


def test_a_precision_is_kept_or_without_effect() -> None:
    assert t.get_float32_matmul_precision() == "highest"
    t.set_float32_matmul_precision("medium")
    with pytest.warns(UserWarning, match=r"'low' is none of 'highest', 'high', 'medium'; the call"):
        t.set_float32_matmul_precision("low")
    assert t.get_float32_matmul_precision() == "medium"
    with pytest.raises(TypeError, match=r"expected one of 'highest', .*, but got int"):
        set_precision(3)


def test_small_numbers_are_not_flushed() -> None:
    assert t.set_flush_denormal(True) is False
