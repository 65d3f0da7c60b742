"""The streams and events of a GPU, by cuda.core, as the rest of the package knows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from minitorch_cuda.allocator import Mark
from minitorch_cuda.driver import NOT_READY, Functions
from minitorch_cuda.syncs import waiting

if TYPE_CHECKING:
    from minitorch_cuda.nvidia import Device as CoreDevice
    from minitorch_cuda.nvidia import Event as CoreEvent
    from minitorch_cuda.nvidia import Stream as CoreStream


class DeviceMark:
    """A place in a queue of a GPU: an event that was recorded."""

    __slots__ = ("event",)

    def __init__(self, event: CoreEvent) -> None:
        self.event = event

    def done(self) -> bool:
        """Whether the GPU has come to it."""
        return self.event.is_done

    def sync(self) -> None:
        """Wait until the GPU has come to it."""
        waiting()
        self.event.sync()

    def since(self, earlier: object, /) -> float:
        """The milliseconds between another mark and this one; both were made with a time."""
        assert isinstance(earlier, DeviceMark)
        return float(self.event - earlier.event)


class DeviceQueue:
    """A stream of a GPU.

    Args:
        device: the GPU.
        stream: the stream.
        driver: `cuda.bindings.driver`.
        enter: makes the GPU the one that the driver means: events are made for that.
        wait: waits for the stream, and raises what its launches found.
    """

    __slots__ = ("__weakref__", "_device", "_driver", "_enter", "_wait", "stream")

    def __init__(
        self,
        device: CoreDevice,
        stream: CoreStream,
        driver: Functions,
        enter: Callable[[], None],
        wait: Callable[[DeviceQueue], None],
    ) -> None:
        self._device = device
        self._driver = driver
        self._enter = enter
        self._wait = wait
        self.stream = stream

    @property
    def handle(self) -> int:
        """The driver's number of it."""
        return int(self.stream.handle)

    @property
    def priority(self) -> int:
        """The lower, the earlier its kernels get a place."""
        return self.stream.priority

    def mark(self, *, timed: bool = False) -> DeviceMark:
        """An event behind all that was launched on it so far."""
        from minitorch_cuda.nvidia import EventOptions

        self._enter()
        event = self._device.create_event(EventOptions(timing_enabled=timed))
        self.stream.record(event)
        return DeviceMark(event)

    def wait_for(self, mark: Mark, /) -> None:
        """Let what is launched from now on wait for an event of any queue."""
        assert isinstance(mark, DeviceMark)
        self.stream.wait(mark.event)

    def done(self) -> bool:
        """Whether all that was launched has ended."""
        (status,) = self._driver.cuStreamQuery(self.stream.handle)
        return int(status) != NOT_READY

    def sync(self) -> None:
        """Wait until all that was launched has ended, and raise what it found."""
        waiting()
        self._wait(self)
