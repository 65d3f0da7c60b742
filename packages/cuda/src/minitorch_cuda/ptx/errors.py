"""What goes wrong in the interpreter: text that it does not know, and a thread at fault.

A kernel that reads out of bounds, or waits for ever, raises what it raises in the simulator; the
message names the instruction in place of the line of Python.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from minitorch_cuda.simulator.errors import SimulationError


class PtxError(SimulationError):
    """An instruction, or a declaration, that the interpreter has no meaning for."""


class Fault(Exception):
    """A thread did what is undefined; who it was, `run` knows.

    Args:
        kind: the error to raise in the end.
        what: it did, as in "divides by zero".
        number: the line of the instruction in the text.
        wrong: which of the threads that were running, as a mask.
    """

    def __init__(
        self, kind: type[SimulationError], what: str, number: int, wrong: npt.NDArray[np.bool_]
    ) -> None:
        super().__init__(what)
        self.kind = kind
        self.what = what
        self.number = number
        self.first = int(np.flatnonzero(wrong)[0])
