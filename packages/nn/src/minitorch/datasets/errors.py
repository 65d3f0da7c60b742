"""One kind of error for files of a data set that are missing, damaged or out of reach."""

from __future__ import annotations


class DatasetError(RuntimeError):
    """What is wrong with which file, and what to do about it."""
