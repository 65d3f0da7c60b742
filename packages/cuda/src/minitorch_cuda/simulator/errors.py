"""What the simulator finds wrong. Messages name the kernel, the thread, and what it did."""


class SimulationError(RuntimeError):
    """A kernel did what is undefined on a GPU.

    Attributes:
        where: the file and line, if no thread was running: all of them waited.
    """

    where: tuple[str, int] | None = None


class OutOfBoundsError(SimulationError, IndexError):
    """A thread read or wrote outside the memory it was given."""


class DataRaceError(SimulationError):
    """Two threads used one word, one of them wrote it, and nothing put the two in an order."""


class DivergenceError(SimulationError):
    """Some threads wait at a barrier, or in a warp operation, that others never reach."""


class UninitialisedReadError(SimulationError):
    """A thread read shared or local memory before anything was written there."""


class UndefinedShuffleError(SimulationError):
    """A thread asked for the value of a lane that does not take part."""


class IndexOverflowError(SimulationError, OverflowError):
    """A number does not fit the index type of the kernel."""


class MisalignedAccessError(SimulationError):
    """A thread reads or writes four elements at once at a place that is no multiple of four."""
