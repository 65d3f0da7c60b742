"""A run is a folder that belongs to one training: claimed once, never written over."""

from __future__ import annotations

import re
from pathlib import Path

from minitorch_classifier.errors import UserError, explain_os_errors
from minitorch_classifier.settings import FILE as SETTINGS_FILE

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def claim(runs: Path, name: str | None, stem: str) -> Path:
    """Make the folder of a new run: runs/<name>, or the next free runs/<stem>-001.

    `mkdir` either makes a folder or fails, so two trainings that start together get two folders.

    Raises:
        UserError: if the name is taken or is no plain name, or the folder cannot be made.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [claim(Path(folder), None, "digits-lenet").name for _ in range(2)]
    ['digits-lenet-001', 'digits-lenet-002']
    """
    if name is not None and not NAME.fullmatch(name):
        raise UserError(f"--name '{name}': use letters, digits, '.', '_' and '-' only")
    with explain_os_errors("make the folder", runs):
        runs.mkdir(parents=True, exist_ok=True)
    if name is not None:
        folder = runs / name
        if not _make(folder):
            raise UserError(
                f"{folder} exists already: choose another --name, "
                f"or go on with it by --resume {name}"
            )
        return folder
    taken = [int(match[1]) for path in runs.iterdir() if (match := _number(stem, path.name))]
    number = max(taken, default=0) + 1
    while not _make(folder := runs / f"{stem}-{number:03d}"):
        number += 1
    return folder


def find(runs: Path, name: str) -> Path:
    """Find the folder of an earlier run, by its name in `runs` or by its path.

    Raises:
        UserError: if there is none.
    """
    for folder in (runs / name, Path(name)):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    there = sorted(path.parent.name for path in runs.glob(f"*/{SETTINGS_FILE}"))
    known = f"there are: {', '.join(there)}" if there else f"{runs} has none; train one first"
    raise UserError(f"no run '{name}'; {known}")


def abandon(folder: Path) -> None:
    """Remove a claimed folder in which nothing was achieved; anything else in it is kept."""
    (folder / SETTINGS_FILE).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def _make(folder: Path) -> bool:
    """Whether the folder is new."""
    with explain_os_errors("make the folder", folder):
        try:
            folder.mkdir()
        except FileExistsError:
            return False
    return True


def _number(stem: str, name: str) -> re.Match[str] | None:
    return re.fullmatch(rf"{re.escape(stem)}-(\d{{3,9}})", name)
