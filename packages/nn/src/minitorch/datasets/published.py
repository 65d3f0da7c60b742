"""Data sets that are published as files: a folder, where they are looked for, or brought to."""

from __future__ import annotations

import os
from abc import abstractmethod
from pathlib import Path

from minitorch.datasets.vision import SplitDataset, Transform


def data_folder() -> Path:
    """Where data sets are that no folder is said for.

    It is `$MINITORCH_DATA_DIR`, `$XDG_CACHE_HOME/minitorch/datasets` or
    `~/.cache/minitorch/datasets`.
    """
    chosen = os.environ.get("MINITORCH_DATA_DIR")
    if chosen:
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "minitorch" / "datasets"


class PublishedDataset(SplitDataset):
    """The base of those; a subclass says how to get the files, and how to read them.

    Args:
        root: the folder of all data sets; if omitted that of `data_folder`.
        train: whether to read the part to learn from, rather than the one to test.
        transform: takes an image.
        target_transform: takes a target.
        download: whether to get files that are not there.
        progress: whether a download draws a bar; None: if standard error is a terminal.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
        *,
        progress: bool | None = None,
    ) -> None:
        folder = data_folder() if root is None else root
        super().__init__(folder, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download(progress)
        self._read()

    @abstractmethod
    def download(self, progress: bool | None = None) -> None:
        """Get the files that are not there."""

    @abstractmethod
    def _read(self) -> None:
        """Take in the part that was chosen."""
