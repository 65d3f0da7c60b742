"""What a dataset can ask about the process that it is read in."""

from __future__ import annotations

from typing import NamedTuple


class WorkerInfo(NamedTuple):
    """Which of how many workers a copy of a dataset belongs to."""

    id: int
    num_workers: int
    seed: int
    dataset: object


def get_worker_info() -> WorkerInfo | None:
    """None: this is the main process, in which all batches are made.

    A stream that shares its items among workers asks this, and gives all of them if it is None.
    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.get_worker_info

    >>> get_worker_info() is None
    True
    """
    return None
