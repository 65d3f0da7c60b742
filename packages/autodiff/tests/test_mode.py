"""Whether operations are recorded: blocks, decorators, functions, generators, threads."""

from collections.abc import Callable, Generator, Iterator
from contextvars import copy_context
from threading import Barrier, Thread

import pytest

from minitorch_autodiff import (
    GradMode,
    Scalar,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)

OFF: list[Callable[[], GradMode]] = [
    no_grad,
    inference_mode,
    lambda: set_grad_enabled(False),
    lambda: inference_mode(True),
]
ON: list[Callable[[], GradMode]] = [
    enable_grad,
    lambda: set_grad_enabled(True),
    lambda: inference_mode(False),
]


@pytest.fixture(autouse=True)
def _recording_before_and_after() -> Iterator[None]:
    assert is_grad_enabled()
    yield
    assert is_grad_enabled()


@pytest.mark.parametrize("off", OFF)
def test_nothing_is_recorded_inside(off: Callable[[], GradMode]) -> None:
    x = Scalar(2.0, requires_grad=True)
    with off():
        y = x * x
    assert not y.requires_grad
    assert y.grad_fn is None
    assert (x * x).requires_grad


@pytest.mark.parametrize("on", ON)
@pytest.mark.parametrize("off", OFF)
def test_modes_nest(off: Callable[[], GradMode], on: Callable[[], GradMode]) -> None:
    with off():
        with on():
            assert is_grad_enabled()
            with off():
                assert not is_grad_enabled()
            assert is_grad_enabled()
        assert not is_grad_enabled()


@pytest.mark.parametrize("off", OFF)
def test_an_exception_ends_the_mode(off: Callable[[], GradMode]) -> None:
    with pytest.raises(ZeroDivisionError), off():
        _ = 1 / 0
    assert is_grad_enabled()


def test_one_instance_can_be_entered_inside_itself() -> None:
    mode = no_grad()
    with mode:
        with mode:
            assert not is_grad_enabled()
        assert not is_grad_enabled()
    assert is_grad_enabled()


@pytest.mark.parametrize("off", OFF)
def test_a_decorated_function_runs_in_the_mode(off: Callable[[], GradMode]) -> None:
    @off()
    def mode_inside(x: int, *, double: bool = False) -> tuple[bool, int]:
        """Documented."""
        return is_grad_enabled(), 2 * x if double else x

    assert is_grad_enabled()
    assert mode_inside(3, double=True) == (False, 6)
    assert mode_inside.__name__ == "mode_inside"
    assert mode_inside.__doc__ == "Documented."


def test_a_decorator_needs_no_parentheses() -> None:
    @no_grad
    def off() -> bool:
        return is_grad_enabled()

    @enable_grad
    def on() -> bool:
        return is_grad_enabled()

    @inference_mode
    def inferring() -> bool:
        return is_grad_enabled()

    assert (off(), inferring()) == (False, False)
    with no_grad():
        assert on()


def test_a_decorated_function_that_raises_ends_the_mode() -> None:
    @no_grad()
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    assert is_grad_enabled()


def test_a_decorated_function_may_call_itself() -> None:
    @no_grad()
    def count(n: int) -> int:
        return 0 if n == 0 else 1 + count(n - 1) + int(is_grad_enabled())

    assert count(5) == 5


def test_a_decorated_generator_keeps_its_mode_to_itself() -> None:
    seen: list[object] = []

    @no_grad()
    def numbers() -> Generator[int, str, str]:
        seen.append(is_grad_enabled())
        seen.append((yield 1))
        seen.append(is_grad_enabled())
        try:
            yield 2
        except ValueError:
            seen.append(is_grad_enabled())
            yield 3
        return "end"

    generator = numbers()
    assert next(generator) == 1
    assert is_grad_enabled()
    assert generator.send("sent") == 2
    assert is_grad_enabled()
    assert generator.throw(ValueError("thrown")) == 3
    assert is_grad_enabled()
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value == "end"
    assert seen == [False, "sent", False, False]


def test_a_decorated_generator_is_closed_in_its_mode() -> None:
    closed_in: list[bool] = []

    @no_grad()
    def forever() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed_in.append(is_grad_enabled())

    for _ in forever():
        assert is_grad_enabled()
        break
    generator = forever()
    next(generator)
    del generator
    assert closed_in == [False, False]


def test_set_grad_enabled_is_also_a_function() -> None:
    set_grad_enabled(False)
    assert not is_grad_enabled()
    set_grad_enabled(True)
    assert is_grad_enabled()


def test_set_grad_enabled_takes_effect_before_its_block_and_ends_with_it() -> None:
    with no_grad():
        mode = set_grad_enabled(True)
        assert is_grad_enabled()
        with mode:
            assert is_grad_enabled()
            with mode:
                assert is_grad_enabled()
            assert is_grad_enabled()
        assert not is_grad_enabled()


def test_set_grad_enabled_as_decorator_changes_nothing_outside() -> None:
    @set_grad_enabled(False)
    def off() -> bool:
        return is_grad_enabled()

    assert is_grad_enabled()
    assert not off()
    assert is_grad_enabled()


def test_a_new_thread_records_whatever_others_do() -> None:
    seen: list[bool] = []
    with no_grad():
        thread = Thread(target=lambda: seen.append(is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_threads_do_not_see_the_modes_of_others() -> None:
    barrier = Barrier(4)
    wrong: list[bool] = []

    def work(enabled: bool) -> None:
        for _ in range(50):
            with GradMode(enabled):
                barrier.wait()
                if is_grad_enabled() is not enabled:
                    wrong.append(enabled)

    threads = [Thread(target=work, args=(i % 2 == 0,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_copied_context_carries_the_mode() -> None:
    with no_grad():
        context = copy_context()
    assert not context.run(is_grad_enabled)
    assert is_grad_enabled()
