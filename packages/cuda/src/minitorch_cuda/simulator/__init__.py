"""A small deterministic GPU in Python, which finds what would be undefined on a real one.

Reading order: `machine` (who runs now), `memory` (what is checked), `threads` (how barriers work),
`run`; `recording` and `drawing` for a kernel that one wants to watch.
"""

from minitorch_cuda.simulator.errors import (
    DataRaceError,
    DivergenceError,
    IndexOverflowError,
    MisalignedAccessError,
    OutOfBoundsError,
    SimulationError,
    UndefinedShuffleError,
    UninitialisedReadError,
)
from minitorch_cuda.simulator.memory import LocalArray, Pointer, SharedArray
from minitorch_cuda.simulator.recording import Event, SharedState, Step, Trace, record
from minitorch_cuda.simulator.run import simulate

__all__ = [
    "DataRaceError",
    "DivergenceError",
    "Event",
    "IndexOverflowError",
    "LocalArray",
    "MisalignedAccessError",
    "OutOfBoundsError",
    "Pointer",
    "SharedArray",
    "SharedState",
    "SimulationError",
    "Step",
    "Trace",
    "UndefinedShuffleError",
    "UninitialisedReadError",
    "record",
    "simulate",
]
