"""What a dataset can ask about the process that it is read in."""

from __future__ import annotations

from typing import NamedTuple


class WorkerInfo(NamedTuple):
    """Which of how many workers a copy of a dataset belongs to."""

    id: int
    num_workers: int
    seed: int
    dataset: object


class _Here:
    """What this process is."""

    __slots__ = ("info",)

    def __init__(self) -> None:
        self.info: WorkerInfo | None = None


_here = _Here()


def get_worker_info() -> WorkerInfo | None:
    """Which worker this is; None in the main process.

    A stream that shares its items among workers asks this, and gives all of them if it is None.
    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.get_worker_info

    >>> get_worker_info() is None
    True
    """
    return _here.info


def set_worker_info(info: WorkerInfo) -> None:
    """Let this process be a worker from now on."""
    _here.info = info
