"""A small deterministic GPU in Python, which finds what would be undefined on a real one.

Reading order: `machine` (who runs now), `memory` (what is checked), `threads` (how barriers work),
`run`.
"""

from minitorch_cuda.simulator.errors import (
    DataRaceError,
    DivergenceError,
    IndexOverflowError,
    OutOfBoundsError,
    SimulationError,
    UndefinedShuffleError,
    UninitialisedReadError,
)
from minitorch_cuda.simulator.memory import LocalArray, Pointer, SharedArray
from minitorch_cuda.simulator.run import simulate

__all__ = [
    "DataRaceError",
    "DivergenceError",
    "IndexOverflowError",
    "LocalArray",
    "OutOfBoundsError",
    "Pointer",
    "SharedArray",
    "SimulationError",
    "UndefinedShuffleError",
    "UninitialisedReadError",
    "simulate",
]
