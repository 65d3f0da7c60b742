"""Streams and events: the order of what a GPU does, and when it has done it.

What is launched on one stream runs in order; two streams may run at the same time. Each thread of
Python has a current stream for each device, to which everything goes that it launches; at first
that is the default stream, which all threads share. `backward()` launches on the stream that is
current where it is called.

https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-streams
"""

from __future__ import annotations

from minitorch_cuda.choice import choice
from minitorch_cuda.devices import Place, index_of, launcher_of
from minitorch_cuda.launcher import Queue, TimedMark
from minitorch_tensor.device import Device


class Stream:
    """A queue of work for a GPU.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.Stream.html

    Args:
        device: where; the current one if omitted.
        priority: the lower, the earlier its kernels get a place; 0 or -1.

    Raises:
        RuntimeError: if there is no such device.

    >>> from minitorch_cuda import use_simulator
    >>> with use_simulator():
    ...     side = Stream()
    ...     with stream(side):
    ...         current_stream() == side
    True
    """

    def __init__(
        self, device: Place = None, priority: int = 0, *, _of: Queue | None = None
    ) -> None:
        launcher = launcher_of(device)
        self._index = launcher.index
        self.queue = launcher.create_queue(priority) if _of is None else _of
        self._entered: list[stream] = []

    @property
    def device(self) -> Device:
        """Where it is."""
        return Device("cuda", self._index)

    @property
    def cuda_stream(self) -> int:
        """The driver's number of it."""
        return self.queue.handle

    @property
    def priority(self) -> int:
        """The lower, the earlier its kernels get a place."""
        return self.queue.priority

    def query(self) -> bool:
        """Whether all that was launched on it has ended."""
        return self.queue.done()

    def synchronize(self) -> None:
        """Wait until all that was launched on it has ended."""
        self.queue.sync()

    def record_event(self, event: Event | None = None) -> Event:
        """Record an event, a new one if none is given."""
        found = Event() if event is None else event
        found.record(self)
        return found

    def wait_event(self, event: Event) -> None:
        """Let what is launched on it from now on wait for an event."""
        event.wait(self)

    def wait_stream(self, stream: Stream) -> None:
        """Let what is launched on it from now on wait for all that is on another one now."""
        self.queue.wait_for(stream.queue.mark())

    def __enter__(self) -> Stream:
        """Make it the current stream."""
        entered = stream(self)
        entered.__enter__()
        self._entered.append(entered)
        return self

    def __exit__(self, *error: object) -> None:
        """Make the stream before the current one again."""
        self._entered.pop().__exit__()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self.queue is other.queue

    def __hash__(self) -> int:
        return hash(self.queue)

    def __repr__(self) -> str:
        return f"<minitorch.cuda.Stream device={self.device} cuda_stream={self.cuda_stream:#x}>"


class Event:
    """A place in a stream: to wait for it, to ask for it, to measure the time to another one.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.Event.html

    Args:
        enable_timing: whether it notes the time.
        blocking: accepted; the host waits without keeping its core busy where it can.
        interprocess: refused.

    Raises:
        RuntimeError: if it is to be shared with other processes.
    """

    def __init__(
        self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False
    ) -> None:
        if interprocess:
            raise RuntimeError(
                "Event: interprocess=True is not supported, as memory of a GPU is not shared "
                "between processes"
            )
        self.enable_timing = enable_timing
        self._mark: TimedMark | None = None

    def record(self, stream: Stream | None = None) -> None:
        """Put it behind all that is on a stream now: on the current one if none is given."""
        queue = choice.get().queue if stream is None else stream.queue
        self._mark = queue.mark(timed=self.enable_timing)

    def wait(self, stream: Stream | None = None) -> None:
        """Let what is launched on a stream from now on wait for it."""
        if self._mark is not None:
            queue = choice.get().queue if stream is None else stream.queue
            queue.wait_for(self._mark)

    def query(self) -> bool:
        """Whether the GPU has come to it; also if it was not recorded yet."""
        return self._mark is None or self._mark.done()

    def synchronize(self) -> None:
        """Wait until the GPU has come to it."""
        if self._mark is not None:
            self._mark.sync()

    def elapsed_time(self, end_event: Event) -> float:
        """The milliseconds from this event to another.

        Raises:
            ValueError: if one of them notes no time, was not recorded, or was not reached yet.
        """
        if not (self.enable_timing and end_event.enable_timing):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        if self._mark is None or end_event._mark is None:
            raise ValueError("Both events must be recorded before calculating elapsed time.")
        if not (self._mark.done() and end_event._mark.done()):
            raise ValueError("Both events must be completed before calculating elapsed time.")
        return end_event._mark.since(self._mark)

    def __repr__(self) -> str:
        return f"<minitorch.cuda.Event {'recorded' if self._mark else 'not recorded'}>"


class stream:
    """Make a stream, and its device, the current one within a `with` block; None changes nothing.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.stream.html

    Args:
        stream: which.
    """

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream
        self._before: tuple[int, Queue] | None = None

    def __enter__(self) -> None:
        """Change the stream."""
        if self.stream is not None:
            launcher = choice.get(self.stream._index)
            self._before = choice.current(), launcher.queue
            set_stream(self.stream)

    def __exit__(self, *error: object) -> None:
        """Change it back."""
        if self.stream is not None and self._before is not None:
            index, queue = self._before
            choice.get(self.stream._index).use(queue)
            choice.use(index)


def set_stream(stream: Stream) -> None:
    """Make a stream, and its device, the current one of this thread.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.set_stream.html
    """
    choice.use(stream._index)
    choice.get(stream._index).use(stream.queue)


def current_stream(device: Place = None) -> Stream:
    """The current stream of this thread on a device.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.current_stream.html

    Raises:
        RuntimeError: if there is no such device.
    """
    return Stream(index_of(device), _of=launcher_of(device).queue)


def default_stream(device: Place = None) -> Stream:
    """The stream that is current where no other was chosen.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.default_stream.html

    Raises:
        RuntimeError: if there is no such device.
    """
    return Stream(index_of(device), _of=launcher_of(device).default_queue)
